//! The report as a page: tiles, and pictures of the year, the month, the day, and of the base load over all years.
//!
//! Owns the numbers of the page; `report.html` owns how they look. The page is whole in itself, without a script. A
//! bar tells its number when the pointer is on it, and all of them are in a table.
//!
//! | part       | owns                                                            |
//! |------------|-----------------------------------------------------------------|
//! | `pictures` | what each picture shows                                         |
//! | `graph`    | bars and labels as places in a graph                            |
//! | `months`   | the months of a year beside those of the year before            |
//! | `number`   | numbers as text in the language of the page                     |

mod graph;
mod months;
mod number;
mod pictures;

use minijinja::{Environment, Value, context, default_auto_escape_callback};

use self::months::{Entry, months, of_span};
use self::number::{capitalised, comma, number};
use self::pictures::periods_graph;
use super::label::{self, register_text};
use super::options::{Compare, Options};
use super::query::{Periods, QueryError, Source};
use super::table::percent;
use crate::history::calendar::{Span, Unit};
use crate::words::Words;
use crate::zone::Zone;

/// Its name ends with `.html`: what is put into it is escaped.
const PAGE: (&str, &str) = ("report.html", include_str!("report.html"));

const IMPORT: usize = 0;
const EXPORT: usize = 1;
const GAS: usize = 2;
const WATER: usize = 3;

/// Days and hours of the pictures.
const DAYS: u32 = 31;
const HOURS: u32 = 24;

/// A number of the top of the page.
#[derive(Clone, Debug)]
struct Tile {
    title: String,
    class: &'static str,
    value: String,
    unit: &'static str,
    note: String,
}

impl From<Tile> for Value {
    fn from(Tile { title, class, value, unit, note }: Tile) -> Self {
        context! { title, class, value, unit, note }
    }
}

/// The page.
#[derive(Debug)]
pub(super) struct Page<Z> {
    year: Periods<Z>,
    months: Vec<Entry>,
    days: Periods<Z>,
    hours: Periods<Z>,
    all: Periods<Z>,
    gaps: Periods<Z>,
}

impl<Z: Zone + Clone> Page<Z> {
    pub fn read(
        source: &mut Source<Z>,
        options: &Options,
        words: &Words,
    ) -> Result<Self, QueryError> {
        let plain = Options {
            count: None,
            compare: None,
            from: None,
            to: None,
            year: None,
            json: false,
            ..options.clone()
        };
        let compared =
            Options { count: Some(1), compare: Some(Compare::LastYear), ..plain.clone() };
        let year = source.periods(Unit::Year, 1, &compared)?;
        let span = source.calendar(Unit::Year, options).at(source.end - 1);
        let gaps = source.periods(Unit::Month, 0, &of_span(source, options, span, &compared))?;
        let months = months(source, options, span, &gaps, words);
        Ok(Self {
            year,
            months: months?,
            days: source.periods(Unit::Day, DAYS, &plain)?,
            hours: source.periods(Unit::Hour, HOURS, &plain)?,
            all: source.periods(Unit::Month, 0, &plain)?,
            gaps,
        })
    }

    /// The page as text; it tells when it was made.
    pub fn render(&self, language: &str, words: &Words) -> Result<String, minijinja::Error> {
        let mut pages = Environment::empty();
        pages.set_auto_escape_callback(default_auto_escape_callback);
        pages.add_template(PAGE.0, PAGE.1)?;
        let year = label::iso(&self.year.calendar, self.year_span());
        let before = self.before();
        let end = self.year.calendar.local(self.year.end);
        let notes = self.gaps.gaps.iter().filter(|gap| gap.is_outside() || gap.is_exchange);
        let notes: Vec<String> = notes
            .map(|gap| self.gaps.gap_text(gap, words))
            .map(|text| comma(&text, words))
            .collect();
        let (head, rows) = self.table(words);
        pages.get_template(PAGE.0)?.render(context! {
            language,
            t => text_of(words),
            year,
            before => before.clone(),
            meter => self.year.meters.last().map(|meter| meter.id.clone()),
            until => format!("{} {}", label::day(end, words), end.format("%H:%M")),
            tiles => self.tiles(words),
            months => self.months_graph(words),
            gas => self.gas_graph(words),
            days => periods_graph(&self.days, words),
            hours => periods_graph(&self.hours, words),
            base => self.base_graph(words),
            head,
            rows,
            notes,
        })
    }

