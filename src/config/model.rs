//! The settings and their defaults, in the types that the programs use.
//!
//! Reads nothing: the parent module does.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::multicast::Interface;
use crate::telegram::{MeterZone, Policy};
use crate::words::Language;

/// All settings. The default is what an empty file gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The meter's port.
    pub p1_listener: P1Listener,
    /// The multicast group, for senders and receivers.
    pub multicast: Multicast,
    /// What the outputs of the recorder have in common.
    pub p1_reader: P1Reader,
    /// The file with every telegram.
    pub p1_reader_details: FileOutput,
    /// The 5-minute records for importers.
    pub p1_reader_interval: FileOutput,
    /// The 5-minute records of a day.
    pub p1_reader_day: FileOutput,
    /// Every register each five minutes, kept for years.
    pub p1_reader_history: FileOutput,
    /// The HTML page.
    pub html_report: HtmlReport,
    /// The condensed log of a week.
    pub weekly_log: WeeklyLog,
    /// The terminal dashboard.
    pub p1_dashboard: P1Dashboard,
    /// The bridge to an MQTT broker.
    pub p1_mqtt: P1Mqtt,
    /// The energy meter for battery controllers, chargers and inverters.
    pub p1_emeter: P1Emeter,
}

impl Config {
    /// The files of the outputs, with their placeholders.
    pub(crate) fn filenames_mut(&mut self) -> [&mut PathBuf; 6] {
        [
            &mut self.p1_reader_details.filename,
            &mut self.p1_reader_interval.filename,
            &mut self.p1_reader_day.filename,
            &mut self.html_report.filename,
            &mut self.p1_reader_history.filename,
            &mut self.weekly_log.filename,
        ]
    }

    /// The six outputs: name of the section, whether it is enabled, and its file name.
    pub(crate) fn outputs(&self) -> [(&'static str, bool, &Path); 6] {
        let details = &self.p1_reader_details;
        let interval = &self.p1_reader_interval;
        let day = &self.p1_reader_day;
        let history = &self.p1_reader_history;
        let html = &self.html_report;
        let weekly = &self.weekly_log;
        [
            ("p1_reader_details", details.enabled, &details.filename),
            ("p1_reader_interval", interval.enabled, &interval.filename),
            ("p1_reader_day", day.enabled, &day.filename),
            ("p1_reader_history", history.enabled, &history.filename),
            ("html_report", html.enabled, &html.filename),
            ("weekly_log", weekly.enabled, &weekly.filename),
        ]
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            p1_listener: P1Listener::default(),
            multicast: Multicast::default(),
            p1_reader: P1Reader::default(),
            p1_reader_details: FileOutput::new("p1_reader_details-DAY.csv", 600, None),
            p1_reader_interval: FileOutput::new("p1_reader_interval-PERIOD.csv", 1200, Some(90)),
            p1_reader_day: FileOutput::new("p1_reader_day-DAY.csv", 3600, None),
            p1_reader_history: FileOutput::new("p1_reader_history-YEAR.csv", 1200, None),
            html_report: HtmlReport::default(),
            weekly_log: WeeklyLog::default(),
            p1_dashboard: P1Dashboard::default(),
            p1_mqtt: P1Mqtt::default(),
            p1_emeter: P1Emeter::default(),
        }
    }
}

/// The section `p1_listener`: where telegrams come from.
#[derive(Clone, Debug, PartialEq)]
pub struct P1Listener {
    /// A serial device, a FIFO, a file, `tcp://HOST:PORT`, `auto` (the only USB serial adapter) or `-`
    /// (the standard input).
    pub port: String,
    /// Bits per second of a serial device, 300 to 921600. Without it, the listener finds the speed.
    pub baud_rate: Option<u32>,
    /// The bits of a byte on a serial line.
    pub format: LineFormat,
    /// What to do with telegrams whose checksum is wrong or missing.
    pub checksum: Policy,
    /// The zone of the meter's clock. Without it, the header of the telegram decides.
    pub time_zone: Option<MeterZone>,
    /// The listener warns when no telegram came for this long, 1 s to one day.
    pub silence: Duration,
    /// The `source` in the datagrams. Without it: the name of the host.
    pub name: Option<String>,
    /// Absolute path of a file with the decryption key of the meter only.
    pub decryption_key_file: Option<PathBuf>,
    /// Absolute path of a file with its authentication key only.
    pub authentication_key_file: Option<PathBuf>,
}

