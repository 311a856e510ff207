//! What reports show of an import are the sums of its source, whatever the hour of the clock change, the order of files
//! and the number of times that it is imported.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use chrono::{NaiveDateTime, TimeDelta};
use clap::Parser as _;
use proptest::prelude::*;

use super::*;
use crate::history::calendar::{Calendar, Unit};
use crate::history::tally::{Ledger, Limits, Tally};
use crate::report::{Command, Options};
use crate::zone::tests::Amsterdam;

const HOUR: i64 = 3600;

/// 2025-10-20 and 2025-03-24, 00:00 in Amsterdam: days before the clock changes.
const AUTUMN: i64 = 1_760_911_200;
const SPRING: i64 = 1_742_770_800;

/// A folder with a history, and files to import.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn history(&self) -> History {
        History::open(&self.folder.path().join("p1_reader_history-YEAR.csv"), None).unwrap()
    }

    /// Imports a file that has this text.
    fn import(&self, words: &str, text: &str) -> Result<Summary, ImportError> {
        let path = self.write("source", text);
        let command = format!("p1report import {words} {}", path.display());
        let options = Options::try_parse_from(command.split(' ')).unwrap();
        let Some(Command::Import(options)) = options.command else { panic!("{command}") };
        let mut own = self.history();
        own.leave_out_imports();
        import(&options, self.folder.path(), &mut own, &Amsterdam)
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// What a report shows: the use of each local day, of all days together with gaps, and how many gaps there are.
    fn report(&self, register: &str) -> (Vec<(String, i64)>, i64, usize) {
        let names = vec![register.to_owned()];
        let limits = Limits { from: 0, to: i64::MAX / 2, cut: None };
        let mut tally = Tally::new(Calendar::new(Amsterdam, Unit::Day), &names, limits);
        let mut ledger = Ledger::new(&names);
        let selection = Selection { registers: names, has_voltage: false };
        let mut history = self.history();
        history
            .read(&selection, 0, i64::MAX / 2, &mut |row| {
                ledger.take(row, |at, step| tally.add(at, step));
            })
            .unwrap();
        assert_eq!(history.findings.warnings, [""; 0]);
        let used = |period: &crate::history::tally::Period| {
            Some((period.span.local.format("%m-%d").to_string(), period.used[0]?))
        };
        let days: Vec<(String, i64)> = tally.periods.iter().filter_map(used).collect();
        let outside: i64 = tally.gaps.iter().filter_map(|gap| gap.outside[0]).sum();
        let sum = days.iter().map(|(_, used)| used).sum::<i64>() + outside;
        (days, sum, tally.gaps.len())
    }
}

fn local(second: i64) -> NaiveDateTime {
    Amsterdam.local(Timestamp::from_seconds(second))
}

