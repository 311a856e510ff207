//! Solar production beside the meter: how much of it was used at home, and how much of the use it covered.
//!
//! Owns which periods a file of production covers, and the shares: self-consumed is production less export,
//! self-consumption its share of the production, and self-sufficiency its share of itself and the import. Sums of a
//! period are enough for that. Nothing is interpolated or clipped: production below export is shown as it is.

#[cfg(test)]
mod tests;

use std::path::Path;

use super::import::{self, ImportError, Use};
use super::label;
use super::machine::Record;
use super::query::{PeriodRow, Periods};
use super::table::{Column, Table, decimal};
use crate::telegram::Timestamp;
use crate::words::{Words, filled};
use crate::zone::Zone;

/// The columns stay longest, but for import and export.
const RANK: u8 = 1;

/// How many periods are named below a table.
const MAX_NAMED: usize = 4;

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

    /// What became of the production of a period; the history ends at `end`.
    pub fn balance(&self, row: &PeriodRow, end: i64) -> Option<Balance> {
        let span = row.period.span;
        let to = if row.is_running { end.min(span.end) } else { span.end };
        let [Some(import), Some(export), ..] = row.period.used[..] else { return None };
        if !row.period.is_complete_until(to) {
            return None;
        }
        Some(Balance { produced: self.between(span.start, to)?, export, import })
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
    fn plus(self, other: Self) -> Self {
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

    fn cells(self, decimals: u32) -> Vec<String> {
        let percent = |share: Option<i64>| share.map_or("–".into(), |share| decimal(share, 1));
        vec![
            decimal(self.produced, decimals),
            decimal(self.self_consumed(), decimals),
            percent(self.self_consumption()),
            percent(self.self_sufficiency()),
        ]
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

/// Adds the columns of production behind those of a table.
pub(super) fn add_columns(table: &mut Table, words: &Words) {
    let number = |head: &str, unit: &str| Column::number(head, unit, 7, RANK);
    table.columns.extend([
        number(words.solar, "kWh"),
        number(words.own_use, "kWh"),
        number(words.self_word, words.consumption_short),
        number(words.self_word, words.sufficiency_short),
    ]);
}

/// The cells of a row behind its others, which are as many as `columns`.
pub(super) fn add_cells(
    cells: &mut Vec<String>,
    columns: usize,
    balance: Option<Balance>,
    decimals: u32,
) {
    cells.resize(columns, String::new());
    cells
        .extend(balance.map_or_else(|| vec!["–".to_owned(); 4], |balance| balance.cells(decimals)));
}

impl<Z: Zone + Clone> Periods<Z> {
    /// Adds what became of the production to a table of these periods.
    pub(super) fn add_production(&self, table: &mut Table, decimals: u32, words: &Words) {
        if !self.has_production {
            return;
        }
        let known: Vec<Balance> = self.rows.iter().filter_map(|row| row.balance).collect();
        let sum = known.iter().copied().reduce(Balance::plus);
        if let Some(sum) = sum {
            let columns = table.columns.len();
            add_columns(table, words);
            for (cells, row) in table.rows.iter_mut().zip(&self.rows) {
                add_cells(cells, columns, row.balance, decimals);
            }
            if known.len() == self.rows.len() && known.len() > 1 {
                if let Some(cells) = table.foot.first_mut() {
                    add_cells(cells, columns, Some(sum), decimals);
                }
            } else if known.len() > 1 {
                table.notes.push(self.sum_text(sum, known.len(), decimals, words));
            }
        }
        table.notes.extend(self.production_notes(words));
    }

    /// The sum over the periods with figures, where others have none.
    fn sum_text(&self, sum: Balance, known: usize, decimals: u32, words: &Words) -> String {
        let [produced, consumed, consumption, sufficiency] =
            <[String; 4]>::try_from(sum.cells(decimals)).unwrap_or_default();
        format!(
            "{} ({known} {} {}): {} {produced} kWh, {} {consumed} kWh, {} {consumption} %, {} {sufficiency} %.",
            words.sum,
            words.of,
            self.rows.len(),
            words.solar,
            words.own_use,
            words.self_consumption,
            words.self_sufficiency,
        )
    }

    /// What is to know about the production: that it is unknown, or less than was exported.
    pub(super) fn production_notes(&self, words: &Words) -> Vec<String> {
        let mut notes = Vec::new();
        if self.has_production && self.rows.iter().all(|row| row.balance.is_none()) {
            notes.push(words.no_production.to_owned());
        }
        let is_less =
            |row: &&PeriodRow| row.balance.is_some_and(|balance| balance.self_consumed() < 0);
        let less: Vec<String> = self
            .rows
            .iter()
            .filter(is_less)
            .map(|row| label::iso(&self.calendar, row.period.span))
            .collect();
        if !less.is_empty() {
            let mut names = less.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
            if less.len() > MAX_NAMED {
                names += ", …";
            }
            notes.push(filled(words.production_below_export, &names));
        }
        notes
    }
}
