//! The loop of `p1mqtt`: telegrams in, publications out.
//!
//! Owns what follows from the configuration.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::client::Settings;
use super::connection::BrokerConnection;
use super::meters::Meters;
use super::topics::Topics;
use crate::config::Config;
use crate::history::today::DayRecords;
use crate::runtime::secret::credentials_directory;
use crate::runtime::{self, Exit, Service, Signals};
use crate::subscriber::{Selection, Subscriber};
use crate::text;
use crate::zone::HostZone;

/// The longest wait for a telegram. What happens on the connection is noticed in between.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(1);

/// The same while connecting.
const CONNECT_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The ports of brokers, without and with TLS.
const PORT: u16 = 1883;
const TLS_PORT: u16 = 8883;

/// All meters, or the one that `multicast.meter` names.
const SELECTION: Selection = Selection {
    all_meters: true,
    doing: "publishing",
    hint: " (`multicast.meter` names it)",
    is_quiet: false,
    keeps_first: false,
};

/// Runs the bridge until a signal ends it.
///
/// `reload` loads the configuration on SIGHUP, and returns `None` when it is invalid.
pub fn run(config: Config, reload: impl Fn() -> Option<Config>) -> Result<Exit, Exit> {
    let signals = Signals::install_or_log().ok_or(Exit::Io)?;
    runtime::run("p1mqtt", Session::new(config, Instant::now()), &signals, reload);
    Ok(Exit::Done)
}

struct Session {
    config: Config,
    subscriber: Subscriber,
    meters: Meters,
    broker: BrokerConnection,
}

impl Service for Session {
    type Settings = Config;

    fn description(&self) -> String {
        format!(
            "publishing from {}, every {} s",
            self.subscriber.group(),
            self.config.p1_mqtt.interval.as_secs()
        )
    }

    fn status(&self, now: Instant) -> String {
        let meters = text::count(self.meters.len() as u64, "meter");
        format!("{}; {meters}; {}", self.subscriber.status(now), self.broker.status())
    }

    fn reconfigure(&mut self, config: Config, now: Instant) {
        self.subscriber.reconfigure(&config.multicast, SELECTION, now);
        if self.config.multicast != config.multicast || self.config.p1_mqtt != config.p1_mqtt {
            self.go_offline(now);
            (self.meters, self.broker) = bridge(&config, now);
        }
        self.config = config;
    }

    /// Publishes what is due, and waits for a telegram.
    fn step(&mut self, now: Instant) -> ControlFlow<()> {
        if self.broker.step(now) {
            self.meters.republish_all(now);
        }
        if self.broker.is_online() {
            self.broker.publish(self.meters.due(now, &HostZone), now);
        }
        let timeout =
            if self.broker.is_connecting() { CONNECT_POLL_INTERVAL } else { RECEIVE_TIMEOUT };
        self.subscriber.wait(timeout, now);
        let now = Instant::now();
        if let Some(telegram) = self.subscriber.next(now) {
            self.meters.update(telegram.message, &HostZone, now);
        }
        ControlFlow::Continue(())
    }

    fn finish(mut self, now: Instant) -> String {
        let status = self.status(now);
        self.go_offline(now);
        format!(": {status}")
    }
}

impl Session {
    fn new(config: Config, now: Instant) -> Self {
        let (meters, broker) = bridge(&config, now);
        Self {
            subscriber: Subscriber::join_when_possible(&config.multicast, SELECTION, now),
            meters,
            broker,
            config,
        }
    }

    /// Publishes that all meters and this program are offline, and disconnects.
    fn go_offline(&mut self, now: Instant) {
        self.broker.publish(self.meters.offline_messages(), now);
        self.broker.close(now);
    }
}

/// What to publish, and to which broker.
fn bridge(config: &Config, now: Instant) -> (Meters, BrokerConnection) {
    let mqtt = &config.p1_mqtt;
    let client_id =
        mqtt.client_id.clone().unwrap_or_else(|| default_client_id(config.multicast.port));
    let discovery = mqtt.discovery_prefix.as_deref().map(|prefix| (mqtt.discovery, prefix));
    let topics = Topics::new(&mqtt.topic_prefix, &client_id, discovery);
    let settings = Settings {
        host: mqtt.broker.host.clone(),
        port: mqtt.broker.port.unwrap_or(if mqtt.tls { TLS_PORT } else { PORT }),
        ca_file: mqtt.tls.then(|| mqtt.ca_file.clone()),
        user: mqtt.user.clone(),
        password_file: mqtt.password_file.clone(),
        credentials: credentials_directory(),
        will_topic: topics.bridge(),
        client_id,
        has_discovery: mqtt.discovery_prefix.is_some(),
    };
    let broker = BrokerConnection::new(settings, now);
    let meters = Meters::new(topics, mqtt.interval, runtime::hostname());
    (meters.continuing(DayRecords::of(config)), broker)
}

/// Differs by host and by group, because a broker disconnects a client when another one with its id connects.
fn default_client_id(port: u16) -> String {
    let replace_others = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let host: String = runtime::hostname().chars().map(replace_others).take(64).collect();
    format!("p1mqtt-{host}-{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_client_id_is_valid_in_a_topic() {
        let id = default_client_id(52001);
        assert!(id.starts_with("p1mqtt-") && id.ends_with("-52001"), "{id}");
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{id}");
    }
}
