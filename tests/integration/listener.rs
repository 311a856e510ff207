//! `p1listener`: from the port to the network.

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use socket2::SockRef;

use crate::support::{Household, Meter, PATIENCE, Place, Running, telegram, wait_for, watts};

#[test]
fn a_telegram_on_the_port_goes_out_as_json_and_as_raw_bytes() {
    let Household { place, mut meter, listener, mut subscriber } = Household::start();
    let mut raw = place.subscriber_of(place.port + 1);
    meter.send(&telegram(123));
    let message = subscriber.message();
    assert_eq!((watts(&message), message.meta.frame_number), (123, 1));
    assert_eq!(message.meta.source.as_deref(), Some("test"));
    assert_eq!(raw.datagram(), telegram(123));
    listener.stop();
}

/// What the dashboard of 2021 reads without asking whether it is there; its reader needs part of it.
const KEYS_OF_2021: &str = "header checksum 1-3:0.2.8 0-0:96.1.1 0-0:1.0.0 0-0:96.14.0 1-0:1.7.0 1-0:2.7.0 \
    1-0:21.7.0 1-0:41.7.0 1-0:61.7.0 1-0:22.7.0 1-0:42.7.0 1-0:62.7.0 1-0:1.8.1 1-0:1.8.2 1-0:2.8.1 1-0:2.8.2 \
    1-0:32.7.0 1-0:52.7.0 1-0:72.7.0 1-0:31.7.0 1-0:51.7.0 1-0:71.7.0 1-0:32.32.0 1-0:52.32.0 1-0:72.32.0 \
    1-0:32.36.0 1-0:52.36.0 1-0:72.36.0 0-0:96.7.21 0-0:96.7.9 1-0:99.97.0 0-0:96.13.0 0-1:24.1.0 0-1:96.1.0 \
    0-1:24.2.1.A 0-1:24.2.1.B";

#[test]
fn the_programs_of_2021_find_what_they_need() {
    let Household { place: _place, mut meter, listener, mut subscriber } = Household::start();
    meter.send(&telegram(123));
    let datagram = subscriber.datagram();
    // Any JSON parser will do: here one that knows nothing of our format.
    let json: serde_json::Value = serde_json::from_slice(&datagram).unwrap();
    for key in KEYS_OF_2021.split_whitespace() {
        assert!(json["telegram"].get(key).is_some(), "{key}");
    }
    let meta = &json["meta"];
    for key in ["frame-start-time", "frame-end-time"] {
        assert!(meta[key].is_f64(), "{key}: {meta}");
    }
    for key in ["frame-number", "frame-time-duration"] {
        assert!(meta[key].is_u64(), "{key}: {meta}");
    }
    assert!(json["telegram"]["1-0:32.7.0"].is_f64() && json["telegram"]["1-0:31.7.0"].is_u64());
    assert!(datagram.len() < 10_240);
    listener.stop();
}

#[test]
fn a_bad_checksum_in_the_middle_does_not_disturb_the_next_telegram() {
    let Household { place: _place, mut meter, listener, mut subscriber } = Household::start();
    let mut bad = telegram(2);
    bad[100] ^= 1;
    meter.send(&[b"noise", &telegram(1)[..], &bad, &telegram(3)].concat());
    let numbers = [(); 2].map(|()| subscriber.message()).map(|m| (watts(&m), m.meta.frame_number));
    assert_eq!(numbers, [(1, 1), (3, 2)]);
    listener.wait_for_log("wrong checksum");
    listener.stop();
}

#[test]
fn the_listener_is_up_before_the_cable_and_survives_its_loss() {
    let place = Place::new();
    place.config();
    let mut subscriber = place.subscriber();
    let listener = place.daemon("p1listener");
    listener.wait_for_log("is the cable plugged in?");
    let mut meter = Meter::plug_in(&place);
    listener.wait_for_log("is open");
    meter.send(&telegram(1));
    assert_eq!(watts(&subscriber.message()), 1);
    // Pulled in mid telegram, and put back as another device.
    meter.send(&telegram(2)[..300]);
    drop(meter);
    listener.wait_for_log("is gone");
    let mut meter = Meter::plug_in(&place);
    listener.wait_for_logs(2, "is open after");
    meter.send(&[&telegram(2)[300..], &telegram(3)].concat());
    let message = subscriber.message();
    assert_eq!((watts(&message), message.meta.frame_number), (3, 2));
    assert!(listener.log().lines().count() < 12, "{}", listener.log());
    listener.stop();
}

