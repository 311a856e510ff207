//! The messages by which Home Assistant finds a meter: one for the device with all its sensors, or one a sensor.
//!
//! Owns the payloads, in their abbreviated keys. `discovery: device` is one message, which Home Assistant
//! knows from 2024.12 on; `discovery: sensor` is the older way, the only one that Domoticz and older versions of
//! openHAB know. Their templates are the plainest, as these understand few. Which readings it announces, and when, is
//! decided in `meters`; how Home Assistant shows each reading is in the vocabulary.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::Publication;
use super::topics::{Topics, device};
use crate::config::Discovery;
use crate::reading::{self, Kind, MAX_STATE, Reading};

/// Where this program comes from.
const ORIGIN_URL: &str = env!("CARGO_PKG_HOMEPAGE");

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
    /// Who made the meter, if that is known.
    pub maker: Option<&'static str>,
    /// After how many seconds without a state a measurement is unknown.
    pub expire_after: u64,
}

/// What announces a meter that has these readings, in the order of the vocabulary. Nothing if discovery is off.
pub(super) fn publications(
    info: DeviceInfo<'_>,
    readings: &[&'static Reading],
    topics: &Topics,
) -> Vec<Publication> {
    let kind = topics.discovery();
    let Some((kind, topic)) = kind.zip(topics.device_discovery(info.meter)) else {
        return Vec::new();
    };
    let retained = |topic, payload| Publication { topic, payload, is_retained: true };
    match kind {
        Discovery::Device => {
            vec![retained(topic, json(&device_message(info, readings, topics)))]
        }
        Discovery::Sensor => {
            // What the broker may have kept from the other way would announce each sensor twice.
            let mut out = vec![retained(topic, Vec::new())];
            for reading in readings {
                let message = sensor_message(info, reading, topics);
                let topic = topics.sensor_discovery(info.meter, reading.name);
                if let (Some(message), Some(topic)) = (message, topic) {
                    out.push(retained(topic, json(&message)));
                }
            }
            out
        }
    }
}

/// A structure of texts and numbers always becomes JSON.
fn json(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}

fn device_message<'a>(
    info: DeviceInfo<'a>,
    readings: &'a [&'static Reading],
    topics: &Topics,
) -> DeviceMessage<'a> {
    let id = device(info.meter);
    let cmps = Components { id, readings, expire_after: info.expire_after };
    DeviceMessage { common: common(info, topics), cmps }
}

/// The message about one sensor; `None` if the reading is none.
fn sensor_message<'a>(
    info: DeviceInfo<'a>,
    reading: &Reading,
    topics: &Topics,
) -> Option<SensorMessage<'a>> {
    let unique_id = format!("{}_{}", device(info.meter), reading.name);
    let mut sensor = sensor(reading, reading.sensor()?, info.expire_after);
    sensor.value_template = format!("{{{{ value_json.{} }}}}", reading.name);
    Some(SensorMessage { common: common(info, topics), unique_id, sensor })
}

fn common<'a>(info: DeviceInfo<'a>, topics: &Topics) -> Common<'a> {
    let name = info.name.map_or_else(|| "P1 meter".into(), |name| format!("P1 meter {name:.64}"));
    let DeviceInfo { serial: sn, model: mdl, version: sw, maker: mf, .. } = info;
    Common {
        dev: Device { ids: [device(info.meter)], name, sn, mf, mdl, sw },
        o: Origin { name: "p1-multicast", sw: env!("CARGO_PKG_VERSION"), url: ORIGIN_URL },
        state_topic: topics.state(info.meter),
        availability: [topics.bridge(), topics.availability(info.meter)]
            .map(|topic| Availability { topic }),
        availability_mode: "all",
        qos: 0,
    }
}

#[derive(Serialize)]
struct DeviceMessage<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    cmps: Components<'a>,
}

#[derive(Serialize)]
struct SensorMessage<'a> {
    unique_id: String,
    #[serde(flatten)]
    sensor: Sensor,
    #[serde(flatten)]
    common: Common<'a>,
}

