//! `p1mqtt` with a real broker: mosquitto, on a port of its own on 127.0.0.1.

pub mod broker;

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use p1_multicast::multicast::Sender;
use rustix::process::Signal;
use serde_json::Value;

use self::broker::{Broker, Proxy, Subscriber};
use crate::signature::{forged, key_file, make_key};
use crate::support::{Meter, Place, Running, lo, telegram, watts};

/// The meter of [`telegram`].
const METER: &str = "E0099000012345678";

fn has(payload: &'static str) -> impl Fn(&[String]) -> bool {
    move |payloads| payloads.iter().any(|one| one == payload)
}

/// The configuration of everything, with `keys` for `p1_mqtt`; meter and listener at work.
fn household(place: &Place, port: u16, keys: &str) -> (Meter, Running) {
    configure(place, port, keys);
    place.listen()
}

fn configure(place: &Place, port: u16, keys: &str) {
    place.config_with(&format!("p1_mqtt: {{broker: \"127.0.0.1:{port}\"{keys}}}"));
}

/// Sends telegrams of so many watts until a state says so.
pub fn published(meter: &mut Meter, subscriber: &Subscriber, watts: u32) -> Value {
    meter.send_until(&format!("a state of {watts} W"), &telegram(watts), || {
        let states = subscriber.payloads(&format!("/{METER}/state"));
        let states = states.iter().map(|state| serde_json::from_str::<Value>(state).unwrap());
        states.into_iter().find(|state| state["power_import_w"] == watts)
    })
}

#[test]
#[ignore = "needs mosquitto"]
fn home_assistant_finds_the_meter_and_its_values_and_finds_them_again_when_it_starts() {
    let place = Place::new();
    let broker = Broker::start(&place, "allow_anonymous true");
    let (mut meter, _listener) = household(&place, broker.port, "");
    let all = broker.subscriber(&["-t", "#"]);
    let bridge = place.daemon("p1mqtt");
    bridge.wait_for_log("connected to the broker");
    let state = published(&mut meter, &all, 423);
    assert_eq!(state["energy_import_t1_kwh"].to_string(), "4000.01");
    assert_eq!(state["unique_id"], METER);

    // Who comes later has what is retained, and no state that may be old.
    let late = broker.subscriber(&["-t", "#"]);
    let config = late.wait_for("/config", |payloads| !payloads.is_empty()).remove(0);
    assert_eq!(late.wait_for(&format!("{METER}/availability"), |p| !p.is_empty()), ["online"]);
    // All that is retained comes before this.
    broker.publish(&["-t", "end", "-m", "1"]);
    late.wait_for("end", |payloads| !payloads.is_empty());
    assert!(late.retained("/state").is_empty());
    check_discovery(&config, &state, &all);

    let before = all.payloads("/config").len();
    broker.publish(&["-t", "homeassistant/status", "-m", "online"]);
    all.wait_for("/config", |payloads| payloads.len() > before);
    assert!(all.payloads("/config").iter().all(|payload| *payload == config));

    let log = bridge.stopped();
    assert_eq!(log.matches("publishing meter").count(), 1, "{log}");
    let offline = |payloads: &[String]| payloads.last().is_some_and(|last| last == "offline");
    let config: Value = serde_json::from_str(&config).unwrap();
    for availability in config["availability"].as_array().unwrap() {
        all.wait_for(availability["topic"].as_str().unwrap(), offline);
    }
}

