//! Telegrams of our own making, one of each country and kind, with all that must be read of them;
//! and real ones, where their folder is there.

use std::fmt::Write;
use std::path::Path;

use super::message;
use crate::message::{Message, Value as Sent};
use crate::reading::{Readings, VOCABULARY, Value, power_failures};
use crate::telegram::{Policy, Timestamp, Unit};

/// All readings: a line each, its name, value and unit.
fn listing(message: &Message) -> String {
    let mut listing = String::new();
    for (reading, value) in &Readings::of(message) {
        let value = match value {
            Value::Time(time) => utc(*time),
            other => other.to_string(),
        };
        let unit = reading.unit.map_or("-", Unit::symbol);
        writeln!(listing, "{}\t{value}\t{unit}", reading.name).unwrap();
    }
    for failure in power_failures(message) {
        let end = failure.end.map_or("unknown".into(), utc);
        let seconds = failure.seconds.map_or("-".into(), |seconds| seconds.to_string());
        writeln!(listing, "power failure until {end}\t{seconds}\ts").unwrap();
    }
    listing
}

fn utc(time: Timestamp) -> String {
    let time = chrono::DateTime::from_timestamp(time.seconds(), 0).unwrap();
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

macro_rules! golden {
    ($($test:ident: $file:literal,)*) => {$(
        #[test]
        fn $test() {
            let telegram = include_str!(concat!("../../../tests/data/reading-", $file, ".txt"));
            let expected = include_str!(concat!("../../../tests/data/reading-", $file, ".tsv"));
            let telegram = telegram.replace('\n', "\r\n");
            let found = listing(&message(telegram.as_bytes(), Policy::Auto));
            assert!(found == expected, "found:\n{found}\nexpected:\n{expected}");
        }
    )*};
}

golden! {
    a_dutch_esmr_5_meter_with_gas: "nl-esmr5",
    a_dutch_dsmr_4_2_meter_whose_gas_meter_was_replaced: "nl-dsmr42",
    a_dutch_dsmr_2_2_meter_with_gas_over_two_lines_and_a_threshold_in_amperes: "nl-dsmr22",
    a_flemish_meter_with_peaks_gas_and_water: "be-fluvius",
    a_walloon_meter_with_five_tariffs_the_peak_s_value_first_and_no_letter_behind_its_times: "be-wallonia",
    a_luxembourgish_meter_with_reactive_power_and_an_empty_channel: "lu",
    a_swedish_meter_without_tariffs_and_identifiers: "se",
    a_hungarian_meter_with_four_tariffs_and_power_factors: "hu",
    a_lithuanian_meter_in_kilovolts_and_kiloamperes: "lt",
    an_austrian_meter_in_watt_hours: "at",
    a_meter_with_an_optical_port_that_has_no_total_power_and_one_that_counts_heat_and_cold: "optical",
    a_heat_gateway_with_four_devices: "heat",
}

/// Readings that are the number of one object, and the end of its code.
const PLAIN: &[(&str, &str)] = &[
    ("energy_import_t1_kwh", "1.8.1"),
    ("energy_import_t2_kwh", "1.8.2"),
    ("energy_export_t1_kwh", "2.8.1"),
    ("energy_export_t2_kwh", "2.8.2"),
    ("reactive_energy_import_kvarh", "3.8.0"),
    ("power_import_w", "1.7.0"),
    ("power_export_w", "2.7.0"),
    ("power_import_l1_w", "21.7.0"),
    ("power_export_l3_w", "62.7.0"),
    ("voltage_l1_v", "32.7.0"),
    ("voltage_l2_v", "52.7.0"),
    ("current_l1_a", "31.7.0"),
    ("current_l3_a", "71.7.0"),
    ("frequency_hz", "14.7.0"),
    ("average_power_15m_w", "1.4.0"),
    ("monthly_power_peak_w", "1.6.0"),
];

/// What the raw line of an object says, in the unit of the reading; read by other means than ours.
fn raw_number(text: &str, code: &str, unit: &str) -> Option<f64> {
    let body = ["1-0:", "1-1:"].iter().find_map(|channel| {
        let after =
            |line: &'_ str| line.strip_prefix(channel)?.strip_prefix(code).map(str::to_owned);
        let bodies = text.lines().filter_map(after);
        // Text behind the brackets, which comes from people, keeps a line from being read.
        bodies.filter(|body| body.starts_with(['(', '*', '.'])).find(|body| !body.contains(' '))
    })?;
    let field = body
        .split(['(', ')'])
        .find(|field| field.to_lowercase().ends_with(&unit.to_lowercase()))?;
    // `005A` may be an identifier: digits alone need the star before their unit.
    field.contains(['*', '.']).then_some(())?;
    let number = field.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end_matches('*');
    let sent = field[number.len()..].trim_start_matches('*').to_lowercase();
    let factor = match sent.strip_suffix(&unit.to_lowercase().trim_start_matches('k'))? {
        "m" if sent == "ma" => 0.001,
        "" => 1.0,
        "k" => 1000.0,
        "m" => 1e6,
        _ => return None,
    };
    let in_unit = if unit.starts_with('k') { factor / 1000.0 } else { factor };
    Some(number.parse::<f64>().ok()? * in_unit)
}

#[test]
#[ignore = "needs ../shared"]
fn the_readings_of_every_real_telegram_agree_with_its_lines() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/telegrams");
    let index = std::fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let mut compared = 0;
    for name in index.lines().skip(1).filter_map(|row| row.split('\t').next()) {
        let telegram = std::fs::read(folder.join(name)).unwrap();
        let message = message(&telegram, Policy::Ignore);
        let readings = Readings::of(&message);
        let text = String::from_utf8_lossy(&telegram);
        for (reading, code) in PLAIN {
            let word = VOCABULARY.iter().find(|word| word.name == *reading).unwrap();
            let Some(expected) = raw_number(&text, code, word.unit.unwrap().symbol()) else {
                continue;
            };
            let found = readings.number(reading).unwrap_or_else(|| panic!("{name}: no {reading}"));
            let found: f64 = found.to_string().parse().unwrap();
            assert!((found - expected).abs() < 1e-6, "{name}: {reading} {found}, not {expected}");
            compared += 1;
        }
    }
    eprintln!("{compared} readings compared with their lines");
    assert!(compared > 500);
}

#[test]
#[ignore = "needs ../shared"]
fn every_real_telegram_gives_its_readings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/telegrams");
    let index = std::fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let (mut telegrams, mut readings, mut energies, mut gas) = (0, 0, 0, 0);
    for name in index.lines().skip(1).filter_map(|row| row.split('\t').next()) {
        let telegram = std::fs::read(folder.join(name)).unwrap();
        let message = message(&telegram, Policy::Ignore);
        let found = Readings::of(&message);
        let has_register = ["1-0:1.8.", "1-1:1.8."].iter().any(|code| {
            let mut registers = message.telegram.iter().filter(|(key, _)| key.starts_with(code));
            registers.any(|(_, value)| matches!(value, Sent::Number(_)))
        });
        assert_eq!(found.get("energy_import_kwh").is_some(), has_register, "{name}");
        telegrams += 1;
        readings += found.iter().count();
        energies += usize::from(has_register);
        gas += usize::from(found.get("gas_m3").is_some());
    }
    eprintln!("{telegrams} telegrams, {readings} readings; {energies} with energy, {gas} with gas");
    assert!(telegrams > 100 && energies > 100 && gas > 50);
}
