//! What Home Assistant is to know of each reading: its name, and how its values behave.
//!
//! Owns the table, a line a reading, and the words of Home Assistant's sensor platform: device and state
//! classes, units (`m³`, not `m3`), entity categories.

use crate::reading::{Kind, Reading, Value};

/// A reading as Home Assistant has it.
#[derive(Debug)]
pub(super) struct Entity {
    /// The name of the reading.
    pub reading: &'static str,
    /// Its name on the screen.
    pub title: &'static str,
    /// How its values behave.
    pub class: Class,
}

/// How values behave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    /// `device_class`.
    pub device: Option<&'static str>,
    /// `unit_of_measurement`.
    pub unit: Option<&'static str>,
    /// `suggested_display_precision`, digits behind the point.
    pub precision: Option<u8>,
    /// `options`: all values that there can be.
    pub options: &'static [&'static str],
    /// Whether it is of interest only to those who look for a fault.
    pub is_diagnostic: bool,
    /// Whether it tells of the meter itself rather than of what it measures: no sensor.
    pub is_of_device: bool,
}

/// The longest state that Home Assistant takes, in characters.
pub(super) const LONGEST_STATE: usize = 255;

const PLAIN: Class = Class {
    device: None,
    unit: None,
    precision: None,
    options: &[],
    is_diagnostic: false,
    is_of_device: false,
};
const OF_DEVICE: Class = Class { is_of_device: true, ..PLAIN };
const DIAGNOSTIC: Class = Class { is_diagnostic: true, ..PLAIN };
const TIME: Class = Class { device: Some("timestamp"), ..PLAIN };
const TARIFF: Class = Class {
    device: Some("enum"),
    options: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    ..PLAIN
};
const BREAKER: Class =
    Class { device: Some("enum"), options: &["0", "1", "2"], is_diagnostic: true, ..PLAIN };

const ENERGY: Class = number("energy", "kWh", Some(3));
const REACTIVE_ENERGY: Class = Class { device: None, ..number("", "kvarh", Some(3)) };
const HEAT: Class = number("energy", "GJ", Some(3));
const GAS: Class = number("gas", "m³", Some(3));
const WATER: Class = number("water", "m³", Some(3));
const POWER: Class = number("power", "W", Some(0));
const REACTIVE_POWER: Class = number("reactive_power", "var", Some(0));
const APPARENT_POWER: Class = number("apparent_power", "VA", Some(0));
const POWER_FACTOR: Class = Class { unit: None, ..number("power_factor", "", Some(2)) };
const FREQUENCY: Class = number("frequency", "Hz", Some(2));
const VOLTAGE: Class = number("voltage", "V", Some(1));
const CURRENT: Class = number("current", "A", None);
const DRIFT: Class = diagnostic(number("duration", "s", Some(1)));

const fn number(device: &'static str, unit: &'static str, precision: Option<u8>) -> Class {
    Class { device: Some(device), unit: Some(unit), precision, ..PLAIN }
}

const fn diagnostic(class: Class) -> Class {
    Class { is_diagnostic: true, ..class }
}

const fn row(reading: &'static str, title: &'static str, class: Class) -> Entity {
    Entity { reading, title, class }
}

impl Entity {
    /// What Home Assistant is to know of this reading.
    pub fn of(reading: &Reading) -> Option<&'static Self> {
        ENTITIES.iter().find(|entity| entity.reading == reading.name)
    }

    /// Whether a sensor can have this value: an `enum` only those that it was announced with.
    pub fn takes(reading: &Reading, value: &Value) -> bool {
        let options = Self::of(reading).map_or(&[][..], |entity| entity.class.options);
        options.is_empty() || options.contains(&&*value.to_string())
    }

    /// `state_class`, by the kind of the reading.
    pub fn state_class(kind: Kind) -> Option<&'static str> {
        match kind {
            Kind::Total => Some("total_increasing"),
            Kind::Measurement => Some("measurement"),
            Kind::State | Kind::Time | Kind::Text => None,
        }
    }
}

