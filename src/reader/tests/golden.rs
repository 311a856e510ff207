//! The six outputs to the byte. `UPDATE_GOLDEN=1` writes the golden files; look at the difference.

use super::*;

/// 2026-11-22 06:44:50 local time.
pub(super) const START: i64 = 1_795_326_290;

pub(crate) fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    let mut lines = text.lines().zip(golden.lines()).enumerate();
    let different = lines.find(|(_, (text, golden))| text != golden);
    assert!(text == golden, "{} and this differ first in {different:?}", path.display());
}

/// The three-phase telegram of the golden datagram, at another time and with some other values.
fn telegram(second: i64, changes: &[(&str, i64)]) -> Message {
    let json = include_bytes!("../../../tests/data/esmr50-three-phase.json");
    let mut message = Message::parse(json).unwrap();
    message.meta.frame_start = at(second);
    for (code, value) in changes {
        let place = message.telegram.iter_mut().find(|(known, _)| known == code);
        place.unwrap().1 = Value::Number(Decimal::new(*value, 0));
    }
    message
}

/// A household that turns something on and off, and a little sun, one telegram in `step` seconds.
pub(super) fn household(seconds: i64, step: usize) -> impl Iterator<Item = Message> {
    (0..seconds).step_by(step).map(|after| {
        let power_in = 200 + after * 37 % 800;
        let power_out = if after % 3 == 0 { after % 500 } else { 0 };
        let changes = [
            ("1-0:1.8.1", 4_000_000 + after / 10),
            ("1-0:2.8.1", 8673 + after / 100),
            ("1-0:1.7.0", power_in),
            ("1-0:2.7.0", power_out),
        ];
        telegram(START + after, &changes)
    })
}

#[test]
fn records_of_five_minutes_and_the_weekly_log() {
    let mut settings = settings();
    settings.weekly_log.measurement_period = Duration::from_secs(60);
    let (mut recorder, storage) = recorder(&settings);
    for message in household(1000, 1) {
        recorder.tick(message.meta.frame_start);
        recorder.record(&message);
    }
    recorder.finish();
    assert_golden("reader-interval.csv", &storage.text("/v/interval-20261122-065500.csv"));
    assert_golden("reader-day.csv", &storage.text("/v/day-20261122.csv"));
    assert_golden("reader-weekly.log", &storage.text("/v/2026-W47.log"));
    assert_golden("reader-history.csv", &storage.text("/v/history-2026.csv"));
}

#[test]
fn the_history_of_meters_with_devices_and_peaks() {
    for name in ["be-fluvius", "nl-dsmr42", "heat"] {
        let path = format!("{}/tests/data/reading-{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let telegram = std::fs::read_to_string(path).unwrap().replace('\n', "\r\n");
        let mut translator = crate::message::Translator::new(crate::telegram::Policy::Auto, None);
        let json = translator.feed(&mut telegram.as_bytes(), at(START)).unwrap().unwrap().json;
        let mut message = Message::parse(json).unwrap();
        let (mut recorder, storage) = recorder(&settings());
        for second in (0..320).step_by(10) {
            message.meta.frame_start = at(START + second);
            recorder.record(&message);
        }
        recorder.finish();
        let golden = format!("reader-history-{name}.csv");
        assert_golden(&golden, &storage.text("/v/history-2026.csv"));
    }
}

#[test]
fn details_of_classic_and_other_telegrams() {
    let (mut recorder, storage) = recorder(&settings());
    recorder.record(&telegram(START, &[]));
    // One phase, no gas, no 2.7.0.
    let mut small = telegram(START + 1, &[]);
    small.telegram.retain(|(code, _)| {
        let is_other =
            ["1-0:5", "1-0:6", "1-0:7", "0-1:"].iter().any(|start| code.starts_with(start));
        !is_other && code != "1-0:2.7.0"
    });
    recorder.record(&small);
    // What a Belgian meter has more, the second one in mid-day.
    let mut belgian = telegram(START + 2, &[]);
    let peak = "(230101000000S)(04.329*kW)".to_owned();
    belgian.telegram.insert(2, ("0-0:96.1.4".into(), Value::Text("50217".into())));
    belgian.telegram.push(("0-0:98.1.0".into(), Value::Text(peak)));
    recorder.record(&belgian);
    recorder.flush();
    belgian.meta.frame_start = at(START + 3);
    belgian.telegram.push(("0-0:96.13.1".into(), Value::Text("a;b\r\n\"c\"".into())));
    recorder.record(&belgian);
    recorder.finish();
    assert_golden("reader-details.csv", &storage.text("/v/details-20261122.csv"));
}
