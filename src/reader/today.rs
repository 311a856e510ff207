//! The day so far: energy and gas since midnight, and the highest power.
//!
//! Owns where counting begins, also after a restart: the files of the day tell what stood on the meter
//! at its first telegram, and how high power was. The day is the local one of the telegrams.

use std::path::Path;

use chrono::{NaiveDate, NaiveDateTime, Timelike};

use super::five_minutes::Record;
use super::storage::Storage;
use super::table;
use super::totals::{Micro, Totals};
use crate::reading::Readings;
use crate::telegram::Decimal;

/// The highest power of the day, W, and when it was.
pub(super) type Peak = Option<(i64, NaiveDateTime)>;

/// More than a day of 25 hours has; restarts add some.
const MOST_RECORDS: usize = 1000;

/// What the registers show.
#[derive(Clone, Copy, Debug, Default)]
struct Registers {
    import: Option<Micro>,
    export: Option<Micro>,
    gas: Option<Decimal>,
}

/// The day so far, of one meter.
#[derive(Debug)]
pub(super) struct Today {
    /// The time from which energy is counted.
    since: NaiveDateTime,
    start: Registers,
    now: Registers,
    pub peak_in: Peak,
    pub peak_out: Peak,
}

impl Today {
    /// A day that begins now.
    pub fn new(since: NaiveDateTime) -> Self {
        let start = Registers::default();
        Self { since, start, now: start, peak_in: None, peak_out: None }
    }

    /// The day that this time is in, as far as its files tell: the first row of the details, and the
    /// highest power of the 5-minute records.
    pub fn resume(
        storage: &mut dyn Storage,
        now: NaiveDateTime,
        details: Option<&Path>,
        records: Option<&Path>,
    ) -> Self {
        let mut today = Self::new(now);
        let first = details.and_then(|file| table::first_row(storage, file));
        if let Some((time, message)) = first.filter(|(time, _)| time.date() == now.date()) {
            today.since = time;
            if let Some(totals) = Totals::of(&message) {
                today.add_energy(&totals);
            }
            today.add_gas(&Readings::of(&message));
        }
        let records = records.and_then(|file| storage.head(file, MOST_RECORDS).ok());
        let records = records.unwrap_or_default();
        for line in String::from_utf8_lossy(&records).lines() {
            // The record that ends at midnight is about yesterday.
            let record = Record::highest(line).filter(|(time, ..)| !is_first(*time));
            if let Some((time, power_in, power_out)) = record {
                today.add_power(time, power_in, power_out);
            }
        }
        today
    }

    /// The date.
    pub fn date(&self) -> NaiveDate {
        self.since.date()
    }

    /// The time from which energy is counted, unless that is all of the day.
    pub fn since(&self) -> Option<NaiveDateTime> {
        (!is_first(self.since)).then_some(self.since)
    }

    /// Counts a telegram of this time.
    pub fn add(&mut self, time: NaiveDateTime, totals: &Totals) {
        self.add_energy(totals);
        self.add_power(time, totals.power_in.whole(), totals.power_out.whole());
    }

    /// Takes the gas of a telegram.
    pub fn add_gas(&mut self, readings: &Readings) {
        let Some(gas) = readings.number("gas_m3") else { return };
        let has_risen = |before: Decimal| {
            let risen = gas.checked_sub(before).and_then(|risen| risen.scaled(6));
            risen.is_some_and(|risen| risen >= 0)
        };
        if !self.now.gas.is_some_and(has_risen) {
            self.start.gas = Some(gas);
        }
        self.now.gas = Some(gas);
    }

    /// Energy to the customer, Wh.
    pub fn import(&self) -> Option<i64> {
        used(self.start.import, self.now.import)
    }

    /// Energy from the customer, Wh.
    pub fn export(&self) -> Option<i64> {
        used(self.start.export, self.now.export)
    }

    /// Gas, m3.
    pub fn gas(&self) -> Option<Decimal> {
        self.now.gas?.checked_sub(self.start.gas?)
    }

    fn add_energy(&mut self, totals: &Totals) {
        let (start, now) = (&mut self.start, &mut self.now);
        for (start, before, now) in [
            (&mut start.import, &mut now.import, totals.import.total()),
            (&mut start.export, &mut now.export, totals.export.total()),
        ] {
            // A register that is lower than before is one of another meter.
            if before.is_none() || now < *before {
                *start = now;
            }
            *before = now;
        }
    }

    fn add_power(&mut self, time: NaiveDateTime, power_in: i64, power_out: i64) {
        for (peak, power) in [(&mut self.peak_in, power_in), (&mut self.peak_out, power_out)] {
            if peak.is_none_or(|(highest, _)| power > highest) {
                *peak = Some((power, time));
            }
        }
    }
}

/// Whether this is the time of the first telegram of a day. A meter sends one in ten seconds at least.
fn is_first(time: NaiveDateTime) -> bool {
    time.num_seconds_from_midnight() <= 15
}

