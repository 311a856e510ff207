//! The table of metrics: which readings are which series, in which unit.

use crate::telegram::Decimal;

/// A metric: its series have one name, and labels that tell them apart.
pub(super) struct Metric {
    pub name: &'static str,
    /// `counter` or `gauge`.
    pub kind: &'static str,
    pub help: &'static str,
    pub scale: Scale,
    pub series: &'static [Series],
}

/// A reading as a series.
pub(super) struct Series {
    pub reading: &'static str,
    pub labels: &'static str,
    /// Left out where there are readings whose names begin so: it is their sum.
    unless: Option<&'static str>,
}

impl Series {
    /// Whether it is told, where `has` says whether there are readings whose names begin so.
    pub fn applies(&self, has: impl Fn(&str) -> bool) -> bool {
        self.unless.is_none_or(|prefix| !has(prefix))
    }
}

/// From the unit of the reading to the base unit.
#[derive(Clone, Copy)]
pub(super) enum Scale {
    One,
    KiloWhToJoule,
    KiloToOne,
    GigaToOne,
}

impl Scale {
    /// Exact; `None` when it does not fit.
    pub fn apply(self, number: Decimal) -> Option<Decimal> {
        match self {
            Self::One => Some(number),
            Self::KiloWhToJoule => number.times(3600)?.shifted(3),
            Self::KiloToOne => number.shifted(3),
            Self::GigaToOne => number.shifted(9),
        }
    }
}

const fn counter(
    name: &'static str,
    help: &'static str,
    scale: Scale,
    series: &'static [Series],
) -> Metric {
    Metric { name, kind: "counter", help, scale, series }
}

const fn gauge(name: &'static str, help: &'static str, series: &'static [Series]) -> Metric {
    Metric { name, kind: "gauge", help, scale: Scale::One, series }
}

const fn one(reading: &'static str) -> Series {
    Series { reading, labels: "", unless: None }
}

const fn of(reading: &'static str, labels: &'static str) -> Series {
    Series { reading, labels, unless: None }
}

const fn sum(reading: &'static str, labels: &'static str, unless: &'static str) -> Series {
    Series { reading, labels, unless: Some(unless) }
}

