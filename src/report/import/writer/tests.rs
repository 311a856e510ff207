//! Files of imported years: what is written, replaced and left alone.

use std::fs;

use super::*;

/// 2026-11-25 13:10:00 UTC.
const TIME: i64 = 1_795_612_200;

/// A row with these fields by the names of their columns.
fn row(minutes: i64, fields: &[(&str, &str)]) -> (i64, Vec<u8>) {
    let second = TIME + minutes * 60;
    let mut all = vec![String::new(); COLUMNS.len()];
    all[0] = crate::history::utc_text(second);
    for (name, field) in fields {
        let at = COLUMNS.iter().position(|column| column.name == *name).unwrap();
        (*field).clone_into(&mut all[at]);
    }
    (second, (all.join(",") + "\n").into_bytes())
}

fn import(folder: &Path, priority: Priority, rows: &[(i64, Vec<u8>)]) -> Vec<Written> {
    let mut writer = Writer::new(folder, "x", priority);
    for (second, row) in rows {
        assert!(writer.push(*second, 2026, row).unwrap());
    }
    writer.finish(false).unwrap()
}

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join("p1_import-x-2026.csv")).unwrap()
}

#[test]
fn a_file_has_the_columns_that_have_values() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [row(0, &[("gas_m3", "1.000")]), row(5, &[("energy_import_kwh", "2.000")])];
    let written = import(folder.path(), Priority::New, &rows);
    assert_eq!((written[0].rows, written[0].is_changed), (2, true));
    assert_eq!(
        text(folder.path()),
        "time_utc,time_local,unique_id,telegrams,energy_import_kwh,gas_m3\n\
         2026-11-25T13:10:00Z,,,,,1.000\n2026-11-25T13:15:00Z,,,,2.000,\n"
    );
}

#[test]
fn importing_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [row(0, &[("gas_m3", "1.000")]), row(5, &[("energy_import_kwh", "2.000")])];
    import(folder.path(), Priority::New, &rows);
    let before = text(folder.path());
    let written = import(folder.path(), Priority::New, &rows);
    assert!(!written[0].is_changed);
    assert!(!import(folder.path(), Priority::New, &rows[1..])[0].is_changed, "a part of it");
    assert_eq!(text(folder.path()), before);
}

#[test]
fn rows_of_an_earlier_import_stay_and_are_filled() {
    for (priority, expected) in [(Priority::New, "3.000"), (Priority::Older, "2.000")] {
        let folder = tempfile::tempdir().unwrap();
        let older = [
            row(0, &[("energy_import_kwh", "1.000")]),
            row(5, &[("energy_import_kwh", "2.000"), ("unique_id", "E1")]),
            row(15, &[("energy_import_kwh", "4.000")]),
        ];
        import(folder.path(), Priority::New, &older);
        let new = [row(5, &[("energy_import_kwh", "3.000"), ("gas_m3", "7.000")]), row(10, &[])];
        import(folder.path(), priority, &new);
        let text = text(folder.path());
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[1].ends_with(&format!(",E1,,{expected},7.000")), "{text}");
    }
}

#[test]
fn a_dry_run_and_a_failure_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(folder.path(), "x", Priority::New);
    let (second, line) = row(0, &[("gas_m3", "1.000")]);
    writer.push(second, 2026, &line).unwrap();
    assert!(writer.finish(true).unwrap()[0].is_changed);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    // The second file cannot be replaced: a folder has its name.
    fs::create_dir(folder.path().join("p1_import-x-2027.csv")).unwrap();
    let files: Vec<Content> = [2026, 2027]
        .map(|year| (file_path(folder.path(), "x", year), Vec::new(), ColumnSet::ALWAYS))
        .into();
    assert!(replace_all(&files).is_err());
    assert!(!folder.path().join("p1_import-x-2026.csv").exists());
}

#[test]
fn a_file_of_something_else_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p1_import-x-2026.csv"), "datum;version\n").unwrap();
    let (second, line) = row(0, &[]);
    let pushed = Writer::new(folder.path(), "x", Priority::New).push(second, 2026, &line);
    assert!(matches!(pushed, Err(ImportError::Usage(_))), "{pushed:?}");
}
