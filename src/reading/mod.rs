//! Named readings: what a telegram of any country says, in one vocabulary with the unit in the name.
//!
//! Owns the vocabulary ([`VOCABULARY`]: name, kind, unit, sensor and metric, in order) and how each
//! reading comes out of a [`Message`]. Every view and export builds on [`Readings`], or, where a few
//! numbers of each telegram are enough, on [`Registers`]; it formats nothing but JSON.
//!
//! ```
//! use p1_multicast::message::Message;
//! use p1_multicast::reading::Readings;
//!
//! let datagram = br#"{"meta":{"frame-start-time":1.0,"frame-number":1,"frame-end-time":1.1,
//!     "frame-time-duration":100},"telegram":{"1-0:1.8.1":4000010,"1-0:1.8.2":4884452,
//!     "1-0:1.7.0":0,"1-0:2.7.0":613}}"#;
//! let message = Message::parse(datagram).unwrap();
//! let readings = Readings::of(&message);
//! assert_eq!(readings.number("power_w").unwrap().to_string(), "-613");
//! assert_eq!(readings.get("energy_import_kwh").unwrap().to_string(), "8884.462");
//! assert_eq!(readings.get("gas_m3"), None);
//! ```
//!
//! What holds for all of them:
//!
//! - What cannot be told for certain is absent. A number without its unit is no reading, and what is
//!   no time is no time; neither is an error.
//! - Numbers are exact, in the unit of the name, whichever unit the meter sends.
//! - Times are moments. A time without `S` or `W` has no certain offset to UTC, so the reading is
//!   there and its `_timestamp` is not. Which zone the letters are of [`Message::zone`] tells.
//! - M-Bus devices are found by their type, not by channel. Of two of one type the newer reading
//!   counts: a sensible time wins over none, and of equal ones the lower channel.
//!
//! What the datagram no longer tells (the table in [`crate::message`]):
//!
//! - kW from kVA: a threshold that is a number is `power_threshold_va` for the meters of Luxembourg, and else
//!   `power_threshold_w`; other ones in kVA keep their unit. One below 1000 may be in amperes, as DSMR 3.0 has
//!   it: no reading.

mod derive;
mod derived;
mod device;
mod failure;
mod home_assistant;
mod json;
mod metric;
mod objects;
mod registers;
pub(crate) mod texts;
mod vocabulary;

use std::borrow::Cow;
use std::fmt;

use chrono::NaiveDateTime;

use crate::message::Message;
use crate::telegram::{Decimal, Timestamp, Unit};

pub(crate) use derive::clock;
pub(crate) use derived::QUARTER_SECONDS;
pub use derived::{Derived, QuarterHour};
pub use failure::{PowerFailure, power_failures};
pub use home_assistant::{MAX_STATE, Sensor};
pub use json::write_json;
pub use metric::{Metric, Series};
pub use registers::{Energy, Phase, Power, Registers};
pub use vocabulary::VOCABULARY;

/// A word of the vocabulary.
#[derive(Debug)]
pub struct Reading {
    /// Its name, such as `energy_import_t1_kwh`: lower-case ASCII, digits and `_`.
    pub name: &'static str,
    /// How its value behaves.
    pub kind: Kind,
    /// The unit of its value; `None` for texts, times, counts, states and ratios.
    pub unit: Option<Unit>,
    source: derive::Source,
    /// What a screen calls it.
    pub title: &'static str,
    class: home_assistant::Class,
    /// Its series in Prometheus; `None` for texts, and for what a query can make of others.
    pub series: Option<Series>,
}

impl Reading {
    /// Whether only several telegrams together tell it.
    #[must_use]
    pub fn is_derived(&self) -> bool {
        matches!(self.source, derive::Source::Derived(_) | derive::Source::Room(_))
    }
}

/// How the value of a reading behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number that only rises: a register or a count.
    Total,
    /// A number that rises all day, and begins again at midnight.
    Daily,
    /// A number that goes up and down.
    Measurement,
    /// A whole number that stands for a state, such as the running tariff.
    State,
    /// A moment.
    Time,
    /// A text.
    Text,
}

