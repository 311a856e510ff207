//! `p1report import`: years of other programs in the reports, and what is refused.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chrono::{DateTime, Datelike as _};

use crate::support::binary;

fn p1report(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(binary("p1report"));
    command
        .args(arguments.split(' '))
        .arg("--dir")
        .arg(folder)
        .env("TZ", "Europe/Amsterdam")
        .env("LC_ALL", "C")
        .env_remove("NO_COLOR");
    command
}

fn run(folder: &Path, arguments: &str) -> Output {
    p1report(folder, arguments).output().unwrap()
}

/// What is printed, and how it ended.
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn failed(folder: &Path, arguments: &str) -> (i32, String) {
    let output = run(folder, arguments);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Whether this machine knows the zone.
fn has_zones() -> bool {
    Path::new("/usr/share/zoneinfo/Europe/Amsterdam").exists()
}

/// The registers of a house, thousandths, and what was used in each year by the clock of Amsterdam.
#[derive(Default)]
struct House {
    registers: [i64; 5],
    years: Vec<(i32, [i64; 5])>,
}

/// 2018-01-01 and 2026-01-01, 00:00 in Amsterdam.
const FIRST: i64 = 1_514_761_200;
const LAST: i64 = 1_767_222_000;

impl House {
    /// An hour later.
    fn hour(&mut self, second: i64) {
        let random = (second / 3600 * 7919 + second / 86_400 * 104_729) % 997;
        let is_low = (second / 3600) % 24 < 7;
        let used = [
            if is_low { random } else { 0 },
            if is_low { 0 } else { random + 40 },
            if is_low { random / 50 } else { 0 },
            if is_low { 0 } else { random / 2 },
            random / 3,
        ];
        // The year that the hour ends in: no year begins within one.
        let year = DateTime::from_timestamp(second + 3600 - 1, 0).unwrap().year();
        if self.years.last().is_none_or(|(known, _)| *known != year) {
            self.years.push((year, [0; 5]));
        }
        let sums = &mut self.years.last_mut().unwrap().1;
        for ((register, sum), used) in self.registers.iter_mut().zip(sums).zip(used) {
            *register += used;
            *sum += used;
        }
    }
}

fn decimal(number: i64) -> String {
    format!("{}.{:03}", number / 1000, number % 1000)
}

/// A number of JSON in thousandths.
fn thousandths(number: &serde_json::Value) -> i64 {
    let text = number.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<3}").parse().unwrap()
}

/// What `psql --csv` gives of both tables, as retention leaves them: the first and the last reading of each hour.
fn tables(house: &mut House) -> String {
    let time =
        |second: i64| DateTime::from_timestamp(second, 0).unwrap().format("%Y-%m-%d %H:%M:%S+00");
    let mut electricity = "read_at,delivered_1,returned_1,delivered_2,returned_2\n".to_owned();
    let mut gas = "read_at,delivered\n".to_owned();
    let mut second = FIRST;
    loop {
        let [t1, t2, e1, e2, _] = house.registers.map(decimal);
        writeln!(electricity, "{},{t1},{e1},{t2},{e2}", time(second)).unwrap();
        if second == LAST {
            return electricity + &gas;
        }
        // Years are those of local winter time.
        house.hour(second + 3600);
        second += 3600;
        let [t1, t2, e1, e2, g] = house.registers.map(decimal);
        writeln!(electricity, "{},{t1},{e1},{t2},{e2}", time(second - 60)).unwrap();
        // The gas of the hour is noted under its start.
        writeln!(gas, "{},{g}", time(second - 3600)).unwrap();
    }
}

