//! Meters that encrypt: from the frame on the port to the datagram, with right, wrong and changed keys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use p1_multicast::dlms::{Key, Sealer};
use p1_multicast::telegram::crc16_x25;
use rustix::process::Signal;

use crate::support::{
    Household, Meter, Place, Running, binary, repeat_until, telegram, wait_for, watts,
};

const DECRYPTION: [u8; 16] = *b"0123456789abcdef";
const AUTHENTICATION: [u8; 16] = *b"fedcba9876543210";

fn digits(key: [u8; 16]) -> String {
    format!("{:032X}", u128::from_be_bytes(key))
}

/// Writes a key where the configuration has it.
fn write_key(place: &Place, name: &str, digits: &str) -> PathBuf {
    let path = place.path(name);
    fs::write(&path, format!("{digits}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// The telegram with this power, encrypted.
fn frame(watts: u32) -> Vec<u8> {
    let (decryption, authentication) = (Key::new(DECRYPTION), Key::new(AUTHENTICATION));
    let title = Some(*b"SAG\x01\x02\x03\x04\x05");
    let mut frame = Vec::new();
    Sealer { title, control: 0x30, decryption, authentication }.seal(
        &telegram(watts),
        watts,
        &mut frame,
    );
    frame
}

/// The configuration with these keys.
fn configure(place: &Place, decryption: &str, authentication: Option<&str>) {
    let decryption = write_key(place, "ek", decryption);
    let keys = format!("decryption_key_file: {}", decryption.display());
    let authentication = authentication.map(|digits| write_key(place, "ak", digits));
    let more = authentication
        .map(|file| format!(", authentication_key_file: {}", file.display()))
        .unwrap_or_default();
    place.config_with(&format!("p1_listener: {{{keys}{more}}}"));
}

/// A listener with these keys.
fn household(decryption: &str, authentication: Option<&str>) -> Household {
    let place = Place::new();
    configure(&place, decryption, authentication);
    let subscriber = place.subscriber();
    let (meter, listener) = place.listen();
    Household { listener, meter, subscriber, place }
}

/// What the datagram says of the encryption.
fn encrypted(message: &p1_multicast::message::Message) -> Option<&str> {
    let member = message.meta.other.iter().find(|(key, _)| key == "encrypted");
    member.and_then(|(_, value)| value.text())
}

#[test]
fn an_encrypted_telegram_goes_out_as_a_plain_one_would_and_the_raw_port_has_its_text() {
    let Household { place, mut meter, listener, mut subscriber } =
        household(&digits(DECRYPTION), Some(&digits(AUTHENTICATION)));
    let mut raw = place.subscriber_of(place.port + 1);
    meter.send(&[b"\xDB\x08", &frame(123)[..], &frame(124), &telegram(125)].concat());
    for (power, expected) in [(123, Some("verified")), (124, Some("verified")), (125, None)] {
        let message = subscriber.message();
        assert_eq!((watts(&message), encrypted(&message)), (power, expected));
        assert_eq!(raw.datagram(), telegram(u32::try_from(power).unwrap()));
    }
    listener.signal(Signal::USR1);
    listener.wait_for_log("2 encrypted frames: 2 decrypted");
    assert!(listener.stopped().contains("their tags are verified"));
}

#[test]
fn without_the_authentication_key_the_telegram_is_marked_as_unverified() {
    let Household { place: _place, mut meter, listener, mut subscriber } =
        household(&digits(DECRYPTION), None);
    meter.send(&frame(123));
    assert_eq!(encrypted(&subscriber.message()), Some("unverified"));
    assert!(listener.stopped().contains("whether they are authentic is not verified"));
}

#[test]
fn a_meter_that_encrypts_is_named_and_the_key_can_be_added_while_the_listener_runs() {
    let Household { place, mut meter, listener, mut subscriber } = Household::start();
    (0..3).for_each(|_| meter.send(&frame(1)));
    listener.wait_for_log("cannot read the telegrams of a Sagemcom (SAG) meter");
    // It logs this with the first frame; none is left for the key.
    repeat_until(
        "three frames",
        || listener.signal(Signal::USR1),
        || listener.log().contains(" 3 encrypted frames").then_some(()),
    );
    let path = write_key(&place, "ek", &digits(DECRYPTION));
    place.config_with(&format!("p1_listener: {{decryption_key_file: {}}}", path.display()));
    listener.signal(Signal::HUP);
    listener.wait_for_log("configuration reloaded");
    meter.send(&frame(2));
    assert_eq!(watts(&subscriber.message()), 2);
    assert_eq!(listener.stopped().matches("they are encrypted").count(), 1);
}

/// Sends so many frames, of which the last makes the listener log this line: none is left for the next keys.
fn refuse(frames: u32, meter: &mut Meter, listener: &Running, line: &str) {
    (0..frames).for_each(|number| meter.send(&frame(number)));
    listener.wait_for_log(line);
}

#[test]
fn a_wrong_key_is_named_and_its_correction_is_taken_on_a_reload() {
    let right = digits(DECRYPTION);
    let Household { place, mut meter, listener, mut subscriber } =
        household(&digits([7; 16]), Some(&digits(AUTHENTICATION)));
    refuse(3, &mut meter, &listener, "the decryption key does not fit");
    // What is no key at all changes nothing.
    write_key(&place, "ek", &right[1..]);
    listener.signal(Signal::HUP);
    listener.wait_for_log("found 31 characters; keeping the current keys");
    write_key(&place, "ek", &digits(AUTHENTICATION));
    write_key(&place, "ak", &right);
    listener.signal(Signal::HUP);
    listener.wait_for_logs(2, "configuration reloaded");
    refuse(1, &mut meter, &listener, "the wrong way round");
    write_key(&place, "ek", &right);
    write_key(&place, "ak", &digits([7; 16]));
    listener.signal(Signal::HUP);
    listener.wait_for_logs(3, "configuration reloaded");
    refuse(1, &mut meter, &listener, "the authentication key does not");
    write_key(&place, "ak", &digits(AUTHENTICATION));
    listener.signal(Signal::HUP);
    listener.wait_for_logs(4, "configuration reloaded");
    meter.send(&frame(321));
    let message = subscriber.message();
    assert_eq!((watts(&message), message.meta.frame_number), (321, 1));
    let log = listener.stopped().to_lowercase();
    for key in [DECRYPTION, AUTHENTICATION, [7; 16]] {
        assert!(!log.contains(&digits(key).to_lowercase()[..8]), "{log}");
    }
}

#[test]
fn a_policy_that_ignores_checksums_does_not_publish_what_a_wrong_key_gives() {
    let place = Place::new();
    let path = write_key(&place, "ek", &digits([7; 16]));
    let keys = format!("checksum: ignore, decryption_key_file: {}", path.display());
    place.config_with(&format!("p1_listener: {{{keys}}}"));
    let mut subscriber = place.subscriber();
    let (mut meter, listener) = place.listen();
    refuse(3, &mut meter, &listener, "the decryption key does not fit");
    meter.send(&telegram(7));
    assert_eq!(watts(&subscriber.message()), 7, "and nothing before");
    listener.stop();
}

#[test]
fn a_key_of_the_wrong_form_ends_the_start_with_the_status_of_a_wrong_configuration() {
    let place = Place::new();
    let path = write_key(&place, "ek", &digits(DECRYPTION).repeat(2));
    place.config_with(&format!("p1_listener: {{decryption_key_file: {}}}", path.display()));
    let mut listener = Running::start(&place, "p1listener", &mut place.program("p1listener"));
    assert_eq!(listener.wait().code(), Some(78));
    assert!(listener.log().contains("to hexadecimal a second time?"), "{}", listener.log());
    assert!(!listener.log().contains(&digits(DECRYPTION)[..8]), "{}", listener.log());
}

#[test]
fn the_probe_says_whether_the_keys_fit() {
    for (decryption, authentication, status, expected) in [
        (DECRYPTION, Some(AUTHENTICATION), 0, "the keys fit, and its tag is verified"),
        (DECRYPTION, None, 0, "the key fits; whether it is authentic is not verified"),
        ([7; 16], None, 1, "the decryption key does not fit"),
        (AUTHENTICATION, Some(DECRYPTION), 1, "are the wrong way round"),
    ] {
        let place = Place::new();
        configure(&place, &digits(decryption), authentication.map(digits).as_deref());
        fs::write(place.path("meter"), frame(1)).unwrap();
        let output = place.program("p1listener").arg("--probe").output().unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(status), "{report}");
        assert!(report.contains(expected), "{report}");
    }
}

#[test]
fn a_simulated_meter_that_encrypts_on_a_bad_line_is_recorded_as_a_plain_one() {
    let place = Place::new();
    configure(&place, &digits(DECRYPTION), None);
    let mut subscriber = place.subscriber();
    let reader = place.daemon("p1reader");
    let listener = place.daemon("p1listener");
    let mut command = Command::new(binary("p1sim"));
    command.arg("--link").arg(place.path("meter")).args(["--speed", "20", "--encrypt", "--faults"]);
    command.arg("--key-file").arg(place.path("ek")).stdout(Stdio::null());
    let mut meter = Running::start(&place, "p1sim", &mut command);
    for number in 1..=10 {
        let message = subscriber.message();
        assert_eq!((message.meta.frame_number, encrypted(&message)), (number, Some("verified")));
    }
    wait_for("rows", || (place.lines_of("details-").len() > 5).then_some(()));
    meter.signal(Signal::TERM);
    assert_eq!(meter.wait().code(), Some(0), "{}", meter.log());
    reader.stop();
    listener.stop();
}

/// An HDLC frame with a list of Wiener Netze: time, import and export, reactive energy, power.
fn push(watts: u32) -> Vec<u8> {
    let time = b"\x09\x0C\x07\xE8\x0B\x0E\x04\x12\x0C\x0C\x00\xFF\xC4\x00";
    let numbers = [88_753, 252_873, 15_643, 162_788, watts, 0, 0, 186];
    let list = numbers.iter().flat_map(|number: &u32| [&[6][..], &number.to_be_bytes()].concat());
    let push = [b"\x0F\0\0\0\x01", &time[1..], b"\x02\x09", time].concat().into_iter().chain(list);
    let information = [b"\xE6\xE7\x00".to_vec(), push.collect()].concat();
    let length = u16::try_from(information.len() + 12).unwrap();
    let mut frame = [&(0xA000 | length).to_be_bytes()[..], b"\xCF\x00\x02\x00\x23\x13"].concat();
    frame.extend(crc16_x25(&frame).to_le_bytes());
    frame.extend(information);
    frame.extend(crc16_x25(&frame).to_le_bytes());
    [b"\x7E", &frame[..], b"\x7E"].concat()
}

#[test]
fn a_binary_push_goes_out_like_a_telegram_and_its_text_on_the_raw_port() {
    let Household { place, mut meter, listener, mut subscriber } =
        Household::start_with("p1_listener: {format: 8E1}");
    let mut raw = place.subscriber_of(place.port + 1);
    meter.send(&[push(17), push(18)].concat());
    for watts in [17, 18] {
        let message = subscriber.message();
        assert_eq!(message.number("1-0:1.7.0").unwrap().whole(), watts);
        assert_eq!(message.number("1-0:1.8.0").unwrap().whole(), 88_753);
        assert_eq!(
            (message.meta.meter_time.unwrap().seconds(), encrypted(&message)),
            (1_731_604_332, None)
        );
        let text = String::from_utf8(raw.datagram()).unwrap();
        assert!(text.starts_with("/DLM5\r\n\r\n0-0:1.0.0(07E80B0E04120C0C00FFC400)\r\n"), "{text}");
    }
    listener.stop();
}
