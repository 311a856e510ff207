//! What the keys accept, alone and beside each other, and where it goes.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::super::*;
use super::{config, parsed, problems};
use crate::multicast::Interface;
use crate::telegram::{MeterZone, Policy};

#[test]
fn every_key_of_the_listener_and_the_group_reaches_its_setting() {
    let found = config(
        r#"
p1_listener: {port: "tcp://meter:23", baud_rate: 9600, format: 8E1, checksum: require, name: 007,
              time_zone: EET, silence: 11, decryption_key_file: /ek, authentication_key_file: /ak}
multicast: {address: "ff02::71", port: 1, TTL: 255, interface: lo, raw_port: off, meter: 4530,
            source: attic, key_file: /key, also_to: ["pi:2", "[fe80::1]:3"]}
"#,
    );
    let p1_listener = P1Listener {
        port: "tcp://meter:23".to_owned(),
        baud_rate: Some(9600),
        format: LineFormat::Eleven,
        checksum: Policy::Require,
        time_zone: Some(MeterZone::Eastern),
        silence: Duration::from_secs(11),
        name: Some("007".to_owned()),
        decryption_key_file: Some("/ek".into()),
        authentication_key_file: Some("/ak".into()),
    };
    let multicast = Multicast {
        address: Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x71).into(),
        port: 1,
        ttl: 255,
        interface: Some(Interface::Name("lo".to_owned())),
        raw_port: None,
        also_to: vec!["pi:2".to_owned(), "[fe80::1]:3".to_owned()],
        meter: Some("4530".to_owned()),
        source: Some("attic".to_owned()),
        key_file: Some("/key".into()),
    };
    assert_eq!(found, Config { p1_listener, multicast, ..Config::default() });
}

#[test]
fn every_key_of_the_recorder_reaches_its_setting() {
    let found = config(
        "
p1_reader: {min_free: 12}
p1_reader_details: {enabled: false, filename: /d/DAY, flush_period: 1, keep_days: 2}
p1_reader_interval: {enabled: false, filename: /i/PERIOD, flush_period: 3, keep_days: 4}
p1_reader_day: {enabled: false, filename: /e/DAY, flush_period: 5, keep_days: 6}
p1_reader_history: {enabled: false, filename: /y/YEAR, flush_period: 10}
html_report: {enabled: false, filename: /h.html, flush_period: 7, minutes: 8, language: en}
weekly_log: {enabled: false, filename: /YYYYww, measurement_period: 9, flush_period: 86400}
",
    );
    let output = |filename: &str, seconds, days| FileOutput {
        enabled: false,
        filename: filename.into(),
        flush_period: Duration::from_secs(seconds),
        keep_days: days,
        spares_older: false,
    };
    let html_report = HtmlReport {
        enabled: false,
        filename: "/h.html".into(),
        flush_period: Duration::from_secs(7),
        minutes: 8,
        language: Language::English,
    };
    let weekly_log = WeeklyLog {
        enabled: false,
        filename: "/YYYYww".into(),
        measurement_period: Duration::from_secs(9),
        flush_period: Duration::from_secs(86400),
    };
    let expected = Config {
        p1_reader: P1Reader { min_free: 12 },
        p1_reader_details: output("/d/DAY", 1, Some(2)),
        p1_reader_interval: output("/i/PERIOD", 3, Some(4)),
        p1_reader_day: output("/e/DAY", 5, Some(6)),
        p1_reader_history: output("/y/YEAR", 10, None),
        html_report,
        weekly_log,
        ..Config::default()
    };
    assert_eq!(found, expected);
}

#[test]
fn every_key_of_the_dashboard_and_the_bridge_reaches_its_setting() {
    let found = config(
        r#"
p1_dashboard: {fuse: 35, language: NL}
p1_mqtt: {broker: "[fd00::2]:1884", tls: true, ca_file: /ca.pem, user: 12, password_file: /password,
          client_id: p1-2, topic_prefix: house/p1, discovery_prefix: off, discovery: sensor, interval: 3600}
"#,
    );
    let p1_dashboard = P1Dashboard { fuse: Some(35), language: Some(Language::Dutch) };
    let p1_mqtt = P1Mqtt {
        broker: Broker { host: "fd00::2".to_owned(), port: Some(1884) },
        tls: true,
        ca_file: "/ca.pem".into(),
        user: Some("12".to_owned()),
        password_file: Some("/password".into()),
        client_id: Some("p1-2".to_owned()),
        topic_prefix: "house/p1".to_owned(),
        discovery_prefix: None,
        discovery: Discovery::Sensor,
        interval: Duration::from_secs(3600),
    };
    assert_eq!(found, Config { p1_dashboard, p1_mqtt, ..Config::default() });
}

