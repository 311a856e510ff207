//! What is printed for a file and for datagrams, and how it ends.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::group::selection;
use super::*;
use crate::config::{Config, Multicast};
use crate::message::{Message, Translator};
use crate::runtime::{Exit, captured_log};
use crate::subscriber::{Feed, Intake, Telegram};
use crate::telegram::{MeterZone, Policy, Timestamp, add_parity, with_checksum};

fn telegram(watts: u32) -> Vec<u8> {
    with_checksum(format!("/TST5\r\n\r\n0-0:96.1.1(453031)\r\n1-0:1.7.0(00.{watts:03}*kW)\r\n!"))
}

fn decode(file: &[u8], options: &Options) -> (String, String, Exit) {
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let exit = from_file("FILE", file, Policy::Auto, options, &mut out, &mut errors).unwrap();
    (String::from_utf8(out).unwrap(), String::from_utf8(errors).unwrap(), exit)
}

/// The powers in these lines of JSON.
fn watts(lines: &str) -> Vec<i64> {
    let watts =
        |line: &str| Message::parse(line.as_bytes()).unwrap().number("1-0:1.7.0").unwrap().whole();
    lines.lines().map(watts).collect()
}

#[test]
fn each_telegram_of_a_file_is_a_line() {
    let file = [&b"noise"[..], &telegram(1), &telegram(2), &telegram(3)].concat();
    let (out, errors, exit) = decode(&file, &Options::default());
    assert_eq!((watts(&out), errors.as_str(), exit), (vec![1, 2, 3], "", Exit::Done));
}

#[test]
fn a_rejected_telegram_is_told_with_its_place_and_the_status_says_so() {
    let mut bad = telegram(2);
    bad[30] ^= 1;
    let end = telegram(1).len() + bad.len();
    let (out, errors, exit) =
        decode(&[telegram(1), bad, telegram(3)].concat(), &Options::default());
    assert_eq!((watts(&out), exit), (vec![1, 3], Exit::Rejected));
    assert!(
        errors.starts_with(&format!("FILE: the telegram that ends at byte {end}: wrong checksum")),
        "{errors}"
    );
    assert_eq!(errors.lines().count(), 1);
}

#[test]
fn a_file_without_a_telegram_is_told() {
    for file in [&b""[..], b"\xdb\x08encrypted"] {
        let (out, errors, exit) = decode(file, &Options::default());
        assert_eq!((out.as_str(), exit), ("", Exit::Rejected));
        assert_eq!(errors, "FILE: no telegram found\n");
    }
}

#[test]
fn a_telegram_that_does_not_end_is_told() {
    let (out, errors, exit) =
        decode(&[&telegram(1)[..40], &telegram(2)].concat(), &Options::default());
    assert_eq!((watts(&out), exit), (vec![2], Exit::Rejected));
    assert_eq!(errors, "FILE: 1 of the telegrams began and did not end\n");
}

#[test]
fn raw_is_what_the_meter_sent() {
    let mut bad = telegram(2);
    bad[30] ^= 1;
    let file = [telegram(1), bad, telegram(3)].concat();
    let (out, _, _) = decode(&file, &Options { raw: true, ..Options::default() });
    assert_eq!(out.as_bytes(), [telegram(1), telegram(3)].concat());
}

#[test]
fn of_raw_telegrams_the_last_one_of_each_interval_is_printed_too() {
    let at =
        |second: u32| with_checksum(format!("/TST5\r\n\r\n0-0:1.0.0(2611221200{second:02}W)\r\n!"));
    let every = Some(Duration::from_secs(10));
    let options = Options { raw: true, every, ..Options::default() };
    let file = [1, 4, 9, 10, 17, 23].map(at).concat();
    let (out, errors, exit) = decode(&file, &options);
    assert_eq!(out.as_bytes(), [9, 17, 23].map(at).concat());
    assert_eq!((errors.as_str(), exit), ("", Exit::Done));
}

