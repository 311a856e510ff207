//! The vocabulary: a line a reading.
//!
//! A reading that is added here is everywhere. Names are quantity, direction, phase or tariff, unit;
//! `import` is what the customer takes from the grid, `export` what they give. They never change.

use super::Kind::{Measurement, State, Text, Time, Total};
use super::derive::Source;
use super::device::Family;
use super::{Kind, Reading, Registers};
use crate::telegram::{Decimal, Obis, Unit};

const NONE: Option<Unit> = None;
const KWH: Option<Unit> = Some(Unit::KiloWh);
const KVARH: Option<Unit> = Some(Unit::KiloVarh);
const W: Option<Unit> = Some(Unit::Watt);
const VAR: Option<Unit> = Some(Unit::Var);
const VA: Option<Unit> = Some(Unit::VoltAmpere);
const V: Option<Unit> = Some(Unit::Volt);
const A: Option<Unit> = Some(Unit::Ampere);
const HZ: Option<Unit> = Some(Unit::Hertz);
const S: Option<Unit> = Some(Unit::Second);
const M3: Option<Unit> = Some(Unit::CubicMetre);
const GJ: Option<Unit> = Some(Unit::GigaJoule);

static GAS: Family = Family { types: &[3], unit: Unit::CubicMetre };
static WATER: Family = Family { types: &[7], unit: Unit::CubicMetre };
static WARM_WATER: Family = Family { types: &[6], unit: Unit::CubicMetre };
static HEAT: Family = Family { types: &[4, 13], unit: Unit::GigaJoule };
static INLET_HEAT: Family = Family { types: &[12], unit: Unit::GigaJoule };
static COOLING: Family = Family { types: &[10, 11], unit: Unit::GigaJoule };
static SUBMETER: Family = Family { types: &[2], unit: Unit::KiloWh };

const fn row(name: &'static str, kind: Kind, unit: Option<Unit>, source: Source) -> Reading {
    Reading { name, kind, unit, source }
}

const fn code(text: &str) -> Obis {
    Obis::literal(text)
}

const fn number(text: &str) -> Source {
    Source::Number(code(text))
}

const fn register(of: fn(&Registers) -> Option<Decimal>) -> Source {
    Source::Registers(of)
}

const fn difference(plus: &str, minus: &str) -> Source {
    Source::Difference(code(plus), code(minus))
}

const fn factor(text: &str) -> Source {
    Source::Factor(code(text))
}

const fn whole(text: &str) -> Source {
    Source::Whole(code(text))
}

