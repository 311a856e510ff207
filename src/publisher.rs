//! The one way in which a program sends to the network: to a group, and copies to single hosts.
//!
//! Owns what happens when the network is away: every failure is counted, each change is logged once, at
//! most ten times an hour, and a socket that cannot be opened is tried again. `unicast` owns the address of a
//! single host. Nothing here blocks.

mod unicast;

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::multicast::{Interface, Path, Sender};
use crate::runtime::OutageLog;

use unicast::UnicastCopy;

/// The shortest time between two attempts to open the socket.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// How often it is checked by which interface datagrams leave.
const PATH_INTERVAL: Duration = Duration::from_secs(10);

/// Where a program sends to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Destinations {
    /// The group and the port of it that messages name; without it only the copies are sent.
    pub group: Option<SocketAddr>,
    pub ttl: u8,
    pub interface: Option<Interface>,
    /// The hosts that get a copy: `host:port`.
    pub copies: Vec<String>,
    /// What is sent, in the plural, for messages: `telegrams`.
    pub things: &'static str,
    /// The key of the configuration that chooses the interface.
    pub interface_key: &'static str,
}

/// Sends to one group, and copies to single hosts.
#[derive(Debug)]
pub(crate) struct Publisher {
    to: Destinations,
    group: Destination,
    sender: Option<Sender>,
    next_attempt: Instant,
    /// The hosts that get a copy.
    copies: Vec<(UnicastCopy, Destination)>,
    /// By which interface datagrams leave, as it was logged last.
    path: String,
    next_path: Instant,
    /// The interface by which datagrams leave without an address: hosts drop what comes from 0.0.0.0.
    without_address: Option<String>,
    /// When that is logged.
    address_outages: OutageLog,
    /// Datagrams stay on this machine, because there is no network and no interface was chosen.
    is_local: bool,
    /// When that is logged.
    loopback_outages: OutageLog,
    /// Telegrams that could not be sent to the group, or not in all forms, since the start, in number.
    failures: u64,
}

impl Publisher {
    /// A publisher to these destinations. A missing network is noticed with the first telegram.
    #[must_use]
    pub fn new(to: Destinations, now: Instant) -> Self {
        let copy = |name: &String| (UnicastCopy::open(name, now), Destination::new(name.clone()));
        let name = to.group.map_or_else(|| to.copies.join(", "), |group| group.to_string());
        let mut publisher = Self {
            group: Destination::new(name),
            copies: to.copies.iter().map(copy).collect(),
            to,
            sender: None,
            next_attempt: now,
            path: String::new(),
            next_path: now,
            without_address: None,
            address_outages: OutageLog::default(),
            is_local: false,
            loopback_outages: OutageLog::default(),
            failures: 0,
        };
        publisher.open(now);
        publisher
    }

    /// Sends elsewhere; keeps the counts.
    pub fn reconfigure(&mut self, to: Destinations, now: Instant) {
        *self = Self { failures: self.failures, ..Self::new(to, now) };
    }

    /// Sends one telegram in all its forms, each to its port of the group, and `copy` to each single host.
    pub fn publish(&mut self, forms: &[(u16, &[u8])], copy: &[u8], now: Instant) {
        self.publish_to_group(forms, now);
        for (host, destination) in &mut self.copies {
            if let Some(sent) = host.send(copy, now) {
                destination.record_result(sent, now);
            }
        }
    }

    /// Sends one datagram to the port of the group that messages name, and to each single host.
    pub fn publish_one(&mut self, bytes: &[u8], now: Instant) {
        let port = self.to.group.map_or(0, |group| group.port());
        self.publish(&[(port, bytes)], bytes, now);
    }

