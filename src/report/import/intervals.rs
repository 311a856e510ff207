//! Use by interval, and the registers that are made of it.
//!
//! Owns how long an interval is where the table does not say so, and that the sums are those of the source. Time
//! without an interval counts nothing.

use crate::history::calendar::{Calendar, Unit};
use crate::zone::Zone;

/// What was used in an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) struct Use {
    pub from: i64,
    pub until: i64,
    /// In thousandths of the unit.
    pub amount: i64,
}

/// How a table divides time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grid {
    Seconds(i64),
    Days,
    Months,
}

impl Grid {
    /// The grid of these times, which are in order. A single one is an hour, or a day when it is a midnight.
    pub fn of<Z: Zone + Clone>(times: &[i64], calendar: &Calendar<Z>) -> Self {
        let begin = |unit: Unit| {
            let calendar = calendar.with_unit(unit);
            !times.is_empty() && times.iter().all(|time| calendar.at(*time).start == *time)
        };
        if begin(Unit::Day) {
            return if times.len() > 1 && begin(Unit::Month) { Self::Months } else { Self::Days };
        }
        let steps = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0);
        Self::Seconds(steps.min().unwrap_or(3600))
    }

    /// The end of the interval that begins at `from`.
    pub fn end<Z: Zone + Clone>(self, from: i64, calendar: &Calendar<Z>) -> i64 {
        match self {
            Self::Seconds(seconds) => from + seconds,
            Self::Days => calendar.with_unit(Unit::Day).at(from).end,
            Self::Months => calendar.with_unit(Unit::Month).at(from).end,
        }
    }

    /// The beginning of the interval that ends at `until`.
    pub fn start<Z: Zone + Clone>(self, until: i64, calendar: &Calendar<Z>) -> i64 {
        match self {
            Self::Seconds(seconds) => until - seconds,
            Self::Days => calendar.with_unit(Unit::Day).at(until - 1).start,
            Self::Months => calendar.with_unit(Unit::Month).at(until - 1).start,
        }
    }
}

/// Puts intervals in order, each once: of two with one beginning the later one in the list counts, and one that
/// reaches into the next ends where that begins.
pub(super) fn tidy(uses: &mut Vec<Use>) {
    uses.reverse();
    uses.sort_by_key(|one| one.from);
    uses.dedup_by_key(|one| one.from);
    for at in 1..uses.len() {
        let next = uses[at].from;
        let one = &mut uses[at - 1];
        one.until = one.until.min(next);
    }
}

/// Adds intervals of an earlier import where `uses` has none. Both are in order.
pub(super) fn add_older(uses: &mut Vec<Use>, older: &[Use]) {
    let is_covered = |old: &&Use| {
        let at = uses.partition_point(|one| one.until <= old.from);
        uses.get(at).is_some_and(|one| one.from < old.until)
    };
    let kept: Vec<Use> = older.iter().filter(|old| !is_covered(old)).copied().collect();
    uses.extend(kept);
    uses.sort_by_key(|one| one.from);
}

/// The readings of a register that counted this use from 0 on: times and values.
pub(super) fn registers(uses: &[Use]) -> Vec<(i64, i64)> {
    let mut sum = 0;
    let mut readings: Vec<(i64, i64)> = Vec::with_capacity(uses.len() + 1);
    for one in uses {
        if readings.last().is_none_or(|(time, _)| *time < one.from) {
            readings.push((one.from, sum));
        }
        sum += one.amount;
        readings.push((one.until, sum));
    }
    readings
}

/// The use between the readings of a register.
pub(super) fn between(readings: &[(i64, i64)]) -> Vec<Use> {
    let pairs = readings.windows(2);
    pairs
        .map(|pair| Use { from: pair[0].0, until: pair[1].0, amount: pair[1].1 - pair[0].1 })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::zone::tests::Amsterdam;

    fn calendar() -> Calendar<Amsterdam> {
        Calendar::new(Amsterdam, Unit::Day)
    }

    /// 2026-03-29, 00:00 in Amsterdam: a day of 23 hours.
    const SPRING: i64 = 1_774_738_800;

    fn of(from: i64, until: i64, amount: i64) -> Use {
        Use { from, until, amount }
    }

    #[test]
    fn a_grid_is_that_of_the_times() {
        let day = 86_400;
        let calendar = calendar();
        assert_eq!(Grid::of(&[0, 900, 1800, 7200], &calendar), Grid::Seconds(900));
        let days = Grid::of(&[SPRING - day, SPRING, SPRING + day - 3600], &calendar);
        assert_eq!(days, Grid::Days);
        assert_eq!((days.end(SPRING, &calendar) - SPRING) / 3600, 23);
        assert_eq!(days.start(SPRING + 23 * 3600, &calendar), SPRING);
        // 2026-01-01 and 2026-02-01.
        let months = Grid::of(&[1_767_222_000, 1_769_900_400], &calendar);
        assert_eq!(months, Grid::Months);
        assert_eq!((months.end(1_767_222_000, &calendar) - 1_767_222_000) / day, 31);
        assert_eq!(Grid::of(&[3600], &calendar), Grid::Seconds(3600));
    }

    #[test]
    fn of_two_intervals_with_one_beginning_the_later_one_counts() {
        let mut uses = vec![of(900, 1800, 5), of(0, 900, 1), of(0, 1000, 2)];
        tidy(&mut uses);
        assert_eq!(uses, [of(0, 900, 2), of(900, 1800, 5)]);
    }

    #[test]
    fn an_earlier_import_stays_where_the_new_one_has_nothing() {
        let mut uses = vec![of(900, 1800, 5)];
        add_older(&mut uses, &[of(0, 900, 1), of(900, 1800, 4), of(1800, 2700, 3)]);
        assert_eq!(uses, [of(0, 900, 1), of(900, 1800, 5), of(1800, 2700, 3)]);
    }

    #[test]
    fn time_without_an_interval_counts_nothing() {
        let readings = registers(&[of(0, 900, 1), of(900, 1800, 2), of(3600, 4500, 4)]);
        assert_eq!(readings, [(0, 0), (900, 1), (1800, 3), (3600, 3), (4500, 7)]);
    }

    proptest! {
        #[test]
        fn registers_and_use_are_the_same(steps in prop::collection::vec((0i64..3, 1i64..5, 0i64..999), 1..50)) {
            let mut time = 0;
            let mut uses = Vec::new();
            for (gap, length, amount) in steps {
                uses.push(of(time + gap, time + gap + length, amount));
                time += gap + length;
            }
            let mut again: Vec<Use> = between(&registers(&uses));
            let old = again.clone();
            again = uses.clone();
            add_older(&mut again, &old);
            prop_assert_eq!(registers(&again), registers(&uses));
        }
    }
}
