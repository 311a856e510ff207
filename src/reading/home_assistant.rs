//! What a reading is to Home Assistant: a sensor.
//!
//! Owns the words of Home Assistant's sensor platform: device and state classes, units (`m³`, not `m3`)
//! and entity categories. They follow from kind and unit; what does not is the [`Class`] in the table.

use super::{Kind, Reading, Value};
use crate::telegram::Unit;

/// The longest state that Home Assistant takes, in characters.
pub const MAX_STATE: usize = 255;

/// What Home Assistant has to know of a reading beside its kind and unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    /// `device_class`, where the unit does not tell it.
    device: Option<&'static str>,
    /// All values that there can be.
    options: &'static [&'static str],
    is_diagnostic: bool,
    /// Whether nobody sees it until they enable it.
    is_optional: bool,
    /// Whether it tells of the meter itself rather than of what it measures: no sensor.
    is_about_device: bool,
}

pub(super) const SENSOR: Class = Class {
    device: None,
    options: &[],
    is_diagnostic: false,
    is_optional: false,
    is_about_device: false,
};
pub(super) const DIAGNOSTIC: Class = Class { is_diagnostic: true, ..SENSOR };
/// What hardly anybody looks at, and what would fill the recorder of Home Assistant.
pub(super) const OPTIONAL: Class = Class { is_optional: true, ..SENSOR };
pub(super) const OPTIONAL_DIAG: Class = Class { is_optional: true, ..DIAGNOSTIC };
pub(super) const ABOUT_DEVICE: Class = Class { is_about_device: true, ..SENSOR };
pub(super) const GAS: Class = Class { device: Some("gas"), ..SENSOR };
pub(super) const WATER: Class = Class { device: Some("water"), ..SENSOR };
pub(super) const VOLUME: Class = Class { device: Some("volume"), ..SENSOR };
pub(super) const FACTOR: Class = Class { device: Some("power_factor"), ..SENSOR };
pub(super) const TARIFF: Class = Class {
    device: Some("enum"),
    options: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    ..SENSOR
};
pub(super) const BREAKER: Class =
    Class { device: Some("enum"), options: &["0", "1", "2"], ..DIAGNOSTIC };

/// A sensor of Home Assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensor {
    /// `device_class`.
    pub device_class: Option<&'static str>,
    /// `state_class`.
    pub state_class: Option<&'static str>,
    /// `unit_of_measurement`.
    pub unit: Option<&'static str>,
    /// `suggested_display_precision`, digits after the point.
    pub precision: Option<u8>,
    /// `options`: all values that there can be; none where any value can be.
    pub options: &'static [&'static str],
    /// Whether it is of interest only to those who look for a fault.
    pub is_diagnostic: bool,
    /// Whether it is disabled until somebody enables it.
    pub is_optional: bool,
}

impl Reading {
    /// The sensor of this reading; `None` for what tells of the meter itself.
    #[must_use]
    pub fn sensor(&self) -> Option<Sensor> {
        let Class { device, options, is_diagnostic, is_optional, is_about_device } = self.class;
        let (usual, precision) = match self.unit {
            Some(unit) => usual_class(unit),
            None if self.kind == Kind::Time => (Some("timestamp"), None),
            None if self.kind == Kind::Measurement => (None, Some(2)),
            None => (None, None),
        };
        let sensor = Sensor {
            device_class: device.or(usual),
            state_class: match self.kind {
                Kind::Total | Kind::Daily => Some("total_increasing"),
                Kind::Measurement => Some("measurement"),
                Kind::State | Kind::Time | Kind::Text => None,
            },
            unit: self.unit.map(|unit| match unit {
                // Refused by Home Assistant as `m3`.
                Unit::CubicMetre => "m³",
                other => other.symbol(),
            }),
            precision,
            options,
            is_diagnostic,
            is_optional,
        };
        (!is_about_device).then_some(sensor)
    }

    /// Whether its sensor can have this value: an `enum` only those that it was announced with.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        let options = self.class.options;
        options.is_empty() || options.contains(&&*value.to_string())
    }
}

/// The device class that goes with a unit, and the digits to show.
fn usual_class(unit: Unit) -> (Option<&'static str>, Option<u8>) {
    match unit {
        Unit::KiloWh | Unit::GigaJoule => (Some("energy"), Some(3)),
        Unit::KiloVarh | Unit::CubicMetre => (None, Some(3)),
        Unit::Watt => (Some("power"), Some(0)),
        Unit::Var => (Some("reactive_power"), Some(0)),
        Unit::VoltAmpere => (Some("apparent_power"), Some(0)),
        Unit::Hertz => (Some("frequency"), Some(2)),
        Unit::Volt => (Some("voltage"), Some(1)),
        Unit::Ampere => (Some("current"), None),
        Unit::Second => (Some("duration"), Some(1)),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::VOCABULARY;

    #[test]
    fn classes_are_those_that_home_assistant_takes_together() {
        for reading in VOCABULARY {
            let Some(sensor) = reading.sensor() else { continue };
            let name = reading.name;
            match sensor.device_class {
                Some("energy" | "gas" | "water" | "volume") => {
                    assert_eq!(sensor.state_class, Some("total_increasing"), "{name}");
                }
                Some("timestamp" | "enum") => assert_eq!(sensor.state_class, None, "{name}"),
                Some(_) => assert_eq!(sensor.state_class, Some("measurement"), "{name}"),
                None => {}
            }
            let is_of = |class| sensor.device_class == Some(class);
            assert_eq!(is_of("enum"), !sensor.options.is_empty(), "{name}");
            assert_eq!(is_of("timestamp"), reading.kind == Kind::Time, "{name}");
            let has_unit = reading.unit.is_some();
            assert!(
                sensor.state_class.is_some() || !has_unit,
                "{name}: a unit needs a state class"
            );
        }
    }

    #[test]
    fn no_two_readings_have_the_same_title() {
        for (at, reading) in VOCABULARY.iter().enumerate() {
            assert!(VOCABULARY[..at].iter().all(|other| other.title != reading.title));
        }
    }
}
