//! What batteries would have done in the last year, or in the time that is asked for.

use super::machine::{Document, Record};
use super::options::Options;
use super::query::{QueryError, Source};
use super::table::{Column, Table};
use crate::history::battery::{Battery, WhatIf};
use crate::history::calendar::Unit;
use crate::history::row::{EXPORT, IMPORT, Selection};
use crate::history::tally::Ledger;
use crate::words::Words;
use crate::zone::Zone;

/// Without a range: the last 365 whole days.
const YEAR: i64 = 365 * 86_400;

/// A battery does not follow steps that are longer, in seconds: a whole hour is nearly right, a day is not.
const MAX_STEP: i64 = 3600;

/// Batteries beside none.
#[derive(Debug)]
pub(super) struct Batteries {
    /// Imported and exported without a battery, Wh.
    import: f64,
    export: f64,
    sizes: Vec<WhatIf>,
    from: String,
    to: String,
    efficiency: f64,
}

impl Batteries {
    pub fn read<Z: Zone + Clone>(
        source: &mut Source<Z>,
        options: &Options,
    ) -> Result<Self, QueryError> {
        let days = source.calendar(Unit::Day, options);
        let today = days.at(source.end - 1);
        let end = if today.end > source.end && today.start > source.first {
            today.start
        } else {
            source.end
        };
        let (from, to) = source.range(options, ((end - YEAR).max(source.first), end))?;
        let (from, to) = (from.max(source.first), to.min(source.end));
        let efficiency = options.efficiency / 100.0;
        let power = |at: usize| options.kw.get(at).or(options.kw.last()).copied().unwrap_or(2.5);
        let battery = |(at, capacity): (usize, &f64)| {
            WhatIf::new(Battery { capacity: *capacity, power: power(at), efficiency })
        };
        let mut all = Self {
            import: 0.0,
            export: 0.0,
            sizes: options.kwh.iter().enumerate().map(battery).collect(),
            from: days.local(from).format("%Y-%m-%d").to_string(),
            to: days.local(to - 1).format("%Y-%m-%d").to_string(),
            efficiency: options.efficiency,
        };
        let registers: Vec<String> = [IMPORT, EXPORT].map(str::to_owned).into();
        let mut ledger = Ledger::new(&registers);
        let selection = Selection { registers, has_voltage: false };
        source.history.read(&selection, from, to, &mut |row| {
            let mut step = [None; 2];
            ledger.take(row, |register, taken| step[register] = Some(taken));
            let amount = |at: usize| {
                step[at].and_then(|step| step.amount).and_then(|amount| i32::try_from(amount).ok())
            };
            let Some(import) = amount(0) else { return };
            let length = step[0].map_or(0, |step| step.to - step.from);
            all.take(f64::from(import), f64::from(amount(1).unwrap_or(0)), length);
        })?;
        Ok(all)
    }

    fn take(&mut self, import: f64, export: f64, seconds: i64) {
        self.import += import;
        self.export += export;
        for battery in &mut self.sizes {
            match i32::try_from(seconds) {
                Ok(short) if seconds <= MAX_STEP => battery.take(import, export, short),
                _ => battery.pass(import, export),
            }
        }
    }

    pub fn table(&self, words: &Words) -> Table {
        let kwh = |wh: f64| format!("{:.1}", wh / 1000.0);
        let mut rows =
            vec![vec![words.none.to_owned(), String::new(), kwh(self.import), kwh(self.export)]];
        for one in &self.sizes {
            rows.push(vec![
                format!("{:.1}", one.battery.capacity),
                format!("{:.1}", one.battery.power),
                kwh(one.import),
                kwh(one.export),
                kwh(self.import - one.import),
                kwh(self.lost(one)),
                format!("{:.0}", one.cycles()),
                hours(one.full).to_string(),
                hours(one.empty).to_string(),
            ]);
        }
        Table {
            title: words.battery.to_owned(),
            right: format!("{} … {}", self.from, self.to),
            columns: vec![
                Column::number(words.battery_column, "kWh", 8, 0),
                Column::number("", "kW", 4, 0),
                Column::number(words.import, "kWh", 8, 0),
                Column::number(words.export_short, "kWh", 8, 0),
                Column::number(words.saved, "kWh", 7, 0),
                Column::number(words.lost, "kWh", 6, 2),
                Column::number(words.cycles, "", 6, 3),
                Column::number(words.full, words.hours_unit, 5, 4),
                Column::number(words.empty, words.hours_unit, 5, 4),
            ],
            rows,
            notes: vec![format!(
                "{} {} %. {}",
                words.battery_note, self.efficiency, words.no_prices
            )],
            ..Table::default()
        }
    }

    /// What was charged and came out nowhere, Wh; what is still stored is not lost.
    fn lost(&self, one: &WhatIf) -> f64 {
        (self.export - one.export) - (self.import - one.import) - one.stored
    }

    pub fn document(&self) -> Document {
        let mut head = Record::default();
        head.text("kind", "battery");
        head.text("from", self.from.clone());
        head.text("to", self.to.clone());
        let kwh = |wh: f64| format!("{:.3}", wh / 1000.0);
        let mut none = Record::default();
        none.integer("energy_import_kwh", kwh(self.import));
        none.integer("energy_export_kwh", kwh(self.export));
        let one = |one: &WhatIf| {
            let mut record = Record::default();
            record.integer("capacity_kwh", one.battery.capacity);
            record.integer("power_kw", one.battery.power);
            record.integer("energy_import_kwh", kwh(one.import));
            record.integer("energy_export_kwh", kwh(one.export));
            record.integer("saved_kwh", kwh(self.import - one.import));
            record.integer("lost_kwh", kwh(self.lost(one)));
            record.integer("cycles", format!("{:.1}", one.cycles()));
            record.integer("full_h", hours(one.full));
            record.integer("empty_h", hours(one.empty));
            record
        };
        let mut tail = Record::default();
        tail.object("without", Some(none));
        Document { head, lists: vec![("batteries", self.sizes.iter().map(one).collect())], tail }
    }
}

/// Seconds in hours, rounded to nearest.
fn hours(seconds: i64) -> i64 {
    (seconds + 1800) / 3600
}
