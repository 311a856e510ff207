//! Copies of datagrams to single hosts, for those that multicast does not reach.
//!
//! Owns the destinations, their addresses and their sockets. A destination that fails disturbs neither
//! the multicast nor the other destinations. Looking up a host name may take the resolver half a
//! minute, so it is attempted beside the loop, which would lose telegrams if it waited.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use crate::runtime::background::Background;

/// How long after a look-up a failure leads to the next.
const RETRY: Duration = Duration::from_secs(30);
/// How long an address is believed. UDP does not tell when a host has moved to another address.
const REFRESH: Duration = Duration::from_secs(600);

/// Sends copies to a list of hosts.
#[derive(Debug)]
pub struct UnicastCopies {
    destinations: Vec<Destination>,
}

impl UnicastCopies {
    /// Copies to `destinations`, each `host:port` with a name or an address (`[…]:port` for IPv6). The
    /// look-up of names begins at once; `now` is the time.
    #[must_use]
    pub fn open(destinations: &[String], now: Instant) -> Self {
        let open = |name: &String| {
            let mut destination = Destination::new(name);
            destination.find(now);
            destination
        };
        Self { destinations: destinations.iter().map(open).collect() }
    }

    /// Sends `bytes` to every destination and calls `report` with the place of each in the list and the
    /// outcome. Those whose first look-up is still under way are passed over. Never blocks. `now` is the
    /// time.
    pub fn send(
        &mut self,
        bytes: &[u8],
        now: Instant,
        mut report: impl FnMut(usize, io::Result<()>),
    ) {
        for (index, destination) in self.destinations.iter_mut().enumerate() {
            if let Some(outcome) = destination.send(bytes, now) {
                report(index, outcome);
            }
        }
    }
}

#[derive(Debug)]
struct Destination {
    name: String,
    address: Option<SocketAddr>,
    socket: Option<UdpSocket>,
    /// Why the last look-up of the name failed.
    problem: Option<String>,
    /// The look-up that is under way.
    look_up: Option<Background<io::Result<SocketAddr>>>,
    /// When the last look-up began.
    asked: Option<Instant>,
    /// The last attempt to send failed.
    has_failed: bool,
}

impl Destination {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            address: None,
            socket: None,
            problem: None,
            look_up: None,
            asked: None,
            has_failed: false,
        }
    }

    /// `None` while it is not known yet where to send.
    fn send(&mut self, bytes: &[u8], now: Instant) -> Option<io::Result<()>> {
        self.find(now);
        let outcome = match (self.address, &self.problem) {
            (Some(address), _) => self.transmit(address, bytes),
            (None, Some(problem)) => Err(io::Error::other(problem.clone())),
            (None, None) => return None,
        };
        self.has_failed = outcome.is_err();
        Some(outcome)
    }

    fn transmit(&mut self, address: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => open_socket(address)?,
        };
        // Kept from here on: a program that listens takes another source port for another sender.
        self.socket.insert(socket).send_to(bytes, address)?;
        Ok(())
    }

    /// Takes in the answer to a look-up, or begins one if it is time to.
    fn find(&mut self, now: Instant) {
        if let Some(look_up) = &self.look_up {
            match look_up.result() {
                Ok(Some(found)) => self.learn(found),
                Ok(None) => return,
                Err(broken_off) => self.learn(Err(io::Error::other(broken_off))),
            }
        }
        if self.is_due(now) {
            self.asked = Some(now);
            match self.name.parse() {
                Ok(address) => self.learn(Ok(address)),
                Err(_) => self.ask(),
            }
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        let period = if self.has_failed || self.address.is_none() { RETRY } else { REFRESH };
        self.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= period)
    }

    /// Begins a look-up of the name.
    fn ask(&mut self) {
        let name = self.name.clone();
        match Background::start(move || look_up(&name)) {
            Ok(begun) => self.look_up = Some(begun),
            Err(error) => self.learn(Err(error)),
        }
    }

    /// A look-up has ended. If it has failed, an address known from before stays in use.
    fn learn(&mut self, found: io::Result<SocketAddr>) {
        self.look_up = None;
        match found {
            Ok(address) => {
                if self.address.is_some_and(|known| known.is_ipv4() != address.is_ipv4()) {
                    self.socket = None;
                }
                self.address = Some(address);
                self.problem = None;
            }
            Err(error) => self.problem = Some(error.to_string()),
        }
    }
}

