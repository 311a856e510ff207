//! The names of the topics, and the payloads of those with a fixed one.
//!
//! ```text
//! p1/METER/state                        the readings of a meter, JSON
//! p1/METER/availability                 online, offline
//! p1/bridge/CLIENT/availability         the same of this program; the broker's last will
//! homeassistant/device/p1_METER/config  the discovery of a meter
//! homeassistant/sensor/p1_METER/READING/config  with `discovery: sensor`, that of each sensor
//! homeassistant/status                  whether Home Assistant runs: online, offline
//! ```
//!
//! The names of meters are fit for this ([`crate::message::Message::meter_or_source_name`]), and
//! the prefixes and the client are checked with the configuration.

use crate::config::Discovery;

/// Where Home Assistant announces that it has started, whatever its discovery prefix is.
pub(super) const BIRTH: &str = "homeassistant/status";

/// The payload for a meter, or this program, whose data come in. Home Assistant uses the same.
pub(super) const ONLINE: &str = "online";

/// The payload for one whose data do not.
pub(super) const OFFLINE: &str = "offline";

/// The topics of one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topics {
    prefix: String,
    client: String,
    discovery: Option<(Discovery, String)>,
}

impl Topics {
    /// The topics below `prefix`, of the program that the broker knows as `client`; and how and below which
    /// prefix meters are announced.
    pub fn new(prefix: &str, client: &str, discovery: Option<(Discovery, &str)>) -> Self {
        let [prefix, client] = [prefix, client].map(str::to_owned);
        let discovery = discovery.map(|(kind, prefix)| (kind, prefix.to_owned()));
        Self { prefix, client, discovery }
    }

    /// The readings of a meter.
    pub fn state(&self, meter: &str) -> String {
        format!("{}/{meter}/state", self.prefix)
    }

    /// Whether a meter's telegrams come in.
    pub fn availability(&self, meter: &str) -> String {
        format!("{}/{meter}/availability", self.prefix)
    }

    /// Whether this program is connected. It has one level more than the topics of a meter, so that none can
    /// be called like it.
    pub fn bridge(&self) -> String {
        format!("{}/bridge/{}/availability", self.prefix, self.client)
    }

    /// How meters are announced; `None` when they are not.
    pub fn discovery(&self) -> Option<Discovery> {
        self.discovery.as_ref().map(|(kind, _)| *kind)
    }

    /// The discovery of a meter; `None` when that is off.
    pub fn device_discovery(&self, meter: &str) -> Option<String> {
        let (_, prefix) = self.discovery.as_ref()?;
        Some(format!("{prefix}/device/{}/config", device(meter)))
    }

    /// The discovery of one sensor of a meter; `None` when that is off.
    pub fn sensor_discovery(&self, meter: &str, reading: &str) -> Option<String> {
        let (_, prefix) = self.discovery.as_ref()?;
        Some(format!("{prefix}/sensor/{}/{reading}/config", device(meter)))
    }
}

/// What Home Assistant knows a meter by.
pub(super) fn device(meter: &str) -> String {
    format!("p1_{meter}")
}