fn utc(second: i64) -> String {
    chrono::DateTime::from_timestamp(second, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn kwh(number: i64) -> String {
    format!("{}.{:03}", number / 1000, number % 1000)
}

/// Use of hours or quarters, and where it begins.
fn series() -> impl Strategy<Value = (i64, i64, Vec<i64>)> {
    let start = prop_oneof![Just(AUTUMN), Just(SPRING), Just(1_735_340_400)];
    (start, prop_oneof![Just(HOUR), Just(900)], prop::collection::vec(0i64..2000, 200..900))
}

/// What was used on each local day, from whole intervals.
fn by_day(start: i64, step: i64, used: &[i64]) -> Vec<(String, i64)> {
    let mut days: Vec<(String, i64)> = Vec::new();
    for (at, used) in (0i64..).zip(used) {
        let day = local(start + at * step).format("%m-%d").to_string();
        match days.last_mut() {
            Some((known, sum)) if *known == day => *sum += used,
            _ => days.push((day, *used)),
        }
    }
    days
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn use_in_local_time_has_the_sums_of_its_source_over_clock_changes((start, step, used) in series()) {
        let place = Place::new();
        let mut text = "Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN;Meter;Register;Volume;Eenheid;Validatiestatus\n".to_owned();
        for (at, used) in (0i64..).zip(&used) {
            let (from, to) = (local(start + at * step), local(start + (at + 1) * step));
            let form = "%d-%m-%Y;%H:%M:%S";
            let number = kwh(*used).replace('.', ",");
            writeln!(text, "{};{};5410;1SAG;Afname Dag;{number};kWh;Gelezen", from.format(form), to.format(form)).unwrap();
        }
        let summary = place.import("fluvius", &text).unwrap();
        prop_assert_eq!(summary.differences(), []);
        let (days, sum, _) = place.report("energy_import_kwh");
        prop_assert_eq!(sum, used.iter().sum::<i64>());
        prop_assert_eq!(days, by_day(start, step, &used));
    }

    #[test]
    fn registers_have_the_sums_of_their_source_also_in_parts_and_twice(
        (start, step, used) in series(),
        cut in 1usize..199,
        is_newest_first in any::<bool>(),
    ) {
        let place = Place::new();
        let header = "time,energy_import_kwh\n";
        let mut register = 1_000_000;
        let mut rows = vec![format!("{},{}\n", local(start).format("%Y-%m-%d %H:%M:%S"), kwh(register))];
        for (at, used) in (1i64..).zip(&used) {
            register += used;
            rows.push(format!("{},{}\n", local(start + at * step).format("%Y-%m-%d %H:%M:%S"), kwh(register)));
        }
        if is_newest_first {
            rows.reverse();
        }
        place.import("csv", &(header.to_owned() + &rows.concat())).unwrap();
        let (days, sum, _) = place.report("energy_import_kwh");
        prop_assert_eq!(sum, used.iter().sum::<i64>());
        prop_assert_eq!(days, by_day(start, step, &used));
        let files = |place: &Place| {
            let names = fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().path());
            let mut names: Vec<PathBuf> = names.filter(|path| path.extension().is_some()).collect();
            names.sort();
            names.iter().map(|path| fs::read_to_string(path).unwrap()).collect::<Vec<_>>()
        };
        let whole = files(&place);
        place.import("csv", &(header.to_owned() + &rows.concat())).unwrap();
        prop_assert_eq!(&files(&place), &whole, "twice");
        // Not in the hour that comes twice, where a part alone cannot be settled.
        if start != AUTUMN {
            let parts = Place::new();
            parts.import("csv", &(header.to_owned() + &rows[cut..].concat())).unwrap();
            parts.import("csv", &(header.to_owned() + &rows[..=cut].concat())).unwrap();
            prop_assert_eq!(&files(&parts), &whole, "in parts");
        }
    }

    #[test]
    fn use_in_parts_is_use_as_a_whole((start, step, used) in series(), cut in 1usize..199) {
        let text = |part: &[(i64, i64)]| {
            let mut text = "from,used\n".to_owned();
            for (at, used) in part {
                writeln!(text, "{},{}", utc(start + at * step), kwh(*used)).unwrap();
            }
            text
        };
        let all: Vec<(i64, i64)> = (0..).zip(used).collect();
        let words = "csv --use --column time=from --column gas_m3=used";
        let (whole, parts) = (Place::new(), Place::new());
        whole.import(words, &text(&all)).unwrap();
        parts.import(words, &text(&all[cut..])).unwrap();
        parts.import(words, &text(&all[..=cut])).unwrap();
        prop_assert_eq!(parts.report("gas_m3"), whole.report("gas_m3"));
        prop_assert_eq!(whole.report("gas_m3").1, all.iter().map(|(_, used)| used).sum::<i64>());
    }
}

const HISTORY: &str =
    "time_utc,time_local,unique_id,telegrams,energy_import_kwh,gas_m3,gas_time_utc,gas_unique_id\n";

/// Rows of a meter, one each five minutes: an hour's use is 1.2 kWh, and no gas.
fn own(first: i64, last: i64) -> String {
    let row = |second: i64| {
        format!("{},x,E1,30,{},,,\n", utc(second), kwh(500_000 + (second - AUTUMN) / 3))
    };
    (first..=last).step_by(300).map(row).collect()
}

/// Registers of the same meter each hour, as another program had them.
fn hours(first: i64, last: i64) -> String {
    let row = |second: i64| format!("{},{}\n", utc(second), kwh(500_000 + (second - AUTUMN) / 3));
    "time,energy_import_kwh\n".to_owned()
        + &(first..=last).step_by(3600).map(row).collect::<String>()
}

#[test]
fn own_rows_win_and_an_import_fills_what_they_do_not_have() {
    let place = Place::new();
    let (day, gap) = (24 * HOUR, AUTUMN + 3 * 24 * HOUR);
    let rows = own(AUTUMN + day, gap) + &own(gap + day, gap + 2 * day);
    place.write("p1_reader_history-2025.csv", &(HISTORY.to_owned() + &rows));
    let before = place.report("energy_import_kwh");
    assert_eq!((before.0.len(), before.1), (4, 4 * day / 3), "the gap is in its sum");
    place.import("csv", &hours(AUTUMN, AUTUMN + 8 * day)).unwrap();
    let (days, sum, _) = place.report("energy_import_kwh");
    assert_eq!(sum, 8 * day / 3, "eight days, each counted once");
    assert_eq!(days.iter().map(|(_, used)| used).sum::<i64>(), sum, "all of it in days");
    let expected: Vec<i64> = vec![day / 3; 6];
    assert_eq!(days.iter().take(6).map(|(_, used)| *used).collect::<Vec<_>>(), expected);
}

#[test]
fn an_import_that_contradicts_the_rows_around_a_gap_is_left_out_there() {
    let place = Place::new();
    let day = 24 * HOUR;
    let rows = own(AUTUMN, AUTUMN + day) + &own(AUTUMN + 2 * day, AUTUMN + 3 * day);
    place.write("p1_reader_history-2025.csv", &(HISTORY.to_owned() + &rows));
    let before = place.report("energy_import_kwh");
    let other = |second: i64| format!("{},{}\n", utc(second), kwh(7_000_000 + second - AUTUMN));
    let rows: String = (AUTUMN..AUTUMN + 3 * day).step_by(3600).map(other).collect();
    place.import("csv", &("time,energy_import_kwh\n".to_owned() + &rows)).unwrap();
    assert_eq!(place.report("energy_import_kwh"), before);
}

#[test]
fn a_water_meter_that_the_telegrams_do_not_have_is_shown_beside_them() {
    let place = Place::new();
    let day = 24 * HOUR;
    place.write(
        "p1_reader_history-2025.csv",
        &(HISTORY.to_owned() + &own(AUTUMN, AUTUMN + 3 * day)),
    );
    let row = |second: i64| {
        format!("{},{}\n", local(second).format("%Y-%m-%d %H:%M"), (second - AUTUMN) / 900)
    };
    let rows: String = (AUTUMN..=AUTUMN + 2 * day).step_by(900).map(row).collect();
    place.import("homewizard --unit l", &("time,water usage dl\n".to_owned() + &rows)).unwrap();
    let (days, sum, _) = place.report("water_m3");
    assert_eq!((days, sum), (vec![("10-20".to_owned(), 96), ("10-21".to_owned(), 96)], 192));
    assert_eq!(place.report("energy_import_kwh").1, day, "a kWh an hour and 200 Wh");
}

#[test]
fn use_joins_the_registers_of_the_meter_or_has_an_identifier_of_its_own() {
    let day = 24 * HOUR;
    let used = |first: i64, last: i64| {
        let row = |second: i64| format!("{},1.200\n", utc(second));
        "from,used\n".to_owned() + &(first..last).step_by(3600).map(row).collect::<String>()
    };
    let words = "csv --name portal --use --column time=from --column energy_import_kwh=used";
    let place = Place::new();
    place.write(
        "p1_reader_history-2025.csv",
        &(HISTORY.to_owned() + &own(AUTUMN + day, AUTUMN + 2 * day)),
    );
    let summary = place.import(words, &used(AUTUMN, AUTUMN + day + 5 * HOUR)).unwrap();
    assert_eq!((summary.joined.len(), summary.alone.len()), (1, 0));
    assert!(
        place.file("p1_import-portal-2025.csv").contains(",E1,,500.000\n"),
        "from the register back"
    );
    assert_eq!(place.report("energy_import_kwh").1, 2 * day / 3);
    let apart = Place::new();
    apart.write(
        "p1_reader_history-2025.csv",
        &(HISTORY.to_owned() + &own(AUTUMN + day, AUTUMN + 2 * day)),
    );
    let summary = apart.import(words, &used(AUTUMN, AUTUMN + day - 5 * HOUR)).unwrap();
    assert_eq!((summary.joined.len(), summary.alone.len()), (0, 1));
    assert!(apart.file("p1_import-portal-2025.csv").contains(",portal,,0.000\n"));
    assert_eq!(
        apart.report("energy_import_kwh").1,
        2 * day / 3 - 5 * HOUR / 3,
        "what is between is not known"
    );
}

#[test]
fn the_autumn_hour_of_p1_monitor_is_one_row_for_two_hours() {
    let place = Place::new();
    let text = "TIMESTAMP,VERBR_KWH_181,VERBR_KWH_182,GELVR_KWH_281,GELVR_KWH_282,VERBR_KWH_X,GELVR_KWH_X,TARIEFCODE,VERBR_GAS_2421,VERBR_GAS_X\n\
        2021-10-31 00:00:00,56.112,29.7,1.7,3.6,0.241,0,D,81.404,0\n2021-10-31 01:00:00,56.371,29.7,1.7,3.6,0.259,0,D,81.404,0\n\
        2021-10-31 02:00:00,56.917,29.7,1.7,3.6,2.62399999999616,0,D,81.471,0.067\n2021-10-31 03:00:00,57.191,29.7,1.7,3.6,0.274,0,D,81.471,0\n";
    let summary = place.import("p1-monitor", text).unwrap();
    assert_eq!(summary.differences(), []);
    assert_eq!(place.report("energy_import_kwh").1, 1079);
    let file = place.file("p1_import-p1-monitor-2021.csv");
    assert!(file.contains("2021-10-31T00:00:00Z,2021-10-31T02:00:00,,,86.071,56.371,"), "{file}");
    assert!(file.contains("2021-10-31T02:00:00Z,2021-10-31T03:00:00,,,86.617,56.917,"), "{file}");
}

#[test]
fn hours_and_days_in_one_file_have_a_grid_each() {
    let place = Place::new();
    let header = "TIMESTAMP,VERBR_KWH_181,VERBR_KWH_182,GELVR_KWH_281,GELVR_KWH_282\n";
    let row = |time: &str, import: i64| format!("2021-10-{time},{import},0,0,0\n");
    let days = [row("28 00:00:00", 100), row("29 00:00:00", 124)].concat();
    let hours: String =
        (0..24).map(|hour| row(&format!("30 {hour:02}:00:00"), 125 + hour)).collect();
    place.import("p1-monitor", &[header, &days, header, &hours].concat()).unwrap();
    let (days, sum, _) = place.report("energy_import_kwh");
    assert_eq!(
        (days, sum),
        (vec![("10-29".to_owned(), 24_000), ("10-30".to_owned(), 24_000)], 48_000)
    );
}

#[test]
fn old_days_of_dsmr_reader_end_with_the_first_register() {
    let place = Place::new();
    let text = "Date,a,b,c,d,e,f,g,h,i,j,k,l,m,l,m,n,o\n\
        2018-01-02,3.0,2.0,0.0,0.0,4.4,0,0,0,0,0,,,,,,,\n2018-01-03,1.0,1.0,0.0,0.0,1.1,0,0,0,0,0,,,,,,,\n\
        2018-01-04,1.5,2.5,0,0,1,0,0,0,0,0,2018-01-04T00:00:07+01:00,100.0,200.0,0,0,2018-01-04T00:05:00+01:00,50.0\n\
        2018-01-05,9,9,0,0,9,0,0,0,0,0,2018-01-05T00:00:02+01:00,101.6,202.5,0,0,2018-01-05T00:05:00+01:00,51.2\n";
    place.import("dsmr-reader", text).unwrap();
    let (days, sum, gaps) = place.report("energy_import_kwh");
    let expected = [("01-02", 5000), ("01-03", 2000), ("01-04", 4100)]
        .map(|(day, used)| (day.to_owned(), used));
    assert_eq!((days, sum, gaps), (expected.to_vec(), 11_100, 0));
    assert_eq!(
        place.report("gas_m3").0.iter().map(|(_, used)| *used).collect::<Vec<_>>(),
        [4400, 1100, 1200]
    );
}

#[test]
fn an_hourly_reading_of_gas_of_dsmr_reader_ends_its_hour() {
    let text = "read_at,delivered\n2024-10-26 22:00:00+00,1.0\n2024-10-26 23:00:00+00,1.5\n2024-10-27 00:00:00+00,1.7\n";
    let place = Place::new();
    assert!(place.import("dsmr-reader", text).unwrap().has_moved_gas);
    assert!(
        place
            .file("p1_import-dsmr-reader-2024.csv")
            .contains("2024-10-26T23:00:00Z,2024-10-27T01:00:00,,,1.000")
    );
    let place = Place::new();
    assert!(!place.import("dsmr-reader --gas-time read", text).unwrap().has_moved_gas);
    let five = "read_at,delivered\n2024-10-26 22:00:00+00,1.0\n2024-10-26 22:55:00+00,1.5\n2024-10-26 23:00:00+00,1.7\n";
    assert!(!Place::new().import("dsmr-reader", five).unwrap().has_moved_gas, "a meter of DSMR 5");
}

#[test]
fn a_dry_run_counts_and_writes_nothing() {
    let place = Place::new();
    let words = "csv --dry-run --language nl";
    let summary = place.import(words, &hours(AUTUMN, AUTUMN + 24 * HOUR)).unwrap();
    assert!(!place.folder.path().join("p1_import-csv-2025.csv").exists());
    let style = crate::report::table::Style { width: 80, is_ascii: false, has_color: false };
    let text = summary.text(style, &Amsterdam, &crate::words::DUTCH);
    assert!(text.contains("28.800") && text.contains("Proef"), "{text}");
}

#[test]
fn nothing_is_written_when_a_line_is_wrong() {
    let place = Place::new();
    let text = hours(AUTUMN, AUTUMN + 24 * HOUR) + "2026-01-01T00:00:00Z,many\n";
    let error = place.import("csv", &text).unwrap_err().to_string();
    assert!(
        error.ends_with("source:27: column energy_import_kwh: expected a number, found \"many\""),
        "{error}"
    );
    assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 1, "the source");
}