/// What all sensors of a meter have in common.
#[derive(Serialize)]
struct Common<'a> {
    dev: Device<'a>,
    o: Origin,
    state_topic: String,
    availability: [Availability; 2],
    availability_mode: &'static str,
    qos: u8,
}

#[derive(Serialize)]
struct Device<'a> {
    ids: [String; 1],
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mf: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mdl: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sw: Option<&'a str>,
}

#[derive(Serialize)]
struct Origin {
    name: &'static str,
    sw: &'static str,
    url: &'static str,
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
            let sensor = self::sensor(reading, sensor, self.expire_after);
            let component = Component { p: "sensor", unique_id: &unique_id, sensor };
            map.serialize_entry(&unique_id, &component)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Component<'a> {
    p: &'static str,
    unique_id: &'a str,
    #[serde(flatten)]
    sensor: Sensor,
}

#[derive(Serialize)]
struct Sensor {
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
    enabled_by_default: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_after: Option<u64>,
    value_template: String,
}

fn sensor(reading: &Reading, sensor: reading::Sensor, expire_after: u64) -> Sensor {
    Sensor {
        name: reading.title,
        device_class: sensor.device_class,
        state_class: sensor.state_class,
        unit_of_measurement: sensor.unit,
        suggested_display_precision: sensor.precision,
        options: sensor.options,
        entity_category: sensor.is_diagnostic.then_some("diagnostic"),
        enabled_by_default: sensor.is_optional.then_some(false),
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
            maker: Some("Iskraemeco"),
            expire_after: 60,
        }
    }

    fn topics(kind: Discovery) -> Topics {
        Topics::new("p1", "p1mqtt-test-52001", Some((kind, "homeassistant")))
    }

    /// Every reading there is, as it is sent, with line breaks. `UPDATE_GOLDEN=1` writes the files; look
    /// at the difference.
    #[test]
    fn the_discovery_of_a_meter_that_tells_everything_is_as_it_should_be() {
        let readings: Vec<_> = VOCABULARY.iter().collect();
        let info = device_info("E0099000012345678");
        let device = device_message(info, &readings, &topics(Discovery::Device));
        let device = serde_json::to_string_pretty(&device).unwrap() + "\n";
        let mut sensors = String::new();
        for publication in publications(info, &readings, &topics(Discovery::Sensor)) {
            let payload = String::from_utf8(publication.payload).unwrap();
            sensors += &[&publication.topic, " ", &payload, "\n"].concat();
            assert!(publication.is_retained);
        }
        for (found, file) in
            [(device, "mqtt-discovery.json"), (sensors, "mqtt-discovery-sensor.golden")]
        {
            let found = found.replace(env!("CARGO_PKG_VERSION"), "VERSION");
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&path, &found).unwrap();
            }
            assert!(found == fs::read_to_string(&path).unwrap(), "{found}");
        }
    }

    #[test]
    fn readings_that_are_absent_and_those_of_the_device_itself_are_no_sensors() {
        let named = |name| VOCABULARY.iter().find(|reading| reading.name == name).unwrap();
        let readings = ["meter_model", "power_w"].map(named);
        let info = DeviceInfo { model: None, ..device_info("unknown") };
        let sensors = publications(info, &readings, &topics(Discovery::Sensor));
        let found: Vec<&str> = sensors.iter().map(|one| one.topic.as_str()).collect();
        assert_eq!(
            found,
            [
                "homeassistant/device/p1_unknown/config",
                "homeassistant/sensor/p1_unknown/power_w/config"
            ]
        );
        let json = publications(info, &readings, &topics(Discovery::Device)).remove(0).payload;
        let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let sensors: Vec<&String> = value["cmps"].as_object().unwrap().keys().collect();
        assert_eq!(sensors, ["p1_unknown_power_w"]);
        assert!(value["dev"].get("mdl").is_none());
    }
}
