//! A picture of bars: where they stand, and the labels around them.

use minijinja::{Value, context};

use super::months::Entry;
use super::number::{number, short};
use crate::meter::Scale;
use crate::words::Words;

/// A bar is so wide; its slot is 100.
pub(super) const SLOT: i64 = 100;

/// A bar.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub class: &'static str,
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
    pub title: String,
}

/// A label at a place: thousandths from the left or from above.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub at: String,
    pub label: String,
    /// What follows the label where there is room.
    pub rest: String,
}

impl Mark {
    pub(super) fn new(thousandths: i64, label: String) -> Self {
        let at = format!("{}.{}", thousandths / 10, thousandths % 10);
        Self { at, label, rest: String::new() }
    }
}

/// A picture of bars.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub width: i64,
    pub zero: i64,
    pub lines: Vec<Mark>,
    pub places: Vec<i64>,
    pub bars: Vec<Bar>,
    pub times: Vec<Mark>,
}

impl Graph {
    pub(super) fn new(scale: &Scale, slots: usize, words: &Words) -> Self {
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
    pub(super) fn time(&self, slot: usize, (label, rest): (String, String)) -> Mark {
        let at = (slot_x(slot) + SLOT / 2) * 1000 / self.width.max(1);
        Mark { rest, ..Mark::new(at, label) }
    }

    pub(super) fn bar(
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
    pub(super) fn pair(
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

pub(super) fn slot_x(slot: usize) -> i64 {
    i64::try_from(slot).unwrap_or(0) * SLOT
}