/// Details of telegrams, with the second header and a torn line.
fn details(times: &[(&str, &str, i64)]) -> String {
    let mut text =
        "datum;0-0:1.0.0;0-0:96.1.1;1-0:1.8.1;1-0:1.8.2;1-0:2.8.1;1-0:1.7.0;1-0:2.7.0;1-0:32.7.0\n\
        datum;timestamp;equipment id;t1;t2;out;in;out;voltage;\n"
            .to_owned();
    for (time, told, import) in times {
        writeln!(text, "{time};{told};453130304B;{import};1000;5;{import};0;230.1;").unwrap();
    }
    text + "25-10-2"
}

#[test]
fn details_become_the_rows_of_the_recorder_and_the_meters_clock_tells_the_hour() {
    let place = Place::new();
    let times = [
        ("26-10-2025 01:59:59", "251026015959S", 100),
        ("26-10-2025 02:00:09", "251026020009S", 101),
        ("26-10-2025 02:05:01", "251026020501S", 105),
        // The recorder stood still for an hour.
        ("26-10-2025 02:10:00", "251026021000W", 170),
        ("26-10-2025 02:15:00", "251026021500W", 175),
    ];
    let summary = place.import("details", &details(&times)).unwrap();
    assert_eq!((summary.torn, summary.differences()), (1, vec![]));
    let file = place.file("p1_import-p1reader-2025.csv");
    let times: Vec<&str> = file.lines().skip(1).map(|line| &line[..20]).collect();
    let expected = ["25T23:59:59", "26T00:00:00", "26T00:05:00", "26T01:10:00", "26T01:15:00"];
    assert_eq!(times, expected.map(|time| format!("2025-10-{time}Z")));
    assert!(file.contains(",E100K,1,1.105,0.105,1.000,"), "{file}");
    assert!(file.lines().next().unwrap().contains("voltage_l1_mean_v"), "{file}");
}

