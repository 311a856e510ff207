//! When a datagram may be sent: at once or not at all, at most one a second, and never an old value.
//!
//! Owns the rules against stale values. A control loop that is fed an old one goes on in the direction of its
//! last error. Pure: both clocks are passed in, `now` as the time since the host was booted, which goes on
//! while the host or the program sleeps.

use std::time::Duration;

use crate::telegram::Timestamp;

/// A telegram that may be older is not sent.
pub(super) const MAX_AGE: Duration = Duration::from_secs(2);

/// How often datagrams are sent at most, and a held one is repeated.
const INTERVAL: Duration = Duration::from_secs(1);

/// How much earlier than that a single datagram may be: meters are not punctual.
const TOLERANCE: Duration = Duration::from_millis(500);

/// So many telegrams in a row that seem late mean that the clock of the listener was set back.
const LATE_IN_A_ROW: u32 = 10;

/// A part of the lateness, for clocks that run apart.
const DRIFT: i64 = 100;

/// What to do with a telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Send,
    /// It took this much longer to get here than others.
    Late(Duration),
    /// The last one was sent less than a second ago.
    TooSoon,
}

/// The times of what was received and sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Timing {
    /// By how much our clock is ahead of the end of a telegram that came in time, in µs: the time it took and
    /// the difference of the clocks.
    offset: Option<i64>,
    late_in_a_row: u32,
    /// When the next datagram is due, if they come each second.
    next: Option<Duration>,
    /// The last telegram that was sent, and the time between it and the one before.
    last: Option<(Duration, Option<Duration>)>,
    /// When a datagram was sent last: that of a telegram, or a repetition.
    last_sent: Option<Duration>,
}

impl Timing {
    /// Another listener, with another clock.
    pub fn on_other_sender(&mut self) {
        (self.offset, self.late_in_a_row) = (None, 0);
    }

    /// What to do with a telegram that ended at `end` by its listener's clock, and is here at `wall` by ours.
    pub fn judge(&mut self, end: Timestamp, wall: Timestamp, now: Duration) -> Verdict {
        let offset = wall.micros_since(end);
        let least = self.offset.map_or(offset, |known| known.min(offset));
        let lateness = offset.saturating_sub(least);
        let late = Duration::from_micros(lateness.unsigned_abs());
        self.late_in_a_row = if late > MAX_AGE { self.late_in_a_row + 1 } else { 0 };
        if self.late_in_a_row >= LATE_IN_A_ROW {
            self.on_other_sender();
            self.offset = Some(offset);
        } else {
            self.offset = Some(least.saturating_add(lateness.min(1_000_000) / DRIFT));
        }
        if self.late_in_a_row > 0 {
            return Verdict::Late(late);
        }
        let next = self.next.unwrap_or(now);
        if now + TOLERANCE < next {
            return Verdict::TooSoon;
        }
        self.next = Some(next.max(now) + INTERVAL);
        let interval = self.last.map(|(last, _)| now.saturating_sub(last));
        self.last = Some((now, interval));
        self.last_sent = Some(now);
        Verdict::Send
    }

    /// The age of the last telegram, if its datagram is to be repeated now: each second, for `hold` at most,
    /// and no longer than it takes the next telegram but one to be missed.
    pub fn repeat(&mut self, hold: Duration, now: Duration) -> Option<Duration> {
        let due = self.repeat_due(hold)?;
        let (last, _) = self.last?;
        if now < due {
            return None;
        }
        let age = now.saturating_sub(last);
        if age > self.hold_time(hold)? {
            self.stop_repeating();
            return None;
        }
        self.last_sent = Some(now);
        Some(age)
    }

    /// When a repetition is due, if one is.
    pub fn repeat_due(&self, hold: Duration) -> Option<Duration> {
        let (last, _) = self.last?;
        let due = self.last_sent? + INTERVAL;
        (due <= last + self.hold_time(hold)?).then_some(due)
    }

    /// Forgets the datagram that would be repeated.
    pub fn stop_repeating(&mut self) {
        self.last_sent = None;
    }

