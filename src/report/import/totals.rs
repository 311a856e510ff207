//! What reports will show of an import, and what the source says.
//!
//! Owns the comparison: the rows that are written are read back as a report reads them, and summed by year.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike as _;

use super::channel::is_register;
use super::collect::Sums;
use crate::history::calendar::{Calendar, Unit};
use crate::history::row::{RowReader, Selection};
use crate::history::tally::{Ledger, Limits, Tally};
use crate::history::{COLUMNS, ColumnSet};
use crate::zone::Zone;

/// The rows of an import, as a report reads them.
#[derive(Debug)]
pub(super) struct Totals<Z> {
    reader: RowReader,
    ledger: Ledger,
    tally: Tally<Z>,
    /// The columns of the registers.
    columns: Vec<usize>,
    pub rows: u64,
    pub first: i64,
    pub last: i64,
}

/// The sums of one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct YearSums {
    pub years: BTreeSet<i32>,
    pub columns: BTreeSet<usize>,
    pub shown: Sums,
    /// What is in no year: it was used over New Year while nothing was recorded.
    pub between: BTreeMap<usize, i64>,
}

impl<Z: Zone + Clone> Totals<Z> {
    pub fn new(zone: Z) -> Self {
        let columns: Vec<usize> = (0..COLUMNS.len()).filter(|at| is_register(*at)).collect();
        let names: Vec<String> = columns.iter().map(|at| COLUMNS[*at].name.to_owned()).collect();
        let mut all = ColumnSet::ALWAYS;
        (0..COLUMNS.len()).for_each(|at| all.insert(at));
        let header = all.header();
        let selection = Selection { registers: names.clone(), has_voltage: false };
        let reader = RowReader::new(header.trim_end().as_bytes(), &selection);
        let limits = Limits { from: i64::MIN / 2, to: i64::MAX / 2, cut: None };
        Self {
            // It is the header of all columns.
            reader: reader.expect("a header of the history"),
            ledger: Ledger::new(&names),
            tally: Tally::new(Calendar::new(zone, Unit::Year), &names, limits),
            columns,
            rows: 0,
            first: i64::MAX,
            last: i64::MIN,
        }
    }

    /// Takes a row with a field for each of [`COLUMNS`].
    pub fn take(&mut self, second: i64, row: &[u8]) {
        if let Some(row) = self.reader.read(row.trim_ascii_end(), second) {
            self.rows += 1;
            self.first = self.first.min(second);
            self.last = self.last.max(second);
            let tally = &mut self.tally;
            self.ledger.take(row, |register, step| tally.add(register, step));
        }
    }

    /// The sums of all years.
    pub fn sums(&self) -> YearSums {
        let mut sums = YearSums::default();
        for period in &self.tally.periods {
            let year = period.span.local.year();
            for (column, used) in self.columns.iter().zip(&period.used) {
                if let Some(used) = used {
                    *sums.shown.entry((year, *column)).or_default() += used;
                    sums.years.insert(year);
                    sums.columns.insert(*column);
                }
            }
        }
        for gap in &self.tally.gaps {
            for (column, used) in self.columns.iter().zip(&gap.outside) {
                if let Some(used) = used.filter(|used| *used != 0) {
                    *sums.between.entry(*column).or_default() += used;
                    sums.columns.insert(*column);
                }
            }
        }
        sums
    }
}

/// The sums of what a source counts, number by number.
#[derive(Debug, Default)]
pub(super) struct Counter {
    last: BTreeMap<usize, (String, i32, i64)>,
    pub sums: Sums,
}

impl Counter {
    /// Takes what a register of this meter showed in this local year.
    pub fn take(&mut self, column: usize, meter: &str, year: i32, value: i64) {
        match self.last.get_mut(&column) {
            Some((known, last_year, last)) => {
                if known == meter && *last_year == year && value >= *last {
                    *self.sums.entry((year, column)).or_default() += value - *last;
                }
                if known != meter {
                    meter.clone_into(known);
                }
                (*last_year, *last) = (year, value);
            }
            None => {
                self.last.insert(column, (meter.to_owned(), year, value));
            }
        }
    }
}
