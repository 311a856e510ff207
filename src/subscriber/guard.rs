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
#[derive(Debug)]
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
            self.refuse(refusal, arrival);
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
            self.refuse(refusal, arrival);
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

    fn refuse(&mut self, refusal: &Refusal, Arrival { from, now, .. }: Arrival) {
        self.refused += 1;
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
mod tests {
    use super::*;
    use crate::message::Encoder;
    use crate::runtime::captured_log;

    fn key(byte: u8) -> SigningKey {
        SigningKey::new([byte; 32])
    }

    const FROM: ([u8; 4], u16) = ([192, 0, 2, 1], 1);
    const RAW: &[u8] = b"/T\r\n\r\n1-0:1.7.0(00.100*kW)\r\n!\r\n";

    fn second(second: i64) -> Timestamp {
        Timestamp::from_seconds(second)
    }

    fn telegram(watts: u32) -> Vec<u8> {
        format!("/T\r\n\r\n1-0:1.7.0(00.{watts:03}*kW)\r\n!\r\n").into_bytes()
    }

    /// A guard whose clock is at `wall`, and datagrams of a listener whose clock is at `end`, in seconds.
    struct Scene {
        guard: Guard,
        encoder: Encoder,
        start: Instant,
    }

    impl Scene {
        fn new() -> Self {
            let mut encoder = Encoder::new(Some("pi".to_owned()));
            encoder.set_key(Some(key(1)));
            Self { guard: Guard::new(key(1), second(1000), false), encoder, start: Instant::now() }
        }

        fn datagram(&mut self, end: i64) -> Vec<u8> {
            self.datagram_of(RAW, end)
        }

        fn datagram_of(&mut self, raw: &[u8], end: i64) -> Vec<u8> {
            self.encoder.encode(raw, second(end), second(end)).0.json.to_vec()
        }

        fn arrival(&self, wall: i64) -> Arrival {
            Arrival { from: FROM.into(), wall: second(wall), now: self.start }
        }

        fn admits(&mut self, datagram: &[u8], wall: i64) -> bool {
            self.guard.admits(datagram, self.arrival(wall), || None)
        }

        fn admits_raw(&mut self, raw: &[u8], wall: i64) -> bool {
            self.guard.admits_raw(raw, self.arrival(wall))
        }
    }

    #[test]
    fn signed_telegrams_are_taken_once_and_in_their_order() {
        let mut scene = Scene::new();
        let datagrams: Vec<_> = (1000..1010).map(|end| scene.datagram(end)).collect();
        for (wall, datagram) in (1000..).zip(&datagrams) {
            assert!(scene.admits(datagram, wall));
            assert!(!scene.admits(datagram, wall), "it is here by another way");
        }
        assert_eq!(scene.guard.refused(), 0);
        for datagram in &datagrams[..9] {
            assert!(!scene.admits(datagram, 1010));
        }
        assert_eq!(scene.guard.refused(), 9);
    }

    #[test]
    fn what_was_recorded_before_the_start_is_not_taken() {
        let mut scene = Scene::new();
        let datagram = scene.datagram(1000);
        let lines = captured_log(|| assert!(!scene.admits(&datagram, 1000 + 7200)));
        let expected = "refused a datagram from 192.0.2.1:1, 1 so far: its time is 2 h behind the clock \
                        of this host";
        assert_eq!(lines, [expected]);
        assert!(!scene.admits(&datagram, 1061) && scene.admits(&datagram, 1060));
    }

    #[test]
    fn what_was_sent_in_the_minute_before_the_start_is_not_taken_either() {
        let mut scene = Scene::new();
        let [before, just_before, after] = [990, 999, 1000].map(|end| scene.datagram(end));
        let lines = captured_log(|| {
            assert!(!scene.admits(&just_before, 1000) && !scene.admits(&before, 1000));
        });
        assert!(lines[0].ends_with(": it is from before this program started"), "{lines:?}");
        assert_eq!((lines.len(), scene.guard.refused()), (1, 1));
        assert!(scene.admits(&after, 1000) && !scene.admits(&just_before, 1000));
        // The program was started while the clock of this host was wrong.
        scene.guard = Guard::new(key(1), second(100_000), false);
        assert!(scene.admits(&after, 1000));
    }

    #[test]
    fn unsigned_forged_and_altered_datagrams_are_refused_and_logged_once() {
        let mut scene = Scene::new();
        let mut altered = scene.datagram(1000);
        let at = altered.windows(3).position(|digits| digits == b"100").unwrap();
        altered[at] = b'9';
        scene.encoder.set_key(Some(key(2)));
        let forged = scene.datagram(1001);
        scene.encoder.set_key(None);
        let unsigned = scene.datagram(1002);
        let lines = captured_log(|| {
            for datagram in [&altered, &forged, &unsigned] {
                assert!(!scene.admits(datagram, 1000));
            }
        });
        assert_eq!(
            lines,
            ["refused a datagram from 192.0.2.1:1, 1 so far: its signature is wrong"]
        );
        assert_eq!(scene.guard.refused(), 3);
    }

    #[test]
    fn a_clock_that_is_set_back_on_this_host_is_followed() {
        let mut scene = Scene::new();
        let [before, after] = [100_000, 50_000].map(|end| scene.datagram(end));
        assert!(scene.admits(&before, 100_000) && scene.admits(&after, 50_000));
    }

    #[test]
    fn telegrams_that_end_within_one_millisecond_are_told_by_their_numbers() {
        let mut scene = Scene::new();
        let [first, second] = [scene.datagram(1000), scene.datagram(1000)];
        assert!(scene.admits(&first, 1000) && scene.admits(&second, 1000));
        assert!(!scene.admits(&first, 1000) && !scene.admits(&second, 1000));
    }

    #[test]
    fn a_listener_that_restarts_goes_on_and_its_old_numbers_do_not() {
        let mut scene = Scene::new();
        let old: Vec<_> = (1000..1010).map(|end| scene.datagram(end)).collect();
        assert!(scene.admits(&old[8], 1008));
        let mut encoder = Encoder::new(Some("pi".to_owned()));
        encoder.set_key(Some(key(1)));
        scene.encoder = encoder;
        let new = scene.datagram(1012);
        assert!(scene.admits(&new, 1012));
        assert!(!scene.admits(&old[9], 1013), "it has a higher number");
    }

    #[test]
    fn another_key_is_taken_from_then_on() {
        let mut scene = Scene::new();
        scene.encoder.set_key(Some(key(2)));
        let datagram = scene.datagram(1000);
        assert!(!scene.admits(&datagram, 1000));
        scene.guard.set_key(key(2));
        assert!(scene.admits(&datagram, 1000));
    }

    #[test]
    fn a_key_in_the_place_of_ours_is_read_when_a_signature_is_wrong_and_not_each_time() {
        let mut scene = Scene::new();
        scene.encoder.set_key(Some(key(2)));
        let datagrams: Vec<_> = (1000..1004).map(|end| scene.datagram(end)).collect();
        let mut readings = 0;
        let mut admits = |datagram: &[u8], seconds, key: Option<SigningKey>| {
            let mut arrival = scene.arrival(1003);
            arrival.now += Duration::from_secs(seconds);
            scene.guard.admits(datagram, arrival, || {
                readings += 1;
                key
            })
        };
        // The file is away, has the old key, and has the new one.
        assert!(!admits(&datagrams[0], 0, None) && !admits(&datagrams[0], 9, Some(key(2))));
        assert!(!admits(&datagrams[1], 10, Some(key(1))));
        assert!(admits(&datagrams[2], 20, Some(key(2))) && admits(&datagrams[3], 40, None));
        assert!(!admits(b"{}", 60, Some(key(3))), "it has no signature");
        assert_eq!(readings, 3);
    }

    #[test]
    fn a_raw_telegram_is_taken_once_for_each_time_that_its_json_came() {
        let mut scene = Scene::new();
        assert!(!scene.admits_raw(RAW, 1000));
        let datagram = scene.datagram(1000);
        assert!(scene.admits(&datagram, 1000));
        assert!(!scene.admits_raw(&RAW[1..], 1000));
        assert!(scene.admits_raw(RAW, 1000));
        let refused = scene.guard.refused();
        assert!(!scene.admits_raw(RAW, 1000), "it is here by another way");
        assert_eq!(scene.guard.refused(), refused);
    }

    #[test]
    fn a_raw_telegram_that_was_lost_is_not_taken_later() {
        let mut scene = Scene::new();
        let telegrams: Vec<_> = (1..=4).map(telegram).collect();
        for (end, raw) in (1000..).zip(&telegrams) {
            let datagram = scene.datagram_of(raw, end);
            assert!(scene.admits(&datagram, end));
        }
        assert!(scene.admits_raw(&telegrams[2], 1004));
        for lost in &telegrams[..3] {
            assert!(!scene.admits_raw(lost, 1004));
        }
        assert!(!scene.admits_raw(&telegrams[3], 1064), "it is too old");
        // The one that was taken last is no fault.
        assert_eq!(scene.guard.refused(), 3);
    }

    #[test]
    fn a_raw_telegram_of_one_meter_does_not_end_those_of_another() {
        let mut scene = Scene::new();
        let [ours, other] = [telegram(1), telegram(2)];
        let mut neighbour = Encoder::new(Some("other".to_owned()));
        neighbour.set_key(Some(key(1)));
        let datagrams = [
            scene.datagram_of(&ours, 1000),
            neighbour.encode(&other, second(1001), second(1001)).0.json.to_vec(),
        ];
        assert!(datagrams.iter().all(|datagram| scene.admits(datagram, 1001)));
        assert!(scene.admits_raw(&other, 1001) && scene.admits_raw(&ours, 1001));
    }
}
