//! Hours, days, weeks, months and years: a line each, with what they are compared with, the sum and the estimate.

mod columns;
mod notes;
mod production;
mod records;

pub(super) use self::production::{add_cells, add_columns};
use super::label::{self, register_text};
use super::options::{By, Compare, Options};
use super::query::{Estimate, PeriodRow, Periods};
use super::table::{Bar, Table};
use crate::history::calendar::Unit;
use crate::history::row::{EXPORT, IMPORT};
use crate::words::Words;
use crate::zone::Zone;

/// Behind the name of the period in which the history ends, and of one that is not known as a whole.
const RUNNING: &str = "·";
const INCOMPLETE: &str = "~";

/// What is left out of a short line first: the base load, the peak, the difference, then registers from the last.
const NET: u8 = 50;
const PEAK: u8 = 60;
const BASE: u8 = 70;

/// What a column of use shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Register(usize),
    Net,
}

/// Numbers of one quantity.
#[derive(Clone, Debug)]
struct Quantity {
    of: Of,
    head: String,
    unit: &'static str,
    rank: u8,
}

impl<Z: Zone + Clone> Periods<Z> {
    fn quantities(&self, words: &Words) -> Vec<Quantity> {
        let is_known = |at: usize| self.rows.iter().any(|row| row.period.used[at].is_some());
        let mut all = Vec::new();
        for (at, name) in self.registers.iter().enumerate().filter(|(at, _)| is_known(*at)) {
            let (head, unit) = register_text(name, words);
            // Gas stays longest.
            let rank = if at < 2 { 0 } else { u8::try_from(at).unwrap_or(u8::MAX).min(NET - 1) };
            all.push(Quantity { of: Of::Register(at), head, unit, rank });
            if name == EXPORT {
                let head = words.net.to_owned();
                all.push(Quantity { of: Of::Net, head, unit: "kWh", rank: NET });
            }
        }
        all
    }

    fn has_exports(&self) -> bool {
        self.register(EXPORT).is_some_and(|at| {
            self.rows.iter().any(|row| row.period.used[at].is_some_and(|used| used > 0))
        })
    }

    /// The table of a report.
    pub fn table(&self, options: &Options, words: &Words) -> Table {
        let decimals = if matches!(self.calendar.unit, Unit::Hour | Unit::Day) { 3 } else { 1 };
        let mut quantities = self.quantities(words);
        if !self.has_exports() {
            quantities.retain(|quantity| quantity.of != Of::Net);
        }
        let mut table = match options.compare {
            None => self.plain(&quantities, decimals, words),
            Some(_) => self.compared(&quantities, decimals, words),
        };
        table.bars = self.bars(options.by, options.compare.is_some());
        table.title = self.title(options, words);
        table.right = self.span_text(words);
        table.notes = self.notes(options, words);
        self.add_production(&mut table, decimals, words);
        table
    }

    fn title(&self, options: &Options, words: &Words) -> String {
        let unit = match self.calendar.unit {
            Unit::Hour => words.hours,
            Unit::Day => words.days,
            Unit::Week => words.weeks,
            Unit::Month => words.months,
            Unit::Year => words.years,
        };
        match options.compare {
            None => unit.to_owned(),
            Some(Compare::LastYear) => format!("{unit}, {}", words.compared_last_year),
            Some(Compare::Before) => format!("{unit}, {}", words.compared_before),
        }
    }

    fn span_text(&self, words: &Words) -> String {
        let names = |row: &PeriodRow| label::iso(&self.calendar, row.period.span);
        match (self.rows.first(), self.rows.last()) {
            (Some(first), Some(last)) if self.rows.len() > 1 => {
                format!("{} … {}", names(first), names(last))
            }
            (Some(first), _) => names(first),
            _ => words.nothing.to_owned(),
        }
    }

    /// The period's name with what is to know about it.
    fn name(&self, row: &PeriodRow, words: &Words) -> String {
        let name = label::period(&self.calendar, row.period.span, words);
        if row.is_running {
            name + RUNNING
        } else if row.period.is_complete() {
            name
        } else {
            name + INCOMPLETE
        }
    }

    fn head(&self, words: &Words) -> &'static str {
        match self.calendar.unit {
            Unit::Hour => words.hour,
            Unit::Day => words.day,
            Unit::Week => words.week,
            Unit::Month => words.month,
            Unit::Year => words.year,
        }
    }

    fn estimate_name(&self, estimate: &Estimate, words: &Words) -> String {
        let name = if estimate.unit == Unit::Day {
            words.today.to_owned()
        } else {
            let calendar = self.calendar.with_unit(estimate.unit);
            label::period(&calendar, estimate.span, words)
        };
        format!("{name}, {}", words.estimate)
    }

    /// The sum of a quantity over all periods, and over those that they are compared with.
    fn sum_of(&self, of: Of) -> (Option<i64>, Option<i64>) {
        match of {
            Of::Register(at) => self.sum(at),
            Of::Net => {
                let (import, export) = (self.sum(0), self.sum(1));
                let net =
                    |import: Option<i64>, export: Option<i64>| Some(import? - export.unwrap_or(0));
                (net(import.0, export.0), net(import.1, export.1))
            }
        }
    }

    fn bars(&self, by: By, is_compared: bool) -> Vec<Bar> {
        let of = |numbers: &[Option<i64>], peak: Option<(i64, i64)>| {
            let register = |name| self.register(name).and_then(|at| numbers[at]);
            match by {
                By::Import => register(IMPORT),
                By::Export => register(EXPORT),
                By::Net => used(Of::Net, numbers),
                By::Gas => register("gas_m3"),
                By::Water => register("water_m3"),
                By::Peak => peak.map(|(power, _)| power),
            }
        };
        let bar = |row: &PeriodRow| Bar {
            value: of(&row.period.used, row.period.peak).unwrap_or(0),
            mark: row
                .other
                .as_ref()
                .filter(|_| is_compared)
                .and_then(|other| of(&other.used, other.peak)),
            pale: None,
        };
        self.rows.iter().map(bar).collect()
    }

    /// A number of the last period, or of the estimate, by its name in JSON, in thousandths.
    pub fn number(&self, name: &str, is_estimate: bool) -> Option<i64> {
        let row = self.rows.last()?;
        let numbers = if is_estimate { &self.estimate.as_ref()?.used } else { &row.period.used };
        match name {
            "energy_net_kwh" => used(Of::Net, numbers),
            "power_peak_15m_kw" => row.period.peak.map(|(power, _)| power),
            "base_load_w" => row.base.map(|(always_on, _)| always_on * 1000),
            "night_load_w" => row.base.map(|(_, night)| night * 1000),
            _ => numbers[self.register(name)?],
        }
    }
}

/// What a record of use has of a register or of the difference.
fn used(of: Of, numbers: &[Option<i64>]) -> Option<i64> {
    match of {
        Of::Register(at) => numbers[at],
        Of::Net => Some(numbers[0]? - numbers[1].unwrap_or(0)),
    }
}