/// A line for each word of the vocabulary, in its order.
#[rustfmt::skip]
pub(super) static ENTITIES: &[Entity] = &[
    // Identity and time
    row("meter_model",                  "Model",                    OF_DEVICE),
    row("protocol_version",             "Protocol version",         OF_DEVICE),
    row("unique_id",                    "Equipment identifier",     OF_DEVICE),
    row("timestamp",                    "Meter clock",              diagnostic(TIME)),
    row("clock_drift_s",                "Clock drift",              DRIFT),
    row("tariff",                       "Tariff",                   TARIFF),

    // Energy
    row("energy_import_kwh",            "Energy import",            ENERGY),
    row("energy_import_t1_kwh",         "Energy import T1",         ENERGY),
    row("energy_import_t2_kwh",         "Energy import T2",         ENERGY),
    row("energy_import_t3_kwh",         "Energy import T3",         ENERGY),
    row("energy_import_t4_kwh",         "Energy import T4",         ENERGY),
    row("energy_import_t5_kwh",         "Energy import T5",         ENERGY),
    row("energy_export_kwh",            "Energy export",            ENERGY),
    row("energy_export_t1_kwh",         "Energy export T1",         ENERGY),
    row("energy_export_t2_kwh",         "Energy export T2",         ENERGY),
    row("energy_export_t3_kwh",         "Energy export T3",         ENERGY),
    row("energy_export_t4_kwh",         "Energy export T4",         ENERGY),
    row("energy_export_t5_kwh",         "Energy export T5",         ENERGY),
    row("reactive_energy_import_kvarh", "Reactive energy import",   REACTIVE_ENERGY),
    row("reactive_energy_export_kvarh", "Reactive energy export",   REACTIVE_ENERGY),

    // Power
    row("power_w",                      "Power",                    POWER),
    row("power_import_w",               "Power import",             POWER),
    row("power_export_w",               "Power export",             POWER),
    row("power_l1_w",                   "Power L1",                 POWER),
    row("power_l2_w",                   "Power L2",                 POWER),
    row("power_l3_w",                   "Power L3",                 POWER),
    row("power_import_l1_w",            "Power import L1",          POWER),
    row("power_import_l2_w",            "Power import L2",          POWER),
    row("power_import_l3_w",            "Power import L3",          POWER),
    row("power_export_l1_w",            "Power export L1",          POWER),
    row("power_export_l2_w",            "Power export L2",          POWER),
    row("power_export_l3_w",            "Power export L3",          POWER),
    row("reactive_power_var",           "Reactive power",           REACTIVE_POWER),
    row("reactive_power_l1_var",        "Reactive power L1",        REACTIVE_POWER),
    row("reactive_power_l2_var",        "Reactive power L2",        REACTIVE_POWER),
    row("reactive_power_l3_var",        "Reactive power L3",        REACTIVE_POWER),
    row("apparent_power_import_va",     "Apparent power import",    APPARENT_POWER),
    row("apparent_power_export_va",     "Apparent power export",    APPARENT_POWER),
    row("power_factor",                 "Power factor",             POWER_FACTOR),
    row("power_factor_l1",              "Power factor L1",          POWER_FACTOR),
    row("power_factor_l2",              "Power factor L2",          POWER_FACTOR),
    row("power_factor_l3",              "Power factor L3",          POWER_FACTOR),
    row("frequency_hz",                 "Frequency",                FREQUENCY),
    row("voltage_l1_v",                 "Voltage L1",               VOLTAGE),
    row("voltage_l2_v",                 "Voltage L2",               VOLTAGE),
    row("voltage_l3_v",                 "Voltage L3",               VOLTAGE),
    row("current_l1_a",                 "Current L1",               CURRENT),
    row("current_l2_a",                 "Current L2",               CURRENT),
    row("current_l3_a",                 "Current L3",               CURRENT),

    // Peaks and limits
    row("average_power_15m_w",          "Average power 15 min",     POWER),
    row("monthly_power_peak_w",         "Monthly power peak",       POWER),
    row("monthly_power_peak_timestamp", "Monthly power peak time",  TIME),
    row("power_threshold_w",            "Power threshold",          diagnostic(POWER)),
    row("power_threshold_va",           "Apparent power threshold", diagnostic(APPARENT_POWER)),
    row("fuse_threshold_a",             "Fuse threshold",           diagnostic(CURRENT)),
    row("breaker_state",                "Breaker state",            BREAKER),

    // Quality of the supply
    row("any_power_fail_count",         "Power failures",           DIAGNOSTIC),
    row("long_power_fail_count",        "Long power failures",      DIAGNOSTIC),
    row("voltage_sag_l1_count",         "Voltage sags L1",          DIAGNOSTIC),
    row("voltage_sag_l2_count",         "Voltage sags L2",          DIAGNOSTIC),
    row("voltage_sag_l3_count",         "Voltage sags L3",          DIAGNOSTIC),
    row("voltage_swell_l1_count",       "Voltage swells L1",        DIAGNOSTIC),
    row("voltage_swell_l2_count",       "Voltage swells L2",        DIAGNOSTIC),
    row("voltage_swell_l3_count",       "Voltage swells L3",        DIAGNOSTIC),
    row("text_message",                 "Text message",             DIAGNOSTIC),
    row("text_message_code",            "Text message code",        DIAGNOSTIC),

    // Devices on the M-Bus
    row("gas_m3",                       "Gas",                      GAS),
    row("gas_timestamp",                "Gas reading time",         TIME),
    row("gas_unique_id",                "Gas meter identifier",     DIAGNOSTIC),
    row("water_m3",                     "Water",                    WATER),
    row("water_timestamp",              "Water reading time",       TIME),
    row("water_unique_id",              "Water meter identifier",   DIAGNOSTIC),
    row("warm_water_m3",                "Warm water",               WATER),
    row("warm_water_timestamp",         "Warm water reading time",  TIME),
    row("warm_water_unique_id",         "Warm water meter identifier", DIAGNOSTIC),
    row("heat_gj",                      "Heat",                     HEAT),
    row("heat_timestamp",               "Heat reading time",        TIME),
    row("heat_unique_id",               "Heat meter identifier",    DIAGNOSTIC),
    row("inlet_heat_gj",                "Inlet heat",               HEAT),
    row("inlet_heat_timestamp",         "Inlet heat reading time",  TIME),
    row("inlet_heat_unique_id",         "Inlet heat meter identifier", DIAGNOSTIC),
    row("cooling_gj",                   "Cooling",                  HEAT),
    row("cooling_timestamp",            "Cooling reading time",     TIME),
    row("cooling_unique_id",            "Cooling meter identifier", DIAGNOSTIC),
    row("submeter_energy_kwh",          "Submeter energy",          ENERGY),
    row("submeter_energy_timestamp",    "Submeter reading time",    TIME),
    row("submeter_energy_unique_id",    "Submeter identifier",      DIAGNOSTIC),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::VOCABULARY;
    use crate::telegram::Unit;

    #[test]
    fn every_word_of_the_vocabulary_has_its_line_in_the_same_order() {
        let words: Vec<&str> = VOCABULARY.iter().map(|reading| reading.name).collect();
        let lines: Vec<&str> = ENTITIES.iter().map(|entity| entity.reading).collect();
        let missing: Vec<_> = words.iter().filter(|word| !lines.contains(word)).collect();
        assert!(missing.is_empty(), "without a line: {missing:?}");
        assert_eq!(lines, words);
    }

    #[test]
    fn the_unit_is_that_of_the_reading() {
        for (reading, entity) in VOCABULARY.iter().zip(ENTITIES) {
            let unit = reading.unit.map(|unit| match unit {
                // Refused by Home Assistant as `m3`.
                Unit::CubicMetre => "m³",
                other => other.symbol(),
            });
            assert_eq!(entity.class.unit, unit, "{}", reading.name);
        }
    }

    #[test]
    fn classes_are_those_that_home_assistant_takes_together() {
        for (reading, entity) in VOCABULARY.iter().zip(ENTITIES) {
            let (name, class) = (reading.name, entity.class);
            let state_class = Entity::state_class(reading.kind);
            match class.device {
                Some("energy" | "gas" | "water") => {
                    assert_eq!(state_class, Some("total_increasing"), "{name}");
                }
                Some("timestamp" | "enum") => assert_eq!(state_class, None, "{name}"),
                Some(_) => assert_eq!(state_class, Some("measurement"), "{name}"),
                None => {}
            }
            assert_eq!(class.device == Some("enum"), !class.options.is_empty(), "{name}");
            assert_eq!(class.device == Some("timestamp"), reading.kind == Kind::Time, "{name}");
        }
    }

    #[test]
    fn no_two_entities_have_the_same_title() {
        for (at, entity) in ENTITIES.iter().enumerate() {
            assert!(ENTITIES[..at].iter().all(|other| other.title != entity.title));
        }
    }
}
