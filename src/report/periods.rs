//! Hours, days, weeks, months and years: a line each, with what they are compared with, the sum and the estimate.

use super::label;
use super::machine::{Document, Record};
use super::options::{By, Compare, Options};
use super::query::{Estimate, Method, PeriodRow, Periods};
use super::table::{Bar, Column, Table, decimal, percent};
use super::words::Words;
use crate::history::calendar::Unit;
use crate::history::row::{EXPORT, IMPORT};
use crate::history::tally::Gap;
use crate::telegram::Timestamp;
use crate::zone::Zone;

/// How many gaps are named below a table.
const MAX_GAPS: usize = 4;

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

/// Name, text and unit of a register: `gas_m3` is gas in m³.
pub(super) fn register_text(name: &str, words: &Words) -> (String, &'static str) {
    let (stem, unit) = name.rsplit_once('_').unwrap_or((name, ""));
    let unit = match unit {
        "kwh" => "kWh",
        "m3" => "m³",
        "gj" => "GJ",
        _ => "",
    };
    let text = match stem {
        "energy_import" => words.import.to_owned(),
        "energy_export" => words.export_short.to_owned(),
        "gas" => words.gas.to_owned(),
        "water" => words.water.to_owned(),
        _ => {
            let tariff = |text: &str, prefix: &str, word: &str| {
                text.strip_prefix(prefix).map(|tariff| format!("{word} {tariff}"))
            };
            tariff(stem, "energy_import_", words.import)
                .or_else(|| tariff(stem, "energy_export_", words.export_short))
                .unwrap_or_else(|| stem.replace('_', " "))
        }
    };
    (text, unit)
}

