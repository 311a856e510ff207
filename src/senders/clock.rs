//! Whether the clock of a sender goes on as the time here does.
//!
//! Owns what a jump is. When this machine was suspended, its own time stood still: that is no jump.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::telegram::Timestamp;

/// A clock that is off by more than this many seconds between two telegrams has jumped.
const JUMP: i64 = 60;

/// What the clock of a sender shows, and when that is here.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub shows: Timestamp,
    pub now: Instant,
    /// How long this machine has been suspended until now.
    pub slept: Duration,
}

impl Clock {
    /// Takes what it shows next. By how many seconds it has jumped meanwhile; 0: it has not.
    pub fn go_on_to(&mut self, next: Self) -> i64 {
        let went = next.shows.micros_since(self.shows) / 1_000_000;
        let waking = next.now.saturating_duration_since(self.now).as_secs();
        let sleeping = next.slept.saturating_sub(self.slept).as_secs();
        let ahead_of_waking = went.saturating_sub_unsigned(waking);
        let ahead = ahead_of_waking.saturating_sub_unsigned(sleeping);
        let jump = if ahead > JUMP {
            ahead
        } else if ahead_of_waking < -JUMP {
            ahead_of_waking
        } else if ahead < -JUMP {
            // A telegram that came in before this machine fell asleep, and was read when it woke: the next
            // one is not to be measured by it.
            return 0;
        } else {
            0
        };
        *self = next;
        jump
    }
}

/// How long this machine has been suspended since it was booted: one of its clocks stands still then.
pub fn slept() -> Duration {
    let read = |clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default();
    read(ClockId::Boottime).saturating_sub(read(ClockId::Monotonic))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHT: u64 = 8 * 3600;

    /// The jumps between readings: what the clock shows, and how long this machine was awake and asleep
    /// until then, all in seconds.
    fn jumps(readings: &[(i64, u64, u64)]) -> Vec<i64> {
        let start = Instant::now();
        let reading = |&(shows, awake, slept): &(i64, u64, u64)| Clock {
            shows: Timestamp::from_seconds(1_795_330_800 + shows),
            now: start + Duration::from_secs(awake),
            slept: Duration::from_secs(slept),
        };
        let mut clock = reading(&readings[0]);
        readings[1..].iter().map(|next| clock.go_on_to(reading(next))).collect()
    }

    #[test]
    fn a_clock_that_is_set_has_jumped_once() {
        let readings =
            [(0, 0, 0), (1, 1, 0), (3602, 2, 0), (3603, 3, 0), (-7196, 4, 0), (-7195, 5, 0)];
        assert_eq!(jumps(&readings), [0, 3600, 0, -10_800, 0]);
    }

    #[test]
    fn small_corrections_and_long_silences_are_no_jumps() {
        assert_eq!(jumps(&[(0, 0, 0), (59, 0, 0), (1, 1, 0), (86_401, 86_401, 0)]), [0, 0, 0]);
    }

    #[test]
    fn a_night_that_this_machine_was_suspended_is_no_jump_of_the_sender() {
        let night = i64::try_from(NIGHT).unwrap();
        assert_eq!(jumps(&[(0, 0, 0), (night, 1, NIGHT), (night + 1, 2, NIGHT)]), [0, 0]);
    }

    #[test]
    fn a_telegram_that_was_read_a_night_late_is_no_jump_either_and_nor_is_the_next() {
        let night = i64::try_from(NIGHT).unwrap();
        let readings = [(0, 0, 0), (1, 1, NIGHT), (night + 2, 2, NIGHT), (night + 3, 3, NIGHT)];
        assert_eq!(jumps(&readings), [0, 0, 0]);
    }

    #[test]
    fn a_clock_that_is_set_while_this_machine_is_suspended_has_jumped() {
        let night = i64::try_from(NIGHT).unwrap();
        assert_eq!(jumps(&[(0, 0, 0), (2 * night, 0, NIGHT)]), [night]);
        assert_eq!(jumps(&[(0, 0, 0), (-night, 0, NIGHT)]), [-night]);
    }

    #[test]
    fn the_time_asleep_is_known_and_never_falls() {
        let before = slept();
        assert!(slept() + Duration::from_millis(1) >= before);
    }
}
