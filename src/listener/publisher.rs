//! Sends datagrams: the JSON, the raw telegram, and copies for single hosts.
//!
//! Owns what happens when the network is away: every failure is counted, each change is logged once, at
//! most ten times an hour, and a socket that cannot be opened is tried again. Nothing here blocks.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::config;
use crate::message::Datagram;
use crate::multicast::{Sender, UnicastCopy};
use crate::runtime::OutageLog;

/// The shortest time between two attempts to open the socket.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// How often it is checked by which interface telegrams leave.
const PATH_INTERVAL: Duration = Duration::from_secs(10);

/// Publishes telegrams to one group.
#[derive(Debug)]
pub struct Publisher {
    settings: config::Multicast,
    group: Destination,
    sender: Option<Sender>,
    next_attempt: Instant,
    /// The hosts that get a copy.
    copies: Vec<(UnicastCopy, Destination)>,
    /// By which interface telegrams leave, as it was logged last.
    path: String,
    next_path: Instant,
    /// Telegrams stay on this machine, because there is no network and no interface was chosen.
    is_local: bool,
    /// When that is logged.
    loopback_outages: OutageLog,
    /// Telegrams that could not be sent to the group, or not in both forms, since the start, in number.
    failures: u64,
}

impl Publisher {
    /// A publisher with these settings. A missing network is noticed with the first telegram.
    #[must_use]
    pub fn new(settings: config::Multicast, now: Instant) -> Self {
        let copy = |name: &String| (UnicastCopy::open(name, now), Destination::new(name.clone()));
        let group = SocketAddr::new(settings.address, settings.port).to_string();
        let mut publisher = Self {
            group: Destination::new(group),
            copies: settings.also_to.iter().map(copy).collect(),
            settings,
            sender: None,
            next_attempt: now,
            path: String::new(),
            next_path: now,
            is_local: false,
            loopback_outages: OutageLog::default(),
            failures: 0,
        };
        publisher.open(now);
        publisher
    }

    /// Uses other settings; keeps the counts.
    pub fn reconfigure(&mut self, settings: config::Multicast, now: Instant) {
        *self = Self { failures: self.failures, ..Self::new(settings, now) };
    }

    /// Sends one telegram in all its forms.
    pub fn publish(&mut self, datagram: &Datagram<'_>, now: Instant) {
        self.open(now);
        let sent = match &self.sender {
            Some(sender) => {
                let json = sender.send(self.settings.port, datagram.json);
                let raw = self.settings.raw_port.map(|port| sender.send(port, datagram.raw));
                json.and(raw.unwrap_or(Ok(())))
            }
            // Why there is none is logged already.
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        match &sent {
            Ok(()) => {
                self.update_loopback(now);
                self.log_path(now);
            }
            Err(_) => self.failures += 1,
        }
        if self.sender.is_some() {
            self.group.record_result(sent, now);
        }
        for (copy, host) in &mut self.copies {
            if let Some(sent) = copy.send(datagram.json, now) {
                host.record_result(sent, now);
            }
        }
    }

    /// What is wrong now, if anything is: a fault that concerns the whole group before one of a single host.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        if self.is_local && self.group.trouble.is_none() {
            return Some(format!("no route to {}: heard on this machine only", self.group.name));
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
        if !self.is_local {
            if self.loopback_outages.up() {
                log::info!("there is a route to {group} again: telegrams leave this machine");
            }
        } else if let Some(end) = self.loopback_outages.down(now) {
            log::warn!(
                "there is no route to {group}: telegrams stay on this machine (a network without a default route needs `multicast.interface`){end}"
            );
        }
    }

    /// Logs by which interface telegrams leave, at the start and at each change.
    fn log_path(&mut self, now: Instant) {
        let Some(sender) = self.sender.as_ref().filter(|_| now >= self.next_path) else { return };
        self.next_path = now + PATH_INTERVAL;
        let path =
            sender.path().ok().filter(|path| *path != self.path && !sender.is_loopback_only());
        if let Some(path) = path {
            log::info!("telegrams leave by {path}");
            self.path = path;
        }
    }

    fn open(&mut self, now: Instant) {
        if self.sender.is_some() || now < self.next_attempt {
            return;
        }
        self.next_attempt = now + RETRY_INTERVAL;
        let config::Multicast { address, ttl, interface, .. } = &self.settings;
        match Sender::open(*address, *ttl, interface.as_ref()) {
            Ok(sender) => {
                self.sender = Some(sender);
                self.log_path(now);
            }
            Err(error) => self.group.record_result(Err(error), now),
        }
    }
}

