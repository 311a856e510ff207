//! The shipped JSON Schema: what we send is as it says, and what is not so it refuses.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use p1_multicast::message::{Encoder, Message, Translator};
use p1_multicast::telegram::{Policy, Timestamp};
use serde_json::{Value, json};

use crate::support::{Meter, Place, corpus, telegram};

fn schema() -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/p1-multicast.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(schema: &Validator, json: &[u8], what: &str) {
    let datagram = serde_json::from_slice(json).unwrap();
    let errors: Vec<String> = schema
        .iter_errors(&datagram)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
}

/// Every telegram of the file, whatever its checksum, as a datagram.
fn assert_telegrams_valid(schema: &Validator, path: &Path) {
    let bytes = fs::read(path).unwrap();
    let mut translator = Translator::new(Policy::Ignore, Some("home".into()));
    let (mut rest, now) = (&bytes[..], Timestamp::from_micros(1_795_330_356_297_000));
    let mut count = 0;
    while let Some(datagram) = translator.feed(&mut rest, now) {
        assert_valid(schema, datagram.unwrap().json, &path.display().to_string());
        count += 1;
    }
    // One whose last line has no end.
    if let Some(datagram) = translator.finish(now) {
        assert_valid(schema, datagram.unwrap().json, &path.display().to_string());
        count += 1;
    }
    assert!(count > 0, "{}", path.display());
}

#[test]
fn what_goes_over_the_network_is_as_the_schema_says() {
    let (schema, place) = (schema(), Place::new());
    place.config();
    let mut meter = Meter::plug_in(&place);
    let listener = place.daemon("p1listener");
    listener.wait_for_log("is open");
    let mut subscriber = place.subscriber();
    meter.send(&telegram(123));
    assert_valid(&schema, &subscriber.datagram(), "from the network");
    listener.stop();
}

#[test]
fn telegrams_of_all_countries_are_as_the_schema_says() {
    let schema = schema();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("reading-") && path.extension().is_some_and(|end| end == "txt") {
            assert_telegrams_valid(&schema, &path);
        }
    }
}

#[test]
#[ignore = "needs ../shared"]
fn every_real_telegram_is_as_the_schema_says() {
    let (schema, folder) = (schema(), corpus());
    let index = fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    for row in index.lines().skip(1) {
        assert_telegrams_valid(&schema, &folder.join(row.split('\t').next().unwrap()));
    }
}

#[test]
fn odd_telegrams_are_as_the_schema_says() {
    let (schema, mut encoder) = (schema(), Encoder::new(None));
    for lines in [
        "",
        "no code",
        "1-0:1.8.1(1*kWh)\r\n1-0:1.8.1(2*kWh)",
        "a.b(\u{e9}\u{7f}\u{0})",
        "x.y()()()",
        ".(1)",
        "12345678901234567890123456789012.(1)",
        "1-0:1.7.0(00.1*kW)(x)",
    ] {
        let telegram = format!("/TST5\r\n\r\n{lines}\r\n!\r\n");
        let now = Timestamp::default();
        assert_valid(&schema, encoder.encode(telegram.as_bytes(), now, now).0.json, lines);
    }
}

#[test]
fn the_golden_datagram_and_one_of_2021_are_as_the_schema_says() {
    let golden = include_bytes!("../data/esmr50-three-phase.json");
    assert_valid(&schema(), golden, "golden");
    let mut datagram: Value = serde_json::from_slice(golden).unwrap();
    let meta = datagram["meta"].as_object_mut().unwrap();
    meta.retain(|key, _| key.starts_with("frame-"));
    assert_valid(&schema(), datagram.to_string().as_bytes(), "of 2021");
}

#[test]
fn what_is_no_telegram_the_schema_refuses_as_the_programs_do() {
    let schema = schema();
    let golden: Value =
        serde_json::from_slice(include_bytes!("../data/esmr50-three-phase.json")).unwrap();
    let changed = |pointer: &str, key: &str, value: Option<Value>| {
        let mut datagram = golden.clone();
        let object = datagram.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => object.insert(key.to_owned(), value),
            None => object.remove(key),
        };
        datagram
    };
    for broken in [
        json!([]),
        changed("", "meta", None),
        changed("", "telegram", Some(json!([]))),
        changed("/meta", "frame-number", None),
        changed("/meta", "frame-start-time", Some(json!("now"))),
        changed("/telegram", "1-0:1.7.0", Some(Value::Null)),
        changed("/telegram", "1-0:1.7.0", Some(json!({"W": 730}))),
    ] {
        assert!(!schema.is_valid(&broken), "{broken}");
        assert!(Message::parse(broken.to_string().as_bytes()).is_err(), "{broken}");
    }
    assert!(!schema.is_valid(&changed("/meta", "frame-number", Some(json!(0)))));
    assert!(!schema.is_valid(&changed("/telegram", "power", Some(json!(730)))), "no code");
}