/// The value of a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'m> {
    /// A number, exact, in the unit of the reading.
    Number(Decimal),
    /// A moment.
    Time(Timestamp),
    /// A text, decoded where it was sent in hexadecimal.
    Text(Cow<'m, str>),
}

/// Digits as they are, a time as Unix seconds, a text as it is.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Time(time) => time.seconds().fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// The reading of this name, for a constant; a name that is none does not compile.
pub(crate) const fn named(name: &str) -> &'static Reading {
    let (mut at, name) = (0, name.as_bytes());
    loop {
        let (known, mut same) = (VOCABULARY[at].name.as_bytes(), 0);
        while same < known.len() && same < name.len() && known[same] == name[same] {
            same += 1;
        }
        if same == known.len() && same == name.len() {
            return &VOCABULARY[at];
        }
        at += 1;
    }
}

/// A few readings of one message, worked out as they are asked for: much cheaper than all [`Readings`].
pub(crate) struct Lookup<'m>(derive::Context<'m>);

impl<'m> Lookup<'m> {
    /// Reads a message.
    pub fn of(message: &'m Message) -> Self {
        Self(derive::Context::of(message, &Derived::default()))
    }

    /// Energy, power and phases.
    pub fn registers(&self) -> &Registers {
        &self.0.registers
    }

    /// The number of a reading, in its unit.
    pub fn number(&self, reading: &Reading) -> Option<Decimal> {
        match self.0.value(reading)? {
            Value::Number(number) => Some(number),
            Value::Time(_) | Value::Text(_) => None,
        }
    }
}

/// The readings of one message: those that are there, in the order of the vocabulary.
#[derive(Debug)]
pub struct Readings<'m> {
    all: Vec<(&'static Reading, Value<'m>)>,
    /// Device times that are no certain moments.
    wall_clock: Vec<(&'static str, NaiveDateTime)>,
}

impl<'m> Readings<'m> {
    /// Reads a message, without what only several telegrams tell. The time it takes grows with its length, and
    /// no faster.
    #[must_use]
    pub fn of(message: &'m Message) -> Self {
        Self::with(message, &Derived::default())
    }

    /// Reads a message; `derived` is what it tells together with those before it.
    #[must_use]
    pub fn with(message: &'m Message, derived: &Derived) -> Self {
        let context = derive::Context::of(message, derived);
        let mut all = Vec::with_capacity(VOCABULARY.len());
        let mut wall_clock = Vec::new();
        for reading in VOCABULARY {
            match context.value(reading) {
                Some(value) => all.push((reading, value)),
                None => {
                    wall_clock.extend(context.wall_clock(reading).map(|time| (reading.name, time)));
                }
            }
        }
        Self { all, wall_clock }
    }

    /// What the clock on the wall showed at the `_timestamp` of this name, where the meter sends its digits
    /// without the letter that would make it a certain moment.
    pub(crate) fn wall_clock(&self, name: &str) -> Option<NaiveDateTime> {
        self.wall_clock.iter().find_map(|(known, time)| (*known == name).then_some(*time))
    }

    /// The reading of this name; `None` when the telegram does not give it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'m>> {
        self.iter().find_map(|(reading, value)| (reading.name == name).then_some(value))
    }

    /// The number of this name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<Decimal> {
        match self.get(name)? {
            Value::Number(number) => Some(*number),
            Value::Time(_) | Value::Text(_) => None,
        }
    }

    /// The moment of this name.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        match self.get(name)? {
            Value::Time(time) => Some(*time),
            Value::Number(_) | Value::Text(_) => None,
        }
    }

    /// The text of this name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::Time(_) => None,
        }
    }

    /// Every reading that is there, in the order of the vocabulary.
    pub fn iter(&self) -> std::slice::Iter<'_, (&'static Reading, Value<'m>)> {
        self.all.iter()
    }
}

impl<'r, 'm> IntoIterator for &'r Readings<'m> {
    type Item = &'r (&'static Reading, Value<'m>);
    type IntoIter = std::slice::Iter<'r, (&'static Reading, Value<'m>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests;
