//! Telegrams of our own making, one of each country and kind, with all that must be read of them;
//! and real ones, where their folder is there.

use std::fmt::Write;
use std::path::Path;

use super::message;
use crate::message::{Message, Value as Sent};
use crate::reading::{Readings, Value, power_failures};
use crate::telegram::{Instant, Policy, Unit};

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

fn utc(time: Instant) -> String {
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
    a_heat_gateway_with_four_devices: "heat",
}

#[test]
fn every_real_telegram_gives_its_readings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/telegrams");
    let Ok(index) = std::fs::read_to_string(folder.join("INDEX.tsv")) else {
        eprintln!("skipped: there is no {}", folder.display());
        return;
    };
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
