//! `p1report`: files, exit statuses and what is printed.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::binary;

/// Two days of November, a row each hour: 500 Wh an hour, and the device of the gas an hour behind.
const HEADER: &str = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,energy_export_kwh,gas_m3,gas_time_utc,gas_unique_id\n";

fn rows(meter: &str) -> String {
    let row = |hour: usize| {
        let at = |hour: usize| format!("2026-11-{:02}T{:02}:00:00", 23 + hour / 24, hour % 24);
        let (half, gas) = (hour * 500, 7000 + hour * 10);
        format!(
            "{}Z,{},{meter},360,{}.{:03},0.000,{}.{:03},{}Z,G1\n",
            at(hour),
            at(hour + 1),
            100 + half / 1000,
            half % 1000,
            gas / 1000,
            gas % 1000,
            at(hour)
        )
    };
    (0..48).map(row).collect()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p1_reader_history-2026.csv"), HEADER.to_owned() + &rows("E1"))
        .unwrap();
    folder
}

fn report(folder: &Path, arguments: &str) -> Output {
    Command::new(binary("p1report"))
        .arg("--dir")
        .arg(folder)
        .args(arguments.split(' ').filter(|argument| !argument.is_empty()))
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .env_remove("NO_COLOR")
        .output()
        .unwrap()
}

