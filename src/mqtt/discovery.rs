//! The message by which Home Assistant finds a meter: one for the device with all its sensors.
//!
//! Owns the payload of *device discovery*, in its abbreviated keys. Which readings it announces, and when, is
//! decided in `meters`; how Home Assistant shows each reading is in the vocabulary.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::topics::{Topics, device};
use crate::reading::{Kind, MAX_STATE, Reading, Sensor};

/// What Home Assistant shows of the meter itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeviceInfo<'a> {
    /// The name in its topics.
    pub meter: &'a str,
    /// The name that its owner gave it, if any.
    pub name: Option<&'a str>,
    /// The reading `unique_id`, if there is one.
    pub serial: Option<&'a str>,
    /// The reading `meter_model`, if there is one.
    pub model: Option<&'a str>,
    /// The reading `protocol_version`, if there is one.
    pub version: Option<&'a str>,
    /// After how many seconds without a state a measurement is unknown.
    pub expire_after: u64,
}

/// The payload for a meter that has these readings, in the order of the vocabulary.
pub(super) fn payload(
    info: DeviceInfo<'_>,
    readings: &[&'static Reading],
    topics: &Topics,
) -> Vec<u8> {
    let message = message(info, readings, topics);
    // A structure of texts and numbers always becomes JSON.
    serde_json::to_vec(&message).unwrap_or_default()
}

fn message<'a>(
    info: DeviceInfo<'a>,
    readings: &'a [&'static Reading],
    topics: &Topics,
) -> Message<'a> {
    let id = device(info.meter);
    let name = info.name.map_or_else(|| "P1 meter".into(), |name| format!("P1 meter {name:.64}"));
    let DeviceInfo { serial: sn, model: mdl, version: sw, .. } = info;
    Message {
        dev: Device { ids: [id.clone()], name, sn, mdl, sw },
        o: Origin { name: "p1-multicast", sw: env!("CARGO_PKG_VERSION") },
        state_topic: topics.state(info.meter),
        availability: [topics.bridge(), topics.availability(info.meter)]
            .map(|topic| Availability { topic }),
        availability_mode: "all",
        qos: 0,
        cmps: Components { id, readings, expire_after: info.expire_after },
    }
}

#[derive(Serialize)]
struct Message<'a> {
    dev: Device<'a>,
    o: Origin,
    state_topic: String,
    availability: [Availability; 2],
    availability_mode: &'static str,
    qos: u8,
    cmps: Components<'a>,
}

#[derive(Serialize)]
struct Device<'a> {
    ids: [String; 1],
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mdl: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sw: Option<&'a str>,
}

#[derive(Serialize)]
struct Origin {
    name: &'static str,
    sw: &'static str,
}

#[derive(Serialize)]
struct Availability {
    topic: String,
}

/// The sensors by their unique ids.
struct Components<'a> {
    id: String,
    readings: &'a [&'static Reading],
    expire_after: u64,
}

impl Serialize for Components<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for reading in self.readings {
            let Some(sensor) = reading.sensor() else { continue };
            let unique_id = format!("{}_{}", self.id, reading.name);
            let component = component(&unique_id, reading, sensor, self.expire_after);
            map.serialize_entry(&unique_id, &component)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Component<'a> {
    p: &'static str,
    unique_id: &'a str,
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_of_measurement: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggested_display_precision: Option<u8>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    options: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_category: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_after: Option<u64>,
    value_template: String,
}

fn component<'a>(
    unique_id: &'a str,
    reading: &Reading,
    sensor: Sensor,
    expire_after: u64,
) -> Component<'a> {
    Component {
        p: "sensor",
        unique_id,
        name: reading.title,
        device_class: sensor.device_class,
        state_class: sensor.state_class,
        unit_of_measurement: sensor.unit,
        suggested_display_precision: sensor.precision,
        options: sensor.options,
        entity_category: sensor.is_diagnostic.then_some("diagnostic"),
        expire_after: (reading.kind == Kind::Measurement).then_some(expire_after),
        value_template: value_template(reading),
    }
}

/// How Home Assistant finds a state among the readings. One that the meter no longer sends is `None`, which is
/// *unknown* there. Without this default Home Assistant logs a warning for each absent reading.
fn value_template(reading: &Reading) -> String {
    let value = format!("value_json.{} | default('None')", reading.name);
    match reading.kind {
        // A text may be longer than a state.
        Kind::Text => format!("{{{{ ({value})[:{MAX_STATE}] }}}}"),
        _ => format!("{{{{ {value} }}}}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::reading::VOCABULARY;

    fn device_info(meter: &str) -> DeviceInfo<'_> {
        DeviceInfo {
            meter,
            name: None,
            serial: Some(meter),
            model: Some("TST5\\2ESMR5"),
            version: Some("50"),
            expire_after: 60,
        }
    }

    fn topics() -> Topics {
        Topics::new("p1", "p1mqtt-test-52001", Some("homeassistant"))
    }

    /// Every reading there is, as it is sent, with line breaks. `UPDATE_GOLDEN=1` writes the file; look
    /// at the difference.
    #[test]
    fn the_discovery_of_a_meter_that_tells_everything_is_as_it_should_be() {
        let readings: Vec<_> = VOCABULARY.iter().collect();
        let message = message(device_info("E0099000012345678"), &readings, &topics());
        let found = serde_json::to_string_pretty(&message).unwrap();
        let found = found.replace(env!("CARGO_PKG_VERSION"), "VERSION") + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mqtt-discovery.json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &found).unwrap();
        }
        assert!(found == fs::read_to_string(&path).unwrap(), "{found}");
    }

    #[test]
    fn readings_that_are_absent_and_those_of_the_device_itself_are_no_sensors() {
        let named = |name| VOCABULARY.iter().find(|reading| reading.name == name).unwrap();
        let readings = ["meter_model", "power_w"].map(named);
        let json =
            payload(DeviceInfo { model: None, ..device_info("unknown") }, &readings, &topics());
        let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let sensors: Vec<&String> = value["cmps"].as_object().unwrap().keys().collect();
        assert_eq!(sensors, ["p1_unknown_power_w"]);
        assert!(value["dev"].get("mdl").is_none());
    }
}