#[test]
fn records_and_weekly_logs_fill_what_details_do_not_have() {
    let place = Place::new();
    let times = [
        ("25-10-2025 12:00:00", "251025120000S", 100),
        ("25-10-2025 12:05:00", "251025120500S", 105),
    ];
    place.import("details", &details(&times)).unwrap();
    let day = "2025-10-25 12:00:00, 1100,  612,  640,  811,    5,    0,    0,    0\n\
        2025-10-25 12:05:01, 999999,  612,  640,  811,    5,    0,    0,    0\n\
        2025-10-25 12:10:00, 1110,  612,  640,  811,    5,    0,    0,    0\n";
    place.import("day", day).unwrap();
    // 12:09:50, 12:10:00 and 12:20:00.
    let week = "1761386990:109.000:1000.000:612.000 : 5.000:0.000:0.000\n\
        1761387000:110.000:1000.000:612.000 : 5.000:0.000:0.000\n1761387600:112.000:1000.000:744.000 : 5.000:0.000:0.000\n";
    let summary = place.import("weekly", week).unwrap();
    assert_eq!(summary.differences(), []);
    let file = place.file("p1_import-p1reader-2025.csv");
    let lines: Vec<&str> = file.lines().skip(1).collect();
    assert_eq!(lines.len(), 5, "{file}");
    assert!(lines[1].contains(",E100K,1,1.105,0.105,1.000,"), "details win: {file}");
    assert!(lines[3].contains(",,,1.110,0.110,1.000,0.005,0.005,0.000,612,640,811,"), "{file}");
    assert!(lines[4].contains(",,,1.112,0.112,1.000,"), "{file}");
    assert_eq!(place.report("energy_import_kwh").1, 12);
    let wrong = place.import("day", "datum;version\n").unwrap_err().to_string();
    assert!(wrong.contains("source:1: expected \"2025-10-26 01:55:00, 15108353"), "{wrong}");
}