#[test]
fn rows_of_a_details_file_are_telegrams() {
    let header = "datum;0-0:1.0.0;0-0:96.1.1;1-0:1.8.1;1-0:1.7.0\ndatum;timestamp;equipment id;elec. in, t1;power in;\n";
    let row = |watts: u32| {
        format!("22-11-2026 12:00:{watts:02};2611221200{watts:02}W;453031;4000010;{watts};\n")
    };
    let file = header.to_owned() + &row(1) + "22-11-2026 12:00:0\n" + header + &row(2);
    let (out, errors, exit) = decode(file.as_bytes(), &Options::default());
    assert_eq!((watts(&out), exit), (vec![1, 2], Exit::Rejected));
    assert_eq!(errors, "FILE: line 4 is torn\n");
    let fields = |text: &str| Some(text.split(',').map(|field| field.parse().unwrap()).collect());
    let options = Options {
        format: Format::Csv,
        fields: fields("unique_id,energy_import_t1_kwh,power_import_w"),
        every: Some(Duration::from_secs(60)),
        ..Options::default()
    };
    let (out, errors, exit) = decode((header.to_owned() + &row(1) + &row(2)).as_bytes(), &options);
    assert_eq!(out, "unique_id,energy_import_t1_kwh,power_import_w\nE01,4000.010,2\n");
    assert_eq!((errors.as_str(), exit), ("", Exit::Done));
    let other = Options { meter: Some("E02".to_owned()), ..Options::default() };
    assert_eq!(decode((header.to_owned() + &row(1)).as_bytes(), &other).0, "");
    let raw = Options { raw: true, ..Options::default() };
    assert_eq!(decode(header.as_bytes(), &raw).2, Exit::Usage);
    assert_eq!(decode(header.as_bytes(), &Options::default()).2, Exit::Rejected);
}

