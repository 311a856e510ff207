//! The periods that are asked for, as the history tells them.
//!
//! Owns which time is read, what is compared with what (`compare`), and the estimates (`estimate`).

mod compare;
mod estimate;

use self::compare::{Comparison, other, rows};
use self::estimate::estimate_from;
pub(super) use self::estimate::{Estimate, Method};
use super::options::Options;
use super::production::{Balance, Production};
use crate::history::calendar::{Calendar, Unit};
use crate::history::files::{History, HistoryError, MeterSpan};
use crate::history::quarter::{Night, Nights, Quarters};
use crate::history::row::{DEVICE_LAG, EXPORT, IMPORT, Selection};
use crate::history::tally::{Gap, Ledger, Limits, Period, Tally};
use crate::meter::DEVICE_REGISTERS;
use crate::zone::Zone;

const DAY: i64 = 86_400;

/// Where reports come from.
#[derive(Debug)]
pub(super) struct Source<Z> {
    pub history: History,
    pub zone: Z,
    /// The clock of this host, Unix seconds.
    pub now: i64,
    /// The time of the first row and of the last one.
    pub first: i64,
    pub end: i64,
    /// What solar panels produced, when the options name a file of it.
    pub production: Option<Production>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(super) enum QueryError {
    #[error(transparent)]
    History(#[from] HistoryError),
    /// No row of the range was ever recorded.
    #[error("nothing of this time was recorded: the history is from {0} to {1}")]
    NeverRecorded(String, String),
    /// The range ends before it begins.
    #[error("--to is before --from")]
    Backwards,
}

/// One period of a report.
#[derive(Clone, Debug)]
pub(super) struct PeriodRow {
    pub period: Period,
    /// Always on, and night, W.
    pub base: Option<(i64, i64)>,
    pub other: Option<Other>,
    /// Whether the history ends in it.
    pub is_running: bool,
    /// What became of the solar production, where all of it is known.
    pub balance: Option<Balance>,
}

/// The period that another one is compared with: the same part of it.
#[derive(Clone, Debug)]
pub(super) struct Other {
    pub start: i64,
    pub end: i64,
    pub used: Vec<Option<i64>>,
    pub peak: Option<(i64, i64)>,
}

/// Periods, and what is to know about them.
#[derive(Clone, Debug)]
pub(super) struct Periods<Z> {
    pub calendar: Calendar<Z>,
    /// The names of the registers, in the order of what was used.
    pub registers: Vec<String>,
    pub rows: Vec<PeriodRow>,
    /// Gaps of this time, those between two periods and those within one.
    pub gaps: Vec<Gap>,
    pub estimate: Option<Estimate>,
    /// Whether the options name a file of solar production.
    pub has_production: bool,
    pub meters: Vec<MeterSpan>,
    /// The time of the last row.
    pub end: i64,
}

impl<Z> Periods<Z> {
    /// The index of a register.
    pub fn register(&self, name: &str) -> Option<usize> {
        self.registers.iter().position(|known| known == name)
    }

    /// The sum of a register over all periods, and over those that they are compared with.
    pub fn sum(&self, register: usize) -> (Option<i64>, Option<i64>) {
        let now = self.rows.iter().filter_map(|row| row.period.used[register]);
        let then = self.rows.iter().filter_map(|row| row.other.as_ref()?.used[register]);
        (now.reduce(|a, b| a + b), then.reduce(|a, b| a + b))
    }
}

/// The registers that a report of these options has; import and export come first.
pub(super) fn registers(options: &Options) -> Vec<String> {
    let mut names: Vec<String> = [IMPORT, EXPORT, "gas_m3", "water_m3"].map(str::to_owned).into();
    let is_machine = options.json || options.csv;
    if options.tariffs || options.all || is_machine {
        for direction in ["import", "export"] {
            names.extend((1..=8).map(|tariff| format!("energy_{direction}_t{tariff}_kwh")));
        }
    }
    if options.all || is_machine {
        for register in &DEVICE_REGISTERS {
            if !names.iter().any(|name| name == register.name) {
                names.push(register.name.to_owned());
            }
        }
    }
    names
}

/// What one pass over the rows gives.
#[derive(Debug)]
pub(super) struct Pass<Z> {
    pub tally: Tally<Z>,
    pub nights: Vec<Night>,
    pub meters: Vec<MeterSpan>,
}

impl<Z: Zone + Clone> Source<Z> {
    /// A calendar of this zone and these options.
    pub fn calendar(&self, unit: Unit, options: &Options) -> Calendar<Z> {
        Calendar {
            month_starts: options.month_starts,
            year_starts: options.year_starts,
            ..Calendar::new(self.zone.clone(), unit)
        }
    }

    /// The range that the options ask for, in Unix seconds; `default` without them.
    pub fn range(&self, options: &Options, default: (i64, i64)) -> Result<(i64, i64), QueryError> {
        let days = self.calendar(Unit::Day, options);
        let today = days.local(self.now).date();
        let second = |date: chrono::NaiveDate| days.second(date.and_time(chrono::NaiveTime::MIN));
        let years = self.calendar(Unit::Year, options);
        let of_year = options.year.map(|year| {
            // A contract's year has the number of the year in which it begins.
            let (_, end) = year.dates(today);
            years.at(second(end) - 1)
        });
        let from = match of_year {
            Some(year) => Some(year.start),
            None => options.from.map(|when| second(when.dates(today).0)),
        };
        let to = match of_year {
            Some(year) => Some(year.end),
            None => options.to.map(|when| second(when.dates(today).1)),
        };
        let (from, to) = match (from, to) {
            (Some(from), Some(to)) => (from, to),
            (Some(from), None) => (from, default.1.max(from + 1)),
            (None, Some(to)) => (to - (default.1 - default.0), to),
            (None, None) => default,
        };
        if from >= to {
            return Err(QueryError::Backwards);
        }
        if to <= self.first || from >= self.end {
            let date = |second| days.local(second).format("%Y-%m-%d").to_string();
            return Err(QueryError::NeverRecorded(date(self.first), date(self.end)));
        }
        Ok((from, to))
    }

    /// Reads the rows of these limits once.
    pub fn pass(
        &mut self,
        calendar: &Calendar<Z>,
        registers: &[String],
        limits: Limits,
    ) -> Result<Pass<Z>, QueryError> {
        let mut tally = Tally::new(calendar.clone(), registers, limits);
        if limits.cut.is_some() {
            tally.set_lags(self.lags(registers)?);
        }
        let mut ledger = Ledger::new(registers);
        let mut quarters = Quarters::default();
        let mut nights = Nights::new(calendar.with_unit(Unit::Day));
        let selection = Selection { registers: registers.to_vec(), has_voltage: false };
        // What a device read before the end may come in a later row.
        let (from, to) =
            (limits.from.saturating_sub(DEVICE_LAG), limits.to.saturating_add(DEVICE_LAG));
        let meters = self.history.read(&selection, from, to, &mut |row| {
            ledger.take(row, |register, step| tally.add(register, step));
            if let Some(quarter) = quarters.take(row) {
                tally.add_quarter(quarter.end, quarter.import);
                if quarter.end > limits.from && quarter.end <= limits.to {
                    nights.take(quarter);
                }
            }
        })?;
        nights.finish();
        Ok(Pass { tally, nights: nights.found, meters })
    }

    /// The periods of this unit that the options ask for; without a count or a range `default` of them.
    pub fn periods(
        &mut self,
        unit: Unit,
        default: u32,
        options: &Options,
    ) -> Result<Periods<Z>, QueryError> {
        let calendar = self.calendar(unit, options);
        let running = calendar.at(self.end - 1);
        let is_counted = options.from.is_none() && options.year.is_none();
        let count = options.count.unwrap_or(default);
        let (mut from, mut to) = self.range(options, (self.first, running.end))?;
        // Periods are shown whole.
        to = calendar.at(to - 1).end.min(running.end);
        if is_counted || options.count.is_some() {
            from = if count == 0 { self.first } else { self.back(&calendar, to, count) };
        }
        from = calendar.at(from).start.max(calendar.at(self.first).start);
        let shown = (from, to);
        let has_running = running.start >= from && running.end <= to && self.now < running.end;
        let mut earliest = from;
        if let Some(compare) = options.compare {
            earliest = earliest.min(other(&calendar, calendar.at(from), compare).start);
        }
        if has_running {
            earliest = earliest.min(estimate_from(&calendar, running, from));
        }
        let registers = registers(options);
        let limits = Limits { from: earliest, to, cut: Some(self.end) };
        let pass = self.pass(&calendar, &registers, limits)?;
        let compare =
            Comparison { with: options.compare, running, first: self.first, end: self.end };
        let mut rows = rows(&calendar, &pass, shown, compare);
        if let Some(production) = &self.production {
            for row in &mut rows {
                let end = row.period.span.end;
                let to = if row.is_running { self.end.min(end) } else { end };
                row.balance = production.balance(&row.period, to);
            }
        }
        let estimate = has_running
            .then(|| self.estimate(&calendar, &pass.tally, running, &rows, options))
            .flatten();
        let gaps =
            pass.tally.gaps.into_iter().filter(|gap| gap.to > from && gap.from < to).collect();
        Ok(Periods {
            calendar,
            registers,
            rows,
            gaps,
            estimate,
            has_production: self.production.is_some(),
            meters: pass.meters,
            end: self.end,
        })
    }

    /// How long before the end of the history each device was read last; 0 for the meter itself.
    fn lags(&mut self, registers: &[String]) -> Result<Vec<i64>, QueryError> {
        let end = self.end;
        let selection = Selection { registers: registers.to_vec(), has_voltage: false };
        let mut lags = vec![0; registers.len()];
        self.history.read(&selection, end, end, &mut |row| {
            let times = row.registers.iter().map(|reading| reading.map_or(end, |one| one.time));
            lags = times.map(|time| end - time).collect();
        })?;
        Ok(lags)
    }

    /// The start of the first of `count` periods, the last one ending at `to`.
    fn back(&self, calendar: &Calendar<Z>, to: i64, count: u32) -> i64 {
        let mut span = calendar.at(to - 1);
        for _ in 1..count {
            if span.start <= self.first {
                break;
            }
            span = calendar.away(span, -1);
        }
        span.start
    }
}
