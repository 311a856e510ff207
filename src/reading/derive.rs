//! How each reading comes out of a message.
//!
//! Owns the rules; which reading follows which is in [`super::vocabulary`].

use std::borrow::Cow;
use std::cell::OnceCell;

use chrono::{DateTime, NaiveDateTime, TimeDelta};

use super::derived::Derived;
use super::device::{Devices, Family};
use super::objects::{Objects, in_unit};
use super::registers::Registers;
use super::{Reading, Value, texts};
use crate::message::{CLOCKS, Message, Value as Sent, is_of_luxembourg};
use crate::telegram::{Decimal, Obis, Timestamp, Unit};

/// Where a reading comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// The first line without its `/`.
    Model,
    /// The version in the first of these objects that has one.
    Version(&'static [Obis]),
    /// The equipment identifier.
    UniqueId,
    /// The telegram's own time.
    Timestamp,
    /// Host clock less the telegram's own time, in seconds.
    ClockDrift,
    /// The state in the first of these objects that has one.
    State(&'static [Obis], fn(&str) -> Option<Decimal>),
    /// The number of this object.
    Number(Obis),
    /// What [`Registers`] has of it, in the base unit.
    Registers(fn(&Registers) -> Option<Decimal>),
    /// What several telegrams tell together.
    Derived(fn(&Derived) -> Option<Decimal>),
    /// What the running quarter of an hour bears without a peak above the number of this object, in W.
    Room(Obis),
    /// The first less the second; where the second is not sent, the first.
    Difference(Obis, Obis),
    /// This power limit, which the meter sends without a unit.
    Threshold(Obis),
    /// This limit of the current.
    Fuse(Obis),
    /// This power factor.
    Factor(Obis),
    /// This count.
    Whole(Obis),
    /// The time of this object.
    Time(Obis),
    /// This text, decoded.
    Text(Obis),
    /// The newest reading of the M-Bus devices of this family.
    DeviceReading(&'static Family),
    /// When that reading was taken.
    DeviceTime(&'static Family),
    /// The identifier of the device that sent it.
    DeviceId(&'static Family),
}

/// The lowest power threshold, in W or VA, that cannot be one in amperes.
const LOWEST_THRESHOLD: i64 = 1000;

/// Meters without a limit send nines: 999.9 kW, or 999 A. No house has a connection for that.
const NO_POWER_LIMIT: i64 = 999_000;
const NO_CURRENT_LIMIT: i64 = 999;

/// The message that all readings are derived from.
pub(super) struct Context<'m> {
    message: &'m Message,
    objects: Objects<'m>,
    pub(super) registers: Registers,
    /// Worked out when the first reading of one is asked for.
    devices: OnceCell<Devices<'m>>,
    derived: Derived,
}

impl<'m> Context<'m> {
    pub(super) fn of(message: &'m Message, &derived: &Derived) -> Self {
        let objects = Objects::of(message);
        let registers = Registers::from_objects(&objects);
        Self { message, objects, registers, devices: OnceCell::new(), derived }
    }

    fn devices(&self) -> &Devices<'m> {
        self.devices.get_or_init(|| Devices::of(&self.objects))
    }

    /// The value of a reading; `None` when the message does not give it.
    pub(super) fn value(&self, reading: &Reading) -> Option<Value<'m>> {
        let objects = &self.objects;
        let number = |obis| objects.number(obis, reading.unit?);
        match reading.source {
            Source::Model => self.model().map(text),
            Source::Version(codes) => {
                let mut sent = codes.iter().flat_map(|&code| objects.texts(code));
                sent.find_map(texts::version).map(Value::Text)
            }
            Source::UniqueId => self.message.equipment_id().map(Value::Text),
            Source::Timestamp => clock(self.message).map(Value::Time),
            Source::ClockDrift => self.clock_drift().map(Value::Number),
            Source::State(codes, read) => self.state(codes, read).map(Value::Number),
            Source::Number(obis) => number(obis).map(Value::Number),
            Source::Registers(of) => {
                let (_, power) = reading.unit?.base();
                of(&self.registers)?.shifted(-power).map(Value::Number)
            }
            Source::Derived(of) => of(&self.derived).map(Value::Number),
            Source::Room(peak) => {
                let peak = objects.number(peak, Unit::Watt)?.whole();
                let room = self.derived.quarter_hour?.room(peak);
                Some(Value::Number(room.into()))
            }
            Source::Difference(plus, minus) => {
                self.difference(plus, minus, reading.unit?).map(Value::Number)
            }
            Source::Threshold(obis) => self.threshold(obis, reading.unit?).map(Value::Number),
            Source::Fuse(obis) => {
                number(obis).filter(|fuse| fuse.whole() < NO_CURRENT_LIMIT).map(Value::Number)
            }
            Source::Factor(obis) => self.factor(obis).map(Value::Number),
            Source::Whole(obis) => objects.whole(obis).map(Value::Number),
            Source::Time(obis) => objects.time(obis).map(Value::Time),
            Source::Text(obis) => objects.texts(obis).find_map(texts::message).map(Value::Text),
            Source::DeviceReading(family) => {
                let newest = self.devices().newest(objects, family, reading.unit?);
                newest.map(|(_, number)| Value::Number(number))
            }
            Source::DeviceTime(family) => {
                self.devices().source(objects, family)?.time.map(Value::Time)
            }
            Source::DeviceId(family) => {
                let device = self.devices().source(objects, family)?;
                device.identifier.and_then(texts::identifier).map(Value::Text)
            }
        }
    }

    /// The digits of the time of a device that does not tell whether it is summer or winter time.
    pub(super) fn wall_clock(&self, reading: &Reading) -> Option<NaiveDateTime> {
        let Source::DeviceTime(family) = reading.source else { return None };
        let in_winter = self.devices().source(&self.objects, family)?.approximate_time?;
        let utc = DateTime::from_timestamp(in_winter.seconds(), 0)?.naive_utc();
        Some(utc + TimeDelta::hours(1))
    }

    fn model(&self) -> Option<&'m str> {
        let header = self.message.get("header")?.text()?.trim();
        Some(header.strip_prefix('/').unwrap_or(header)).filter(|model| !model.is_empty())
    }

    /// Worked out here, since another program has a `clock-drift` of another meaning.
    fn clock_drift(&self) -> Option<Decimal> {
        let (meta, time) = (&self.message.meta, clock(self.message)?);
        if (meta.frame_start, meta.frame_end) == (time, time) {
            // A recording, whose time is that of the meter.
            return None;
        }
        let micros = meta.frame_start.micros_since(time);
        Some(Decimal::new(micros / 1000, 3))
    }

    /// The first of these objects that reads as a state.
    fn state(&self, codes: &[Obis], read: fn(&str) -> Option<Decimal>) -> Option<Decimal> {
        let mut values = codes.iter().flat_map(|&code| self.objects.values(code));
        values.find_map(|value| match value {
            Sent::Number(number) => Some(*number).filter(|number| number.decimals() == 0),
            Sent::Text(text) => read(text),
        })
    }

    fn difference(&self, plus: Obis, minus: Obis, unit: Unit) -> Option<Decimal> {
        let positive = self.objects.number(plus, unit)?;
        if self.objects.contains(minus) {
            positive.checked_sub(self.objects.number(minus, unit)?)
        } else {
            Some(positive)
        }
    }

    fn threshold(&self, obis: Obis, unit: Unit) -> Option<Decimal> {
        let limit = self.objects.values(obis).find_map(|value| match value {
            Sent::Number(number) => {
                let header = self.message.get("header").and_then(Sent::text).unwrap_or_default();
                let is_apparent = is_of_luxembourg(header.as_bytes());
                let sent = if is_apparent { Unit::VoltAmpere } else { Unit::Watt };
                (unit == sent && number.whole() >= LOWEST_THRESHOLD).then_some(*number)
            }
            Sent::Text(_) => in_unit(value, unit, unit),
        });
        limit.filter(|limit| limit.whole() < NO_POWER_LIMIT)
    }

    /// `0.987`, and of Lithuanian meters `0987`, in thousandths.
    fn factor(&self, obis: Obis) -> Option<Decimal> {
        let number = self.objects.plain(obis)?;
        let in_thousandths = number.decimals() == 0 && number.whole().unsigned_abs() > 1;
        if in_thousandths { number.shifted(-3) } else { Some(number) }
    }
}

/// The telegram's own time. Senders that give no `meter-time` still send the object.
pub(crate) fn clock(message: &Message) -> Option<Timestamp> {
    message.meta.meter_time.or_else(|| {
        let objects = Objects::of(message);
        CLOCKS.iter().find_map(|&clock| objects.time(clock))
    })
}

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}