#[test]
fn the_time_of_a_recorded_telegram_is_that_of_the_meter_in_every_format() {
    let file = include_str!("../../tests/data/esmr50-three-phase.txt").replace('\n', "\r\n");
    for (format, expected) in [
        ("%{epoch}", "1795330356.000\n"),
        ("json", r#"{"meta":{"frame-start-time":1795330356.000,"#),
        ("influx", " 1795330356000000000\n"),
    ] {
        let options = Options { format: format.parse().unwrap(), ..Options::default() };
        let (out, ..) = decode(file.as_bytes(), &options);
        assert!(out.contains(expected), "{format}: {out}");
    }
}

/// What is explained of a file with these lines, LF for CR LF.
fn explained(lines: &str, anonymous: bool) -> (String, Exit) {
    let options = Options { explain: true, anonymous, ..Options::default() };
    let (out, errors, exit) = decode(lines.replace('\n', "\r\n").as_bytes(), &options);
    assert_eq!(errors, "");
    (out, exit)
}

#[test]
fn the_clock_is_that_of_the_configured_zone_in_every_output() {
    let file = b"/TST5\r\n\r\n0-0:1.0.0(261122075236W)\r\n1-0:1.7.0(1*kW)\r\n!\r\n";
    let said = |zone, explain| {
        let format = if explain { "json" } else { "%{epoch}" };
        let format = format.parse().unwrap();
        decode(file, &Options { format, explain, zone, ..Options::default() }).0
    };
    for (zone, seconds, name, other) in [
        (None, "1795330356", "Central", "EET if it shows 1 hour more, WET if it shows 1 hour less"),
        (Some(MeterZone::Eastern), "1795326756", "Eastern", "CET if it shows 1 hour less)"),
        (Some(MeterZone::Western), "1795333956", "Western", "CET if it shows 1 hour more)"),
    ] {
        assert!(said(zone, false).starts_with(seconds), "{}", said(zone, false));
        let words = said(zone, true);
        assert!(words.contains(&format!("taken as {name} European time")), "{words}");
        assert!(words.contains(other), "{words}");
    }
}

#[test]
fn a_total_that_is_not_the_sum_of_its_tariffs_is_pointed_out() {
    let of = |total: &str| {
        explained(
            &format!("/T\n1-0:1.8.0({total}*kWh)\n1-0:1.8.1(1.2*kWh)\n1-0:1.8.2(2*kWh)\n!\n"),
            false,
        )
        .0
    };
    let found = of("5.000");
    assert!(
        found.contains("energy import add up to 3.200 kWh; its total, which counts, is 5.000 kWh"),
        "{found}"
    );
    assert!(!of("3.203").contains("add up"), "rounded");
}

#[test]
fn states_in_words_and_registers_of_every_country_are_not_odd() {
    let lines = "0-0:96.14.0(TARIFF 1)\n0-0:96.3.10(ON)\n1-0:1.8.11(1*kWh)\n0-0:96.14.1(03)\n\
                 1-0:16.7.0*255(-00259.20*W)\n1-1:5.8.2(1.0*kvarh)\n1-0:1.7.255*255(1.0*kW )\n\
                 0-1:1.0.0(07EA0B1A040E0F00FF800000)\n1-1:0.0.5(35373036)\n0-8:25.9.0()";
    let (found, _) = explained(&format!("/T\n{lines}\n!\n"), false);
    assert!(found.contains("Nothing is odd about the lines."), "{found}");
    assert!(found.contains("ON: connected"), "{found}");
}

#[test]
fn what_meters_with_an_optical_port_send_is_not_odd() {
    let lines = "\u{2}F.F(00)\n0.0(          120858)\nC.1.0(13647123)\nC.1.1(        )\n0.9.1(120000)\n1.8.1(1*kWh)\n\
                 1.8.1*09(000000.9*kWh)\n1.6.1*09(02.123)(2610020915)\n32.7(241*V)\nC.7.0(0008)\n82.8.1(0000)\n\
                 C.90.1(0000000030863358)\n0.2.0(M26)\nP.01(261126114500)(00)(15)(1)(1.5)(kW)";
    let (found, _) = explained(&format!("/LGZ4ZMF100AC.M26\n{lines}\n!\n"), false);
    assert!(found.contains("Nothing is odd about the lines."), "{found}");
    assert!(found.contains("Energy import, tariff 1, earlier period 09"), "{found}");
    let (masked, _) = explained(&format!("/LGZ4ZMF100AC.M26\n{lines}\n!\n"), true);
    for secret in ["120858", "13647123", "30863358"] {
        assert!(found.contains(secret) && !masked.contains(secret), "{masked}");
    }
}

#[test]
fn signs_of_units_that_are_not_ascii_are_not_odd_and_others_are() {
    let of = |lines: &[u8]| {
        let file = [b"/T\r\n", lines, b"\r\n!\r\n"].concat();
        decode(&file, &Options { explain: true, ..Options::default() }).0
    };
    for line in [&b"0-1:24.2.1(1*m\xB3)"[..], b"0-1:24.2.1(1*m\xC2\xB3)", b"0-0:96.9.0(21.5*\xB0C)"]
    {
        assert!(of(line).contains("Nothing is odd"), "{}", of(line));
    }
    assert!(of(b"0-0:96.9.0(\xB3\xB0)").contains("bytes that are not ASCII: 2"));
}

#[test]
fn a_line_that_is_there_twice_is_odd_only_where_something_is_lost() {
    let same = "0-0:17.0.0(16500)\n0-0:17.0.0(16500)\n0-0:17.0.0(16500)\n0-0:94.98.33(3)";
    let (found, _) = explained(&format!("/T\n{same}\n!\n"), false);
    assert!(found.contains("Nothing is odd about the lines."), "{found}");
    let hourly = "7-0:23.1.0*255(01238.740*m3)(19-01-01 00:00:00)\n7-0:23.1.0*255(01238.770*m3)(19-01-01 01:00:00)";
    let (found, _) = explained(&format!("/T\n{hourly}\n!\n"), false);
    assert!(found.contains("Nothing is odd about the lines."), "{found}");
    let (found, _) = explained(&format!("/T\n{same}\n0-0:17.0.0(7)\n!\n"), false);
    assert!(found.contains("3 lines are odd"), "{found}");
}

#[test]
fn a_good_telegram_is_explained() {
    let (out, exit) = explained(include_str!("../../tests/data/esmr50-three-phase.txt"), false);
    let expected = include_str!("../../tests/data/explain-good.golden");
    assert!(out == expected, "found:\n{out}\nexpected:\n{expected}");
    assert_eq!(exit, Exit::Done);
}

#[test]
fn a_rejected_telegram_is_explained_with_all_that_is_odd_about_it() {
    let telegram = include_str!("../../tests/data/explain-odd.txt");
    let expected = include_str!("../../tests/data/explain-odd.golden");
    let (out, exit) = explained(telegram, false);
    assert!(out == expected, "found:\n{out}\nexpected:\n{expected}");
    assert_eq!(exit, Exit::Rejected);
    let expected = include_str!("../../tests/data/explain-odd-anonymous.golden");
    let (out, _) = explained(telegram, true);
    assert!(out == expected, "found:\n{out}\nexpected:\n{expected}");
}

#[test]
fn what_was_done_to_the_bytes_on_their_way_is_told() {
    let sent = telegram(1);
    let with_parity = add_parity(&sent);
    let without_cr: Vec<u8> = sent.iter().copied().filter(|&byte| byte != b'\r').collect();
    let options = Options { explain: true, ..Options::default() };
    let altered = [(&sent, None), (&with_parity, Some("7E1")), (&without_cr, Some("line ends"))];
    for (file, said) in altered {
        let (out, _, exit) = decode(file, &options);
        let line = out.lines().find(|line| line.starts_with("  Line "));
        assert_eq!((line.is_some(), exit), (said.is_some(), Exit::Done), "{out}");
        assert!(line.zip(said).is_none_or(|(line, said)| line.contains(said)), "{out}");
        assert!(out.contains(", right"), "{out}");
    }
}

#[test]
fn nothing_of_the_meter_reaches_the_terminal_unescaped() {
    let (out, _) = explained("/T\x1b[2J\n\x1bcode\n0-0:96.13.0(\x07\x1b)\n!\n", false);
    assert!(!out.contains(['\x07', '\x1b']), "{out}");
    assert!(out.contains("T\\x1b[2J"), "{out}");
}

#[test]
fn an_anonymous_telegram_is_anonymous_however_it_is_printed() {
    let file = telegram(1);
    let anonymous = |options| {
        let (out, errors, exit) = decode(&file, &Options { anonymous: true, ..options });
        assert_eq!((errors.as_str(), exit), ("", Exit::Done));
        out
    };
    let raw = anonymous(Options { raw: true, ..Options::default() });
    assert!(raw.contains("0-0:96.1.1(583030)") && raw.len() == file.len(), "{raw}");
    let (again, _, exit) = decode(raw.as_bytes(), &Options { raw: true, ..Options::default() });
    assert_eq!((again, exit), (raw, Exit::Done), "its checksum is right");
    let json = Message::parse(anonymous(Options::default()).trim_end().as_bytes()).unwrap();
    assert_eq!(json.equipment_id().as_deref(), Some("X00"));
    assert!(anonymous(Options { explain: true, ..Options::default() }).contains("X00"));
}

#[test]
fn count_ends_it_in_time() {
    let file = [telegram(1), telegram(2), telegram(3)].concat();
    let (out, _, exit) = decode(&file, &Options { count: Some(2), ..Options::default() });
    assert_eq!((watts(&out), exit), (vec![1, 2], Exit::Done));
}

struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_a_good_end() {
    let file = telegram(1);
    let exit =
        from_file("FILE", &file[..], Policy::Auto, &Options::default(), Closed, &mut io::sink());
    assert_eq!(exit.unwrap(), Exit::Done);
    let options = Options::default();
    let exit = from_network(&mut Row::new(datagrams(&[1, 2]), &options), &options, Closed);
    assert_eq!(exit.unwrap(), Exit::Done);
}

/// The telegrams of datagrams in a row, then an error.
struct Row {
    datagrams: VecDeque<Vec<u8>>,
    last: Vec<u8>,
    intake: Intake,
}

impl Row {
    fn new(datagrams: impl IntoIterator<Item = Vec<u8>>, options: &Options) -> Self {
        let settings = Multicast { meter: options.meter.clone(), ..Config::default().multicast };
        let feed = if options.raw { Feed::Raw } else { Feed::Json };
        let intake = Intake::new(&settings, feed, selection(options), Instant::now());
        Self { datagrams: datagrams.into_iter().collect(), last: Vec::new(), intake }
    }
}

impl TelegramSource for Row {
    fn next(&mut self, _: Duration) -> io::Result<Option<Telegram>> {
        self.last = self.datagrams.pop_front().ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(self.intake.take(&self.last, ([127, 0, 0, 1], 1).into(), Instant::now()))
    }

    fn datagram(&self) -> &[u8] {
        &self.last
    }

    fn silence(&self, time: Duration) -> String {
        format!("silence for {time:?}")
    }
}

/// Datagrams of telegrams with these powers.
fn datagrams(watts: &[u32]) -> Vec<Vec<u8>> {
    encode(&watts.iter().map(|&watts| telegram(watts)).collect::<Vec<_>>())
}

fn encode(telegrams: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut translator = Translator::new(Policy::Auto, None);
    let json = |telegram: &Vec<u8>| {
        let datagram = translator.feed(&mut &telegram[..], Timestamp::default());
        datagram.unwrap().unwrap().json.to_vec()
    };
    telegrams.iter().map(json).collect()
}

/// The powers that are printed, and the status; without one it went on to the end of the row.
fn listen(datagrams: Vec<Vec<u8>>, options: &Options) -> (Vec<i64>, Option<Exit>) {
    let mut out = Vec::new();
    let exit = from_network(&mut Row::new(datagrams, options), options, &mut out).ok();
    (watts(&String::from_utf8(out).unwrap()), exit)
}

#[test]
fn datagrams_become_lines_and_what_is_none_is_passed_over() {
    let mut row = datagrams(&[1, 2]);
    row.insert(1, b"not a telegram".to_vec());
    let options = Options { count: Some(2), ..Options::default() };
    assert_eq!(listen(row, &options), (vec![1, 2], Some(Exit::Done)));
}

#[test]
fn silence_for_the_timeout_is_logged_and_is_a_status_of_its_own() {
    let options = Options { timeout: Some(Duration::ZERO), ..Options::default() };
    let lines = captured_log(|| {
        assert_eq!(listen(Vec::new(), &options), (vec![], Some(Exit::Unavailable)));
    });
    assert_eq!(lines, ["silence for 0ns"]);
}

#[test]
fn a_time_out_that_is_past_all_clocks_never_comes() {
    let options = Options { count: Some(1), timeout: Some(Duration::MAX), ..Options::default() };
    assert_eq!(listen(datagrams(&[1]), &options), (vec![1], Some(Exit::Done)));
}

#[test]
fn what_is_held_of_an_interval_is_printed_at_each_end() {
    /// One telegram, then this; without an end, silence.
    struct OneThen(Row, Option<io::ErrorKind>);

    impl TelegramSource for OneThen {
        fn next(&mut self, timeout: Duration) -> io::Result<Option<Telegram>> {
            match self.1 {
                _ if !self.0.datagrams.is_empty() => self.0.next(timeout),
                Some(end) => Err(end.into()),
                None => Ok(None),
            }
        }

        fn datagram(&self) -> &[u8] {
            self.0.datagram()
        }

        fn silence(&self, time: Duration) -> String {
            self.0.silence(time)
        }
    }

    let every = Some(Duration::from_secs(86_400));
    let (signal, silence) = (Some(io::ErrorKind::Interrupted), Some(Duration::from_millis(1)));
    for (end, timeout, expected) in [(signal, None, Exit::Done), (None, silence, Exit::Unavailable)]
    {
        let (options, mut out) = (Options { every, timeout, ..Options::default() }, Vec::new());
        let exit = {
            let row = Row::new(datagrams(&[7]), &options);
            from_network(&mut OneThen(row, end), &options, &mut out).unwrap()
        };
        assert_eq!((watts(&String::from_utf8(out).unwrap()), exit), (vec![7], expected));
    }
}

#[test]
fn a_telegram_that_arrives_twice_is_printed_once_in_every_form() {
    let json = datagrams(&[1, 2]);
    let twice: Vec<_> =
        json.iter().flat_map(|datagram| [datagram.clone(), datagram.clone()]).collect();
    assert_eq!(listen(twice, &Options::default()).0, [1, 2]);
    let (one, two) = (telegram(1), telegram(2));
    let options = Options { raw: true, ..Options::default() };
    let mut row = Row::new([&one, &one, &two, &two].map(Clone::clone), &options);
    let mut out = Vec::new();
    assert!(from_network(&mut row, &options, &mut out).is_err());
    assert_eq!(out, [one, two].concat());
}

#[test]
fn only_the_named_meter_is_let_through() {
    for (meter, printed) in [("453031", &[7][..]), ("E01", &[7]), ("E02", &[])] {
        let options = Options { meter: Some(meter.to_owned()), ..Options::default() };
        assert_eq!(listen(datagrams(&[7]), &options).0, printed, "{meter}");
    }
}

#[test]
fn of_an_interval_of_a_recording_the_last_telegram_is_printed_by_the_clock_of_the_meter() {
    let at = |second: u32, watts: u32| {
        with_checksum(format!(
            "/TST5\r\n\r\n0-0:1.0.0(2611220752{second:02}W)\r\n1-0:1.7.0(00.{watts:03}*kW)\r\n!"
        ))
    };
    let file = [at(0, 1), at(9, 2), at(10, 3), at(19, 4), at(21, 5)].concat();
    let options = Options { every: Some(Duration::from_secs(10)), ..Options::default() };
    let (out, errors, exit) = decode(&file, &options);
    assert_eq!((watts(&out), errors.as_str(), exit), (vec![2, 4, 5], "", Exit::Done));
}

#[test]
fn points_of_a_recording_have_the_time_of_the_meter_and_are_told_apart() {
    let at = |second: u32| {
        let body =
            format!("/TST5\r\n\r\n0-0:1.0.0(2611220752{second:02}W)\r\n1-0:1.7.0(1*kW)\r\n!");
        with_checksum(body)
    };
    let options = Options { format: Format::Influx, ..Options::default() };
    let (out, _, _) = decode(&[at(1), at(2)].concat(), &options);
    let times: Vec<&str> = out.lines().map(|line| line.rsplit_once(' ').unwrap().1).collect();
    assert_eq!(times, ["1795330321000000000", "1795330322000000000"]);
}

/// A disk that is full, or a file that cannot be read.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::IsADirectory.into())
    }
}

