//! The whole chain: meter, listener, network, recorder, files.

use std::fs;
use std::process::Stdio;

use crate::support::{Place, Running, binary, corpus, wait_for};

/// Plays these telegrams through the chain as fast as they are read, and gives the details rows.
fn record(place: &Place, telegrams: &std::path::Path, count: usize) -> Vec<String> {
    place.config_with("p1_reader_details: {flush_period: 2}");
    let reader = place.daemon("p1reader");
    let mut command = std::process::Command::new(binary("p1sim"));
    command.arg("--link").arg(place.path("meter")).arg("--replay").arg(telegrams);
    command.args(["--speed", "100"]).stdout(Stdio::null());
    let mut meter = Running::start(place, "p1sim", &mut command);
    let listener = place.daemon("p1listener");
    assert_eq!(meter.wait().code(), Some(0), "{}", meter.log());
    let rows = wait_for("all rows", || {
        let rows: Vec<String> = place
            .lines_of("details-")
            .into_iter()
            .filter(|line| !line.starts_with("datum"))
            .collect();
        (rows.len() >= count).then_some(rows)
    });
    listener.stop();
    reader.stop();
    rows
}

#[test]
#[ignore = "needs ../shared"]
fn a_recorded_stream_of_a_real_meter_arrives_complete_in_the_details_file() {
    let folder = corpus();
    let index = fs::read_to_string(folder.join("streams/INDEX.tsv")).unwrap();
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let stream = folder.join("streams").join(columns[0]);
        let count = columns[3].parse().unwrap();
        // The meter's own clock, in its order, tells that it is each telegram, once.
        let bytes = fs::read(&stream).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let clocks: Vec<&str> = text
            .lines()
            .skip_while(|line| !line.starts_with('/'))
            .filter_map(|line| line.strip_prefix("0-0:1.0.0(")?.strip_suffix(')'))
            .collect();
        assert_eq!(clocks.len(), count);
        let place = Place::new();
        let rows = record(&place, &stream, count);
        let recorded: Vec<&str> = rows.iter().map(|row| row.split(';').nth(2).unwrap()).collect();
        assert!(recorded == clocks, "{} of {count} rows", recorded.len());
    }
}

#[test]
fn a_simulated_hour_arrives_complete() {
    let place = Place::new();
    let file = place.path("telegrams");
    let made = std::process::Command::new(binary("p1sim"))
        .args([
            "--stdout",
            "--count",
            "600",
            "--speed",
            "100000",
            "--seed",
            "7",
            "--start",
            "2026-07-01 12:00:00",
        ])
        .stdout(fs::File::create(&file).unwrap())
        .status()
        .unwrap();
    assert!(made.success());
    let rows = record(&place, &file, 600);
    assert_eq!(rows.len(), 600);
    let clock = |row: &String| row.split(';').nth(2).unwrap().to_owned();
    assert_eq!(
        (clock(&rows[0]), clock(&rows[599])),
        ("260701120000S".into(), "260701120959S".into())
    );
}
