//! The voltage in means of ten minutes, against the limits of EN 50160.
//!
//! Owns the limits and what is made of the means: the extremes of a time, and the shares of each ISO week. The
//! standard measures for seven days in intervals of ten minutes on the clock. Ten minutes are two rows, weighed by
//! their telegrams; ten minutes of which one row is missing do not count. A meter is no instrument of class A of
//! IEC 61000-4-30: the numbers hint, and only a measurement of the grid operator proves.

use super::calendar::{Calendar, Span};
use super::row::Row;
use crate::zone::Zone;

/// 230 V − 10 % and + 10 %: 95 % of the means of a week, EN 50160 section 4.2.2 and Netcode elektriciteit 7.3.
pub(crate) const LOW: i64 = 207_000;
pub(crate) const HIGH: i64 = 253_000;

/// 230 V − 15 %: all means, at most [`HIGH`].
pub(crate) const LOWEST: i64 = 195_500;

/// How many of 100 means must be within [`LOW`] and [`HIGH`].
const SHARE: u64 = 95;

const TEN_MINUTES: i64 = 600;
const FIVE_MINUTES: i64 = 300;

/// The means of ten minutes in a week.
pub(crate) const MEANS_A_WEEK: u64 = 1008;

/// A mean, and when its ten minutes began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// Thousandths of a volt.
    pub voltage: i64,
    pub time: i64,
}

/// The means of one phase over all of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Phase {
    pub lowest: Option<At>,
    pub highest: Option<At>,
    sum: i64,
    /// The number of means.
    pub count: u64,
    /// How many are over 253 V.
    pub over: u64,
    /// How many are under 207 V.
    pub under: u64,
}

impl Phase {
    fn add(&mut self, mean: At) {
        self.sum += mean.voltage;
        self.count += 1;
        self.over += u64::from(mean.voltage > HIGH);
        self.under += u64::from(mean.voltage < LOW);
        if self.lowest.is_none_or(|lowest| mean.voltage < lowest.voltage) {
            self.lowest = Some(mean);
        }
        if self.highest.is_none_or(|highest| mean.voltage > highest.voltage) {
            self.highest = Some(mean);
        }
    }

    /// The mean of all means, in thousandths of a volt.
    pub fn mean(&self) -> Option<i64> {
        Some(self.sum / i64::try_from(self.count).ok().filter(|count| *count > 0)?)
    }

    /// How many means are outside of 207 to 253 V.
    pub fn outside(&self) -> u64 {
        self.over + self.under
    }

    /// Whether at least 95 % are within ± 10 %.
    pub fn keeps_share(&self) -> bool {
        (self.count - self.outside()) * 100 >= SHARE * self.count
    }

    /// Whether all are within −15 % and +10 %.
    pub fn keeps_all(&self) -> bool {
        self.over == 0 && self.lowest.is_none_or(|lowest| lowest.voltage >= LOWEST)
    }
}

/// An ISO week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Week {
    pub span: Span,
    pub phases: [Phase; 3],
}

/// A mean that is outside of 207 to 253 V.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    /// 0 to 2 for L1 to L3.
    pub phase: usize,
    pub mean: At,
}

/// More means outside than a report lists: two years of nothing else.
const MAX_OUTSIDE: usize = 100_000;

/// Makes means of rows.
#[derive(Debug)]
pub(crate) struct Voltage<Z> {
    weeks_of: Calendar<Z>,
    /// The first half of ten minutes: when it ended, its means and its weight.
    half: Option<(i64, [Option<i64>; 3], i64)>,
    pub phases: [Phase; 3],
    pub weeks: Vec<Week>,
    pub outside: Vec<Outside>,
}

impl<Z: Zone> Voltage<Z> {
    /// Weeks are those of this calendar.
    pub fn new(weeks_of: Calendar<Z>) -> Self {
        Self {
            weeks_of,
            half: None,
            phases: Default::default(),
            weeks: Vec::new(),
            outside: Vec::new(),
        }
    }

    /// Takes the next row.
    pub fn take(&mut self, row: &Row) {
        let weight = row.telegrams.max(1);
        if row.time % TEN_MINUTES == FIVE_MINUTES {
            self.half = Some((row.time, row.voltage, weight));
            return;
        }
        let Some((time, first, first_weight)) = self.half.take() else { return };
        if row.time != time + FIVE_MINUTES {
            return;
        }
        let start = row.time - TEN_MINUTES;
        for (phase, halves) in first.into_iter().zip(row.voltage).enumerate() {
            if let (Some(first), Some(second)) = halves {
                let voltage = (first * first_weight + second * weight) / (first_weight + weight);
                self.add(phase, At { voltage, time: start });
            }
        }
    }

    fn add(&mut self, phase: usize, mean: At) {
        self.phases[phase].add(mean);
        if self.weeks.last().is_none_or(|week| mean.time >= week.span.end) {
            let span = self.weeks_of.at(mean.time);
            self.weeks.push(Week { span, phases: Default::default() });
        }
        if let Some(week) = self.weeks.last_mut() {
            week.phases[phase].add(mean);
        }
        if (mean.voltage > HIGH || mean.voltage < LOW) && self.outside.len() < MAX_OUTSIDE {
            self.outside.push(Outside { phase, mean });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::calendar::Unit;
    use crate::zone::tests::Amsterdam;

    fn of(rows: &[(i64, i64, i64)]) -> Voltage<Amsterdam> {
        let mut voltage = Voltage::new(Calendar::new(Amsterdam, Unit::Week));
        for &(time, volts, telegrams) in rows {
            let mut row = Row::of(time, "", Vec::new());
            row.voltage = [Some(volts * 1000), None, None];
            row.telegrams = telegrams;
            voltage.take(&row);
        }
        voltage
    }

    #[test]
    fn a_mean_has_two_rows_of_the_same_ten_minutes_weighed_by_telegrams() {
        let voltage =
            of(&[(300, 230, 30), (600, 240, 10), (900, 250, 1), (1500, 250, 1), (1800, 0, 1)]);
        let mean = At { voltage: 232_500, time: 0 };
        assert_eq!(voltage.phases[0].lowest, Some(At { voltage: 125_000, time: 1200 }));
        assert_eq!(voltage.phases[0].highest, Some(mean));
        assert_eq!(voltage.phases[0].count, 2, "half of the second ten minutes is missing");
        assert_eq!(voltage.phases[1].count, 0);
    }

    #[test]
    fn a_week_keeps_the_share_with_five_in_a_hundred_outside() {
        let rows = |outside: i64| -> Vec<(i64, i64, i64)> {
            let volts = |at: i64| if at / 600 < outside { 254 } else { 230 };
            (1..=200).map(|at| (at * 300, volts(at * 300 - 1), 1)).collect()
        };
        for (outside, keeps) in [(0, true), (5, true), (6, false)] {
            let phase = of(&rows(outside)).phases[0];
            assert_eq!((phase.count, phase.outside()), (100, u64::try_from(outside).unwrap()));
            assert_eq!((phase.keeps_share(), phase.keeps_all()), (keeps, outside == 0));
        }
    }
}