fn used(start: Option<Micro>, now: Option<Micro>) -> Option<i64> {
    Some(now?.whole() - start?.whole())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::tests::{MemoryStorage, message};

    fn time(hour: u32, minute: u32, second: u32) -> NaiveDateTime {
        let date = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        date.and_hms_opt(hour, minute, second).unwrap()
    }

    fn totals(import: &str, power_in: &str, power_out: &str) -> Totals {
        let objects = [
            ("1-0:1.8.1", import),
            ("1-0:2.8.1", "70"),
            ("1-0:1.7.0", power_in),
            ("1-0:2.7.0", power_out),
        ];
        Totals::of(&message(0, &objects)).unwrap()
    }

    #[test]
    fn energy_is_counted_from_the_first_telegram_and_the_highest_power_kept_with_its_time() {
        let mut today = Today::new(time(0, 0, 1));
        for (second, import, power_in, power_out) in
            [(1, "1000", "5", "0"), (2, "1010", "9", "7"), (3, "1030", "9", "2")]
        {
            today.add(time(0, 0, second), &totals(import, power_in, power_out));
        }
        assert_eq!((today.import(), today.export(), today.gas()), (Some(30), Some(0), None));
        assert_eq!(today.peak_in, Some((9, time(0, 0, 2))));
        assert_eq!(today.peak_out, Some((7, time(0, 0, 2))));
        assert_eq!(today.since(), None);
    }

    #[test]
    fn a_day_of_which_a_part_is_missing_says_since_when() {
        assert_eq!(Today::new(time(0, 0, 10)).since(), None, "a meter with ten seconds");
        assert_eq!(Today::new(time(9, 30, 0)).since(), Some(time(9, 30, 0)));
    }

    #[test]
    fn a_meter_that_was_replaced_gives_no_negative_use() {
        let mut today = Today::new(time(0, 0, 0));
        for (second, import) in [(1, "5000"), (2, "3"), (3, "10")] {
            today.add(time(0, 0, second), &totals(import, "0", "0"));
        }
        assert_eq!(today.import(), Some(7));
        for (second, import) in [(4, "9000"), (5, "6000"), (6, "6020")] {
            today.add(time(0, 0, second), &totals(import, "0", "0"));
        }
        assert_eq!(today.import(), Some(20), "lower than before, and not than at midnight");
        for (gas, used) in
            [("9000", "0.000"), ("9100", "0.100"), ("9050", "0.000"), ("9051", "0.001")]
        {
            let objects = [("0-1:24.1.0", "'003"), ("0-1:24.2.1.B", gas)];
            today.add_gas(&Readings::of(&message(0, &objects)));
            assert_eq!(today.gas().unwrap().to_string(), used, "{gas}");
        }
    }

    #[test]
    fn after_a_restart_the_files_of_the_day_tell_how_it_began() {
        let mut storage = MemoryStorage::default();
        storage.put(
            "/d",
            "datum;1-0:1.8.1;1-0:2.8.1;1-0:1.7.0;0-1:24.1.0;0-1:24.2.1.A;0-1:24.2.1.B\n\
             datum;elec. in, t1;elec. out, t1;power in;device type;Gas meting tijd;Gas meting;\n\
             22-11-2026 00:00:00;1000;50;7;003;261121235500W;6000;\n\
             22-11-2026 00:00:01;2000;60;8;003;261122000000W;6100;\n",
        );
        storage.put(
            "/r",
            "2026-11-22 00:00:00, 1000,   10,   20, 9999,    50,    0,    0,    0\n\
             2026-11-22 00:05:00, 1100,   10,   20, 3000,    50,    0,    0,   99\n\
             2026-11-22 00:10:00, 1200,   10,",
        );
        let files = (Some(Path::new("/d")), Some(Path::new("/r")));
        let mut today = Today::resume(&mut storage, time(9, 30, 0), files.0, files.1);
        today.add(time(9, 30, 0), &totals("4000", "5", "0"));
        let objects =
            [("0-1:24.1.0", "'003"), ("0-1:24.2.1.A", "'261122092500W"), ("0-1:24.2.1.B", "6150")];
        today.add_gas(&Readings::of(&message(0, &objects)));
        assert_eq!((today.import(), today.export()), (Some(3000), Some(20)));
        assert_eq!(today.gas().unwrap().to_string(), "0.150");
        assert_eq!(today.since(), None);
        assert_eq!(today.peak_in, Some((3000, time(0, 5, 0))));
        assert_eq!(today.peak_out, Some((99, time(0, 5, 0))));
        let tomorrow = time(9, 30, 0) + chrono::Days::new(1);
        let today = Today::resume(&mut storage, tomorrow, files.0, None);
        assert_eq!(today.since(), Some(tomorrow), "files of another day");
    }

    #[test]
    fn gas_of_an_old_meter_whose_time_is_digits_only_is_counted_from_the_first_row_too() {
        let mut storage = MemoryStorage::default();
        storage.put(
            "/d",
            "datum;1-0:1.8.1;1-0:1.7.0;0-1:24.1.0;0-1:24.2.1.A;0-1:24.2.1.B\n\
             datum;elec. in, t1;power in;device type;Gas meting tijd;Gas meting;\n\
             22-11-2026 00:00:00;1000;7;03;261121230000;6000;\n",
        );
        let mut today = Today::resume(&mut storage, time(9, 30, 0), Some(Path::new("/d")), None);
        let objects =
            [("0-1:24.1.0", "'03"), ("0-1:24.2.1.A", "'261122090000"), ("0-1:24.2.1.B", "6150")];
        today.add_gas(&Readings::of(&message(0, &objects)));
        assert_eq!(today.gas().unwrap().to_string(), "0.150");
    }
}
