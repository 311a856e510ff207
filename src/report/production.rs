//! Solar production beside the meter: how much of it was used at home, and how much of the use it covered.
//!
//! Owns which periods a file of production covers, and the shares: self-consumed is production less export,
//! self-consumption its share of the production, and self-sufficiency its share of itself and the import. Sums of a
//! period are enough for that. Nothing is interpolated or clipped: production below export is shown as it is.

#[cfg(test)]
mod tests;

use std::path::Path;

use super::import::{self, ImportError, Use};
use super::machine::Record;
use crate::history::tally::Period;
use crate::telegram::Timestamp;
use crate::zone::Zone;

/// What was produced, in intervals in the order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Production {
    intervals: Vec<Use>,
    /// What is to know about the file, for the log.
    pub warnings: Vec<String>,
}

impl Production {
    /// Reads a file; times without an offset are those of the zone.
    pub fn read<Z: Zone + Clone>(path: &Path, zone: &Z) -> Result<Self, ImportError> {
        let mut intervals = import::read_production(path, zone)?;
        let falls = intervals.iter().filter(|one| one.amount < 0);
        let mut warnings = Vec::new();
        if let Some(first) = falls.clone().next() {
            let time = zone.iso8601(Timestamp::from_seconds(first.until));
            warnings.push(format!(
                "{}: a register falls, or production is below zero, first at {time} ({} in all): what was produced \
                 then is not known. The column of a register is register_kWh, that of the production of an interval kWh",
                path.display(),
                falls.count(),
            ));
        }
        intervals.retain(|one| one.amount >= 0);
        Ok(Self { intervals, warnings })
    }

    /// What was produced from one second to another, in Wh. `None` when the intervals do not tell it: one is missing, or
    /// one with production lies on both sides of a boundary.
    pub fn between(&self, from: i64, to: i64) -> Option<i64> {
        let first = self.intervals.partition_point(|one| one.until <= from);
        let (mut known, mut sum) = (from, 0i64);
        for one in &self.intervals[first..] {
            if known >= to {
                break;
            }
            let is_within = one.from >= from && one.until <= to;
            // At night it does not matter where the boundary is.
            if one.from > known || (!is_within && one.amount != 0) {
                return None;
            }
            sum = sum.checked_add(one.amount)?;
            known = one.until;
        }
        (known >= to).then_some(sum)
    }

    /// What became of the production of a period that ends or is cut off at `to`, if all of it is known.
    pub fn balance(&self, period: &Period, to: i64) -> Option<Balance> {
        let [Some(import), Some(export), ..] = period.used[..] else { return None };
        if !period.is_complete_until(to) {
            return None;
        }
        Some(Balance { produced: self.between(period.span.start, to)?, export, import })
    }
}

/// Production, export and import of the same time, in Wh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Balance {
    pub produced: i64,
    pub export: i64,
    pub import: i64,
}

impl Balance {
    /// The sum of both.
    pub fn plus(self, other: Self) -> Self {
        Self {
            produced: self.produced + other.produced,
            export: self.export + other.export,
            import: self.import + other.import,
        }
    }

    /// Production that was used at home, in Wh; below zero when clocks or files disagree.
    pub fn self_consumed(self) -> i64 {
        self.produced - self.export
    }

    /// The share of the production that was used at home, in thousandths of a per cent, rounded to tenths of one.
    pub fn self_consumption(self) -> Option<i64> {
        share(self.self_consumed(), self.produced)
    }

    /// The share of all use that production covered, in thousandths of a per cent, rounded to tenths of one.
    pub fn self_sufficiency(self) -> Option<i64> {
        share(self.self_consumed(), self.self_consumed() + self.import)
    }

    /// The figures for programs.
    pub fn add_to(self, record: &mut Record) {
        record.thousandths("production_kwh", Some(self.produced));
        record.thousandths("self_consumed_kwh", Some(self.self_consumed()));
        record.decimals("self_consumption_percent", self.self_consumption(), 1);
        record.decimals("self_sufficiency_percent", self.self_sufficiency(), 1);
    }
}

/// A share in thousandths of a per cent, rounded to tenths of one; `None` of nothing.
fn share(part: i64, whole: i64) -> Option<i64> {
    if whole <= 0 {
        return None;
    }
    let tenths = i128::from(part) * 1000;
    let half = i128::from(whole / 2) * tenths.signum();
    i64::try_from((tenths + half) / i128::from(whole) * 100).ok()
}
