//! The day so far after a restart, as far as the files of that day tell.
//!
//! Owns what is read of them: the first rows of the details for how the day began, and the 5-minute records
//! for what was counted since then, also across a swap of the meter, and for the highest power.

use std::path::Path;

use chrono::{NaiveDateTime, TimeDelta, Timelike};

use super::details;
use super::storage::Storage;
use super::zone::Zone;
use crate::history::record::Record;
use crate::meter::Day;
use crate::reading::{Readings, Registers};

/// More than a day of 25 hours has; restarts add some.
const MAX_RECORDS: usize = 1000;

/// The first rows of the details: a quarter of an hour of a meter with a telegram each second. By then gas
/// meters have told what they showed at midnight.
const MAX_ROWS: usize = 1000;

/// Devices are read each few minutes: so many rows need not be looked at.
const ROW_GAP: TimeDelta = TimeDelta::minutes(1);

/// The record of the period that ends at midnight is about yesterday's power.
const FIRST_SECONDS: u32 = 15;

/// The day of this time; an earlier run may have recorded a part.
pub(super) fn resume(
    storage: &mut dyn Storage,
    now: NaiveDateTime,
    details: Option<&Path>,
    records: Option<&Path>,
    zone: &impl Zone,
) -> Day {
    let is_past = |time: NaiveDateTime| time.date() == now.date() && time < now;
    let mut next = NaiveDateTime::MIN;
    let is_wanted = |time| {
        let is_wanted = is_past(time) && time >= next;
        if is_wanted {
            next = time + ROW_GAP;
        }
        is_wanted
    };
    let rows = details.map(|file| details::first_rows(storage, file, MAX_ROWS, is_wanted));
    let mut day = Day::default();
    for (time, message) in rows.into_iter().flatten() {
        day.begin(time);
        let energy = Registers::of(&message).energy();
        day.count(message.equipment_id().as_deref(), energy, [0; 2], time);
        day.count_devices(&Readings::of(&message), time, |time| zone.local(time));
    }
    let records = records.and_then(|file| storage.head(file, MAX_RECORDS).ok()).unwrap_or_default();
    let records = String::from_utf8_lossy(&records);
    let records = records.lines().filter_map(Record::parse).filter(|record| is_past(record.time));
    for record in records {
        let is_of_today = record.time.num_seconds_from_midnight() > FIRST_SECONDS;
        let power = if is_of_today { record.highest() } else { [0; 2] };
        // What the rows have told need not be told again.
        let is_news = record.time >= next && day.begin(record.time);
        let energy = record.energy().map(|total| is_news.then_some(total));
        day.count(None, energy, power, record.time);
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::tests::{Amsterdam, MemoryStorage, message};

    fn time(hour: u32, minute: u32, second: u32) -> NaiveDateTime {
        let date = chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        date.and_hms_opt(hour, minute, second).unwrap()
    }

    /// The day at half past nine, from the further lines of the details, and those of the records.
    fn resumed(details: &str, records: &str) -> Day {
        let mut storage = MemoryStorage::default();
        let head = "datum;1-0:1.8.1;1-0:2.8.1;1-0:1.7.0;0-1:24.1.0;0-1:24.2.1.A;0-1:24.2.1.B\n\
                    datum;elec. in, t1;elec. out, t1;power in;device type;Gas meting tijd;Gas meting;\n";
        storage.put("/d", &format!("{head}{details}"));
        storage.put("/r", records);
        let files = (Some(Path::new("/d")), Some(Path::new("/r")));
        resume(&mut storage, time(9, 30, 0), files.0, files.1, &Amsterdam)
    }

    fn used(day: &Day, name: &str) -> Option<(String, Option<NaiveDateTime>)> {
        day.used(name).map(|used| (used.amount.to_string(), used.since))
    }

    #[test]
    fn the_files_tell_how_the_day_began_and_how_high_power_was() {
        let day = resumed(
            "22-11-2026 00:00:00;1000;50;7;003;261121230000W;6000;\n\
             22-11-2026 00:00:01;2000;60;8;003;261121230000W;6000;\n\
             22-11-2026 00:04:10;2000;60;8;003;261122000000W;6100;\n",
            "2026-11-22 00:00:00, 1000,   10,   20, 9999,    50,    0,    0,    0\n\
             2026-11-22 00:05:00, 2100,   10,   20, 3000,    50,    0,    0,   99\n\
             2026-11-22 09:25:00, 3900,   10,   20,   50,    60,    0,    0,    0\n\
             2026-11-22 09:30:00, 1200,   10,",
        );
        assert_eq!(used(&day, "energy_import_kwh"), Some(("2.900".into(), None)));
        assert_eq!(used(&day, "energy_export_kwh"), Some(("0.010".into(), None)));
        assert_eq!(used(&day, "gas_m3"), Some(("0.000".into(), None)), "from midnight's reading");
        assert_eq!(day.peaks, [Some((3000, time(0, 5, 0))), Some((99, time(0, 5, 0)))]);
    }

    #[test]
    fn what_was_counted_before_a_swap_of_the_meter_is_in_the_records() {
        let day = resumed(
            "22-11-2026 00:00:00;10000000;50;7;;;;\n",
            "2026-11-22 06:00:00, 10008000,   10,   20, 3000,    50,    0,    0,    0\n\
             2026-11-22 06:10:00, 0,   10,   20, 3000,    0,    0,    0,    0\n\
             2026-11-22 09:25:00, 500,   10,   20, 3000,    0,    0,    0,    0\n",
        );
        assert_eq!(used(&day, "energy_import_kwh"), Some(("8.500".into(), None)));
    }

    #[test]
    fn files_of_another_day_or_without_rows_tell_nothing() {
        let record = "2026-11-21 09:25:00, 3900,   10,   20,   50,    60,    0,    0,    0\n";
        let day = resumed("21-11-2026 00:00:00;1000;50;7;003;261121230000W;6000;\n", record);
        assert_eq!(used(&day, "energy_import_kwh"), None);
        let mut storage = MemoryStorage::default();
        let none = Some(Path::new("/none"));
        let day = resume(&mut storage, time(9, 30, 0), none, None, &Amsterdam);
        assert_eq!(used(&day, "energy_import_kwh"), None);
    }

    #[test]
    fn gas_of_an_old_meter_whose_time_is_digits_only_is_counted_from_its_first_reading_too() {
        let mut day = resumed("22-11-2026 00:00:00;1000;;7;03;261122000000;6000;\n", "");
        let now = time(9, 30, 0);
        let objects =
            [("0-1:24.1.0", "'03"), ("0-1:24.2.1.A", "'261122090000"), ("0-1:24.2.1.B", "6150")];
        assert!(day.begin(now));
        day.count_devices(&Readings::of(&message(0, &objects)), now, |time| Amsterdam.local(time));
        assert_eq!(used(&day, "gas_m3"), Some(("0.150".into(), None)));
    }
}
