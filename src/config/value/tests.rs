//! What each kind of value accepts, refuses, and says of it.

use super::*;

fn text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

fn number(digits: &str) -> Node {
    Node::Number(digits.to_owned())
}

fn not_scalars() -> [Node; 3] {
    [Node::Nothing, Node::List(vec![]), Node::Map(vec![])]
}

#[test]
fn an_error_says_what_was_expected_and_found() {
    for (node, found) in [
        (Node::Nothing, "nothing"),
        (Node::Bool(true), "true"),
        (number("3.5"), "3.5"),
        (text("a\n\"b"), r#""a\n\"b""#),
        (Node::List(vec![]), "a list"),
        (Node::Map(vec![]), "a section with keys"),
    ] {
        let message = node.integer(1..=9_u8).unwrap_err();
        let expected = format!("expected a whole number from 1 to 9, found {found}");
        assert_eq!(message, expected);
    }
}

#[test]
fn a_long_value_is_shortened_in_messages() {
    let message = text(&"é".repeat(5000)).boolean().unwrap_err();
    assert!(message.chars().count() < 120, "{message}");
}

#[test]
fn booleans_are_true_and_false_only() {
    assert_eq!(Node::Bool(false).boolean(), Ok(false));
    assert_eq!(text("true").boolean(), Ok(true));
    for node in [text("yes"), text("off"), number("1"), Node::Nothing] {
        assert!(node.boolean().is_err(), "{node}");
    }
}

#[test]
fn whole_numbers_are_plain_decimal_digits_within_the_range() {
    assert_eq!(number("1").integer(1..=9_u8), Ok(1));
    assert_eq!(number("0").integer(0..=255_u8), Ok(0));
    assert_eq!(text("65535").integer(1..=u16::MAX), Ok(65535));
    for wrong in [
        "0",
        "10",
        "300",
        "70000000000000000000",
        "1.0",
        "1e0",
        "+1",
        "-1",
        "0x1",
        "01",
        "1_0",
        "",
        " 1",
    ] {
        assert!(number(wrong).integer(1..=9_u8).is_err(), "{wrong}");
        assert!(text(wrong).integer(1..=9_u8).is_err(), "{wrong}");
    }
    for node in not_scalars() {
        assert!(node.integer(1..=9_u8).is_err(), "{node}");
    }
}

#[test]
fn keywords_are_found_in_either_case_and_listed_otherwise() {
    let words = [("auto", 1), ("7E1", 2), ("off", 3)];
    assert_eq!(text("Auto").keyword(&words), Ok(1));
    assert_eq!(Node::Bool(false).keyword(&words), Ok(3));
    let message = text("8N2").keyword(&words).unwrap_err();
    assert_eq!(message, "expected auto or 7E1 or off, found \"8N2\"");
    assert!(Node::Bool(true).keyword(&words).is_err());
}

#[test]
fn a_keyword_or_something_else_names_both() {
    let speed = |node: Node| node.keyword_or("auto", 0, node.integer(300..=9600_u32));
    assert_eq!(speed(text("auto")), Ok(0));
    assert_eq!(speed(number("9600")), Ok(9600));
    let message = speed(number("5")).unwrap_err();
    assert_eq!(message, "expected auto or a whole number from 300 to 9600, found 5");
}

#[test]
fn a_text_is_not_empty_and_on_one_line() {
    assert_eq!(text("é x").text("a name"), Ok("é x"));
    for wrong in ["", "a\nb", "a\0"] {
        assert!(text(wrong).text("a name").is_err(), "{wrong:?}");
    }
    assert!(number("5").text("a name").unwrap_err().contains("quotes"));
    assert!(Node::Bool(true).text("a name").is_err());
}

#[test]
fn a_label_keeps_its_digits_and_takes_no_other_number() {
    let id = "4530303434303037343133303837353139";
    assert_eq!(number(id).label("an id"), Ok(id.to_owned()));
    assert_eq!(text("0012").label("an id"), Ok("0012".to_owned()));
    for wrong in ["0x10", "1e5", "-1"] {
        assert!(number(wrong).label("an id").is_err(), "{wrong}");
    }
}

#[test]
fn a_label_has_a_bounded_length() {
    assert!(text(&"x".repeat(128)).label("an id").is_ok());
    for long in [text(&"x".repeat(129)), number(&"1".repeat(129))] {
        let message = long.label("an id").unwrap_err();
        assert!(message.starts_with("expected an id of at most 128 bytes"));
    }
}

#[test]
fn a_source_is_a_path_or_tcp_with_host_and_port() {
    for good in [
        "/dev/ttyUSB0",
        "./telegrams.txt",
        "../meter",
        "tcp://10.0.0.5:23",
        "tcp://[::1]:23",
        "auto",
        "-",
    ] {
        assert_eq!(text(good).source(), Ok(good.to_owned()));
    }
    assert_eq!(text("AUTO").source(), Ok("auto".to_owned()));
    let long = "/".to_owned() + &"x".repeat(256);
    for wrong in ["", "tcp://", "tcp://host", "tcp://:23", "tcp://h:0", "udp://h:0", &long] {
        assert!(text(wrong).source().is_err(), "{wrong}");
    }
    assert!(number("0").source().is_err());
}

#[test]
fn a_source_that_can_never_work_is_refused_with_what_was_meant() {
    for (wrong, meant) in [
        ("192.168.1.30:23", "tcp://192.168.1.30:23"),
        ("meter.local:2001", "tcp://meter.local:2001"),
        ("[fe80::1]:23", "tcp://[fe80::1]:23"),
        ("tcp:192.168.1.30:23", "tcp://192.168.1.30:23"),
        ("tcp:/meter:23", "tcp://meter:23"),
        ("telnet://192.168.1.30:23/", "tcp://192.168.1.30:23"),
        ("192.168.1.30", "tcp://192.168.1.30:PORT"),
        ("ttyUSB0", "/dev/ttyUSB0"),
        ("serial0", "/dev/serial0"),
        ("dev/ttyUSB0", "/dev/ttyUSB0"),
        ("usb-FTDI_FT232R-if00-port0", "/dev/serial/by-id/usb-FTDI_FT232R-if00-port0"),
        ("COM3", "/dev/ttyUSB0"),
    ] {
        let message = text(wrong).source().unwrap_err();
        assert!(message.ends_with(&format!("; did you mean {meant}?")), "{message}");
    }
    for wrong in ["10:20", "http://192.168.1.30:80", "telegrams.txt", "~/meter", "meter", "-1"] {
        let message = text(wrong).source().unwrap_err();
        assert!(message.ends_with(&format!("found \"{wrong}\"")), "{message}");
    }
}

#[test]
fn an_address_must_be_multicast() {
    for valid in ["224.7.2.1", "239.255.255.255", "ff02::71"] {
        assert!(text(valid).multicast_address().is_ok(), "{valid}");
    }
    for wrong in
        ["192.168.1.1", "240.0.0.1", "::1", "ff10::71", "224.7.2", "224.7.2.1:52001", "localhost"]
    {
        assert!(text(wrong).multicast_address().is_err(), "{wrong}");
    }
    let message = text("224.7.2.1:52001").multicast_address().unwrap_err();
    assert!(message.ends_with("; did you mean 224.7.2.1?"), "{message}");
}

#[test]
fn an_interface_is_a_name_or_an_address() {
    for valid in ["eth0", "lo", "enx001122334455", "192.168.1.20", "fe80::1234:5678:9abc"] {
        assert_eq!(text(valid).interface().unwrap().to_string(), valid);
    }
    for wrong in ["", "eth 0", "../eth0", "an-interface-name", "224.7.2.1", "0.0.0.0"] {
        assert!(text(wrong).interface().is_err(), "{wrong}");
    }
    for alias in ["eth0:1", "fe80::1%eth0"] {
        let message = text(alias).interface().unwrap_err();
        assert!(message.ends_with("; did you mean eth0?"), "{message}");
    }
}

#[test]
fn destinations_need_a_host_and_a_port() {
    let valid = ["10.0.0.5:52001", "pi.local:1", "[fe80::1]:65535"];
    let list = Node::List(valid.map(text).to_vec());
    assert_eq!(list.destinations().unwrap(), valid);
    for wrong in [
        "pi",
        "pi:",
        ":1",
        "pi:0",
        "pi:65536",
        "fe80::1:52001",
        "[::1]",
        "a b:1",
        "10:20",
        "192.168.1.300:1",
    ] {
        assert!(Node::List(vec![text(wrong)]).destinations().is_err(), "{wrong}");
    }
    assert!(text("pi:52001").destinations().is_err());
}

#[test]
fn every_wrong_destination_is_named() {
    let list = Node::List(vec![text("one"), text("pi:1"), number("52001")]);
    let message = list.destinations().unwrap_err();
    assert!(message.ends_with("found \"one\" and 52001"), "{message}");
    let message = Node::List(vec![text(&"x".repeat(99)); 999]).destinations().unwrap_err();
    assert!(message.len() < 500, "{message}");
}

#[test]
fn a_filename_is_absolute_and_names_a_file() {
    let path = "/var/x/p-DAY.csv";
    assert_eq!(text(path).filename(&["DAY"]), Ok(PathBuf::from(path)));
    for wrong in ["p.csv", "./p.csv", "~/p.csv", "/", "/var/", "/var/..", "/var/."] {
        assert!(text(wrong).filename(&[]).is_err(), "{wrong}");
    }
}

#[test]
fn a_filename_that_the_kernel_cannot_have_is_refused() {
    let named = |name: &str| text(&format!("/d/{name}")).filename(&[]);
    assert!(named(&"x".repeat(250)).is_ok());
    // `.NAME.tmp` is written first.
    assert!(named(&"x".repeat(251)).is_err());
    // With a date, and the name of a meter of 64 bytes.
    assert!(named(&(x(172) + "-METER-DAY.csv")).is_ok());
    assert!(named(&(x(173) + "-METER-DAY.csv")).is_err());
    assert!(text(&format!("/{}/f", x(255))).path().is_ok());
    assert!(text(&format!("/{}/f", x(256))).path().is_err());
    let message = text(&("/x".repeat(2500))).path().unwrap_err();
    assert!(message.starts_with("expected at most 255 bytes in each name and 4095 in all, found"));
}

fn x(length: usize) -> String {
    "x".repeat(length)
}

#[test]
fn placeholders_count_in_the_last_component_only() {
    let message = text("/DAY/p.csv").filename(&["DAY"]).unwrap_err();
    assert!(message.contains("expected DAY in the name"), "{message}");
    assert!(text("/l/YYYY.log").filename(&["YYYY", "ww"]).is_err());
    assert!(text("/l/YYYY-Www.log").filename(&["YYYY", "ww"]).is_ok());
}

#[test]
fn a_broker_is_a_host_with_or_without_a_port() {
    for (valid, host, port) in [
        ("localhost", "localhost", None),
        ("192.168.1.2:1884", "192.168.1.2", Some(1884)),
        ("[fd00::2]", "fd00::2", None),
        ("[fd00::2]:8883", "fd00::2", Some(8883)),
    ] {
        assert_eq!(text(valid).broker(), Ok(Broker { host: host.to_owned(), port }), "{valid}");
    }
    for wrong in
        ["", ":1883", "pi:", "pi:0", "mqtt://pi", "fd00::2", "pi/x", "user@pi", "[pi]", "a b"]
    {
        assert!(text(wrong).broker().is_err(), "{wrong}");
    }
    let message = text("mqtt://pi:1883/").broker().unwrap_err();
    assert!(message.ends_with("; did you mean pi:1883?"), "{message}");
}

#[test]
fn a_topic_has_levels_and_no_wildcards() {
    for valid in ["p1", "house/p1", "Zähler/im Keller", "a/$b"] {
        assert_eq!(text(valid).topic(), Ok(valid.to_owned()));
    }
    for wrong in
        ["", "/", "/p1", "p1/", "a//b", "$SYS", "p1/+", "#", "a\0b", "a\nb", &"x".repeat(129)]
    {
        assert!(text(wrong).topic().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_client_id_is_one_plain_word() {
    assert_eq!(text("p1mqtt-pi_2").client_id(), Ok("p1mqtt-pi_2".to_owned()));
    for wrong in ["", "a b", "a/b", "é", "a.b"] {
        assert!(text(wrong).client_id().is_err(), "{wrong}");
    }
}
