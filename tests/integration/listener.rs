//! `p1listener`: from the port to the network.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Meter, Place, Running, telegram, watts};

#[test]
fn a_telegram_on_the_port_goes_out_as_json_and_as_raw_bytes() {
    let place = Place::new();
    place.config();
    let (mut json, mut raw) = (place.subscriber(), place.subscriber_of(place.port + 1));
    let mut meter = Meter::plug_in(&place);
    let listener = place.daemon("p1listener");
    listener.wait_for_log("is open");
    meter.send(&telegram(123));
    let message = json.message();
    assert_eq!((watts(&message), message.meta.frame_number), (123, 1));
    assert_eq!(message.meta.source.as_deref(), Some("test"));
    assert_eq!(raw.datagram(), telegram(123));
    listener.stop();
}

#[test]
fn a_bad_checksum_in_the_middle_does_not_disturb_the_next_telegram() {
    let place = Place::new();
    place.config();
    let mut subscriber = place.subscriber();
    let mut meter = Meter::plug_in(&place);
    let listener = place.daemon("p1listener");
    listener.wait_for_log("is open");
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
    listener.wait_for_logs(2, "is open, after");
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
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut command = place.program("p1listener");
    command.env("NOTIFY_SOCKET", place.path("notify")).env("WATCHDOG_USEC", "3000000");
    let listener = Running::start(&place, "p1listener", &mut command);
    let mut buffer = [0; 4096];
    let mut wait_for = |wanted: &str| loop {
        let length = socket.recv(&mut buffer).unwrap_or_else(|_| panic!("no {wanted}"));
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
    let place = Place::new();
    place.config();
    let mut subscriber = place.subscriber();
    let mut meter = Meter::plug_in(&place);
    let listener = place.daemon("p1listener");
    listener.wait_for_log("is open");
    std::fs::write(place.path("p1reader.yml"), "multicast: {port: none}").unwrap();
    listener.signal(Signal::HUP);
    listener.wait_for_log("is kept");
    meter.send(&telegram(1));
    assert_eq!(watts(&subscriber.message()), 1);
    place.config_with("p1_listener: {checksum: ignore}");
    listener.signal(Signal::HUP);
    listener.wait_for_log("configuration is read again");
    let mut bad = telegram(2);
    bad[100] ^= 1;
    meter.send(&bad);
    let message = subscriber.message();
    assert_eq!((watts(&message), message.meta.frame_number), (2, 2));
    listener.stop();
}

#[test]
fn a_listener_that_hangs_does_not_feed_the_watchdog() {
    let place = Place::new();
    place.config();
    let socket = UnixDatagram::bind(place.path("notify")).unwrap();
    let mut command = place.program("p1listener");
    command.env("NOTIFY_SOCKET", place.path("notify")).env("WATCHDOG_USEC", "300000");
    let listener = Running::start(&place, "p1listener", &mut command);
    let mut buffer = [0; 4096];
    let mut pings_within = |time: Duration| {
        socket.set_read_timeout(Some(time)).unwrap();
        socket.recv(&mut buffer).is_ok_and(|length| buffer[..length].starts_with(b"WATCHDOG=1"))
    };
    let start = std::time::Instant::now();
    while !pings_within(Duration::from_secs(1)) {
        assert!(start.elapsed() < Duration::from_secs(30), "no ping at all");
    }
    listener.signal(Signal::STOP);
    // What was said before it stopped.
    while pings_within(Duration::from_millis(300)) {}
    assert!(!pings_within(Duration::from_secs(1)));
    listener.signal(Signal::CONT);
    assert!(pings_within(Duration::from_secs(30)));
}
