//! What is remembered for the page of one meter: the last minutes, the day so far, the last readings.
//!
//! Owns the table of the last telegrams. A row of it has ten seconds and is put into HTML once, when it is
//! complete, for a page has hundreds of numbers and is written every few seconds.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::zone::Zone;
use crate::message::Message;
use crate::meter::{Clock, Order};
use crate::meter::{Day, Power, PowerHistory, QuarterHours, Span};
use crate::reading::{Readings, Registers, Value};
use crate::telegram::{Decimal, Timestamp};

/// Seconds of one row.
pub(super) const ROW_SECONDS: i64 = 10;

/// The table shows so many telegrams at least, if there are, as it did in 2021.
const TABLE_TELEGRAMS: usize = 120;

/// Readings change slowly: they are taken from a telegram each minute.
const READING_MICROS: i64 = 60_000_000;

/// Ten seconds: their power where there was a telegram.
#[derive(Clone, Debug)]
struct Row {
    /// Seconds since 1970, divided by ten.
    number: i64,
    local: NaiveDateTime,
    seconds: [Option<Power>; 10],
}

/// The last telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last {
    /// When it came, by the clock of this host.
    pub arrived: Timestamp,
    /// Its own time.
    pub time: Timestamp,
    /// The same, as the clock on the wall showed it.
    pub local: NaiveDateTime,
    /// `None` where the meter tells no power.
    pub power: Option<Power>,
}

/// What the page of one meter shows.
#[derive(Debug, Default)]
pub(super) struct Page {
    clock: Clock,
    /// Complete rows of the table, newest first: how many telegrams they have, and their HTML.
    table: VecDeque<(usize, String)>,
    current: Option<Row>,
    /// The power as far back as the graph goes, a slot for each row of the table, and that distance.
    power: Option<(PowerHistory, Span)>,
    pub last: Option<Last>,
    pub day: Option<Day>,
    pub quarter_hours: QuarterHours,
    /// The peak of the month, W, where the meter tells it.
    pub month_peak: Option<i64>,
    /// Whether that day is over, and no telegram has come since.
    pub is_past: bool,
    /// The readings of a telegram, by name.
    pub readings: BTreeMap<&'static str, String>,
    /// When that telegram came.
    read: Option<Timestamp>,
    /// Readings and the day so far in HTML; `None` when they have changed.
    pub readings_html: Option<String>,
    /// What the last page that was written showed.
    pub written: Option<Contents>,
}

/// What tells one page from another: if these are equal, so are the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contents {
    pub last: Option<Last>,
    /// How old the last telegram was, as precise as it is shown, in seconds.
    pub age: i64,
    /// Whether the recorder has stopped.
    pub is_final: bool,
}

impl Page {
    /// Takes a telegram that looks back `minutes`, unless it is a late one.
    pub fn add(&mut self, message: &Message, registers: &Registers, last: Last, minutes: u32) {
        let order = self.clock.order(last.time);
        match order {
            Order::Late => return,
            Order::Reset => {
                self.table.clear();
                self.current = None;
            }
            Order::Next(_) => {}
        }
        self.last = Some(last);
        if std::mem::take(&mut self.is_past) {
            self.readings_html = None;
        }
        if let Some(power) = last.power {
            self.add_power(last.time.seconds(), last.local, power);
            self.history(minutes).add(last.time.seconds(), power);
        }
        if let Some(time) = message.meta.meter_time {
            self.quarter_hours.take(time.seconds(), registers);
        }
        if let Some(day) = self.day.as_mut() {
            if day.begin(last.local) {
                let (energy, power) = (registers.energy(), last.power.unwrap_or_default());
                let power = [power.import, power.export];
                day.count(message.equipment_id().as_deref(), energy, power, last.local);
            }
        }
    }