impl Default for P1Listener {
    fn default() -> Self {
        Self {
            port: "/dev/ttyUSB0".to_owned(),
            baud_rate: None,
            format: LineFormat::Ten,
            checksum: Policy::Auto,
            time_zone: None,
            silence: Duration::from_secs(30),
            name: None,
            decryption_key_file: None,
            authentication_key_file: None,
        }
    }
}

/// The bits of a byte on a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineFormat {
    /// Ten: 8N1, or 7E1, whose parity bit the framer recognises.
    #[default]
    Ten,
    /// Eleven: 8E1, of meters that push binary data.
    Eleven,
}

/// The section `multicast`: the datagrams on the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Multicast {
    /// The group; always a multicast address.
    pub address: IpAddr,
    /// UDP port of the JSON datagrams, never 0.
    pub port: u16,
    /// Time to live: 0 keeps datagrams on this host, 1 on the local network.
    pub ttl: u8,
    /// The network interface. Without it the program chooses. Its address is of the group's family.
    pub interface: Option<Interface>,
    /// UDP port of the raw telegrams, never 0 or equal to `port`. `None` is off.
    pub raw_port: Option<u16>,
    /// Hosts that get unicast copies of the JSON datagrams: `host:port` or `[v6]:port`.
    pub also_to: Vec<String>,
    /// Equipment id of the meter that readers follow. Without it: the first one heard.
    pub meter: Option<String>,
    /// Name or address of the listener that readers follow. Without it: the first one heard.
    pub source: Option<String>,
    /// Absolute path of the file with the key that telegrams are signed with.
    pub key_file: Option<PathBuf>,
}

impl Default for Multicast {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::new(224, 7, 2, 1)),
            port: 52001,
            ttl: 1,
            interface: None,
            raw_port: Some(52002),
            also_to: Vec::new(),
            meter: None,
            source: None,
            key_file: None,
        }
    }
}

/// The section `p1_reader`.
#[derive(Clone, Debug, PartialEq)]
pub struct P1Reader {
    /// Megabytes (10⁶ bytes) of a disk that stay free; 0 means no limit.
    pub min_free: u32,
}

impl Default for P1Reader {
    fn default() -> Self {
        Self { min_free: 100 }
    }
}

/// The sections `p1_reader_details`, `p1_reader_interval`, `p1_reader_day` and `p1_reader_history`.
#[derive(Clone, Debug, PartialEq)]
pub struct FileOutput {
    /// Whether the output is written.
    pub enabled: bool,
    /// Absolute path. Its last component has `DAY`, `PERIOD` or `YEAR`.
    pub filename: PathBuf,
    /// Time between writes to disk, 1 s to one day.
    pub flush_period: Duration,
    /// Files older than this many days are deleted. `None` keeps them, and the history always is.
    pub keep_days: Option<u32>,
    /// Files that have been too old for long are kept all the same: `keep_days` is the default, and nobody has
    /// asked for their removal.
    pub spares_older: bool,
}

impl FileOutput {
    fn new(filename: &str, flush_seconds: u64, keep_days: Option<u32>) -> Self {
        Self {
            enabled: true,
            filename: in_state_directory(filename),
            flush_period: Duration::from_secs(flush_seconds),
            keep_days,
            spares_older: keep_days.is_some(),
        }
    }
}

/// The section `html_report`.
#[derive(Clone, Debug, PartialEq)]
pub struct HtmlReport {
    /// Whether the output is written.
    pub enabled: bool,
    /// Absolute path.
    pub filename: PathBuf,
    /// Time between writes, 1 s to one day.
    pub flush_period: Duration,
    /// Minutes that the page shows, 1 to 1440.
    pub minutes: u32,
    /// The language of the page.
    pub language: Language,
}

impl Default for HtmlReport {
    fn default() -> Self {
        Self {
            enabled: true,
            filename: PathBuf::from("/run/p1-multicast/lastm.html"),
            flush_period: Duration::from_secs(5),
            minutes: 20,
            language: Language::Dutch,
        }
    }
}

/// The section `weekly_log`.
#[derive(Clone, Debug, PartialEq)]
pub struct WeeklyLog {
    /// Whether the output is written.
    pub enabled: bool,
    /// Absolute path. Its last component has `YYYY` and `ww`.
    pub filename: PathBuf,
    /// Time between lines, 1 s to one hour.
    pub measurement_period: Duration,
    /// Time between writes to disk, 1 s to one day.
    pub flush_period: Duration,
}

