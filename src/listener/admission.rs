//! Decides which telegrams are sent: none that comes back, and not more than a meter can send.
//!
//! What a file or a pipe gives beyond that waits; what a line or a connection gives is out of date by then, and is
//! not sent. Owns the log messages about both, and the number of telegrams that are not sent.

use std::time::{Duration, Instant};

use super::relay::{GroupMonitor, History, Incoming, Origin};
use super::source::SourceKind;
use crate::config;
use crate::message::Datagram;
use crate::meter::MeterRate;
use crate::runtime::RateLimit;
use crate::telegram::Timestamp;
use crate::text;

/// How often each message is logged at most.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// For how long the status shows a fault that does not recur.
const STATUS_TIME: Duration = Duration::from_secs(60);

/// How often the group is read while telegrams come without a pause.
const MONITOR_INTERVAL: Duration = Duration::from_millis(100);

/// For how many telegrams a pseudo-terminal is watched, unless it turns out to be a relay.
const MAX_WATCHED: u8 = 20;

/// The time that each telegram takes at the quickest, whatever clocks show, so that subscribers can follow.
const MIN_INTERVAL: Duration = Duration::from_micros(2500);

/// Telegrams of so much time may come at once.
const MAX_AHEAD: Duration = Duration::from_secs(3);

/// How a message about a rate that no meter has begins.
const TOO_MANY: &str = "more than 12 telegrams a second, as no meter sends them";

