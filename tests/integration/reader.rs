//! `p1reader`: from the network to files.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;

use p1_multicast::message::Translator;
use p1_multicast::multicast::Sender;
use p1_multicast::telegram::{Policy, Timestamp};
use rustix::process::Signal;

use crate::support::{Place, Running, binary, lo, telegram, wait_for};

/// 2026-11-22 07:00:00 UTC.
pub const START: i64 = 1_795_330_800;

/// A listener of which the test chooses the clock.
pub struct Publisher {
    sender: Sender,
    port: u16,
    translator: Translator,
}

impl Publisher {
    pub fn new(place: &Place) -> Self {
        let sender = Sender::open(IpAddr::V4(place.group), 0, Some(&lo())).unwrap();
        Self { sender, port: place.port, translator: Translator::new(Policy::Auto, None) }
    }

    /// Publishes telegrams of these powers, one a second, no faster than `reader`, with `--debug`, takes them.
    pub fn publish_all(
        &mut self,
        reader: &Running,
        seconds: i64,
        powers: impl Iterator<Item = u32>,
    ) {
        for (second, watts) in (seconds..).zip(powers) {
            self.publish(second, watts);
            let count = self.translator.counts().telegrams;
            if count % 50 == 0 {
                reader.wait_for_log(&format!("telegram {count} from"));
            }
        }
    }

    pub fn publish(&mut self, seconds: i64, watts: u32) {
        let datagram = self.datagram(seconds, watts);
        self.sender.send(self.port, &datagram).unwrap();
    }

    fn datagram(&mut self, seconds: i64, watts: u32) -> Vec<u8> {
        let (bytes, now) = (telegram(watts), Timestamp::from_seconds(seconds));
        self.translator.feed(&mut &bytes[..], now).unwrap().unwrap().json.to_vec()
    }
}

pub fn in_utc(place: &Place, more: &[&str]) -> Running {
    let mut command = place.program("p1reader");
    command.env("TZ", "UTC").args(more);
    let reader = Running::start(place, "p1reader", &mut command);
    reader.wait_for_log(" started: ");
    reader
}

/// The import powers of the rows of the details files.
pub fn recorded(place: &Place) -> Vec<u32> {
    let is_row = |line: &String| !line.starts_with("datum");
    let power = |line: String| line.split(';').nth(9).unwrap().parse().unwrap();
    place.lines_of("details-").into_iter().filter(is_row).map(power).collect()
}

#[test]
fn every_output_is_written() {
    let place = Place::new();
    place.config();
    let reader = in_utc(&place, &["--debug"]);
    let powers = (0..=600).map(|second| 100 + second % 7);
    Publisher::new(&place).publish_all(&reader, START - 300, powers);
    wait_for("all rows", || (recorded(&place).len() == 601).then_some(()));
    reader.stop();
    assert_eq!(
        place.lines_of("day-").first().unwrap(),
        "2026-11-22 07:00:00, 8884462,  100,  103,  106,    14058,    0,    0,    0"
    );
    assert_eq!(place.lines_of("day-").len(), 2, "{:?}", place.lines_of("day-"));
    assert_eq!(place.lines_of("interval-"), place.lines_of("day-"));
    let weekly = place.lines_of("log-2026-W47");
    assert_eq!(weekly[0], "1795330500:4000010.000:4884452.000:100.000 : 8673.000:5385.000:0.000");
    assert_eq!(weekly.len(), 61);
    let page = fs::read_to_string(place.path("lastm.html")).unwrap();
    assert!(page.contains("Slimme meter") && page.ends_with("</html>"), "{page}");
    assert!(place.files(".").is_empty(), "no temporary file is left");
}

#[test]
fn sigterm_loses_nothing() {
    let place = Place::new();
    place.config_with("p1_reader_details: {flush_period: 86400}");
    let reader = in_utc(&place, &["--debug"]);
    let sent: Vec<u32> = (0..200).collect();
    Publisher::new(&place).publish_all(&reader, START, sent.iter().copied());
    reader.stop();
    assert_eq!(recorded(&place), sent);
}

