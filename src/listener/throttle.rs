//! Holds every port to what a meter can send.
//!
//! Pure. The quickest meters send 12 telegrams a second. More of them for long is a relay that hears itself,
//! or something that is no meter. A recording that is played quickly is allowed: the clock in its telegrams
//! advances as fast as they come.

use std::time::{Duration, Instant};

use crate::telegram::Timestamp;

/// How many telegrams a second a meter sends at most.
const MAX_RATE: f64 = 12.0;

/// Telegrams above that rate that are a burst, as after an interruption of a TCP connection; more are logged.
const MAX_BURST: f64 = 120.0;

/// Telegrams above that rate after which no more of them are sent.
const MAX_EXCESS: f64 = 1200.0;

/// How many telegrams a second are taken at most, whatever their clocks show.
const MAX_SPEED: f64 = 400.0;

/// As many telegrams as [`MAX_SPEED`] allows in this time may come at once.
const MAX_AHEAD: Duration = Duration::from_secs(3);

/// The rate of one port.
#[derive(Debug)]
pub struct Throttle {
    /// Telegrams above [`MAX_RATE`], in number.
    excess: f64,
    last: Instant,
    /// The latest time that a meter's clock has shown.
    clock: Option<Timestamp>,
    /// When the telegrams so far are due at [`MAX_SPEED`].
    due: Instant,
}

/// What to do with a telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send it.
    Usual,
    /// Send it, though no meter is so quick.
    Fast,
    /// Don't send it.
    TooMany,
}

impl Throttle {
    /// No telegram yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { excess: 0.0, last: now, clock: None, due: now }
    }

    /// A telegram came in whose clock shows `meter_time`.
    pub fn on_telegram(&mut self, meter_time: Option<Timestamp>, now: Instant) -> Verdict {
        let passed = now.saturating_duration_since(self.last).as_secs_f64();
        let passed = passed.max(self.advance(meter_time).as_secs_f64());
        self.last = now;
        self.due = self.due.max(now) + Duration::from_secs_f64(1.0 / MAX_SPEED);
        self.excess = (self.excess - passed * MAX_RATE).max(0.0) + 1.0;
        if self.excess > MAX_EXCESS {
            self.excess = MAX_EXCESS;
            return Verdict::TooMany;
        }
        if self.excess > MAX_BURST { Verdict::Fast } else { Verdict::Usual }
    }

    /// How long to leave the port alone, so that subscribers can follow.
    #[must_use]
    pub fn pause(&self, now: Instant) -> Option<Duration> {
        let ahead = self.due.saturating_duration_since(now);
        ahead.checked_sub(MAX_AHEAD).filter(|pause| !pause.is_zero())
    }

    /// How far this clock is ahead of all that were shown before. One that is set back, or shows nonsense now
    /// and then, gains nothing.
    fn advance(&mut self, meter_time: Option<Timestamp>) -> Duration {
        let Some(time) = meter_time else { return Duration::ZERO };
        let before = self.clock.unwrap_or(time);
        self.clock = Some(time.max(before));
        Duration::from_micros(u64::try_from(time.micros_since(before)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How many telegrams are sent of `rate` a second for `seconds`; their clocks show `clock` of each second.
    fn sent(rate: u32, seconds: u32, clock: impl Fn(u32, u32) -> Option<i64>) -> usize {
        let start = Instant::now();
        let mut throttle = Throttle::new(start);
        let all = (0..seconds).flat_map(|second| (0..rate).map(move |number| (second, number)));
        all.filter(|(second, number)| {
            let now = start + SECOND * *second + SECOND * *number / rate;
            let meter_time = clock(*second, *number).map(Timestamp::from_seconds);
            throttle.on_telegram(meter_time, now) != Verdict::TooMany
        })
        .count()
    }

    #[test]
    fn a_meter_is_never_held_back() {
        assert_eq!(sent(12, 3600, |second, _| Some(second.into())), 12 * 3600);
        assert_eq!(sent(1, 3600, |_, _| None), 3600);
    }

    #[test]
    fn a_storm_is_held_to_the_rate_of_a_meter() {
        let storm = sent(1000, 60, |second, _| Some(second.into()));
        assert!(storm <= 1200 + 61 * 12, "{storm}");
        let without_clock = sent(1000, 60, |_, _| None);
        assert!(without_clock <= 1200 + 61 * 12, "{without_clock}");
        // A clock that goes to and fro gains nothing.
        let to_and_fro = sent(1000, 60, |_, number| Some(i64::from(number % 2) * 86_400));
        assert!(to_and_fro <= 2 * 1200 + 61 * 12, "{to_and_fro}");
    }

    #[test]
    fn a_recording_may_be_played_quickly() {
        let clock = |second, number| Some(i64::from(second * 100 + number));
        assert_eq!(sent(100, 600, clock), 100 * 600);
    }

    #[test]
    fn what_no_meter_sends_is_reported_before_it_is_held_back() {
        let now = Instant::now();
        let mut throttle = Throttle::new(now);
        let verdicts: Vec<_> = (0..1300).map(|_| throttle.on_telegram(None, now)).collect();
        assert_eq!((verdicts[119], verdicts[120]), (Verdict::Usual, Verdict::Fast));
        assert_eq!((verdicts[1199], verdicts[1200]), (Verdict::Fast, Verdict::TooMany));
        assert_eq!(
            throttle.on_telegram(None, now + SECOND),
            Verdict::Fast,
            "twelve a second go on"
        );
    }

    #[test]
    fn a_port_is_left_alone_when_it_is_too_quick_for_subscribers() {
        let now = Instant::now();
        let mut throttle = Throttle::new(now);
        for _ in 0..1200 {
            let _ = throttle.on_telegram(None, now);
        }
        assert_eq!(throttle.pause(now + Duration::from_millis(1)), None);
        for _ in 0..400 {
            let _ = throttle.on_telegram(None, now);
        }
        let pause = throttle.pause(now).unwrap();
        assert!((0.99..1.01).contains(&pause.as_secs_f64()), "{pause:?}");
        assert_eq!(throttle.pause(now + pause), None);
    }
}
