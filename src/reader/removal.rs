//! When old files are removed: once a day, and never by a clock that may be wrong.
//!
//! Owns the judgement of the clock. A wrong one could remove the records of years, so of the clocks of this host, of
//! the listener and of the meter the one that is behind the others tells the date. Where the meter has no clock, or
//! the date has jumped, it must go on for a day first.

use chrono::NaiveDate;

/// A date that is more days away from the one before than this has jumped. This host may have been suspended.
const MAX_STEP_DAYS: i64 = 3;

/// How long a clock must run before it is trusted.
const TRUSTED_AFTER_MICROS: i64 = 24 * 3_600_000_000;

/// The longest time between two looks that counts: more is a jump of the clock, or nobody was looking.
const MAX_PASSED_MICROS: i64 = 60_000_000;

/// What may be removed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// Nothing: it has been done today.
    Done,
    /// Nothing before the clock is trusted.
    Waiting,
    /// What is too old.
    Due,
}

/// When files were removed last, and how far the clock is trusted.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    today: Option<NaiveDate>,
    has_jumped: bool,
    /// For how long the date has not jumped.
    steady_micros: i64,
    done: Option<NaiveDate>,
}

impl Schedule {
    /// The date is `today`; `is_proven` if the meter's own clock says that it is not earlier. So much time has passed
    /// since the last look.
    pub fn look(&mut self, today: NaiveDate, is_proven: bool, passed_micros: i64) -> Removal {
        let step = |before: NaiveDate| (today - before).num_days().abs();
        if self.today.replace(today).is_some_and(|before| step(before) > MAX_STEP_DAYS) {
            (self.has_jumped, self.steady_micros) = (true, 0);
        }
        if self.steady_micros < TRUSTED_AFTER_MICROS {
            self.steady_micros += passed_micros.clamp(0, MAX_PASSED_MICROS);
        } else {
            self.has_jumped = false;
        }
        let is_trusted =
            self.steady_micros >= TRUSTED_AFTER_MICROS || is_proven && !self.has_jumped;
        if self.done == Some(today) {
            Removal::Done
        } else if is_trusted {
            self.done = Some(today);
            Removal::Due
        } else {
            Removal::Waiting
        }
    }

    /// Other settings: files are removed again today.
    pub fn reset(&mut self) {
        self.done = None;
    }
}

#[cfg(test)]
mod tests {
    use super::Removal::{Done, Due, Waiting};
    use super::*;

    const HOUR: usize = 3600;

    fn date(day: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 26).unwrap() + chrono::TimeDelta::days(day)
    }

    /// What comes of looking each second for so many seconds.
    fn look(schedule: &mut Schedule, day: i64, is_proven: bool, seconds: usize) -> Vec<Removal> {
        let mut all: Vec<_> =
            (0..seconds).map(|_| schedule.look(date(day), is_proven, 1_000_000)).collect();
        all.dedup();
        all
    }

    #[test]
    fn a_date_that_the_clock_of_the_meter_proves_is_trusted_at_once_and_done_once_a_day() {
        let mut schedule = Schedule::default();
        assert_eq!(look(&mut schedule, 0, true, 10), [Due, Done]);
        assert_eq!(look(&mut schedule, 1, true, 10), [Due, Done]);
        assert_eq!(look(&mut schedule, 4, false, 10), [Waiting], "no proof any more");
        schedule.reset();
        assert_eq!(look(&mut schedule, 4, true, 10), [Due, Done]);
    }

    #[test]
    fn without_a_clock_of_the_meter_the_date_must_go_on_for_a_day_of_running() {
        let mut schedule = Schedule::default();
        assert_eq!(look(&mut schedule, 0, false, 20 * HOUR), [Waiting]);
        assert_eq!(look(&mut schedule, 1, false, 4 * HOUR - 1), [Waiting]);
        assert_eq!(look(&mut schedule, 1, false, 1), [Due]);
        assert_eq!(look(&mut schedule, 2, false, 10), [Due, Done]);
    }

    #[test]
    fn a_date_that_has_jumped_must_go_on_for_a_day_even_if_the_meter_agrees() {
        for is_proven in [false, true] {
            let mut schedule = Schedule::default();
            look(&mut schedule, 0, true, 1);
            assert_eq!(look(&mut schedule, 365, is_proven, 23 * HOUR), [Waiting]);
            assert_eq!(look(&mut schedule, 0, true, 1), [Done], "it was wrong");
            assert_eq!(look(&mut schedule, 1, is_proven, 23 * HOUR), [Waiting]);
            assert_eq!(look(&mut schedule, 2, is_proven, 2 * HOUR), [Waiting, Due, Done]);
            assert_eq!(look(&mut schedule, 3, is_proven, 1), [Due]);
            look(&mut schedule, -20_000, is_proven, 1);
            assert_eq!(look(&mut schedule, 4, is_proven, 24 * HOUR), [Waiting, Due]);
        }
    }

    #[test]
    fn a_clock_that_runs_away_gains_no_time() {
        let mut schedule = Schedule::default();
        let days = (0..1000).map(|day| schedule.look(date(day), false, 86_400_000_000));
        assert!(days.into_iter().all(|removal| removal == Waiting));
    }
}