#[test]
fn months_of_use_end_with_their_month() {
    let place = Place::new();
    let text = "maand;kWh\n2025-01-01;31\n2025-02-01;28\n2025-03-01;31\n";
    place.import("csv --use --column time=maand --column energy_import_kwh=kWh", text).unwrap();
    let file = place.file("p1_import-csv-2025.csv");
    let times: Vec<&str> = file.lines().skip(1).map(|line| &line[21..31]).collect();
    assert_eq!(times, ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]);
    let end = NaiveDateTime::parse_from_str("2025-04-01 00:00", "%Y-%m-%d %H:%M").unwrap()
        - TimeDelta::seconds(1);
    assert!(Amsterdam.moment(end) > Timestamp::from_seconds(SPRING));
}

#[test]
fn zeros_before_between_and_after_readings_are_no_readings() {
    let table = |values: &[&str]| {
        let mut table = "time,Total gas used\n".to_owned();
        for (day, value) in (1..).zip(values) {
            writeln!(table, "2025-03-{day:02} 00:00,{value}").unwrap();
        }
        table
    };
    let used = |values: &[&str]| {
        let place = Place::new();
        place.import("homewizard", &table(values)).unwrap();
        place.report("gas_m3").1
    };
    let padded = ["0", "0", "4823.1", "4824.1", "0", "4826.2", "0", "0"];
    assert_eq!(used(&padded), 3100);
    assert_eq!(used(&["0", "0", "1.5", "3"]), 3000, "a new meter begins with 0");
    assert_eq!(used(&["700.5", "701", "0", "0.5", "1"]), 1500, "and here");
    assert_eq!(used(&["0", "0", "0"]), 0, "nothing was used");
}