#[test]
fn sigusr1_writes_what_is_there() {
    let place = Place::new();
    place.config_with("p1_reader_details: {flush_period: 86400}");
    let reader = in_utc(&place, &["--debug"]);
    Publisher::new(&place).publish(START, 5);
    wait_for("the telegram", || reader.log().contains("telegram 1").then_some(()));
    assert!(recorded(&place).is_empty());
    reader.signal(Signal::USR1);
    wait_for("the row", || (recorded(&place) == [5]).then_some(()));
    reader.stop();
}

#[test]
fn after_a_rename_sighup_starts_a_new_file_and_no_row_is_lost() {
    let place = Place::new();
    place.config();
    let reader = in_utc(&place, &["--debug"]);
    let mut publisher = Publisher::new(&place);
    publisher.publish(START, 1);
    wait_for("the row", || (recorded(&place) == [1]).then_some(()));
    let [file] = &place.files("details-")[..] else { panic!("one file") };
    fs::rename(file, place.path("details-20261122.csv.1")).unwrap();
    reader.signal(Signal::HUP);
    reader.wait_for_log("configuration reloaded");
    publisher.publish(START + 1, 2);
    wait_for("the second row", || (recorded(&place).len() == 2).then_some(()));
    let new = fs::read_to_string(place.path("details-20261122.csv")).unwrap();
    assert_eq!(new.lines().count(), 3, "two header rows and one telegram: {new}");
    reader.stop();
}

#[test]
fn old_files_are_removed_in_one_line_of_the_log() {
    let place = Place::new();
    place.config_with("p1_reader_details: {keep_days: 7}");
    for day in 10..30 {
        fs::write(place.path(&format!("details-202001{day}.csv")), "").unwrap();
    }
    let reader = in_utc(&place, &[]);
    Publisher::new(&place).publish(START, 1);
    reader.wait_for_log("details: removed 20 files older than 20");
    wait_for("the row", || (recorded(&place) == [1]).then_some(()));
    assert_eq!(reader.log().matches("removed").count(), 1, "{}", reader.log());
    reader.stop();
    assert_eq!(place.files("details-").len(), 1);
}

#[test]
fn test_ends_it_after_five_telegrams_and_touches_no_file_of_the_service() {
    let place = Place::new();
    place.config();
    let service = in_utc(&place, &["--debug"]);
    let mut command = place.program("p1reader");
    let output = fs::File::create(place.path("output")).unwrap();
    command.args(["--test", "--debug"]).env("TZ", "UTC").env("TMPDIR", place.folder.path());
    let mut test = Running::start(&place, "p1reader", command.stdout(output));
    test.wait_for_log(" started: ");
    let mut publisher = Publisher::new(&place);
    for watts in 1..=6 {
        publisher.publish(START + i64::from(watts), watts);
    }
    assert_eq!(test.wait().code(), Some(0), "{}", test.log());
    service.wait_for_log("telegram 6 from");
    service.stop();
    assert_eq!(recorded(&place), [1, 2, 3, 4, 5, 6]);
    let output = fs::read_to_string(place.path("output")).unwrap();
    let folder = output.trim_end().strip_prefix("the files of this test are in ").unwrap();
    let file = |name: &str| format!("{folder}{}", place.path(name).display());
    let details = fs::read_to_string(file("details-20261122.csv")).unwrap();
    assert_eq!(details.lines().count(), 2 + 5, "{details}");
    assert!(fs::read_to_string(file("lastm.html")).unwrap().ends_with("</html>"));
}

/// A second p1reader with this configuration, which has ended; what it said.
fn refused(place: &Place, config: &std::path::Path) -> String {
    let mut command = Command::new(binary("p1reader"));
    let mut second = Running::start(place, "p1reader", command.arg("--config-file").arg(config));
    assert_eq!(second.wait().code(), Some(74), "{}", second.log());
    second.log()
}

