//! The vocabulary: a line a reading, with its name, kind, unit and source, its title and class in Home
//! Assistant, and its metric in Prometheus.
//!
//! A reading that is added here is in every program; p1cat(1) has to list it, too. Names are quantity,
//! direction, phase or tariff, unit; `import` is what the customer takes from the grid, `export` what
//! they give. They never change.

use super::Kind::{Daily, Measurement, State, Text, Time, Total};
use super::derive::Source;
use super::device::Family;
use super::home_assistant::{
    ABOUT_DEVICE, BREAKER, Class, DIAGNOSTIC, FACTOR, OPTIONAL, OPTIONAL_DIAG, SENSOR, TARIFF,
    VOLUME,
};
use super::metric::Series;
use super::{Derived, Kind, Reading, Registers, home_assistant, metric, texts};
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

/// Some heat meters send the volume of the water, and not its energy.
const THERMAL: &[Unit] = &[Unit::GigaJoule, Unit::CubicMetre];

const TARIFF_CODES: &[Obis] = &[code("0-0:96.14.0"), code("0-0:96.14.1")];
/// The second one is Hungarian, the third one of DSMR 2.2.
const BREAKER_CODES: &[Obis] = &[code("0-0:96.3.10"), code("0-0:96.50.68"), code("0-0:24.4.0")];

static GAS: Family = Family { types: &[3], units: &[Unit::CubicMetre] };
static WATER: Family = Family { types: &[7, 22], units: &[Unit::CubicMetre] };
static WARM_WATER: Family = Family { types: &[6, 21], units: &[Unit::CubicMetre] };
static HEAT: Family = Family { types: &[4, 13], units: THERMAL };
static INLET_HEAT: Family = Family { types: &[12], units: THERMAL };
static COOLING: Family = Family { types: &[10, 11], units: THERMAL };
static SUBMETER: Family = Family { types: &[2], units: &[Unit::KiloWh] };

const fn row(
    name: &'static str,
    kind: Kind,
    unit: Option<Unit>,
    source: Source,
    title: &'static str,
    class: Class,
    series: Option<Series>,
) -> Reading {
    Reading { name, kind, unit, source, title, class, series }
}

const fn code(text: &str) -> Obis {
    Obis::literal(text)
}

const fn number(text: &str) -> Source {
    Source::Number(code(text))
}

const fn state(codes: &'static [Obis], read: fn(&str) -> Option<Decimal>) -> Source {
    Source::State(codes, read)
}

const fn register(of: fn(&Registers) -> Option<Decimal>) -> Source {
    Source::Registers(of)
}