#[test]
fn systemd_is_told_of_readiness_state_reload_and_end_and_the_watchdog_is_fed() {
    let place = Place::new();
    place.config();
    let socket = UnixDatagram::bind(place.path("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = place.program("p1listener");
    command.env("NOTIFY_SOCKET", place.path("notify")).env("WATCHDOG_USEC", "3000000");
    let listener = Running::start(&place, "p1listener", &mut command);
    let mut buffer = [0; 4096];
    let mut wait_for = |wanted: &str| loop {
        let length = match socket.recv(&mut buffer) {
            Ok(length) => length,
            // The machine has stopped us for a while.
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => panic!("no {wanted}: {error}"),
        };
        let told = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if told.contains(wanted) {
            break told;
        }
    };
    wait_for("READY=1");
    wait_for("STATUS=");
    wait_for("WATCHDOG=1");
    wait_for("WATCHDOG=1");
    listener.signal(Signal::HUP);
    assert!(wait_for("RELOADING=1").contains("MONOTONIC_USEC="));
    wait_for("READY=1");
    listener.signal(Signal::TERM);
    wait_for("STOPPING=1");
}

#[test]
fn a_reload_takes_new_settings_and_keeps_the_old_ones_when_the_new_are_broken() {
    let Household { place, mut meter, listener, mut subscriber } = Household::start();
    std::fs::write(place.path("p1reader.yml"), "multicast:\n  port: none\n  TTL: none\n").unwrap();
    listener.signal(Signal::HUP);
    listener.wait_for_log("keeping the current configuration");
    let log = listener.log();
    let faults = log.lines().filter(|line| line.contains(" ERROR ") && line.contains("multicast."));
    assert_eq!(faults.count(), 2, "a line for each fault: {log}");
    meter.send(&telegram(1));
    assert_eq!(watts(&subscriber.message()), 1);
    place.config_with("p1_listener: {checksum: ignore}");
    listener.signal(Signal::HUP);
    listener.wait_for_log("configuration reloaded");
    let mut bad = telegram(2);
    bad[100] ^= 1;
    meter.send(&bad);
    let message = subscriber.message();
    assert_eq!((watts(&message), message.meta.frame_number), (2, 2));
    listener.stop();
}

#[test]
fn a_loop_that_hangs_stops_feeding_the_watchdog() {
    let place = Place::new();
    place.config();
    let manager = UnixDatagram::bind(place.path("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let mut command = place.program("p1listener");
    command.env("NOTIFY_SOCKET", place.path("notify")).env("WATCHDOG_USEC", "60000");
    // A log that nobody reads: once there is no room, the next message never returns.
    let (mut log, unread) = UnixStream::pair().unwrap();
    SockRef::from(&unread).set_send_buffer_size(0).unwrap();
    let mut listener = command.stderr(OwnedFd::from(unread)).spawn().unwrap();
    drop(command);
    let pid = Pid::from_raw(i32::try_from(listener.id()).unwrap()).unwrap();
    let mut buffer = [0; 4096];
    wait_for("a word of it", || manager.recv(&mut buffer).ok());
    let mut is_fed = || {
        // Each of these makes a turn of the loop and a message; a ping is due every 20 ms.
        kill_process(pid, Signal::USR1).unwrap();
        manager.recv(&mut buffer).is_ok_and(|length| buffer[..length].starts_with(b"WATCHDOG=1"))
    };
    let mut last = Instant::now();
    wait_for("the pings to end", || {
        while is_fed() {
            last = Instant::now();
        }
        (last.elapsed() > Duration::from_secs(1)).then_some(())
    });
    let reader = std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    wait_for("the pings to come again", || is_fed().then_some(()));
    listener.kill().unwrap();
    listener.wait().unwrap();
    reader.join().unwrap().unwrap();
}
