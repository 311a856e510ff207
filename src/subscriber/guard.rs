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
use crate::message::{Message, SignatureError, SigningKey, Value};
use crate::meter;
use crate::runtime::RateLimit;
use crate::telegram::Timestamp;
use crate::text;

/// A telegram that is older or younger than this by our clock is not taken: nobody knows whether one that was
/// recorded before we started is sent again.
const WINDOW_MICROS: i64 = 60_000_000;

/// How often refused datagrams are logged.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// The most listeners, and the most raw telegrams whose signatures wait for them.
const MAX_LISTENERS: usize = 16;
const MAX_RAW: usize = 64;

/// Why a datagram is refused.
#[derive(Debug)]
enum Refusal {
    Signature(SignatureError),
    /// By so many µs it is older than the clock of this host.
    Window(i64),
    Replayed,
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
            Self::RawUnknown => f.write_str("no signed telegram in JSON announced it"),
        }
    }
}

/// Lets datagrams through that are signed and new.
#[derive(Debug)]
pub(super) struct Guard {
    key: SigningKey,
    is_quiet: bool,
    /// The newest telegram of each listener and meter: the end by the listener's clock, and the number.
    newest: Vec<(String, Timestamp, u64)>,
    /// The signatures of raw telegrams that have not come yet.
    raw: VecDeque<String>,
    refused: u64,
    log: RateLimit,
}

impl Guard {
    pub fn new(key: SigningKey, is_quiet: bool) -> Self {
        let log = RateLimit::new(LOG_INTERVAL);
        Self { key, is_quiet, newest: Vec::new(), raw: VecDeque::new(), refused: 0, log }
    }

    /// The same with this key.
    pub fn set_key(&mut self, key: SigningKey) {
        self.key = key;
    }

    /// How many datagrams were refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether to take a datagram in JSON, which is here at `wall` by our clock.
    pub fn admits(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        wall: Timestamp,
        now: Instant,
    ) -> bool {
        let refusal = match self.judge(datagram, wall) {
            Ok(()) => return true,
            Err(refusal) => refusal,
        };
        if let Some(refusal) = refusal {
            self.refuse(&refusal, from, now);
        }
        false
    }

    /// Whether to take a raw telegram: once, after its JSON.
    pub fn admits_raw(&mut self, telegram: &[u8], from: SocketAddr, now: Instant) -> bool {
        let signature = self.key.raw_signature(telegram);
        if let Some(at) = self.raw.iter().position(|known| *known == signature) {
            self.raw.remove(at);
            return true;
        }
        self.refuse(&Refusal::RawUnknown, from, now);
        false
    }

    /// No refusal for the newest telegram by another way: that is no fault.
    fn judge(&mut self, datagram: &[u8], wall: Timestamp) -> Result<(), Option<Refusal>> {
        self.key.verify(datagram).map_err(|error| Some(Refusal::Signature(error)))?;
        // What is signed, and is no message, is logged where messages are read.
        let Ok(message) = Message::parse(datagram) else { return Ok(()) };
        let (end, number) = (message.meta.frame_end, message.meta.frame_number);
        let age = wall.micros_since(end);
        if !(-WINDOW_MICROS..=WINDOW_MICROS).contains(&age) {
            return Err(Some(Refusal::Window(age)));
        }
        let listener = message.meta.source.as_deref().unwrap_or_default();
        let name = format!("{listener}\0{}", meter::id(&message));
        // One that is ahead of our clock now was set back with it.
        let is_possible = |last: Timestamp| last.micros_since(wall) <= WINDOW_MICROS;
        if let Some((_, last, last_number)) =
            self.newest.iter_mut().find(|(known, ..)| *known == name)
        {
            if is_possible(*last) && (end, number) <= (*last, *last_number) {
                let is_same = (end, number) == (*last, *last_number);
                return Err(if is_same { None } else { Some(Refusal::Replayed) });
            }
            (*last, *last_number) = (end, number);
        } else {
            if self.newest.len() == MAX_LISTENERS {
                // Only who holds the key can fill this list.
                self.newest.remove(0);
            }
            self.newest.push((name, end, number));
        }
        let raw = message.meta.other.iter().find(|(key, _)| key == RAW_SIGNATURE);
        if let Some(signature) = raw.and_then(|(_, value)| Value::text(value)) {
            if self.raw.len() == MAX_RAW {
                self.raw.pop_front();
            }
            self.raw.push_back(signature.to_owned());
        }
        Ok(())
    }

    fn refuse(&mut self, refusal: &Refusal, from: SocketAddr, now: Instant) {
        self.refused += 1;
        if self.log.permit(now).is_some() {
            let refused = self.refused;
            log::log!(quieter(Level::Warn, self.is_quiet), refused;
                "refused a datagram from {from}, {refused} so far: {refusal}");
        }
    }
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
            Self { guard: Guard::new(key(1), false), encoder, start: Instant::now() }
        }

        fn datagram(&mut self, end: i64) -> Vec<u8> {
            let end = Timestamp::from_seconds(end);
            self.encoder.encode(RAW, end, end).0.json.to_vec()
        }

        fn admits(&mut self, datagram: &[u8], wall: i64) -> bool {
            self.guard.admits(datagram, FROM.into(), Timestamp::from_seconds(wall), self.start)
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
    fn a_raw_telegram_is_taken_once_for_each_time_that_its_json_came() {
        let mut scene = Scene::new();
        let admits_raw =
            |scene: &mut Scene, raw| scene.guard.admits_raw(raw, FROM.into(), scene.start);
        assert!(!admits_raw(&mut scene, RAW));
        let datagram = scene.datagram(1000);
        assert!(scene.admits(&datagram, 1000));
        assert!(!admits_raw(&mut scene, &RAW[1..]));
        assert!(admits_raw(&mut scene, RAW) && !admits_raw(&mut scene, RAW));
    }
}
