//! What is printed for a file and for datagrams, and how it ends.

use std::collections::VecDeque;

use super::*;
use crate::message::Translator;
use crate::telegram::{Instant, Policy, crc16};

fn telegram(watts: u32) -> Vec<u8> {
    let body = format!("/TST5\r\n\r\n0-0:96.1.1(453031)\r\n1-0:1.7.0(00.{watts:03}*kW)\r\n!");
    format!("{body}{:04X}\r\n", crc16(body.as_bytes())).into_bytes()
}

fn decode(file: &[u8], options: Options) -> (String, String, Exit) {
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
    let (out, errors, exit) = decode(&file, Options::default());
    assert_eq!((watts(&out), errors.as_str(), exit), (vec![1, 2, 3], "", Exit::Done));
}

#[test]
fn a_rejected_telegram_is_told_with_its_place_and_the_status_says_so() {
    let mut bad = telegram(2);
    bad[30] ^= 1;
    let end = telegram(1).len() + bad.len();
    let (out, errors, exit) = decode(&[telegram(1), bad, telegram(3)].concat(), Options::default());
    assert_eq!((watts(&out), exit), (vec![1, 3], Exit::Rejected));
    assert!(
        errors.starts_with(&format!("FILE: the telegram that ends at byte {end}: wrong checksum")),
        "{errors}"
    );
    assert_eq!(errors.lines().count(), 1);
}

#[test]
fn a_telegram_that_does_not_end_is_told() {
    let (out, errors, exit) =
        decode(&[&telegram(1)[..40], &telegram(2)].concat(), Options::default());
    assert_eq!((watts(&out), exit), (vec![2], Exit::Rejected));
    assert_eq!(errors, "FILE: 1 of the telegrams began and did not end\n");
}

#[test]
fn raw_is_what_the_meter_sent() {
    let mut bad = telegram(2);
    bad[30] ^= 1;
    let file = [telegram(1), bad, telegram(3)].concat();
    let (out, _, _) = decode(&file, Options { form: Form::Raw, ..Options::default() });
    assert_eq!(out.as_bytes(), [telegram(1), telegram(3)].concat());
}

/// What is explained of a file with these lines, LF for CR LF.
fn explained(lines: &str, is_anonymous: bool) -> (String, Exit) {
    let options = Options { form: Form::Explained, is_anonymous, ..Options::default() };
    let (out, errors, exit) = decode(lines.replace('\n', "\r\n").as_bytes(), options);
    assert_eq!(errors, "");
    (out, exit)
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
    let with_parity: Vec<u8> =
        sent.iter().map(|byte| byte | u8::from(byte.count_ones() % 2 == 1) << 7).collect();
    let without_cr: Vec<u8> = sent.iter().copied().filter(|&byte| byte != b'\r').collect();
    let options = Options { form: Form::Explained, ..Options::default() };
    for (file, said) in [(&sent, None), (&with_parity, Some("7E1")), (&without_cr, Some("CR"))] {
        let (out, _, exit) = decode(file, options);
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
fn an_anonymous_telegram_is_one_in_every_form() {
    let file = telegram(1);
    let anonymous = |form| {
        let (out, errors, exit) =
            decode(&file, Options { form, is_anonymous: true, ..Options::default() });
        assert_eq!((errors.as_str(), exit), ("", Exit::Done));
        out
    };
    let raw = anonymous(Form::Raw);
    assert!(raw.contains("0-0:96.1.1(583030)") && raw.len() == file.len(), "{raw}");
    let (again, _, exit) =
        decode(raw.as_bytes(), Options { form: Form::Raw, ..Options::default() });
    assert_eq!((again, exit), (raw, Exit::Done), "its checksum is right");
    let json = Message::parse(anonymous(Form::Json).trim_end().as_bytes()).unwrap();
    assert_eq!(json.equipment_id().as_deref(), Some("X00"));
    assert!(anonymous(Form::Explained).contains("X00"));
}

#[test]
fn count_ends_it_in_time() {
    let file = [telegram(1), telegram(2), telegram(3)].concat();
    let (out, _, exit) = decode(&file, Options { count: Some(2), ..Options::default() });
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
        from_file("FILE", &file[..], Policy::Auto, Options::default(), Closed, &mut io::sink());
    assert_eq!(exit.unwrap(), Exit::Done);
    let exit = from_network(&mut datagrams(&[1, 2]), None, Options::default(), Closed);
    assert_eq!(exit.unwrap(), Exit::Done);
}

/// Datagrams in a row, then silence.
struct Row(VecDeque<Vec<u8>>, Vec<u8>);

impl Datagrams for Row {
    fn next(&mut self, _: Duration) -> io::Result<Option<&[u8]>> {
        let Some(next) = self.0.pop_front() else {
            return Ok(None);
        };
        self.1 = next;
        Ok(Some(&self.1))
    }
}

fn datagrams(watts: &[u32]) -> Row {
    let mut translator = Translator::new(Policy::Auto, None);
    let json = |&watts: &u32| {
        let datagram = translator.feed(&mut &telegram(watts)[..], Instant::default());
        datagram.unwrap().unwrap().json.to_vec()
    };
    Row(watts.iter().map(json).collect(), Vec::new())
}

fn listen(mut row: Row, meter: Option<&str>, options: Options) -> (Vec<i64>, Exit) {
    let mut out = Vec::new();
    let exit = from_network(&mut row, meter, options, &mut out).unwrap();
    (watts(&String::from_utf8(out).unwrap()), exit)
}

#[test]
fn datagrams_become_lines_and_what_is_none_is_passed_over() {
    let mut row = datagrams(&[1, 2]);
    row.0.insert(1, b"not a telegram".to_vec());
    let options = Options { count: Some(2), ..Options::default() };
    assert_eq!(listen(row, None, options), (vec![1, 2], Exit::Done));
}

#[test]
fn silence_for_the_time_out_is_told_by_the_status() {
    let options = Options { timeout: Some(Duration::ZERO), ..Options::default() };
    assert_eq!(listen(datagrams(&[]), None, options), (vec![], Exit::Unavailable));
}

#[test]
fn only_the_named_meter_is_let_through() {
    let options =
        Options { count: Some(1), timeout: Some(Duration::from_millis(1)), ..Options::default() };
    for (meter, exit) in [("453031", Exit::Done), ("E01", Exit::Done), ("E02", Exit::Unavailable)] {
        assert_eq!(listen(datagrams(&[7]), Some(meter), options).1, exit, "{meter}");
    }
}
