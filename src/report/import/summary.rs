//! What an import took, for people: rows, range, and the sums of each year against those of the source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::collect::Sums;
use super::options::ImportOptions;
use super::sheet::{self, ImportError};
use super::totals::{Totals, YearSums};
use super::writer::{Writer, Written};
use crate::history::COLUMNS;
use crate::report::label::register_text;
use crate::report::table::{Column, Style, Table, known};
use crate::telegram::Timestamp;
use crate::text::{self, decimal};
use crate::words::Words;
use crate::zone::Zone;

/// What was taken.
#[derive(Debug, Default)]
pub(in crate::report) struct Summary {
    name: String,
    rows: u64,
    /// The first row and the last one.
    span: Option<(i64, i64)>,
    pub(super) shown: YearSums,
    /// The sums of the source.
    source: Sums,
    /// Sums of use that the source has beside its registers.
    pub(super) own_use: Sums,
    pub(super) left_out: BTreeMap<String, u64>,
    pub(super) torn: u64,
    /// Last lines that may be cut off.
    pub(super) cut: Vec<String>,
    pub(super) late: u64,
    pub(super) has_moved_gas: bool,
    /// Other imports that have energy in the same years.
    pub(super) rivals: Vec<String>,
    /// Zeros that were no readings.
    pub(super) zeros: u64,
    /// Columns that are made of use: those that join the registers of the meter, and those that do not.
    pub(super) joined: Vec<usize>,
    pub(super) alone: Vec<usize>,
    files: Vec<Written>,
    is_dry: bool,
}

impl Summary {
    pub(super) fn new<Z: Zone + Clone>(name: &str, totals: &Totals<Z>, source: Sums) -> Self {
        Self {
            name: name.to_owned(),
            rows: totals.rows,
            span: (totals.rows > 0).then_some((totals.first, totals.last)),
            shown: totals.sums(),
            source,
            ..Self::default()
        }
    }

    /// Writes the files, unless it is only tried.
    pub(super) fn finish(
        mut self,
        writer: Writer,
        options: &ImportOptions,
    ) -> Result<Self, ImportError> {
        if self.rows == 0 {
            let mut left_out = String::new();
            for (what, number) in self.left_out.iter().take(12) {
                let rows = if *number == 1 { "row" } else { "rows" };
                // Writing to a string does not fail.
                let _ = write!(left_out, "; left out: {what}, {number} {rows}");
            }
            let names: Vec<String> = options.files.iter().map(|file| sheet::name(file)).collect();
            return Err(ImportError::NoRows { names: names.join(", "), left_out });
        }
        self.is_dry = options.dry_run;
        self.files = writer.finish(self.is_dry)?;
        Ok(self)
    }

    /// The years and columns of which a report shows another sum than the source.
    pub(in crate::report) fn differences(&self) -> Vec<(i32, usize, i64, i64)> {
        let mut all = Vec::new();
        let keys = self.source.keys().chain(self.shown.shown.keys());
        let keys: std::collections::BTreeSet<(i32, usize)> = keys.copied().collect();
        for (year, column) in keys {
            let of = |sums: &Sums| sums.get(&(year, column)).copied();
            let has_source = self.source.keys().any(|(_, known)| *known == column);
            let (shown, source) = (of(&self.shown.shown), of(&self.source));
            if has_source && shown.unwrap_or(0) != source.unwrap_or(0) {
                all.push((year, column, shown.unwrap_or(0), source.unwrap_or(0)));
            }
        }
        all
    }

    /// The sums as text, in tables that fit into a line.
    pub(in crate::report) fn text(&self, style: Style, zone: &impl Zone, words: &Words) -> String {
        let columns: Vec<usize> = self.shown.columns.iter().copied().collect();
        let a_table = (style.width.saturating_sub(16) / 12).max(1);
        let count = columns.len().div_ceil(a_table).max(1);
        let tables = (0..count).map(|at| {
            let columns = columns.chunks(a_table).nth(at).unwrap_or_default();
            let mut table = self.table(columns, words);
            if at == 0 {
                table.title =
                    format!("{} {}: {}", words.import_of, self.name, rows(self.rows, words));
                table.right = self.span.map_or(String::new(), |(first, last)| {
                    let time = |second| zone.local(Timestamp::from_seconds(second));
                    let (first, last) = (time(first), time(last));
                    format!(
                        "{} … {}",
                        first.format("%Y-%m-%d %H:%M"),
                        last.format("%Y-%m-%d %H:%M")
                    )
                });
            }
            if at + 1 == count {
                table.notes = self.notes(words);
            }
            table.render(style)
        });
        tables.collect::<Vec<_>>().join("\n")
    }

