//! Whole telegrams: of our own making, and those of real meters where their folder is there.

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
fn header_objects_and_checksum_are_told_apart() {
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
        |line: &str| parse(&format!("/TST5\r\n\r\n{line}\r\n!\r\n")).time().map(Instant::seconds);
    assert_eq!(clock("0-0:1.0.0(261025020000W)"), Some(1_792_890_000));
    assert_eq!(clock("0-0:1.1.0(261025020000W)"), Some(1_792_890_000));
    assert_eq!(clock("0-0:1.0.0(000101010000W)"), None);
    assert_eq!(clock("1-3:0.2.8(50)"), None);
}

/// The folder of real telegrams beside the project; none of it is part of the project.
fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/telegrams");
    if !folder.join("INDEX.tsv").is_file() {
        eprintln!("skipped: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn every_real_telegram_with_a_good_checksum_or_none_is_read_with_all_its_objects() {
    let Some(folder) = corpus() else { return };
    let index = std::fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let (mut good, mut absent, mut wrong) = (0, 0, 0);
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let (name, valid, objects) = (columns[0], columns[4], columns[5].parse::<usize>().unwrap());
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let mut framer = Framer::default();
        let frame =
            framer.feed(&mut &bytes[..], Instant::default()).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(Gate::default().admit(&frame).is_ok(), valid != "no", "{name}");
        match valid {
            "yes" => good += 1,
            "none" => absent += 1,
            _ => {
                wrong += 1;
                continue;
            }
        }
        let telegram = Telegram::parse(frame.bytes());
        assert!(frame.bytes() == bytes, "{name}: cut");
        assert_eq!(telegram.objects.len(), objects, "{name}: {:?}", codes(&telegram));
    }
    eprintln!("{good} with a good checksum, {absent} without one, {wrong} refused for a wrong one");
    assert!(good > 0 && absent > 0 && wrong > 0);
}

#[test]
fn every_telegram_of_the_recorded_streams_is_found() {
    let Some(folder) = corpus() else { return };
    let index = std::fs::read_to_string(folder.join("streams/INDEX.tsv")).unwrap();
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let bytes = std::fs::read(folder.join("streams").join(columns[0])).unwrap();
        let (mut framer, mut gate, mut good) = (Framer::default(), Gate::default(), 0);
        let mut rest = &bytes[..];
        while let Some(frame) = framer.feed(&mut rest, Instant::default()) {
            good += usize::from(gate.admit(&frame).is_ok());
        }
        assert_eq!(good.to_string(), columns[3], "{row}");
    }
}