const fn derived(of: fn(&Derived) -> Option<Decimal>) -> Source {
    Source::Derived(of)
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
    row("meter_model",                   Text,        NONE,  Source::Model,                                   "Model",                       ABOUT_DEVICE,  None),
    row("protocol_version",              Text,        NONE,  Source::Version(&[code("1-3:0.2.8"), code("0-0:96.1.4")]),"Protocol version",            ABOUT_DEVICE,  None),
    row("unique_id",                     Text,        NONE,  Source::UniqueId,                                "Equipment identifier",        ABOUT_DEVICE,  None),
    row("timestamp",                     Time,        NONE,  Source::Timestamp,                               "Meter clock",                 OPTIONAL_DIAG, Some(metric::TELEGRAM_TIME.plain())),
    row("clock_drift_s",                 Measurement, S,     Source::ClockDrift,                              "Clock drift",                 OPTIONAL_DIAG, Some(metric::CLOCK_DRIFT.plain())),
    row("tariff",                        State,       NONE,  state(TARIFF_CODES, texts::tariff),             "Tariff",                      TARIFF,        Some(metric::TARIFF.plain())),

    // Energy
    row("energy_import_kwh",             Total,       KWH,   register(|it| it.import.total),                  "Energy import",               SENSOR,        Some(metric::ENERGY.when(|it| !it.import.is_split, r#"direction="import""#))),
    row("energy_import_t1_kwh",          Total,       KWH,   register(|it| it.import.tariffs[0]),             "Energy import T1",            SENSOR,        Some(metric::ENERGY.when(|it| it.import.is_split, r#"direction="import",tariff="1""#))),
    row("energy_import_t2_kwh",          Total,       KWH,   register(|it| it.import.tariffs[1]),             "Energy import T2",            SENSOR,        Some(metric::ENERGY.when(|it| it.import.is_split, r#"direction="import",tariff="2""#))),
    row("energy_import_t3_kwh",          Total,       KWH,   register(|it| it.import.tariffs[2]),             "Energy import T3",            SENSOR,        Some(metric::ENERGY.when(|it| it.import.is_split, r#"direction="import",tariff="3""#))),
    row("energy_import_t4_kwh",          Total,       KWH,   register(|it| it.import.tariffs[3]),             "Energy import T4",            SENSOR,        Some(metric::ENERGY.when(|it| it.import.is_split, r#"direction="import",tariff="4""#))),
    row("energy_import_t5_kwh",          Total,       KWH,   register(|it| it.import.tariffs[4]),             "Energy import T5",            SENSOR,        Some(metric::ENERGY.when(|it| it.import.is_split, r#"direction="import",tariff="5""#))),
    row("energy_import_t6_kwh",          Total,       KWH,   register(|it| it.import.tariffs[5]),             "Energy import T6",            SENSOR,        Some(metric::ENERGY.when(|it| it.import.is_split, r#"direction="import",tariff="6""#))),
    row("energy_import_t7_kwh",          Total,       KWH,   register(|it| it.import.tariffs[6]),             "Energy import T7",            SENSOR,        Some(metric::ENERGY.when(|it| it.import.is_split, r#"direction="import",tariff="7""#))),
    row("energy_import_t8_kwh",          Total,       KWH,   register(|it| it.import.tariffs[7]),             "Energy import T8",            SENSOR,        Some(metric::ENERGY.when(|it| it.import.is_split, r#"direction="import",tariff="8""#))),
    row("energy_export_kwh",             Total,       KWH,   register(|it| it.export.total),                  "Energy export",               SENSOR,        Some(metric::ENERGY.when(|it| !it.export.is_split, r#"direction="export""#))),
    row("energy_export_t1_kwh",          Total,       KWH,   register(|it| it.export.tariffs[0]),             "Energy export T1",            SENSOR,        Some(metric::ENERGY.when(|it| it.export.is_split, r#"direction="export",tariff="1""#))),
    row("energy_export_t2_kwh",          Total,       KWH,   register(|it| it.export.tariffs[1]),             "Energy export T2",            SENSOR,        Some(metric::ENERGY.when(|it| it.export.is_split, r#"direction="export",tariff="2""#))),
    row("energy_export_t3_kwh",          Total,       KWH,   register(|it| it.export.tariffs[2]),             "Energy export T3",            SENSOR,        Some(metric::ENERGY.when(|it| it.export.is_split, r#"direction="export",tariff="3""#))),
    row("energy_export_t4_kwh",          Total,       KWH,   register(|it| it.export.tariffs[3]),             "Energy export T4",            SENSOR,        Some(metric::ENERGY.when(|it| it.export.is_split, r#"direction="export",tariff="4""#))),
    row("energy_export_t5_kwh",          Total,       KWH,   register(|it| it.export.tariffs[4]),             "Energy export T5",            SENSOR,        Some(metric::ENERGY.when(|it| it.export.is_split, r#"direction="export",tariff="5""#))),
    row("energy_export_t6_kwh",          Total,       KWH,   register(|it| it.export.tariffs[5]),             "Energy export T6",            SENSOR,        Some(metric::ENERGY.when(|it| it.export.is_split, r#"direction="export",tariff="6""#))),
    row("energy_export_t7_kwh",          Total,       KWH,   register(|it| it.export.tariffs[6]),             "Energy export T7",            SENSOR,        Some(metric::ENERGY.when(|it| it.export.is_split, r#"direction="export",tariff="7""#))),
    row("energy_export_t8_kwh",          Total,       KWH,   register(|it| it.export.tariffs[7]),             "Energy export T8",            SENSOR,        Some(metric::ENERGY.when(|it| it.export.is_split, r#"direction="export",tariff="8""#))),
    row("energy_import_today_kwh",       Daily,       KWH,   derived(|it| it.import_today),                    "Energy import today",         SENSOR,        Some(metric::ENERGY_TODAY.of(r#"direction="import""#))),
    row("energy_export_today_kwh",       Daily,       KWH,   derived(|it| it.export_today),                    "Energy export today",         SENSOR,        Some(metric::ENERGY_TODAY.of(r#"direction="export""#))),
    row("reactive_energy_import_kvarh",  Total,       KVARH, number("1-0:3.8.0"),                             "Reactive energy import",      SENSOR,        Some(metric::REACTIVE_ENERGY.of(r#"direction="import""#))),
    row("reactive_energy_export_kvarh",  Total,       KVARH, number("1-0:4.8.0"),                             "Reactive energy export",      SENSOR,        Some(metric::REACTIVE_ENERGY.of(r#"direction="export""#))),

    // Power
    row("power_w",                       Measurement, W,     register(|it| it.power.net),                     "Power",                       SENSOR,        None),
    row("power_import_w",                Measurement, W,     register(|it| it.power.import),                  "Power import",                SENSOR,        Some(metric::POWER.of(r#"direction="import""#))),
    row("power_export_w",                Measurement, W,     register(|it| it.power.export),                  "Power export",                SENSOR,        Some(metric::POWER.of(r#"direction="export""#))),
    row("power_l1_w",                    Measurement, W,     register(|it| it.phases[0].power.net),           "Power L1",                    SENSOR,        None),
    row("power_l2_w",                    Measurement, W,     register(|it| it.phases[1].power.net),           "Power L2",                    SENSOR,        None),
    row("power_l3_w",                    Measurement, W,     register(|it| it.phases[2].power.net),           "Power L3",                    SENSOR,        None),
    row("power_import_l1_w",             Measurement, W,     register(|it| it.phases[0].power.import),        "Power import L1",             OPTIONAL,      Some(metric::PHASE_POWER.of(r#"phase="l1",direction="import""#))),
    row("power_import_l2_w",             Measurement, W,     register(|it| it.phases[1].power.import),        "Power import L2",             OPTIONAL,      Some(metric::PHASE_POWER.of(r#"phase="l2",direction="import""#))),
    row("power_import_l3_w",             Measurement, W,     register(|it| it.phases[2].power.import),        "Power import L3",             OPTIONAL,      Some(metric::PHASE_POWER.of(r#"phase="l3",direction="import""#))),
    row("power_export_l1_w",             Measurement, W,     register(|it| it.phases[0].power.export),        "Power export L1",             OPTIONAL,      Some(metric::PHASE_POWER.of(r#"phase="l1",direction="export""#))),
    row("power_export_l2_w",             Measurement, W,     register(|it| it.phases[1].power.export),        "Power export L2",             OPTIONAL,      Some(metric::PHASE_POWER.of(r#"phase="l2",direction="export""#))),
    row("power_export_l3_w",             Measurement, W,     register(|it| it.phases[2].power.export),        "Power export L3",             OPTIONAL,      Some(metric::PHASE_POWER.of(r#"phase="l3",direction="export""#))),
    row("reactive_power_var",            Measurement, VAR,   difference("1-0:3.7.0", "1-0:4.7.0"),            "Reactive power",              SENSOR,        Some(metric::REACTIVE_POWER.plain())),
    row("reactive_power_l1_var",         Measurement, VAR,   difference("1-0:23.7.0", "1-0:24.7.0"),          "Reactive power L1",           SENSOR,        Some(metric::PHASE_REACTIVE_POWER.of(r#"phase="l1""#))),
    row("reactive_power_l2_var",         Measurement, VAR,   difference("1-0:43.7.0", "1-0:44.7.0"),          "Reactive power L2",           SENSOR,        Some(metric::PHASE_REACTIVE_POWER.of(r#"phase="l2""#))),
    row("reactive_power_l3_var",         Measurement, VAR,   difference("1-0:63.7.0", "1-0:64.7.0"),          "Reactive power L3",           SENSOR,        Some(metric::PHASE_REACTIVE_POWER.of(r#"phase="l3""#))),
    row("apparent_power_import_va",      Measurement, VA,    number("1-0:9.7.0"),                             "Apparent power import",       SENSOR,        Some(metric::APPARENT_POWER.of(r#"direction="import""#))),
    row("apparent_power_export_va",      Measurement, VA,    number("1-0:10.7.0"),                            "Apparent power export",       SENSOR,        Some(metric::APPARENT_POWER.of(r#"direction="export""#))),
    row("power_factor",                  Measurement, NONE,  factor("1-0:13.7.0"),                            "Power factor",                FACTOR,        Some(metric::POWER_FACTOR.plain())),
    row("power_factor_l1",               Measurement, NONE,  factor("1-0:33.7.0"),                            "Power factor L1",             FACTOR,        Some(metric::POWER_FACTOR.of(r#"phase="l1""#))),
    row("power_factor_l2",               Measurement, NONE,  factor("1-0:53.7.0"),                            "Power factor L2",             FACTOR,        Some(metric::POWER_FACTOR.of(r#"phase="l2""#))),
    row("power_factor_l3",               Measurement, NONE,  factor("1-0:73.7.0"),                            "Power factor L3",             FACTOR,        Some(metric::POWER_FACTOR.of(r#"phase="l3""#))),
    row("frequency_hz",                  Measurement, HZ,    number("1-0:14.7.0"),                            "Frequency",                   SENSOR,        Some(metric::FREQUENCY.plain())),
    row("voltage_l1_v",                  Measurement, V,     register(|it| it.phases[0].voltage),             "Voltage L1",                  SENSOR,        Some(metric::VOLTAGE.of(r#"phase="l1""#))),
    row("voltage_l2_v",                  Measurement, V,     register(|it| it.phases[1].voltage),             "Voltage L2",                  SENSOR,        Some(metric::VOLTAGE.of(r#"phase="l2""#))),
    row("voltage_l3_v",                  Measurement, V,     register(|it| it.phases[2].voltage),             "Voltage L3",                  SENSOR,        Some(metric::VOLTAGE.of(r#"phase="l3""#))),
    row("current_l1_a",                  Measurement, A,     register(|it| it.phases[0].current),             "Current L1",                  SENSOR,        Some(metric::CURRENT.of(r#"phase="l1""#))),
    row("current_l2_a",                  Measurement, A,     register(|it| it.phases[1].current),             "Current L2",                  SENSOR,        Some(metric::CURRENT.of(r#"phase="l2""#))),
    row("current_l3_a",                  Measurement, A,     register(|it| it.phases[2].current),             "Current L3",                  SENSOR,        Some(metric::CURRENT.of(r#"phase="l3""#))),

    // Peaks and limits
    row("average_power_15m_w",           Measurement, W,     register(|it| it.average_power_15m),                          "Average power 15 min",        SENSOR,        Some(metric::DEMAND.plain())),
    row("average_power_15m_forecast_w",  Measurement, W,     derived(|it| it.quarter_hour.map(|it| it.forecast().into())),"Average power 15 min forecast",SENSOR,        Some(metric::DEMAND_FORECAST.plain())),
    row("average_power_15m_room_w",      Measurement, W,     Source::Room(code("1-0:1.6.0")),                  "Average power 15 min room",   SENSOR,        Some(metric::DEMAND_ROOM.plain())),
    row("monthly_power_peak_w",          Measurement, W,     number("1-0:1.6.0"),                             "Monthly power peak",          SENSOR,        Some(metric::MONTH_PEAK.plain())),
    row("monthly_power_peak_timestamp",  Time,        NONE,  Source::Time(code("1-0:1.6.0")),                 "Monthly power peak time",     SENSOR,        Some(metric::MONTH_PEAK_TIME.plain())),
    row("power_threshold_w",             Measurement, W,     Source::Threshold(code("0-0:17.0.0")),           "Power threshold",             DIAGNOSTIC,    Some(metric::POWER_LIMIT.plain())),
    row("power_threshold_va",            Measurement, VA,    Source::Threshold(code("0-0:17.0.0")),           "Apparent power threshold",    DIAGNOSTIC,    Some(metric::APPARENT_POWER_LIMIT.plain())),
    row("fuse_threshold_a",              Measurement, A,     Source::Fuse(code("1-0:31.4.0")),                "Fuse threshold",              DIAGNOSTIC,    Some(metric::CURRENT_LIMIT.plain())),
    row("breaker_state",                 State,       NONE,  state(BREAKER_CODES, texts::breaker),                            "Breaker state",               BREAKER,       Some(metric::BREAKER.plain())),

    // Quality of the supply
    row("any_power_fail_count",          Total,       NONE,  whole("0-0:96.7.21"),                            "Power failures",              DIAGNOSTIC,    Some(metric::FAILURES.plain())),
    row("long_power_fail_count",         Total,       NONE,  whole("0-0:96.7.9"),                             "Long power failures",         DIAGNOSTIC,    Some(metric::LONG_FAILURES.plain())),
    row("voltage_sag_l1_count",          Total,       NONE,  whole("1-0:32.32.0"),                            "Voltage sags L1",             OPTIONAL_DIAG, Some(metric::SAGS.of(r#"phase="l1""#))),
    row("voltage_sag_l2_count",          Total,       NONE,  whole("1-0:52.32.0"),                            "Voltage sags L2",             OPTIONAL_DIAG, Some(metric::SAGS.of(r#"phase="l2""#))),
    row("voltage_sag_l3_count",          Total,       NONE,  whole("1-0:72.32.0"),                            "Voltage sags L3",             OPTIONAL_DIAG, Some(metric::SAGS.of(r#"phase="l3""#))),
    row("voltage_swell_l1_count",        Total,       NONE,  whole("1-0:32.36.0"),                            "Voltage swells L1",           OPTIONAL_DIAG, Some(metric::SWELLS.of(r#"phase="l1""#))),
    row("voltage_swell_l2_count",        Total,       NONE,  whole("1-0:52.36.0"),                            "Voltage swells L2",           OPTIONAL_DIAG, Some(metric::SWELLS.of(r#"phase="l2""#))),
    row("voltage_swell_l3_count",        Total,       NONE,  whole("1-0:72.36.0"),                            "Voltage swells L3",           OPTIONAL_DIAG, Some(metric::SWELLS.of(r#"phase="l3""#))),
    row("text_message",                  Text,        NONE,  Source::Text(code("0-0:96.13.0")),               "Text message",                DIAGNOSTIC,    None),
    row("text_message_code",             Text,        NONE,  Source::Text(code("0-0:96.13.1")),               "Text message code",           OPTIONAL_DIAG, None),

    // Devices on the M-Bus
    row("gas_m3",                        Total,       M3,    Source::DeviceReading(&GAS),                     "Gas",                         home_assistant::GAS,           Some(metric::GAS.plain())),
    row("gas_today_m3",                  Daily,       M3,    derived(|it| it.gas_today),                       "Gas today",                   home_assistant::GAS,Some(metric::GAS_TODAY.plain())),
    row("gas_timestamp",                 Time,        NONE,  Source::DeviceTime(&GAS),                        "Gas reading time",            OPTIONAL_DIAG, Some(metric::GAS_TIME.plain())),
    row("gas_unique_id",                 Text,        NONE,  Source::DeviceId(&GAS),                          "Gas meter identifier",        OPTIONAL_DIAG, None),
    row("water_m3",                      Total,       M3,    Source::DeviceReading(&WATER),                   "Water",                       home_assistant::WATER,         Some(metric::WATER.plain())),
    row("water_timestamp",               Time,        NONE,  Source::DeviceTime(&WATER),                      "Water reading time",          OPTIONAL_DIAG, Some(metric::WATER_TIME.plain())),
    row("water_unique_id",               Text,        NONE,  Source::DeviceId(&WATER),                        "Water meter identifier",      OPTIONAL_DIAG, None),
    row("warm_water_m3",                 Total,       M3,    Source::DeviceReading(&WARM_WATER),              "Warm water",                  home_assistant::WATER,         Some(metric::WARM_WATER.plain())),
    row("warm_water_timestamp",          Time,        NONE,  Source::DeviceTime(&WARM_WATER),                 "Warm water reading time",     OPTIONAL_DIAG, Some(metric::WARM_WATER_TIME.plain())),
    row("warm_water_unique_id",          Text,        NONE,  Source::DeviceId(&WARM_WATER),                   "Warm water meter identifier", OPTIONAL_DIAG, None),
    row("heat_gj",                       Total,       GJ,    Source::DeviceReading(&HEAT),                    "Heat",                        SENSOR,        Some(metric::HEAT.plain())),
    row("heat_m3",                       Total,       M3,    Source::DeviceReading(&HEAT),                    "Heat volume",                 VOLUME,        Some(metric::HEAT_VOLUME.plain())),
    row("heat_timestamp",                Time,        NONE,  Source::DeviceTime(&HEAT),                       "Heat reading time",           OPTIONAL_DIAG, Some(metric::HEAT_TIME.plain())),
    row("heat_unique_id",                Text,        NONE,  Source::DeviceId(&HEAT),                         "Heat meter identifier",       OPTIONAL_DIAG, None),
    row("inlet_heat_gj",                 Total,       GJ,    Source::DeviceReading(&INLET_HEAT),              "Inlet heat",                  SENSOR,        Some(metric::INLET_HEAT.plain())),
    row("inlet_heat_m3",                 Total,       M3,    Source::DeviceReading(&INLET_HEAT),              "Inlet heat volume",           VOLUME,        Some(metric::INLET_HEAT_VOLUME.plain())),
    row("inlet_heat_timestamp",          Time,        NONE,  Source::DeviceTime(&INLET_HEAT),                 "Inlet heat reading time",     OPTIONAL_DIAG, Some(metric::INLET_HEAT_TIME.plain())),
    row("inlet_heat_unique_id",          Text,        NONE,  Source::DeviceId(&INLET_HEAT),                   "Inlet heat meter identifier", OPTIONAL_DIAG, None),
    row("cooling_gj",                    Total,       GJ,    Source::DeviceReading(&COOLING),                 "Cooling",                     SENSOR,        Some(metric::COOLING.plain())),
    row("cooling_m3",                    Total,       M3,    Source::DeviceReading(&COOLING),                 "Cooling volume",              VOLUME,        Some(metric::COOLING_VOLUME.plain())),
    row("cooling_timestamp",             Time,        NONE,  Source::DeviceTime(&COOLING),                    "Cooling reading time",        OPTIONAL_DIAG, Some(metric::COOLING_TIME.plain())),
    row("cooling_unique_id",             Text,        NONE,  Source::DeviceId(&COOLING),                      "Cooling meter identifier",    OPTIONAL_DIAG, None),
    row("submeter_energy_kwh",           Total,       KWH,   Source::DeviceReading(&SUBMETER),                "Submeter energy",             SENSOR,        Some(metric::SUBMETER.plain())),
    row("submeter_energy_timestamp",     Time,        NONE,  Source::DeviceTime(&SUBMETER),                   "Submeter reading time",       OPTIONAL_DIAG, Some(metric::SUBMETER_TIME.plain())),
    row("submeter_energy_unique_id",     Text,        NONE,  Source::DeviceId(&SUBMETER),                     "Submeter identifier",         OPTIONAL_DIAG, None),
];
