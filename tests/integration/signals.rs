//! The signals that the built programs catch, as the kernel tells them, are those of their manual pages.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use signal_hook::consts::{SIGBUS, SIGSEGV, SIGWINCH};
use signal_hook::low_level::signal_name;

use crate::support::{Meter, Place, Running, binary, telegram, wait_for};

/// Caught by Rust's runtime (a stack that overflows) and by the library of the screen (its size).
const NOT_OURS: [i32; 3] = [SIGBUS, SIGSEGV, SIGWINCH];

fn caught(process: u32) -> BTreeSet<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
    let signals = (1..32).filter(|signal| mask >> (signal - 1) & 1 == 1);
    let ours = signals.filter(|signal| !NOT_OURS.contains(signal));
    ours.map(|signal| signal_name(signal).unwrap().to_owned()).collect()
}

/// The signals in the section SIGNALS of a manual page; none if it has no such section.
fn listed(page: &str) -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(page);
    let page = fs::read_to_string(page).unwrap();
    let section = page.split(".Sh ").find(|section| section.starts_with("SIGNALS\n"));
    let entries = section.unwrap_or_default().lines();
    let entries = entries.filter_map(|line| line.strip_prefix(".It Dv "));
    entries.flat_map(|names| names.split(" , ")).map(str::to_owned).collect()
}

/// To be called when the program is at work.
pub fn assert_listed(process: u32, page: &str) {
    assert_eq!(caught(process), listed(page), "{page}");
}

#[test]
fn the_daemons_and_the_pipe_catch_what_their_manual_pages_tell() {
    let place = Place::new();
    place.config();
    let mut meter = Meter::plug_in(&place);
    let listener = place.daemon("p1listener");
    let reader = place.daemon("p1reader");
    let emeter = place.daemon("p1emeter");
    assert_listed(emeter.process(), "p1emeter.8");
    assert_listed(listener.process(), "p1listener.8");
    assert_listed(reader.process(), "p1reader.8");
    let lines = place.path("lines");
    let mut command = place.program("p1cat");
    command.args(["--every", "1"]);
    let cat = Running::start(&place, "p1cat", command.stdout(File::create(&lines).unwrap()));
    meter.send_until("a line of p1cat", &telegram(1), || {
        Some(()).filter(|()| lines.metadata().unwrap().len() > 0)
    });
    assert_listed(cat.process(), "p1cat.1");
    listener.stop();
    reader.stop();
    emeter.stop();
}

#[cfg(feature = "mqtt")]
#[test]
fn the_bridge_catches_what_its_manual_page_tells() {
    let place = Place::new();
    place.config();
    let bridge = place.daemon("p1mqtt");
    assert_listed(bridge.process(), "p1mqtt.8");
    bridge.stop();
}

#[test]
fn the_simulated_meter_catches_what_its_manual_page_tells() {
    let place = Place::new();
    let port = place.path("meter");
    let mut command = Command::new(binary("p1sim"));
    command.arg("--link").arg(&port).stdout(Stdio::null());
    let meter = Running::start(&place, "p1sim", &mut command);
    wait_for("the port", || port.exists().then_some(()));
    assert_listed(meter.process(), "p1sim.1");
    meter.stop();
}
