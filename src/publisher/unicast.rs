//! Copies of datagrams to one host, for hosts that multicast does not reach.
//!
//! Owns the address and the socket. Looking up a host name may take the resolver half a minute, so this
//! happens beside the loop, which would lose telegrams if it waited.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use crate::runtime::background::Background;

/// The wait from one look-up to the next while the host has no address, or sending to it fails.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// The wait from one look-up to the next while all is well: UDP does not tell when a host moves to
/// another address.
const REFRESH_INTERVAL: Duration = Duration::from_secs(600);

/// Sends copies to one host.
#[derive(Debug)]
pub struct UnicastCopy {
    name: String,
    address: Option<SocketAddr>,
    socket: Option<UdpSocket>,
    /// Why the last look-up of the name failed.
    problem: Option<String>,
    /// The look-up that is running.
    look_up: Option<Background<io::Result<SocketAddr>>>,
    /// When the last look-up began.
    last_look_up: Option<Instant>,
    has_failed: bool,
}

impl UnicastCopy {
    /// Copies to `name`, which is `host:port` with a name or an address (`[…]:port` for IPv6). A name is
    /// looked up from now on.
    pub fn open(name: &str, now: Instant) -> Self {
        let mut copy = Self {
            name: name.to_owned(),
            address: None,
            socket: None,
            problem: None,
            look_up: None,
            last_look_up: None,
            has_failed: false,
        };
        copy.resolve(now);
        copy
    }

    /// Sends `bytes`. `None` while the first look-up of the name is running. Never blocks.
    pub fn send(&mut self, bytes: &[u8], now: Instant) -> Option<io::Result<()>> {
        self.resolve(now);
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
        // The socket is kept: receivers take another source port for another sender.
        self.socket.insert(socket).send_to(bytes, address)?;
        Ok(())
    }

    /// Reads the result of a look-up, and begins the next one when it is due.
    fn resolve(&mut self, now: Instant) {
        if let Some(look_up) = &self.look_up {
            match look_up.result() {
                Ok(Some(found)) => self.on_result(found),
                Ok(None) => return,
                Err(panicked) => self.on_result(Err(io::Error::other(panicked))),
            }
        }
        if self.is_due(now) {
            self.last_look_up = Some(now);
            match self.name.parse() {
                Ok(address) => self.on_result(Ok(address)),
                Err(_) => self.begin_look_up(),
            }
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        let interval = if self.has_failed || self.address.is_none() {
            RETRY_INTERVAL
        } else {
            REFRESH_INTERVAL
        };
        self.last_look_up.is_none_or(|last| now.saturating_duration_since(last) >= interval)
    }

    fn begin_look_up(&mut self) {
        let name = self.name.clone();
        match Background::start(move || look_up(&name)) {
            Ok(begun) => self.look_up = Some(begun),
            Err(error) => self.on_result(Err(error)),
        }
    }

    /// If the look-up failed, an address known from before stays in use.
    fn on_result(&mut self, found: io::Result<SocketAddr>) {
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

/// The address of `name` (`host:port`). We prefer IPv4: programs on a LAN seldom listen to both.
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

    /// Waits for the running look-up.
    fn settle(copy: &mut UnicastCopy) {
        let look_up = copy.look_up.take().expect("a look-up is running");
        copy.on_result(look_up.wait());
    }

    #[test]
    fn one_socket_sends_all_so_that_the_source_port_stays() {
        let (listener, port) = listener();
        let now = Instant::now();
        let mut copy = UnicastCopy::open(&format!("127.0.0.1:{port}"), now);
        let from = [now, now + REFRESH_INTERVAL, now + 2 * REFRESH_INTERVAL].map(|now| {
            copy.send(b"x", now).unwrap().unwrap();
            listener.recv_from(&mut [0; 16]).unwrap().1
        });
        assert_eq!(from[0], from[1]);
        assert_eq!(from[1], from[2]);
    }

    #[test]
    fn a_failure_to_send_is_returned() {
        // Broadcasting is forbidden to an ordinary socket.
        let now = Instant::now();
        assert!(UnicastCopy::open("255.255.255.255:9", now).send(b"x", now).unwrap().is_err());
    }

    #[test]
    fn a_name_is_looked_up_beside_the_loop_and_then_sent_to() {
        let (listener, port) = listener();
        let now = Instant::now();
        let mut copy = UnicastCopy::open(&format!("localhost:{port}"), now);
        settle(&mut copy);
        copy.send(b"two", now).unwrap().unwrap();
        assert_eq!(listener.recv(&mut [0; 16]).unwrap(), 3);
    }

    #[test]
    fn while_the_first_look_up_is_running_nothing_is_sent() {
        let now = Instant::now();
        let mut copy = UnicastCopy::open("192.0.2.1:9", now);
        let (_resolver, look_up) = Background::from_test();
        (copy.address, copy.look_up) = (None, Some(look_up));
        assert!(copy.send(b"x", now).is_none());
    }

    #[test]
    fn a_failed_look_up_is_returned_and_repeated_after_the_retry_interval_only() {
        // Without a port there is nothing to ask the resolver: it fails at once and everywhere.
        let now = Instant::now();
        let mut copy = UnicastCopy::open("no-port", now);
        settle(&mut copy);
        let early = now + RETRY_INTERVAL.saturating_sub(Duration::from_millis(1));
        assert!(copy.send(b"x", early).unwrap().is_err());
        assert!(copy.look_up.is_none());
        assert!(copy.send(b"x", now + RETRY_INTERVAL).unwrap().is_err());
        assert!(copy.look_up.is_some());
    }

    #[test]
    fn an_address_is_kept_when_its_refresh_fails() {
        let (listener, port) = listener();
        let now = Instant::now();
        let mut copy = UnicastCopy::open(&format!("127.0.0.1:{port}"), now);
        copy.on_result(Err(io::ErrorKind::TimedOut.into()));
        copy.send(b"x", now).unwrap().unwrap();
        assert_eq!(listener.recv(&mut [0; 16]).unwrap(), 1);
    }
}