#[test]
fn there_is_no_way_to_have_the_history_deleted() {
    let found = problems("p1_reader_history: {keep_days: 400}\n");
    assert!(found[0].contains("keep_days: unknown key"), "{found:?}");
}

#[test]
fn every_key_of_the_energy_meter_reaches_its_setting() {
    let found = config(
        r#"
p1_emeter: {address: 239.12.255.253, port: 9523, TTL: 32, interface: lo, also_to: [inverter, "10.0.0.4:99"],
            serial: 2147483647, susy_id: 270, hold: 15}
"#,
    );
    let p1_emeter = P1Emeter {
        address: Some(Ipv4Addr::new(239, 12, 255, 253)),
        port: 9523,
        ttl: 32,
        interface: Some(Interface::Name("lo".to_owned())),
        also_to: vec!["inverter".to_owned(), "10.0.0.4:99".to_owned()],
        serial: Some(2_147_483_647),
        susy_id: 270,
        hold: Duration::from_secs(15),
    };
    assert_eq!(found, Config { p1_emeter, ..Config::default() });
    assert_eq!(config("p1_emeter: {address: off, also_to: [x]}").p1_emeter.address, None);
}

#[test]
fn copies_do_not_go_to_the_group_itself() {
    for found in ["224.7.2.1:52001", "224.7.2.1:52002"] {
        assert_eq!(
            problems(&format!("multicast:\n  also_to: [host:1, \"{found}\"]\n")),
            [format!(
                "2: multicast.also_to: expected other hosts than the group itself, found {found}"
            )]
        );
    }
    let elsewhere = "multicast: {also_to: [\"224.7.2.1:52003\", \"192.0.2.1:52001\"]}";
    assert_eq!(config(elsewhere).multicast.also_to.len(), 2);
}

#[test]
fn datagrams_of_the_energy_meter_go_to_each_host_once() {
    for found in ["p1_emeter: {also_to: [pi, x, \"pi:9522\"]}", "p1_emeter: {also_to: [pi, pi]}"] {
        let problem = "1: p1_emeter.also_to: expected each host once, found pi:9522 twice";
        assert_eq!(problems(found), [problem]);
    }
    assert_eq!(
        config("p1_emeter: {also_to: [pi, \"pi:1\"]}").p1_emeter.copies(),
        ["pi:9522", "pi:1"]
    );
}

#[test]
fn datagrams_of_the_energy_meter_go_somewhere_and_not_among_the_telegrams() {
    assert_eq!(
        problems("p1_emeter:\n  address: off\n"),
        ["2: p1_emeter.address: expected p1_emeter.also_to beside off, found nowhere to send to"]
    );
    for ports in ["port: 9522", "raw_port: 9522"] {
        let found = problems(&format!("multicast: {{address: 239.12.255.254, {ports}}}"));
        let problem = "1: multicast.address: expected another group or port than that of the telegrams, found 239.12.255.254:9522";
        assert_eq!(found, [problem]);
        config(&format!("multicast: {{address: 239.12.255.253, {ports}}}"));
    }
    let found = problems("p1_emeter: {interface: \"fe80::1\"}");
    assert_eq!(
        found,
        ["1: p1_emeter.interface: expected a name or an IPv4 address, found fe80::1"]
    );
    let manager = problems("p1_emeter: {susy_id: 372}").remove(0);
    assert!(manager.contains("found 372: that is an energy manager"), "{manager}");
}

#[test]
fn interval_files_are_kept_for_90_days_unless_told_otherwise() {
    let keep_days = |text| config(text).p1_reader_interval.keep_days;
    assert_eq!(keep_days(""), Some(90));
    assert_eq!(keep_days("p1_reader_interval: {keep_days: 400}"), Some(400));
    assert_eq!(keep_days("p1_reader_interval: {keep_days: off}"), None);
    let spares_older = |text| config(text).p1_reader_interval.spares_older;
    assert!(spares_older("") && !spares_older("p1_reader_interval: {keep_days: 90}"));
}

