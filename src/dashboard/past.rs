//! What the history says of the last days, months and years.
//!
//! Owns which of them the window shows, and the reading of the files, which takes seconds on a small computer and is
//! therefore done beside the loop.

use std::path::Path;

use chrono::NaiveDate;

use crate::history::calendar::{Calendar, Unit};
use crate::history::files::{History, HistoryError};
use crate::history::row::{DEVICE_LAG, EXPORT, IMPORT, Selection};
use crate::history::tally::{Ledger, Limits, Period, Tally};
use crate::zone::Zone;

/// What is shown of each period, where it is recorded: the name in the history, and its unit.
pub const REGISTERS: [&str; 6] = [IMPORT, EXPORT, "gas_m3", "water_m3", "heat_gj", "cooling_gj"];

/// Which periods are shown, and how many of them.
const TABLES: [(Unit, i32); 3] = [(Unit::Day, 14), (Unit::Month, 13), (Unit::Year, 6)];

/// The past in three tables: days, months and years.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Whether there is any file.
    pub has_files: bool,
    /// The newest period last.
    pub tables: [Vec<Entry>; 3],
}

/// What was used in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The day on which it begins.
    pub date: NaiveDate,
    /// In thousandths, in the order of [`REGISTERS`].
    pub used: [Option<i64>; REGISTERS.len()],
    /// Whether all of it was recorded.
    pub is_complete: bool,
}

impl Past {
    /// Reads the files that `pattern` names, up to this second. Where several meters are in them, that of `meter`.
    pub(super) fn read(
        pattern: &Path,
        meter: Option<&str>,
        zone: impl Zone + Clone,
        now: i64,
    ) -> Result<Self, HistoryError> {
        match Self::read_meter(pattern, None, zone.clone(), now) {
            // Of a meter that was replaced, the years before count, too.
            Err(HistoryError::TwoMeters(..)) if meter.is_some() => {
                Self::read_meter(pattern, meter, zone, now)
            }
            read => read,
        }
    }

    fn read_meter(
        pattern: &Path,
        meter: Option<&str>,
        zone: impl Zone + Clone,
        now: i64,
    ) -> Result<Self, HistoryError> {
        let mut history = History::open(pattern, meter)?;
        let has_files = history.first().is_some();
        let registers = REGISTERS.map(str::to_owned);
        let mut tallies = TABLES.map(|(unit, count)| {
            let calendar = Calendar::new(zone.clone(), unit);
            let running = calendar.at(now);
            let from = calendar.away(running, 1 - count).start;
            let limits = Limits { from, to: running.end, cut: None };
            Tally::new(calendar, &registers, limits)
        });
        let years = Calendar::new(zone, Unit::Year);
        let from = years.away(years.at(now), 1 - TABLES[2].1).start - DEVICE_LAG;
        let selection = Selection { registers: registers.to_vec(), ..Selection::default() };
        let mut ledger = Ledger::new(&registers);
        history.read(&selection, from, now, &mut |row| {
            ledger.take(row, |register, step| {
                for tally in &mut tallies {
                    tally.add(register, step);
                }
            });
        })?;
        let tables = tallies.map(|tally| {
            let entry = |period: &Period| Entry {
                date: period.span.local.date(),
                used: std::array::from_fn(|register| period.used[register]),
                is_complete: period.is_complete(),
            };
            tally.periods.iter().map(entry).collect()
        });
        Ok(Self { has_files, tables })
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(Vec::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::tests::Amsterdam;

    /// A folder with a history of these rows: time in UTC, meter, import and gas.
    fn folder(rows: &[(&str, &str, &str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let header =
            "time_utc,time_local,unique_id,telegrams,energy_import_kwh,gas_m3,gas_time_utc\n";
        let row = |(time, id, kwh, gas): &(&str, &str, &str, &str)| {
            format!("{time},,{id},300,{kwh},{gas},{time}\n")
        };
        let rows: Vec<String> = rows.iter().map(row).collect();
        std::fs::write(folder.path().join("h-2026.csv"), header.to_owned() + &rows.concat())
            .unwrap();
        folder
    }

    fn read(folder: &tempfile::TempDir, meter: Option<&str>) -> Past {
        // 2026-11-25 14:10 local time.
        Past::read(&folder.path().join("h-YEAR.csv"), meter, Amsterdam, 1_795_612_200).unwrap()
    }

    #[test]
    fn days_months_and_years_are_differences_of_registers() {
        let past = read(
            &folder(&[
                ("2026-11-23T23:00:00Z", "E1", "100.000", "5.000"),
                ("2026-11-24T22:55:00Z", "E1", "109.000", "6.000"),
                ("2026-11-24T23:00:00Z", "E1", "110.000", "6.500"),
                ("2026-11-25T13:10:00Z", "E1", "114.250", "7.000"),
            ]),
            None,
        );
        let [days, months, years] = &past.tables;
        let used = |entry: &Entry| {
            (entry.date.to_string(), entry.used[0], entry.used[2], entry.is_complete)
        };
        let expected = [
            ("2026-11-24".to_owned(), Some(10_000), Some(1500), true),
            ("2026-11-25".to_owned(), Some(4250), Some(500), false),
        ];
        assert_eq!(days.iter().map(used).collect::<Vec<_>>(), expected);
        assert_eq!(used(&months[0]), ("2026-11-01".to_owned(), Some(14_250), Some(2000), false));
        assert_eq!(used(&years[0]), ("2026-01-01".to_owned(), Some(14_250), Some(2000), false));
    }

    #[test]
    fn of_two_meters_that_send_at_a_time_the_one_on_the_screen_counts() {
        let folder = folder(&[
            ("2026-11-25T12:00:00Z", "E1", "100.000", ""),
            ("2026-11-25T12:00:00Z", "E2", "7.000", ""),
            ("2026-11-25T12:05:00Z", "E1", "101.000", ""),
            ("2026-11-25T12:05:00Z", "E2", "7.250", ""),
        ]);
        assert_eq!(read(&folder, Some("E2")).tables[0][0].used[0], Some(250));
        let pattern = folder.path().join("h-YEAR.csv");
        assert!(Past::read(&pattern, None, Amsterdam, 1_795_612_200).is_err());
    }

    #[test]
    fn without_a_file_there_is_nothing() {
        let past = read(&tempfile::tempdir().unwrap(), None);
        assert!(!past.has_files && past.is_empty());
    }
}