/// What INTEROP calls required is there, and every sensor finds its value in the state.
fn check_discovery(config: &str, state: &Value, all: &Subscriber) {
    let config: Value = serde_json::from_str(config).unwrap();
    assert_eq!(config["dev"]["ids"][0], format!("p1_{METER}"));
    assert_eq!(config["o"]["name"], "p1-multicast");
    assert_eq!(config["state_topic"], format!("p1/{METER}/state"));
    for availability in config["availability"].as_array().unwrap() {
        all.wait_for(availability["topic"].as_str().unwrap(), has("online"));
    }
    let sensors = config["cmps"].as_object().unwrap();
    assert!(sensors.len() > 30, "{}", sensors.len());
    for (id, sensor) in sensors {
        assert_eq!(sensor["p"], "sensor");
        assert_eq!(sensor["unique_id"], *id);
        let template = sensor["value_template"].as_str().unwrap();
        let name = template.trim_start_matches(['{', ' ', '(']).trim_start_matches("value_json.");
        let name = name.split(' ').next().unwrap();
        assert!(state.get(name).is_some(), "{id}: {template}");
    }
}

#[test]
#[ignore = "needs mosquitto"]
fn after_kill_9_the_last_will_says_offline() {
    let place = Place::new();
    let broker = Broker::start(&place, "allow_anonymous true");
    configure(&place, broker.port, ", client_id: c1");
    let all = broker.subscriber(&["-t", "p1/#"]);
    let mut bridge = place.daemon("p1mqtt");
    let topic = "p1/bridge/c1/availability";
    all.wait_for(topic, has("online"));
    bridge.signal(Signal::KILL);
    bridge.wait();
    all.wait_for(topic, has("offline"));
}

#[test]
#[ignore = "needs mosquitto"]
fn a_broker_that_restarts_is_connected_to_again_and_told_everything_in_two_lines_of_log() {
    let place = Place::new();
    let mut broker = Broker::start(&place, "allow_anonymous true");
    let (mut meter, _listener) = household(&place, broker.port, "");
    let bridge = place.daemon("p1mqtt");
    let states = broker.subscriber(&["-t", "p1/#"]);
    published(&mut meter, &states, 423);
    broker.end();
    bridge.wait_for_log("it closed the connection after ");
    broker.begin();
    bridge.wait_for_log("s without");
    // This broker stores nothing: what is retained was published again.
    meter.send(&telegram(424));
    let late = broker.subscriber(&["-t", "#"]);
    late.wait_for(&format!("p1_{METER}/config"), |payloads| !payloads.is_empty());
    late.wait_for(&format!("{METER}/availability"), has("online"));
    let log = bridge.stopped();
    let said = |text: &str| log.matches(text).count();
    assert_eq!([said("connected to the broker"), said(" WARNING ")], [2, 1], "{log}");
}

#[test]
#[ignore = "needs mosquitto"]
fn of_an_outage_only_the_newest_telegram_is_published() {
    let place = Place::new();
    let broker = Broker::start(&place, "allow_anonymous true");
    let proxy = Proxy::start(broker.port);
    let (mut meter, _listener) = household(&place, proxy.port, ", discovery_prefix: off");
    let states = broker.subscriber(&["-t", "p1/+/state"]);
    let bridge = place.daemon("p1mqtt");
    published(&mut meter, &states, 423);
    proxy.turn(false);
    bridge.wait_for_log("lost the connection");
    let mut group = place.subscriber();
    for power in 500..=520 {
        meter.send(&telegram(power));
        while watts(&group.message()) != i64::from(power) {}
    }
    bridge.wait_until_read(place.group, place.port);
    proxy.turn(true);
    bridge.wait_for_log("s without");
    published(&mut meter, &states, 600);
    let power =
        |state: &String| serde_json::from_str::<Value>(state).unwrap()["power_import_w"].as_u64();
    let mut powers: Vec<_> = states.payloads("/state").iter().filter_map(power).collect();
    powers.retain(|power| *power != 423);
    assert_eq!(powers[..2], [520, 600], "{powers:?}");
    assert!(powers[1..].iter().all(|power| *power == 600), "one telegram, one state: {powers:?}");
}

