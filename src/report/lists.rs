//! Reports that are no row of periods: the top days, the peak of each month, the base load, the gaps.

use super::label::{self, register_text};
use super::machine::{Document, Record};
use super::options::{By, Options};
use super::query::{PeriodRow, Periods, QueryError, Source};
use super::table::{Bar, Column, Table, known};
use crate::history::calendar::{Span, Unit};
use crate::history::row::{EXPORT, IMPORT};
use crate::history::tally::Gap;
use crate::text::decimal;
use crate::words::Words;
use crate::zone::Zone;

/// How many days are in the list without a count.
const TOP: usize = 10;

/// How many months of peaks and of base load there are without a count.
const MONTHS: u32 = 12;

/// The days with the highest use.
#[derive(Debug)]
pub(super) struct Top<Z> {
    periods: Periods<Z>,
    by: By,
    /// The first and the last day of the time.
    ends: Option<[Span; 2]>,
}

impl<Z: Zone + Clone> Top<Z> {
    pub fn read(source: &mut Source<Z>, options: &Options) -> Result<Self, QueryError> {
        let all = Options { count: None, ..options.clone() };
        let mut periods = source.periods(Unit::Day, 0, &all)?;
        let register = |name| periods.register(name);
        let at = match options.by {
            By::Export => register(EXPORT),
            By::Gas => register("gas_m3"),
            By::Water => register("water_m3"),
            By::Import | By::Net | By::Peak => register(IMPORT),
        };
        let value = |row: &PeriodRow| match options.by {
            By::Peak => row.period.peak.map(|(power, _)| power),
            By::Net => Some(row.period.used[0]? - row.period.used[1].unwrap_or(0)),
            _ => row.period.used[at?],
        };
        let ends = periods.rows.first().zip(periods.rows.last());
        let ends = ends.map(|(first, last)| [first.period.span, last.period.span]);
        periods.rows.retain(|row| value(row).is_some());
        // Of equal days the later one comes first.
        periods.rows.sort_by_key(|row| std::cmp::Reverse((value(row), row.period.span.start)));
        let count = options.count.map_or(TOP, |count| usize::try_from(count).unwrap_or(usize::MAX));
        periods.rows.truncate(if count == 0 { usize::MAX } else { count });
        periods.estimate = None;
        periods.gaps.clear();
        Ok(Self { periods, by: options.by, ends })
    }

    pub fn table(&self, words: &Words) -> Table {
        let periods = &self.periods;
        let shown = [IMPORT, EXPORT, "gas_m3", "water_m3"].into_iter().filter_map(|name| {
            let at = periods.register(name)?;
            periods.rows.iter().any(|row| row.period.used[at].is_some()).then_some((at, name))
        });
        let shown: Vec<(usize, &str)> = shown.collect();
        let mut columns = vec![Column::number("#", "", 3, 0), Column::text(words.day, 14)];
        for (at, name) in &shown {
            let (head, unit) = register_text(name, words);
            // Gas stays longest.
            let rank = u8::try_from(*at).unwrap_or(u8::MAX);
            columns.push(Column::number(&head, unit, 8, if *at < 2 { 0 } else { rank }));
        }
        columns.push(Column::number(words.peak, "kW", 6, 0));
        columns.push(Column { width: 5, ..Column::text(words.at, 5) });
        columns.push(Column::number(words.base_short, "W", 5, 1));
        let row = |(place, row): (usize, &PeriodRow)| {
            let period = &row.period;
            let mut cells =
                vec![(place + 1).to_string(), label::period(&periods.calendar, period.span, words)];
            cells.extend(shown.iter().map(|(at, _)| number(period.used[*at], 3)));
            cells.push(number(period.peak.map(|(power, _)| power), 3));
            let at = period
                .peak
                .map(|(_, time)| periods.calendar.local(time).format("%H:%M").to_string());
            cells.push(at.unwrap_or_default());
            cells.push(row.base.map_or("–".into(), |(always_on, _)| always_on.to_string()));
            cells
        };
        let by = match self.by {
            By::Import => words.import,
            By::Export => words.export,
            By::Net => words.net,
            By::Gas => words.gas,
            By::Water => words.water,
            By::Peak => words.peak,
        };
        let ends = self.ends.map(|ends| ends.map(|span| label::iso(&periods.calendar, span)));
        Table {
            title: format!("{} {} {}, {by}", words.top, periods.rows.len(), words.days),
            right: ends.map_or(String::new(), |ends| ends.join(" … ")),
            columns,
            rows: periods.rows.iter().enumerate().map(row).collect(),
            ..Table::default()
        }
    }

    pub fn document(&self) -> Document {
        self.periods.document("top")
    }
}

/// Months: their peaks or their base load.
#[derive(Debug)]
pub(super) struct Months<Z> {
    pub periods: Periods<Z>,
}

impl<Z: Zone + Clone> Months<Z> {
    pub fn read(source: &mut Source<Z>, options: &Options) -> Result<Self, QueryError> {
        let mut periods = source.periods(Unit::Month, MONTHS, options)?;
        periods.estimate = None;
        Ok(Self { periods })
    }

    fn name(&self, row: &PeriodRow, words: &Words) -> String {
        label::period(&self.periods.calendar, row.period.span, words)
            + if row.is_running { "·" } else { "" }
    }

