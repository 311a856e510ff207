//! What each picture of the page shows: months, gas, base load, days and hours.

use chrono::{Datelike as _, Timelike as _};
use minijinja::{Value, context};

use super::graph::{Bar, Graph, Mark, SLOT, slot_x};
use super::months::Entry;
use super::number::number;
use super::{EXPORT, GAS, IMPORT, Page};
use crate::history::calendar::{Span, Unit};
use crate::meter::Scale;
use crate::report::label;
use crate::report::query::{PeriodRow, Periods};
use crate::words::Words;
use crate::zone::Zone;

impl<Z: Zone + Clone> Page<Z> {
    pub(super) fn months_graph(&self, words: &Words) -> Graph {
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

    pub(super) fn gas_graph(&self, words: &Words) -> Option<Graph> {
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
    pub(super) fn base_graph(&self, words: &Words) -> Option<Value> {
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
}

/// Import above zero and export below, a bar each period; a period of which nothing is known is a dashed box.
pub(super) fn periods_graph<Z: Zone + Clone>(periods: &Periods<Z>, words: &Words) -> Graph {
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

/// A month's name in two parts: the second is left out on a telephone.
fn month_label(name: &str) -> (String, String) {
    let mut letters = name.chars();
    let first = letters.next().map_or(String::new(), String::from);
    (first, letters.collect())
}