/// Every metric that is made of readings.
#[rustfmt::skip]
pub(super) static METRICS: &[Metric] = &[
    gauge("p1_telegram_timestamp_seconds", "Clock of the meter.", &[one("timestamp")]),
    gauge("p1_clock_drift_seconds", "Clock of the listener less that of the meter.", &[one("clock_drift_s")]),
    gauge("p1_tariff", "The running tariff.", &[one("tariff")]),
    counter("p1_energy_joules_total", "Energy from and to the grid; 3.6e6 J are a kWh.", Scale::KiloWhToJoule, &[
        of("energy_import_t1_kwh", r#"direction="import",tariff="1""#),
        of("energy_import_t2_kwh", r#"direction="import",tariff="2""#),
        of("energy_import_t3_kwh", r#"direction="import",tariff="3""#),
        of("energy_import_t4_kwh", r#"direction="import",tariff="4""#),
        of("energy_import_t5_kwh", r#"direction="import",tariff="5""#),
        sum("energy_import_kwh", r#"direction="import""#, "energy_import_t"),
        of("energy_export_t1_kwh", r#"direction="export",tariff="1""#),
        of("energy_export_t2_kwh", r#"direction="export",tariff="2""#),
        of("energy_export_t3_kwh", r#"direction="export",tariff="3""#),
        of("energy_export_t4_kwh", r#"direction="export",tariff="4""#),
        of("energy_export_t5_kwh", r#"direction="export",tariff="5""#),
        sum("energy_export_kwh", r#"direction="export""#, "energy_export_t"),
    ]),
    counter("p1_reactive_energy_varh_total", "Reactive energy.", Scale::KiloToOne, &[
        of("reactive_energy_import_kvarh", r#"direction="import""#),
        of("reactive_energy_export_kvarh", r#"direction="export""#),
    ]),
    gauge("p1_power_watts", "Power from and to the grid.", &[
        of("power_import_w", r#"direction="import""#),
        of("power_export_w", r#"direction="export""#),
    ]),
    gauge("p1_phase_power_watts", "Power of a phase.", &[
        of("power_import_l1_w", r#"phase="l1",direction="import""#),
        of("power_export_l1_w", r#"phase="l1",direction="export""#),
        of("power_import_l2_w", r#"phase="l2",direction="import""#),
        of("power_export_l2_w", r#"phase="l2",direction="export""#),
        of("power_import_l3_w", r#"phase="l3",direction="import""#),
        of("power_export_l3_w", r#"phase="l3",direction="export""#),
    ]),
    gauge("p1_reactive_power_var", "Reactive power, import less export.", &[one("reactive_power_var")]),
    gauge("p1_phase_reactive_power_var", "Reactive power of a phase, import less export.", &[
        of("reactive_power_l1_var", r#"phase="l1""#),
        of("reactive_power_l2_var", r#"phase="l2""#),
        of("reactive_power_l3_var", r#"phase="l3""#),
    ]),
    gauge("p1_apparent_power_voltamperes", "Apparent power.", &[
        of("apparent_power_import_va", r#"direction="import""#),
        of("apparent_power_export_va", r#"direction="export""#),
    ]),
    gauge("p1_power_factor_ratio", "Power factor; without a phase that of all.", &[
        one("power_factor"),
        of("power_factor_l1", r#"phase="l1""#),
        of("power_factor_l2", r#"phase="l2""#),
        of("power_factor_l3", r#"phase="l3""#),
    ]),
    gauge("p1_frequency_hertz", "Frequency of the grid.", &[one("frequency_hz")]),
    gauge("p1_voltage_volts", "Voltage of a phase.", &[
        of("voltage_l1_v", r#"phase="l1""#),
        of("voltage_l2_v", r#"phase="l2""#),
        of("voltage_l3_v", r#"phase="l3""#),
    ]),
    gauge("p1_current_amperes", "Current of a phase.", &[
        of("current_l1_a", r#"phase="l1""#),
        of("current_l2_a", r#"phase="l2""#),
        of("current_l3_a", r#"phase="l3""#),
    ]),
    gauge("p1_average_demand_watts", "Average power of this quarter of an hour.", &[one("average_power_15m_w")]),
    gauge("p1_month_peak_watts", "The highest such average of this month.", &[one("monthly_power_peak_w")]),
    gauge("p1_month_peak_timestamp_seconds", "When that was.", &[one("monthly_power_peak_timestamp")]),
    gauge("p1_power_threshold_watts", "Limit of the power.", &[one("power_threshold_w")]),
    gauge("p1_power_threshold_voltamperes", "Limit of the apparent power.", &[one("power_threshold_va")]),
    gauge("p1_fuse_threshold_amperes", "Limit of the current.", &[one("fuse_threshold_a")]),
    gauge("p1_breaker_state", "0 off, 1 on, 2 ready to be switched on.", &[one("breaker_state")]),
    counter("p1_power_failures_total", "Power failures.", Scale::One, &[one("any_power_fail_count")]),
    counter("p1_long_power_failures_total", "Long power failures.", Scale::One, &[one("long_power_fail_count")]),
    counter("p1_voltage_sags_total", "Voltage sags of a phase.", Scale::One, &[
        of("voltage_sag_l1_count", r#"phase="l1""#),
        of("voltage_sag_l2_count", r#"phase="l2""#),
        of("voltage_sag_l3_count", r#"phase="l3""#),
    ]),
    counter("p1_voltage_swells_total", "Voltage swells of a phase.", Scale::One, &[
        of("voltage_swell_l1_count", r#"phase="l1""#),
        of("voltage_swell_l2_count", r#"phase="l2""#),
        of("voltage_swell_l3_count", r#"phase="l3""#),
    ]),
    counter("p1_gas_cubic_meters_total", "Gas.", Scale::One, &[one("gas_m3")]),
    gauge("p1_gas_timestamp_seconds", "When that was read.", &[one("gas_timestamp")]),
    counter("p1_water_cubic_meters_total", "Water.", Scale::One, &[one("water_m3")]),
    gauge("p1_water_timestamp_seconds", "When that was read.", &[one("water_timestamp")]),
    counter("p1_warm_water_cubic_meters_total", "Warm water.", Scale::One, &[one("warm_water_m3")]),
    gauge("p1_warm_water_timestamp_seconds", "When that was read.", &[one("warm_water_timestamp")]),
    counter("p1_heat_joules_total", "Heat.", Scale::GigaToOne, &[one("heat_gj")]),
    gauge("p1_heat_timestamp_seconds", "When that was read.", &[one("heat_timestamp")]),
    counter("p1_inlet_heat_joules_total", "Heat at the inlet.", Scale::GigaToOne, &[one("inlet_heat_gj")]),
    gauge("p1_inlet_heat_timestamp_seconds", "When that was read.", &[one("inlet_heat_timestamp")]),
    counter("p1_cooling_joules_total", "Cold.", Scale::GigaToOne, &[one("cooling_gj")]),
    gauge("p1_cooling_timestamp_seconds", "When that was read.", &[one("cooling_timestamp")]),
    counter("p1_submeter_energy_joules_total", "Energy of a submeter.", Scale::KiloWhToJoule, &[one("submeter_energy_kwh")]),
    gauge("p1_submeter_energy_timestamp_seconds", "When that was read.", &[one("submeter_energy_timestamp")]),
];
