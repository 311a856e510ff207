//! A brake for messages that repeat.
//!
//! Owns the decision whether a message is said now; the message is the caller's, and so is the clock.

use std::time::{Duration, Instant};

/// Lets the first few of a kind through at once, and after them at most one in each period.
#[derive(Clone, Debug)]
pub struct Limiter {
    burst: u32,
    period: Duration,
    /// How many were said of late: one less with each period that goes by.
    level: u32,
    since: Option<Instant>,
    suppressed: u64,
}

impl Limiter {
    /// A limiter that lets one message through in each `period`.
    #[must_use]
    pub const fn new(period: Duration) -> Self {
        Self { burst: 1, period, level: 0, since: None, suppressed: 0 }
    }

    /// A limiter for outages. Each is told, for each is another one; but what comes and goes all the
    /// time is told ten times, and from then on once an hour.
    #[must_use]
    pub const fn of_outages() -> Self {
        Self { burst: 10, ..Self::new(Duration::from_secs(3600)) }
    }

    /// Asks at time `now` whether the message may be said. `Some(n)`: yes, and `n` messages have been
    /// held back since the last one that was said. `None`: no; it is counted.
    #[must_use]
    pub fn permit(&mut self, now: Instant) -> Option<u64> {
        let since = self.since.get_or_insert(now);
        while self.level > 0 && now.saturating_duration_since(*since) >= self.period {
            *since += self.period;
            self.level -= 1;
        }
        if self.level == 0 {
            *since = now;
        }
        if self.level == self.burst {
            self.suppressed += 1;
            return None;
        }
        self.level += 1;
        Some(std::mem::take(&mut self.suppressed))
    }

    /// For the end of a message that was permitted: that it is the last one for some time, if it is.
    #[must_use]
    pub fn last_word(&self) -> String {
        if self.level < self.burst {
            return String::new();
        }
        let minutes = self.period.as_secs() / 60;
        format!(". It has been so again and again, and is told once in {minutes} min at most")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_goes_through_and_the_next_says_how_many_did_not() {
        let period = Duration::from_secs(60);
        let start = Instant::now();
        let mut limiter = Limiter::new(period);
        assert_eq!(limiter.permit(start), Some(0));
        assert_eq!(limiter.permit(start), None);
        assert_eq!(limiter.permit(start + Duration::from_secs(59)), None);
        assert_eq!(limiter.permit(start + period), Some(2));
        assert_eq!(limiter.permit(start + period), None);
        assert_eq!(limiter.permit(start + 3 * period), Some(1));
    }
    #[test]
    fn of_outages_ten_are_told_and_then_one_an_hour_and_the_last_says_so() {
        let (start, mut limiter) = (Instant::now(), Limiter::of_outages());
        let mut told = |minutes: &mut dyn Iterator<Item = u64>| {
            let permitted = minutes.filter_map(|minute| {
                let _ = limiter.permit(start + Duration::from_secs(60 * minute))?;
                Some((minute, !limiter.last_word().is_empty()))
            });
            permitted.collect::<Vec<_>>()
        };
        let of_the_first_hour = (0..10).map(|minute| (minute, minute == 9)).collect::<Vec<_>>();
        assert_eq!(told(&mut (0..60)), of_the_first_hour);
        assert_eq!(told(&mut (60..240)), [(60, true), (120, true), (180, true)]);
        // A quiet day, and all is as it was.
        assert_eq!(told(&mut (2000..2060)).len(), 10);
    }
}