    /// The sums of these columns.
    fn table(&self, columns: &[usize], words: &Words) -> Table {
        let mut heads = vec![Column::text(words.year, 14)];
        for column in columns {
            let (head, unit) = register_text(COLUMNS[*column].name, words);
            heads.push(Column::number(&head, unit, 9, 0));
        }
        let line = |label: String, sums: &dyn Fn(usize) -> Option<i64>| {
            let mut cells = vec![label];
            let sums = columns.iter().map(|at| sums(*at));
            cells.extend(sums.map(|sum| known(sum, 3)));
            cells
        };
        let mut rows = Vec::new();
        for year in &self.shown.years {
            let of = |sums: &Sums, column: usize| sums.get(&(*year, column)).copied();
            rows.push(line(year.to_string(), &|column| of(&self.shown.shown, column)));
            if columns.iter().any(|column| self.own_use.contains_key(&(*year, *column))) {
                let own_use = |column| of(&self.own_use, column);
                rows.push(line(format!("  {}", words.its_use), &own_use));
            }
        }
        let total = |sums: &Sums, column: usize| {
            let of_column = sums.iter().filter(|((_, known), _)| *known == column);
            of_column.map(|(_, sum)| *sum).reduce(|a, b| a + b)
        };
        let mut foot = vec![
            line(words.sum.to_owned(), &|column| total(&self.shown.shown, column)),
            line(words.of_source.to_owned(), &|column| total(&self.source, column)),
        ];
        if columns.iter().any(|column| self.shown.between.contains_key(column)) {
            let between = |column| self.shown.between.get(&column).copied();
            foot.push(line(words.between_years.to_owned(), &between));
        }
        Table { columns: heads, rows, foot, ..Table::default() }
    }

    fn notes(&self, words: &Words) -> Vec<String> {
        let mut notes = Vec::new();
        let differences = self.differences();
        if differences.is_empty() {
            notes.push(words.sums_equal.to_owned());
        }
        for (year, column, shown, source) in differences.iter().take(8) {
            notes.push(format!(
                "{year} {}: {} {}, {} {}",
                COLUMNS[*column].name,
                words.shown_as,
                decimal(*shown, 3),
                words.of_source,
                decimal(*source, 3)
            ));
        }
        let names = |columns: &[usize]| {
            let names: Vec<&str> = columns.iter().map(|at| COLUMNS[*at].name).collect();
            names.join(", ")
        };
        if !self.joined.is_empty() {
            notes.push(format!("{} {}.", words.joins, names(&self.joined)));
        }
        if !self.alone.is_empty() {
            notes.push(format!("{} {}.", words.joins_not, names(&self.alone)));
        }
        if self.has_moved_gas {
            notes.push(words.gas_moved.to_owned());
        }
        for (what, number) in self.left_out.iter().take(12) {
            notes.push(format!(
                "{}: {}, {}.",
                words.left_out,
                text::escaped(what),
                rows(*number, words)
            ));
        }
        if !self.rivals.is_empty() {
            notes.push(format!("{}: {}.", words.rivals, self.rivals.join(", ")));
        }
        if self.zeros > 0 {
            notes.push(format!("{}: {}.", words.zeros, self.zeros));
        }
        if self.torn > 0 {
            notes.push(format!("{}: {}.", words.torn, self.torn));
        }
        for place in &self.cut {
            notes.push(format!("{place}: {}", words.may_be_cut));
        }
        if self.late > 0 {
            notes.push(format!("{}: {}.", words.not_newer, self.late));
        }
        notes.push(if self.is_dry { words.dry_run } else { words.written }.to_owned());
        for file in &self.files {
            let state = if file.is_changed { "" } else { words.unchanged };
            let rows = rows(file.rows, words);
            notes.push(format!("  {}  {rows}{state}", file.path.display()));
        }
        notes
    }
}

/// A number of rows: `1 row`, `2 rows`.
fn rows(number: u64, words: &Words) -> String {
    format!("{number} {}", if number == 1 { words.row } else { words.rows })
}
