//! `p1sim`: a meter without a meter.

use std::fs::File;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support::{Place, Running, binary, wait_for, watts};

#[test]
fn the_same_seed_gives_the_same_telegrams() {
    let play = |seed| {
        let arguments = [
            "--stdout",
            "--count",
            "100",
            "--speed",
            "100000",
            "--start",
            "2026-11-22 18:00:00",
            "--seed",
            seed,
        ];
        let output = Command::new(binary("p1sim")).args(arguments).output().unwrap();
        assert!(output.status.success());
        output.stdout
    };
    assert_eq!(play("1"), play("1"));
    assert_ne!(play("1"), play("2"));
}

#[test]
fn an_error_that_cannot_be_logged_has_its_exit_status_all_the_same() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(binary("p1sim"));
    command.args(["--stdout", "--replay", "/nonexistent"]).stderr(full);
    assert_eq!(command.status().unwrap().code(), Some(74));
}

#[test]
fn the_simulated_meter_is_heard_through_the_listener_and_takes_its_link_away() {
    let place = Place::new();
    place.config();
    let mut subscriber = place.subscriber();
    let listener = place.daemon("p1listener");
    let mut command = Command::new(binary("p1sim"));
    command.arg("--link").arg(place.path("meter")).args(["--speed", "20"]).stdout(Stdio::null());
    let mut meter = Running::start(&place, "p1sim", &mut command);
    let numbers = [(); 5].map(|()| subscriber.message()).map(|message| {
        assert!(watts(&message) >= 0);
        message.meta.frame_number
    });
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    meter.signal(Signal::TERM);
    assert_eq!(meter.wait().code(), Some(0), "{}", meter.log());
    wait_for("the link to go", || place.path("meter").symlink_metadata().is_err().then_some(()));
    listener.wait_for_log("is gone");
    listener.stop();
}
