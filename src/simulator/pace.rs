//! When the next of many regular events is due.
//!
//! Pure: it reads no clock and does not sleep.

use std::time::{Duration, Instant};

/// Whoever is later than this was stopped or suspended, and does not catch up.
const MAX_DELAY: Duration = Duration::from_secs(10);

/// Due at once, then every `interval`.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    interval: Duration,
    due: Instant,
}

impl Pace {
    /// First due at `now`.
    #[must_use]
    pub fn new(interval: Duration, now: Instant) -> Self {
        Self { interval, due: now }
    }

    /// When the next event is due, asked at `now`. Late events are made up for, unless they are more than ten
    /// seconds late: then the interval starts again.
    pub fn next(&mut self, now: Instant) -> Instant {
        if now.saturating_duration_since(self.due) > MAX_DELAY {
            self.due = now;
        }
        let due = self.due;
        self.due += self.interval;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_late_event_does_not_delay_the_next() {
        let start = Instant::now();
        let mut pace = Pace::new(SECOND, start);
        assert_eq!(pace.next(start), start);
        assert_eq!(pace.next(start + SECOND / 2), start + SECOND);
        assert_eq!(pace.next(start + 4 * SECOND), start + 2 * SECOND);
        assert_eq!(pace.next(start + 4 * SECOND), start + 3 * SECOND);
    }

    #[test]
    fn after_a_long_delay_the_interval_starts_again() {
        let start = Instant::now();
        let mut pace = Pace::new(SECOND, start);
        let morning = start + 3600 * SECOND;
        assert_eq!(pace.next(morning), morning);
        assert_eq!(pace.next(morning), morning + SECOND);
    }
}