    pub fn peaks(&self, words: &Words) -> Table {
        let calendar = &self.periods.calendar;
        let row = |row: &PeriodRow| {
            let peak = row.period.peak;
            let local = peak.map(|(_, time)| calendar.local(time));
            let at = local
                .map(|local| format!("{} {}", label::day(local, words), local.format("%H:%M")));
            let expected =
                (row.period.span.end.min(self.periods.end) - row.period.span.start) / 900;
            let share = i64::from(row.period.quarters) * 1000 * 100 / expected.max(1);
            vec![
                self.name(row, words),
                number(peak.map(|(power, _)| power), 3),
                at.unwrap_or_default(),
                format!("{} %", decimal(share.min(100_000), 1)),
            ]
        };
        let peaks: Vec<i64> =
            self.periods.rows.iter().filter_map(|row| Some(row.period.peak?.0)).collect();
        let mut foot = Vec::new();
        if let Ok(count @ 2..) = i64::try_from(peaks.len()) {
            foot.push(vec![words.mean.to_owned(), decimal(peaks.iter().sum::<i64>() / count, 3)]);
        }
        let bar = |row: &PeriodRow| Bar {
            value: row.period.peak.map_or(0, |(power, _)| power),
            ..Bar::default()
        };
        Table {
            title: words.peaks.to_owned(),
            columns: vec![
                Column::text(words.month, 10),
                Column::number(words.peak, "kW", 7, 0),
                Column::text(words.at, 13),
                Column::number(words.recorded, "", 7, 1),
            ],
            rows: self.periods.rows.iter().map(row).collect(),
            bars: self.periods.rows.iter().map(bar).collect(),
            foot,
            notes: vec![words.peak_note.to_owned()],
            ..Table::default()
        }
    }

    pub fn base(&self, words: &Words) -> Table {
        let rows = &self.periods.rows;
        let lowest = rows.iter().filter_map(|row| Some((row.base?.0, row.period.span.start))).min();
        let watts = |watts: Option<i64>| watts.map_or("–".into(), |watts| watts.to_string());
        let row = |row: &PeriodRow| {
            let is_lowest = rows.len() > 1
                && row.base.map(|(base, _)| (base, row.period.span.start)) == lowest
                && lowest.is_some();
            vec![
                self.name(row, words),
                watts(row.base.map(|(always_on, _)| always_on)),
                watts(row.base.map(|(_, night)| night)),
                if is_lowest { words.lowest.to_owned() } else { String::new() },
            ]
        };
        let bar = |row: &PeriodRow| Bar {
            value: row.base.map_or(0, |(always_on, _)| always_on),
            pale: row.base.map(|(_, night)| night),
            mark: None,
        };
        Table {
            title: words.base.to_owned(),
            right: words.base_of.to_owned(),
            columns: vec![
                Column::text(words.month, 10),
                Column::number(words.always_on, "W", 10, 0),
                Column::number(words.night, "W", 6, 0),
                Column::text("", 7),
            ],
            rows: rows.iter().map(row).collect(),
            bars: rows.iter().map(bar).collect(),
            notes: vec![words.base_note.to_owned()],
            ..Table::default()
        }
    }
}

/// The times without rows.
#[derive(Debug)]
pub(super) struct Gaps<Z> {
    periods: Periods<Z>,
}

impl<Z: Zone + Clone> Gaps<Z> {
    pub fn read(source: &mut Source<Z>, options: &Options) -> Result<Self, QueryError> {
        let all = Options { count: None, ..options.clone() };
        let mut periods = source.periods(Unit::Day, 0, &all)?;
        periods.estimate = None;
        if let Some(count) = options.count.filter(|count| *count > 0) {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let skipped = periods.gaps.len().saturating_sub(count);
            periods.gaps.drain(..skipped);
        }
        Ok(Self { periods })
    }

    pub fn table(&self, words: &Words) -> Table {
        let periods = &self.periods;
        let time = |second| periods.calendar.local(second).format("%Y-%m-%d %H:%M").to_string();
        let row = |gap: &Gap| {
            let minutes = (gap.to - gap.from) / 60;
            let what = if gap.is_exchange {
                words.exchange
            } else if gap.is_outside() {
                words.in_no_period
            } else {
                ""
            };
            let gas = periods.register("gas_m3").and_then(|at| gap.used[at]);
            vec![
                time(gap.from),
                time(gap.to),
                format!("{}:{:02}", minutes / 60, minutes % 60),
                number(gap.used[0], 3),
                known(gas, 3),
                what.to_owned(),
            ]
        };
        let (import, gas) = (register_text(IMPORT, words), register_text("gas_m3", words));
        let mut notes = Vec::new();
        if periods.gaps.is_empty() {
            notes.push(words.no_gaps.to_owned());
        }
        Table {
            title: words.gaps.to_owned(),
            columns: vec![
                Column::text(words.from, 16),
                Column::text(words.to, 16),
                Column::number(words.length, words.hours_unit, 6, 0),
                Column::number(&import.0, import.1, 8, 0),
                Column::number(&gas.0, gas.1, 6, 2),
                Column::text(words.what, 8),
            ],
            rows: periods.gaps.iter().map(row).collect(),
            notes,
            ..Table::default()
        }
    }

    pub fn document(&self) -> Document {
        let mut head = Record::default();
        head.text("kind", "gaps");
        let gaps = self.periods.gaps.iter().map(|gap| self.periods.gap_record(gap)).collect();
        Document { head, lists: vec![("gaps", gaps)], tail: Record::default() }
    }
}

fn number(number: Option<i64>, decimals: u32) -> String {
    number.map_or("–".into(), |number| decimal(number, decimals))
}
