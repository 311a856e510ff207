//! What is remembered for the page of one meter: the last minutes, the day so far, the last readings.
//!
//! Owns the table of the last telegrams. A row of it has ten seconds and is put into HTML once, when it is
//! complete, for a page has hundreds of numbers and is written every few seconds.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::graph::{Slot, Window};
use super::order::Order;
use super::today::Today;
use super::totals::Totals;
use super::zone::Zone;
use crate::message::Message;
use crate::reading::{Readings, Value};
use crate::telegram::Timestamp;

/// Seconds of one row.
const ROW_SECONDS: i64 = 10;

/// The table shows so many telegrams at least, if there are, as it did in 2021.
const TABLE_TELEGRAMS: usize = 120;

/// Readings and the day so far are renewed so often: they change slowly.
const FACTS_MICROS: i64 = 60_000_000;

/// Power in and out, W.
pub(super) type Watts = (i64, i64);

/// Ten seconds: their power where there was a telegram.
#[derive(Clone, Debug)]
struct Row {
    /// Seconds since 1970, divided by ten.
    number: i64,
    local: NaiveDateTime,
    seconds: [Option<Watts>; 10],
}

/// The last telegram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    /// When it came, by the clock of this host.
    pub arrived: Timestamp,
    /// Its own time.
    pub local: NaiveDateTime,
    pub watts: Watts,
}

/// What the page of one meter shows.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Complete rows of the table, newest first: how many telegrams they have, and their HTML.
    table: VecDeque<(usize, String)>,
    /// Number and mean power of complete rows, newest first, as far as the graph goes back.
    means: VecDeque<(i64, Watts)>,
    current: Option<Row>,
    pub last: Option<Last>,
    pub today: Option<Today>,
    /// The readings of a telegram, by name.
    pub readings: BTreeMap<&'static str, String>,
    /// When that telegram came.
    read: Option<Timestamp>,
    /// Readings and the day so far in HTML; `None` when they are newer.
    pub facts: Option<String>,
    /// What the last page that was written showed.
    pub shown: Option<Shown>,
}

/// Whether two pages would be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// Telegrams counted so far.
    pub telegrams: Option<(NaiveDateTime, Watts)>,
    /// How old the last telegram was, as precise as it is said.
    pub age: i64,
    /// Whether the recorder has ended.
    pub is_over: bool,
}

impl Page {
    /// Takes the power of a telegram of this whole second that is not late, and forgets what is older
    /// than `minutes`.
    pub fn add(&mut self, order: Order, second: i64, last: Last, totals: &Totals, minutes: u32) {
        if order == Order::Afresh {
            self.table.clear();
            self.means.clear();
            self.current = None;
        }
        let (number, place) = (second.div_euclid(ROW_SECONDS), second.rem_euclid(ROW_SECONDS));
        let complete = self.current.take_if(|row| row.number != number);
        if let Some(row) = complete {
            self.complete(&row, number - slots(minutes));
        }
        let row = self.current.get_or_insert_with(|| Row {
            number,
            local: last.local - TimeDelta::seconds(place),
            seconds: [None; 10],
        });
        if let Some(cell) = usize::try_from(place).ok().and_then(|at| row.seconds.get_mut(at)) {
            *cell = Some(last.watts);
        }
        self.last = Some(last);
        if let Some(today) = &mut self.today {
            today.add(last.local, totals);
        }
    }

    /// Takes a row that is complete, and forgets what is neither among the last telegrams nor newer than
    /// the row of number `oldest`.
    fn complete(&mut self, row: &Row, oldest: i64) {
        self.means.push_front((row.number, row.mean()));
        while self.means.back().is_some_and(|(number, _)| *number <= oldest) {
            self.means.pop_back();
        }
        self.table.push_front((row.telegrams(), row.html()));
        let mut telegrams: usize = self.table.iter().map(|(telegrams, _)| telegrams).sum();
        while let Some((oldest, _)) = self.table.back() {
            telegrams -= oldest;
            if telegrams < TABLE_TELEGRAMS {
                break;
            }
            self.table.pop_back();
        }
    }

    /// Takes what else a telegram says that came at this time. It takes longer, so it is not done for
    /// all of them.
    pub fn read(&mut self, message: &Message, arrived: Timestamp, zone: &impl Zone) {
        let is_due = |read: Timestamp| arrived.micros_since(read).abs() >= FACTS_MICROS;
        if !self.read.is_none_or(is_due) {
            return;
        }
        self.read = Some(arrived);
        self.facts = None;
        let readings = Readings::of(message);
        if let Some(today) = &mut self.today {
            today.add_gas(&readings);
        }
        let text = |value: &Value| match value {
            Value::Time(time) => zone.local(*time).format("%d-%m-%Y %H:%M").to_string(),
            Value::Number(_) | Value::Text(_) => value.to_string(),
        };
        self.readings.clear();
        let readings = readings.iter().map(|(reading, value)| (reading.name, text(value)));
        self.readings.extend(readings);
    }

    /// No telegram has come for a while, and this is the date: what was counted is not about today then.
    pub fn end_day(&mut self, date: NaiveDate) {
        if self.today.take_if(|today| today.date() != date).is_some() {
            self.facts = None;
        }
    }

    /// All rows, newest first.
    pub fn rows(&self) -> String {
        let mut rows = self.current.as_ref().map(Row::html).unwrap_or_default();
        rows.extend(self.table.iter().map(|(_, html)| html.as_str()));
        rows
    }

    /// The mean power of each row, newest first.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        let current = self.current.iter().map(|row| (row.number, row.mean()));
        let means = current.chain(self.means.iter().copied());
        means.map(|(number, (power_in, power_out))| Slot { number, power_in, power_out })
    }

    /// The last `minutes`, of which the last telegram is `age` seconds old; without one, up to `now`.
    pub fn window(&self, minutes: u32, age: i64, now: Timestamp) -> Window {
        let last = match &self.current {
            Some(row) => row.number.saturating_add(age / ROW_SECONDS),
            None => now.seconds().div_euclid(ROW_SECONDS),
        };
        Window { last, slots: slots(minutes), seconds: ROW_SECONDS }
    }
}

/// The number of rows of so many minutes.
fn slots(minutes: u32) -> i64 {
    i64::from(minutes) * 60 / ROW_SECONDS
}

impl Row {
    /// End tags that HTML lets out are left out: the page is rewritten all day.
    fn html(&self) -> String {
        let mut html = String::with_capacity(256);
        // Writing to memory does not fail.
        let _ = write!(html, "<tr><th>{}", self.local.format("%H:%M:%S"));
        for watts in self.seconds {
            let _ = match watts {
                Some((power_in, power_out)) => {
                    write!(html, "<td>{power_in}<td>{power_out}")
                }
                None => html.write_str("<td><td>"),
            };
        }
        html.push('\n');
        html.shrink_to_fit();
        html
    }

    fn telegrams(&self) -> usize {
        self.seconds.iter().flatten().count()
    }

    /// Mean power; a row has one telegram at least.
    fn mean(&self) -> Watts {
        let count = i64::try_from(self.telegrams()).unwrap_or(1).max(1);
        let sum = |power: fn(&Watts) -> i64| {
            self.seconds.iter().flatten().map(power).sum::<i64>() / count
        };
        (sum(|watts| watts.0), sum(|watts| watts.1))
    }
}
