//! `p1listener`: every kind of port, and the options that look at it.

use std::fs::{self, File};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use p1_multicast::message::{Encoder, SigningKey};
use p1_multicast::multicast::Sender;
use rustix::process::Signal;

use crate::signature::{key_file, make_key};
use crate::support::{
    Household, Meter, Place, Running, lo, repeat_until, telegram, wait_for, watts,
};

/// A configuration whose port is this one.
fn place_with_port(port: &str) -> Place {
    let place = Place::new();
    place.config_with(&format!("p1_listener: {{port: \"{port}\"}}"));
    place
}

#[test]
fn a_tcp_peer_that_stops_in_mid_telegram_is_connected_to_again() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = place_with_port(&format!("tcp://{}", server.local_addr().unwrap()));
    let mut subscriber = place.subscriber();
    let listener = place.daemon("p1listener");
    let mut peer = server.accept().unwrap().0;
    peer.write_all(&[&telegram(1)[..], &telegram(2)[..400]].concat()).unwrap();
    assert_eq!(watts(&subscriber.message()), 1);
    drop(peer);
    let mut peer: TcpStream = server.accept().unwrap().0;
    peer.write_all(&[&telegram(2)[400..], &telegram(3)].concat()).unwrap();
    let message = subscriber.message();
    assert_eq!((watts(&message), message.meta.frame_number), (3, 2));
    assert_eq!(listener.log().matches("the other end closed the connection").count(), 1);
    assert_eq!(listener.log().matches("1 telegram since the start").count(), 1);
    listener.stop();
}

#[test]
fn a_relay_that_hears_itself_is_recognised_and_its_telegrams_do_not_go_round() {
    let place = Place::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    place.config_with(&format!("p1_listener: {{port: \"tcp://{address}\"}}"));
    let mut raw = place.subscriber_of(place.port + 1);
    let listener = place.daemon("p1listener");
    let (mut relay, _) = server.accept().unwrap();
    listener.wait_for_log("is open");
    // The relay gives back at once what the group carries, and has a new telegram after that.
    let mut number = 0;
    wait_for("a telegram that does not go round", || {
        number += 1;
        let new = telegram(number);
        relay.write_all(&new).unwrap();
        let mut rounds = 0;
        loop {
            let carried = raw.datagram();
            relay.write_all(&carried).unwrap();
            if carried == new {
                return (rounds == 0 && number > 1).then_some(());
            }
            rounds += 1;
        }
    });
    listener.wait_for_log("the port is a relay of this group");
    assert!(listener.log().contains("multicast.interface: lo"), "{}", listener.log());
    listener.stop();
}

#[test]
fn with_a_key_nobody_else_keeps_a_telegram_from_being_sent_and_a_relay_is_recognised() {
    let place = Place::new();
    make_key(&place);
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let port = format!("p1_listener: {{port: \"tcp://{address}\"}}");
    place.config_with(&format!("{port}\n{}", key_file(&place)));
    let mut subscriber = place.subscriber();
    let listener = place.daemon("p1listener");
    let (mut peer, _) = server.accept().unwrap();
    listener.wait_for_log("is open");
    let forger = Sender::open(place.group.into(), 0, Some(&lo())).unwrap();
    for number in 1..=3 {
        forger.send(place.port + 1, &telegram(number)).unwrap();
        peer.write_all(&telegram(number)).unwrap();
        assert_eq!(watts(&subscriber.message()), i64::from(number));
    }
    // Another listener, which holds the key, sends one of them first.
    let key = fs::read_to_string(place.path("key")).unwrap();
    let mut encoder = Encoder::new(Some("other".to_owned()));
    encoder.set_key(Some(SigningKey::parse(key.trim_end()).unwrap()));
    let now = SystemTime::now().into();
    let json = encoder.encode(&telegram(4), now, now).0.json.to_vec();
    for (port, datagram) in [(place.port, json), (place.port + 1, telegram(4))] {
        forger.send(port, &datagram).unwrap();
    }
    peer.write_all(&telegram(4)).unwrap();
    listener.wait_for_log("the group has carried this telegram already");
    listener.stop();
}

