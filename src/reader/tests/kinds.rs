//! Telegrams whose meaning is easily mistaken, in every file.

use super::*;
use crate::tests::kinds::{KINDS, Kind};

/// The cells of the last row of a table, by the name of their column.
fn last_row(table: &str, separator: char) -> BTreeMap<&str, &str> {
    let names = table.lines().next().unwrap().split(separator);
    names.zip(table.lines().last().unwrap().split(separator)).collect()
}

/// Whether both are the same number, as far as its digits go, or the same text.
fn is_same(cell: &str, value: &str) -> bool {
    match (cell.parse::<f64>(), value.parse::<f64>()) {
        (Ok(cell), Ok(value)) => (cell - value).abs() < 0.000_6,
        _ => cell == value,
    }
}

fn check(kind: &Kind) {
    let name = kind.name;
    let (mut recorder, storage) = recorder(&settings());
    recorder.tick(at(MIDNIGHT));
    for step in 0..=31 {
        recorder.record(&kind.message(MIDNIGHT + 10 * step));
    }
    recorder.flush();

    let details = storage.text("/v/details-20261123.csv");
    let row = last_row(&details, ';');
    for (code, expected) in kind.details {
        assert_eq!(row.get(code).copied().unwrap_or_default(), *expected, "{name}: details {code}");
    }

    let history = storage.text("/v/history-2026.csv");
    let row = last_row(&history, ',');
    for (reading, expected) in kind.readings {
        let cell = row.get(reading).copied();
        assert!(cell.is_none_or(|cell| is_same(cell, expected)), "{name}: {reading} {cell:?}");
    }

    let has_records = storage.paths().iter().any(|path| path.starts_with("/v/day-"));
    assert_eq!(has_records, !kind.record.is_empty(), "{name}");
    if has_records {
        let day = storage.text("/v/day-20261123.csv").replace(' ', "");
        let record = day.lines().next().unwrap().split_once(',').unwrap().1;
        assert_eq!(record, kind.record, "{name}: five minutes");
        let powers: Vec<&str> = record.split(',').collect();
        let log = storage.text("/v/2026-W48.log").replace(' ', "");
        let weekly: Vec<&str> = log.lines().next().unwrap().split(':').collect();
        for (at, power) in [(3, powers[1]), (6, powers[5])] {
            assert_eq!(weekly[at].split_once('.').unwrap().0, power, "{name}: {log}");
        }
        let page = storage.text("/run/lastm.html");
        assert!(page.contains("<svg"), "{name}: no graph");
    }
}

#[test]
fn every_kind_of_telegram_is_recorded_as_what_it_means() {
    KINDS.iter().for_each(check);
}
