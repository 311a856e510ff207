//! The report as a page: tiles, and pictures of the year, the month, the day, and of the base load over all years.
//!
//! Owns the numbers of the pictures, as places in a graph; `report.html` owns how they look. The page is whole in
//! itself, without a script. A bar tells its number when the pointer is on it, and all of them are in a table.

use chrono::{Datelike as _, Timelike as _};
use minijinja::{Environment, Value, context};

use super::label;
use super::options::{Compare, Options};
use super::periods::register_text;
use super::query::{PeriodRow, Periods, QueryError, Source};
use super::range::When;
use super::table::{decimal, percent};
use super::words::Words;
use crate::history::calendar::{Span, Unit};
use crate::meter::Scale;
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

/// A bar is so wide; its slot is 100.
const SLOT: i64 = 100;

/// A bar.
#[derive(Clone, Debug)]
struct Bar {
    class: &'static str,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    title: String,
}

/// A label at a place: thousandths from the left or from above.
#[derive(Clone, Debug)]
struct Mark {
    at: String,
    label: String,
    /// What follows the label where there is room.
    rest: String,
}

impl Mark {
    fn new(thousandths: i64, label: String) -> Self {
        let at = format!("{}.{}", thousandths / 10, thousandths % 10);
        Self { at, label, rest: String::new() }
    }
}

/// A picture of bars.
#[derive(Clone, Debug)]
struct Graph {
    width: i64,
    zero: i64,
    lines: Vec<Mark>,
    places: Vec<i64>,
    bars: Vec<Bar>,
    times: Vec<Mark>,
}

/// A number of the top of the page.
#[derive(Clone, Debug)]
struct Tile {
    title: String,
    class: &'static str,
    value: String,
    unit: &'static str,
    note: String,
}

impl From<Bar> for Value {
    fn from(Bar { class, x, y, width, height, title }: Bar) -> Self {
        context! { class, x, y, width, height, title }
    }
}

impl From<Mark> for Value {
    fn from(Mark { at, label, rest }: Mark) -> Self {
        context! { at, label, rest }
    }
}

impl From<Graph> for Value {
    fn from(Graph { width, zero, lines, places, bars, times }: Graph) -> Self {
        context! { width, zero, lines, places, bars, times }
    }
}

impl From<Tile> for Value {
    fn from(Tile { title, class, value, unit, note }: Tile) -> Self {
        context! { title, class, value, unit, note }
    }
}

/// What a period has in a picture.
#[derive(Clone, Debug, Default)]
struct Entry {
    label: String,
    name: String,
    now: Vec<Option<i64>>,
    /// The same part of last year, and all of that period.
    part: Vec<Option<i64>>,
    whole: Vec<Option<i64>>,
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
        let mut pages = Environment::new();
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

    fn months_graph(&self, words: &Words) -> Graph {
        let of = |entries: &[Entry], at: usize| -> i64 {
            let highest = |entry: &Entry| entry.now[at].max(entry.whole[at]);
            entries.iter().filter_map(highest).max().unwrap_or(0)
        };
        let scale = Scale::of(of(&self.months, IMPORT), of(&self.months, EXPORT));
        let mut graph = Graph::new(&scale, self.months.len(), words);
        for (slot, entry) in self.months.iter().enumerate() {
            graph.times.push(graph.time(slot, month_label(&entry.label)));
            graph.pair(&scale, slot, entry, (IMPORT, "in", 1), words);
            graph.pair(&scale, slot, entry, (EXPORT, "out", -1), words);
        }
        graph
    }

    fn gas_graph(&self, words: &Words) -> Option<Graph> {
        let highest =
            self.months.iter().filter_map(|entry| entry.now[GAS].max(entry.whole[GAS])).max()?;
        let scale = Scale::of(highest, 0);
        let mut graph = Graph::new(&scale, self.months.len(), words);
        for (slot, entry) in self.months.iter().enumerate() {
            graph.times.push(graph.time(slot, month_label(&entry.label)));
            graph.pair(&scale, slot, entry, (GAS, "gas", 1), words);
        }
        Some(graph)
    }

