//! Whole telegrams: of our own making, and those of real meters where their folder is there.

mod bad_lines;

use std::path::{Path, PathBuf};

use super::*;

fn parse(text: &str) -> Telegram<'_> {
    Telegram::parse(text.as_bytes())
}

fn codes(telegram: &Telegram<'_>) -> Vec<String> {
    telegram
        .objects
        .iter()
        .map(|object| String::from_utf8_lossy(object.code).into_owned())
        .collect()
}

#[test]
fn a_telegram_is_a_header_objects_and_a_checksum() {
    let telegram = parse("/TST5\\2METER\r\n\r\n1-3:0.2.8(50)\r\n0-0:96.13.0()\r\n!A1b2\r\n");
    assert_eq!(telegram.header, b"/TST5\\2METER");
    assert_eq!(codes(&telegram), ["1-3:0.2.8", "0-0:96.13.0"]);
    assert_eq!(telegram.checksum, Some(&b"A1b2"[..]));
}

#[test]
fn the_blank_line_and_the_checksum_may_be_missing() {
    let telegram = parse("/ADN9 6534\r\n1-0:1.7.0(0001.083*kW)\r\n!\r\n");
    assert_eq!((codes(&telegram).len(), telegram.checksum), (1, None));
}

#[test]
fn values_on_the_next_line_belong_to_the_object_above() {
    let telegram = parse(
        "/TST5\r\n\r\n0-1:24.3.0(1)(m3)\r\n(00001.001)\r\n0-0:96.13.0(30\r\n31)\r\n0-1:24.4.0(1)\r\n!\r\n",
    );
    assert_eq!(codes(&telegram), ["0-1:24.3.0", "0-0:96.13.0", "0-1:24.4.0"]);
    assert_eq!(telegram.objects[0].body, b"(1)(m3)\r\n(00001.001)");
    assert_eq!(telegram.objects[1].body, b"(30\r\n31)");
}

#[test]
fn a_line_that_is_no_object_is_kept() {
    let telegram = parse("/TST5\r\n(x)\r\nwhat is this\r\n1-0:1.7.0(1*kW)\r\n!\r\n");
    assert_eq!(codes(&telegram), ["", "what is this", "1-0:1.7.0"]);
}

#[test]
fn the_clock_is_read_where_it_is_sensible() {
    let clock =
        |line: &str| parse(&format!("/TST5\r\n\r\n{line}\r\n!\r\n")).time().map(Timestamp::seconds);
    assert_eq!(clock("0-0:1.0.0(261025020000W)"), Some(1_792_890_000));
    assert_eq!(clock("0-0:1.1.0(261025020000W)"), Some(1_792_890_000));
    assert_eq!(clock("0-1:1.0.0(261025020000W)"), Some(1_792_890_000));
    assert_eq!(clock("0-0:1.0.0(000101010000W)"), None);
    assert_eq!(clock("1-3:0.2.8(50)"), None);
}

/// The folder of real telegrams beside the project; none of it is part of the project.
fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/telegrams")
}

/// What programs between meter and us make of CR LF.
const LINE_ENDS: [&str; 6] = ["\n", "\r", "\n\n", "\r\r\n", "\r\n\r\n", "\n\r\n"];

fn with_line_ends(telegram: &[u8], line_end: &str) -> Vec<u8> {
    let mut altered = Vec::new();
    for line in telegram.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => altered.extend([line, line_end.as_bytes()].concat()),
            None => altered.extend(line),
        }
    }
    altered
}

fn without_line_ends(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
}

/// The telegram in these bytes of a port that was silent before, if it is accepted.
fn accepted(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut intake = Intake::new(Policy::Auto);
    let received = intake.feed(&mut &bytes[..], Timestamp::default())?;
    received.verdict.is_ok().then(|| received.frame.bytes().to_vec())
}

/// A row of the index of real telegrams.
struct Real {
    name: String,
    bytes: Vec<u8>,
    /// `yes`, `no`, or `none`: whether the checksum is right.
    valid: String,
    objects: usize,
}

fn real_telegrams(folder: &Path) -> Vec<Real> {
    let index = std::fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let real = |row: &str| {
        let columns: Vec<&str> = row.split('\t').collect();
        Real {
            name: columns[0].into(),
            bytes: std::fs::read(folder.join(columns[0])).unwrap(),
            valid: columns[4].into(),
            objects: columns[5].parse().unwrap(),
        }
    };
    index.lines().skip(1).map(real).collect()
}

