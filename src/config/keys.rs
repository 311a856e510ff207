//! The table of sections and keys: which exist, and where each value goes.
//!
//! It is the only list of them. The parser, the suggestions for unknown names and the tests of the man page
//! and of the shipped file all use it.

use std::path::PathBuf;
use std::time::Duration;

use super::mistakes;
use super::model::{Config, Discovery, LineFormat};
use super::tree::Node;
use crate::telegram::{MeterZone, Policy};
use crate::words::Language;

/// A section of the file.
pub(super) struct Section {
    pub name: &'static str,
    pub keys: &'static [Key],
}

/// A key of a section.
pub(super) struct Key {
    pub name: &'static str,
    /// Stores a valid value; the error says what was expected instead of any other.
    pub set: fn(&mut Config, &Node) -> Result<(), String>,
}

const DAY: u64 = 24 * HOUR;
const HOUR: u64 = 3600;
const MAX_KEEP_DAYS: u32 = 36_500;
const MAX_MINUTES: u32 = 1440;
/// Megabytes: a terabyte.
const MAX_MIN_FREE: u32 = 1_000_000;
const MAX_FUSE: u16 = 400;
/// A meter has no business beyond its own network.
const MAX_EMETER_TTL: u8 = 32;
const MAX_EMETER_HOSTS: usize = 8;
/// Some receivers read the serial number as a signed number.
const MAX_SERIAL: u32 = 0x7FFF_FFFF;
/// Seconds: what follows a meter may not be older.
const MAX_HOLD: u64 = 15;

/// The section of a [`FileOutput`](super::model::FileOutput).
macro_rules! file_output {
    ($section:ident, $placeholder:literal) => {
        Section {
            name: stringify!($section),
            keys: &[
                key("enabled", |c, v| put(&mut c.$section.enabled, v.boolean())),
                key("filename", |c, v| put(&mut c.$section.filename, v.filename(&[$placeholder]))),
                key("flush_period", |c, v| put(&mut c.$section.flush_period, v.seconds(DAY))),
                key("keep_days", |c, v| {
                    put(&mut c.$section.keep_days, v.off_or(v.integer(1..=MAX_KEEP_DAYS)))?;
                    c.$section.spares_older = false;
                    Ok(())
                }),
            ],
        }
    };
}

