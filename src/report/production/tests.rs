//! Which periods a file covers, its forms, and the shares.

use std::fs;

use super::*;
use crate::zone::tests::Amsterdam;

fn production(intervals: &[(i64, i64, i64)]) -> Production {
    let of = |&(from, until, amount): &(i64, i64, i64)| Use { from, until, amount };
    Production { intervals: intervals.iter().map(of).collect(), warnings: Vec::new() }
}

#[test]
fn a_period_has_production_when_intervals_cover_all_of_it() {
    let known = production(&[(0, 900, 1), (900, 1800, 2), (3600, 4500, 4)]);
    assert_eq!(known.between(0, 1800), Some(3));
    assert_eq!(known.between(900, 1800), Some(2));
    assert_eq!(known.between(0, 3600), None, "an interval is missing");
    assert_eq!(known.between(-900, 900), None);
    assert_eq!(known.between(3600, 5400), None);
    assert_eq!(known.between(9000, 9900), None);
    assert_eq!(production(&[]).between(0, 900), None);
}

#[test]
fn an_interval_over_a_boundary_counts_only_when_nothing_was_produced() {
    let known = production(&[(0, 1000, 5), (1000, 2000, 0), (2000, 3000, 7)]);
    assert_eq!(known.between(0, 1500), Some(5), "at night");
    assert_eq!(known.between(1500, 3000), Some(7));
    assert_eq!(known.between(500, 1500), None);
    assert_eq!(known.between(0, 2500), None);
}

#[test]
fn shares_are_of_the_production_and_of_all_use() {
    let balance = Balance { produced: 10_000, export: 6_000, import: 8_000 };
    assert_eq!(balance.self_consumed(), 4_000);
    assert_eq!(balance.self_consumption(), Some(40_000));
    assert_eq!(balance.self_sufficiency(), Some(33_300));
    let dark = Balance { produced: 0, export: 0, import: 8_000 };
    assert_eq!((dark.self_consumption(), dark.self_sufficiency()), (None, Some(0)));
}

#[test]
fn production_below_export_is_not_clipped() {
    let balance = Balance { produced: 3_000, export: 4_000, import: 8_000 };
    assert_eq!(balance.self_consumed(), -1_000);
    assert_eq!(balance.self_consumption(), Some(-33_300));
    assert_eq!(balance.self_sufficiency(), Some(-14_300));
}

/// A file of production, read.
fn read(text: &str) -> Result<Production, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("solar.csv");
    fs::write(&path, text).unwrap();
    let named = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    match Production::read(&path, &Amsterdam) {
        Ok(mut production) => {
            production.warnings = production.warnings.into_iter().map(named).collect();
            Ok(production)
        }
        Err(error) => Err(named(error.to_string())),
    }
}

/// 2026-10-25 00:00 in Amsterdam; the day has 25 hours.
const AUTUMN: i64 = 1_792_879_200;
const HOUR: i64 = 3600;

#[test]
fn a_file_has_the_forms_that_an_import_has() {
    let text = "\u{feff}Time;kWh\r\n2026-10-25 00:00;0,100\r\n2026-10-25 01:00;0,2\r\n\r\n\
        2026-10-25 02:00;0,3\r\n2026-10-25 02:00;0,4\r\n25-10-2026 03:00:00;1";
    let production = read(text).unwrap();
    assert_eq!(production.between(AUTUMN, AUTUMN + 5 * HOUR), Some(2_000));
    assert_eq!(production.between(AUTUMN + 3 * HOUR, AUTUMN + 4 * HOUR), Some(400), "winter time");
    let text = "time,register_kWh\n2026-10-24T22:00:00Z,100\n2026-10-25T01:00:00+01:00,101.5\n";
    assert_eq!(read(text).unwrap().between(AUTUMN, AUTUMN + 2 * HOUR), Some(1_500));
}

#[test]
fn days_and_months_of_a_table_are_days_and_months() {
    let days = read("time,kWh\n2026-10-25,5.5\n2026-10-26,6\n").unwrap();
    assert_eq!(days.between(AUTUMN, AUTUMN + 25 * HOUR), Some(5_500));
    assert_eq!(days.between(AUTUMN, AUTUMN + 49 * HOUR), Some(11_500));
    assert_eq!(days.between(AUTUMN, AUTUMN + 24 * HOUR), None, "a part of a day");
    let until = read("time,until,kWh\n2026-10-25 00:00,2026-10-26 00:00,5.5\n").unwrap();
    assert_eq!(until.between(AUTUMN, AUTUMN + 25 * HOUR), Some(5_500));
}

#[test]
fn a_wrong_file_names_the_line_and_what_was_expected() {
    let error = |text| read(text).unwrap_err();
    assert_eq!(
        error("datum,stand\n"),
        "solar.csv:1: expected a header with the columns time and register_kWh, or time and kWh; \
         found \"datum,stand\""
    );
    assert!(error("").contains("the file is empty"));
    assert_eq!(
        error("time,kWh\n2026-10-25,5\nyesterday,5\n"),
        "solar.csv:3: column time: expected a time such as 2024-10-27 02:00:00, found \"yesterday\""
    );
    assert_eq!(
        error("time,kWh\n2026-10-25,much\n"),
        "solar.csv:2: column kWh: expected a number, found \"much\""
    );
    assert_eq!(
        error("time,kWh\n2026-10-25,1e15\n"),
        "solar.csv:2: column kWh: expected less than 100000000 kWh"
    );
    assert_eq!(
        error("time,kWh\n"),
        "solar.csv:1: expected rows with a time and kWh below the header"
    );
}

#[test]
fn a_register_that_falls_leaves_a_hole_and_a_warning() {
    let text = "time,register_kWh\n2026-10-25 00:00,100\n2026-10-25 01:00,101\n\
        2026-10-26 00:00,2\n2026-10-27 00:00,5\n";
    let production = read(text).unwrap();
    assert_eq!(production.between(AUTUMN, AUTUMN + HOUR), Some(1_000));
    assert_eq!(production.between(AUTUMN, AUTUMN + 25 * HOUR), None);
    assert_eq!(production.between(AUTUMN + 25 * HOUR, AUTUMN + 49 * HOUR), Some(3_000));
    let warning = &production.warnings[0];
    assert!(
        warning.starts_with("solar.csv: a register falls, or production is below zero, first at 2026-10-26T00:00:00+01:00 (1 in all)"),
        "{warning}"
    );
}
