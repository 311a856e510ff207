//! The metrics that Prometheus has of readings.
//!
//! Owns their names, base units and help texts (<https://prometheus.io/docs/practices/naming/>); which
//! reading is which series is in [`super::vocabulary`]. Each help text is shown alone: it must not need
//! its neighbours.

use super::Registers;
use crate::telegram::Decimal;

/// A metric: its series have one name, and labels that tell them apart.
#[derive(Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// `counter` or `gauge`.
    pub kind: &'static str,
    /// What it measures, in words.
    pub help: &'static str,
    scale: Scale,
}

/// A reading as a series of a metric.
#[derive(Debug)]
pub struct Series {
    /// The metric.
    pub metric: &'static Metric,
    /// `name="value"`, with commas between them.
    pub labels: &'static str,
    /// Whether a meter with these registers has the series; `None`: every meter.
    pub when: Option<fn(&Registers) -> bool>,
}

/// From the unit of the reading to the base unit.
#[derive(Clone, Copy, Debug)]
enum Scale {
    One,
    KiloWhToJoule,
    KiloToOne,
    GigaToOne,
}

impl Metric {
    /// A number of a reading in the base unit of the metric, exact; `None` when it does not fit.
    #[must_use]
    pub fn in_base_unit(&self, number: Decimal) -> Option<Decimal> {
        match self.scale {
            Scale::One => Some(number),
            Scale::KiloWhToJoule => number.times(3600)?.shifted(3),
            Scale::KiloToOne => number.shifted(3),
            Scale::GigaToOne => number.shifted(9),
        }
    }

    pub(super) const fn plain(&'static self) -> Series {
        self.of("")
    }

    pub(super) const fn of(&'static self, labels: &'static str) -> Series {
        Series { metric: self, labels, when: None }
    }

    /// Only of meters for whose registers `applies` is true.
    pub(super) const fn when(
        &'static self,
        applies: fn(&Registers) -> bool,
        labels: &'static str,
    ) -> Series {
        Series { metric: self, labels, when: Some(applies) }
    }
}

const fn counter(name: &'static str, scale: Scale, help: &'static str) -> Metric {
    Metric { name, kind: "counter", help, scale }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: "gauge", help, scale: Scale::One }
}

pub(super) static TELEGRAM_TIME: Metric =
    gauge("p1_telegram_timestamp_seconds", "Unix time of the telegram, by the clock of the meter.");
pub(super) static CLOCK_DRIFT: Metric =
    gauge("p1_clock_drift_seconds", "Clock of the listener less that of the meter.");
pub(super) static TARIFF: Metric = gauge("p1_tariff", "Number of the running tariff.");
pub(super) static ENERGY: Metric = counter(
    "p1_energy_joules_total",
    Scale::KiloWhToJoule,
    "Energy from and to the grid; 3.6e6 J are one kWh.",
);
pub(super) static ENERGY_TODAY: Metric = Metric {
    name: "p1_energy_today_joules",
    kind: "gauge",
    help: "Energy from and to the grid since local midnight; 3.6e6 J are one kWh.",
    scale: Scale::KiloWhToJoule,
};
pub(super) static REACTIVE_ENERGY: Metric = counter(
    "p1_reactive_energy_varh_total",
    Scale::KiloToOne,
    "Reactive energy from and to the grid.",
);
pub(super) static POWER: Metric = gauge("p1_power_watts", "Power from and to the grid.");
pub(super) static PHASE_POWER: Metric =
    gauge("p1_phase_power_watts", "Power of each phase from and to the grid.");
pub(super) static REACTIVE_POWER: Metric =
    gauge("p1_reactive_power_var", "Reactive power, import less export.");
pub(super) static PHASE_REACTIVE_POWER: Metric =
    gauge("p1_phase_reactive_power_var", "Reactive power of each phase, import less export.");
pub(super) static APPARENT_POWER: Metric =
    gauge("p1_apparent_power_voltamperes", "Apparent power from and to the grid.");
pub(super) static POWER_FACTOR: Metric =
    gauge("p1_power_factor_ratio", "Power factor of each phase; without a phase, of all together.");
