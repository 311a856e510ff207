//! Signed telegrams through the built programs: forged and replayed ones change nothing where there is a key.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use p1_multicast::message::{Encoder, Message, SigningKey};
use p1_multicast::multicast::Sender;
use p1_multicast::telegram::Timestamp;
use rustix::process::Signal;

use crate::emeter::Consumer;
use crate::reader::recorded;
use crate::support::{
    Meter, Place, Running, Subscriber, binary, lo, repeat_until, telegram, wait_for, watts,
};

/// A place whose configuration has a key, just made.
fn place_with_key() -> Place {
    let place = Place::new();
    make_key(&place);
    place.config_with(&key_file(&place));
    place
}

/// The section of the configuration that names the key.
pub fn key_file(place: &Place) -> String {
    format!("multicast: {{key_file: \"{}\"}}", place.path("key").display())
}

/// Makes a key in the place of the one that is there.
pub fn make_key(place: &Place) {
    let _ = fs::remove_file(place.path("key"));
    let mut command = Command::new(binary("p1listener"));
    let made = command.arg("--make-key").arg(place.path("key")).status().unwrap();
    assert_eq!(made.code(), Some(0));
}

/// A p1cat, and the file that it prints to.
fn cat(place: &Place, options: &[&str]) -> (Running, PathBuf) {
    let out = place.path(&format!("printed{}", options.concat()));
    let mut command = place.program("p1cat");
    command.args(options).stdout(File::create(&out).unwrap());
    (Running::start(place, "p1cat", &mut command), out)
}

/// The programs that receive, and what they give out.
struct Receivers {
    reader: Running,
    emeter: Running,
    _cats: [Running; 2],
    json: PathBuf,
    raw: PathBuf,
}

impl Receivers {
    fn start(place: &Place) -> Self {
        let (reader, emeter) = (place.daemon("p1reader"), place.daemon("p1emeter"));
        let ((json_cat, json), (raw_cat, raw)) = (cat(place, &[]), cat(place, &["--raw"]));
        Self { reader, emeter, _cats: [json_cat, raw_cat], json, raw }
    }

    /// How often p1cat has printed this power, as JSON and raw, and p1reader has written it down.
    fn count(&self, place: &Place, watts: u32) -> [usize; 3] {
        let count =
            |path: &Path, mark: &str| fs::read_to_string(path).unwrap().matches(mark).count();
        let rows = recorded(place);
        [
            count(&self.json, &format!("\"1-0:1.7.0\":{watts},")),
            count(&self.raw, &format!("1-0:1.7.0(00.{watts:03}*kW)")),
            rows.into_iter().filter(|power| *power == watts).count(),
        ]
    }

    /// Sends telegrams with this power until all have taken one.
    fn follow(&self, place: &Place, meter: &mut Meter, watts: u32) {
        meter.send_until(&format!("{watts} W at all of them"), &telegram(watts), || {
            self.count(place, watts).iter().all(|count| *count > 0).then_some(())
        });
    }

    /// Takes 7 W, and after an [`attack`] nothing before that which was not taken before it.
    fn check(self, place: &Place, meter: &mut Meter, mut consumer: Consumer) {
        self.emeter.wait_for_log(REFUSED);
        self.reader.wait_for_log(REFUSED);
        // What comes after them came after them.
        self.follow(place, meter, 7);
        for watts in 2..6 {
            assert_eq!(self.count(place, watts), [1; 3], "{watts} W");
        }
        assert_eq!(self.count(place, 99), [0; 3]);
        let mut sent = Vec::new();
        while let Some((watts, _)) = consumer.within(Duration::from_millis(100)) {
            sent.push(watts);
        }
        assert!(sent.is_sorted() && sent.last() <= Some(&7), "{sent:?}");
        let status = self.reader.stopped();
        assert!(status.contains(" datagrams refused"), "{status}");
    }
}

/// A signed datagram with another power, and without its signatures.
pub fn forged(genuine: &[u8], watts: u32) -> [Vec<u8>; 2] {
    let text = std::str::from_utf8(genuine).unwrap();
    let (before, behind) = text.split_once("\"1-0:1.7.0\":").unwrap();
    let altered = format!("{before}\"1-0:1.7.0\":{watts},{}", behind.split_once(',').unwrap().1);
    let (head, _) = altered.split_once(",\"raw-signature\"").unwrap();
    let unsigned =
        format!("{head}}},\"telegram\"{}", altered.split_once("},\"telegram\"").unwrap().1);
    let forged = [altered, unsigned].map(String::into_bytes);
    assert!(forged.iter().all(|one| watts_of(one) == i64::from(watts)));
    forged
}

fn watts_of(datagram: &[u8]) -> i64 {
    watts(&Message::parse(datagram).unwrap())
}

/// The datagrams of telegrams of 2 to 5 W.
fn genuine(meter: &mut Meter, subscriber: &mut Subscriber) -> Vec<Vec<u8>> {
    let datagram = |watts| {
        meter.send(&telegram(watts));
        wait_for("its datagram", || {
            Some(subscriber.datagram()).filter(|datagram| watts_of(datagram) == i64::from(watts))
        })
    };
    (2..6).map(datagram).collect()
}

/// Sends these datagrams again, and with 99 W, and raw telegrams that were sent before, and one of 99 W.
fn attack(place: &Place, genuine: &[Vec<u8>]) {
    let forger = Sender::open(place.group.into(), 0, Some(&lo())).unwrap();
    for datagram in genuine {
        for attack in [datagram.clone()].iter().chain(&forged(datagram, 99)) {
            forger.send(place.port, attack).unwrap();
        }
    }
    for watts in [2, 5, 99] {
        forger.send(place.port + 1, &telegram(watts)).unwrap();
    }
}

