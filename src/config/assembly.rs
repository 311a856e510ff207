//! From the tree of a file to its settings: walks the sections and collects all problems.
//!
//! Owns the rules about keys as a whole: unknown keys, repeated keys, and keys that must fit each other. `value`
//! checks single values.

use std::net::SocketAddr;
use std::path::Path;

use super::environment::{Environment, expand};
use super::keys::Section;
use super::mistakes;
use super::model::{Config, Multicast};
use super::problem::{ConfigError, Problem};
use super::tree::{Entry, Node};
use super::value::scope;
use super::{Loaded, in_real_folder};
use crate::text::escaped;

/// Builds the settings from the root of a file, or lists all its problems.
pub(super) fn assemble(
    root: Node,
    file: &Path,
    environment: Environment,
) -> Result<Loaded, ConfigError> {
    let mut assembly = Assembly {
        file,
        environment,
        config: Config::default(),
        set: Vec::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    assembly.sections(root);
    assembly.check_ports();
    assembly.check_copies();
    assembly.check_interface();
    assembly.check_filenames();
    assembly.check_broker_keys();
    assembly.check_energy_meter();
    assembly.check_energy_meter_copies();
    assembly.result()
}

struct Assembly<'a> {
    file: &'a Path,
    environment: Environment<'a>,
    config: Config,
    /// `section.key` and line of every key that the file sets, valid or not.
    set: Vec<(String, usize)>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Assembly<'_> {
    fn sections(&mut self, root: Node) {
        for entry in self.entries(root, "", None, "sections such as `multicast:`") {
            match Section::named(&entry.name) {
                Ok(section) => self.keys(section, entry.line, entry.value),
                Err(message) => self.report(&path("", &entry.name), Some(entry.line), message),
            }
        }
    }

    fn keys(&mut self, section: &Section, line: usize, value: Node) {
        let expected = "keys below it, each indented";
        for mut entry in self.entries(value, section.name, Some(line), expected) {
            let path = path(section.name, &entry.name);
            let done = section.key(&entry.name).and_then(|key| {
                expand(&mut entry.value, self.environment)?;
                entry.value.check_characters()?;
                (key.set)(&mut self.config, &entry.value)
            });
            if let Err(message) = done {
                self.report(&path, Some(entry.line), message);
            }
            self.set.push((path, entry.line));
        }
    }

    /// The entries of `map`, each name once: the last one counts, as in the programs of 2021.
    fn entries(
        &mut self,
        map: Node,
        section: &str,
        line: Option<usize>,
        expected: &str,
    ) -> Vec<Entry> {
        let all = match map {
            Node::Map(entries) => entries,
            Node::Nothing => Vec::new(),
            other => {
                let is_setting = |text: &&str| text.contains([':', '=', ' ']);
                let meant = other.as_text().filter(is_setting).and_then(mistakes::meant_setting);
                if let Err(message) = other.expected_instead::<()>(expected, meant) {
                    self.report(section, line, message);
                }
                Vec::new()
            }
        };
        let mut last: Vec<Entry> = Vec::new();
        for entry in all {
            if let Some(at) = last.iter().position(|earlier| earlier.name == entry.name) {
                let earlier = last.remove(at);
                let place = |Entry { name, line, value }: &Entry| {
                    // Somebody may have written the key itself.
                    let is_secret = name.ends_with("key_file");
                    format!(
                        "line {line}{}",
                        if is_secret { String::new() } else { format!(" ({value})") }
                    )
                };
                let (last, first) = (place(&entry), place(&earlier));
                let message = format!("repeated, the last one counts: {last} replaces {first}");
                let warning = self.about(&path(section, &entry.name), Some(entry.line), message);
                self.warnings.push(warning);
            }
            last.push(entry);
        }
        last
    }

    fn check_ports(&mut self) {
        let port = self.config.multicast.port;
        if self.config.multicast.raw_port == Some(port) {
            self.report_same("multicast.port", "multicast.raw_port", &port.to_string());
        }
    }

    /// The group itself gets each telegram once.
    fn check_copies(&mut self) {
        let key = "multicast.also_to";
        let Multicast { address, port, raw_port, also_to, .. } = &self.config.multicast;
        let ports = [Some(*port), *raw_port];
        let is_group = |host: &&String| {
            let to = host.parse::<SocketAddr>();
            to.is_ok_and(|to| to.ip() == *address && ports.contains(&Some(to.port())))
        };
        if let Some(found) = also_to.iter().find(is_group) {
            let message = format!("expected other hosts than the group itself, found {found}");
            self.report(key, self.line(key), message);
        }
    }

    /// An interface can carry a group of its own family. The kernel wants to know the interface of an
    /// IPv6 group that stays on one link.
    fn check_interface(&mut self) {
        let (address, interface) = ("multicast.address", "multicast.interface");
        if self.is_wrong(address) || self.is_wrong(interface) {
            return;
        }
        let group = self.config.multicast.address;
        let found = self.config.multicast.interface.as_ref();
        let problem = match (found, scope(group)) {
            (Some(found), _) if !found.suits(group) => {
                let family = if group.is_ipv4() { "IPv4" } else { "IPv6" };
                let expected = format!("a name or an {family} address, as {address} is {group}");
                (interface, format!("expected {expected}, found {found}"))
            }
            (None, Some(1 | 2)) => (
                address,
                format!(
                    "expected {interface} to be set too: {group} is another group on each link"
                ),
            ),
            _ => return,
        };
        self.report(problem.0, self.line(problem.0), problem.1);
    }

    fn check_filenames(&mut self) {
        let config = self.config.clone();
        let mut written = config.outputs().to_vec();
        written.retain(|(_, enabled, _)| *enabled);
        for (at, (one, _, filename)) in written.iter().enumerate() {
            let file = in_real_folder(filename);
            let is_same = |other: &&(_, _, &Path)| in_real_folder(other.2) == file;
            for (other, _, _) in written[at + 1..].iter().filter(is_same) {
                let (one, other) = (path(one, "filename"), path(other, "filename"));
                self.report_same(&one, &other, &filename.display().to_string());
            }
        }
    }

    /// Keys that have no effect are errors.
    fn check_broker_keys(&mut self) {
        let mqtt = &self.config.p1_mqtt;
        for (key, is_used, other) in [
            ("p1_mqtt.password_file", mqtt.user.is_some(), "p1_mqtt.user"),
            ("p1_mqtt.ca_file", mqtt.tls, "p1_mqtt.tls: true"),
        ] {
            if let (Some(line), false) = (self.line(key), is_used) {
                let message = format!("expected {other} beside it, without which it has no effect");
                self.report(key, Some(line), message);
            }
        }
    }

    /// The datagrams of the energy meter go somewhere, and not among ours.
    fn check_energy_meter(&mut self) {
        let (address, port, interface) =
            ("p1_emeter.address", "p1_emeter.port", "p1_emeter.interface");
        if [address, port, interface, "p1_emeter.also_to"].iter().any(|key| self.is_wrong(key)) {
            return;
        }
        let (emeter, multicast) = (&self.config.p1_emeter, &self.config.multicast);
        let our_ports = [Some(multicast.port), multicast.raw_port];
        let problem = match emeter.address {
            None if emeter.also_to.is_empty() => (
                address,
                "expected p1_emeter.also_to beside off, found nowhere to send to".to_owned(),
            ),
            Some(group) if multicast.address == group && our_ports.contains(&Some(emeter.port)) => {
                let is_set = |key: &&str| self.line(key).is_some();
                let key = [port, address].into_iter().find(is_set).unwrap_or("multicast.address");
                let found = format!("{group}:{}", emeter.port);
                (
                    key,
                    format!(
                        "expected another group or port than that of the telegrams, found {found}"
                    ),
                )
            }
            Some(group) => match &emeter.interface {
                Some(found) if !found.suits(group.into()) => {
                    (interface, format!("expected a name or an IPv4 address, found {found}"))
                }
                _ => return,
            },
            None => return,
        };
        self.report(problem.0, self.line(problem.0), problem.1);
    }

    /// A consumer that receives each datagram twice takes that for another rate.
    fn check_energy_meter_copies(&mut self) {
        let (key, copies) = ("p1_emeter.also_to", self.config.p1_emeter.copies());
        let mut known = copies.iter().enumerate();
        if let Some((_, twice)) = known.find(|(at, copy)| copies[..*at].contains(copy)) {
            self.report(
                key,
                self.line(key),
                format!("expected each host once, found {twice} twice"),
            );
        }
    }

    /// Reports two keys that have the same `value`, where the later one stands in the file.
    fn report_same(&mut self, one: &str, other: &str, value: &str) {
        if self.is_wrong(one) || self.is_wrong(other) {
            // One of them has its default here, which the file did not ask for.
            return;
        }
        let (earlier, later) =
            if self.line(one) > self.line(other) { (other, one) } else { (one, other) };
        let message = format!("expected another value than {earlier} has, found {value} for both");
        self.report(later, self.line(later), message);
    }

    /// The line of a key that the file sets.
    fn line(&self, key: &str) -> Option<usize> {
        self.set.iter().find(|(path, _)| path == key).map(|(_, line)| *line)
    }

    fn is_wrong(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key == key)
    }

    fn report(&mut self, key: &str, line: Option<usize>, message: String) {
        let problem = self.about(key, line, message);
        self.problems.push(problem);
    }

    fn about(&self, key: &str, line: Option<usize>, message: String) -> Problem {
        Problem { file: self.file.to_owned(), line, key: key.to_owned(), message }
    }

    fn result(mut self) -> Result<Loaded, ConfigError> {
        if self.problems.is_empty() {
            self.warnings.sort_by_key(|warning| warning.line);
            Ok(Loaded { config: self.config, warnings: self.warnings })
        } else {
            self.problems.sort_by_key(|problem| problem.line);
            Err(ConfigError::Invalid(self.problems))
        }
    }
}

/// `section.key`, or the name of a section when `section` is empty.
fn path(section: &str, name: &str) -> String {
    let name = escaped(name);
    if section.is_empty() { name } else { format!("{section}.{name}") }
}
