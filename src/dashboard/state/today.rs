//! What was used today: how far the registers have come since midnight, or since we look.
//!
//! Owns where each register began, and why. A register that falls, or whose device was replaced,
//! begins anew: no negative use is shown.

use chrono::NaiveDate;

use crate::reading::{Readings, Value};
use crate::telegram::{Decimal, Timestamp};

/// The longest silence around midnight after which a day still counts as whole, in seconds.
const WHOLE_DAY_GAP: i64 = 60;

/// The registers that are followed, each with the reading that names its device.
const REGISTERS: &[(&str, &str)] = &[
    ("energy_import_kwh", "unique_id"),
    ("energy_export_kwh", "unique_id"),
    ("gas_m3", "gas_unique_id"),
    ("water_m3", "water_unique_id"),
    ("warm_water_m3", "warm_water_unique_id"),
    ("heat_gj", "heat_unique_id"),
    ("inlet_heat_gj", "inlet_heat_unique_id"),
    ("cooling_gj", "cooling_unique_id"),
    ("submeter_energy_kwh", "submeter_energy_unique_id"),
];

/// Where a register's use is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The beginning of the day.
    Midnight,
    /// The moment of the first telegram, or that at which the register began anew.
    Time(Timestamp),
}

/// The use of a day.
#[derive(Clone, Debug, Default)]
pub struct Today {
    last: Option<(NaiveDate, Timestamp)>,
    registers: Vec<Register>,
}

#[derive(Clone, Debug)]
struct Register {
    name: &'static str,
    device: Option<String>,
    start: Decimal,
    now: Decimal,
    since: Since,
}

impl Today {
    /// Takes the registers of a telegram; `day` is the local date at `time`.
    pub fn note(&mut self, readings: &Readings<'_>, time: Timestamp, day: NaiveDate) {
        if let Some((last_day, last_time)) = self.last.filter(|(last, _)| *last != day) {
            let is_next = last_day.succ_opt() == Some(day);
            if is_next && time.seconds() - last_time.seconds() <= WHOLE_DAY_GAP {
                for register in &mut self.registers {
                    (register.start, register.since) = (register.now, Since::Midnight);
                }
            } else {
                self.registers.clear();
            }
        }
        self.last = Some((day, time));
        for &(name, device) in REGISTERS {
            if let Some(now) = readings.number(name) {
                let device = match readings.get(device) {
                    Some(Value::Text(id)) => Some(id.to_string()),
                    _ => None,
                };
                self.take(Register { name, device, start: now, now, since: Since::Time(time) });
            }
        }
    }

    /// How much a register has risen, in its unit, and since when.
    #[must_use]
    pub fn used(&self, name: &str) -> Option<(Decimal, Since)> {
        let register = self.registers.iter().find(|register| register.name == name)?;
        Some((register.now.checked_sub(register.start)?, register.since))
    }

    fn take(&mut self, new: Register) {
        let Some(known) = self.registers.iter_mut().find(|known| known.name == new.name) else {
            self.registers.push(new);
            return;
        };
        let risen = new.now.checked_sub(known.now).and_then(|risen| risen.scaled(6));
        if known.device == new.device && risen.is_some_and(|risen| risen >= 0) {
            known.now = new.now;
        } else {
            *known = new;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::state::tests::message;

    /// 2026-11-22 23:59:50 in the time zone of the tests, which is UTC.
    const EVENING: i64 = 1_795_391_990;

    fn note(today: &mut Today, second: i64, objects: &[(&str, &str)]) {
        let time = Timestamp::from_seconds(EVENING + second);
        let day = chrono::DateTime::from_timestamp(time.seconds(), 0).unwrap().date_naive();
        today.note(&Readings::of(&message(objects)), time, day);
    }

    fn used(today: &Today, name: &str) -> (String, Since) {
        let (used, since) = today.used(name).unwrap();
        (used.to_string(), since)
    }

    fn since(second: i64) -> Since {
        Since::Time(Timestamp::from_seconds(EVENING + second))
    }

    #[test]
    fn the_first_day_counts_since_the_first_telegram() {
        let mut today = Today::default();
        note(&mut today, 0, &[("1-0:1.8.1", "1000"), ("1-0:1.8.2", "500")]);
        note(&mut today, 5, &[("1-0:1.8.1", "1250"), ("1-0:1.8.2", "501")]);
        assert_eq!(used(&today, "energy_import_kwh"), ("0.251".into(), since(0)));
        assert_eq!(today.used("gas_m3"), None);
    }

    #[test]
    fn a_new_day_counts_since_midnight() {
        let mut today = Today::default();
        note(&mut today, 0, &[("1-0:1.8.0", "1000")]);
        note(&mut today, 9, &[("1-0:1.8.0", "1003")]);
        note(&mut today, 10, &[("1-0:1.8.0", "1004")]);
        assert_eq!(used(&today, "energy_import_kwh"), ("0.001".into(), Since::Midnight));
    }

    #[test]
    fn a_day_whose_beginning_was_not_heard_is_not_called_whole() {
        let mut today = Today::default();
        note(&mut today, 0, &[("1-0:1.8.0", "1000")]);
        note(&mut today, 3600, &[("1-0:1.8.0", "9000")]);
        assert_eq!(used(&today, "energy_import_kwh"), ("0.000".into(), since(3600)));
    }

    #[test]
    fn a_register_that_falls_or_changes_its_device_begins_anew() {
        let mut today = Today::default();
        let gas = |id: &'static str, value: &'static str| {
            [("0-1:24.1.0", "\"003\""), ("0-1:96.1.0", id), ("0-1:24.2.1.B", value)]
        };
        note(&mut today, 0, &gas("\"G1\"", "5000"));
        note(&mut today, 1, &gas("\"G1\"", "5200"));
        assert_eq!(used(&today, "gas_m3"), ("0.200".into(), since(0)));
        note(&mut today, 2, &gas("\"G1\"", "100"));
        assert_eq!(used(&today, "gas_m3"), ("0.000".into(), since(2)));
        note(&mut today, 3, &gas("\"G2\"", "900"));
        assert_eq!(used(&today, "gas_m3"), ("0.000".into(), since(3)));
    }
}