#[test]
fn impossible_values_are_refused() {
    for (section, setting) in [
        ("p1_listener", "port: 5"),
        ("p1_listener", "baud_rate: 299"),
        ("p1_listener", "baud_rate: 921601"),
        ("p1_listener", "format: 8O1"),
        ("p1_listener", "checksum: sometimes"),
        ("p1_listener", "checksum: off"),
        ("p1_listener", "time_zone: Europe/Vilnius"),
        ("p1_listener", "silence: 0"),
        ("p1_listener", "name: 1e5"),
        ("multicast", "address: 224.7.2.1.5"),
        ("multicast", "port: 0"),
        ("multicast", "port: 65536"),
        ("multicast", "port: 52002"),
        ("multicast", "TTL: 256"),
        ("multicast", "TTL: -1"),
        ("multicast", "interface: eth 0"),
        ("multicast", "raw_port: 0"),
        ("multicast", "raw_port: true"),
        ("multicast", "also_to: pi:52001"),
        ("multicast", "meter: [1]"),
        ("p1_reader", "min_free: 1000001"),
        ("p1_reader_details", "enabled: yes"),
        ("p1_reader_details", "filename: /d/details.csv"),
        ("p1_reader_details", "filename: details-DAY.csv"),
        ("p1_reader_details", "filename: /DAY/"),
        ("p1_reader_details", "flush_period: 0"),
        ("p1_reader_details", "keep_days: 0"),
        ("p1_reader_interval", "keep_days: never"),
        ("p1_reader_interval", "filename: /d/interval-DAY.csv"),
        ("p1_reader_history", "filename: /d/history-YYYY.csv"),
        ("p1_reader_interval", "flush_period: 86401"),
        ("p1_reader_day", "filename: /d/day.csv"),
        ("p1_reader_day", "flush_period: 1.5"),
        ("html_report", "minutes: 0"),
        ("html_report", "minutes: 1441"),
        ("weekly_log", "filename: /l/YYYY.log"),
        ("weekly_log", "filename: /l/ww.log"),
        ("weekly_log", "measurement_period: 0"),
        ("p1_dashboard", "fuse: 0"),
        ("p1_dashboard", "fuse: 401"),
        ("p1_dashboard", "language: de"),
        ("p1_mqtt", "broker: mqtt://pi"),
        ("p1_mqtt", "interval: 3601"),
        ("p1_emeter", "address: 224.0.0.1"),
        ("p1_emeter", "address: \"ff02::1\""),
        ("p1_emeter", "port: 0"),
        ("p1_emeter", "TTL: 33"),
        ("p1_emeter", "also_to: [224.0.0.1]"),
        ("p1_emeter", "also_to: [\"255.255.255.255:9522\"]"),
        ("p1_emeter", "also_to: [\"[fd00::1]:9522\"]"),
        ("p1_emeter", "also_to: [a, b, c, d, e, f, g, h, i]"),
        ("p1_emeter", "serial: 0"),
        ("p1_emeter", "serial: 2147483648"),
        ("p1_emeter", "susy_id: 501"),
        ("p1_emeter", "susy_id: 1"),
        ("p1_emeter", "hold: 16"),
    ] {
        let key = setting.split_once(':').unwrap().0;
        let found = problems(&format!("{section}:\n  {setting}\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        let place = format!("2: {section}.{key}: expected ");
        assert!(found[0].starts_with(&place), "{found:?}");
    }
}

#[test]
fn two_outputs_with_one_file_are_refused_whatever_they_call_it() {
    let of = |one: &str, other: &str| {
        let keys = format!("filename: {one}\np1_reader_day:\n  filename: {other}");
        problems(&format!("p1_reader_details:\n  {keys}\n"))
    };
    for same in
        ["/tmp/DAY.csv", "/tmp//./DAY.csv", "/usr/../tmp/DAY.csv", "/proc/self/root/tmp/DAY.csv"]
    {
        let expected = format!(
            "4: p1_reader_day.filename: expected another value than p1_reader_details.filename has, found {same} for both"
        );
        assert_eq!(of(same, "/tmp/DAY.csv").len(), 1, "{same}");
        assert_eq!(of("/tmp/DAY.csv", same), [expected.replace(same, "/tmp/DAY.csv")], "{same}");
    }
}

#[test]
fn every_format_is_accepted_and_means_the_same() {
    for format in ["auto", "7E1", "8N1", "8n1"] {
        assert_eq!(config(&format!("p1_listener: {{format: {format}}}")), Config::default());
    }
}

#[test]
fn the_ends_of_the_ranges_are_allowed() {
    for (section, setting) in [
        ("p1_listener", "baud_rate: 300"),
        ("p1_listener", "baud_rate: 921600"),
        ("multicast", "port: 65535"),
        ("multicast", "TTL: 0"),
        ("multicast", "raw_port: 1"),
        ("multicast", "raw_port: false"),
        ("multicast", "also_to: []"),
        ("p1_reader_day", "flush_period: 86400"),
        ("p1_reader_day", "keep_days: 36500"),
        ("html_report", "minutes: 1440"),
        ("weekly_log", "measurement_period: 3600"),
        ("p1_reader", "min_free: 1000000"),
        ("p1_dashboard", "fuse: 400"),
        ("p1_mqtt", "interval: 1"),
        ("p1_emeter", "TTL: 0"),
        ("p1_emeter", "serial: 1"),
        ("p1_emeter", "hold: 0"),
        ("p1_emeter", "also_to: [a, b, c, d, e, f, g, h]"),
    ] {
        config(&format!("{section}: {{{setting}}}"));
    }
}

#[test]
fn two_outputs_cannot_share_a_file_unless_one_is_off() {
    let text = "p1_reader_day: {filename: /d/DAY}\np1_reader_details: {filename: //d//DAY}\n";
    let found = problems(text);
    assert_eq!(found.len(), 1);
    let start = "2: p1_reader_details.filename: expected another value than p1_reader_day.filename";
    assert!(found[0].starts_with(start), "{found:?}");
    config(&text.replace("{filename: /d", "{enabled: false, filename: /d"));
}

#[test]
fn a_key_that_is_wrong_by_itself_is_not_compared_with_others() {
    let found = problems("multicast: {port: x, raw_port: 52001}");
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_password_without_a_user_and_a_ca_file_without_tls_are_refused_where_they_stand() {
    let text = "p1_mqtt:\n  password_file: /p\n  ca_file: /c\n";
    assert_eq!(
        problems(text),
        [
            "2: p1_mqtt.password_file: expected p1_mqtt.user beside it, without which it has no effect",
            "3: p1_mqtt.ca_file: expected p1_mqtt.tls: true beside it, without which it has no effect",
        ]
    );
    config("p1_mqtt: {user: u, password_file: /p, ca_file: /c, tls: true}");
}

#[test]
fn topics_below_dsmr_are_refused_with_the_reason() {
    for (prefix, valid) in [("dsmr", false), ("dsmr/p1", false), ("dsmrs", true), ("p1/dsmr", true)]
    {
        let text = format!("p1_mqtt: {{topic_prefix: {prefix}}}");
        if valid {
            assert_eq!(config(&text).p1_mqtt.topic_prefix, prefix);
        } else {
            let problem = problems(&text).remove(0);
            assert!(problem.contains("where Home Assistant looks for DSMR-reader"), "{problem}");
        }
    }
}

#[test]
fn an_interface_that_cannot_carry_the_group_is_refused() {
    for (multicast, problem) in [
        (
            "{interface: \"fe80::1\"}",
            "multicast.interface: expected a name or an IPv4 address, as multicast.address is \
             224.7.2.1, found fe80::1",
        ),
        (
            "{interface: 192.168.1.2, address: \"ff05::71\"}",
            "multicast.interface: expected a name or an IPv6 address, as multicast.address is \
             ff05::71, found 192.168.1.2",
        ),
        (
            "{address: \"ff02::71\"}",
            "multicast.address: expected multicast.interface to be set too: ff02::71 is another \
             group on each link",
        ),
    ] {
        assert_eq!(problems(&format!("multicast: {multicast}")), [format!("1: {problem}")]);
    }
    for multicast in [
        "{interface: 192.168.1.2}",
        "{interface: eth0, address: \"ff02::71\"}",
        "{interface: \"fe80::1\", address: \"ff12::71\"}",
        "{address: \"ff05::71\"}",
    ] {
        config(&format!("multicast: {multicast}"));
    }
    // What is wrong by itself is not compared.
    assert_eq!(problems("multicast: {address: \"ff02::71\", interface: eth0:1}").len(), 1);
    assert_eq!(problems("multicast: {address: 10.0.0.1, interface: \"fe80::1\"}").len(), 1);
}

#[test]
fn a_key_that_was_written_instead_of_its_file_is_in_no_message() {
    let digits = "000102030405060708090a0b0c0d0e0f";
    for key in ["decryption_key_file", "authentication_key_file", "decryption_key"] {
        for value in [digits, "\"000102030405060708090a0b0c0d0e0f\""] {
            let once = format!("p1_listener:\n  {key}: {value}\n");
            let twice = format!("{once}  {key}: /file\n");
            for text in [once, twice] {
                let messages = match parsed(&text) {
                    Ok(loaded) => format!("{:?}", loaded.warnings),
                    Err(error) => error.to_string(),
                };
                assert!(!messages.is_empty() && !messages.contains(digits), "{messages}");
            }
        }
    }
}