#[test]
fn a_second_recorder_on_the_same_files_is_refused_and_names_the_first() {
    let place = Place::new();
    let config = place.config();
    let first = in_utc(&place, &["--debug"]);
    let writer = format!("p1reader (pid {}) writes these files", first.process());
    let log = refused(&place, &config);
    assert!(log.contains(&format!("details-DAY.csv: {writer}")), "{log}");
    // Another configuration, which shares one file under another name.
    std::os::unix::fs::symlink(place.folder.path(), place.path("link")).unwrap();
    let other = place.path("other.yml");
    let shared = place.path("link/log-YYYY-Www.log");
    let moved = fs::read_to_string(&config).unwrap().replace(
        &place.path("").display().to_string(),
        &place.path("other/").display().to_string(),
    );
    let own = place.path("other/log-YYYY-Www.log");
    let text = moved.replace(&own.display().to_string(), &shared.display().to_string());
    fs::write(&other, text).unwrap();
    let log = refused(&place, &other);
    assert!(log.contains(&format!("log-YYYY-Www.log: {writer}")), "{log}");
    // With files of its own it starts, until it is told to use those of the first.
    fs::write(&other, &moved).unwrap();
    let mut command = Command::new(binary("p1reader"));
    command.arg("--config-file").arg(&other).arg("--debug").env("TZ", "UTC");
    let second = Running::start(&place, "p1reader", &mut command);
    second.wait_for_log(" started: ");
    fs::copy(&config, &other).unwrap();
    second.signal(Signal::HUP);
    second.wait_for_log("keeping the current configuration");
    assert!(second.log().contains(&writer), "{}", second.log());
    Publisher::new(&place).publish(START, 7);
    for reader in [&first, &second] {
        reader.wait_for_log("telegram 1 from");
    }
    second.stop();
    first.stop();
    assert_eq!(recorded(&place), [7]);
    let details = fs::read_to_string(place.path("other/details-20261122.csv")).unwrap();
    assert_eq!(details.lines().count(), 2 + 1);
    let is_lock = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "lock");
    assert!(!place.files("p1reader-").iter().any(is_lock), "a lock is left");
}

#[test]
fn a_second_service_on_the_same_files_says_so_once_and_records_when_the_first_has_ended() {
    let place = Place::new();
    let config = place.config();
    let first = in_utc(&place, &["--debug"]);
    let mut command = Command::new(binary("p1reader"));
    command.arg("--config-file").arg(&config).arg("--debug").env("TZ", "UTC");
    // As under systemd; nobody has to listen there.
    command.env("NOTIFY_SOCKET", format!("@{}", place.folder.path().display()));
    let second = Running::start(&place, "p1reader", &mut command);
    let writer = format!("p1reader (pid {})", first.process());
    second.wait_for_log(" started: waiting for files that another p1reader writes");
    second.wait_for_log(&format!("{writer} writes these files"));
    // With the same files, another configuration does not help.
    second.signal(Signal::HUP);
    second.wait_for_log("keeping the current configuration");
    let mut publisher = Publisher::new(&place);
    publisher.publish(START, 1);
    first.wait_for_log("telegram 1 from");
    first.stop();
    second.wait_for_log(&format!("{writer} has ended; recording from "));
    assert_eq!(recorded(&place), [1]);
    publisher.publish(START + 1, 2);
    second.wait_for_log("telegram 2 from");
    assert_eq!(second.log().matches("(waiting until then)").count(), 1, "{}", second.log());
    second.stop();
    assert_eq!(recorded(&place), [1, 2]);
}

#[test]
fn after_a_kill_the_next_recorder_starts_at_once_and_goes_on_with_the_files() {
    let place = Place::new();
    place.config();
    let mut publisher = Publisher::new(&place);
    for watts in 1..=5 {
        let mut reader = in_utc(&place, &["--debug"]);
        publisher.publish(START + i64::from(watts), watts);
        let rows = usize::try_from(watts).unwrap();
        wait_for("the row", || (recorded(&place).len() == rows).then_some(()));
        // What is left of it is a process that nobody has waited for.
        reader.kill();
        let next = in_utc(&place, &[]);
        reader.wait();
        next.stop();
    }
    assert_eq!(recorded(&place), [1, 2, 3, 4, 5]);
}

