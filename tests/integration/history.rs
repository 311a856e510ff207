//! The history, from a simulated meter through the recorder to the report.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use p1_multicast::config::Config;
use p1_multicast::message::{Message, Translator};
use p1_multicast::reader::{DiskStorage, Recorder, Zone};
use p1_multicast::telegram::{Policy, Timestamp};

use crate::support::binary;

/// 2026-10-18 00:00:00 in Amsterdam, and the end of summer time a week later.
const START: i64 = 1_792_274_400;
const WINTER: i64 = 1_792_890_000;

const DAYS: i64 = 14;

/// Of the telegrams, one a second, each thirtieth is recorded.
const STEP: i64 = 30;

/// Amsterdam in these weeks.
struct Amsterdam;

impl Zone for Amsterdam {
    fn local(&self, time: Timestamp) -> NaiveDateTime {
        let utc = DateTime::from_timestamp(time.seconds(), 0).unwrap().naive_utc();
        utc + TimeDelta::hours(if time.seconds() < WINTER { 2 } else { 1 })
    }
}

/// The second at which a day begins; the eighth has 25 hours.
fn midnight(day: i64) -> i64 {
    START + day * 86_400 + if day > 7 { 3600 } else { 0 }
}

/// The sum of the registers with these codes in the text of a telegram, Wh.
fn registers(telegram: &str, codes: [&str; 2]) -> i64 {
    let register = |code: &str| {
        let line = telegram.lines().find_map(|line| line.strip_prefix(code)).expect(code);
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        digits.parse::<i64>().unwrap()
    };
    codes.map(register).iter().sum()
}

/// Records what p1sim sends in these weeks; gives import and export at each midnight, Wh.
fn record(folder: &Path) -> Vec<[i64; 2]> {
    let mut config = Config::default();
    config.p1_reader.min_free = 0;
    config.p1_reader_details.enabled = false;
    config.p1_reader_interval.enabled = false;
    config.p1_reader_day.enabled = false;
    config.html_report.enabled = false;
    config.weekly_log.enabled = false;
    config.p1_reader_history.filename = folder.join("p1_reader_history-YEAR.csv");
    let mut recorder = Recorder::new(&config, DiskStorage::default(), Amsterdam);
    let count = (midnight(DAYS) - START + 1).to_string();
    let mut simulator = Command::new(binary("p1sim"))
        .args(["--stdout", "--speed", "max", "--start", "2026-10-18 00:00:00", "--count", &count])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(simulator.stdout.take().unwrap());
    let mut translator = Translator::new(Policy::Require, None);
    let mut telegram = Vec::new();
    let mut midnights = Vec::new();
    for second in START.. {
        telegram.clear();
        output.read_until(b'!', &mut telegram).unwrap();
        if output.read_until(b'\n', &mut telegram).unwrap() == 0 {
            break;
        }
        if (second - START) % STEP != 0 {
            continue;
        }
        let time = Timestamp::from_seconds(second);
        let json = translator.feed(&mut &telegram[..], time).unwrap().unwrap().json;
        recorder.tick(time);
        recorder.record(&Message::parse(json).unwrap());
        if second == midnight(i64::try_from(midnights.len()).unwrap()) {
            let text = String::from_utf8_lossy(&telegram);
            let import = registers(&text, ["1-0:1.8.1", "1-0:1.8.2"]);
            midnights.push([import, registers(&text, ["1-0:2.8.1", "1-0:2.8.2"])]);
        }
    }
    assert!(simulator.wait().unwrap().success());
    recorder.finish();
    midnights
}

#[test]
#[ignore = "needs a minute"]
fn two_simulated_weeks_over_the_end_of_summer_time_are_reported_to_the_watt_hour() {
    let folder = tempfile::tempdir().unwrap();
    let midnights = record(folder.path());
    assert_eq!(midnights.len(), 15);
    let report = Command::new(binary("p1report"))
        .args(["days", "--json", "--from", "2026-10-18", "--to", "2026-10-31", "--dir"])
        .arg(folder.path())
        .env("TZ", "Europe/Amsterdam")
        .output()
        .unwrap();
    assert!(report.status.success(), "{report:?}");
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let periods = report["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 14);
    for (day, period) in periods.iter().enumerate() {
        let names = ["energy_import_kwh", "energy_export_kwh"];
        let reported = names.map(|name| format!("{:.3}", period[name].as_f64().unwrap()));
        let expected = [0, 1].map(|at| {
            let watt_hours = midnights[day + 1][at] - midnights[day][at];
            format!("{}.{:03}", watt_hours / 1000, watt_hours % 1000)
        });
        assert_eq!(reported, expected, "{period}");
        assert_eq!(period["complete"], true, "{period}");
    }
    let rows = std::fs::read_to_string(folder.path().join("p1_reader_history-2026.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 1 + 12 * (14 * 24 + 1), "header, midnight, rows");
}