#[test]
#[ignore = "needs mosquitto"]
fn a_wrong_password_is_said_with_the_user_and_a_right_one_is_taken_on_reload() {
    let place = Place::new();
    let users = place.path("users");
    let settings = format!("allow_anonymous false\npassword_file {}", users.display());
    let mut command = Command::new("mosquitto_passwd");
    command.args(["-b", "-c"]).arg(&users).args(["p1", "sesam"]);
    assert!(command.status().unwrap().success());
    let broker = Broker::start(&place, &settings);
    let file = |name: &str, content: &str, mode| {
        fs::write(place.path(name), content).unwrap();
        fs::set_permissions(place.path(name), Permissions::from_mode(mode)).unwrap();
    };
    file("wrong", "open\n", 0o600);
    file("loose", "sesam\n", 0o644);
    file("right", "sesam\n", 0o600);
    let login = |name: &str| {
        let path = place.path(name);
        configure(&place, broker.port, &format!(", user: p1, password_file: {}", path.display()));
    };
    configure(&place, broker.port, "");
    let bridge = place.daemon("p1mqtt");
    bridge.wait_for_log("it requires a user and a password: set p1_mqtt.user");
    login("wrong");
    bridge.signal(Signal::HUP);
    bridge.wait_for_log("it refuses the user \"p1\": wrong user or password");
    login("loose");
    bridge.signal(Signal::HUP);
    let loose = place.path("loose").display().to_string();
    bridge.wait_for_log(&format!("{loose} may be read by others (mode 644)"));
    login("right");
    bridge.signal(Signal::HUP);
    bridge.wait_for_log("connected to the broker");
    let log = bridge.stopped();
    assert!(!log.contains("sesam") && !log.contains("open\n"), "{log}");
}

/// A CA and a certificate of it for localhost.
fn certificates(folder: &Path, ca: &str) {
    let run = |arguments: &str| {
        let mut command = Command::new("openssl");
        let output = command.args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{arguments}: {output:?}");
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    run(&format!("req -x509 {key} -keyout {ca}.key -out {ca}.pem -days 2 -subj /CN=test-{ca}"));
    run(&format!("req {key} -keyout {ca}-broker.key -out {ca}.csr -subj /CN=localhost"));
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    run(&format!(
        "x509 -req -in {ca}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -days 2 \
         -extfile names -out {ca}-broker.pem"
    ));
}

#[test]
#[ignore = "needs mosquitto and openssl"]
fn tls_takes_a_broker_of_the_named_ca_and_says_what_is_wrong_with_any_other() {
    let place = Place::new();
    let folder = place.folder.path();
    certificates(folder, "ours");
    certificates(folder, "other");
    let path = |name: &str| place.path(name).display().to_string();
    let settings = format!(
        "allow_anonymous true\ncertfile {}\nkeyfile {}",
        path("ours-broker.pem"),
        path("ours-broker.key")
    );
    let broker = Broker::start(&place, &settings);
    let tls = |host: &str, ca: &str| {
        let ca = path(ca);
        let port = broker.port;
        place.config_with(&format!(
            "p1_mqtt: {{broker: \"{host}:{port}\", tls: true, ca_file: \"{ca}\"}}"
        ));
    };
    tls("localhost", "other.pem");
    let bridge = place.daemon("p1mqtt");
    bridge.wait_for_log("its certificate is of no trusted CA: p1_mqtt.ca_file");
    tls("127.0.0.1", "ours.pem");
    bridge.signal(Signal::HUP);
    bridge.wait_for_log("its certificate is for another name than p1_mqtt.broker has");
    tls("localhost", "ours.key");
    bridge.signal(Signal::HUP);
    bridge.wait_for_log("ours.key: there is no PEM certificate in it");
    configure(&place, broker.port, "");
    bridge.signal(Signal::HUP);
    bridge.wait_for_log("it closed the connection at once: is p1_mqtt.tls right");
    tls("localhost", "ours.pem");
    bridge.signal(Signal::HUP);
    bridge.wait_for_log("connected to the broker");
    bridge.stop();
}

#[test]
#[ignore = "needs mosquitto and openssl"]
fn of_certificates_that_openssl_makes_that_of_the_manual_is_taken_and_others_are_explained() {
    let place = Place::new();
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(place.folder.path());
        assert!(command.output().unwrap().status.success(), "{arguments}");
    };
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    openssl("req -new -key key.pem -subj /CN=localhost -out request.pem");
    openssl("x509 -req -in request.pem -signkey key.pem -days 2 -out old.pem");
    let own = "req -x509 -key key.pem -days 2 -subj /CN=localhost";
    openssl(&format!("{own} -out ca.pem"));
    let names = "-addext subjectAltName=DNS:localhost,IP:127.0.0.1";
    openssl(&format!("{own} -addext basicConstraints=critical,CA:FALSE {names} -out good.pem"));
    for (certificate, said) in [
        // Of version 1, or of 3 without names: that depends on the version of openssl.
        ("old.pem", "its certificate is "),
        ("ca.pem", "its certificate is one for a CA, not for a broker"),
        ("good.pem", "connected to the broker 127.0.0.1:"),
    ] {
        let path = |name: &str| place.path(name).display().to_string();
        let (certificate, key) = (path(certificate), path("key.pem"));
        let settings = format!("allow_anonymous true\ncertfile {certificate}\nkeyfile {key}");
        let broker = Broker::start(&place, &settings);
        configure(&place, broker.port, &format!(", tls: true, ca_file: \"{certificate}\""));
        let bridge = place.daemon("p1mqtt");
        bridge.wait_for_log(said);
        bridge.stop();
    }
}