    fn hold_time(&self, hold: Duration) -> Option<Duration> {
        let (_, interval) = self.last?;
        Some(hold.min(interval? * 2)).filter(|time| !time.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// What becomes of a telegram that ended at this second by the listener's clock and is here at another by
    /// ours.
    fn judge(timing: &mut Timing, end: f64, here: f64) -> Verdict {
        let time = |at: f64| {
            let micros = Duration::from_secs_f64(at).as_micros();
            Timestamp::from_micros(i64::try_from(micros).unwrap())
        };
        timing.judge(time(1e9 + end), time(1e9 + here), seconds(here))
    }

    #[test]
    fn a_telegram_that_was_delayed_is_not_sent_whatever_the_two_clocks_show() {
        for difference in [-86_400.0, -3.0, 0.0, 3.0, 86_400.0] {
            let mut timing = Timing::default();
            let mut judge =
                |end: f64, here: f64| judge(&mut timing, end + difference, here + 100_000.0);
            for second in 100_000..100_060 {
                let end = f64::from(second);
                assert_eq!(judge(end, end + 0.02), Verdict::Send);
            }
            assert!(matches!(judge(100_061.0, 100_064.1), Verdict::Late(_)));
            assert_eq!(judge(100_065.0, 100_065.5), Verdict::Send);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_stops_the_datagrams_for_ten_telegrams() {
        let mut timing = Timing::default();
        let sent = (0..60).map(|second| {
            let here = f64::from(second);
            let end = if second < 20 { here } else { here - 3600.0 };
            judge(&mut timing, end, here) == Verdict::Send
        });
        let sent: Vec<bool> = sent.collect();
        let expected: Vec<bool> = (0..60).map(|second| !(20..30).contains(&second)).collect();
        assert_eq!(sent[..20], expected[..20]);
        assert_eq!(sent.iter().filter(|sent| !**sent).count(), 9, "{sent:?}");
    }

    #[test]
    fn clocks_that_run_apart_are_followed() {
        let mut timing = Timing::default();
        for second in 0..200_000 {
            let here = f64::from(second);
            // 200 ppm.
            assert_eq!(judge(&mut timing, here * 0.9998 + 100.0, here), Verdict::Send, "{second}");
        }
    }

    #[test]
    fn at_most_one_a_second_is_sent_and_a_meter_need_not_be_punctual() {
        let mut timing = Timing::default();
        let mut sent = |times: &[f64]| {
            let judge = |&at: &f64| judge(&mut timing, at, at) == Verdict::Send;
            times.iter().map(judge).collect::<Vec<_>>()
        };
        assert_eq!(sent(&[0.0, 0.8, 2.1, 2.9, 4.3, 5.0]), [true; 6]);
        let often: Vec<f64> = (0..1000).map(|tenth| 100.0 + f64::from(tenth) / 10.0).collect();
        let count = sent(&often).into_iter().filter(|sent| *sent).count();
        assert!((98..=102).contains(&count), "{count} in 100 s");
    }

    /// When datagrams are repeated, of telegrams at these seconds.
    fn repetitions(hold: f64, telegrams: &[f64]) -> Vec<f64> {
        let (mut timing, mut repeated) = (Timing::default(), Vec::new());
        for tenth in 0..500 {
            let at = f64::from(tenth) / 10.0;
            if telegrams.contains(&at) {
                assert_eq!(judge(&mut timing, at, at), Verdict::Send);
            }
            if timing.repeat(seconds(hold), seconds(at)).is_some() {
                repeated.push(at);
            }
        }
        repeated
    }

    #[test]
    fn a_datagram_is_repeated_each_second_until_its_telegram_is_too_old() {
        assert!(repetitions(0.0, &[0.0, 10.0, 20.0]).is_empty());
        assert_eq!(repetitions(3.0, &[0.0, 10.0]), [11.0, 12.0, 13.0]);
        let each_second: Vec<f64> = (11..20).chain(21..33).map(f64::from).collect();
        assert_eq!(repetitions(12.0, &[0.0, 10.0, 20.0]), each_second);
    }

    #[test]
    fn a_value_is_never_repeated_across_two_missing_telegrams() {
        assert_eq!(repetitions(15.0, &[0.0, 1.0, 2.0]), [3.0, 4.0]);
        assert!(repetitions(15.0, &[5.0]).is_empty(), "how often they come is not known yet");
    }
}