#[test]
fn statistics_of_five_minutes_end_after_five_minutes_and_of_hours_after_an_hour() {
    let place = Place::new();
    let row = |second: i64, state: i64| format!("sensor.gas,{second},{state}\n");
    let hourly = row(AUTUMN, 1) + &row(AUTUMN + HOUR, 2);
    let short: String = (0..4).map(|at| row(AUTUMN + 3 * HOUR + at * 300, 3 + at)).collect();
    let text = "statistic_id,start_ts,state\n".to_owned() + &hourly + &short;
    place.import("homeassistant", &text).unwrap();
    let file = place.file("p1_import-homeassistant-2025.csv");
    let times: Vec<&str> = file.lines().skip(1).filter_map(|line| line.get(11..16)).collect();
    assert_eq!(times, ["23:00", "00:00", "01:05", "01:10", "01:15", "01:20"]);
}

#[test]
fn the_page_energy_of_home_assistant_gives_hours_or_months() {
    let place = Place::new();
    let text = "entity_id,type,unit,2025-01-31T23:00:00.000Z,2025-02-28T23:00:00.000Z\n\
        sensor.a,grid_consumption,kWh,100,200\n";
    place.import("homeassistant", text).unwrap();
    let file = place.file("p1_import-homeassistant-energy-2025.csv");
    let rows: Vec<&str> = file.lines().skip(1).filter_map(|line| line.get(..20)).collect();
    assert_eq!(
        rows,
        ["2025-01-31T23:00:00Z", "2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z"],
        "the row of midnight is the end of the month"
    );
}