    fn publish_to_group(&mut self, forms: &[(u16, &[u8])], now: Instant) {
        if self.to.group.is_none() {
            return;
        }
        self.open(now);
        let sent = match &self.sender {
            // Every form is sent, even if one before it could not be.
            Some(sender) => {
                let sent = forms.iter().map(|(port, bytes)| sender.send(*port, bytes));
                sent.fold(Ok(()), io::Result::and)
            }
            // Why there is none is logged already.
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        match &sent {
            Ok(()) => {
                self.update_loopback(now);
                self.check_path(now);
            }
            Err(_) => self.failures += 1,
        }
        if self.sender.is_some() {
            self.group.record_result(sent, now);
        }
    }

    /// What is wrong now, if anything is: a fault that concerns the whole group before one of a single host.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        if self.is_local && self.group.trouble.is_none() {
            return Some(format!("no route to {}: heard on this machine only", self.group.name));
        }
        if let Some(interface) =
            self.without_address.as_ref().filter(|_| self.group.trouble.is_none())
        {
            return Some(format!("{interface} has no address: heard on this machine only"));
        }
        let hosts = self.copies.iter().map(|(_, host)| host);
        [&self.group].into_iter().chain(hosts).find_map(Destination::trouble)
    }

    /// Telegrams that could not be sent to the group, or not in both forms, since the start, in number.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// The group and the port, in words.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group.name
    }

    /// Logs when the network is lost and when it is back.
    fn update_loopback(&mut self, now: Instant) {
        self.is_local = self.sender.as_ref().is_some_and(Sender::is_loopback_only);
        let group = &self.group.name;
        let Destinations { things, interface_key, .. } = self.to;
        if !self.is_local {
            if self.loopback_outages.up() {
                log::info!("there is a route to {group} again: {things} leave this machine");
            }
        } else if let Some(end) = self.loopback_outages.down(now) {
            log::warn!(
                "there is no route to {group}: {things} stay on this machine (a network without a default route needs `{interface_key}`){end}"
            );
        }
    }

    /// Looks now and then by which interface datagrams leave.
    fn check_path(&mut self, now: Instant) {
        let Some(sender) = self.sender.as_ref().filter(|_| now >= self.next_path) else { return };
        self.next_path = now + PATH_INTERVAL;
        let path = sender.path().ok().filter(|_| !sender.is_loopback_only());
        self.log_path(path, now);
    }

    /// Logs by which interface datagrams leave, at the start and at each change.
    fn log_path(&mut self, path: Option<Path>, now: Instant) {
        let things = self.to.things;
        match path {
            Some(path) if path.source.is_unspecified() => {
                // At a boot, it may take some seconds until there is one.
                let lasts = self.without_address.replace(path.interface.clone()).is_some();
                if let Some(end) = lasts.then(|| self.address_outages.down(now)).flatten() {
                    log::warn!(
                        "{things} leave by {}, which has no address: other hosts drop what comes from {}{end}",
                        path.interface,
                        path.source
                    );
                }
                self.path.clear();
            }
            Some(path) => {
                (self.without_address, _) = (None, self.address_outages.up());
                let path = path.to_string();
                if path != self.path {
                    log::info!("{things} leave by {path}");
                    self.path = path;
                }
            }
            None => self.without_address = None,
        }
    }

    fn open(&mut self, now: Instant) {
        let Some(group) = self.to.group.filter(|_| self.sender.is_none()) else { return };
        if now < self.next_attempt {
            return;
        }
        self.next_attempt = now + RETRY_INTERVAL;
        match Sender::open(group.ip(), self.to.ttl, self.to.interface.as_ref()) {
            Ok(sender) => {
                self.sender = Some(sender);
                self.check_path(now);
            }
            Err(error) => self.group.record_result(Err(error), now),
        }
    }
}

/// One of the places that datagrams go to.
#[derive(Debug)]
struct Destination {
    /// What it is, for messages.
    name: String,
    /// Why the last telegram could not be sent there.
    trouble: Option<String>,
    outages: OutageLog,
}

impl Destination {
    fn new(name: String) -> Self {
        Self { name, trouble: None, outages: OutageLog::default() }
    }

    /// Logs when sending begins to fail and when it works again. The reason may change with every datagram:
    /// the status has the latest one.
    fn record_result(&mut self, sent: Result<(), impl ToString>, now: Instant) {
        self.trouble = sent.err().map(|reason| reason.to_string());
        let name = &self.name;
        let Some(reason) = &self.trouble else {
            if self.outages.up() {
                log::info!("sending to {name} works again");
            }
            return;
        };
        if let Some(end) = self.outages.down(now) {
            log::warn!("cannot send to {name}: {reason}; trying again{end}");
        }
    }

    fn trouble(&self) -> Option<String> {
        let reason = self.trouble.as_ref()?;
        Some(format!("cannot send to {}: {reason}", self.name))
    }
}

#[cfg(test)]
mod tests;
