//! The time without telegrams: when it is logged, and when the membership is renewed because of it.
//!
//! A switch may forget a membership, and only a new report makes it remember. The kernel sends one when the
//! first program of a host joins, so all programs of a host must have left before: they leave at the same
//! moments of the monotonic clock, which they share.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::runtime::OutageLog;

/// Silence is logged after so long, or after three intervals of a meter that sends less often.
const SILENCE: Duration = Duration::from_secs(60);

/// A telegram is overdue after two intervals of the meter, and not before this time.
const MIN_OVERDUE: Duration = Duration::from_secs(2);

/// How often it is logged again.
const REMINDER_INTERVAL: Duration = Duration::from_secs(3600);

/// In silence the membership is renewed first at a multiple of this, and then at the multiples of that.
const FIRST_RENEWAL: Duration = Duration::from_secs(10);
const RENEWAL_INTERVAL: Duration = Duration::from_secs(180);

/// Watches the time since the last telegram.
#[derive(Clone, Debug)]
pub(super) struct Silence {
    /// A moment, and the monotonic clock then.
    clock: (Instant, Duration),
    /// The last telegram, or the start.
    since: Instant,
    /// The last two times between telegrams. The shorter one counts: an outage says nothing about the meter.
    intervals: [Duration; 2],
    has_telegram: bool,
    outages: OutageLog,
    /// When it was logged last.
    logged: Instant,
    next_renewal: Instant,
}

impl Silence {
    /// Silence from now on.
    pub fn new(now: Instant) -> Self {
        let monotonic = Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default();
        Self::with_clock(now, monotonic)
    }

    pub fn with_clock(now: Instant, monotonic: Duration) -> Self {
        let mut silence = Self {
            clock: (now, monotonic),
            since: now,
            intervals: [Duration::ZERO; 2],
            has_telegram: false,
            outages: OutageLog::default(),
            logged: now,
            next_renewal: now,
        };
        silence.next_renewal = silence.first_renewal();
        silence
    }

    /// A telegram has arrived. Returns how long there was none, if that was logged.
    pub fn end(&mut self, now: Instant) -> Option<Duration> {
        let time = now.saturating_duration_since(self.since);
        (self.since, self.intervals) = (now, [time, self.intervals[0]]);
        self.has_telegram = true;
        self.next_renewal = self.first_renewal();
        self.outages.up().then_some(time)
    }

    /// How long there has been no telegram, if it is time to log that, and what to append.
    pub fn log_due(&mut self, now: Instant) -> Option<(Duration, &'static str)> {
        let time = now.saturating_duration_since(self.since);
        let note = if self.outages.is_logged() {
            let is_due = now.saturating_duration_since(self.logged) >= REMINDER_INTERVAL;
            is_due.then_some("")
        } else if time >= SILENCE.max(self.interval().saturating_mul(3)) {
            self.outages.down(now)
        } else {
            None
        }?;
        self.logged = now;
        Some((time, note))
    }

    /// When the next telegram is overdue; `None` if there was none yet.
    pub fn overdue(&self) -> Option<Instant> {
        let after = self.interval().saturating_mul(2).max(MIN_OVERDUE);
        self.has_telegram.then(|| self.since + after)
    }

    /// Whether the silence has just begun: a telegram is overdue, and the membership has not been renewed.
    pub fn has_begun(&self, now: Instant) -> bool {
        self.overdue().is_some_and(|overdue| now >= overdue) && now < self.since + SILENCE
    }

    fn interval(&self) -> Duration {
        let [last, before] = self.intervals;
        last.min(before)
    }

    /// Whether it is time to renew the membership.
    pub fn is_renewal_due(&mut self, now: Instant) -> bool {
        let is_due = now >= self.next_renewal;
        if is_due {
            self.next_renewal = self.aligned(now + Duration::from_millis(1), RENEWAL_INTERVAL);
        }
        is_due
    }

    pub fn next_renewal(&self) -> Instant {
        self.next_renewal
    }

    fn first_renewal(&self) -> Instant {
        self.aligned(self.since + SILENCE, FIRST_RENEWAL)
    }

    /// The next moment from `at` on when the monotonic clock is a multiple of `interval`.
    fn aligned(&self, at: Instant, interval: Duration) -> Instant {
        let (moment, clock) = self.clock;
        let clock = clock + at.saturating_duration_since(moment);
        let whole = interval.as_millis();
        let past = clock.as_nanos().div_ceil(1_000_000) % whole;
        match u64::try_from(whole - past) {
            Ok(left) if past > 0 => at + Duration::from_millis(left),
            _ => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn silence_is_logged_after_a_minute_and_every_hour_and_its_end_once() {
        let start = Instant::now();
        let mut silence = Silence::new(start);
        assert_eq!(silence.end(start + seconds(1)), None);
        let logged: Vec<u64> = (2..10_000)
            .filter(|&second| silence.log_due(start + seconds(second)).is_some())
            .collect();
        assert_eq!(logged, [61, 3661, 7261]);
        assert_eq!(silence.end(start + seconds(10_000)), Some(seconds(9999)));
        assert_eq!(silence.end(start + seconds(10_001)), None);
    }

    #[test]
    fn a_meter_that_sends_every_five_minutes_is_not_silent_in_between() {
        let start = Instant::now();
        let mut silence = Silence::new(start);
        for minute in (0..60).step_by(5) {
            silence.end(start + seconds(60 * minute));
            let logged =
                (0..300).any(|s| silence.log_due(start + seconds(60 * minute + s)).is_some());
            assert_eq!(logged, minute <= 5, "the interval is known from the third telegram on");
        }
    }

    #[test]
    fn a_listener_that_stops_after_its_first_telegram_is_missed_after_a_minute_as_any_other() {
        let start = Instant::now();
        let mut silence = Silence::new(start);
        silence.end(start + seconds(1));
        silence.end(start + seconds(2));
        // An outage of an hour, and a single telegram after it.
        assert!(silence.log_due(start + seconds(62)).is_some());
        assert!(silence.end(start + seconds(3602)).is_some());
        assert!(silence.log_due(start + seconds(3661)).is_none());
        assert!(silence.log_due(start + seconds(3662)).is_some());
    }

    /// The seconds after the last telegram when the membership is renewed; the monotonic clock is then at
    /// this second.
    fn renewals(clock: u64) -> Vec<u64> {
        let start = Instant::now();
        let mut silence = Silence::with_clock(start, seconds(clock));
        silence.end(start);
        (0..900).filter(|&second| silence.is_renewal_due(start + seconds(second))).collect()
    }

    #[test]
    fn in_silence_the_membership_is_renewed_after_a_minute_and_then_every_three() {
        assert_eq!(renewals(0), [60, 180, 360, 540, 720]);
        assert_eq!(renewals(7), [63, 173, 353, 533, 713, 893]);
    }

    #[test]
    fn all_programs_of_a_host_renew_at_the_same_moments_whenever_they_started() {
        let at =
            |clock| renewals(clock).into_iter().map(|second| clock + second).collect::<Vec<_>>();
        let [one, other] = [at(1007), at(1095)];
        assert_eq!(
            other[1..5],
            one[2..6],
            "after the first renewal, which is {} and {}",
            one[0],
            other[0]
        );
    }

    #[test]
    fn telegrams_put_the_renewal_off() {
        let start = Instant::now();
        let mut silence = Silence::new(start);
        for second in 0..1000 {
            assert!(!silence.is_renewal_due(start + seconds(second)));
            silence.end(start + seconds(second));
        }
    }
}