/// Every reading there is, in the order in which all programs show them.
#[rustfmt::skip]
pub static VOCABULARY: &[Reading] = &[
    // Identity and time
    row("meter_model",                  Text,        NONE,  Source::Model),
    row("protocol_version",             Text,        NONE,  Source::Version(&[code("1-3:0.2.8"), code("0-0:96.1.4")])),
    row("unique_id",                    Text,        NONE,  Source::UniqueId),
    row("timestamp",                    Time,        NONE,  Source::Timestamp),
    row("clock_drift_s",                Measurement, S,     Source::ClockDrift),
    row("tariff",                       State,       NONE,  Source::Tariff(code("0-0:96.14.0"))),

    // Energy
    row("energy_import_kwh",            Total,       KWH,   register(|it| it.import.total)),
    row("energy_import_t1_kwh",         Total,       KWH,   register(|it| it.import.tariffs[0])),
    row("energy_import_t2_kwh",         Total,       KWH,   register(|it| it.import.tariffs[1])),
    row("energy_import_t3_kwh",         Total,       KWH,   register(|it| it.import.tariffs[2])),
    row("energy_import_t4_kwh",         Total,       KWH,   register(|it| it.import.tariffs[3])),
    row("energy_import_t5_kwh",         Total,       KWH,   register(|it| it.import.tariffs[4])),
    row("energy_export_kwh",            Total,       KWH,   register(|it| it.export.total)),
    row("energy_export_t1_kwh",         Total,       KWH,   register(|it| it.export.tariffs[0])),
    row("energy_export_t2_kwh",         Total,       KWH,   register(|it| it.export.tariffs[1])),
    row("energy_export_t3_kwh",         Total,       KWH,   register(|it| it.export.tariffs[2])),
    row("energy_export_t4_kwh",         Total,       KWH,   register(|it| it.export.tariffs[3])),
    row("energy_export_t5_kwh",         Total,       KWH,   register(|it| it.export.tariffs[4])),
    row("reactive_energy_import_kvarh", Total,       KVARH, number("1-0:3.8.0")),
    row("reactive_energy_export_kvarh", Total,       KVARH, number("1-0:4.8.0")),

    // Power
    row("power_w",                      Measurement, W,     register(|it| it.power.net)),
    row("power_import_w",               Measurement, W,     register(|it| it.power.import)),
    row("power_export_w",               Measurement, W,     register(|it| it.power.export)),
    row("power_l1_w",                   Measurement, W,     register(|it| it.phases[0].power.net)),
    row("power_l2_w",                   Measurement, W,     register(|it| it.phases[1].power.net)),
    row("power_l3_w",                   Measurement, W,     register(|it| it.phases[2].power.net)),
    row("power_import_l1_w",            Measurement, W,     register(|it| it.phases[0].power.import)),
    row("power_import_l2_w",            Measurement, W,     register(|it| it.phases[1].power.import)),
    row("power_import_l3_w",            Measurement, W,     register(|it| it.phases[2].power.import)),
    row("power_export_l1_w",            Measurement, W,     register(|it| it.phases[0].power.export)),
    row("power_export_l2_w",            Measurement, W,     register(|it| it.phases[1].power.export)),
    row("power_export_l3_w",            Measurement, W,     register(|it| it.phases[2].power.export)),
    row("reactive_power_var",           Measurement, VAR,   difference("1-0:3.7.0", "1-0:4.7.0")),
    row("reactive_power_l1_var",        Measurement, VAR,   difference("1-0:23.7.0", "1-0:24.7.0")),
    row("reactive_power_l2_var",        Measurement, VAR,   difference("1-0:43.7.0", "1-0:44.7.0")),
    row("reactive_power_l3_var",        Measurement, VAR,   difference("1-0:63.7.0", "1-0:64.7.0")),
    row("apparent_power_import_va",     Measurement, VA,    number("1-0:9.7.0")),
    row("apparent_power_export_va",     Measurement, VA,    number("1-0:10.7.0")),
    row("power_factor",                 Measurement, NONE,  factor("1-0:13.7.0")),
    row("power_factor_l1",              Measurement, NONE,  factor("1-0:33.7.0")),
    row("power_factor_l2",              Measurement, NONE,  factor("1-0:53.7.0")),
    row("power_factor_l3",              Measurement, NONE,  factor("1-0:73.7.0")),
    row("frequency_hz",                 Measurement, HZ,    number("1-0:14.7.0")),
    row("voltage_l1_v",                 Measurement, V,     register(|it| it.phases[0].voltage)),
    row("voltage_l2_v",                 Measurement, V,     register(|it| it.phases[1].voltage)),
    row("voltage_l3_v",                 Measurement, V,     register(|it| it.phases[2].voltage)),
    row("current_l1_a",                 Measurement, A,     register(|it| it.phases[0].current)),
    row("current_l2_a",                 Measurement, A,     register(|it| it.phases[1].current)),
    row("current_l3_a",                 Measurement, A,     register(|it| it.phases[2].current)),

    // Peaks and limits
    row("average_power_15m_w",          Measurement, W,     number("1-0:1.4.0")),
    row("monthly_power_peak_w",         Measurement, W,     number("1-0:1.6.0")),
    row("monthly_power_peak_timestamp", Time,        NONE,  Source::Time(code("1-0:1.6.0"))),
    row("power_threshold_w",            Measurement, W,     Source::Threshold(code("0-0:17.0.0"))),
    row("power_threshold_va",           Measurement, VA,    Source::Threshold(code("0-0:17.0.0"))),
    row("fuse_threshold_a",             Measurement, A,     Source::Fuse(code("1-0:31.4.0"))),
    row("breaker_state",                State,       NONE,  whole("0-0:96.3.10")),

    // Quality of the supply
    row("any_power_fail_count",         Total,       NONE,  whole("0-0:96.7.21")),
    row("long_power_fail_count",        Total,       NONE,  whole("0-0:96.7.9")),
    row("voltage_sag_l1_count",         Total,       NONE,  whole("1-0:32.32.0")),
    row("voltage_sag_l2_count",         Total,       NONE,  whole("1-0:52.32.0")),
    row("voltage_sag_l3_count",         Total,       NONE,  whole("1-0:72.32.0")),
    row("voltage_swell_l1_count",       Total,       NONE,  whole("1-0:32.36.0")),
    row("voltage_swell_l2_count",       Total,       NONE,  whole("1-0:52.36.0")),
    row("voltage_swell_l3_count",       Total,       NONE,  whole("1-0:72.36.0")),
    row("text_message",                 Text,        NONE,  Source::Text(code("0-0:96.13.0"))),
    row("text_message_code",            Text,        NONE,  Source::Text(code("0-0:96.13.1"))),

    // Devices on the M-Bus
    row("gas_m3",                       Total,       M3,    Source::DeviceReading(&GAS)),
    row("gas_timestamp",                Time,        NONE,  Source::DeviceTime(&GAS)),
    row("gas_unique_id",                Text,        NONE,  Source::DeviceId(&GAS)),
    row("water_m3",                     Total,       M3,    Source::DeviceReading(&WATER)),
    row("water_timestamp",              Time,        NONE,  Source::DeviceTime(&WATER)),
    row("water_unique_id",              Text,        NONE,  Source::DeviceId(&WATER)),
    row("warm_water_m3",                Total,       M3,    Source::DeviceReading(&WARM_WATER)),
    row("warm_water_timestamp",         Time,        NONE,  Source::DeviceTime(&WARM_WATER)),
    row("warm_water_unique_id",         Text,        NONE,  Source::DeviceId(&WARM_WATER)),
    row("heat_gj",                      Total,       GJ,    Source::DeviceReading(&HEAT)),
    row("heat_timestamp",               Time,        NONE,  Source::DeviceTime(&HEAT)),
    row("heat_unique_id",               Text,        NONE,  Source::DeviceId(&HEAT)),
    row("inlet_heat_gj",                Total,       GJ,    Source::DeviceReading(&INLET_HEAT)),
    row("inlet_heat_timestamp",         Time,        NONE,  Source::DeviceTime(&INLET_HEAT)),
    row("inlet_heat_unique_id",         Text,        NONE,  Source::DeviceId(&INLET_HEAT)),
    row("cooling_gj",                   Total,       GJ,    Source::DeviceReading(&COOLING)),
    row("cooling_timestamp",            Time,        NONE,  Source::DeviceTime(&COOLING)),
    row("cooling_unique_id",            Text,        NONE,  Source::DeviceId(&COOLING)),
    row("submeter_energy_kwh",          Total,       KWH,   Source::DeviceReading(&SUBMETER)),
    row("submeter_energy_timestamp",    Time,        NONE,  Source::DeviceTime(&SUBMETER)),
    row("submeter_energy_unique_id",    Text,        NONE,  Source::DeviceId(&SUBMETER)),
];