#[test]
fn a_broker_that_never_answers_holds_up_neither_a_reload_nor_the_end() {
    let place = Place::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    configure(&place, silent.local_addr().unwrap().port(), "");
    let bridge = place.daemon("p1mqtt");
    let (mut client, _) = silent.accept().unwrap();
    assert_eq!(client.read(&mut [0; 4]).unwrap(), 4, "the hello");
    bridge.signal(Signal::HUP);
    bridge.wait_for_log("configuration reloaded");
    bridge.stop();
}

#[test]
fn all_that_is_wrong_with_the_settings_is_told_at_once() {
    let place = Place::new();
    configure(&place, 1883, ", topic_prefix: dsmr/p1, interval: 0");
    let output = place.program("p1mqtt").arg("--check-config").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("p1_mqtt.topic_prefix: expected a topic that is not below dsmr"),
        "{said}"
    );
    assert!(said.contains("p1_mqtt.interval: expected a whole number of seconds"), "{said}");
}

#[test]
#[ignore = "needs mosquitto"]
fn with_a_key_no_forged_telegram_is_published_and_another_key_is_taken_on_a_reload() {
    let place = Place::new();
    make_key(&place);
    let broker = Broker::start(&place, "allow_anonymous true");
    let section = format!("p1_mqtt: {{broker: \"127.0.0.1:{}\"}}", broker.port);
    place.config_with(&format!("{section}\n{}", key_file(&place)));
    let mut datagrams = place.subscriber();
    let all = broker.subscriber(&["-t", "p1/#"]);
    let bridge = place.daemon("p1mqtt");
    let (mut meter, listener) = place.listen();
    published(&mut meter, &all, 1);
    let forger = Sender::open(place.group.into(), 0, Some(&lo())).unwrap();
    for attack in forged(&datagrams.datagram(), 99) {
        forger.send(place.port, &attack).unwrap();
    }
    bridge.wait_for_log("refused a datagram from 127.0.0.1");
    published(&mut meter, &all, 2);
    make_key(&place);
    for program in [&listener, &bridge] {
        program.signal(Signal::HUP);
        program.wait_for_log("configuration reloaded");
    }
    published(&mut meter, &all, 3);
    let states = all.payloads(&format!("/{METER}/state")).concat();
    assert!(!states.contains("\"power_import_w\":99"), "{states}");
}