pub(super) static FREQUENCY: Metric = gauge("p1_frequency_hertz", "Frequency of the grid.");
pub(super) static VOLTAGE: Metric = gauge("p1_voltage_volts", "Voltage of each phase.");
pub(super) static CURRENT: Metric = gauge("p1_current_amperes", "Current of each phase.");
pub(super) static DEMAND: Metric = gauge(
    "p1_average_demand_watts",
    "Average power from the grid in the running quarter of an hour.",
);
pub(super) static DEMAND_FORECAST: Metric = gauge(
    "p1_average_demand_forecast_watts",
    "Average power from the grid in the running quarter of an hour, if the last minute goes on.",
);
pub(super) static DEMAND_ROOM: Metric = gauge(
    "p1_average_demand_room_watts",
    "Average power from the grid that the rest of the quarter of an hour bears without a new month peak.",
);
pub(super) static MONTH_PEAK: Metric =
    gauge("p1_month_peak_watts", "Highest quarter-hour average of power from the grid this month.");
pub(super) static MONTH_PEAK_TIME: Metric = gauge(
    "p1_month_peak_timestamp_seconds",
    "Unix time of the highest quarter-hour average this month.",
);
pub(super) static POWER_LIMIT: Metric =
    gauge("p1_power_threshold_watts", "Power limit of the connection.");
pub(super) static APPARENT_POWER_LIMIT: Metric =
    gauge("p1_power_threshold_voltamperes", "Apparent power limit of the connection.");
pub(super) static CURRENT_LIMIT: Metric =
    gauge("p1_fuse_threshold_amperes", "Current limit of the connection.");
pub(super) static BREAKER: Metric =
    gauge("p1_breaker_state", "State of the breaker: 0 off, 1 on, 2 ready to be switched on.");
pub(super) static FAILURES: Metric =
    counter("p1_power_failures_total", Scale::One, "Power failures in any phase.");
pub(super) static LONG_FAILURES: Metric =
    counter("p1_long_power_failures_total", Scale::One, "Long power failures in any phase.");
pub(super) static SAGS: Metric =
    counter("p1_voltage_sags_total", Scale::One, "Voltage sags of each phase.");
pub(super) static SWELLS: Metric =
    counter("p1_voltage_swells_total", Scale::One, "Voltage swells of each phase.");
pub(super) static GAS: Metric = counter("p1_gas_cubic_meters_total", Scale::One, "Gas used.");
pub(super) static GAS_TODAY: Metric =
    gauge("p1_gas_today_cubic_meters", "Gas used since local midnight.");
pub(super) static GAS_TIME: Metric =
    gauge("p1_gas_timestamp_seconds", "Unix time of the last gas reading.");
pub(super) static WATER: Metric = counter("p1_water_cubic_meters_total", Scale::One, "Water used.");
pub(super) static WATER_TIME: Metric =
    gauge("p1_water_timestamp_seconds", "Unix time of the last water reading.");
pub(super) static WARM_WATER: Metric =
    counter("p1_warm_water_cubic_meters_total", Scale::One, "Warm water used.");
pub(super) static WARM_WATER_TIME: Metric =
    gauge("p1_warm_water_timestamp_seconds", "Unix time of the last warm water reading.");
pub(super) static HEAT: Metric =
    counter("p1_heat_joules_total", Scale::GigaToOne, "Thermal energy for heating.");
pub(super) static HEAT_VOLUME: Metric =
    counter("p1_heat_cubic_meters_total", Scale::One, "Volume of water through the heat meter.");
pub(super) static HEAT_TIME: Metric =
    gauge("p1_heat_timestamp_seconds", "Unix time of the last heat reading.");
pub(super) static INLET_HEAT: Metric = counter(
    "p1_inlet_heat_joules_total",
    Scale::GigaToOne,
    "Thermal energy for heating, measured at the inlet.",
);
pub(super) static INLET_HEAT_VOLUME: Metric = counter(
    "p1_inlet_heat_cubic_meters_total",
    Scale::One,
    "Volume of water through the heat meter at the inlet.",
);
pub(super) static INLET_HEAT_TIME: Metric =
    gauge("p1_inlet_heat_timestamp_seconds", "Unix time of the last heat reading at the inlet.");
pub(super) static COOLING: Metric =
    counter("p1_cooling_joules_total", Scale::GigaToOne, "Thermal energy for cooling.");
pub(super) static COOLING_VOLUME: Metric = counter(
    "p1_cooling_cubic_meters_total",
    Scale::One,
    "Volume of water through the cooling meter.",
);
pub(super) static COOLING_TIME: Metric =
    gauge("p1_cooling_timestamp_seconds", "Unix time of the last cooling reading.");
pub(super) static SUBMETER: Metric = counter(
    "p1_submeter_energy_joules_total",
    Scale::KiloWhToJoule,
    "Energy counted by the submeter.",
);
pub(super) static SUBMETER_TIME: Metric =
    gauge("p1_submeter_energy_timestamp_seconds", "Unix time of the last submeter reading.");
