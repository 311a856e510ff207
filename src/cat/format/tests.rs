//! The formats: golden files of one telegram in each of them, and what holds for odd ones.
//! `UPDATE_GOLDEN=1` writes the golden files; look at the difference.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::message::Encoder;
use crate::message::tests::message;
use crate::reading::{Derived, VOCABULARY};
use crate::telegram::{TARIFFS, Timestamp, Unit};
use crate::tests::kinds::KINDS;
use crate::zone::tests::Amsterdam;

/// The telegram of this file in `tests/data`, as it comes from the listener `home`.
fn telegram(file: &str) -> Message {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    let bytes = fs::read_to_string(path).unwrap().replace('\n', "\r\n").into_bytes();
    let mut encoder = Encoder::new(Some("home".into()));
    let [start, end] =
        [297, 375].map(|ms| Timestamp::from_micros(1_795_330_356_000_000 + ms * 1000));
    Message::parse(encoder.encode(&bytes, start, end).0.json).unwrap()
}

fn written(format: &str, fields: &str, messages: &[&Message]) -> String {
    written_in(CellStyle::default(), format, fields, messages)
}

fn written_in(style: CellStyle, format: &str, fields: &str, messages: &[&Message]) -> String {
    let names = fields.split(',').filter(|name| !name.is_empty());
    let fields: Vec<Field> = names.map(|name| name.parse().unwrap()).collect();
    let fields = (!fields.is_empty()).then_some(fields);
    let mut formatter = Formatter::new(format.parse().unwrap(), fields, false, style, Amsterdam);
    let mut out = Vec::new();
    for message in messages {
        formatter.write(message, &Derived::default(), &mut out);
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn every_kind_of_telegram_has_the_metrics_and_fields_of_what_it_means() {
    for kind in KINDS {
        let message = kind.message(1_795_330_356);
        let metrics = written("prometheus", "", &[&message]);
        for expected in kind.metrics {
            let has_value = expected.contains(' ');
            let is_one = |line: &&str| {
                line.split(['{', ' ']).next() == expected.split(['{', ' ']).next()
                    && (!has_value || line.starts_with(expected))
            };
            let is_there = metrics.lines().any(|line| is_one(&line));
            assert_eq!(is_there, has_value, "{}: {expected}\n{metrics}", kind.name);
        }
        let readings: serde_json::Value =
            serde_json::from_str(&written("readings", "", &[&message])).unwrap();
        let influx = written("influx", "", &[&message]);
        for (name, expected) in kind.readings {
            let table = written("csv", name, &[&message]);
            assert_eq!(
                table.lines().nth(1).map(|cell| cell.trim_matches('"')),
                Some(*expected),
                "{}: {name}",
                kind.name
            );
            assert_eq!(readings.get(name).is_none(), expected.is_empty(), "{}: {name}", kind.name);
            let is_field =
                influx.contains(&format!(",{name}=")) || influx.contains(&format!(" {name}="));
            assert!(!is_field || !expected.is_empty(), "{}: {name}", kind.name);
        }
    }
}

#[test]
fn a_telegram_stands_in_every_format_as_its_golden_file_has_it() {
    for (telegram_file, name) in
        [("esmr50-three-phase.txt", "esmr50"), ("reading-be-fluvius.txt", "be")]
    {
        let message = telegram(telegram_file);
        for format in Format::NAMES {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(format!("tests/data/cat-{name}-{format}.golden"));
            let found = written(format, "", &[&message]);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&path, &found).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap();
            assert!(found == expected, "{format}: found:\n{found}\nexpected:\n{expected}");
        }
    }
}

#[test]
fn fields_that_were_asked_for_stand_in_their_order() {
    let message = telegram("esmr50-three-phase.txt");
    let written =
        |format| written(format, "power_w,epoch,gas_timestamp,water_m3,1-0:1.7.0", &[&message]);
    assert_eq!(
        written("readings"),
        "{\"power_w\":730,\"epoch\":1795330356.297,\
         \"gas_timestamp\":\"2026-11-22T07:50:01+01:00\",\"1-0:1.7.0\":730}\n"
    );
    assert_eq!(
        written("csv"),
        "power_w,epoch,gas_timestamp,water_m3,1-0:1.7.0\n\
         730,1795330356.297,2026-11-22T07:50:01+01:00,,730\n"
    );
    assert_eq!(
        written("influx"),
        "p1,meter=E0099000012345678,source=home power_w=730,epoch=1795330356.297,\
         gas_timestamp=1795330201i,1-0:1.7.0=730 1795330356297000000\n"
    );
    assert_eq!(
        written("prometheus"),
        "# HELP p1_received_timestamp_seconds Unix time at which the telegram began to arrive, by the \
         clock of the listener.\n\
         # TYPE p1_received_timestamp_seconds gauge\n\
         p1_received_timestamp_seconds{source=\"home\"} 1795330356.297\n\
         # HELP p1_gas_timestamp_seconds Unix time of the last gas reading.\n\
         # TYPE p1_gas_timestamp_seconds gauge\n\
         p1_gas_timestamp_seconds{source=\"home\"} 1795330201\n"
    );
    assert_eq!(
        written("%{power_w} W, %{water_m3}, %{gas_timestamp}"),
        "730 W, -, 2026-11-22T07:50:01+01:00\n"
    );
}

#[test]
fn a_table_has_one_head_and_the_columns_of_its_first_telegram() {
    let with_gas = [("1-0:1.7.0", "5"), ("0-1:24.1.0", "'003"), ("0-1:24.2.1.B", "7")];
    let (first, second) = (message(0, &with_gas[..1]), message(1, &with_gas));
    assert_eq!(
        written("csv", "", &[&first, &second]),
        "time,power_w,power_import_w\n\
         1970-01-01T01:00:00+01:00,5,5\n1970-01-01T01:00:01+01:00,5,5\n"
    );
}

#[test]
fn a_table_for_a_spreadsheet_has_its_decimal_comma_and_the_time_of_the_wall() {
    let message = telegram("esmr50-three-phase.txt");
    let fields = "time,epoch,energy_import_kwh,gas_timestamp,unique_id";
    let style = |has_decimal_comma, has_local_time| CellStyle { has_decimal_comma, has_local_time };
    let row =
        |style| written_in(style, "csv", fields, &[&message]).lines().nth(1).unwrap().to_owned();
    let [time, gas, id] = ["2026-11-22 07:52:36", "2026-11-22 07:50:01", "E0099000012345678"];
    assert_eq!(row(style(true, true)), format!("{time};1795330356,297;8884,462;{gas};{id}"));
    assert_eq!(row(style(false, true)), format!("{time},1795330356.297,8884.462,{gas},{id}"));
    let header = written_in(style(true, true), "csv", fields, &[&message]);
    assert!(header.starts_with("time;epoch;energy_import_kwh;"), "{header}");
    for format in Format::NAMES.into_iter().filter(|name| *name != "csv") {
        let format: Format = format.parse().unwrap();
        assert_eq!(format.check(&[], style(true, true)), Err(FieldsError::NoCells));
    }
    assert_eq!(Format::Csv.check(&[], style(true, true)), Ok(()));
}

#[test]
fn a_file_of_its_own_has_the_head_each_time() {
    let mut formatter = Formatter::new(
        Format::Csv,
        Some(vec!["power_w".parse().unwrap()]),
        true,
        CellStyle::default(),
        Amsterdam,
    );
    for _ in 0..2 {
        let mut out = Vec::new();
        formatter.write(&message(0, &[("1-0:1.7.0", "5")]), &Derived::default(), &mut out);
        assert_eq!(out, b"power_w\n5\n");
    }
}

#[test]
fn a_total_of_tariffs_is_a_series_only_where_there_are_no_tariffs() {
    let joules = |objects: &[(&str, &str)]| {
        let text = written("prometheus", "", &[&message(0, objects)]);
        let lines = text.lines().filter(|line| line.starts_with("p1_energy_joules_total"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        joules(&[("1-0:1.8.0", "5")]),
        [r#"p1_energy_joules_total{direction="import"} 18000"#]
    );
    assert_eq!(
        joules(&[("1-0:1.8.0", "5"), ("1-0:1.8.1", "3"), ("1-0:2.8.0", "1")]),
        [
            r#"p1_energy_joules_total{direction="import",tariff="1"} 10800"#,
            r#"p1_energy_joules_total{direction="export"} 3600"#
        ]
    );
}

#[test]
fn every_reading_that_is_no_text_and_no_difference_is_a_metric() {
    for reading in VOCABULARY {
        let is_difference = reading.name.starts_with("power_l") || reading.name == "power_w";
        let is_metric = reading.kind != Kind::Text && !is_difference;
        assert_eq!(reading.series.is_some(), is_metric, "{}", reading.name);
    }
}

#[test]
fn every_field_that_a_metric_is_made_of_gives_it_alone_and_others_are_refused() {
    let message = telegram("esmr50-three-phase.txt");
    for (field, metric) in [
        ("meter_model", "p1_meter_info"),
        ("frame_number", "p1_telegrams_total"),
        ("epoch", "p1_received_timestamp_seconds"),
        ("gas_m3", "p1_gas_cubic_meters_total"),
    ] {
        let text = written("prometheus", field, &[&message]);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.lines().all(|line| line.contains(metric)), "{text}");
    }
    let checked = |format: &str, field: &str| {
        let format: Format = format.parse().unwrap();
        let style = CellStyle::default();
        format.check(&[field.parse().unwrap()], style).map_err(|error| error.to_string())
    };
    for field in prometheus::sources() {
        assert_eq!(checked("prometheus", field), Ok(()));
    }
    let said = checked("prometheus", "power_w").unwrap_err();
    assert!(
        said.starts_with("there is no metric of \"power_w\"; there are those of meter_model, ")
    );
    assert!(said.contains(", power_import_w, "), "{said}");
    for format in ["readings", "csv", "influx", "text"] {
        assert_eq!(checked(format, "power_w"), Ok(()));
    }
    assert!(checked("json", "power_w").unwrap_err().starts_with("--fields goes with"));
}

#[test]
fn hostile_texts_stay_in_their_line_and_their_quotes() {
    let mut message = message(
        0,
        &[
            ("header", "'/T\x1b[2J"),
            ("0-0:96.13.0", "'a\"b\\c,d=e\n\x07f"),
            ("0-0:96.1.1", "'A B,C=D"),
        ],
    );
    message.meta.source = Some("s o\"u\\r\nce".into());
    for format in Format::NAMES {
        let out = written(format, "", &[&message]);
        assert!(
            !out.contains(|c: char| c.is_control() && c != '\n' && c != '\t'),
            "{format}: {out:?}"
        );
    }
    let influx = written("influx", "text_message", &[&message]);
    assert_eq!(
        influx,
        "p1,meter=A\\ B\\,C\\=D,source=s\\ o\"u\\\\r\\\\nce text_message=\"a\\\"b\\\\c,d=e\\\\u{7}f\" 0\n"
    );
    let prometheus = written("prometheus", "", &[&message]);
    assert!(
        prometheus.contains(r#"equipment_id="A B,C=D",source="s o\"u\\r\\nce"}"#),
        "{prometheus}"
    );
    assert_eq!(written("csv", "source,text_message", &[&message]).lines().count(), 2);
    assert_eq!(written("%{source}", "", &[&message]), "s o\"u\\r\\nce\n");
}

#[test]
fn influx_without_any_field_of_its_own_is_refused_rather_than_silent() {
    let check = |fields: &[&str]| {
        let fields: Vec<Field> = fields.iter().map(|name| name.parse().unwrap()).collect();
        Format::Influx.check(&fields, CellStyle::default())
    };
    assert_eq!(check(&["time", "source"]), Err(FieldsError::NoField));
    assert_eq!((check(&["time", "power_w"]), check(&[])), (Ok(()), Ok(())));
}

#[test]
fn a_telegram_without_any_field_gives_no_line_of_influx_and_no_metric_of_it() {
    let message = message(0, &[]);
    assert_eq!(written("influx", "power_w", &[&message]), "");
    assert_eq!(written("prometheus", "power_import_w", &[&message]), "");
    assert_eq!(written("readings", "power_w", &[&message]), "{}\n");
}

#[test]
fn a_listener_without_a_name_is_no_tag_of_influx() {
    let mut message = message(0, &[("1-0:1.7.0", "5")]);
    message.meta.source = Some(String::new());
    assert_eq!(written("influx", "power_w", &[&message]), "p1 power_w=5 0\n");
}

#[test]
fn a_format_that_is_none_is_told_with_all_that_there_are() {
    let error = |name: &str| name.parse::<Format>().unwrap_err().to_string();
    assert_eq!(
        error("xml"),
        "there is no format \"xml\"; there are json, readings, csv, influx, prometheus, obis, text, \
         and a text with %{field} in it"
    );
    assert!(error("%{watt}").starts_with("there is no field \"watt\"; there are time, "));
}

/// The rows of the tables in the manual page, each with its three columns.
fn in_manual() -> Vec<[String; 3]> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/p1cat.1");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix(".It Li "));
    let columns = |row: &str| row.split(" Ta ").map(str::to_owned).collect::<Vec<_>>();
    rows.map(|row| columns(row).try_into().expect("three columns")).collect()
}

/// Of rows that differ by tariff, phase or device only, the manual page has the first.
fn first_of_its_kind(name: &str) -> String {
    let mut name = name.to_owned();
    for tariff in 2..=TARIFFS {
        name = name.replace(&format!("_t{tariff}_"), "_t1_");
    }
    for phase in 2..=3 {
        name = name.replace(&format!("_l{phase}"), "_l1");
    }
    match name.strip_suffix("_unique_id").or_else(|| name.strip_suffix("_timestamp")) {
        Some(device)
            if VOCABULARY.iter().any(|reading| reading.name == format!("{device}_unique_id")) =>
        {
            format!("gas{}", &name[device.len()..])
        }
        _ => name,
    }
}

/// Each of them once, in their order.
fn once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

#[test]
fn the_manual_page_lists_every_field_with_its_unit_and_every_metric_and_no_others() {
    let listed: Vec<_> = in_manual().into_iter().map(|[name, ..]| name).collect();
    let fields = ["time", "epoch", "frame_number", "source"].into_iter();
    let fields = fields.chain(VOCABULARY.iter().map(|reading| reading.name));
    let expected =
        once(fields.map(first_of_its_kind).chain(prometheus::names().map(str::to_owned)));
    let [mut sorted, mut expected] = [listed, expected];
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
    for [name, unit, _] in in_manual() {
        let Some(reading) = VOCABULARY.iter().find(|reading| reading.name == name) else {
            continue;
        };
        let expected = match (reading.kind, reading.unit) {
            (_, Some(unit)) => unit.symbol(),
            (Kind::Time, _) => "ISO 8601",
            (Kind::Text, _) => "text",
            _ => "-",
        };
        assert_eq!(unit, expected, "{name}");
    }
}

#[test]
fn the_manual_page_says_of_each_metric_its_labels_and_the_readings_it_is_made_of() {
    for [name, labels, made_of] in in_manual() {
        let series: Vec<_> = VOCABULARY
            .iter()
            .filter_map(|reading| Some((reading.name, reading.series.as_ref()?)))
            .filter(|(_, series)| series.metric.name == name)
            .collect();
        if series.is_empty() {
            continue;
        }
        let names = series.iter().flat_map(|(_, series)| series.labels.split(','));
        let names = names.filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
        let names = once(names).join(", ");
        assert_eq!(labels, if names.is_empty() { "-" } else { &names }, "{name}");
        // Every device has a time of its own metric: those are told in full.
        let full = name.ends_with("_timestamp_seconds");
        let listed = |reading: &str| {
            if full { reading.to_owned() } else { first_of_its_kind(reading) }
        };
        let readings = series.iter().map(|(reading, _)| listed(reading));
        let mut expected = once(readings);
        let mut found: Vec<_> = made_of.split(", ").map(str::to_owned).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn the_object_that_the_manual_page_names_first_gives_the_reading() {
    for [name, _, from] in in_manual() {
        let Some(reading) = VOCABULARY.iter().find(|reading| reading.name == name) else {
            continue;
        };
        let codes = from.split([' ', ',', ';']).filter(|word| word.contains(':'));
        let Some(code) = codes.filter(|word| !word.contains("0-n")).find(|word| word.len() > 5)
        else {
            continue;
        };
        let value = match (reading.kind, reading.unit) {
            (Kind::Time, _) | (_, Some(Unit::Second)) => "'261122075236W".to_owned(),
            (Kind::Text, _) => "'5030".to_owned(),
            (_, Some(Unit::VoltAmpere)) if code == "0-0:17.0.0" => "'5*kVA".to_owned(),
            (_, Some(Unit::Hertz)) => "'50*Hz".to_owned(),
            (_, Some(Unit::Ampere)) => "25".to_owned(),
            (Kind::State, _) => "1".to_owned(),
            _ => "5000".to_owned(),
        };
        let message = message(1_795_330_357, &[(code, &value)]);
        assert!(Readings::of(&message).get(&name).is_some(), "{name} from {code}");
    }
}

/// A dashboard and alerts that ask for a metric that is not there show nothing, without a word.
#[test]
fn the_examples_for_prometheus_and_grafana_ask_for_metrics_and_labels_that_there_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/examples");
    let names: Vec<&str> = prometheus::names().collect();
    for file in ["grafana.json", "p1-alerts.yml"] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
        let metrics: Vec<&str> = words.filter(|word| word.starts_with("p1_")).collect();
        assert!(!metrics.is_empty(), "{file}");
        for metric in metrics {
            assert!(names.contains(&metric), "{file}: {metric}");
        }
    }
    let text = fs::read_to_string(folder.join("grafana.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
}

proptest! {
    /// Datagrams come from the network: whatever stands in them, a line stays a line.
    #[test]
    fn whatever_a_datagram_says_nothing_leaves_its_line(
        objects in prop::collection::vec((
            prop_oneof!["[01]-[0-3]:[0-9]{1,2}[.][78][.][0-4]", ".{0,12}"],
            prop_oneof!["[0-9]{1,9}([.][0-9]{1,3})?", "'.{0,20}", "'[0-9]{12}[SW]"],
        ), 0..20),
        source in prop::option::of(".{0,10}"),
        micros in any::<i64>(),
    ) {
        let objects: Vec<(&str, &str)> =
            objects.iter().map(|(code, value)| (code.as_str(), value.as_str())).collect();
        let mut message = message(0, &objects);
        message.meta.source = source;
        // Within the years that have dates.
        message.meta.frame_start = Timestamp::from_micros(micros / 100);
        for format in Format::NAMES {
            let out = written(format, "", &[&message]);
            prop_assert!(out.is_empty() || out.ends_with('\n'), "{format}: {out:?}");
            let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
            // JSON escapes what is a control character in ASCII, and leaves the others as they are.
            prop_assert!(matches!(format, "json" | "readings") || !out.contains(is_control), "{format}: {out:?}");
        }
        for format in ["json", "readings", "influx", "%{source} %{text_message} %{0-0:96.13.0}"] {
            prop_assert!(written(format, "", &[&message]).lines().count() <= 1, "{format}");
        }
    }
}
