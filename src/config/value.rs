//! One value of the file as a number, a path, an address …
//!
//! Owns what makes a single value sound, and the words for one that is not: every error reads
//! `expected …, found …`. It knows no key by name.

use std::fmt;
use std::net::{IpAddr, SocketAddrV6};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::model::Broker;
use super::tree::Node;
use crate::multicast::Interface;
use crate::text::escaped;

/// A value, or what was expected and what was found.
pub(super) type Sound<T> = Result<T, String>;

/// The longest equipment ids have 96 characters.
const LONGEST_LABEL: usize = 128;

impl fmt::Display for Node {
    /// How messages call this value.
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("nothing"),
            Self::Flag(value) => write!(formatter, "{value}"),
            Self::Number(number) => formatter.write_str(&escaped(number)),
            Self::Text(text) => write!(formatter, "\"{}\"", escaped(text)),
            Self::List(_) => formatter.write_str("a list"),
            Self::Map(_) => formatter.write_str("a section with keys"),
        }
    }
}

impl Node {
    fn expected<T>(&self, what: impl fmt::Display) -> Sound<T> {
        Err(format!("expected {what}, found {self}"))
    }

    /// As [`Node::expected`], with what was probably meant.
    fn expected_instead<T>(
        &self,
        what: impl fmt::Display,
        meant: Option<impl fmt::Display>,
    ) -> Sound<T> {
        match meant {
            Some(meant) => Err(format!("expected {what}, found {self}; did you mean {meant}?")),
            None => self.expected(what),
        }
    }

    /// The characters, where a number is as good as a text.
    fn characters(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Sound<bool> {
        match self {
            Self::Flag(value) => Ok(*value),
            // From a variable: the environment has only texts.
            Self::Text(text) if text == "true" => Ok(true),
            Self::Text(text) if text == "false" => Ok(false),
            _ => self.expected("true or false"),
        }
    }

    /// A whole number in decimal digits.
    pub fn whole<T>(&self, range: RangeInclusive<T>) -> Sound<T>
    where
        T: TryFrom<u64> + Copy + PartialOrd + fmt::Display,
    {
        let digits = self.characters().filter(|text| {
            // `0600` is 384 to some readers of YAML and 600 to others: nothing is guessed.
            let ambiguous = text.len() > 1 && text.starts_with('0');
            !ambiguous && text.bytes().all(|byte| byte.is_ascii_digit())
        });
        let number = digits.and_then(|digits| T::try_from(digits.parse().ok()?).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(number),
            None => self.expected(format_args!(
                "a whole number from {} to {}",
                range.start(),
                range.end()
            )),
        }
    }

    /// A whole number of seconds from 1 to `most`.
    pub fn seconds(&self, most: u64) -> Sound<Duration> {
        match self.whole(1..=most) {
            Ok(seconds) => Ok(Duration::from_secs(seconds)),
            Err(_) => self.expected(format_args!("a whole number of seconds from 1 to {most}")),
        }
    }

    /// One of a few words, in either case.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Sound<T> {
        let written = match self {
            // YAML 1.1 has `off` for `false`; who writes either means the same.
            Self::Flag(false) => Some("off"),
            _ => self.characters(),
        };
        let found = written.and_then(|text| {
            let mut words = words.iter();
            words.find(|(word, _)| word.eq_ignore_ascii_case(text))
        });
        if let Some((_, value)) = found {
            return Ok(*value);
        }
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.expected(words.join(" or "))
    }

    /// A word such as `auto`, or else whatever `otherwise` accepts.
    pub fn word_or<T>(&self, word: &str, value: T, otherwise: Sound<T>) -> Sound<T> {
        match self.word(&[(word, ())]) {
            Ok(()) => Ok(value),
            Err(_) => otherwise.map_err(|message| {
                message.replacen("expected ", &format!("expected {word} or "), 1)
            }),
        }
    }

    /// A text of at least one character, on one line. A number must be in quotes.
    pub fn text(&self, what: &str) -> Sound<&str> {
        match self {
            Self::Text(text) if is_one_line(text) => Ok(text),
            Self::Number(_) => self.expected(format_args!("{what} (in quotes if it is a number)")),
            _ => self.expected(what),
        }
    }