/// Where telegrams go.
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
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::message::Meta;
    use crate::multicast::Receiver;
    use crate::runtime::captured_log;
    use crate::telegram::Timestamp;

    const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 255, 78, 1));

    fn settings(port: u16, interface: &str) -> config::Multicast {
        config::Multicast {
            address: GROUP,
            port,
            raw_port: Some(port + 1),
            ttl: 0,
            interface: interface.parse().ok(),
            ..config::Config::default().multicast
        }
    }

    const RAW: &[u8] = b"/T\r\n!\r\n";

    fn publish(publisher: &mut Publisher, now: Instant) {
        let meta = Meta::new(1, Timestamp::default(), Timestamp::default(), None);
        publisher.publish(&Datagram { json: b"{}", raw: RAW, header: b"/T", meta: &meta }, now);
    }

    fn receive(port: u16) -> impl FnMut() -> Vec<u8> {
        let lo = "lo".parse().unwrap();
        let receiver = Receiver::open(GROUP, port, Some(&lo)).unwrap();
        move || {
            let mut buffer = [0; 100];
            let datagram = receiver.receive(&mut buffer, Duration::from_secs(5)).unwrap().unwrap();
            buffer[..datagram.len].to_vec()
        }
    }

    #[test]
    fn a_telegram_goes_out_once_as_json_once_raw_and_to_each_host() {
        let host = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        host.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let also_to = vec![host.local_addr().unwrap().to_string()];
        let (mut json, mut raw) = (receive(26_001), receive(26_002));
        let now = Instant::now();
        let mut publisher =
            Publisher::new(config::Multicast { also_to, ..settings(26_001, "lo") }, now);
        let mut copy = [0; 100];
        // The address of the host is looked up meanwhile: the first telegrams may not reach it.
        host.set_nonblocking(true).unwrap();
        let copied = (0..500).find_map(|_| {
            publish(&mut publisher, now);
            assert_eq!((json(), raw()), (b"{}".to_vec(), RAW.to_vec()));
            std::thread::sleep(Duration::from_millis(1));
            host.recv(&mut copy).ok()
        });
        assert_eq!(copied.map(|length| &copy[..length]), Some(&b"{}"[..]));
        assert_eq!((publisher.trouble(), publisher.failures()), (None, 0));
    }

    #[test]
    fn the_raw_telegram_is_sent_even_if_the_json_cannot_be() {
        let mut raw = receive(26_006);
        let now = Instant::now();
        // To port 0 nothing can be sent.
        let nowhere = config::Multicast { raw_port: Some(26_006), ..settings(0, "lo") };
        let mut publisher = Publisher::new(nowhere, now);
        publish(&mut publisher, now);
        assert_eq!(raw(), RAW);
        assert_eq!(publisher.failures(), 1);
    }

    #[test]
    fn failures_stay_counted_after_a_reconfiguration() {
        let now = Instant::now();
        let mut publisher = Publisher::new(settings(26_007, "nosuch0"), now);
        publish(&mut publisher, now);
        publisher.reconfigure(settings(26_007, "lo"), now);
        publish(&mut publisher, now);
        assert_eq!((publisher.failures(), publisher.trouble()), (1, None));
    }

    #[test]
    fn without_a_network_telegrams_are_counted_and_the_trouble_is_named() {
        let now = Instant::now();
        let mut publisher = Publisher::new(settings(26_003, "nosuch0"), now);
        for second in 0..5 {
            publish(&mut publisher, now + Duration::from_secs(second));
        }
        assert_eq!(publisher.failures(), 5);
        let trouble = publisher.trouble().unwrap();
        assert!(trouble.contains("239.255.78.1:26003") && trouble.contains("nosuch0"), "{trouble}");
    }

    #[test]
    fn trouble_with_the_group_is_reported_before_that_of_one_host() {
        let now = Instant::now();
        // To port 0 nothing can be sent.
        let also_to = vec!["127.0.0.1:0".into()];
        let settings = config::Multicast { also_to, ..settings(26_008, "nosuch0") };
        let mut publisher = Publisher::new(settings, now);
        publish(&mut publisher, now);
        assert!(publisher.copies[0].1.trouble().is_some());
        let trouble = publisher.trouble().unwrap();
        assert!(trouble.starts_with("cannot send to 239.255.78.1:26008"), "{trouble}");
    }

    #[test]
    fn a_host_that_comes_and_goes_all_the_time_does_not_fill_the_log() {
        let mut host = Destination::new("laptop:52001".into());
        let start = Instant::now();
        let lines = captured_log(|| {
            for second in (0..3600).step_by(2) {
                let now = start + Duration::from_secs(second);
                host.record_result(Err("no route"), now);
                assert_eq!(
                    host.trouble().as_deref(),
                    Some("cannot send to laptop:52001: no route")
                );
                host.record_result(Ok::<_, String>(()), now + Duration::from_secs(1));
                assert_eq!(host.trouble(), None);
            }
        });
        assert_eq!(lines.len(), 20, "{lines:?}");
        assert_eq!(lines[0], "cannot send to laptop:52001: no route; trying again");
        assert!(lines[18].ends_with("further messages suppressed)"), "{lines:?}");
        assert_eq!(lines[19], "sending to laptop:52001 works again");
    }
}