impl Default for WeeklyLog {
    fn default() -> Self {
        Self {
            enabled: true,
            filename: in_state_directory("p1_reader-YYYY-Www.log"),
            measurement_period: Duration::from_secs(10),
            flush_period: Duration::from_secs(3600),
        }
    }
}

/// The section `p1_dashboard`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct P1Dashboard {
    /// The main fuse of each phase, in A, 1 to 400. Without it: the meter's own limit, else 25 A.
    pub fuse: Option<u16>,
    /// The language of the screen. Without it: that of the locale.
    pub language: Option<Language>,
}

/// The section `p1_mqtt`.
#[derive(Clone, Debug, PartialEq)]
pub struct P1Mqtt {
    /// The broker.
    pub broker: Broker,
    /// Whether the connection is encrypted and the broker's certificate verified.
    pub tls: bool,
    /// Absolute path of the CA certificates (PEM).
    pub ca_file: PathBuf,
    /// The user name, if the broker requires one.
    pub user: Option<String>,
    /// Absolute path of a file with the password only.
    pub password_file: Option<PathBuf>,
    /// The MQTT client identifier: ASCII letters, digits, `_` and `-`. Without it, the program composes one from
    /// the host name and the port of the group.
    pub client_id: Option<String>,
    /// The prefix of all topics except discovery topics, without a trailing `/`.
    pub topic_prefix: String,
    /// Home Assistant's discovery prefix. `None` turns discovery off.
    pub discovery_prefix: Option<String>,
    /// How the meters are announced below that prefix.
    pub discovery: Discovery,
    /// How often the state of a meter is published, 1 s to one hour.
    pub interval: Duration,
}

impl Default for P1Mqtt {
    fn default() -> Self {
        Self {
            broker: Broker { host: "localhost".to_owned(), port: None },
            tls: false,
            ca_file: PathBuf::from("/etc/ssl/certs/ca-certificates.crt"),
            user: None,
            password_file: None,
            client_id: None,
            topic_prefix: "p1".to_owned(),
            discovery_prefix: Some("homeassistant".to_owned()),
            discovery: Discovery::Device,
            interval: Duration::from_secs(10),
        }
    }
}

/// How a meter is announced to Home Assistant and others that understand its discovery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discovery {
    /// One message a meter: Home Assistant from 2024.12 on.
    #[default]
    Device,
    /// One message a sensor: what Domoticz and openHAB know, too.
    Sensor,
}

/// The section `p1_emeter`.
#[derive(Clone, Debug, PartialEq)]
pub struct P1Emeter {
    /// The group, in 239.0.0.0/8. `None` sends to single hosts only.
    pub address: Option<Ipv4Addr>,
    /// UDP port, never 0.
    pub port: u16,
    /// Time to live, 0 to 32: 1 is the local network.
    pub ttl: u8,
    /// The network interface. Without it the program chooses.
    pub interface: Option<Interface>,
    /// Hosts that get each datagram by unicast: `host` or `host:port`, none with an IPv6 address. At most 8.
    pub also_to: Vec<String>,
    /// The serial number of the datagrams, 1 to 2147483647. Without it: derived from the equipment id.
    pub serial: Option<u32>,
    /// The kind of device, 349 or 270.
    pub susy_id: u16,
    /// How long a datagram is repeated each second, 0 to 15 s.
    pub hold: Duration,
}

impl Default for P1Emeter {
    fn default() -> Self {
        Self {
            address: Some(Ipv4Addr::new(239, 12, 255, 254)),
            port: 9522,
            ttl: 1,
            interface: None,
            also_to: Vec::new(),
            serial: None,
            susy_id: 349,
            hold: Duration::ZERO,
        }
    }
}

impl P1Emeter {
    /// The hosts of `also_to`, each as `host:port`.
    #[must_use]
    pub fn copies(&self) -> Vec<String> {
        // No host has an IPv6 address.
        let with_port = |host: &String| {
            if host.contains(':') { host.clone() } else { format!("{host}:{}", self.port) }
        };
        self.also_to.iter().map(with_port).collect()
    }
}

/// A host that runs an MQTT broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its name or address; an IPv6 address without brackets.
    pub host: String,
    /// Its port, never 0. Without it: 1883, and 8883 with TLS.
    pub port: Option<u16>,
}

fn in_state_directory(filename: &str) -> PathBuf {
    PathBuf::from("/var/lib/p1-multicast").join(filename)
}
