//! Which datagrams a program with a key takes: signed ones, each once, and no old ones.
//!
//! Owns the rules against replays and what is logged of them. Pure: both clocks are passed in.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use log::Level;

use super::quieter;
use crate::message::signature::RAW_SIGNATURE;
use crate::message::{MAX_DATAGRAM, Message, SignatureError, SigningKey, Value};
use crate::meter;
use crate::runtime::RateLimit;
use crate::telegram::Timestamp;
use crate::text;

/// A telegram that is older or younger than this by our clock is not taken: the clocks of hosts differ, but not
/// by more.
const WINDOW_MICROS: i64 = 60_000_000;

/// A telegram that is so little older than the start is no fault: the clocks of two hosts are seldom closer.
const SKEW_MICROS: i64 = 2_000_000;

/// How often the key is read again, at most, when a signature is wrong.
const KEY_INTERVAL: Duration = Duration::from_secs(10);

/// How often refused datagrams are logged.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// The most listeners, and the most raw telegrams whose signatures wait for them.
const MAX_LISTENERS: usize = 16;
const MAX_RAW: usize = 64;

/// The order of telegrams: the end by the listener's clock, and the number.
type Moment = (Timestamp, u64);

/// Where a datagram comes from, and when.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Who sent it.
    pub from: SocketAddr,
    /// When it is here, by the clock of this host.
    pub wall: Timestamp,
    /// The same, by a clock that nobody sets.
    pub now: Instant,
}

/// Why a datagram is refused.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Signature(SignatureError),
    /// By so many µs it is older than the clock of this host.
    Window(i64),
    Replayed,
    BeforeStart,
    /// No JSON announced it.
    RawUnknown,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature(error) => error.fmt(f),
            Self::Window(micros) => {
                let time = text::duration(Duration::from_micros(micros.unsigned_abs()));
                let side = if *micros < 0 { "ahead of" } else { "behind" };
                write!(f, "its time is {time} {side} the clock of this host")
            }
            Self::Replayed => f.write_str("it is not newer than the last one"),
            Self::BeforeStart => f.write_str("it is from before this program started"),
            Self::RawUnknown => f.write_str("no signed telegram in JSON announced it"),
        }
    }
}

/// Lets datagrams through that are signed and new.
#[derive(Debug)]
pub struct Guard {
    key: SigningKey,
    /// When the key may be read again.
    next_reading: Option<Instant>,
    is_quiet: bool,
    /// What ended before this time is not taken: somebody may have recorded it.
    start: Timestamp,
    /// The newest telegram of each listener and meter.
    newest: Vec<(String, Moment)>,
    /// The raw telegrams that have not come yet: from which listener and meter, and their signatures.
    raw: VecDeque<(String, Moment, String)>,
    /// The signature of the raw telegram that was taken last.
    last_raw: String,
    refused: u64,
    last_refusal: Option<(Refusal, Arrival)>,
    log: RateLimit,
}

impl Guard {
    /// Takes what this key has signed since `start`. `is_quiet`: logs at the level `debug`.
    #[must_use]
    pub fn new(key: SigningKey, start: Timestamp, is_quiet: bool) -> Self {
        Self {
            key,
            next_reading: None,
            is_quiet,
            start,
            newest: Vec::new(),
            raw: VecDeque::new(),
            last_raw: String::new(),
            refused: 0,
            last_refusal: None,
            log: RateLimit::new(LOG_INTERVAL),
        }
    }

    /// The same with this key.
    pub fn set_key(&mut self, key: SigningKey) {
        self.key = key;
    }

    /// How many datagrams were refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// When the last one was, where it came from, and why it was refused; nothing if none was.
    #[must_use]
    pub fn last_refusal(&self, now: Instant) -> String {
        let text = self.last_refusal.as_ref().map(|(refusal, arrival)| {
            format!(", {} from {}: {refusal}", text::ago(Some(arrival.now), now), arrival.from)
        });
        text.unwrap_or_default()
    }

    /// Whether to take a datagram in JSON. `read_key` reads the key again: if the signature is wrong, it may
    /// be that of another key which has been put in the place of ours.
    pub fn admits(
        &mut self,
        datagram: &[u8],
        arrival: Arrival,
        read_key: impl FnOnce() -> Option<SigningKey>,
    ) -> bool {
        let verified = self.verify(datagram, arrival.now, read_key);
        let judged = verified
            .map_err(|error| Some(Refusal::Signature(error)))
            .and_then(|()| self.judge(datagram, arrival.wall));
        if let Err(Some(refusal)) = &judged {
            self.refuse(*refusal, arrival);
        }
        judged.is_ok()
    }