#[test]
fn an_error_names_the_input_or_the_output_whichever_it_is_of() {
    let (options, one) = (Options::default(), telegram(1));
    let mut errors = Vec::new();
    let error = |outcome: io::Result<Exit>| outcome.unwrap_err().to_string();
    let output = from_file("IN", &one[..], Policy::Auto, &options, Broken, &mut errors);
    assert!(error(output).starts_with("standard output: "));
    let input = from_file("IN", Broken, Policy::Auto, &options, Vec::new(), &mut errors);
    assert!(error(input).starts_with("IN: "));
}

#[test]
fn telegrams_that_do_not_differ_are_printed_once() {
    let file = [telegram(1), telegram(1), telegram(2), telegram(2), telegram(1)].concat();
    let options = Options { on_change: true, ..Options::default() };
    assert_eq!(watts(&decode(&file, &options).0), [1, 2, 1]);
}

#[test]
fn an_output_file_has_the_last_telegram_whole_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("latest");
    let options = Options { output: Some(output.clone()), count: Some(2), ..Options::default() };
    let (out, _, exit) = decode(&[telegram(1), telegram(2), telegram(3)].concat(), &options);
    assert_eq!((out.as_str(), exit), ("", Exit::Done));
    assert_eq!(watts(&std::fs::read_to_string(output).unwrap()), [2]);
}

