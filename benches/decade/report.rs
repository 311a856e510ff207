//! The months of `p1report` beside sums that are made of the same rows by other means.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::calendar::{DAY, Local, days};

/// A row: when, of which meter, import and export in Wh.
struct Row {
    time: i64,
    meter: String,
    energy: [i64; 2],
}

/// Fails unless `p1report` tells of each month what the rows in this folder tell. Gives the number of months.
pub fn compare(folder: &Path) -> usize {
    let expected = months(&rows(folder));
    let output = Command::new(env!("CARGO_BIN_EXE_p1report"))
        .args(["months", "0", "--json", "--dir"])
        .arg(folder)
        .output()
        .expect("p1report");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut found = BTreeMap::new();
    for period in report["periods"].as_array().expect("periods") {
        let used = |name: &str| period[name].as_f64().map(|used| format!("{used:.3}"));
        let both = [used("energy_import_kwh"), used("energy_export_kwh")];
        found.insert(period["label"].as_str().expect("a label").to_owned(), both);
    }
    found.retain(|_, used| used[0].is_some());
    for (month, used) in &expected {
        let kilo = used.map(|used| Some(format!("{}.{:03}", used / 1000, used % 1000)));
        assert_eq!(found.get(month), Some(&kilo), "{month}");
    }
    assert_eq!(found.len(), expected.len());
    expected.len()
}

/// What each month used: differences of rows that both lie in it.
fn months(rows: &[Row]) -> BTreeMap<String, [i64; 2]> {
    let mut months = BTreeMap::new();
    let mut last: Option<&Row> = None;
    for row in rows {
        // What a clock that was ahead has written already comes again.
        if last.is_some_and(|last| row.time <= last.time) {
            continue;
        }
        if let Some(last) = last.replace(row).filter(|last| last.meter == row.meter) {
            let month = |time| {
                let Local { year, month, .. } = Local::at(time);
                format!("{year:04}-{month:02}")
            };
            if month(last.time) == month(row.time - 1) {
                let used: &mut [i64; 2] = months.entry(month(last.time)).or_default();
                (0..2).for_each(|at| used[at] += row.energy[at] - last.energy[at]);
            }
        }
    }
    months
}

/// All rows since 2000, in the order of the files.
fn rows(folder: &Path) -> Vec<Row> {
    let files = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).expect("a file");
        rows.extend(text.lines().skip(1).map(row).filter(|row| row.time >= days(2000, 1, 1) * DAY));
    }
    rows
}

fn row(line: &str) -> Row {
    let fields: Vec<&str> = line.split(',').collect();
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let watt_hours = |text: &str| number(&text.replace('.', ""));
    let [date, clock] = [&fields[0][..10], &fields[0][11..19]];
    let [year, month, day] = [&date[..4], &date[5..7], &date[8..]].map(number);
    let [hours, minutes, seconds] = [&clock[..2], &clock[3..5], &clock[6..]].map(number);
    Row {
        time: days(year, month, day) * DAY + hours * 3600 + minutes * 60 + seconds,
        meter: fields[2].to_owned(),
        energy: [watt_hours(fields[4]), watt_hours(fields[7])],
    }
}
