//! The whole chain: meter, listener, network, recorder, files.

use std::fs;

use crate::support::{Place, Running, binary, corpus, wait_for};

/// How many telegrams the kernel surely keeps for a recorder that is held up.
const MAX_AHEAD: usize = 50;

/// Plays these telegrams through the chain as fast as they are recorded, and gives the details rows.
fn record(place: &Place, telegrams: &std::path::Path, count: usize) -> Vec<String> {
    place.config_with("p1_reader_details: {flush_period: 2}");
    let mut command = place.program("p1reader");
    let reader = Running::start(place, "p1reader", command.arg("--debug"));
    reader.wait_for_log(" started: ");
    let (mut meter, listener) = place.listen();
    let mut command = std::process::Command::new(binary("p1sim"));
    command.args(["--stdout", "--speed", "max", "--replay"]).arg(telegrams);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (mut sent, mut rest) = (0, &output.stdout[..]);
    while !rest.is_empty() {
        // Up to the next telegram; before the first one there may be a part of another.
        let begins = |bytes: &[u8]| bytes == b"\n/";
        let end = rest.windows(2).position(begins).map_or(rest.len(), |at| at + 1);
        let (piece, next) = rest.split_at(end);
        meter.send(piece);
        sent += usize::from(piece.starts_with(b"/"));
        if sent % MAX_AHEAD == 0 || next.is_empty() {
            reader.wait_for_logs(sent, "recorded telegram ");
        }
        rest = next;
    }
    assert_eq!(sent, count);
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
