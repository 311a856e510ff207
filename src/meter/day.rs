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

use super::hours::Hours;
use crate::reading::{Readings, Value};
use crate::telegram::{Decimal, Timestamp};

/// Device registers that are followed, each with the readings that tell when it was read, and of which
/// device.
pub(crate) const DEVICES: [[&str; 3]; 10] = [
    ["gas_m3", "gas_timestamp", "gas_unique_id"],
    ["water_m3", "water_timestamp", "water_unique_id"],
    ["warm_water_m3", "warm_water_timestamp", "warm_water_unique_id"],
    ["heat_gj", "heat_timestamp", "heat_unique_id"],
    ["heat_m3", "heat_timestamp", "heat_unique_id"],
    ["inlet_heat_gj", "inlet_heat_timestamp", "inlet_heat_unique_id"],
    ["inlet_heat_m3", "inlet_heat_timestamp", "inlet_heat_unique_id"],
    ["cooling_gj", "cooling_timestamp", "cooling_unique_id"],
    ["cooling_m3", "cooling_timestamp", "cooling_unique_id"],
    ["submeter_energy_kwh", "submeter_energy_timestamp", "submeter_energy_unique_id"],
];

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

/// A telegram that is older than the newest by this or less was delayed on the way.
const LATE: TimeDelta = TimeDelta::seconds(60);

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
        if now < self.newest && self.newest - now <= LATE {
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
        for [name, time, device] in DEVICES {
            let Some(value) = readings.number(name).and_then(|number| number.scaled(3)) else {
                continue;
            };
            let device = match readings.get(device) {
                Some(Value::Text(id)) => Some(&**id),
                _ => None,
            };
            let read = match readings.get(time) {
                Some(Value::Time(time)) => local(*time),
                _ => readings.wall_clock(time).unwrap_or(now),
            };
            self.count_device(name, device, (value, read));
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
mod tests {
    use super::*;
    use crate::message::tests::message;

    /// Central European time in winter.
    fn winter(time: Timestamp) -> NaiveDateTime {
        let utc = chrono::DateTime::from_timestamp(time.seconds(), 0).unwrap().naive_utc();
        utc + TimeDelta::hours(1)
    }

    /// 2026-11-23, a time of the day before.
    fn at(time: &str) -> NaiveDateTime {
        let (date, time) = time.split_once(' ').unwrap_or(("23", time));
        let text = format!("2026-11-{date} {time}");
        NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    /// The day after telegrams of a time, the meter and its register.
    fn energy(telegrams: &[(&str, &str, i64)]) -> Day {
        let mut day = Day::default();
        for &(time, meter, import) in telegrams {
            if day.begin(at(time)) {
                day.count(Some(meter), [Some(import), None], [0; 2], at(time));
            }
        }
        day
    }

    /// The day after telegrams of a time, with a device, the time of its reading, and the reading.
    fn gas(telegrams: &[(&str, &str, &str, &str)]) -> Day {
        let mut day = Day::default();
        for (time, id, read, gas) in telegrams {
            let objects = [
                ("0-1:24.1.0", "'003"),
                ("0-1:96.1.0", *id),
                ("0-1:24.2.1.A", *read),
                ("0-1:24.2.1.B", *gas),
            ];
            if day.begin(at(time)) {
                day.count_devices(&Readings::of(&message(0, &objects)), at(time), winter);
            }
        }
        day
    }

    /// The amount, and since when if it is not the whole day.
    fn used(day: &Day, name: &str) -> (String, Option<NaiveDateTime>) {
        let used = day.used(name).unwrap();
        (used.amount.to_string(), used.since)
    }

    #[test]
    fn the_first_day_counts_from_the_first_telegram_and_says_so() {
        let day = energy(&[("09:30:00", "E", 1500), ("09:30:05", "E", 1751)]);
        assert_eq!(used(&day, IMPORT), ("0.251".into(), Some(at("09:30:00"))));
        assert_eq!((day.used(EXPORT), day.used("gas_m3")), (None, None));
        let day = energy(&[("00:00:10", "E", 1), ("00:00:20", "E", 2)]);
        assert_eq!(used(&day, IMPORT), ("0.001".into(), None), "a meter of ten seconds");
    }

    #[test]
    fn a_day_counts_from_the_newest_reading_that_is_not_after_midnight() {
        let evening = [("22 12:00:00", "E", 1), ("22 23:59:58", "E", 1000)];
        let on_time = [("00:00:00", "E", 1003), ("00:00:01", "E", 1004)];
        assert_eq!(used(&energy(&[evening, on_time].concat()), IMPORT), ("0.001".into(), None));
        let later = [("00:00:08", "E", 1003), ("00:00:18", "E", 1004)];
        assert_eq!(used(&energy(&[evening, later].concat()), IMPORT), ("0.004".into(), None));
    }

    #[test]
    fn a_day_whose_beginning_was_missed_says_since_when() {
        let day =
            energy(&[("22 20:00:00", "E", 1000), ("01:00:00", "E", 9000), ("02:00:00", "E", 9500)]);
        assert_eq!(used(&day, IMPORT), ("0.500".into(), Some(at("01:00:00"))));
    }

    #[test]
    fn what_two_meters_counted_on_the_day_of_the_swap_is_added_up() {
        let swap = [
            ("00:00:00", "OLD", 10_000_000),
            ("12:00:00", "OLD", 10_008_000),
            ("12:01:40", "NEW", 70_000_000),
            ("12:03:20", "NEW", 70_000_500),
        ];
        assert_eq!(used(&energy(&swap), IMPORT), ("8.500".into(), None));
        // Without an identifier, the falling register shows that the meter was replaced.
        let fall = [
            ("00:00:00", "E", 9000),
            ("01:00:00", "E", 9700),
            ("02:00:00", "E", 3),
            ("03:00:00", "E", 10),
        ];
        assert_eq!(used(&energy(&fall), IMPORT), ("0.707".into(), None));
        let next_day =
            [&swap[..], &[("24 00:00:00", "NEW", 70_000_600), ("24 00:01:00", "NEW", 70_000_610)]];
        assert_eq!(used(&energy(&next_day.concat()), IMPORT), ("0.010".into(), None));
    }

    #[test]
    fn gas_that_is_read_each_hour_is_counted_from_its_reading_of_midnight() {
        let day = gas(&[
            ("22 23:58:20", "'G", "'261122230000W", "5500"),
            ("00:00:00", "'G", "'261122230000W", "5500"),
            ("00:05:00", "'G", "'261123000000W", "6000"),
        ]);
        assert_eq!(used(&day, "gas_m3"), ("0.000".into(), None));
        // Who comes later learns from the time of the reading that it is that of midnight.
        let day = gas(&[
            ("00:30:00", "'G", "'261123000000W", "6000"),
            ("01:05:00", "'G", "'261123010000W", "6250"),
        ]);
        assert_eq!(used(&day, "gas_m3"), ("0.250".into(), None));
        let day = gas(&[
            ("09:30:00", "'G", "'261123090000W", "6000"),
            ("10:05:00", "'G", "'261123100000W", "6250"),
        ]);
        assert_eq!(used(&day, "gas_m3"), ("0.250".into(), Some(at("09:00:00"))));
    }

    #[test]
    fn a_gas_reading_whose_time_has_no_letter_counts_by_its_digits() {
        let day = gas(&[
            ("22 23:58:20", "'G", "'261122230000", "5500"),
            ("00:05:00", "'G", "'261123000000", "6000"),
            ("01:05:00", "'G", "'261123010000", "6100"),
        ]);
        assert_eq!(used(&day, "gas_m3"), ("0.100".into(), None));
    }

    #[test]
    fn gas_that_had_been_stuck_before_midnight_is_counted_from_its_first_reading() {
        let day = gas(&[
            ("22 23:58:20", "'G", "'261122130000W", "5500"),
            ("00:05:00", "'G", "'261122130000W", "5500"),
            ("14:05:00", "'G", "'261123140000W", "9000"),
            ("15:05:00", "'G", "'261123150000W", "9100"),
        ]);
        assert_eq!(used(&day, "gas_m3"), ("0.100".into(), Some(at("14:00:00"))));
    }

    #[test]
    fn gas_of_a_device_whose_clock_is_a_year_off_is_counted_by_the_changes_of_its_time() {
        let day = gas(&[
            ("22 23:58:20", "'G", "'251122230000W", "5500"),
            ("00:05:00", "'G", "'251123000000W", "5600"),
            ("01:05:00", "'G", "'251123010000W", "5700"),
        ]);
        assert_eq!(used(&day, "gas_m3"), ("0.200".into(), None), "no better than by arrival");
        let day = gas(&[("10:00:00", "'G", "'261123110000W", "5500")]);
        assert_eq!(used(&day, "gas_m3"), ("0.000".into(), Some(at("10:00:00"))), "not the future");
    }

    #[test]
    fn two_devices_in_turn_are_counted_each_by_itself() {
        let day = gas(&[
            ("00:05:00", "'G1", "'261123000000W", "100"),
            ("00:06:00", "'G2", "'261123000500W", "9000"),
            ("00:10:00", "'G1", "'261123001000W", "103"),
            ("00:11:00", "'G2", "'261123001500W", "9020"),
        ]);
        assert_eq!(used(&day, "gas_m3"), ("0.023".into(), None));
        let many: Vec<_> = (0..100).map(|n| format!("'G{n}")).collect();
        let many: Vec<_> =
            many.iter().map(|id| ("10:00:00", &**id, "'261123001000W", "1")).collect();
        assert_eq!(gas(&many).registers.len(), MAX_DEVICES);
    }

    #[test]
    fn a_late_telegram_does_not_count_and_a_clock_that_went_back_begins_the_day_again() {
        let day =
            energy(&[("00:00:00", "E", 2000), ("22 23:59:59", "E", 1000), ("00:00:10", "E", 2100)]);
        assert_eq!(used(&day, IMPORT), ("0.100".into(), None));
        let day =
            energy(&[("00:00:00", "E", 2000), ("00:00:09", "E", 2005), ("00:00:08", "E", 2004)]);
        assert_eq!(used(&day, IMPORT), ("0.005".into(), None));
        let day = energy(&[
            ("10:00:00", "E", 2000),
            ("20 10:00:00", "E", 2100),
            ("20 10:00:01", "E", 2101),
        ]);
        assert_eq!(used(&day, IMPORT), ("0.001".into(), Some(at("20 10:00:00"))));
        // The hour that comes twice in autumn.
        let day =
            energy(&[("00:00:00", "E", 1000), ("02:59:59", "E", 1300), ("02:00:00", "E", 1301)]);
        assert_eq!(used(&day, IMPORT), ("0.301".into(), None));
    }

    #[test]
    fn the_highest_power_is_kept_with_its_time() {
        let mut day = Day::default();
        for (time, power) in [("00:00:01", [5, 0]), ("00:00:02", [9, 7]), ("00:00:03", [9, 2])] {
            day.begin(at(time));
            day.count(None, [None; 2], power, at(time));
        }
        assert_eq!(day.peaks, [Some((9, at("00:00:02"))), Some((7, at("00:00:02")))]);
        day.begin(at("24 00:00:00"));
        assert_eq!(day.peaks, [None; 2]);
    }
}