#[test]
#[ignore = "needs ../shared"]
fn every_real_telegram_is_read_with_all_its_objects_or_refused_for_its_wrong_checksum() {
    let folder = corpus();
    let (mut good, mut absent, mut wrong, mut intact) = (0, 0, 0, 0);
    for Real { name, bytes, valid, objects } in real_telegrams(&folder) {
        match valid.as_str() {
            "yes" => good += 1,
            "none" => absent += 1,
            _ => wrong += 1,
        }
        for policy in [Policy::Auto, Policy::Ignore] {
            let mut intake = Intake::new(policy);
            let received = intake.feed(&mut &bytes[..], Timestamp::default());
            let received = received.unwrap_or_else(|| panic!("{name}"));
            let is_let_through = valid != "no" || policy == Policy::Ignore;
            assert_eq!(received.verdict.is_ok(), is_let_through, "{name}: {:?}", received.verdict);
            let telegram = Telegram::parse(received.frame.bytes());
            if let Err(rejection) = &received.verdict {
                intact += usize::from(rejection.is_intact());
                assert!(!rejection.is_intact() || !name.contains("noise"), "{name}");
            }
            if valid == "no" {
                assert!(!telegram.objects.is_empty(), "{name}");
            } else {
                assert!(received.frame.bytes() == bytes, "{name}: cut");
                assert_eq!(telegram.objects.len(), objects, "{name}: {:?}", codes(&telegram));
            }
        }
    }
    eprintln!(
        "{good} with a good checksum and {absent} without one read whole, {wrong} with a wrong one refused, and read under `ignore`"
    );
    assert!(good > 0 && absent > 0 && wrong > 0);
    assert!(intact * 5 >= wrong * 4, "but for their checksum nearly all are intact");
}

#[test]
#[ignore = "needs ../shared"]
fn every_real_telegram_is_read_from_a_line_with_parity_bits() {
    let mut count = 0;
    for Real { name, bytes, valid, .. } in real_telegrams(&corpus()) {
        if bytes.is_ascii() {
            let expected = (valid != "no").then(|| bytes.clone());
            assert_eq!(accepted(&add_parity(&bytes)), expected, "{name}");
            count += 1;
        }
    }
    eprintln!("{count} with parity bits");
    assert!(count > 0);
}

#[test]
#[ignore = "needs ../shared"]
fn every_real_telegram_with_a_good_checksum_is_read_with_other_line_ends() {
    let mut count = 0;
    for Real { name, bytes, .. } in real_telegrams(&corpus()).iter().filter(|it| it.valid == "yes")
    {
        for line_end in LINE_ENDS {
            let altered = with_line_ends(bytes, line_end);
            assert_eq!(accepted(&altered).as_ref(), Some(bytes), "{name} with {line_end:?}");
        }
        let at = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let without_blank_line = at.map(|at| [&bytes[..at], &bytes[at + 2..]].concat());
        let accepted = without_blank_line.and_then(|altered| accepted(&altered));
        assert_eq!(accepted.is_some(), at.is_some(), "{name} without its blank line");
        count += 1;
    }
    eprintln!("{count} with other line ends");
    assert!(count > 0);
}

#[test]
#[ignore = "needs ../shared"]
fn every_real_telegram_is_read_with_a_checksum_of_another_kind() {
    for Real { name, bytes, .. } in real_telegrams(&corpus()) {
        let end_mark = bytes.windows(2).rposition(|bytes| bytes == b"\n!").unwrap() + 1;
        let body = &bytes[..=end_mark];
        for algorithm in [Algorithm::X25, Algorithm::X25LowByteFirst] {
            let end_line = format!("{:04X}\r\n", algorithm.compute(body));
            let telegram = [body, end_line.as_bytes()].concat();
            assert_eq!(accepted(&telegram).as_ref(), Some(&telegram), "{name}: {algorithm}");
        }
    }
}

#[test]
#[ignore = "needs ../shared"]
fn every_telegram_of_the_field_is_read_whole() {
    let folder = corpus().join("field");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let bytes = std::fs::read(&path).unwrap();
            let accepted = accepted(&bytes).unwrap_or_else(|| panic!("{}", path.display()));
            assert_eq!(without_line_ends(&accepted), without_line_ends(&bytes));
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
#[ignore = "needs ../shared"]
fn every_telegram_of_the_recorded_streams_is_found() {
    let folder = corpus();
    let index = std::fs::read_to_string(folder.join("streams/INDEX.tsv")).unwrap();
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let bytes = std::fs::read(folder.join("streams").join(columns[0])).unwrap();
        let (mut intake, mut good) = (Intake::new(Policy::Auto), 0);
        let mut rest = &bytes[..];
        while let Some(received) = intake.feed(&mut rest, Timestamp::default()) {
            good += usize::from(received.verdict.is_ok());
        }
        assert_eq!(good.to_string(), columns[3], "{row}");
    }
}