    fn verify(
        &mut self,
        datagram: &[u8],
        now: Instant,
        read_key: impl FnOnce() -> Option<SigningKey>,
    ) -> Result<(), SignatureError> {
        // No listener sends a longer one: it is not worth its HMAC.
        if datagram.len() > MAX_DATAGRAM {
            return Err(SignatureError::Missing);
        }
        let verified = self.key.verify(datagram);
        let is_due = self.next_reading.is_none_or(|next| now >= next);
        if verified != Err(SignatureError::Wrong) || !is_due {
            return verified;
        }
        self.next_reading = Some(now + KEY_INTERVAL);
        let Some(key) = read_key().filter(|key| *key != self.key) else { return verified };
        log::log!(
            quieter(Level::Info, self.is_quiet),
            "the multicast key has changed: using the new one"
        );
        self.key = key;
        self.key.verify(datagram)
    }

    /// Whether to take a raw telegram: once, after its JSON, and before the next one is taken.
    pub fn admits_raw(&mut self, telegram: &[u8], arrival: Arrival) -> bool {
        let judged = self.judge_raw(telegram, arrival.wall);
        if let Err(Some(refusal)) = &judged {
            self.refuse(*refusal, arrival);
        }
        judged.is_ok()
    }

    /// No refusal for the last telegram by another way: that is no fault.
    fn judge_raw(&mut self, telegram: &[u8], wall: Timestamp) -> Result<(), Option<Refusal>> {
        let signature = self.key.raw_signature(telegram);
        let Some((name, moment, _)) =
            self.raw.iter().find(|(.., known)| *known == signature).cloned()
        else {
            let is_last = signature == self.last_raw;
            return Err(if is_last { None } else { Some(Refusal::RawUnknown) });
        };
        // Those before it were lost on the way: whoever has them may not send them later.
        self.raw.retain(|(other, earlier, _)| *other != name || *earlier > moment);
        in_window(moment.0, wall)?;
        self.last_raw = signature;
        Ok(())
    }

    /// As [`Self::judge_raw`], of JSON.
    fn judge(&mut self, datagram: &[u8], wall: Timestamp) -> Result<(), Option<Refusal>> {
        // What is signed, and is no message, is logged where messages are read.
        let Ok(message) = Message::parse(datagram) else { return Ok(()) };
        let moment = (message.meta.frame_end, message.meta.frame_number);
        in_window(moment.0, wall)?;
        let listener = message.meta.source.as_deref().unwrap_or_default();
        let name = format!("{listener}\0{}", meter::id(&message));
        self.replace_newest(&name, moment, wall)?;
        let raw = message.meta.other.iter().find(|(key, _)| key == RAW_SIGNATURE);
        if let Some(signature) = raw.and_then(|(_, value)| Value::text(value)) {
            if self.raw.len() == MAX_RAW {
                self.raw.pop_front();
            }
            self.raw.push_back((name, moment, signature.to_owned()));
        }
        Ok(())
    }

    /// Makes this telegram the newest of its listener and meter, if it is.
    fn replace_newest(
        &mut self,
        name: &str,
        moment: Moment,
        wall: Timestamp,
    ) -> Result<(), Option<Refusal>> {
        // A time that is ahead of our clock now is from before our clock was set back.
        let is_possible = |last: Timestamp| last.micros_since(wall) <= WINDOW_MICROS;
        if let Some((_, last)) = self.newest.iter_mut().find(|(known, _)| known == name) {
            if is_possible(last.0) && moment <= *last {
                return Err(if moment == *last { None } else { Some(Refusal::Replayed) });
            }
            *last = moment;
            return Ok(());
        }
        if is_possible(self.start) && moment.0 < self.start {
            let is_fault = self.start.micros_since(moment.0) > SKEW_MICROS;
            return Err(is_fault.then_some(Refusal::BeforeStart));
        }
        if self.newest.len() == MAX_LISTENERS {
            // Only who holds the key can fill this list.
            self.newest.remove(0);
        }
        self.newest.push((name.to_owned(), moment));
        Ok(())
    }

    fn refuse(&mut self, refusal: Refusal, arrival: Arrival) {
        let Arrival { from, now, .. } = arrival;
        self.refused += 1;
        self.last_refusal = Some((refusal, arrival));
        if self.log.permit(now).is_some() {
            let refused = self.refused;
            log::log!(quieter(Level::Warn, self.is_quiet), refused;
                "refused a datagram from {from}, {refused} so far: {refusal}");
        }
    }
}

/// Whether a telegram that ended at `end` by its listener's clock is of now by ours.
fn in_window(end: Timestamp, wall: Timestamp) -> Result<(), Refusal> {
    let age = wall.micros_since(end);
    let is_now = (-WINDOW_MICROS..=WINDOW_MICROS).contains(&age);
    if is_now { Ok(()) } else { Err(Refusal::Window(age)) }
}

#[cfg(test)]
mod tests;
