//! Signed telegrams through the built programs: forged and replayed ones change nothing where there is a key.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use p1_multicast::message::Message;
use p1_multicast::multicast::Sender;

use crate::support::{Place, Running, binary, lo, telegram, wait_for, watts};

/// A place whose configuration has a key, just made.
fn place_with_key() -> Place {
    let place = Place::new();
    let key = place.path("key");
    let made = Command::new(binary("p1listener")).arg("--make-key").arg(&key).status().unwrap();
    assert_eq!(made.code(), Some(0));
    place.config_with(&format!("multicast: {{key_file: \"{}\"}}", key.display()));
    place
}

/// A p1cat, and the file that it prints to.
fn cat(place: &Place, options: &[&str]) -> (Running, std::path::PathBuf) {
    let out = place.path(&format!("printed{}", options.concat()));
    let mut command = place.program("p1cat");
    command.args(options).stdout(File::create(&out).unwrap());
    (Running::start(place, "p1cat", &mut command), out)
}

#[test]
fn with_a_key_only_signed_telegrams_are_taken_and_each_once() {
    let place = place_with_key();
    let mut subscriber = place.subscriber();
    let (_json, json) = cat(&place, &[]);
    let (_raw, raw) = cat(&place, &["--raw"]);
    let emeter = place.daemon("p1emeter");
    let (mut meter, _listener) = place.listen();
    let forger = Sender::open(place.group.into(), 0, Some(&lo())).unwrap();
    let lines = |path: &Path, mark: &str| fs::read_to_string(path).unwrap().matches(mark).count();
    wait_for("a telegram in both forms", || {
        meter.send(&telegram(1));
        (lines(&json, "\n") > 0 && lines(&raw, "!") > 0).then_some(())
    });
    let genuine = loop {
        let datagram = subscriber.datagram();
        meter.send(&telegram(2));
        if watts(&Message::parse(&datagram).unwrap()) == 2 {
            break datagram;
        }
    };
    let text = String::from_utf8(genuine.clone()).unwrap();
    let altered = text.replace("\"1-0:1.7.0\":2", "\"1-0:1.7.0\":9");
    let (unsigned, _) = altered.split_once(",\"raw-signature\"").unwrap();
    let (_, behind) = altered.split_once("},\"telegram\"").unwrap();
    let unsigned = format!("{unsigned}}},\"telegram\"{behind}");
    assert!(Message::parse(unsigned.as_bytes()).is_ok());
    for forged in [altered.as_bytes(), unsigned.as_bytes(), &genuine] {
        forger.send(place.port, forged).unwrap();
    }
    forger.send(place.port + 1, &telegram(9)).unwrap();
    emeter.wait_for_log("refused a datagram from 127.0.0.1");
    // What comes after them came after them.
    wait_for("a later telegram in both forms", || {
        meter.send(&telegram(3));
        let is_there = lines(&json, "\"1-0:1.7.0\":3,") > 0 && lines(&raw, "(00.003*kW)") > 0;
        is_there.then_some(())
    });
    assert_eq!(lines(&json, "\"1-0:1.7.0\":9,"), 0);
    assert_eq!(lines(&raw, "(00.009*kW)"), 0);
    let genuine = text.split("\"frame-end-time\"").next().unwrap();
    assert_eq!(lines(&json, genuine), 1, "the replayed one is printed once");
}

#[test]
fn a_key_that_cannot_be_read_ends_p1listener_and_p1cat_with_78() {
    let place = place_with_key();
    fs::remove_file(place.path("key")).unwrap();
    for program in ["p1listener", "p1cat"] {
        let output = place.program(program).stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{program}: {errors}");
        assert!(errors.contains("cannot read the multicast key in "), "{program}: {errors}");
    }
}

#[test]
#[ignore = "needs python3"]
fn the_ten_lines_of_python_verify_what_the_listener_signs() {
    let place = place_with_key();
    let mut subscriber = place.subscriber();
    let (mut meter, _listener) = place.listen();
    let datagram = wait_for("a datagram", || {
        meter.send(&telegram(1));
        subscriber.datagram_within(Duration::from_millis(500))
    });
    let mut altered = datagram.clone();
    let at = altered.len() - 10;
    altered[at] ^= 1;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/examples/verify.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(place.path("key")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = [&datagram[..], b"\n", &altered, b"\n{}\n"].concat();
    child.stdin.take().unwrap().write_all(&lines).unwrap();
    let output = child.wait_with_output().unwrap();
    let bad = "NOT SIGNED WITH THIS KEY\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("good\n{bad}{bad}"));
}
