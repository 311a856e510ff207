//! The rows of the history file: every register each five minutes, and what the telegrams between showed.
//!
//! Owns when a row ends, what it counts and which time it has. The columns are those of [`crate::history`].
//! The recorder makes rows of telegrams as they come, and an import of those that were recorded before.

mod statistics;

use chrono::NaiveDateTime;

use self::statistics::Tallies;
use super::{COLUMNS, Content, PERIOD_SECONDS, local_text, plain, utc_text};
use crate::message::Message;
use crate::meter::{Clock, Order};
use crate::reading::{Readings, Registers, Value};
use crate::telegram::{Decimal, Digits, Timestamp};
use crate::zone::Zone;

/// A telegram that comes so many seconds after a multiple of five minutes, or as many as lay between the two
/// before it, ends its row at the multiple. More than the highest is too late for any meter.
const LATENESS: std::ops::RangeInclusive<i64> = 15..=60;

/// In a row with a telegram's own time, what changes slowly may be older than the telegram by so many seconds.
const SLOW_SECONDS: i64 = 60;

/// A row.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its local time, by which it has its file.
    pub local: NaiveDateTime,
    /// A field for each of [`COLUMNS`], and LF.
    pub text: Vec<u8>,
}

/// The row that is open, of one meter.
///
/// It ends with, and includes, the first telegram at or after a multiple of five minutes. The first telegram after
/// the start or after a gap makes a row of its own, and the last one before a gap ends one, so that registers are
/// known on both sides.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    clock: Clock,
    /// The identifier of the meter, as sent.
    id: Option<String>,
    /// Whether it counts energy. If so, a telegram without a register does not end a row.
    has_energy: bool,
    /// Seconds between the last two telegrams.
    interval: i64,
    telegrams: u32,
    tallies: Tallies,
    last: Option<Latest>,
}

/// The newest telegram that counted.
#[derive(Debug)]
struct Latest {
    time: Timestamp,
    registers: Registers,
    /// Fields of what changes slowly, by the place of their column, and when they were read.
    slow: Vec<(usize, String)>,
    read: i64,
}

impl Rows {
    /// Counts a telegram, and gives the rows that it ends: two where it is the first after a gap.
    pub fn add(&mut self, message: &Message, registers: &Registers, zone: &impl Zone) -> Vec<Row> {
        let id = message.raw_equipment_id();
        let is_other = id.is_some_and(|id| self.id.as_deref() != Some(id));
        let has_energy = registers.import.total.or(registers.export.total).is_some();
        if self.has_energy && !has_energy && !is_other {
            return Vec::new();
        }
        let time = message.meta.frame_start;
        let (second, order) = (time.seconds(), self.clock.order(time));
        if order == Order::Late {
            return Vec::new();
        }
        self.has_energy = has_energy;
        let previous = match order {
            Order::Next(previous) if !is_other => Some(previous),
            _ => None,
        };
        let multiple = second - second.rem_euclid(PERIOD_SECONDS);
        let multiples_passed = previous.map(|previous| {
            second.div_euclid(PERIOD_SECONDS) - previous.div_euclid(PERIOD_SECONDS)
        });
        let mut rows = Vec::new();
        let is_apart = !matches!(multiples_passed, Some(0 | 1));
        if is_apart {
            rows.extend(self.close(zone));
        }
        let latest = multiple + self.interval.clamp(*LATENESS.start(), *LATENESS.end());
        if is_other {
            self.id = id.map(str::to_owned);
        }
        self.interval = previous.map_or(0, |previous| second - previous);
        self.telegrams += 1;
        self.tallies.add(registers);
        let ends_row = multiples_passed != Some(0);
        self.keep(message, registers, ends_row, zone);
        if ends_row {
            let is_in_time = !is_apart && second <= latest;
            rows.extend(self.end(if is_in_time { multiple } else { second }, zone));
        }
        rows
    }