    /// As [`Node::text`], but digits need no quotes, and not of any length: labels are sent along.
    pub fn label(&self, what: &str) -> Sound<String> {
        let label = match self {
            Self::Number(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits,
            _ => self.text(what)?,
        };
        if label.len() > LONGEST_LABEL {
            return self.expected(format_args!("{what} of at most {LONGEST_LABEL} bytes"));
        }
        Ok(label.to_owned())
    }

    /// A serial device, a FIFO, a file, `tcp://HOST:PORT`, `auto` or `-`.
    pub fn source(&self) -> Sound<String> {
        let what = "a device, a file, tcp://HOST:PORT, auto or \"-\"";
        let text = self.text(what)?;
        let sound = match text.split_once("://") {
            Some(("tcp", destination)) => is_host_and_port(destination),
            Some(_) => false,
            None => true,
        };
        if sound { Ok(text.to_owned()) } else { self.expected(what) }
    }

    /// `HOST` or `HOST:PORT`, an IPv6 address in brackets.
    pub fn broker(&self) -> Sound<Broker> {
        let what = "HOST, HOST:PORT or \"[IPV6]:PORT\"";
        let text = self.text(what)?;
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        if !is_host_and_port(&format!("{host}:{}", port.unwrap_or("1"))) {
            return self.expected(what);
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Broker { host, port: port.and_then(|port| port.parse().ok()) })
    }

    /// What an MQTT broker can know a client by, whatever it is.
    pub fn client_id(&self) -> Sound<String> {
        let what = "ASCII letters, digits, _ and -";
        let id = self.label(what)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if id.bytes().all(is_plain) { Ok(id) } else { self.expected(what) }
    }

    /// An MQTT topic that others can be below: levels with `/` between them.
    pub fn topic(&self) -> Sound<String> {
        let what = "an MQTT topic";
        let topic = self.label(what)?;
        let fault = if topic.contains(['+', '#']) {
            "without the wildcards + and #"
        } else if topic.starts_with('$') {
            "without $ in front, which is the broker's own"
        } else if topic.split('/').any(str::is_empty) {
            "without a / at its beginning or end, and without two in a row"
        } else {
            return Ok(topic);
        };
        self.expected(format_args!("{what} {fault}"))
    }

    /// An IPv4 or IPv6 multicast address.
    pub fn multicast_address(&self) -> Sound<IpAddr> {
        let what = "a multicast address (224.0.0.0 to 239.255.255.255, or ff00::/8)";
        match self.text(what)?.parse::<IpAddr>() {
            Ok(address) if address.is_multicast() => Ok(address),
            _ => self.expected(what),
        }
    }

    /// The name or the address of a network interface.
    pub fn interface(&self) -> Sound<Interface> {
        let text = self.text("the name or address of a network interface")?;
        text.parse().or_else(|what: String| {
            // `eth0:1` labels an address of eth0; `fe80::1%eth0` has its interface behind the `%`.
            let name = match (text.split_once('%'), text.split_once(':')) {
                (Some((_, name)), _) => Some(name),
                (_, Some((name, label))) if !label.contains(':') => Some(name),
                _ => None,
            };
            let name = name.filter(|name| name.parse::<Interface>().is_ok());
            self.expected_instead(what, name)
        })
    }

    /// A list of `HOST:PORT`.
    pub fn destinations(&self) -> Sound<Vec<String>> {
        let Self::List(items) = self else {
            return self.expected("a list such as [\"192.168.1.20:52001\"]");
        };
        let (mut sound, mut wrong) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                Self::Text(text) if is_host_and_port(text) => sound.push(text.clone()),
                other => wrong.push(other.to_string()),
            }
        }
        if wrong.is_empty() {
            return Ok(sound);
        }
        let found = wrong.join(" and ");
        Err(format!("expected HOST:PORT or \"[IPV6]:PORT\" for each item, found {found}"))
    }

    /// The absolute path of a file whose last component has all `placeholders`.
    pub fn filename(&self, placeholders: &[&str]) -> Sound<PathBuf> {
        let text = self.text("the absolute path of a file")?;
        if !text.starts_with('/') {
            return self.expected("an absolute path, from /");
        }
        let last = text.rsplit('/').next().unwrap_or_default();
        if matches!(last, "" | "." | "..") {
            return self.expected("the name of a file after the last /");
        }
        match placeholders.iter().find(|name| !last.contains(**name)) {
            Some(name) => self.expected(format_args!("{name} in the name of the file")),
            None => Ok(PathBuf::from(text)),
        }
    }
}

fn is_one_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

fn is_host_and_port(text: &str) -> bool {
    if text.starts_with('[') {
        return matches!(text.parse::<SocketAddrV6>(), Ok(address) if address.port() != 0);
    }
    let in_host = |c: char| c.is_alphanumeric() || "-._".contains(c);
    text.split_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && host.chars().all(in_host)
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(port.parse::<u16>(), Ok(1..))
    })
}

#[cfg(test)]
mod tests;
