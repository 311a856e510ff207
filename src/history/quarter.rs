//! Clock quarters, and what they tell of the night.
//!
//! Owns two numbers of each night, from 0 to 5 o'clock local time, of the quarters without export: *always on* is the
//! 5 % quantile of the import, which leaves out refrigerators, and *night* is the median, which has them in it.

use super::calendar::{Calendar, Span};
use super::row::Row;
use crate::zone::Zone;

/// The length of a quarter of an hour in seconds.
const QUARTER: i64 = 900;

/// Until when the night lasts, in hours from midnight.
const NIGHT: i64 = 5;

/// A night with fewer quarters tells nothing.
const MIN_QUARTERS: usize = 12;

/// A quarter of the clock, of which it is known what was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quarter {
    pub end: i64,
    /// Wh.
    pub import: i64,
    /// Wh.
    pub export: i64,
}

/// Makes quarters of rows: of the registers at their beginning and end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quarters {
    last: Option<(i64, i64, i64)>,
    /// Its fingerprint.
    meter: u64,
}

impl Quarters {
    /// Takes a row whose first two registers are import and export.
    pub fn take(&mut self, row: &Row) -> Option<Quarter> {
        if row.time % QUARTER != 0 {
            return None;
        }
        let value =
            |at: usize| row.registers.get(at).copied().flatten().map(|reading| reading.value);
        let (import, export) = (value(0)?, value(1).unwrap_or(0));
        let before = self.last.replace((row.time, import, export));
        if self.meter != row.device {
            self.meter = row.device;
            return None;
        }
        let (time, old_import, old_export) = before?;
        let (import, export) = (import - old_import, export - old_export);
        let is_whole = time + QUARTER == row.time && import >= 0 && export >= 0;
        is_whole.then_some(Quarter { end: row.time, import, export })
    }
}

/// What a night tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Night {
    /// The midnight that it begins with, in Unix seconds.
    pub midnight: i64,
    /// W.
    pub always_on: i64,
    /// W.
    pub median: i64,
}

/// Collects nights.
#[derive(Debug)]
pub(crate) struct Nights<Z> {
    days: Calendar<Z>,
    day: Option<Span>,
    end: i64,
    /// The power of each quarter of the night, W.
    powers: Vec<i64>,
    pub found: Vec<Night>,
}

impl<Z: Zone> Nights<Z> {
    pub fn new(days: Calendar<Z>) -> Self {
        Self { days, day: None, end: 0, powers: Vec::new(), found: Vec::new() }
    }

    /// Takes the next quarter.
    pub fn take(&mut self, quarter: Quarter) {
        let start = quarter.end - QUARTER;
        let day = match self.day {
            Some(day) if start < day.end && start >= day.start => day,
            _ => {
                self.finish();
                let day = self.days.at(start);
                self.end = self.days.second(day.local + chrono::TimeDelta::hours(NIGHT));
                self.day = Some(day);
                day
            }
        };
        if quarter.end > self.end {
            if !self.powers.is_empty() {
                self.finish();
                self.day = Some(day);
            }
        } else if quarter.export == 0 {
            self.powers.push(quarter.import * 4);
        }
    }

    /// Takes the end of the last night.
    pub fn finish(&mut self) {
        if let (Some(day), true) = (self.day, self.powers.len() >= MIN_QUARTERS) {
            self.powers.sort_unstable();
            self.found.push(Night {
                midnight: day.start,
                always_on: quantile(&self.powers, 5),
                median: quantile(&self.powers, 50),
            });
        }
        self.day = None;
        self.powers.clear();
    }
}

/// The nights of a period: the median of both numbers; `None` without a night.
pub(crate) fn typical(nights: &[Night], span: Span) -> Option<(i64, i64)> {
    let from = nights.partition_point(|night| night.midnight < span.start);
    let to = nights.partition_point(|night| night.midnight < span.end);
    let nights = nights.get(from..to).filter(|nights| !nights.is_empty())?;
    let median = |number: fn(&Night) -> i64| {
        let mut numbers: Vec<i64> = nights.iter().map(number).collect();
        numbers.sort_unstable();
        quantile(&numbers, 50)
    };
    Some((median(|night| night.always_on), median(|night| night.median)))
}

/// The quantile of this many per cent of sorted numbers, between two of them in proportion, rounded to nearest.
fn quantile(sorted: &[i64], per_cent: usize) -> i64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0 };
    let (at, part) = (last * per_cent / 100, last * per_cent % 100);
    let low = sorted[at];
    let high = sorted[(at + 1).min(last)];
    low + ((high - low) * i64::try_from(part).unwrap_or(0) + 50) / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::calendar::Unit;
    use crate::history::register::Reading;
    use crate::zone::tests::Amsterdam;

    /// 2026-10-25 00:00 in Amsterdam: the night of the clock change.
    const MIDNIGHT: i64 = 1_792_879_200;

    fn row(time: i64, import: i64, meter: &str) -> Row {
        let reading = |value| Some(Reading { time, value, device: 0 });
        Row::of(time, meter, vec![reading(import), reading(0)])
    }

    #[test]
    fn a_quarter_needs_the_registers_at_both_ends_of_one_meter() {
        let mut quarters = Quarters::default();
        let mut take =
            |time, import, meter| quarters.take(&row(time, import, meter)).map(|q| q.import);
        assert_eq!(take(900, 10, "A"), None);
        assert_eq!(take(1200, 50, "A"), None, "not at a quarter");
        assert_eq!(take(1800, 260, "A"), Some(250));
        assert_eq!(take(3600, 270, "A"), None, "half an hour");
        assert_eq!(take(4500, 300, "B"), None, "another meter");
        assert_eq!(take(5400, 100, "B"), None, "the register fell");
    }

    #[test]
    fn a_night_lasts_until_five_also_when_it_has_an_hour_more() {
        let mut nights = Nights::new(Calendar::new(Amsterdam, Unit::Day));
        for at in 1..=40 {
            let import = if at <= 24 { at } else { 1000 };
            nights.take(Quarter { end: MIDNIGHT + at * 900, import, export: i64::from(at == 1) });
        }
        nights.finish();
        let expected = Night { midnight: MIDNIGHT, always_on: 12, median: 52 };
        assert_eq!(nights.found, [expected], "23 quarters without export, 2 to 24 Wh");
    }

    #[test]
    fn a_night_of_a_few_quarters_tells_nothing() {
        let mut nights = Nights::new(Calendar::new(Amsterdam, Unit::Day));
        for at in 10..=20 {
            nights.take(Quarter { end: MIDNIGHT + at * 900, import: 5, export: 0 });
        }
        nights.finish();
        assert_eq!(nights.found, []);
    }
}