    fn year_span(&self) -> Span {
        self.year.calendar.at(self.year.end - 1)
    }

    fn before(&self) -> Option<String> {
        let has_other = self.year.rows.first().is_some_and(|row| row.other.is_some());
        let span = self.year.calendar.year_before(self.year_span());
        has_other.then(|| label::iso(&self.year.calendar, span))
    }

    fn tiles(&self, words: &Words) -> Vec<Tile> {
        let Some(row) = self.year.rows.last() else { return Vec::new() };
        let estimate = self.year.estimate.as_ref();
        let name = label::iso(&self.year.calendar, row.period.span);
        let registers = [(IMPORT, "in"), (EXPORT, "out"), (GAS, "gas"), (WATER, "water")];
        let tile = |(at, class): (usize, &'static str)| {
            let used = row.period.used[at].filter(|used| at != EXPORT || *used > 0)?;
            let (title, unit) = register_text(&self.year.registers[at], words);
            let then = row.other.as_ref().and_then(|other| other.used[at]);
            let mut notes: Vec<String> = then
                .map(|then| percent(used, then).replace('%', " %"))
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect();
            let whole = estimate.and_then(|estimate| estimate.used[at]);
            notes.extend(
                whole.map(|whole| format!("{} {name}: ≈ {}", words.whole, number(whole, 0, words))),
            );
            let title = if at == EXPORT { words.export.to_owned() } else { title };
            let title = capitalised(&title);
            Some(Tile {
                title,
                class,
                value: number(used, 0, words),
                unit,
                note: notes.join(" · "),
            })
        };
        let mut tiles: Vec<Tile> = registers.into_iter().filter_map(tile).collect();
        if let Some((power, time)) = row.period.peak {
            let local = self.year.calendar.local(time);
            tiles.push(Tile {
                title: words.highest_quarter.to_owned(),
                class: "peak",
                value: number(power, 1, words),
                unit: "kW",
                note: format!("{} {}", label::day(local, words), local.format("%H:%M")),
            });
        }
        tiles
    }

    /// The head of the table, and its rows.
    fn table(&self, words: &Words) -> (Vec<String>, Vec<Vec<String>>) {
        let shown: Vec<usize> = [IMPORT, EXPORT, GAS, WATER]
            .into_iter()
            .filter(|at| self.months.iter().any(|entry| entry.now[*at].is_some()))
            .collect();
        let mut head = vec![words.month.to_owned()];
        for at in &shown {
            let (text, unit) = register_text(&self.year.registers[*at], words);
            head.extend([format!("{text} {unit}"), words.last.to_owned(), "%".to_owned()]);
        }
        let mut rows = Vec::new();
        for entry in self.months.iter().filter(|entry| entry.now.iter().any(Option::is_some)) {
            let mut row = vec![entry.name.clone()];
            for at in &shown {
                let text =
                    |used: Option<i64>| used.map_or(String::new(), |used| number(used, 1, words));
                let difference =
                    entry.now[*at].zip(entry.part[*at]).map(|(now, then)| percent(now, then));
                row.extend([
                    text(entry.now[*at]),
                    text(entry.part[*at]),
                    difference.unwrap_or_default(),
                ]);
            }
            rows.push(row);
        }
        (head, rows)
    }
}

fn text_of(words: &Words) -> Value {
    context! {
        energy => words.energy,
        meter => "Meter",
        until => words.until,
        compared => words.compared_part,
        import => words.import,
        export => words.export,
        rest => words.rest_of,
        by_month => words.electricity_by_month,
        by_day => words.electricity_by_day,
        by_hour => words.electricity_by_hour,
        gas_by_month => words.gas_by_month,
        base => words.base_over_years,
        base_explained => words.base_explained,
        numbers => words.numbers,
        last_minutes => words.last_minutes,
        by_last_year => words.by_last_year,
    }
}
