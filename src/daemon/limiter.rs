//! A brake for messages that repeat.
//!
//! Owns the decision whether a message is said now; the message is the caller's, and so is the clock.

use std::time::{Duration, Instant};

/// Lets the first of a kind through at once, and after it at most one in each period.
#[derive(Clone, Debug)]
pub struct Limiter {
    period: Duration,
    said: Option<Instant>,
    suppressed: u64,
}

impl Limiter {
    /// A limiter that lets one message through in each `period`.
    #[must_use]
    pub const fn new(period: Duration) -> Self {
        Self { period, said: None, suppressed: 0 }
    }

    /// Asks at time `now` whether the message may be said. `Some(n)`: yes, and `n` messages have been
    /// held back since the last one that was said. `None`: no; it is counted.
    #[must_use]
    pub fn permit(&mut self, now: Instant) -> Option<u64> {
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < self.period) {
            self.suppressed += 1;
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.suppressed))
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
}