const REFUSED: &str = "refused a datagram from 127.0.0.1";

#[test]
fn forged_and_replayed_datagrams_change_nothing_at_p1reader_p1cat_and_p1emeter() {
    let place = place_with_key();
    let (mut subscriber, consumer) = (place.subscriber(), Consumer::new(&place));
    let receivers = Receivers::start(&place);
    let (mut meter, _listener) = place.listen();
    receivers.follow(&place, &mut meter, 1);
    attack(&place, &genuine(&mut meter, &mut subscriber));
    receivers.check(&place, &mut meter, consumer);
}

#[cfg(all(feature = "dashboard", feature = "mqtt"))]
#[test]
#[ignore = "needs mosquitto and tmux"]
fn forged_and_replayed_datagrams_change_nothing_at_any_of_the_five_programs() {
    use crate::{dashboard::Tmux, mqtt::broker::Broker, mqtt::published};

    let place = place_with_key();
    let broker = Broker::start(&place, "allow_anonymous true");
    let section = format!("p1_mqtt: {{broker: \"127.0.0.1:{}\"}}", broker.port);
    place.config_with(&format!("{section}\n{}", key_file(&place)));
    let all = broker.subscriber(&["-t", "p1/#"]);
    let bridge = place.daemon("p1mqtt");
    let (terminal, log) = (Tmux::open(&place, 120, 40), place.path("dashboard.log"));
    let mut dashboard = place.program("p1dashboard");
    dashboard.arg("--log-file").arg(&log);
    terminal.keys(&[&format!("{dashboard:?}"), "Enter"]);
    let (mut subscriber, consumer) = (place.subscriber(), Consumer::new(&place));
    let receivers = Receivers::start(&place);
    let (mut meter, _listener) = place.listen();
    receivers.follow(&place, &mut meter, 1);
    published(&mut meter, &all, 1);
    let genuine = genuine(&mut meter, &mut subscriber);
    terminal.wait_for(" 5 W");
    attack(&place, &genuine);
    wait_for("a refusal of p1dashboard", || {
        fs::read_to_string(&log).ok()?.contains(REFUSED).then_some(())
    });
    bridge.wait_for_log(REFUSED);
    let screen = terminal.screen();
    assert!(screen.contains(" 5 W") && !screen.contains("99 W"), "{screen}");
    receivers.check(&place, &mut meter, consumer);
    published(&mut meter, &all, 7);
    terminal.wait_for(" 7 W");
    let states = all.payloads("/state");
    let power = |state: &String| {
        let state: serde_json::Value = serde_json::from_str(state).unwrap();
        state["power_import_w"].as_i64().unwrap()
    };
    let powers: Vec<i64> = states.iter().map(power).collect();
    assert!(powers.is_sorted() && powers.last() == Some(&7), "{powers:?}");
}

#[test]
fn p1dashboard_shows_no_forged_telegram() {
    let place = place_with_key();
    let mut subscriber = place.subscriber();
    let (mut meter, _listener) = place.listen();
    meter.send(&telegram(1));
    let attacks = forged(&subscriber.datagram(), 999);
    let forger = Sender::open(place.group.into(), 0, Some(&lo())).unwrap();
    let out = place.path("screen");
    let mut command = place.program("p1dashboard");
    command.arg("--once").stdout(File::create(&out).unwrap());
    let mut dashboard = Running::start(&place, "p1dashboard", &mut command);
    let attack = || attacks.iter().for_each(|datagram| forger.send(place.port, datagram).unwrap());
    repeat_until("a refusal", attack, || {
        dashboard.log().contains("refused a datagram from 127.0.0.1").then_some(())
    });
    let status = meter.send_until("the page", &telegram(7), || dashboard.try_wait());
    assert_eq!(status.code(), Some(0));
    let screen = fs::read_to_string(out).unwrap();
    assert!(screen.contains("7 W") && !screen.contains("999"), "{screen}");
}

#[test]
fn another_key_is_taken_on_a_reload_and_what_the_old_one_has_signed_is_not() {
    let place = place_with_key();
    let mut subscriber = place.subscriber();
    let receivers = Receivers::start(&place);
    let (mut meter, listener) = place.listen();
    receivers.follow(&place, &mut meter, 1);
    meter.send(&telegram(2));
    let old = wait_for("a datagram of the old key", || {
        Some(subscriber.datagram()).filter(|datagram| watts_of(datagram) == 2)
    });
    wait_for("2 W at all of them", || (receivers.count(&place, 2) == [1; 3]).then_some(()));
    let old_key = fs::read_to_string(place.path("key")).unwrap();
    make_key(&place);
    for program in [&listener, &receivers.reader] {
        program.signal(Signal::HUP);
        program.wait_for_log("configuration reloaded");
    }
    // The others read the new key by themselves.
    receivers.follow(&place, &mut meter, 3);
    receivers.emeter.wait_for_log("the multicast key has changed: using the new one");
    let forger = Sender::open(place.group.into(), 0, Some(&lo())).unwrap();
    let key = SigningKey::parse(old_key.trim_end()).unwrap();
    let mut encoder = Encoder::new(Some("test".to_owned()));
    encoder.set_key(Some(key));
    let now = Timestamp::from(SystemTime::now());
    let new = encoder.encode(&telegram(99), now, now).0.json.to_vec();
    for datagram in [&old, &new] {
        forger.send(place.port, datagram).unwrap();
    }
    receivers.reader.wait_for_log("refused a datagram from 127.0.0.1");
    receivers.follow(&place, &mut meter, 4);
    assert_eq!(receivers.count(&place, 99), [0; 3]);
    assert_eq!(receivers.count(&place, 2), [1; 3]);
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
    meter.send(&telegram(1));
    let datagram = subscriber.datagram();
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
