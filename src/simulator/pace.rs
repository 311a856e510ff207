//! Something that is due again and again.
//!
//! Owns the arithmetic of a beat. It reads no clock and does not sleep.

use std::time::{Duration, Instant};

/// Who is later than this has been stopped or asleep, and does not run to catch up.
const GIVE_UP: Duration = Duration::from_secs(10);

/// A beat: due at once, then every `interval`.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    interval: Duration,
    due: Instant,
}

impl Pace {
    /// A beat that is first due at `now`.
    #[must_use]
    pub fn new(interval: Duration, now: Instant) -> Self {
        Self { interval, due: now }
    }

    /// When the next beat is due, asked at `now`. Beats that come late are made up for, unless they
    /// are more than ten seconds late: then the beat begins anew.
    pub fn next(&mut self, now: Instant) -> Instant {
        if now.saturating_duration_since(self.due) > GIVE_UP {
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
    fn a_late_beat_does_not_move_the_next() {
        let start = Instant::now();
        let mut pace = Pace::new(SECOND, start);
        assert_eq!(pace.next(start), start);
        assert_eq!(pace.next(start + SECOND / 2), start + SECOND);
        assert_eq!(pace.next(start + 4 * SECOND), start + 2 * SECOND);
        assert_eq!(pace.next(start + 4 * SECOND), start + 3 * SECOND);
    }

    #[test]
    fn after_a_long_sleep_the_beat_begins_anew() {
        let start = Instant::now();
        let mut pace = Pace::new(SECOND, start);
        let morning = start + 3600 * SECOND;
        assert_eq!(pace.next(morning), morning);
        assert_eq!(pace.next(morning), morning + SECOND);
    }
}