/// All sections and keys, in the order of the documentation.
pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "p1_listener",
        keys: &[
            key("port", |c, v| put(&mut c.p1_listener.port, v.source())),
            key("baud_rate", |c, v| put(&mut c.p1_listener.baud_rate, baud_rate(v))),
            key("format", |c, v| put(&mut c.p1_listener.format, format(v))),
            key("checksum", |c, v| put(&mut c.p1_listener.checksum, checksum(v))),
            key("time_zone", |c, v| put(&mut c.p1_listener.time_zone, time_zone(v))),
            key("silence", |c, v| put(&mut c.p1_listener.silence, v.seconds(DAY))),
            key("name", |c, v| put(&mut c.p1_listener.name, v.label("a name"))),
            key("decryption_key_file", |c, v| {
                put(&mut c.p1_listener.decryption_key_file, key_file(v))
            }),
            key("authentication_key_file", |c, v| {
                put(&mut c.p1_listener.authentication_key_file, key_file(v))
            }),
        ],
    },
    Section {
        name: "multicast",
        keys: &[
            key("address", |c, v| put(&mut c.multicast.address, v.multicast_address())),
            key("port", |c, v| put(&mut c.multicast.port, port(v))),
            key("TTL", |c, v| put(&mut c.multicast.ttl, v.integer(0..=u8::MAX))),
            key("interface", |c, v| put(&mut c.multicast.interface, v.interface())),
            key("raw_port", |c, v| put(&mut c.multicast.raw_port, v.off_or(port(v)))),
            key("also_to", |c, v| put(&mut c.multicast.also_to, v.destinations())),
            key("meter", |c, v| put(&mut c.multicast.meter, v.label("an equipment id"))),
            key("source", |c, v| put(&mut c.multicast.source, v.label("a name or an address"))),
            key("key_file", |c, v| put(&mut c.multicast.key_file, v.path())),
        ],
    },
    Section {
        name: "p1_reader",
        keys: &[key("min_free", |c, v| {
            put(&mut c.p1_reader.min_free, v.integer(0..=MAX_MIN_FREE))
        })],
    },
    file_output!(p1_reader_details, "DAY"),
    file_output!(p1_reader_interval, "PERIOD"),
    file_output!(p1_reader_day, "DAY"),
    Section {
        name: "p1_reader_history",
        keys: &[
            key("enabled", |c, v| put(&mut c.p1_reader_history.enabled, v.boolean())),
            key("filename", |c, v| put(&mut c.p1_reader_history.filename, v.filename(&["YEAR"]))),
            key("flush_period", |c, v| put(&mut c.p1_reader_history.flush_period, v.seconds(DAY))),
        ],
    },
    Section {
        name: "html_report",
        keys: &[
            key("enabled", |c, v| put(&mut c.html_report.enabled, v.boolean())),
            key("filename", |c, v| put(&mut c.html_report.filename, v.path())),
            key("flush_period", |c, v| put(&mut c.html_report.flush_period, v.seconds(DAY))),
            key("minutes", |c, v| put(&mut c.html_report.minutes, v.integer(1..=MAX_MINUTES))),
            key("language", |c, v| put(&mut c.html_report.language, language(v))),
        ],
    },
    Section {
        name: "weekly_log",
        keys: &[
            key("enabled", |c, v| put(&mut c.weekly_log.enabled, v.boolean())),
            key("filename", |c, v| put(&mut c.weekly_log.filename, v.filename(&["YYYY", "ww"]))),
            key("measurement_period", |c, v| {
                put(&mut c.weekly_log.measurement_period, v.seconds(HOUR))
            }),
            key("flush_period", |c, v| put(&mut c.weekly_log.flush_period, v.seconds(DAY))),
        ],
    },
    Section {
        name: "p1_dashboard",
        keys: &[
            key("fuse", |c, v| put(&mut c.p1_dashboard.fuse, v.integer(1..=MAX_FUSE))),
            key("language", |c, v| {
                let language = language(v).map(Some);
                put(&mut c.p1_dashboard.language, v.keyword_or("auto", None, language))
            }),
        ],
    },
    Section {
        name: "p1_mqtt",
        keys: &[
            key("broker", |c, v| put(&mut c.p1_mqtt.broker, v.broker())),
            key("tls", |c, v| put(&mut c.p1_mqtt.tls, v.boolean())),
            key("ca_file", |c, v| put(&mut c.p1_mqtt.ca_file, v.path())),
            key("user", |c, v| put(&mut c.p1_mqtt.user, v.label("a user"))),
            key("password_file", |c, v| put(&mut c.p1_mqtt.password_file, v.path())),
            key("topic_prefix", |c, v| put(&mut c.p1_mqtt.topic_prefix, topic_prefix(v))),
            key("discovery_prefix", |c, v| {
                put(&mut c.p1_mqtt.discovery_prefix, v.off_or(v.topic()))
            }),
            key("discovery", |c, v| {
                let kinds = [("device", Discovery::Device), ("sensor", Discovery::Sensor)];
                put(&mut c.p1_mqtt.discovery, v.keyword(&kinds))
            }),
            key("interval", |c, v| put(&mut c.p1_mqtt.interval, v.seconds(HOUR))),
            key("client_id", |c, v| put(&mut c.p1_mqtt.client_id, v.client_id())),
        ],
    },
    Section {
        name: "p1_emeter",
        keys: &[
            key("address", |c, v| {
                put(&mut c.p1_emeter.address, v.off_or(v.private_multicast_address()))
            }),
            key("port", |c, v| put(&mut c.p1_emeter.port, port(v))),
            key("TTL", |c, v| put(&mut c.p1_emeter.ttl, v.integer(0..=MAX_EMETER_TTL))),
            key("interface", |c, v| put(&mut c.p1_emeter.interface, v.interface())),
            key("also_to", |c, v| put(&mut c.p1_emeter.also_to, v.hosts(MAX_EMETER_HOSTS))),
            key("serial", |c, v| put(&mut c.p1_emeter.serial, v.integer(1..=MAX_SERIAL))),
            key("susy_id", |c, v| put(&mut c.p1_emeter.susy_id, susy_id(v))),
            key("hold", |c, v| {
                let seconds = v.integer(0..=MAX_HOLD).map(Duration::from_secs);
                put(&mut c.p1_emeter.hold, seconds)
            }),
        ],
    },
];

impl Section {
    /// The section of this name, or an error that names the most similar one.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        let found = SECTIONS.iter().find(|section| section.name == name);
        found.ok_or_else(|| unknown("section", name, SECTIONS.iter().map(|section| section.name)))
    }

    /// The key of this name, or an error that names the most similar one.
    pub fn key(&self, name: &str) -> Result<&'static Key, String> {
        let found = self.keys.iter().find(|key| key.name == name);
        found.ok_or_else(|| unknown("key", name, self.keys.iter().map(|key| key.name)))
    }
}

const fn key(name: &'static str, set: fn(&mut Config, &Node) -> Result<(), String>) -> Key {
    Key { name, set }
}

fn put<T, P: From<T>>(place: &mut P, value: Result<T, String>) -> Result<(), String> {
    *place = value?.into();
    Ok(())
}

fn baud_rate(value: &Node) -> Result<Option<u32>, String> {
    value.keyword_or("auto", None, value.integer(300..=921_600).map(Some))
}