#[test]
fn eight_years_of_dsmr_reader_are_in_the_years_with_two_commands() {
    if !has_zones() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut house = House { registers: [1_234_567, 2_345_678, 0, 12, 345_678], ..House::default() };
    let source = tables(&mut house);
    let mut import = p1report(folder.path(), "import dsmr-reader -")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    import.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    let text = printed(&import.wait_with_output().unwrap());
    assert!(text.contains("Every sum is that of the source, to the Wh"), "{text}");
    assert!(text.contains("import dsmr-reader: 70129 rows"), "{text}");
    let json = printed(&run(folder.path(), "years --json"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let periods = json["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 8);
    for (period, (year, sums)) in periods.iter().zip(&house.years) {
        assert_eq!(period["label"], year.to_string());
        assert_eq!(period["complete"], true, "{period}");
        let names = [
            "energy_import_t1_kwh",
            "energy_import_t2_kwh",
            "energy_export_t1_kwh",
            "energy_export_t2_kwh",
        ];
        for (name, sum) in names.into_iter().zip(sums) {
            assert_eq!(thousandths(&period[name]), *sum, "{year} {name}");
        }
        assert_eq!(thousandths(&period["energy_import_kwh"]), sums[0] + sums[1], "{year}");
    }
    assert_eq!(json["gaps"].as_array().unwrap().len(), 0, "{}", json["gaps"]);
    // Gas of the first hour has no reading before it.
    let gas: i64 = periods.iter().map(|period| thousandths(&period["gas_m3"])).sum();
    let used: i64 = house.years.iter().map(|(_, sums)| sums[4]).sum();
    let mut first = House::default();
    first.hour(FIRST + 3600);
    assert_eq!(gas, used - first.registers[4]);
    // Again changes nothing.
    let before = fs::read(folder.path().join("p1_import-dsmr-reader-2021.csv")).unwrap();
    fs::write(folder.path().join("source"), &source).unwrap();
    let again = format!("import dsmr-reader {}", folder.path().join("source").display());
    let text = printed(&run(folder.path(), &again));
    assert_eq!(text.matches("unchanged").count(), 9, "{text}");
    assert_eq!(fs::read(folder.path().join("p1_import-dsmr-reader-2021.csv")).unwrap(), before);
}

#[test]
fn each_way_to_end_an_import_has_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("source");
    fs::write(&file, "datum;version\n1;2\n").unwrap();
    let path = file.display();
    for (arguments, status, reason) in [
        (format!("import liander {path}"), 65, "source:1: expected eancodeasn,meternummer"),
        (format!("import csv {path}.not"), 66, "No such file"),
        ("import toon -".to_owned(), 64, "possible values"),
        (format!("import csv --name ../x {path}"), 64, "lower-case letters"),
        ("import csv".to_owned(), 64, "FILE"),
    ] {
        let (code, log) = failed(folder.path(), &arguments);
        assert_eq!(code, status, "{arguments}: {log}");
        assert!(log.contains(reason), "{arguments}: {log}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was written");
}

#[test]
#[ignore = "needs ../shared"]
fn every_sample_of_another_program_is_imported_with_its_sums() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/history/import");
    for (format, files, rows) in [
        ("details", "classic-details-20261125.csv", 1),
        ("day", "classic-day-20251026.csv", 8),
        ("weekly", "classic-weekly-2025-W43.log", 3),
        ("dsmr-reader", "dsmr-reader-postgres-electricity.csv dsmr-reader-postgres-gas.csv", 4),
        ("dsmr-reader", "dsmr-reader-day-en.csv", 5),
        ("dsmr-reader", "dsmr-reader-hour-en.csv", 11),
        ("dsmr-reader", "dsmr-reader-hour-nl.csv", 3),
        ("p1-monitor", "p1mon-uur.csv", 6),
        ("p1-monitor", "p1mon-watermeter.csv", 3),
        ("homewizard", "homewizard-15min-elec.csv", 7),
        ("homewizard", "homewizard-15min-3phase-meter.csv", 3),
        ("homewizard", "homewizard-15min-gas.csv", 3),
        ("homewizard --unit l", "homewizard-15min-water.csv", 4),
        ("fluvius", "fluvius-quarter-en.csv", 13),
        ("fluvius", "fluvius-quarter-nl.csv", 5),
        ("fluvius", "fluvius-gas-nl.csv", 5),
        ("liander", "liander-days.csv", 2),
        ("slimmemeterportal", "slimmemeterportal-elec.csv", 8),
        ("slimmemeterportal", "slimmemeterportal-gas.csv", 3),
        ("homeassistant", "homeassistant-statistics.csv", 2),
        ("homeassistant", "homeassistant-history.csv", 3),
        ("homeassistant", "homeassistant-import-delta.csv", 3),
        (
            "csv --column time=OpnameDatum --column energy_import_t2_kwh=StandNormaal --column energy_import_t1_kwh=StandDal",
            "greenchoice-days.csv",
            2,
        ),
        (
            "csv --no-header --column time=1 --column energy_import_t1_kwh=2:Wh",
            "toon-elec_quantity_nt_CurrentElectricityQuantity_5yrhours.csv",
            3,
        ),
        (
            "csv --use --column time=DateFrom --column until=DateTo --column energy_import_kwh=ElectricityConsumptionUsageKwh --column gas_m3=GasUsageKwh:m3",
            "zonneplan.csv",
            5,
        ),
        (
            "csv --use --where Type=Elektriciteit --column time=Datum --column energy_import_kwh=Verbruik",
            "engie.csv",
            5,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<String> =
            files.split(' ').map(|file| samples.join(file).display().to_string()).collect();
        let text = printed(&run(folder.path(), &format!("import {format} {}", paths.join(" "))));
        assert!(text.contains("Every sum is that of the source"), "{format} {files}: {text}");
        let found = format!(": {rows} row");
        assert!(text.contains(&found), "{format} {files}: expected{found} in {text}");
    }
}

#[test]
fn an_export_is_imported_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let header = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,energy_export_kwh\n";
    let row = |hour: i64| {
        let time = DateTime::from_timestamp(FIRST + hour * 3600, 0).unwrap();
        format!("{},x,E1,30,{},0.000\n", time.format("%Y-%m-%dT%H:%M:%SZ"), decimal(hour * hour))
    };
    let rows: String = (0..1000).map(row).collect();
    fs::write(folder.path().join("p1_reader_history-2018.csv"), header.to_owned() + &rows).unwrap();
    let days = printed(&run(folder.path(), "days 0 --csv"));
    for (export, import) in [
        ("csv", "csv"),
        ("csv --decimal-comma", "csv"),
        ("homeassistant --prefix sensor.p1_meter_", "homeassistant"),
    ] {
        let text = printed(&run(folder.path(), &format!("export {export}")));
        let other = tempfile::tempdir().unwrap();
        let file = other.path().join("source");
        fs::write(&file, text).unwrap();
        printed(&run(other.path(), &format!("import {import} {}", file.display())));
        assert_eq!(printed(&run(other.path(), "days 0 --csv")), days, "{export}");
    }
    let lines = printed(&run(folder.path(), "export influx --year 2018"));
    assert!(lines.starts_with("p1,meter=E1 energy_import_kwh="), "{lines}");
    let (status, log) = failed(folder.path(), "export csv --year 2030");
    assert_eq!(status, 66, "{log}");
    assert_eq!(failed(folder.path(), "export influx --decimal-comma").0, 64);
}