/// What a record of use has of a register or of the difference.
fn used(of: Of, numbers: &[Option<i64>]) -> Option<i64> {
    match of {
        Of::Register(at) => numbers[at],
        Of::Net => Some(numbers[0]? - numbers[1].unwrap_or(0)),
    }
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

    fn plain(&self, quantities: &[Quantity], decimals: u32, words: &Words) -> Table {
        let mut columns = vec![Column::text(self.head(words), 14)];
        for quantity in quantities {
            columns.push(Column::number(&quantity.head, quantity.unit, 7, quantity.rank));
        }
        let has_peak = self.rows.iter().any(|row| row.period.peak.is_some());
        let has_base =
            self.calendar.unit != Unit::Hour && self.rows.iter().any(|row| row.base.is_some());
        if has_peak {
            columns.push(Column::number(words.peak, "kW", 6, PEAK));
        }
        if has_base {
            columns.push(Column::number(words.base_short, "W", 5, BASE));
        }
        let number = |number: Option<i64>, decimals| {
            number.map_or("–".into(), |number| decimal(number, decimals))
        };
        let row = |row: &PeriodRow| {
            let mut cells = vec![self.name(row, words)];
            cells.extend(
                quantities
                    .iter()
                    .map(|quantity| number(used(quantity.of, &row.period.used), decimals)),
            );
            if has_peak {
                cells.push(number(row.period.peak.map(|(power, _)| power), decimals.max(2)));
            }
            if has_base {
                cells.push(row.base.map_or("–".into(), |(always_on, _)| always_on.to_string()));
            }
            cells
        };
        let mut foot = Vec::new();
        if self.rows.len() > 1 {
            let mut cells = vec![words.sum.to_owned()];
            cells.extend(
                quantities.iter().map(|quantity| number(self.sum_of(quantity.of).0, decimals)),
            );
            foot.push(cells);
        }
        if let Some(estimate) = &self.estimate {
            let mut cells = vec![self.estimate_name(estimate, words)];
            let about = |of| {
                used(of, &estimate.used).map_or(String::new(), |number| {
                    decimal(number, decimals.saturating_sub(if decimals == 3 { 2 } else { 1 }))
                })
            };
            cells.extend(quantities.iter().map(|quantity| about(quantity.of)));
            foot.push(cells);
        }
        Table { columns, rows: self.rows.iter().map(row).collect(), foot, ..Table::default() }
    }

    fn compared(&self, quantities: &[Quantity], decimals: u32, words: &Words) -> Table {
        let mut columns = vec![Column::text(self.head(words), 9)];
        let mut groups = Vec::new();
        let (first, second) = (words.now, words.last);
        // The difference and the peak are for long lines.
        let mut order: Vec<&Quantity> =
            quantities.iter().filter(|quantity| quantity.of != Of::Net).collect();
        order.extend(quantities.iter().find(|quantity| quantity.of == Of::Net));
        for quantity in &order {
            let from = columns.len();
            let rank = quantity.rank;
            columns.push(Column::number(first, "", 6, rank));
            columns.push(Column::number(second, "", 6, rank));
            if quantity.of != Of::Net {
                columns.push(Column::number("", "", 4, rank));
            }
            groups.push((format!("{} {}", quantity.head, quantity.unit), from, columns.len() - 1));
        }
        let has_peak = self.rows.iter().any(|row| row.period.peak.is_some());
        if has_peak {
            groups.push((format!("{} kW", words.peak), columns.len(), columns.len() + 1));
            columns.push(Column::number(first, "", 5, PEAK));
            columns.push(Column::number(second, "", 5, PEAK));
        }
        let number = |number: Option<i64>, decimals| {
            number.map_or(String::new(), |number| decimal(number, decimals))
        };
        let cells =
            |cells: &mut Vec<String>, of: Of, now: Option<i64>, then: Option<i64>, decimals| {
                cells.extend([number(now, decimals), number(then, decimals)]);
                if of != Of::Net {
                    cells.push(
                        now.zip(then).map_or(String::new(), |(now, then)| percent(now, then)),
                    );
                }
            };
        let row = |row: &PeriodRow| {
            let mut line = vec![self.name(row, words)];
            for quantity in &order {
                let other = row.other.as_ref();
                let then = other.and_then(|other| used(quantity.of, &other.used));
                cells(&mut line, quantity.of, used(quantity.of, &row.period.used), then, decimals);
            }
            if has_peak {
                let power = |peak: Option<(i64, i64)>| number(peak.map(|(power, _)| power), 2);
                line.push(power(row.period.peak));
                line.push(power(row.other.as_ref().and_then(|other| other.peak)));
            }
            line
        };
        let mut foot = Vec::new();
        if self.rows.len() > 1 {
            let mut line = vec![words.sum.to_owned()];
            for quantity in &order {
                let (now, then) = self.sum_of(quantity.of);
                cells(&mut line, quantity.of, now, then, decimals);
            }
            foot.push(line);
        }
        if let Some(estimate) = &self.estimate {
            let mut line = vec![self.estimate_name(estimate, words)];
            for quantity in &order {
                let then = estimate.other.as_ref().and_then(|other| used(quantity.of, other));
                cells(
                    &mut line,
                    quantity.of,
                    used(quantity.of, &estimate.used),
                    then,
                    u32::from(decimals == 3),
                );
            }
            foot.push(line);
        }
        Table {
            columns,
            groups,
            rows: self.rows.iter().map(row).collect(),
            foot,
            ..Table::default()
        }
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

    fn notes(&self, options: &Options, words: &Words) -> Vec<String> {
        let mut notes = Vec::new();
        let mut first = String::new();
        if let Some(running) = self.rows.iter().find(|row| row.is_running) {
            let now = self.calendar.local(self.end);
            let day = self.calendar.local(running.period.span.start);
            first = format!("{RUNNING} {} {}", words.until, label::time(now, day, words));
            if options.compare.is_some() {
                first += ", ";
                first += words.in_both;
            }
            first += ".";
        }
        if let Some(estimate) = &self.estimate {
            let method = match estimate.method {
                Method::LastDays => words.by_last_days,
                Method::LastYear => words.by_last_year,
            };
            first += if first.is_empty() { "" } else { "  " };
            first += method;
        }
        notes.extend(Some(first).filter(|first| !first.is_empty()));
        let incomplete = self.rows.iter().any(|row| !row.is_running && !row.period.is_complete());
        let outside: Vec<&Gap> =
            self.gaps.iter().filter(|gap| gap.is_outside() || gap.is_exchange).collect();
        if incomplete {
            notes.push(words.incomplete.to_owned());
        }
        let shown = outside.len().min(MAX_GAPS);
        notes.extend(outside.iter().rev().take(shown).rev().map(|gap| self.gap_text(gap, words)));
        if outside.len() > shown {
            notes.push(format!("… {} × {}: p1report gaps", outside.len() - shown, words.gaps));
        }
        notes
    }

    /// A sentence about a gap: from when to when, and what of it is in no period.
    pub fn gap_text(&self, gap: &Gap, words: &Words) -> String {
        let (from, to) = (self.calendar.local(gap.from), self.calendar.local(gap.to));
        let end = self.calendar.local(self.end);
        let times = format!("{} – {}", label::time(from, end, words), label::time(to, from, words));
        if gap.is_exchange {
            return format!("{times}: {}", words.exchanged);
        }
        let amounts = self.registers.iter().enumerate().filter_map(|(at, name)| {
            let amount = gap.outside[at]?;
            let is_shown = [IMPORT, EXPORT].contains(&name.as_str()) || !name.ends_with("kwh");
            let (text, unit) = register_text(name, words);
            (is_shown && amount >= 50).then(|| format!("{} {unit} {text}", decimal(amount, 1)))
        });
        let amounts: Vec<String> = amounts.collect();
        let amounts = if amounts.is_empty() { "0 kWh".to_owned() } else { amounts.join(", ") };
        format!("{times} {} {amounts} {}", words.not_recorded, words.in_no_day)
    }

    /// The record of a period.
    pub fn record(&self, row: &PeriodRow) -> Record {
        let mut record = Record::default();
        let span = row.period.span;
        record.text("label", label::iso(&self.calendar, span));
        record.text("from", self.iso8601(span.start));
        record.text("to", self.iso8601(span.end));
        record.bool("complete", row.period.is_complete());
        self.add_used(&mut record, &row.period.used);
        if let Some((power, time)) = row.period.peak {
            record.integer("power_peak_15m_w", power);
            record.text("power_peak_15m_time", self.iso8601(time));
        }
        if let Some((always_on, night)) = row.base {
            record.integer("base_load_w", always_on);
            record.integer("night_load_w", night);
        }
        record.integer("quarters", row.period.quarters);
        let end = if row.is_running { self.end.min(span.end) } else { span.end };
        record.integer("quarters_expected", (end - span.start) / 900);
        let compare = row.other.as_ref().map(|other| {
            let mut record = Record::default();
            record.text("from", self.iso8601(other.start));
            record.text("to", self.iso8601(other.end));
            self.add_used(&mut record, &other.used);
            record
        });
        record.object("compare", compare);
        record
    }

    pub fn add_used(&self, record: &mut Record, used: &[Option<i64>]) {
        for (name, number) in self.registers.iter().zip(used) {
            record.thousandths(name, *number);
        }
    }

    pub fn iso8601(&self, second: i64) -> String {
        self.calendar.zone.iso8601(Timestamp::from_seconds(second))
    }

    /// The report for programs.
    pub fn document(&self, kind: &str) -> Document {
        let mut head = Record::default();
        head.text("kind", kind);
        let mut tail = Record::default();
        if let Some(meter) = self.meters.last().filter(|meter| !meter.id.is_empty()) {
            head.text("meter", meter.id.clone());
        }
        head.text("last", self.iso8601(self.end));
        let estimate = self.estimate.as_ref().map(|estimate| {
            let mut record = Record::default();
            let calendar = self.calendar.with_unit(estimate.unit);
            record.text("label", label::iso(&calendar, estimate.span));
            record.text(
                "method",
                match estimate.method {
                    Method::LastYear => "last-year",
                    Method::LastDays => "last-14-days",
                },
            );
            for (name, number) in self.registers.iter().zip(&estimate.used) {
                record.decimals(name, *number, 1);
            }
            record
        });
        tail.object("estimate", estimate);
        let gaps = self.gaps.iter().filter(|gap| gap.is_outside() || gap.is_exchange);
        let gaps = gaps.map(|gap| self.gap_record(gap)).collect();
        let meters = self.meters.iter().map(|meter| {
            let mut record = Record::default();
            record.text("unique_id", meter.id.clone());
            record.text("from", self.iso8601(meter.from));
            record.text("to", self.iso8601(meter.to));
            record
        });
        let periods = self.rows.iter().map(|row| self.record(row)).collect();
        Document {
            head,
            lists: vec![("periods", periods), ("gaps", gaps), ("meters", meters.collect())],
            tail,
        }
    }

    /// The record of a gap.
    pub fn gap_record(&self, gap: &Gap) -> Record {
        let mut record = Record::default();
        record.text("from", self.iso8601(gap.from));
        record.text("to", self.iso8601(gap.to));
        record.bool("exchange", gap.is_exchange);
        record.bool("in_no_period", gap.is_outside());
        self.add_used(&mut record, if gap.is_outside() { &gap.outside } else { &gap.used });
        record
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