/// Only 8E1 is another: 7E1 is read as 8N1, in which the framer sees its parity bit.
fn format(value: &Node) -> Result<LineFormat, String> {
    let (ten, eleven) = (LineFormat::Ten, LineFormat::Eleven);
    match value {
        // YAML reads 7E1 as the number 70.
        Node::Number(number) if number == "70.0" => Ok(ten),
        Node::Number(number) if number == "80.0" => Ok(eleven),
        _ => value.keyword(&[("auto", ten), ("7E1", ten), ("8N1", ten), ("8E1", eleven)]),
    }
}

fn checksum(value: &Node) -> Result<Policy, String> {
    value.keyword(&[
        ("auto", Policy::Auto),
        ("require", Policy::Require),
        ("ignore", Policy::Ignore),
    ])
}

/// The value may be the key itself, so no message shows it.
fn key_file(value: &Node) -> Result<PathBuf, String> {
    value.path().map_err(|_| {
        "expected the absolute path of a file with the key in it, found something else".to_owned()
    })
}

/// `auto` is `None`.
fn time_zone(value: &Node) -> Result<Option<MeterZone>, String> {
    let zones = MeterZone::ALL.map(|zone| (zone.names().1, Some(zone)));
    let words: Vec<_> = std::iter::once(("auto", None)).chain(zones).collect();
    value.keyword(&words)
}

fn language(value: &Node) -> Result<Language, String> {
    value.keyword(&[Language::Dutch, Language::English].map(|language| (language.code(), language)))
}

fn port(value: &Node) -> Result<u16, String> {
    value.integer(1..=u16::MAX)
}

/// Home Assistant's DSMR Reader integration takes all that is below `dsmr` for that program's.
fn topic_prefix(value: &Node) -> Result<String, String> {
    let prefix = value.topic()?;
    if prefix.split('/').next() == Some("dsmr") {
        return Err(format!(
            "expected a topic that is not below dsmr, where Home Assistant looks for DSMR-reader, \
             found {value}"
        ));
    }
    Ok(prefix)
}

fn susy_id(value: &Node) -> Result<u16, String> {
    match value.integer(0..=u16::MAX) {
        Ok(id @ (270 | 349)) => Ok(id),
        Ok(372 | 501) => Err(format!(
            "expected 349 or 270, as energy meters have, found {value}: that is an energy manager, and a home has \
             one of them"
        )),
        _ => value.expected_instead("349 or 270", None::<&str>),
    }
}

/// The message about an unknown section or key, with the one that was probably meant.
fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(message) = mistakes::odd_character(name) {
        return message;
    }
    let near = |known: &&str| distance(name, known) <= 1 + known.len() / 4;
    let closest = known.clone().min_by_key(|known| distance(name, known));
    if let Some(meant) = closest.filter(near) {
        return format!("unknown {what}, did you mean {meant}?");
    }
    let known: Vec<&str> = known.collect();
    format!("unknown {what}, expected one of {}", known.join(", "))
}

/// How many characters to insert, delete or replace to make `one` of `other`, in either case.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, a) in one.to_lowercase().chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (at, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_is_refused_by_every_key() {
        for section in SECTIONS {
            for key in section.keys {
                let mut config = Config::default();
                let refused = (key.set)(&mut config, &Node::Nothing);
                assert!(refused.is_err(), "{}.{}", section.name, key.name);
                assert_eq!(config, Config::default());
            }
        }
    }

    #[test]
    fn no_name_is_given_twice() {
        for (at, section) in SECTIONS.iter().enumerate() {
            assert!(SECTIONS[..at].iter().all(|s| s.name != section.name));
            for (at, key) in section.keys.iter().enumerate() {
                assert!(section.keys[..at].iter().all(|k| k.name != key.name));
            }
        }
    }

    #[test]
    fn the_nearest_name_is_suggested_when_it_is_near() {
        let Err(message) = Section::named("multicats") else { panic!("found") };
        assert_eq!(message, "unknown section, did you mean multicast?");
        let section = Section::named("weekly_log").unwrap_or_else(|e| panic!("{e}"));
        for (wrong, meant) in [
            ("flush_perod", "flush_period"),
            ("flushperiod", "flush_period"),
            ("FileName", "filename"),
            ("enable", "enabled"),
        ] {
            let Err(message) = section.key(wrong) else { panic!("found {wrong}") };
            assert_eq!(message, format!("unknown key, did you mean {meant}?"));
        }
    }

    #[test]
    fn a_name_like_none_is_answered_with_all() {
        let section = Section::named("html_report").unwrap_or_else(|e| panic!("{e}"));
        for wrong in ["keep_days", "x", "", &"é".repeat(5000)] {
            let Err(message) = section.key(wrong) else { panic!("found {wrong}") };
            let all =
                "unknown key, expected one of enabled, filename, flush_period, minutes, language";
            assert_eq!(message, all);
        }
    }

    #[test]
    fn distance_counts_single_changes() {
        for (one, other, changes) in [
            ("", "", 0),
            ("ttl", "TTL", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(one, other), changes, "{one} {other}");
        }
    }
}