#[test]
fn a_pseudo_terminal_with_telegrams_of_the_group_is_recognised_as_a_relay() {
    let place = Place::new();
    place.config();
    let mut meter = Meter::plug_in(&place);
    let listener = place.daemon("p1listener");
    listener.wait_for_log("is open");
    let other = Sender::open(place.group.into(), 0, Some(&lo())).unwrap();
    let mut telegrams = (1..).map(telegram);
    let send = || {
        let telegram = telegrams.next().unwrap();
        other.send(place.port + 1, &telegram).unwrap();
        meter.send(&telegram);
    };
    repeat_until("a relay that is recognised", send, || {
        listener.log().contains("is a relay of this group").then_some(())
    });
    listener.stop();
}

#[test]
fn a_file_is_sent_once_and_then_the_listener_ends() {
    let place = Place::new();
    let file = place.path("recording");
    fs::write(&file, [telegram(1), telegram(2)].concat()).unwrap();
    place.config_with(&format!("p1_listener: {{port: \"{}\"}}", file.display()));
    let mut subscriber = place.subscriber();
    let mut listener = Running::start(&place, "p1listener", &mut place.program("p1listener"));
    assert_eq!([(); 2].map(|()| watts(&subscriber.message())), [1, 2]);
    assert_eq!(listener.wait().code(), Some(0), "{}", listener.log());
    assert!(listener.log().contains("has been read to its end"), "{}", listener.log());
}