#[test]
fn files_that_tell_nothing_are_refused_with_what_was_left_out() {
    let place = Place::new();
    for (words, text, expected) in [
        ("day", "", "expected rows with a number, found none; nothing was imported"),
        (
            "homeassistant",
            "statistic_id,start_ts,state\nsensor.x,1756677600,1\n",
            "expected rows with a number, found none; nothing was imported; left out: sensor.x, 1 row",
        ),
    ] {
        let error = place.import(words, text).unwrap_err();
        let expected = format!("{}/source: {expected}", place.folder.path().display());
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.exit(), crate::runtime::Exit::Data);
    }
}

#[test]
fn tariffs_in_files_of_their_own_make_one_total() {
    let toon = |first: i64, step: i64, hours: std::ops::Range<i64>| -> String {
        let mut table = String::new();
        for hour in hours {
            writeln!(table, "{},{}", AUTUMN + hour * HOUR, first + hour * step).unwrap();
        }
        table
    };
    let words = |tariff: &str| {
        format!(
            "csv --name toon --no-header --column time=1 --column energy_import_{tariff}_kwh=2:Wh"
        )
    };
    let place = Place::new();
    place.import(&words("t2"), &toon(5_000_000, 500, 0..48)).unwrap();
    let summary = place.import(&words("t1"), &toon(4_000_000, 300, 0..48)).unwrap();
    assert_eq!(summary.differences(), []);
    assert_eq!(place.report("energy_import_kwh").1, 47 * 800);
    // The next days of one of them; the total goes on with the other.
    place.import(&words("t2"), &toon(5_000_000, 500, 40..96)).unwrap();
    place.import(&words("t1"), &toon(4_000_000, 300, 40..96)).unwrap();
    assert_eq!(place.report("energy_import_kwh").1, 95 * 800);
    assert_eq!(place.report("energy_import_t1_kwh").1, 95 * 300);
    let file = place.file("p1_import-toon-2025.csv");
    place.import(&words("t2"), &toon(5_000_000, 500, 0..96)).unwrap();
    assert_eq!(place.file("p1_import-toon-2025.csv"), file, "once more");
    // Use, of which one is what the other is not.
    let place = Place::new();
    let used = |tariff: &str, is_day: bool| {
        let mut table = "from,kWh\n".to_owned();
        for hour in (0..48).filter(|hour| (7..23).contains(&(hour % 24)) == is_day) {
            writeln!(table, "{},0.25", AUTUMN + hour * HOUR).unwrap();
        }
        let words = format!(
            "csv --name engie --use --column time=from --column energy_import_{tariff}_kwh=kWh"
        );
        place.import(&words, &table).unwrap();
    };
    used("t1", true);
    used("t2", false);
    let days: Vec<i64> = place.report("energy_import_kwh").0.iter().map(|day| day.1).collect();
    assert_eq!(days, [6000, 6000]);
}