#[test]
fn an_output_file_that_cannot_be_written_is_named() {
    let output = Some("/no/such/folder/latest".into());
    let options = Options { output, ..Options::default() };
    let mut row = Row::new(datagrams(&[1]), &options);
    let error = from_network(&mut row, &options, Vec::new()).unwrap_err();
    assert!(error.to_string().starts_with("/no/such/folder/latest: "), "{error}");
}

#[test]
fn a_raw_datagram_that_is_not_one_whole_telegram_is_passed_over() {
    let (one, two) = (telegram(1), telegram(2));
    let both = [&one[..], &two].concat();
    let behind_noise = [b"x", &one[..]].concat();
    let mut out = Vec::new();
    let options = Options { raw: true, count: Some(1), ..Options::default() };
    let datagrams: [&[u8]; 6] = [b"", b"garbage", &one[..30], &both, &behind_noise, &one];
    let mut row = Row::new(datagrams.map(<[u8]>::to_vec), &options);
    assert_eq!(from_network(&mut row, &options, &mut out).unwrap(), Exit::Done);
    assert_eq!(out, one);
}

#[test]
fn of_raw_telegrams_the_named_meter_is_let_through_as_well() {
    for (meter, printed) in [("E01", telegram(1)), ("E02", Vec::new())] {
        let meter = Some(meter.to_owned());
        let options = Options { raw: true, meter, ..Options::default() };
        let mut out = Vec::new();
        assert!(from_network(&mut Row::new([telegram(1)], &options), &options, &mut out).is_err());
        assert_eq!(out, printed, "{options:?}");
    }
}

/// Somebody who does not read, as a socket with a time limit tells it.
struct Stalled;

impl Write for Stalled {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_client_that_does_not_read_is_left() {
    let options = Options::default();
    let exit = from_network(&mut Row::new(datagrams(&[1, 2]), &options), &options, Stalled);
    assert_eq!(exit.unwrap(), Exit::Done);
}

#[test]
fn where_two_meters_would_mix_the_first_one_is_followed() {
    let of = |meter: &str, watts: u32| {
        with_checksum(format!(
            "/TST5\r\n\r\n0-0:96.1.1({meter})\r\n1-0:1.7.0(00.{watts:03}*kW)\r\n!"
        ))
    };
    let datagrams = encode(&[of("41", 1), of("42", 2), of("41", 3), of("42", 4)]);
    let printed = |options: &Options| listen(datagrams.clone(), options).0;
    assert_eq!(printed(&Options::default()), [1, 2, 3, 4]);
    assert_eq!(printed(&Options { on_change: true, ..Options::default() }), [1, 3]);
}