    /// Ends the open row, if there is one, with its last telegram and that one's own time.
    pub fn close(&mut self, zone: &impl Zone) -> Option<Row> {
        let last = self.last.as_ref().filter(|_| self.telegrams > 0)?;
        self.end(last.time.seconds(), zone)
    }

    /// Keeps what a telegram shows, for the row that it may end.
    fn keep(&mut self, message: &Message, registers: &Registers, ends_row: bool, zone: &impl Zone) {
        let time = message.meta.frame_start;
        let is_old = |read: i64| (time.seconds() - read).abs() >= SLOW_SECONDS;
        if let Some(last) = self.last.as_mut().filter(|last| !ends_row && !is_old(last.read)) {
            (last.time, last.registers) = (time, *registers);
        } else {
            let slow = slow_fields(message, zone);
            let read = time.seconds();
            self.last = Some(Latest { time, registers: *registers, slow, read });
        }
    }

    /// Ends the open row at this second. `None` when no register is known.
    fn end(&mut self, second: i64, zone: &impl Zone) -> Option<Row> {
        let telegrams = std::mem::take(&mut self.telegrams);
        let tallies = std::mem::take(&mut self.tallies);
        let last = self.last.as_ref()?;
        let time = Timestamp::from_seconds(second);
        let local = zone.local(time);
        let (mut text, mut has_register, mut digits) = (Vec::new(), false, Digits::default());
        let mut slow = last.slow.iter().peekable();
        for (place, column) in COLUMNS.iter().enumerate() {
            if place > 0 {
                text.push(b',');
            }
            let number = match column.content {
                Content::TimeUtc => {
                    text.extend_from_slice(utc_text(second).as_bytes());
                    continue;
                }
                Content::TimeLocal => {
                    text.extend_from_slice(local_text(local).as_bytes());
                    continue;
                }
                Content::Telegrams => Some(Decimal::from(i64::from(telegrams))),
                Content::Energy(of) => {
                    let register = of(&last.registers).and_then(kilo);
                    has_register |= register.is_some();
                    register
                }
                Content::Statistic(quantity, statistic, decimals) => {
                    tallies.result(quantity, statistic, decimals)
                }
                Content::Number(..) | Content::Moment(_) | Content::Text(_) => {
                    if let Some((_, field)) = slow.next_if(|(its, _)| *its == place) {
                        text.extend_from_slice(field.as_bytes());
                        has_register |= matches!(column.content, Content::Number(..));
                    }
                    continue;
                }
            };
            text.extend_from_slice(
                number.map_or(&[][..], |number| number.ascii_digits(&mut digits)),
            );
        }
        text.push(b'\n');
        has_register.then_some(Row { local, text })
    }
}

/// Wh as kWh with three decimals.
fn kilo(energy: Decimal) -> Option<Decimal> {
    Some(Decimal::new(energy.scaled(0)?, 3))
}

/// What changes slowly in a telegram: devices, counts and peaks, as fields by the places of their columns.
fn slow_fields(message: &Message, zone: &impl Zone) -> Vec<(usize, String)> {
    let readings = Readings::of(message);
    let moment = |name: &str| {
        if let Some(Value::Time(time)) = readings.get(name) {
            return Some(*time);
        }
        // Old meters do not say whether it is summer. What was read was read before the telegram.
        let moments = zone.moments(readings.wall_clock(name)?);
        let is_past = |time: &Timestamp| *time <= message.meta.frame_start;
        moments.into_iter().flatten().filter(is_past).max().or(moments[0])
    };
    let field = |content: &Content| match content {
        Content::Number(name, decimals) => {
            let number = readings.number(name)?.scaled(*decimals)?;
            Some(Decimal::new(number, *decimals).to_string())
        }
        Content::Moment(name) => Some(utc_text(moment(name)?.seconds())),
        Content::Text(name) => match readings.get(name)? {
            Value::Text(text) => Some(plain(text)),
            _ => None,
        },
        _ => None,
    };
    let fields = COLUMNS.iter().enumerate();
    fields.filter_map(|(place, column)| Some((place, field(&column.content)?))).collect()
}

#[cfg(test)]
mod tests;
