//! The day so far of a program that has just started, from the rows that p1reader wrote today.
//!
//! Owns which rows are read. Where there is no history, or this user may not read it, a day counts from the first
//! telegram.

use std::path::PathBuf;

use chrono::NaiveDateTime;

use super::files::{History, HistoryError};
use super::row::{DEVICE_LAG, EXPORT, IMPORT, Row, Selection};
use crate::config::Config;
use crate::message::Message;
use crate::meter::{Day, Tracker};
use crate::telegram::Timestamp;

/// The registers whose use of the day is a reading.
const REGISTERS: [&str; 3] = [IMPORT, EXPORT, "gas_m3"];

/// Where the rows of today are.
#[derive(Clone, Debug, Default)]
pub(crate) struct DayRecords {
    /// The path of the files, with its placeholders; `None`: there are none.
    pattern: Option<PathBuf>,
}

impl DayRecords {
    /// Those of the configured history.
    pub fn of(config: &Config) -> Self {
        let history = &config.p1_reader_history;
        Self { pattern: history.enabled.then(|| history.filename.clone()) }
    }

    /// Follows the meter of this telegram; what was recorded of its day is counted already.
    pub fn tracker(
        &self,
        message: &Message,
        local: impl Fn(Timestamp) -> NaiveDateTime,
    ) -> Tracker {
        let meter = message.equipment_id();
        Tracker::continuing(self.day(meter.as_deref(), message.meta.frame_start, local))
    }

    /// The day of this moment, as far as the rows before it tell it.
    fn day(
        &self,
        meter: Option<&str>,
        now: Timestamp,
        local: impl Fn(Timestamp) -> NaiveDateTime,
    ) -> Day {
        let read = self.pattern.as_ref().map(|pattern| {
            let mut history = History::open(pattern, meter)?;
            read(&mut history, now.seconds(), local)
        });
        read.transpose()
            .unwrap_or_else(|error| {
                log::debug!("cannot read the history of today: {error}");
                None
            })
            .unwrap_or_default()
    }
}

fn read(
    history: &mut History,
    now: i64,
    local: impl Fn(Timestamp) -> NaiveDateTime,
) -> Result<Day, HistoryError> {
    let selection =
        Selection { registers: REGISTERS.map(str::to_owned).to_vec(), ..Selection::default() };
    let mut day = Day::default();
    let second = |second| local(Timestamp::from_seconds(second));
    history.read(&selection, now - DEVICE_LAG, now, &mut |row: &Row| {
        let time = second(row.time);
        if !day.begin(time) {
            return;
        }
        let [import, export, gas] = [0, 1, 2].map(|at| row.registers.get(at).copied().flatten());
        let meter = std::str::from_utf8(row.meter()).ok().filter(|meter| !meter.is_empty());
        let energy = [import, export].map(|register| register.map(|reading| reading.value));
        day.count(meter, energy, [0; 2], time);
        if let Some(gas) = gas {
            day.count_device("gas_m3", None, (gas.value, second(gas.time)));
        }
    })?;
    Ok(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone as _;
    use crate::zone::tests::Amsterdam;

    /// What was used on 2026-11-23 until 10:00 local time, from rows: time in UTC, import and gas.
    fn used(rows: &[(&str, &str, &str, &str)]) -> [Option<String>; 2] {
        let folder = tempfile::tempdir().unwrap();
        let head =
            "time_utc,time_local,unique_id,telegrams,energy_import_kwh,gas_m3,gas_time_utc\n";
        let row = |(time, kwh, gas, read): &(&str, &str, &str, &str)| {
            format!("2026-11-{time}Z,,E1,300,{kwh},{gas},2026-11-{read}Z\n")
        };
        let rows: Vec<String> = rows.iter().map(row).collect();
        std::fs::write(folder.path().join("h-2026.csv"), head.to_owned() + &rows.concat()).unwrap();
        let records = DayRecords { pattern: Some(folder.path().join("h-YEAR.csv")) };
        let day = records
            .day(Some("E1"), Timestamp::from_seconds(1_795_424_400), |time| Amsterdam.local(time));
        ["energy_import_kwh", "gas_m3"].map(|name| {
            let used = day.used(name)?;
            Some(format!("{} {:?}", used.amount, used.since.map(|since| since.to_string())))
        })
    }

    #[test]
    fn the_row_of_midnight_tells_how_the_day_began() {
        let found = used(&[
            ("22T22:55:00", "100.000", "50.000", "22T22:00:00"),
            ("22T23:00:00", "100.100", "50.000", "22T22:00:00"),
            ("22T23:05:00", "100.200", "50.500", "22T23:00:00"),
            ("23T08:00:00", "102.000", "51.000", "23T07:00:00"),
        ]);
        assert_eq!(found, [Some("1.900 None".to_owned()), Some("0.500 None".to_owned())]);
    }

    #[test]
    fn without_it_the_day_is_a_part_and_without_rows_it_is_empty() {
        let [import, _] = used(&[("23T08:00:00", "102.000", "51.000", "23T07:00:00")]);
        assert_eq!(import.unwrap(), r#"0.000 Some("2026-11-23 09:00:00")"#);
        assert_eq!(used(&[]), [None, None]);
        let nowhere = DayRecords { pattern: Some("/nonexistent/h-YEAR.csv".into()) };
        let day =
            nowhere.day(None, Timestamp::from_seconds(1_795_424_400), |time| Amsterdam.local(time));
        assert_eq!(day.used("gas_m3"), None);
    }
}
