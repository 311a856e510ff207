//! Decides which telegrams are sent: none that comes back, and not more than a meter can send.
//!
//! Owns the log messages about the others, and their number.

use std::time::{Duration, Instant};

use super::relay::{GroupMonitor, History, Incoming, Origin};
use super::source::SourceKind;
use super::throttle::{Throttle, Verdict};
use crate::config;
use crate::message::Datagram;
use crate::runtime::RateLimit;
use crate::telegram::Timestamp;
use crate::text;

/// How often each message is logged at most.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// For how long the status shows a fault that does not recur.
const STATUS_TIME: Duration = Duration::from_secs(60);

/// How often the group is read while telegrams come without a pause.
const MONITOR_INTERVAL: Duration = Duration::from_millis(100);

/// Which telegrams of a port are sent.
#[derive(Debug)]
pub struct Admission {
    history: History,
    monitor: GroupMonitor,
    next_update: Instant,
    throttle: Throttle,
    returned: Refused,
    excess: Refused,
}

/// Telegrams that were not sent for one reason.
#[derive(Debug)]
struct Refused {
    number: u64,
    last: Option<Instant>,
    messages: RateLimit,
}

impl Refused {
    fn new() -> Self {
        Self { number: 0, last: None, messages: RateLimit::new(LOG_INTERVAL) }
    }

    /// Whether to log it.
    fn count(&mut self, now: Instant) -> bool {
        self.number += 1;
        self.last = Some(now);
        self.messages.permit(now).is_some()
    }

    fn trouble(&self, reason: &str, now: Instant) -> Option<String> {
        let is_recent = |last| now.saturating_duration_since(last) <= STATUS_TIME;
        let number = text::count(self.number, "telegram");
        self.last.is_some_and(is_recent).then(|| format!("{number} {reason}"))
    }
}

impl Admission {
    /// For the telegrams that go to the group of these settings.
    #[must_use]
    pub fn new(settings: config::Multicast, now: Instant) -> Self {
        Self {
            history: History::default(),
            monitor: GroupMonitor::new(settings, now),
            next_update: now,
            throttle: Throttle::new(now),
            returned: Refused::new(),
            excess: Refused::new(),
        }
    }

    /// Uses another group; keeps the counts.
    pub fn reconfigure(&mut self, settings: config::Multicast, now: Instant) {
        self.monitor = GroupMonitor::new(settings, now);
        self.next_update = now;
    }

    /// Bytes have come in, or the port was opened. Reads what the group has carried before, if a telegram may
    /// begin now. No cable is a relay, and reading the group costs as much as a telegram.
    pub fn update(&mut self, kind: SourceKind, is_beginning: bool, wall: Timestamp, now: Instant) {
        if kind == SourceKind::Stream && (is_beginning || now >= self.next_update) {
            self.next_update = now + MONITOR_INTERVAL;
            self.monitor.update(&mut self.history, wall, now);
        }
    }

    /// Whether to send this telegram, which came from a source of this kind.
    pub fn admit(&mut self, datagram: &Datagram<'_>, kind: SourceKind, now: Instant) -> bool {
        let Datagram { raw, meta, .. } = datagram;
        if kind == SourceKind::File {
            return true;
        }
        let incoming =
            Incoming { raw, start: meta.frame_start, has_clock: meta.meter_time.is_some() };
        let may_be_relay = kind == SourceKind::Stream;
        if let Some(origin) = may_be_relay.then(|| self.history.origin(&incoming)).flatten() {
            if self.returned.count(now) {
                log_returned(origin);
            }
            return false;
        }
        let verdict = self.throttle.on_telegram(meta.meter_time, now);
        if verdict != Verdict::Usual && self.excess.messages.permit(now).is_some() {
            log::warn!(
                "more than 12 telegrams a second, as no meter sends them; is the port a relay that hears itself? What goes on is not sent"
            );
        }
        if verdict == Verdict::TooMany {
            self.excess.count(now);
        }
        verdict != Verdict::TooMany
    }

    /// The telegram, which came from a source of this kind, has been sent.
    pub fn on_sent(&mut self, datagram: &Datagram<'_>, kind: SourceKind) {
        if kind == SourceKind::Stream {
            self.history.on_sent(datagram.raw, datagram.meta.frame_end);
        }
    }

    /// How long to leave the port alone, so that subscribers can follow.
    #[must_use]
    pub fn pause(&self, now: Instant) -> Option<Duration> {
        self.throttle.pause(now)
    }

    /// What is wrong now, if anything is.
    #[must_use]
    pub fn trouble(&self, now: Instant) -> Option<String> {
        let returned = self.returned.trouble("came back: not sent again", now);
        returned.or_else(|| self.excess.trouble("not sent: more than any meter sends", now))
    }
}

fn log_returned(origin: Origin) {
    let place = match origin {
        Origin::Group => "the group has carried this telegram already",
        Origin::Here => "a telegram that this listener has sent comes back",
    };
    log::warn!(
        "{place}, so it is not sent again: the port is a relay of this group; set `multicast.interface: lo`, or another address, on the machine that reads the relay"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::message::Translator;
    use crate::telegram::{Policy, crc16};

    #[test]
    fn a_port_that_is_no_relay_may_play_a_recording_round_and_round() {
        let now = Instant::now();
        let mut admission = Admission::new(Config::default().multicast, now);
        let mut translator = Translator::new(Policy::Auto, None);
        for number in 0..100_u32 {
            let body = format!("/TST5METER\r\n\r\n0-0:1.0.0(26112604000{}W)\r\n!", number % 2);
            let raw = format!("{body}{:04X}\r\n", crc16(body.as_bytes()));
            let wall = Timestamp::from_micros(1_795_330_010_000_000 + i64::from(number) * 100_000);
            let datagram = translator.feed(&mut raw.as_bytes(), wall).unwrap().unwrap();
            let now = now + Duration::from_millis(100) * number;
            assert!(datagram.meta.meter_time.is_some());
            assert!(admission.admit(&datagram, SourceKind::Serial, now), "{number}");
            admission.on_sent(&datagram, SourceKind::Serial);
            admission.history.on_heard(datagram.raw, wall);
        }
    }
}
