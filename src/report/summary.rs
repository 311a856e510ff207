//! The summary: today, this week, this month and this year beside those before, each with its estimate.

use super::label::{self, register_text};
use super::machine::{Document, Record};
use super::options::{Compare, Options};
use super::periods::{add_cells, add_columns};
use super::query::{Periods, QueryError, Source};
use super::table::{Column, Table, change, estimated, known};
use crate::history::calendar::Unit;
use crate::text::decimal;
use crate::words::Words;
use crate::zone::Zone;

/// The units of the summary, their names in JSON, and the decimals of their numbers.
const UNITS: [(Unit, &str, u32); 4] = [
    (Unit::Day, "day", 3),
    (Unit::Week, "week", 1),
    (Unit::Month, "month", 1),
    (Unit::Year, "year", 1),
];

/// The version of the line of `--oneline`.
const LINE_VERSION: u32 = 1;

/// The last two periods of each unit.
#[derive(Debug)]
pub(super) struct Summary<Z> {
    all: Vec<Periods<Z>>,
}

impl<Z: Zone + Clone> Summary<Z> {
    pub fn read(source: &mut Source<Z>, options: &Options) -> Result<Self, QueryError> {
        let read = |(unit, ..): (Unit, &str, u32)| {
            let compare = if unit == Unit::Day { Compare::Before } else { Compare::LastYear };
            let options = Options {
                count: Some(2),
                compare: Some(compare),
                from: None,
                to: None,
                year: None,
                ..options.clone()
            };
            source.periods(unit, 2, &options)
        };
        Ok(Self { all: UNITS.into_iter().map(read).collect::<Result<_, _>>()? })
    }

    pub fn table(&self, words: &Words) -> Table {
        let names = ["energy_import_kwh", "energy_export_kwh", "gas_m3", "water_m3"];
        let is_known = |name: &&str| {
            let mut all = self.all.iter();
            all.any(|periods| {
                periods
                    .register(name)
                    .is_some_and(|at| periods.rows.iter().any(|row| row.period.used[at].is_some()))
            })
        };
        let shown: Vec<&str> = names.into_iter().filter(is_known).collect();
        let mut columns = vec![Column::text("", 16)];
        for (at, name) in shown.iter().enumerate() {
            let (head, unit) = register_text(name, words);
            columns.push(Column::number(&head, unit, 9, if at < 2 { 0 } else { 2 }));
            columns.push(Column::number("", "", 5, 3));
        }
        columns.push(Column::number(words.peak, "kW", 6, 4));
        let has_production =
            self.all.iter().any(|periods| periods.rows.iter().any(|row| row.balance.is_some()));
        let width = has_production.then_some(columns.len());
        let parts = self.all.iter().zip(UNITS);
        let rows = parts
            .flat_map(|(periods, (_, _, decimals))| rows(periods, decimals, &shown, width, words));
        let rows = rows.collect();
        let mut table =
            Table { title: words.summary.to_owned(), columns, rows, ..Table::default() };
        if has_production {
            add_columns(&mut table, words);
        }
        if let Some(periods) = self.all.first() {
            let local = periods.calendar.local(periods.end);
            table.notes.push(format!(
                "· {} {}.  {}",
                words.until,
                local.format("%Y-%m-%d %H:%M"),
                words.summary_note
            ));
            if let Some(meter) = periods.meters.last() {
                table.right.clone_from(&meter.id);
            }
        }
        table.notes.extend(self.production_notes(words));
        table
    }

    /// What is to know about the production; that it is unknown, once.
    pub fn production_notes(&self, words: &Words) -> Vec<String> {
        let all = self.all.iter().map(|periods| periods.production_notes(words));
        let mut notes: Vec<String> = Vec::new();
        let is_unknown =
            self.all.iter().all(|periods| periods.rows.iter().all(|row| row.balance.is_none()));
        for note in all.flatten() {
            let is_wanted = is_unknown || note != words.no_production;
            if is_wanted && !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }

    /// One line for status bars: the version, the time of the last row, then for day, month and year the label,
    /// import, export and gas; fields with `;`, empty where nothing is known.
    pub fn line(&self) -> String {
        let mut fields = vec![LINE_VERSION.to_string()];
        fields.extend(self.all.first().map(|periods| periods.iso8601(periods.end)));
        for (periods, (unit, ..)) in self.all.iter().zip(UNITS) {
            let Some(row) = periods.rows.last().filter(|_| unit != Unit::Week) else { continue };
            fields.push(label::iso(&periods.calendar, row.period.span));
            for name in ["energy_import_kwh", "energy_export_kwh", "gas_m3"] {
                let used = periods.register(name).and_then(|at| row.period.used[at]);
                fields.push(known(used, 3));
            }
        }
        fields.join(";") + "\n"
    }

    pub fn document(&self) -> Document {
        let mut head = Record::default();
        head.text("kind", "summary");
        let mut lists = Vec::new();
        let mut all = Vec::new();
        for (periods, (_, name, _)) in self.all.iter().zip(UNITS) {
            let mut estimate = None;
            if let Some(known) = &periods.estimate {
                let mut record = Record::default();
                for (name, number) in periods.registers.iter().zip(&known.used) {
                    record.decimals(name, *number, 1);
                }
                estimate = Some(record);
            }
            let last = periods.rows.len().saturating_sub(1);
            for (at, row) in periods.rows.iter().enumerate() {
                let mut record = Record::default();
                record.text("unit", name);
                record.append(periods.record(row));
                record.object("estimate", estimate.take_if(|_| at == last));
                all.push(record);
            }
        }
        if let Some(periods) = self.all.first() {
            head.text("last", periods.iso8601(periods.end));
            if let Some(meter) = periods.meters.last().filter(|meter| !meter.id.is_empty()) {
                head.text("meter", meter.id.clone());
            }
        }
        lists.push(("periods", all));
        Document { head, lists, tail: Record::default() }
    }

    /// A number of today, or of its estimate.
    pub fn number(&self, name: &str, is_estimate: bool) -> Option<i64> {
        self.all.first()?.number(name, is_estimate)
    }
}

/// The lines of a unit: its periods, and the estimate of the last one. With production they have a width.
fn rows<Z: Zone + Clone>(
    periods: &Periods<Z>,
    decimals: u32,
    shown: &[&str],
    width: Option<usize>,
    words: &Words,
) -> Vec<Vec<String>> {
    let places: Vec<usize> = shown.iter().map(|name| periods.register(name).unwrap_or(0)).collect();
    let mut rows = Vec::new();
    for row in &periods.rows {
        let name = label::period(&periods.calendar, row.period.span, words);
        let mut cells = vec![if row.is_running { name + "·" } else { name }];
        for at in &places {
            let used = row.period.used[*at];
            let then = row.other.as_ref().and_then(|other| other.used[*at]);
            cells.push(used.map_or("–".into(), |used| decimal(used, decimals)));
            cells.push(change(used, then));
        }
        cells.push(known(row.period.peak.map(|(power, _)| power), 2));
        if let Some(width) = width {
            add_cells(&mut cells, width, row.balance, decimals);
        }
        rows.push(cells);
    }
    if let Some(estimate) = &periods.estimate {
        let mut cells = vec![format!("  {}", words.estimate)];
        for at in &places {
            cells.extend([estimated(estimate.used[*at], decimals), String::new()]);
        }
        rows.push(cells);
    }
    rows
}