#[test]
fn two_recorders_of_all_meters_record_each_meter_once() {
    let place = Place::new();
    let details = place.path("details-METER-DAY.csv");
    let details = format!("p1_reader_details: {{filename: \"{}\"}}\n", details.display());
    let others =
        ["p1_reader_interval", "p1_reader_day", "p1_reader_history", "html_report", "weekly_log"];
    let off = others.map(|other| format!("{other}: {{enabled: false}}"));
    let more = details + &off.join("\n");
    place.config_with(&more);
    let [first, second] = [(); 2].map(|()| in_utc(&place, &["--debug"]));
    let mut publisher = Publisher::new(&place);
    publisher.publish(START, 1);
    wait_for("the row", || (recorded(&place).len() == 1).then_some(()));
    // Whichever was first.
    let is_left = |reader: &Running| {
        reader.log().contains("details: not recording meter E0099000012345678: p1reader (pid ")
    };
    wait_for("the other one to say so", || (is_left(&first) || is_left(&second)).then_some(()));
    publisher.publish(START + 1, 2);
    for reader in [&first, &second] {
        reader.wait_for_log("telegram 2 from");
    }
    let (writer, other) = if is_left(&second) { (first, second) } else { (second, first) };
    writer.stop();
    other.wait_for_log("details: recording meter E0099000012345678 from now on");
    publisher.publish(START + 2, 3);
    other.wait_for_log("telegram 3 from");
    other.stop();
    assert_eq!(recorded(&place), [1, 2, 3]);
}

