//! The program's loop, from its options to the bytes on the port.

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;

use clap::Parser;

use super::*;

static GO_ON: AtomicBool = AtomicBool::new(false);

fn options(link: &Path, others: &[&str]) -> Options {
    let link = link.to_str().unwrap();
    Options::parse_from([&["p1sim", "--link", link], others].concat())
}

/// Reads at `link` until the port of the meter hangs up.
fn listen<T>(link: &Path, meter: &thread::JoinHandle<T>) -> Vec<u8> {
    while fs::symlink_metadata(link).is_err() {
        assert!(!meter.is_finished(), "no port under this link");
        thread::yield_now();
    }
    // Without setting it up: that discards what has come until then.
    let flags = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
    let mut port = fs::File::options().read(true).custom_flags(flags).open(link).unwrap();
    let mut received = Vec::new();
    port.read_to_end(&mut received).unwrap_err();
    received
}

#[test]
fn a_recording_arrives_byte_for_byte_and_the_link_goes_with_the_meter() {
    let folder = tempfile::tempdir().unwrap();
    let (link, recording) = (folder.path().join("meter"), folder.path().join("recording"));
    let telegrams = b"7*kW)\r\n!AAAA\r\n/A\r\n\r\n1-0:1.7.0(00.100*kW)\r\n!BBBB\r\n".repeat(200);
    fs::write(&recording, &telegrams).unwrap();
    let options = options(&link, &["--replay", recording.to_str().unwrap(), "--speed", "max"]);

    let meter = thread::spawn(move || simulate(&options, &GO_ON));
    assert_eq!(listen(&link, &meter), telegrams);
    meter.join().unwrap().unwrap();
    assert!(fs::symlink_metadata(&link).is_err());
}

#[test]
fn exactly_the_requested_telegrams_are_sent() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("meter");
    let start = "2026-10-25 02:59:58";
    let others = ["--start", start, "--seed", "7", "--count", "300", "--speed", "max"];
    let options = options(&link, &others);

    let meter = thread::spawn(move || simulate(&options, &GO_ON));
    let mut expected = Vec::new();
    let mut same = Meter::new(7, calendar::parse_local(start).unwrap());
    (0..300).for_each(|_| same.next_telegram(&mut expected));
    assert_eq!(listen(&link, &meter), expected);
    meter.join().unwrap().unwrap();
}

#[test]
fn a_stop_ends_it_and_removes_the_link() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("meter");
    simulate(&options(&link, &["--speed", "max"]), &AtomicBool::new(true)).unwrap();
    assert!(fs::symlink_metadata(&link).is_err());
}

#[test]
fn a_file_in_the_way_or_a_missing_recording_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("precious");
    fs::write(&file, "").unwrap();
    let error = simulate(&options(&file, &[]), &GO_ON).unwrap_err();
    assert_eq!(error.exit(), Exit::Io);
    assert!(error.to_string().contains("expected nothing there"), "{error}");

    let link = folder.path().join("meter");
    let missing = folder.path().join("missing");
    let others = ["--replay", missing.to_str().unwrap()];
    let error = simulate(&options(&link, &others), &GO_ON).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
}
