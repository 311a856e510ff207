//! At most one log message per period.
//!
//! Decides whether to log; the caller writes the message and passes the time.

use std::time::{Duration, Instant};

/// Permits the first message at once, and then at most one in each period.
#[derive(Clone, Debug)]
pub struct RateLimit {
    period: Duration,
    last: Option<Instant>,
    suppressed: u64,
}

impl RateLimit {
    /// Permits one message in each `period`.
    #[must_use]
    pub const fn new(period: Duration) -> Self {
        Self { period, last: None, suppressed: 0 }
    }

    /// Whether to log a message at time `now`. `Some(n)`: yes, and `n` messages were suppressed since the
    /// last one that was logged. `None`: no, and it is counted as suppressed.
    #[must_use]
    pub fn permit(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < self.period) {
            self.suppressed += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_permitted_and_the_next_tells_how_many_were_suppressed() {
        let period = Duration::from_secs(60);
        let start = Instant::now();
        let mut limit = RateLimit::new(period);
        assert_eq!(limit.permit(start), Some(0));
        assert_eq!(limit.permit(start), None);
        assert_eq!(limit.permit(start + Duration::from_secs(59)), None);
        assert_eq!(limit.permit(start + period), Some(2));
        assert_eq!(limit.permit(start + period), None);
        assert_eq!(limit.permit(start + 3 * period), Some(1));
    }
}