/// The address of `name` (`host:port`). IPv4 is preferred: the programs of a LAN seldom listen to both.
fn look_up(name: &str) -> io::Result<SocketAddr> {
    let addresses: Vec<_> = name.to_socket_addrs()?.collect();
    let preferred = addresses.iter().find(|address| address.is_ipv4());
    preferred
        .or(addresses.first())
        .copied()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))
}

fn open_socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)),
    }?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A listener on this machine, and its port.
    fn listener() -> (UdpSocket, u16) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let port = socket.local_addr().unwrap().port();
        (socket, port)
    }

    /// Sends `bytes`; what is reported, as places in the list and whether it went well.
    fn send(copies: &mut UnicastCopies, bytes: &[u8], now: Instant) -> Vec<(usize, bool)> {
        let mut reports = Vec::new();
        copies.send(bytes, now, |index, outcome| reports.push((index, outcome.is_ok())));
        reports
    }

    /// Waits for the look-up of the only destination to end.
    fn settle(copies: &mut UnicastCopies) {
        let destination = &mut copies.destinations[0];
        let look_up = destination.look_up.take().expect("a look-up is under way");
        destination.learn(look_up.wait());
    }

    #[test]
    fn a_destination_that_fails_does_not_disturb_the_others() {
        let (listener, port) = listener();
        let good = format!("127.0.0.1:{port}");
        // Broadcasting is forbidden to an ordinary socket.
        let bad = "255.255.255.255:9".to_owned();
        let now = Instant::now();
        let mut copies = UnicastCopies::open(&[bad, good], now);
        assert_eq!(send(&mut copies, b"one", now), [(0, false), (1, true)]);
        let mut buffer = [0; 16];
        let length = listener.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"one");
    }

    #[test]
    fn one_socket_sends_all_so_that_the_source_port_stays() {
        let (listener, port) = listener();
        let now = Instant::now();
        let mut copies = UnicastCopies::open(&[format!("127.0.0.1:{port}")], now);
        let from = [now, now + REFRESH, now + 2 * REFRESH].map(|now| {
            send(&mut copies, b"x", now);
            listener.recv_from(&mut [0; 16]).unwrap().1
        });
        assert_eq!(from[0], from[1]);
        assert_eq!(from[1], from[2]);
    }

    #[test]
    fn a_name_is_looked_up_beside_the_loop_and_then_sent_to() {
        let (listener, port) = listener();
        let name = format!("localhost:{port}");
        let now = Instant::now();
        let mut copies = UnicastCopies::open(std::slice::from_ref(&name), now);
        settle(&mut copies);
        assert_eq!(send(&mut copies, b"two", now), [(0, true)]);
        assert_eq!(listener.recv(&mut [0; 16]).unwrap(), 3);
    }

    #[test]
    fn while_the_first_look_up_is_under_way_nothing_is_reported() {
        let now = Instant::now();
        let mut copies = UnicastCopies { destinations: vec![Destination::new("meter.invalid:9")] };
        let (_resolver, look_up) = Background::from_test();
        copies.destinations[0].look_up = Some(look_up);
        assert_eq!(send(&mut copies, b"x", now), []);
    }

    #[test]
    fn a_name_that_fails_is_reported_and_asked_again_after_the_retry_time_only() {
        // Without a port there is nothing to ask the resolver: it fails at once and everywhere.
        let name = "no-port".to_owned();
        let now = Instant::now();
        let mut copies = UnicastCopies::open(std::slice::from_ref(&name), now);
        settle(&mut copies);
        let early = now + RETRY.saturating_sub(Duration::from_millis(1));
        assert_eq!(send(&mut copies, b"x", early), [(0, false)]);
        assert!(copies.destinations[0].look_up.is_none());
        assert_eq!(send(&mut copies, b"x", now + RETRY), [(0, false)]);
        assert!(copies.destinations[0].look_up.is_some());
    }

    #[test]
    fn an_address_is_kept_when_its_refresh_fails() {
        let (listener, port) = listener();
        let now = Instant::now();
        let mut copies = UnicastCopies::open(&[format!("127.0.0.1:{port}")], now);
        copies.destinations[0].learn(Err(io::ErrorKind::TimedOut.into()));
        assert_eq!(send(&mut copies, b"x", now).len(), 1);
        assert_eq!(listener.recv(&mut [0; 16]).unwrap(), 1);
    }
}
