//! One value of the file as a number, a path, an address …
//!
//! Owns what makes a single value valid, and the message for one that is not: `expected …, found …`. It
//! knows no key by name.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::host::{is_host_and_port, is_single_host};
use super::mistakes;
use super::model::Broker;
use super::tree::Node;
use crate::multicast::Interface;
use crate::text::escaped;

/// The longest equipment ids have 96 characters.
const MAX_LABEL: usize = 128;

/// Of several wrong items this many are named.
const MAX_NAMED: usize = 5;

/// Limits of the kernel (`PATH_MAX` and `NAME_MAX`), in bytes.
const MAX_PATH: usize = 4095;
const MAX_NAME: usize = 255;

impl fmt::Display for Node {
    /// How messages call this value.
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("nothing"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Number(number) => formatter.write_str(&escaped(number)),
            Self::Text(text) => write!(formatter, "\"{}\"", escaped(text)),
            Self::List(_) => formatter.write_str("a list"),
            Self::Map(_) => formatter.write_str("a section with keys"),
        }
    }
}

impl Node {
    fn expected<T>(&self, what: impl fmt::Display) -> Result<T, String> {
        Err(format!("expected {what}, found {self}"))
    }

    /// As [`Node::expected`], with what was probably meant.
    pub fn expected_instead<T>(
        &self,
        what: impl fmt::Display,
        meant: Option<impl fmt::Display>,
    ) -> Result<T, String> {
        match meant {
            Some(meant) => Err(format!("expected {what}, found {self}; did you mean {meant}?")),
            None => self.expected(what),
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Refuses invisible characters, and quotes that YAML takes for letters.
    pub fn check_characters(&self) -> Result<(), String> {
        match self {
            Self::Text(text) => mistakes::odd_character(text).map_or(Ok(()), Err),
            Self::List(items) => items.iter().try_for_each(Self::check_characters),
            _ => Ok(()),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Result<bool, String> {
        match self {
            Self::Bool(value) => Ok(*value),
            // From a variable.
            Self::Text(text) if text == "true" => Ok(true),
            Self::Text(text) if text == "false" => Ok(false),
            _ => self.expected("true or false"),
        }
    }

    /// A whole number in decimal digits.
    pub fn integer<T>(&self, range: RangeInclusive<T>) -> Result<T, String>
    where
        T: TryFrom<u64> + Copy + PartialOrd + fmt::Display,
    {
        let digits = match self {
            // A text comes from a variable: the environment has only texts.
            Self::Number(digits) | Self::Text(digits) => digits,
            _ => "",
        };
        // `0600` is 384 to some readers of YAML and 600 to others: we don't guess.
        let is_plain = is_all_digits(digits) && (digits == "0" || !digits.starts_with('0'));
        let number = digits.parse().ok().filter(|_| is_plain);
        let number = number.and_then(|number: u64| T::try_from(number).ok());
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
    pub fn seconds(&self, most: u64) -> Result<Duration, String> {
        match self.integer(1..=most) {
            Ok(seconds) => Ok(Duration::from_secs(seconds)),
            Err(_) => self.expected(format_args!("a whole number of seconds from 1 to {most}")),
        }
    }

    /// One of a few words, in upper or lower case.
    pub fn keyword<T: Copy>(&self, keywords: &[(&str, T)]) -> Result<T, String> {
        let found = match self {
            // YAML 1.1 has `off` for `false`; who writes either means the same.
            Self::Bool(false) => "off",
            Self::Text(text) => text,
            _ => "",
        };
        let value = keywords.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(found));
        if let Some((_, value)) = value {
            return Ok(*value);
        }
        let keywords: Vec<&str> = keywords.iter().map(|(keyword, _)| *keyword).collect();
        self.expected(keywords.join(" or "))
    }

    /// A keyword such as `auto`, or else whatever `otherwise` accepts.
    pub fn keyword_or<T>(
        &self,
        keyword: &str,
        value: T,
        otherwise: Result<T, String>,
    ) -> Result<T, String> {
        match self.keyword(&[(keyword, ())]) {
            Ok(()) => Ok(value),
            Err(_) => otherwise.map_err(|message| {
                message.replacen("expected ", &format!("expected {keyword} or "), 1)
            }),
        }
    }

    /// `off`, which is `None`, or else whatever `otherwise` accepts.
    pub fn off_or<T>(&self, otherwise: Result<T, String>) -> Result<Option<T>, String> {
        self.keyword_or("off", None, otherwise.map(Some))
    }

    /// A text of at least one character, on one line. A number must be in quotes.
    pub fn text(&self, what: &str) -> Result<&str, String> {
        match self {
            Self::Text(text) if is_one_line(text) => Ok(text),
            Self::Number(_) => self.expected(format_args!("{what} (in quotes if it is a number)")),
            _ => self.expected(what),
        }
    }

    /// As [`Node::text`], but digits need no quotes, and the length is limited: labels are sent along.
    pub fn label(&self, what: &str) -> Result<String, String> {
        let label = match self {
            Self::Number(digits) if is_all_digits(digits) => digits,
            _ => self.text(what)?,
        };
        if label.len() > MAX_LABEL {
            return self.expected(format_args!("{what} of at most {MAX_LABEL} bytes"));
        }
        Ok(label.to_owned())
    }

    /// The path of a device, a FIFO or a file, `tcp://HOST:PORT`, `auto` or `-`.
    pub fn source(&self) -> Result<String, String> {
        let what = "a path such as /dev/ttyUSB0 or ./FILE, tcp://HOST:PORT, auto or \"-\"";
        let text = self.text(what)?;
        let is_source = match text.split_once("://") {
            Some((scheme, destination)) => scheme == "tcp" && is_host_and_port(destination),
            None => ["/", "./", "../"].iter().any(|start| text.starts_with(start)),
        };
        match text {
            _ if self.keyword(&[("auto", ())]).is_ok() => Ok("auto".to_owned()),
            _ if text == "-" || (is_source && fits(text)) => Ok(text.to_owned()),
            _ => self.expected_instead(what, mistakes::meant_source(text)),
        }
    }

    /// `HOST` or `HOST:PORT`, an IPv6 address in brackets.
    pub fn broker(&self) -> Result<Broker, String> {
        let what = "HOST, HOST:PORT or \"[IPV6]:PORT\"";
        let text = self.text(what)?;
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        if !is_host_and_port(&format!("{host}:{}", port.unwrap_or("1"))) {
            return self.expected_instead(what, mistakes::meant_host(text));
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Broker { host, port: port.and_then(|port| port.parse().ok()) })
    }

    /// An MQTT client identifier that every broker accepts.
    pub fn client_id(&self) -> Result<String, String> {
        let what = "ASCII letters, digits, _ and -";
        let id = self.label(what)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if id.bytes().all(is_plain) { Ok(id) } else { self.expected(what) }
    }

    /// An MQTT topic that can be a prefix of others: levels separated by `/`.
    pub fn topic(&self) -> Result<String, String> {
        let what = "an MQTT topic";
        let topic = self.label(what)?;
        let fault = if topic.contains(['+', '#']) {
            "without the wildcards + and #"
        } else if topic.starts_with('$') {
            "without $ in front, which is reserved for the broker"
        } else if topic.split('/').any(str::is_empty) {
            "without a / at its beginning or end, and without two in a row"
        } else {
            return Ok(topic);
        };
        self.expected(format_args!("{what} {fault}"))
    }

    /// An IPv4 or IPv6 multicast address.
    pub fn multicast_address(&self) -> Result<IpAddr, String> {
        let what = "a multicast address (224.0.0.0 to 239.255.255.255, or from ff01:: on)";
        let text = self.text(what)?;
        match text.parse::<IpAddr>() {
            Ok(address) if address.is_multicast() && scope(address) != Some(0) => Ok(address),
            _ => self.expected_instead(what, text.parse().ok().map(|with: SocketAddr| with.ip())),
        }
    }

    /// A multicast address that is private to a site.
    pub fn private_multicast_address(&self) -> Result<Ipv4Addr, String> {
        let what = "a multicast address from 239.0.0.0 to 239.255.255.255";
        match self.text(what)?.parse::<Ipv4Addr>() {
            Ok(address) if address.octets()[0] == 239 => Ok(address),
            _ => self.expected(what),
        }
    }

    /// The name or the address of a network interface.
    pub fn interface(&self) -> Result<Interface, String> {
        let text = self.text("the name or address of a network interface")?;
        let meant = || mistakes::meant_interface(text);
        text.parse().or_else(|what: String| self.expected_instead(what, meant()))
    }

    /// A list of `HOST:PORT`.
    pub fn destinations(&self) -> Result<Vec<String>, String> {
        let Self::List(items) = self else {
            return self.expected("a list such as [\"192.168.1.20:52001\"]");
        };
        let is_destination =
            |item: &&Self| matches!(item, Self::Text(text) if is_host_and_port(text));
        let (good, wrong): (Vec<&Self>, Vec<&Self>) = items.iter().partition(is_destination);
        let wrong: Vec<String> = wrong.into_iter().take(MAX_NAMED).map(Self::to_string).collect();
        if wrong.is_empty() {
            return Ok(good.into_iter().filter_map(Self::as_text).map(str::to_owned).collect());
        }
        let found = wrong.join(" and ");
        Err(format!("expected HOST:PORT or \"[IPV6]:PORT\" for each item, found {found}"))
    }

    /// A list of at most `most` times `HOST` or `HOST:PORT`, each a single host with IPv4.
    pub fn hosts(&self, most: usize) -> Result<Vec<String>, String> {
        let Self::List(items) = self else {
            return self.expected("a list such as [\"192.168.1.34\"]");
        };
        if items.len() > most {
            return Err(format!("expected at most {most} hosts, found {}", items.len()));
        }
        let wrong = items.iter().find(|item| !item.as_text().is_some_and(is_single_host));
        if let Some(wrong) = wrong {
            return wrong.expected("HOST or HOST:PORT of a single host with IPv4 for each item");
        }
        Ok(items.iter().filter_map(Self::as_text).map(str::to_owned).collect())
    }

    /// The absolute path of a file.
    pub fn path(&self) -> Result<PathBuf, String> {
        self.filename(&[])
    }

    /// The absolute path of a file whose last component has all `placeholders`.
    pub fn filename(&self, placeholders: &[&str]) -> Result<PathBuf, String> {
        let text = self.text("the absolute path of a file")?;
        if !text.starts_with('/') {
            return self.expected("an absolute path, from /");
        }
        let last = text.rsplit('/').next().unwrap_or_default();
        if matches!(last, "" | "." | "..") {
            return self.expected("the name of a file after the last /");
        }
        if !fits(text) {
            return self.expected(format_args!(
                "at most {MAX_NAME} bytes in each name and {MAX_PATH} in all"
            ));
        }
        match placeholders.iter().find(|name| !last.contains(**name)) {
            Some(name) => self.expected(format_args!("{name} in the name of the file")),
            None => Ok(PathBuf::from(text)),
        }
    }
}

/// Whether the kernel allows this path, also with its placeholders replaced in the last name, and with
/// that name as `.NAME.tmp`.
fn fits(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let growth: usize = [("DAY", 5), ("PERIOD", 9), ("METER", 59), ("YEAR", 1)]
        .map(|(placeholder, more)| name.matches(placeholder).count() * more)
        .iter()
        .sum();
    let name_length = name.len() + growth + ".".len() + ".tmp".len();
    folder.len() + 1 + name_length <= MAX_PATH
        && name_length <= MAX_NAME
        && folder.split('/').all(|name| name.len() <= MAX_NAME)
}

/// The scope of an IPv6 group: 0 is never received, 1 is one interface, 2 is one link.
pub(super) fn scope(group: IpAddr) -> Option<u16> {
    match group {
        IpAddr::V4(_) => None,
        IpAddr::V6(group) => Some(group.segments()[0] & 0xF),
    }
}

fn is_all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_one_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests;