fn code(folder: &Path, arguments: &str) -> (i32, String) {
    let output = report(folder, arguments);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn text(folder: &Path, arguments: &str) -> String {
    let output = report(folder, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn days_are_the_differences_of_the_registers() {
    let folder = folder();
    let text = text(folder.path(), "days");
    assert!(text.contains("mo 2026-11-23 "), "{text}");
    assert!(text.contains("12.000"), "24 hours of 500 Wh: {text}");
    assert!(text.contains("0.240"), "24 hours of 10 dm³: {text}");
    assert!(!text.contains('\x1b'), "no colour without a terminal");
}

#[test]
fn json_and_csv_can_be_read_by_other_programs() {
    let folder = folder();
    let json = text(folder.path(), "days --json");
    assert!(json.contains("\"energy_import_kwh\":12.000,"), "the register's own digits: {json}");
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    let csv = text(folder.path(), "days --csv");
    let mut lines = csv.lines();
    assert!(
        lines.next().unwrap().starts_with("label,from,to,complete,energy_import_kwh,"),
        "{csv}"
    );
    assert!(lines.next().unwrap().starts_with("2026-11-23,2026-11-23T00:00:00+00:00,"), "{csv}");
    assert!(text(folder.path(), "days --csv --decimal-comma").contains(";12,000;"));
}

#[test]
fn each_way_to_end_has_its_status() {
    let folder = folder();
    let empty = tempfile::tempdir().unwrap();
    let (status, log) = code(empty.path(), "");
    assert_eq!(status, 66);
    assert!(
        log.contains("no history in") && log.contains("p1reader writes p1_reader_history-YEAR.csv"),
        "{log}"
    );
    for (arguments, expected) in [
        ("days", 0),
        ("hours --from 2026-11-23 --to 2026-11-23", 0),
        ("days 1 --alert import_kwh>11", 1),
        ("days 1 --alert import_kwh>12", 0),
        ("days --from 2026-02-30", 64),
        ("days --from 2026-12 --to 2026-11", 64),
        ("decades", 64),
        ("months --compare tomorrow", 64),
        ("days --from 2019 --to 2020", 66),
    ] {
        let (status, log) = code(folder.path(), arguments);
        assert_eq!(status, expected, "{arguments}: {log}");
    }
}

#[test]
fn a_history_of_one_row_has_nothing_to_report_yet() {
    let folder = tempfile::tempdir().unwrap();
    let first = rows("E1").lines().next().unwrap().to_owned() + "\n";
    fs::write(folder.path().join("p1_reader_history-2026.csv"), HEADER.to_owned() + &first)
        .unwrap();
    for kind in ["", "days", "voltage", "battery", "gaps"] {
        let (status, log) = code(folder.path(), kind);
        assert_eq!(status, 66, "{kind}");
        assert!(log.contains("there is nothing to report yet"), "{log}");
    }
}

#[test]
fn bad_files_are_named_and_do_not_hide_the_good_ones() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "p1_reader_history-1970.csv",
        &(HEADER.to_owned() + "1970-01-01T00:05:00Z,x,E1,1,1,1,1,,\n"),
    );
    write("p1_reader_history-2025.csv", "datum;version\n");
    write(
        "p1_reader_history-2027.csv",
        &(HEADER.to_owned()
            + "2027-01-01T00:00:00Z,2027-01-01T00:00:00,E1,1,200.000,0,8,,\n\0\0\n"),
    );
    let output = report(folder.path(), "days");
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    assert!(log.contains("1970.csv: its rows are of a clock that was not yet set"), "{log}");
    assert!(log.contains("2025.csv: no history file"), "{log}");
    assert!(log.contains("2027.csv: 1 line left out"), "{log}");
    // A folder cannot be read as a file, whoever runs the tests.
    fs::create_dir(folder.path().join("p1_reader_history-2024.csv")).unwrap();
    let (status, log) = code(folder.path(), "days");
    assert_eq!(status, 74, "the report is printed, and a year is missing");
    assert!(log.contains("2024.csv: cannot be read"), "{log}");
}

#[test]
fn days_of_version_1_0_are_read_where_there_is_no_history_yet() {
    let folder = tempfile::tempdir().unwrap();
    let record = |hour: usize| {
        format!(
            "2026-11-20 {hour:02}:00:01, {},  500,  500,  500,    0,    0,    0,    0\n",
            1000 + hour * 500
        )
    };
    let records: String = (0..24).map(record).collect::<Vec<_>>().concat();
    fs::write(folder.path().join("p1_reader_day-20261120.csv"), records).unwrap();
    fs::write(
        folder.path().join("p1_reader_day-20261121.csv"),
        "2026-11-21 00:00:00, 13000,  1,  1,  1,  0,  0,  0,  0\n",
    )
    .unwrap();
    let text = text(folder.path(), "days");
    assert!(text.contains("fr 2026-11-20 ") && text.contains("12.000"), "{text}");
}

#[test]
fn two_meters_at_once_need_a_choice() {
    let folder = folder();
    let both = HEADER.to_owned() + &rows("E1") + &rows("E2");
    fs::write(folder.path().join("p1_reader_history-2026.csv"), both).unwrap();
    let (status, log) = code(folder.path(), "days");
    assert_eq!(status, 64);
    assert!(log.contains("choose one with --meter"), "{log}");
    assert!(text(folder.path(), "days --meter E2").contains("12.000"));
}

#[test]
fn production_of_a_file_gives_self_consumption_and_a_wrong_file_is_refused() {
    let folder = folder();
    let solar = folder.path().join("solar.csv");
    let command = |rest: &str| format!("days {rest} --production {}", solar.display());
    fs::write(&solar, "time;kWh\r\n2026-11-23;4,000\r\n").unwrap();
    let json = text(folder.path(), &command("--json"));
    let figures = "\"production_kwh\":4.000,\"self_consumed_kwh\":4.000,\
        \"self_consumption_percent\":100.0,\"self_sufficiency_percent\":25.0,";
    assert_eq!(json.matches(figures).count(), 1, "of the day that it has: {json}");
    assert_eq!(json.matches("production_kwh").count(), 1, "{json}");
    fs::write(&solar, "time;kWh\n2026-11-23;4\nmore;4\n").unwrap();
    let (status, log) = code(folder.path(), &command(""));
    assert_eq!(status, 65);
    assert!(log.contains("solar.csv:3: column time: expected a time such as"), "{log}");
    fs::remove_file(&solar).unwrap();
    let (status, log) = code(folder.path(), &command(""));
    assert_eq!(status, 66);
    assert!(log.contains("solar.csv: No such file"), "{log}");
}
