//! What is exported is what was recorded, and comes back.

use std::fs;
use std::path::Path;

use clap::Parser as _;

use super::*;
use crate::history::calendar::{Calendar, Unit};
use crate::history::files::History;
use crate::history::tally::Limits;
use crate::report::{Command, Options, import};
use crate::telegram::Timestamp;
use crate::zone::tests::Amsterdam;

/// 2026-10-24 22:00 UTC: 25 October, 00:00 in Amsterdam, a day of 25 hours.
const MIDNIGHT: i64 = 1_792_879_200;

const HEADER: &str = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,energy_export_kwh,voltage_l1_mean_v,any_power_fail_count,gas_m3,gas_time_utc,gas_unique_id\n";

fn utc(second: i64) -> String {
    chrono::DateTime::from_timestamp(second, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Two days of rows: 100 Wh each five minutes, and gas each hour, which comes five minutes later.
fn house() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let row = |at: i64| {
        let second = MIDNIGHT + at * 300;
        let read = (at - 1).div_euclid(12);
        let local = Amsterdam.local(Timestamp::from_seconds(second)).format("%Y-%m-%dT%H:%M:%S");
        format!(
            "{},{local},E1,30,{}.{},2.500,230.1,7,{}.{:03},{},G1\n",
            utc(second),
            1000 + at / 10,
            at % 10,
            50 + read / 1000,
            read.rem_euclid(1000),
            utc(MIDNIGHT + read * 3600)
        )
    };
    let rows: String = (1..=600).map(row).collect();
    fs::write(folder.path().join("p1_reader_history-2026.csv"), HEADER.to_owned() + &rows).unwrap();
    folder
}

fn source(folder: &Path) -> Source<Amsterdam> {
    let mut history = History::open(&folder.join("p1_reader_history-YEAR.csv"), None).unwrap();
    let (first, end) = (history.first().unwrap(), history.last().unwrap().unwrap());
    Source { history, zone: Amsterdam, now: end + 300, first, end, production: None }
}

fn exported(folder: &Path, words: &str) -> String {
    let command = format!("p1report export {words}");
    let options = Options::try_parse_from(command.split(' ')).unwrap();
    let Some(Command::Export(options)) = options.command else { panic!("{command}") };
    let mut out = Vec::new();
    export(&mut source(folder), &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Imports a text into another folder, and gives what a report shows there of both registers.
fn imported(words: &str, text: &str) -> [Vec<(i64, i64)>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("source");
    fs::write(&file, text).unwrap();
    let command = format!("p1report import {words} {}", file.display());
    let options = Options::try_parse_from(command.split(' ')).unwrap();
    let Some(Command::Import(options)) = options.command else { panic!("{command}") };
    let mut own = History::open(&folder.path().join("x-YEAR.csv"), None).unwrap();
    let summary = import::import(&options, folder.path(), &mut own, &Amsterdam).unwrap();
    assert_eq!(summary.differences(), []);
    used(folder.path())
}

/// The hours of import and of gas.
fn used(folder: &Path) -> [Vec<(i64, i64)>; 2] {
    let registers = ["energy_import_kwh", "gas_m3"].map(str::to_owned);
    let limits = Limits { from: 0, to: i64::MAX / 2, cut: None };
    let calendar = Calendar::new(Amsterdam, Unit::Hour);
    let pass = source(folder).pass(&calendar, &registers, limits).unwrap();
    let of = |at: usize| {
        let periods = pass.tally.periods.iter();
        periods.filter_map(|period| Some((period.span.start, period.used[at]?))).collect()
    };
    [of(0), of(1)]
}

#[test]
fn a_table_has_local_time_and_every_number_and_comes_back() {
    let folder = house();
    let text = exported(folder.path(), "csv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "time,unique_id,energy_import_kwh,energy_export_kwh,voltage_l1_mean_v,any_power_fail_count,gas_m3,gas_time,time_utc,gas_time_utc"
    );
    assert_eq!(
        lines[1],
        "2026-10-25T00:05:00,E1,1000.100,2.500,230.1,7,50.000,2026-10-25T00:00:00,2026-10-24T22:05:00Z,2026-10-24T22:00:00Z"
    );
    assert_eq!(lines.len(), 601);
    assert_eq!(imported("csv", &text), used(folder.path()), "the hour that comes twice, too");
    let comma = exported(folder.path(), "csv --decimal-comma");
    assert!(
        comma.contains(
            "\n2026-10-25T00:05:00;E1;1000,100;2,500;230,1;7;50,000;2026-10-25T00:00:00;2026-10-24T22:05:00Z;2026-10-24T22:00:00Z\n"
        ),
        "{comma}"
    );
    assert_eq!(imported("csv", &comma), used(folder.path()));
}

/// Local times alone could not tell: of a part of the rows, each time is there once, or the times do not step back.
#[test]
fn any_part_of_the_hour_that_comes_twice_comes_back_as_it_was() {
    let folder = house();
    let path = folder.path().join("p1_reader_history-2026.csv");
    let all: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    // Row 24 is that of 02:00 summer time.
    for kept in [[24..36, 0..0], [36..48, 0..0], [24..27, 42..48], [24..25, 36..37], [20..30, 0..0]]
    {
        let rows = kept.iter().cloned().flatten().chain(60..600).map(|at| all[at].clone());
        let text: Vec<String> = std::iter::once(all[0].clone()).chain(rows).collect();
        fs::write(&path, text.join("\n") + "\n").unwrap();
        let text = exported(folder.path(), "csv");
        assert_eq!(imported("csv", &text), used(folder.path()), "{kept:?}");
    }
}

#[test]
fn lines_of_influx_have_times_and_types() {
    let folder = house();
    let text = exported(folder.path(), "influx --from 2026-10-25 --to 2026-10-25");
    let first = text.lines().next().unwrap();
    assert_eq!(
        first,
        "p1,meter=E1 energy_import_kwh=1000.100,energy_export_kwh=2.500,voltage_l1_mean_v=230.1,\
         any_power_fail_count=7i,gas_m3=50.000,gas_timestamp=1792879200i 1792879500000000000"
    );
    assert_eq!(text.lines().count(), 300, "25 hours");
    assert!(
        text.lines().last().unwrap().ends_with(" 1792969200000000000"),
        "midnight belongs to it"
    );
}

#[test]
fn statistics_of_entities_are_the_use_of_whole_hours_and_come_back() {
    let folder = house();
    let text = exported(folder.path(), "homeassistant --prefix sensor.my_");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "statistic_id,start,unit,delta");
    assert_eq!(
        lines[1], "sensor.my_energy_import,2026-10-24 22:00,kWh,1.100",
        "from the first row on"
    );
    assert_eq!(lines[2], "sensor.my_energy_import,2026-10-24 23:00,kWh,1.200");
    let gas: Vec<&&str> = lines.iter().filter(|line| line.contains("_gas,")).collect();
    assert_eq!(*gas[0], "sensor.my_gas,2026-10-24 22:00,m³,0.001");
    assert_eq!(imported("homeassistant", &text), used(folder.path()));
}

/// Home Assistant has none of that name, to which it could add the use.
#[test]
fn statistics_of_our_own_have_the_register_and_a_sum_that_no_range_changes() {
    let folder = house();
    let text = exported(folder.path(), "homeassistant");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "statistic_id,start,unit,state,sum");
    assert_eq!(lines[1], "sensor:p1_energy_import,2026-10-24 22:00,kWh,1001.200,1.100");
    assert_eq!(lines[2], "sensor:p1_energy_import,2026-10-24 23:00,kWh,1002.400,2.300");
    let part = exported(folder.path(), "homeassistant --from 2026-10-26");
    let part: Vec<&str> = part.lines().filter(|line| line.contains("_import")).collect();
    assert_eq!(part[1], "sensor:p1_energy_import,2026-10-26 00:00,kWh,1032.400,32.300");
    assert!(part.iter().all(|line| lines.contains(line)), "{part:?}");
    // The register at the beginning of the first hour is not in the table.
    let of = |all: [Vec<(i64, i64)>; 2]| all.map(|hours| hours[1..].to_vec());
    assert_eq!(imported("homeassistant", &text), of(used(folder.path())));
}

/// Home Assistant refuses a file with the running hour.
#[test]
fn an_hour_is_exported_when_it_has_been_over_for_five_minutes() {
    let folder = house();
    let exported_at = |late: i64, prefix: &str| {
        let command = format!("p1report export homeassistant --prefix {prefix}");
        let options = Options::try_parse_from(command.split(' ')).unwrap();
        let Some(Command::Export(options)) = options.command else { panic!("{command}") };
        let mut source = source(folder.path());
        source.now = source.end + late;
        let mut out = Vec::new();
        export(&mut source, &options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    for prefix in ["sensor:p1_", "sensor.my_"] {
        assert!(!exported_at(299, prefix).contains(",2026-10-26 23:00,kWh"));
        assert!(exported_at(300, prefix).contains(",2026-10-26 23:00,kWh"));
    }
}

#[test]
fn a_gap_is_in_the_hour_in_which_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let row = |hour: i64, register: i64| {
        format!("{},x,E1,30,{register},0,,,,,\n", utc(MIDNIGHT + hour * 3600))
    };
    let rows = [row(0, 5), row(1, 6), row(4, 20)].concat();
    fs::write(folder.path().join("p1_reader_history-2026.csv"), HEADER.to_owned() + &rows).unwrap();
    let hours = |prefix: &str| {
        let text = exported(folder.path(), &format!("homeassistant --prefix {prefix}"));
        let name = format!("{prefix}energy_import,2026-10-");
        let of = text.lines().filter_map(|line| line.strip_prefix(&name).map(str::to_owned));
        of.collect::<Vec<_>>()
    };
    assert_eq!(
        hours("sensor:p1_"),
        ["24 22:00,kWh,6.000,1.000", "25 01:00,kWh,20.000,15.000"],
        "it stays a gap"
    );
    assert_eq!(
        hours("sensor.my_"),
        ["24 22:00,kWh,1.000", "24 23:00,kWh,0.000", "25 00:00,kWh,0.000", "25 01:00,kWh,14.000"],
        "what an entity has of these hours is replaced"
    );
}

#[test]
fn a_range_that_was_never_recorded_is_refused_and_a_full_disk_is_told() {
    let folder = house();
    let options = |words: &str| {
        let command = format!("p1report export {words}");
        match Options::try_parse_from(command.split(' ')).unwrap().command {
            Some(Command::Export(options)) => options,
            other => panic!("{other:?}"),
        }
    };
    let never = export(&mut source(folder.path()), &options("csv --year 2019"), &mut Vec::new());
    assert!(matches!(never, Err(ExportError::Query(QueryError::NeverRecorded(..)))), "{never:?}");
    let mut short = [0; 100];
    let full = export(&mut source(folder.path()), &options("csv"), &mut &mut short[..]);
    assert!(matches!(full, Err(ExportError::Output(_))), "{full:?}");
}