    fn add_power(&mut self, second: i64, local: NaiveDateTime, power: Power) {
        let (number, place) = (second.div_euclid(ROW_SECONDS), second.rem_euclid(ROW_SECONDS));
        if let Some(row) = self.current.take_if(|row| row.number != number) {
            self.complete(&row);
        }
        let row = self.current.get_or_insert_with(|| Row {
            number,
            local: local - TimeDelta::seconds(place),
            seconds: [None; 10],
        });
        if let Some(cell) = usize::try_from(place).ok().and_then(|at| row.seconds.get_mut(at)) {
            *cell = Some(power);
        }
    }

    /// Takes a row that is complete, and forgets those that are not among the last telegrams.
    fn complete(&mut self, row: &Row) {
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

    /// The history, which begins again when the configuration gives it another length.
    fn history(&mut self, minutes: u32) -> &mut PowerHistory {
        let span = Span { slot: ROW_SECONDS, slots: i64::from(minutes) * 60 / ROW_SECONDS };
        self.power.take_if(|(_, known)| *known != span);
        &mut self.power.get_or_insert_with(|| (PowerHistory::new(&[span]), span)).0
    }

    /// Takes what else this telegram says. It takes longer, so it is not done for all of them.
    pub fn read(&mut self, message: &Message, last: Last, zone: &impl Zone) {
        let is_due = |read: Timestamp| last.arrived.micros_since(read).abs() >= READING_MICROS;
        if self.last != Some(last) || !self.read.is_none_or(is_due) {
            return;
        }
        self.read = Some(last.arrived);
        self.readings_html = None;
        let readings = Readings::of(message);
        if let Some(day) = &mut self.day {
            day.count_devices(&readings, last.local, |time| zone.local(time));
        }
        let text = |value: &Value| match value {
            Value::Time(time) => zone.local(*time).format("%d-%m-%Y %H:%M").to_string(),
            Value::Number(_) | Value::Text(_) => value.to_string(),
        };
        self.month_peak = readings.number("monthly_power_peak_w").map(Decimal::whole);
        self.readings.clear();
        let readings = readings.iter().map(|(reading, value)| (reading.name, text(value)));
        self.readings.extend(readings);
    }

    /// No telegram has come for a while, and this is the date: what was counted is not about today then.
    pub fn end_day(&mut self, date: NaiveDate) {
        if !self.is_past && self.day.as_ref().is_some_and(|day| day.date() != date) {
            self.is_past = true;
            self.readings_html = None;
        }
    }

    /// Whether the meter sends its power, so that there can be a graph.
    pub fn has_power(&self) -> bool {
        self.current.is_some()
    }

    /// The rows of the table, newest first.
    pub fn rows(&self) -> String {
        let mut rows = self.current.as_ref().map(Row::html).unwrap_or_default();
        rows.extend(self.table.iter().map(|(_, html)| html.as_str()));
        rows
    }

    /// The mean power in each of `points` parts of so many seconds, the last one at `end`, the oldest
    /// first.
    pub fn series(&self, seconds: i64, end: i64, points: usize) -> Vec<Option<Power>> {
        match &self.power {
            Some((power, _)) => power.series(0, seconds * 1000, end, points),
            None => Vec::new(),
        }
    }
}

impl Row {
    /// End tags that HTML lets out are left out: the page is rewritten all day.
    fn html(&self) -> String {
        let mut html = String::with_capacity(256);
        // Writing to memory does not fail.
        let _ = write!(html, "<tr><th>{}", self.local.format("%H:%M:%S"));
        for power in self.seconds {
            let Some(Power { import, export }) = power else {
                html.push_str("<td><td>");
                continue;
            };
            let _ = match import {
                0 => html.write_str("<td><s>0</s>"),
                _ => write!(html, "<td>{import}"),
            };
            let _ = match export {
                0 => html.write_str("<td><s>0</s>"),
                _ => write!(html, "<td>−{export}"),
            };
        }
        html.push('\n');
        html.shrink_to_fit();
        html
    }

    fn telegrams(&self) -> usize {
        self.seconds.iter().flatten().count()
    }
}