#[test]
fn tariffs_of_use_that_take_turns_make_a_total_from_the_first_to_the_last() {
    let quarters = |days: i64| {
        let mut table =
            "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);Register;Volume;Eenheid\n"
                .to_owned();
        for quarter in 0..days * 96 {
            let [from, until] = [quarter, quarter + 1].map(|at| local(AUTUMN + at * 900));
            let tariff = if (28..88).contains(&(quarter % 96)) { "Dag" } else { "Nacht" };
            let form = "%d-%m-%Y;%H:%M:%S";
            writeln!(table, "{};{};Afname {tariff};0,1;kWh", from.format(form), until.format(form))
                .unwrap();
        }
        table
    };
    for own_from in [None, Some(3 * 86_400)] {
        let place = Place::new();
        if let Some(from) = own_from {
            let row = |step: i64| {
                let t1 = 5_000_000 + step * 10;
                let time = utc(AUTUMN + from + step * 300);
                format!("{time},x,E1,300,{},{},{}\n", kwh(t1 + 7_000_000), kwh(t1), kwh(7_000_000))
            };
            let header = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,energy_import_t1_kwh,energy_import_t2_kwh\n";
            let rows: String = (0..5).map(row).collect();
            place.write("p1_reader_history-2025.csv", &(header.to_owned() + &rows));
        }
        let summary = place.import("fluvius", &quarters(3)).unwrap();
        assert_eq!(summary.differences(), [], "{own_from:?}");
        assert_eq!(summary.joined.len(), if own_from.is_some() { 2 } else { 0 });
        let (days, _, gaps) = place.report("energy_import_kwh");
        let used: Vec<i64> = days.iter().map(|(_, used)| *used).take(3).collect();
        assert_eq!((used, gaps), (vec![9600, 9600, 9600], 0), "{own_from:?}");
    }
}

#[test]
fn a_tariff_that_begins_later_or_ends_sooner_does_not_make_the_total_jump() {
    let place = Place::new();
    let toon = |first: i64, step: i64, hours: std::ops::Range<i64>| -> String {
        let mut table = String::new();
        for hour in hours {
            writeln!(table, "{},{}", AUTUMN + hour * HOUR, first + hour * step).unwrap();
        }
        table
    };
    for (tariff, table) in
        [("t2", toon(5_000_000, 500, 0..96)), ("t1", toon(4_000_000, 300, 24..72))]
    {
        let words = format!(
            "csv --name toon --no-header --column time=1 --column energy_import_{tariff}_kwh=2:Wh"
        );
        assert_eq!(place.import(&words, &table).unwrap().differences(), []);
    }
    assert_eq!(place.report("energy_import_kwh").1, 95 * 500 + 47 * 300);
}

#[test]
fn a_meter_and_its_successor_both_count_and_two_side_by_side_are_refused() {
    let table = |rows: &[(&str, u32, u32)]| {
        let mut table = "meternummer,meterreadingdate,reading1,usage1,reading2\n".to_owned();
        for (meter, day, reading) in rows {
            writeln!(table, "{meter},{day:02}-06-2023,{reading},,0").unwrap();
        }
        table
    };
    let rows = [("E1", 5, 100), ("E1", 6, 107), ("E2", 6, 3), ("E2", 7, 14), ("E2", 8, 20)];
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 3, 4, 0, 1]] {
        let place = Place::new();
        let summary = place.import("liander", &table(&order.map(|at| rows[at]))).unwrap();
        assert_eq!(summary.differences(), [], "{order:?}");
        let days: Vec<i64> =
            place.report("energy_import_t2_kwh").0.iter().map(|day| day.1).collect();
        assert_eq!(days, [7000, 11_000, 6000], "{order:?}");
    }
    let both = table(&[("E1", 5, 100), ("E2", 5, 900), ("E1", 6, 107), ("E2", 6, 903)]);
    let place = Place::new();
    let error = place.import("liander", &both).unwrap_err().to_string();
    assert!(error.starts_with("expected one meter after the other, found E"), "{error}");
    place.import("liander --where meternummer=E2", &both).unwrap();
    assert_eq!(place.report("energy_import_t2_kwh").1, 3000);
    let error = place.import("liander --where meter=E2", &both).unwrap_err().to_string();
    assert!(error.contains("source:1: --where: there is no column \"meter\""), "{error}");
}

#[test]
fn a_table_for_excel_names_its_separator_and_a_cut_one_is_told() {
    let place = Place::new();
    let text =
        "sep=;\r\nTIME;Energy_Import_kWh\r\n2025-01-01;13.634,387\r\n2025-01-02;13.635,387\r\n";
    let summary = place.import("csv", text).unwrap();
    assert_eq!((summary.differences(), summary.cut.len()), (vec![], 0));
    assert_eq!(place.report("energy_import_kwh").1, 1000);
    let cut = place.import("csv --name cut", &text[..text.len() - 5]).unwrap().cut;
    assert!(cut.len() == 1 && cut[0].ends_with("source:4"), "{cut:?}");
}
