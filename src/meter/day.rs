//! The day so far: how much of energy, gas, water and heat has been used since midnight, and the highest
//! power.
//!
//! Owns where counting begins. That is the newest reading that was taken at midnight or before, by the
//! device's **own** time: a gas meter that is read each hour tells at five past midnight what it showed at
//! midnight, and that is yesterday's gas. Each device is counted by itself, so that what the old meter and
//! its successor counted on the day of the swap is added up.
//!
//! All times are local.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::LATE_SECONDS;
use super::devices::{DEVICE_REGISTERS, DeviceRegister};
use super::hours::Hours;
use crate::reading::Readings;
use crate::telegram::{Decimal, Timestamp};

const IMPORT: &str = "energy_import_kwh";
const EXPORT: &str = "energy_export_kwh";

/// A reading that is older at midnight does not tell how the day began. The meter speaks each ten seconds
/// or more often; devices are read each hour or more often.
const METER_GAP: TimeDelta = TimeDelta::seconds(60);
const DEVICE_GAP: TimeDelta = TimeDelta::hours(1);

/// A day whose first reading is not later than this after midnight is whole.
const FIRST_READING: TimeDelta = TimeDelta::seconds(15);

/// A device whose time is further off than this has no sensible clock.
const SENSIBLE: TimeDelta = TimeDelta::days(1);

/// The most devices that are followed for one register: one, its successor, and some more.
const MAX_DEVICES: usize = 4;

/// The day so far, of one meter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Day {
    /// The time of the newest telegram.
    newest: NaiveDateTime,
    registers: Vec<Register>,
    hours: Hours,
    /// The highest power from and to the grid, W, and when that was.
    pub peaks: [Option<(i64, NaiveDateTime)>; 2],
}

/// A register of one device, in thousandths of its unit.
#[derive(Clone, Debug)]
struct Register {
    name: &'static str,
    device: Option<String>,
    /// When the reading was taken from which use is counted.
    since: NaiveDateTime,
    /// What was used until the register fell.
    before: i64,
    /// The reading from which use is counted since then.
    start: i64,
    /// The newest reading, and when it was taken.
    last: (i64, NaiveDateTime),
    /// The same time as the device told it.
    told: NaiveDateTime,
}

/// What has been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    /// In the unit of the reading, with three decimals.
    pub amount: Decimal,
    /// The time from which it is counted; `None`: from midnight.
    pub since: Option<NaiveDateTime>,
}

impl Day {
    /// The date; 1970-01-01 before the first telegram.
    pub fn date(&self) -> NaiveDate {
        self.newest.date()
    }

    /// Takes the time of a telegram, with which a new day may begin. False when the telegram is a late one:
    /// it does not count.
    pub fn begin(&mut self, now: NaiveDateTime) -> bool {
        if now < self.newest && self.newest - now <= TimeDelta::seconds(LATE_SECONDS) {
            return false;
        }
        let before = self.date();
        // What was not read in the day that is over belongs to a device that is gone.
        let gone = self.midnight() - DEVICE_GAP;
        self.newest = now;
        if now.date() == before {
            return true;
        }
        if now.date() < before {
            // The clock went back.
            self.registers.clear();
            self.hours = Hours::default();
        }
        self.hours.restart();
        self.registers.retain(|register| register.last.1 > gone);
        self.registers.iter_mut().for_each(Register::restart);
        self.peaks = [None; 2];
        true
    }

    /// Counts energy and power, Wh and W, each from and to the grid, of the meter that has this identifier.
    pub fn count(
        &mut self,
        meter: Option<&str>,
        energy: [Option<i64>; 2],
        power: [i64; 2],
        now: NaiveDateTime,
    ) {
        self.hours.take(energy, now);
        for (name, energy) in [IMPORT, EXPORT].into_iter().zip(energy) {
            if let Some(energy) = energy {
                self.take(name, meter, (energy, now), METER_GAP);
            }
        }
        for (peak, power) in self.peaks.iter_mut().zip(power) {
            if peak.is_none_or(|(highest, _)| power > highest) {
                *peak = Some((power, now));
            }
        }
    }

    /// Counts what the devices of a telegram of this time show.
    pub fn count_devices(
        &mut self,
        readings: &Readings,
        now: NaiveDateTime,
        local: impl Fn(Timestamp) -> NaiveDateTime,
    ) {
        for DeviceRegister { name, time, id } in &DEVICE_REGISTERS {
            let Some(value) = readings.number(name).and_then(|number| number.scaled(3)) else {
                continue;
            };
            let read = match readings.time(time) {
                Some(time) => local(time),
                None => readings.wall_clock(time).unwrap_or(now),
            };
            self.count_device(name, readings.text(id), (value, read));
        }
    }

    /// Counts what a device shows, in thousandths of its unit, and when it was read.
    pub fn count_device(
        &mut self,
        name: &'static str,
        device: Option<&str>,
        reading: (i64, NaiveDateTime),
    ) {
        self.take(name, device, reading, DEVICE_GAP);
    }

    /// How much has been used, by the name of the reading.
    pub fn used(&self, name: &str) -> Option<Used> {
        let registers = || self.registers.iter().filter(|register| register.name == name);
        let used = |register: &Register| register.before + register.last.0 - register.start;
        let since = registers().map(|register| register.since).min()?;
        Some(Used {
            amount: Decimal::new(registers().map(used).sum(), 3),
            since: Some(since).filter(|since| *since > self.midnight() + FIRST_READING),
        })
    }

    /// Energy from and to the grid of each hour so far, Wh; `None` where it is not known.
    pub fn hours(&self) -> &[[Option<i64>; 2]; 24] {
        self.hours.used()
    }

    fn midnight(&self) -> NaiveDateTime {
        self.date().and_time(NaiveTime::MIN)
    }

    /// Takes what a register showed at the time that its device tells.
    fn take(
        &mut self,
        name: &'static str,
        device: Option<&str>,
        (value, told): (i64, NaiveDateTime),
        gap: TimeDelta,
    ) {
        let (midnight, now) = (self.midnight(), self.newest);
        let is_same = |register: &Register| {
            let is_same = device.is_none_or(|device| register.device.as_deref() == Some(device));
            register.name == name && (is_same || register.device.is_none())
        };
        let is_sensible = (now - told).abs() <= SENSIBLE;
        let read = if is_sensible { told.min(now) } else { now };
        let Some(register) = self.registers.iter_mut().rfind(|register| is_same(register)) else {
            let device = device.map(str::to_owned);
            let (since, last) = (read, (value, read));
            self.add(Register { name, device, since, before: 0, start: value, last, told });
            return;
        };
        // Without a sensible clock a reading is as new as the change of its time.
        let is_stuck = !is_sensible && register.told == told;
        let read = if is_stuck { register.last.1 } else { read };
        let before = std::mem::replace(&mut register.last, (value, read));
        register.told = told;
        if read <= midnight || register.since < midnight - gap {
            register.restart();
        } else if value < before.0 {
            register.before += before.0 - register.start;
            register.start = value;
        }
    }

    fn add(&mut self, new: Register) {
        let of_name = |register: &Register| register.name == new.name;
        if self.registers.iter().filter(|register| of_name(register)).count() >= MAX_DEVICES {
            if let Some(oldest) = self.registers.iter().position(of_name) {
                self.registers.remove(oldest);
            }
        }
        self.registers.push(new);
    }
}

impl Register {
    /// Counts from the newest reading.
    fn restart(&mut self) {
        (self.before, self.start, self.since) = (0, self.last.0, self.last.1);
    }
}

#[cfg(test)]
mod tests;