    /// The line of the base load, a point each month; its labels are those of the years.
    fn base_graph(&self, words: &Words) -> Option<Value> {
        let rows = &self.all.rows;
        let bases: Vec<Option<i64>> =
            rows.iter().map(|row| row.base.map(|(always_on, _)| always_on)).collect();
        let highest = bases.iter().flatten().max()?;
        let scale = Scale::of(*highest, 0);
        let mut path = String::new();
        let mut is_drawn = false;
        for (at, base) in bases.iter().enumerate() {
            if let Some(base) = base {
                let command = if is_drawn { 'L' } else { 'M' };
                path += &[
                    command.to_string(),
                    (at * 100 + 50).to_string(),
                    " ".to_owned(),
                    scale.place(*base).to_string(),
                ]
                .concat();
            }
            is_drawn = base.is_some();
        }
        let width = i64::try_from(rows.len()).unwrap_or(1) * SLOT;
        let mut times = Vec::new();
        let years = rows.len() / 12;
        for (at, row) in rows.iter().enumerate() {
            let is_marked = row.period.span.local.month() == 1
                && (years < 6 || row.period.span.local.year() % 2 == 1);
            if is_marked || rows.len() < 13 && at % 3 == 0 {
                let place = i64::try_from(at).unwrap_or(0) * SLOT * 1000 / width;
                let label = if rows.len() < 13 {
                    label::period(&self.all.calendar, row.period.span, words)
                } else {
                    row.period.span.local.year().to_string()
                };
                times.push(Mark::new(place, label));
            }
        }
        let lines: Vec<Mark> =
            scale.lines().map(|(at, watts)| Mark::new(at, watts.to_string())).collect();
        let places: Vec<i64> = scale.lines().map(|(at, _)| at).collect();
        Some(context! { path, width, times, lines, places })
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

/// The same options for the periods of this time.
fn of_span<Z: Zone + Clone>(
    source: &Source<Z>,
    options: &Options,
    span: Span,
    base: &Options,
) -> Options {
    let days = source.calendar(Unit::Day, options);
    let date = |second| days.local(second).date();
    let when = When::Dates(date(span.start), date(span.end));
    Options { from: Some(when), to: Some(when), count: None, ..base.clone() }
}

/// The months of a year, those that are to come as well, beside those of the year before.
fn months<Z: Zone + Clone>(
    source: &mut Source<Z>,
    options: &Options,
    year: Span,
    now: &Periods<Z>,
    words: &Words,
) -> Result<Vec<Entry>, QueryError> {
    let years = source.calendar(Unit::Year, options);
    let plain = Options { compare: None, json: false, ..options.clone() };
    let last = of_span(source, options, years.year_before(year), &plain);
    let last = match source.periods(Unit::Month, 0, &last) {
        Ok(periods) => periods.rows,
        Err(QueryError::NeverRecorded(..)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let calendar = source.calendar(Unit::Month, options);
    let first = source.first;
    let mut entries = Vec::new();
    let mut span = calendar.at(year.start);
    while span.start < year.end {
        let row = now.rows.iter().find(|row| row.period.span == span);
        let none = || vec![None; now.registers.len()];
        let before = calendar.year_before(span);
        let whole =
            last.iter().find(|row| row.period.span == before && before.start >= first - 86_400);
        entries.push(Entry {
            label: label::month(span.local, words).to_owned(),
            name: label::period(&calendar, span, words),
            now: row.map_or_else(none, |row| row.period.used.clone()),
            part: row
                .and_then(|row| row.other.as_ref())
                .map_or_else(none, |other| other.used.clone()),
            whole: whole.map_or_else(none, |row| row.period.used.clone()),
        });
        span = calendar.away(span, 1);
    }
    Ok(entries)
}

/// Import above zero and export below, a bar each period; a period of which nothing is known is a dashed box.
fn periods_graph<Z: Zone + Clone>(periods: &Periods<Z>, words: &Words) -> Graph {
    let highest =
        |at: usize| periods.rows.iter().filter_map(|row| row.period.used[at]).max().unwrap_or(0);
    let scale = Scale::of(highest(IMPORT), highest(EXPORT));
    let spans = all_spans(periods);
    let mut graph = Graph::new(&scale, spans.len(), words);
    let every = if periods.calendar.unit == Unit::Hour { 6 } else { 5 };
    for (slot, (span, row)) in spans.iter().enumerate() {
        let name = label::period(&periods.calendar, *span, words);
        let text = match periods.calendar.unit {
            Unit::Hour => {
                let pass = name
                    .chars()
                    .last()
                    .filter(char::is_ascii_alphabetic)
                    .map_or(String::new(), String::from);
                let hour = span.local.hour();
                (hour % every == 0 || !pass.is_empty()).then(|| format!("{hour}{pass}"))
            }
            _ => (span.local.day() % every == 0 || span.local.day() == 1)
                .then(|| span.local.day().to_string()),
        };
        if let Some(text) = text {
            let mark = graph.time(slot, (text, String::new()));
            graph.times.push(mark);
        }
        let Some(row) = row.filter(|row| row.period.used[IMPORT].is_some()) else {
            let (zero, x) = (scale.place(0), slot_x(slot));
            graph.bars.push(Bar {
                class: "gap",
                x: x + 10,
                y: 0,
                width: 80,
                height: zero,
                title: format!("{name}: {}", words.no_rows),
            });
            continue;
        };
        for (at, class, sign, word) in
            [(IMPORT, "in", 1, words.import), (EXPORT, "out", -1, words.export)]
        {
            let Some(used) = row.period.used[at] else { continue };
            let title = format!("{name}: {word} {} kWh", number(used, 2, words));
            graph.bar(&scale, class, (slot_x(slot) + 10, 80), used * sign, title);
        }
    }
    graph
}

/// Every period of the time, also those of which nothing is known.
fn all_spans<Z: Zone + Clone>(periods: &Periods<Z>) -> Vec<(Span, Option<&PeriodRow>)> {
    let Some(mut span) = periods.rows.first().map(|row| row.period.span) else { return Vec::new() };
    let mut spans = Vec::new();
    while span.start < periods.end {
        spans.push((span, periods.rows.iter().find(|row| row.period.span == span)));
        span = periods.calendar.away(span, 1);
    }
    spans
}

impl Graph {
    fn new(scale: &Scale, slots: usize, words: &Words) -> Self {
        let line = |(at, number): (i64, i64)| Mark::new(at, short(number.abs(), words));
        Self {
            width: slot_x(slots),
            zero: scale.place(0),
            lines: scale.lines().map(line).collect(),
            places: scale.lines().map(|(at, _)| at).collect(),
            bars: Vec::new(),
            times: Vec::new(),
        }
    }

    /// A label below a slot.
    fn time(&self, slot: usize, (label, rest): (String, String)) -> Mark {
        let at = (slot_x(slot) + SLOT / 2) * 1000 / self.width.max(1);
        Mark { rest, ..Mark::new(at, label) }
    }

    fn bar(
        &mut self,
        scale: &Scale,
        class: &'static str,
        (x, width): (i64, i64),
        number: i64,
        title: String,
    ) {
        let (zero, end) = (scale.place(0), scale.place(number));
        if zero != end {
            let (y, height) = (zero.min(end), (zero - end).abs());
            self.bars.push(Bar { class, x, y, width, height, title });
        }
    }

    /// This year beside the last one: what was used until the same time is pale, the rest of that month an outline.
    fn pair(
        &mut self,
        scale: &Scale,
        slot: usize,
        entry: &Entry,
        (at, class, sign): (usize, &'static str, i64),
        words: &Words,
    ) {
        let x = slot_x(slot);
        let (pale, rest) = match class {
            "in" => ("in2", "in3"),
            "out" => ("out2", "out3"),
            _ => ("gas2", "gas3"),
        };
        let (word, unit) = match class {
            "in" => (words.import, "kWh"),
            "out" => (words.export, "kWh"),
            _ => (words.gas, "m³"),
        };
        let title =
            |name: &str, used: i64| format!("{name}: {word} {} {unit}", number(used, 1, words));
        let last = format!("{} {}", entry.label, words.last);
        if let Some(whole) = entry.whole[at] {
            let part = entry.part[at].unwrap_or(0).min(whole);
            self.bar(scale, rest, (x + 10, 38), whole * sign, title(&last, whole));
            self.bar(scale, pale, (x + 10, 38), part * sign, title(&last, part));
        }
        if let Some(now) = entry.now[at] {
            self.bar(scale, class, (x + 50, 38), now * sign, title(&entry.name, now));
        }
    }
}

fn slot_x(slot: usize) -> i64 {
    i64::try_from(slot).unwrap_or(0) * SLOT
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A month's name in two parts: the second is left out on a telephone.
fn month_label(name: &str) -> (String, String) {
    let mut letters = name.chars();
    let first = letters.next().map_or(String::new(), String::from);
    (first, letters.collect())
}

/// A number with the decimal sign of the language, and thin blanks between thousands.
fn number(thousandths: i64, decimals: u32, words: &Words) -> String {
    let text = decimal(thousandths, decimals);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = whole.trim_start_matches('-');
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    let sign = if whole.starts_with('-') { "−" } else { "" };
    let point = if part.is_empty() { "" } else { words.point };
    format!("{sign}{grouped}{point}{part}")
}

/// A number of an axis, with as many decimals as it needs.
fn short(thousandths: i64, words: &Words) -> String {
    let decimals = if thousandths % 1000 == 0 {
        0
    } else if thousandths % 100 == 0 {
        1
    } else {
        2
    };
    number(thousandths, decimals, words)
}

/// A sentence with the decimal sign of the language.
fn comma(text: &str, words: &Words) -> String {
    let bytes = text.as_bytes();
    let is_decimal = |at: usize| {
        let is_digit =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        is_digit(at.checked_sub(1)) && is_digit(Some(at + 1))
    };
    text.char_indices()
        .map(|(at, letter)| {
            if letter == '.' && is_decimal(at) {
                words.point.to_owned()
            } else {
                letter.to_string()
            }
        })
        .collect()
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