#[test]
fn the_standard_input_is_sent_to_its_end_without_a_line_end() {
    let place = place_with_port("-");
    let input = place.path("input");
    fs::write(&input, telegram(7).trim_ascii_end()).unwrap();
    let mut subscriber = place.subscriber();
    let mut command = place.program("p1listener");
    let output = command.stdin(File::open(input).unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(watts(&subscriber.message()), 7);
}

#[test]
fn a_fifo_may_have_one_writer_after_another() {
    let place = Place::new();
    let fifo = place.path("meter");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    place.config();
    let mut subscriber = place.subscriber();
    let listener = place.daemon("p1listener");
    for number in [1, 2] {
        let mut writer = File::options().write(true).open(&fifo).unwrap();
        writer.write_all(&telegram(number)).unwrap();
        drop(writer);
        assert_eq!(watts(&subscriber.message()), i64::from(number));
    }
    assert!(!listener.log().contains("is gone"), "{}", listener.log());
    listener.stop();
}

#[test]
fn one_byte_at_a_time_makes_a_telegram_too() {
    let Household { place: _place, mut meter, listener, mut subscriber } = Household::start();
    for byte in telegram(5) {
        meter.send(&[byte]);
    }
    assert_eq!(watts(&subscriber.message()), 5);
    listener.stop();
}

#[test]
fn the_parity_bits_of_an_old_meter_are_no_part_of_its_telegram() {
    let place = Place::new();
    place.config_with("p1_listener: {baud_rate: 9600, format: 7E1}");
    let mut raw = place.subscriber_of(place.port + 1);
    let mut meter = Meter::plug_in(&place);
    let listener = place.daemon("p1listener");
    listener.wait_for_log("at 9600 baud is open");
    // Opened as 8N1, a line gives the parity bits through.
    let parity = |byte: u8| if byte.count_ones() % 2 == 1 { 0x80 } else { 0 };
    let bytes = telegram(6).into_iter().map(|byte| byte | parity(byte));
    meter.send(&bytes.collect::<Vec<u8>>());
    assert_eq!(raw.datagram(), telegram(6));
    listener.stop();
}

#[test]
fn the_record_has_every_byte_and_the_listener_works_on() {
    let place = Place::new();
    place.config();
    let record = place.path("record");
    fs::write(&record, b"before ").unwrap();
    let mut subscriber = place.subscriber();
    let mut meter = Meter::plug_in(&place);
    let mut command = place.program("p1listener");
    let listener = Running::start(&place, "p1listener", command.arg("--record").arg(&record));
    listener.wait_for_log("is open");
    let bytes = [b"\xFF\0noise", &telegram(1)[..]].concat();
    meter.send(&bytes);
    assert_eq!(watts(&subscriber.message()), 1);
    assert_eq!(fs::read(&record).unwrap(), [b"before ", &bytes[..]].concat());
    listener.stop();
}

#[test]
fn a_record_that_could_block_the_listener_is_refused() {
    let place = Place::new();
    place.config();
    let fifo = place.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let output = place.program("p1listener").arg("--record").arg(&fifo).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not a regular file"));
}

/// Runs `--probe`, sends these bytes when it listens, and gives its status and report.
fn probe(place: &Place, meter: &mut Meter, bytes: &[u8]) -> (Option<i32>, String) {
    let report = place.path("report");
    let mut command = place.program("p1listener");
    command.arg("--probe").stdout(File::create(&report).unwrap());
    let mut probe = Running::start(place, "p1listener", &mut command);
    wait_for("the probe to listen", || {
        fs::read_to_string(&report).unwrap().contains("Listening").then_some(())
    });
    meter.send(bytes);
    let status = probe.wait();
    (status.code(), fs::read_to_string(report).unwrap())
}

#[test]
fn the_probe_names_the_meter_and_the_lines_to_configure() {
    let place = Place::new();
    place.config();
    let mut meter = Meter::plug_in(&place);
    let (status, report) = probe(&place, &mut meter, &[b"noise", &telegram(1)[..]].concat());
    assert_eq!(status, Some(0), "{report}");
    assert!(report.contains("with a good checksum"), "{report}");
    assert!(report.ends_with("  baud_rate: 115200\n"), "{report}");
}

#[test]
fn the_probe_recognises_an_encrypted_meter() {
    let place = Place::new();
    place.config();
    let mut meter = Meter::plug_in(&place);
    let frame = b"\xDB\x08SAGgs\x01\x02\x03\x82\x01\x7C\x30\x00\x00\x00\x2A cipher text";
    let (status, report) = probe(&place, &mut meter, frame);
    assert_eq!(status, Some(1), "{report}");
    assert!(report.contains("encrypted telegrams (DLMS) of a Sagemcom (SAG) meter"), "{report}");
    assert!(report.contains("The cable is well."), "{report}");
}

#[test]
fn the_probe_says_who_holds_the_port() {
    let Household { place, meter: _meter, listener, .. } = Household::start();
    let output = place.program("p1listener").arg("--probe").stderr(Stdio::null()).output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(69), "{report}");
    assert!(report.contains("is in use by"), "{report}");
    assert!(report.contains("p1listener (pid "), "{report}");
    listener.stop();
}

#[test]
fn signals_in_the_middle_of_a_telegram_do_not_cost_it() {
    let Household { place: _place, mut meter, listener, mut subscriber } = Household::start();
    meter.send(&telegram(1)[..300]);
    listener.signal(Signal::HUP);
    listener.wait_for_log("configuration reloaded");
    meter.send(&telegram(1)[300..600]);
    listener.signal(Signal::USR1);
    listener.wait_for_log("0 good, 0 rejected");
    meter.send(&telegram(1)[600..]);
    assert_eq!(watts(&subscriber.message()), 1);
    meter.send(&telegram(2)[..300]);
    listener.stop();
}

#[test]
fn a_reload_changes_port_and_network_without_losing_the_process() {
    let Household { place, mut meter, listener, .. } = Household::start();
    meter.send(&telegram(1));
    listener.wait_for_log("first telegram from");
    let other = place.path("other");
    fs::rename(place.path("meter"), &other).unwrap();
    let mut json = place.subscriber_of(place.port + 1);
    place.config_with(&format!(
        "p1_listener: {{port: \"{}\"}}\nmulticast: {{port: {}, raw_port: off}}",
        other.display(),
        place.port + 1
    ));
    listener.signal(Signal::HUP);
    listener.wait_for_logs(2, "is open");
    meter.send(&telegram(2));
    let message = json.message();
    assert_eq!((watts(&message), message.meta.frame_number), (2, 2));
    listener.stop();
}
