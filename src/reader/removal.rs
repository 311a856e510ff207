//! The removal of old files: which, and when: once a day, and never by a clock that may be wrong.
//!
//! Owns what is too old, and the judgement of the clock. A wrong one could remove the records of years, so of the
//! clocks of this host, of the listener and of the meter the one that is behind the others tells the date. Where the
//! meter has no clock, or the date has jumped, it must go on for a day first.

use std::path::PathBuf;

use chrono::{Days, NaiveDate};

use super::pattern::Pattern;
use super::storage::Storage;
use crate::text;

/// A date that is more days away from the one before than this has jumped. This host may have been suspended.
const MAX_STEP_DAYS: i64 = 3;

/// How long a clock must run before it is trusted.
const TRUSTED_AFTER_MICROS: i64 = 24 * 3_600_000_000;

/// The longest time between two looks that counts: more is a jump of the clock, or nobody was looking.
const MAX_PASSED_MICROS: i64 = 60_000_000;

/// Files that have been too old for longer than this stay where `keep_days` is only the default: this host may have
/// been off for a week, but those of an earlier version are not ours to remove.
const SPARED_AFTER: Days = Days::new(7);

/// The files of an output, and which of them are too old.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dated<'a> {
    /// The name of the output.
    pub output: &'static str,
    pub pattern: &'a Pattern,
    pub keep: Keep,
}

/// Which files of an output are too old.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    /// Those whose date is more days ago.
    pub days: u32,
    /// But not those that have been too old for long: nobody has asked for their removal.
    pub spares_older: bool,
}

/// What the clocks tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub today: NaiveDate,
    /// The meter's own clock says that it is not earlier.
    pub is_proven: bool,
    /// The time since the last look.
    pub passed_micros: i64,
}

/// When files were removed last, and how far the clock is trusted.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    today: Option<NaiveDate>,
    has_jumped: bool,
    /// For how long the date has not jumped.
    steady_micros: i64,
    done: Option<NaiveDate>,
    /// The last day on which the log told which files wait for a clock that is trusted.
    waiting: Option<NaiveDate>,
    has_logged_spared: bool,
}

/// What may be removed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Removal {
    /// Nothing: it has been done today.
    Done,
    /// Nothing before the clock is trusted.
    Waiting,
    /// What is too old.
    Due,
}

impl Schedule {
    /// Removes what is too old, if that is due. The clock is looked at each time.
    pub fn run<'o>(
        &mut self,
        outputs: impl Iterator<Item = Dated<'o>>,
        storage: &mut dyn Storage,
        clock: Clock,
    ) {
        let removal = self.look(clock);
        let is_news = match removal {
            Removal::Done => return,
            Removal::Due => !std::mem::replace(&mut self.has_logged_spared, true),
            Removal::Waiting => self.waiting.replace(clock.today) != Some(clock.today),
        };
        if removal == Removal::Waiting && !is_news {
            return;
        }
        for output in outputs {
            let Some(old) = OldFiles::find(storage, output, clock.today) else { continue };
            if removal == Removal::Waiting {
                old.log_waiting();
                continue;
            }
            if is_news {
                old.log_spared();
            }
            old.remove(storage);
        }
    }

    /// Other settings: files are removed again today.
    pub fn reset(&mut self) {
        (self.done, self.has_logged_spared) = (None, false);
    }

    fn look(&mut self, Clock { today, is_proven, passed_micros }: Clock) -> Removal {
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
}

/// The files of an output that are too old.
#[derive(Debug)]
struct OldFiles {
    output: &'static str,
    /// The oldest date whose files are not.
    oldest_kept: NaiveDate,
    files: Vec<PathBuf>,
    /// How many more there are that nobody asked to remove.
    spared: u64,
}

impl OldFiles {
    /// Looks for them. Only names that the pattern could have given are touched.
    fn find(storage: &mut dyn Storage, files: Dated<'_>, today: NaiveDate) -> Option<Self> {
        let Dated { output, pattern, keep } = files;
        let oldest_kept = today.checked_sub_days(Days::new(keep.days.into()))?;
        let oldest_removed = if keep.spares_older {
            oldest_kept.checked_sub_days(SPARED_AFTER)?
        } else {
            NaiveDate::MIN
        };
        let mut old = Self { output, oldest_kept, files: Vec::new(), spared: 0 };
        // A folder that cannot be read has been logged when it could not be written.
        for name in storage.names(pattern.directory()).unwrap_or_default() {
            match name.to_str().and_then(|name| pattern.date_of(name)) {
                Some(date) if (oldest_removed..oldest_kept).contains(&date) => {
                    old.files.push(pattern.directory().join(name));
                }
                Some(date) if date < oldest_removed => old.spared += 1,
                _ => {}
            }
        }
        Some(old)
    }

    /// Removes them. A line for all of them: after years there are tens of thousands.
    fn remove(self, storage: &mut dyn Storage) {
        let Self { output, oldest_kept, files, .. } = self;
        let (mut removed, mut refused) = (0, None);
        for file in files {
            match storage.remove(&file) {
                Ok(()) => removed += 1,
                Err(error) => refused = refused.or(Some((file, error))),
            }
        }
        if removed > 0 {
            let files = text::count(removed, "file");
            log::info!(output; "{output}: removed {files} older than {oldest_kept}");
        }
        if let Some((file, error)) = refused {
            let file = file.display();
            log::warn!(output, file:%; "{output}: cannot remove {file}: {error}");
        }
    }

    /// They are too old by a clock that is not trusted yet.
    fn log_waiting(&self) {
        let Self { output, oldest_kept, files, .. } = self;
        if !files.is_empty() {
            let files = text::count(files.len() as u64, "file");
            log::info!(output; "{output}: keeping {files} older than {oldest_kept} until the clock has \
                run for 24 h without a jump");
        }
    }

    /// Some stay because nobody asked for their removal.
    fn log_spared(&self) {
        let Self { output, oldest_kept, spared, .. } = self;
        if *spared > 0 {
            let files = text::count(*spared, "file");
            log::info!(output; "{output}: keeping {files} much older than {oldest_kept}; to remove \
                them, set keep_days");
        }
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
        let clock = Clock { today: date(day), is_proven, passed_micros: 1_000_000 };
        let mut all: Vec<_> = (0..seconds).map(|_| schedule.look(clock)).collect();
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
        let passed_micros = 86_400_000_000;
        let clock = |day| Clock { today: date(day), is_proven: false, passed_micros };
        assert!((0..1000).all(|day| schedule.look(clock(day)) == Waiting));
    }
}