/// Which telegrams of a port are sent.
pub struct Admission {
    history: History,
    monitor: GroupMonitor,
    next_update: Instant,
    /// How many telegrams of a pseudo-terminal are still to be watched.
    watched: u8,
    rate: MeterRate,
    /// When the telegrams so far are due at [`MIN_INTERVAL`].
    due: Instant,
    returned: Refused,
    excess: Refused,
    /// Telegrams that had to wait.
    late: RateLimit,
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
            watched: MAX_WATCHED,
            rate: MeterRate::new(now),
            due: now,
            returned: Refused::new(),
            excess: Refused::new(),
            late: RateLimit::new(LOG_INTERVAL),
        }
    }

    /// Uses another group; keeps the counts.
    pub fn reconfigure(&mut self, settings: config::Multicast, now: Instant) {
        self.monitor = GroupMonitor::new(settings, now);
        self.next_update = now;
    }

    /// The port was opened or lost: another program may be behind it now.
    pub fn restart(&mut self) {
        self.watched = MAX_WATCHED;
    }

    /// Bytes have come in, or the port was opened. Reads what the group has carried before, if a telegram may
    /// begin now. No cable is a relay, and reading the group costs as much as a telegram: a pseudo-terminal is most
    /// often a cable or a meter, too, so only its first telegrams are watched.
    pub fn update(&mut self, kind: SourceKind, is_beginning: bool, wall: Timestamp, now: Instant) {
        if self.is_watched(kind) {
            if is_beginning || now >= self.next_update {
                self.next_update = now + MONITOR_INTERVAL;
                self.monitor.update(&mut self.history, wall, now);
            }
        } else if kind == SourceKind::Terminal {
            self.monitor.leave(now);
        }
    }

    /// Whether to send this telegram, which came from a source of this kind.
    pub fn admit(&mut self, datagram: &Datagram<'_>, kind: SourceKind, now: Instant) -> bool {
        let Datagram { raw, meta, .. } = datagram;
        let incoming =
            Incoming { raw, start: meta.frame_start, has_clock: meta.meter_time.is_some() };
        let is_watched = self.is_watched(kind);
        self.watched = self.watched.saturating_sub(1);
        let origin = || self.history.origin(&incoming, !kind.may_be_recording());
        if let Some(origin) = is_watched.then(origin).flatten() {
            self.watched = MAX_WATCHED;
            if self.returned.count(now) {
                log_returned(origin);
            }
            return false;
        }
        self.due = self.due.max(now) + MIN_INTERVAL;
        if self.rate.permits(meta, now) {
            return true;
        }
        if kind.can_wait() {
            self.rate.exceed();
            if self.late.permit(now).is_some() {
                log::warn!("{TOO_MANY}; they are sent more slowly");
            }
            return true;
        }
        if self.excess.count(now) {
            log::warn!(
                "{TOO_MANY}; is the port a relay that hears itself? Those beyond that are not sent"
            );
        }
        false
    }

    /// The telegram, which came from a source of this kind, has been sent.
    pub fn on_sent(&mut self, datagram: &Datagram<'_>, kind: SourceKind) {
        if self.is_watched(kind) {
            self.history.on_sent(datagram.raw, datagram.meta.frame_end);
        }
    }

    /// Whether telegrams of a source of this kind may come back from the group, and are looked for there.
    fn is_watched(&self, kind: SourceKind) -> bool {
        kind.may_be_relay() && (kind != SourceKind::Terminal || self.watched > 0)
    }

    /// How long to leave the port alone: until a meter can have sent what was sent, or subscribers can follow.
    #[must_use]
    pub fn pause(&self, now: Instant) -> Option<Duration> {
        let ahead = self.due.saturating_duration_since(now).saturating_sub(MAX_AHEAD);
        Some(self.rate.delay(now).max(ahead)).filter(|pause| !pause.is_zero())
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
    use crate::runtime::captured_log;
    use crate::telegram::{Policy, with_checksum};

    /// Telegrams that are a given time apart, each with this time on the meter's clock, in seconds; gives the number of
    /// those that are sent, and how long it took.
    fn sent(
        kind: SourceKind,
        count: u32,
        interval: Duration,
        clock: impl Fn(u32) -> Option<u32>,
    ) -> (u32, Duration, Vec<String>) {
        let start = Instant::now();
        let (mut now, mut sent) = (start, 0);
        let mut admission = Admission::new(Config::default().multicast, now);
        let mut translator = Translator::new(Policy::Auto, None);
        let lines = captured_log(|| {
            for number in 0..count {
                let time = |second: u32| {
                    let (minute, second) = (second / 60, second % 60);
                    format!("0-0:1.0.0(261126{:02}{:02}{second:02}W)", minute / 60, minute % 60)
                };
                let time = clock(number).map(time).unwrap_or_default();
                let body = format!("/TST5METER\r\n\r\n{time}\r\n1-0:1.7.0(0*kW)\r\n!");
                let raw = with_checksum(body);
                let passed = i64::try_from((now - start).as_micros()).unwrap();
                let wall = Timestamp::from_micros(1_795_330_010_000_000 + passed);
                let datagram = translator.feed(&mut &raw[..], wall).unwrap().unwrap();
                assert_eq!(datagram.meta.meter_time.is_some(), clock(number).is_some());
                if admission.admit(&datagram, kind, now) {
                    admission.on_sent(&datagram, kind);
                    admission.history.on_heard(datagram.raw, wall);
                    sent += 1;
                }
                now += interval + admission.pause(now + interval).unwrap_or_default();
            }
        });
        (sent, now - start, lines)
    }

    #[test]
    fn only_the_first_telegrams_of_a_pseudo_terminal_are_watched_until_it_turns_out_to_be_a_relay()
    {
        let now = Instant::now();
        let mut admission = Admission::new(Config::default().multicast, now);
        let mut translator = Translator::new(Policy::Auto, None);
        let mut admits = |admission: &mut Admission, number: i64, is_carried: bool| {
            let raw = format!("/TST5METER\r\n\r\n1-0:1.8.1({number}*kWh)\r\n!\r\n");
            let wall = Timestamp::from_seconds(1_795_330_010 + number);
            if is_carried {
                admission.history.on_heard(raw.as_bytes(), wall);
            }
            let datagram = translator.feed(&mut raw.as_bytes(), wall).unwrap().unwrap();
            admission.admit(
                &datagram,
                SourceKind::Terminal,
                now + Duration::from_secs(number.unsigned_abs()),
            )
        };
        let first = i64::from(MAX_WATCHED);
        assert!((1..first).all(|number| admits(&mut admission, number, false)));
        assert!((first..100).all(|number| !admits(&mut admission, number, true)));
        assert!((100..200).all(|number| admits(&mut admission, number, false)));
        assert!(admits(&mut admission, 200, true));
        admission.restart();
        assert!(!admits(&mut admission, 201, true));
    }

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn a_port_that_is_no_relay_may_play_a_recording_round_and_round() {
        for kind in [SourceKind::Serial, SourceKind::Terminal, SourceKind::Pipe, SourceKind::File] {
            let (sent, _, lines) = sent(kind, 100, 100 * MILLISECOND, |number| Some(number % 2));
            assert_eq!((sent, lines), (100, vec![]), "{kind:?}");
        }
    }

    #[test]
    fn of_what_no_meter_sends_a_line_sends_what_a_meter_can_and_the_rest_is_logged() {
        for clock in [|_| None, |_| Some(7), |number| Some(number % 60)] {
            let (sent, time, lines) = sent(SourceKind::Serial, 10_000, 3 * MILLISECOND, clock);
            let bound = 120.0 + 12.0 * (time.as_secs_f64() + 60.0);
            assert!((480..).contains(&sent) && f64::from(sent) <= bound, "{sent} in {time:?}");
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].starts_with("more than 12 telegrams a second"), "{lines:?}");
        }
    }

    #[test]
    fn what_no_meter_sends_is_read_more_slowly_from_a_file_and_sent_whole() {
        for kind in [SourceKind::Pipe, SourceKind::File] {
            let (sent, time, lines) = sent(kind, 1080, MILLISECOND, |_| None);
            assert_eq!(sent, 1080);
            assert!((79..81).contains(&time.as_secs()), "{time:?}");
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].ends_with("sent more slowly"), "{lines:?}");
        }
    }

    #[test]
    fn a_recording_is_played_as_quickly_as_subscribers_can_follow() {
        for kind in [SourceKind::Serial, SourceKind::Tcp, SourceKind::Pipe, SourceKind::File] {
            let (sent, time, lines) = sent(kind, 20_000, MILLISECOND, Some);
            assert_eq!((sent, lines), (20_000, vec![]), "{kind:?}");
            assert!((46..=50).contains(&time.as_secs()), "{time:?}");
        }
    }
}