#[test]
fn what_is_no_telegram_is_counted_and_costs_nothing_else() {
    let place = Place::new();
    place.config();
    let reader = in_utc(&place, &[]);
    let sender = Sender::open(IpAddr::V4(place.group), 0, Some(&lo())).unwrap();
    let meta = "\"frame-start-time\":1795330800,\"frame-number\":1,\"frame-end-time\":1795330800,\
                \"frame-time-duration\":0";
    let with =
        |telegram: &str| format!("{{\"meta\":{{{meta}}},\"telegram\":{telegram}}}").into_bytes();
    let hostile = [
        b"".to_vec(),
        b"hello".to_vec(),
        b"[".repeat(60_000),
        b"{\"meta\":{},\"telegram\":{}}".to_vec(),
        b"\xff\xfe".to_vec(),
        with("{\"1-0:1.7.0\":NaN}"),
        with("{\"1-0:1.7.0\":null}"),
        with("{\"1-0:1.7.0\":[1]}"),
        with("[]"),
        with(&format!("{{\"1-0:1.7.0\":{}}}", "9".repeat(400))),
        with(&format!("{{\"x\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000))),
        b"x".repeat(65_000),
    ];
    for hostile in &hostile {
        sender.send(place.port, hostile).unwrap();
    }
    Publisher::new(&place).publish(START, 42);
    wait_for("the row", || (recorded(&place) == [42]).then_some(()));
    assert_eq!(reader.log().matches("ignored a datagram").count(), 1, "{}", reader.log());
    let log = reader.stopped();
    assert!(log.contains(&format!("{} datagrams ignored", hostile.len())), "{log}");
}

#[test]
fn telegrams_that_come_twice_or_out_of_order_are_recorded_once_and_counted() {
    let place = Place::new();
    place.config();
    let reader = in_utc(&place, &["--debug"]);
    let mut publisher = Publisher::new(&place);
    let datagrams: Vec<_> = (0..6).map(|n| publisher.datagram(START + i64::from(n), n)).collect();
    // The fifth is lost, the third comes late, the second twice.
    for at in [0, 1, 1, 3, 2, 5] {
        publisher.sender.send(place.port, &datagrams[at]).unwrap();
    }
    wait_for("the rows", || (recorded(&place) == [0, 1, 3, 2, 5]).then_some(()));
    let log = reader.stopped();
    assert!(log.contains("5 telegrams, "), "{log}");
    assert!(log.contains(", 1 lost, 1 duplicate, 1 out of order"), "{log}");
}

#[test]
fn each_meter_has_its_files_where_their_names_say_so_and_else_the_first_is_recorded() {
    for (name, rows) in [("details-METER-DAY.csv", [2, 2]), ("details-DAY.csv", [2, 0])] {
        let place = Place::new();
        let path = place.path(name);
        place.config_with(&format!("p1_reader_details: {{filename: \"{}\"}}", path.display()));
        let reader = in_utc(&place, &["--debug"]);
        let mut publisher = Publisher::new(&place);
        // A path in a field is a name like any other.
        let id = "4530303939303030303132333435363738";
        let other =
            |datagram| String::from_utf8(datagram).unwrap().replace(id, "../../etc/x").into_bytes();
        let datagrams: Vec<_> =
            (0..4).map(|n| publisher.datagram(START + i64::from(n), n)).collect();
        for (number, datagram) in datagrams.into_iter().enumerate() {
            let is_mine = number % 3 == 0;
            let datagram = if is_mine { datagram } else { other(datagram) };
            publisher.sender.send(place.port, &datagram).unwrap();
        }
        reader.wait_for_log("telegram 4 from");
        if rows[1] == 0 {
            reader.wait_for_log("also receiving meter");
        }
        reader.stop();
        let count = |beginning: &str| {
            place.lines_of(beginning).iter().filter(|line| !line.starts_with("datum")).count()
        };
        let first = if rows[1] == 0 { "details-2026" } else { "details-E0099000012345678-2026" };
        assert_eq!([count(first), count("details-______etc_x-2026")], rows, "{name}");
    }
}

#[test]
fn a_meter_that_two_listeners_send_is_recorded_from_one_of_them() {
    let place = Place::new();
    place.config();
    let reader = in_utc(&place, &["--debug"]);
    let (mut one, mut other) = (Publisher::new(&place), Publisher::new(&place));
    for (second, n) in (0..).zip(0..5) {
        let datagram = one.datagram(START + second, n);
        one.sender.send(place.port, &datagram).unwrap();
        let source = "{\"meta\":{\"source\":\"attic\",";
        let copy = String::from_utf8(other.datagram(START + second, n)).unwrap();
        let copy = copy.replacen("{\"meta\":{", source, 1);
        other.sender.send(place.port, copy.as_bytes()).unwrap();
    }
    reader.wait_until_read(place.group, place.port);
    let log = reader.stopped();
    assert_eq!(recorded(&place), [0, 1, 2, 3, 4]);
    assert_eq!(log.matches(" is sent by ").count(), 1, "{log}");
    assert!(log.contains("; meter \"E0099000012345678\" is also sent by attic ("), "{log}");
}

#[test]
fn after_a_restart_the_meter_of_the_files_is_waited_for() {
    let place = Place::new();
    place.config();
    let mut publisher = Publisher::new(&place);
    let reader = in_utc(&place, &["--debug"]);
    publisher.publish(START, 1);
    reader.wait_for_log("telegram 1 from");
    reader.stop();
    let reader = in_utc(&place, &["--debug"]);
    let id = "4530303939303030303132333435363738";
    let other = String::from_utf8(publisher.datagram(START + 1, 2)).unwrap();
    publisher.sender.send(place.port, other.replace(id, "4530").as_bytes()).unwrap();
    reader.wait_for_log("also receiving meter \"E0\"; recording only \"E0099000012345678\"");
    publisher.publish(START + 2, 3);
    reader.wait_for_log("telegram 3 from");
    let log = reader.stopped();
    assert!(log.contains("; not recording meter \"E0\""), "{log}");
    assert_eq!(recorded(&place), [1, 3]);
}

#[test]
fn a_limit_on_the_size_of_files_is_like_a_full_disk() {
    let place = Place::new();
    let config = place.config();
    // In units of 512 bytes: two headers and some rows fit into it, and the log by far.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 8; exec \"$0\" \"$@\""]).arg(binary("p1reader"));
    command.arg("--config-file").arg(&config).env("TZ", "UTC");
    let mut reader = Running::start(&place, "p1reader", &mut command);
    reader.wait_for_log(" started: ");
    let mut publisher = Publisher::new(&place);
    for watts in 0..5 {
        publisher.publish(START + i64::from(watts), watts);
    }
    wait_for("the first rows", || (recorded(&place).len() == 5).then_some(()));
    for watts in 5..25 {
        publisher.publish(START + i64::from(watts), watts);
    }
    // The page does not fit either: its line may come long before.
    reader.wait_for_log("details: cannot write ");
    reader.signal(Signal::TERM);
    assert!(reader.wait().success(), "{}", reader.log());
    let log = reader.log();
    let line = log.lines().find(|line| line.contains("details: cannot write ")).unwrap();
    assert!(line.contains("(a limit on the size of files: LimitFSIZE"), "{line}");
    // A flush may have come between them: then one or two more have found room.
    let rows = recorded(&place);
    assert!(rows.len() >= 5 && rows.iter().copied().eq((0..).take(rows.len())), "{rows:?}");
    let text = fs::read_to_string(place.path("details-20261122.csv")).unwrap();
    assert!(text.ends_with('\n'), "whole rows only: {text}");
}
