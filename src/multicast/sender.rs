//! The sending side: one socket that sends to any port of one group.
//!
//! Owns the interface that datagrams leave by. Never bound to a fixed port, and never blocking: what
//! cannot be sent at once is an error, and the next datagram is another matter.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;
use rustix::net::sockopt::set_ip_multicast_if_with_ifindex;
use socket2::{InterfaceIndexOrAddress, SockRef};

use super::error::Error;
use super::interface::{self, Interface, LOOPBACK};

/// How often the routes are looked at: a VPN that comes up must not take the telegrams, and reading the routes
/// for each of them would cost as much as sending it.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Sends datagrams to a multicast group.
#[derive(Debug)]
pub struct Sender {
    socket: UdpSocket,
    group: IpAddr,
    /// What the user has chosen: it is that one or none.
    interface: Option<Interface>,
    /// The last datagram was aimed at `lo`, for want of a network.
    at_loopback: Cell<bool>,
    /// The name of the interface by which telegrams leave, where none was chosen; empty without a network.
    outgoing: RefCell<String>,
    /// When the routes are looked at again.
    next_look: Cell<Instant>,
}

/// How datagrams leave this host. Display: `eth0, from 192.0.2.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The interface as it was chosen, by its name or an address.
    pub interface: String,
    /// The address that they come from; unspecified if no interface of this host has one that the kernel would use.
    pub source: IpAddr,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, from {}", self.interface, self.source)
    }
}

impl Sender {
    /// A sender to `group`, whose datagrams live for `ttl` hops (1: this LAN) and are heard on this
    /// machine too.
    ///
    /// They leave by `interface`. Without one, by that of the best route which is not point-to-point, so that
    /// a change of network is followed and a VPN does not take them; while there is no route at all they go
    /// to `lo`, so that programs on this machine hear them even when there is no network.
    pub fn open(group: IpAddr, ttl: u8, interface: Option<&Interface>) -> Result<Self, Error> {
        if !group.is_multicast() {
            return Err(Error::NotMulticast(group));
        }
        let any: IpAddr = match group {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket =
            UdpSocket::bind((any, 0)).map_err(Error::refused("open a socket for sending"))?;
        let sender = Self {
            socket,
            group,
            interface: interface.cloned(),
            at_loopback: Cell::new(false),
            outgoing: RefCell::default(),
            next_look: Cell::new(Instant::now()),
        };
        sender.set_options(ttl).map_err(Error::refused("set up the socket for sending"))?;
        match interface {
            Some(interface) => sender.pin(interface)?,
            None => sender
                .aim_at_network()
                .map_err(Error::refused("send by the interface of the best route"))?,
        }
        Ok(sender)
    }

    /// Sends `bytes` as one datagram to `port` of the group.
    ///
    /// Never blocks. Fails with what the kernel says: no network or route, an interface that is gone,
    /// a firewall, more than 65,507 bytes. Every one of these may be over at the next datagram.
    pub fn send(&self, port: u16, bytes: &[u8]) -> io::Result<()> {
        self.follow()?;
        let sent = self.transmit(port, bytes);
        // A route that rejects (unreachable, prohibit, blackhole) has an error of its own.
        let is_rejected = || self.interface.is_none() && self.outgoing.borrow().is_empty();
        if !sent.as_ref().is_err_and(|error| is_no_network(error) || is_rejected()) {
            return sent;
        }
        if let Some(interface) = &self.interface {
            // An adapter that was plugged in again is another interface of the same name.
            self.pin(interface).map_err(io::Error::other)?;
        } else {
            self.aim(InterfaceIndexOrAddress::Index(LOOPBACK))?;
            self.at_loopback.set(true);
        }
        // If even that fails, why there was no network says more.
        self.transmit(port, bytes).or(sent)
    }

    /// By which interface datagrams leave now, and from which address.
    pub fn path(&self) -> io::Result<Path> {
        let name = match &self.interface {
            Some(interface) => interface.to_string(),
            None => self.outgoing.borrow().clone(),
        };
        // A socket that is connected, which sends nothing, tells the address that it would send from.
        let any: IpAddr = if self.group.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let probe = UdpSocket::bind((any, 0))?;
        let place = match &self.interface {
            Some(interface) => interface.locate(self.group, &probe).map_err(io::Error::other)?,
            None => InterfaceIndexOrAddress::Index(name_to_index(&probe, &name)?),
        };
        aim(&probe, self.group, place)?;
        probe.connect((self.group, 9))?;
        Ok(Path { interface: name, source: probe.local_addr()?.ip() })
    }

    /// Whether the last datagram stayed on this machine, because no interface was chosen and the
    /// kernel has no route to the group.
    #[must_use]
    pub fn is_loopback_only(&self) -> bool {
        self.at_loopback.get()
    }

    /// Chooses the interface again where the kernel would keep one that is no longer right.
    fn follow(&self) -> io::Result<()> {
        match (&self.interface, self.group) {
            // It is followed when sending by it fails.
            (Some(Interface::Name(_)), _) => Ok(()),
            // The address may have moved to another interface.
            (Some(interface), _) => self.pin(interface).map_err(io::Error::other),
            (None, _) if !self.at_loopback.get() && Instant::now() < self.next_look.get() => Ok(()),
            (None, _) => self.aim_at_network(),
        }
    }

    fn transmit(&self, port: u16, bytes: &[u8]) -> io::Result<()> {
        self.socket.send_to(bytes, SocketAddr::new(self.group, port)).map(|_| ())
    }

    fn set_options(&self, ttl: u8) -> io::Result<()> {
        self.socket.set_nonblocking(true)?;
        let socket = SockRef::from(&self.socket);
        if self.group.is_ipv4() {
            socket.set_multicast_ttl_v4(ttl.into())?;
            socket.set_multicast_loop_v4(true)
        } else {
            socket.set_multicast_hops_v6(ttl.into())?;
            socket.set_multicast_loop_v6(true)
        }
    }

    /// Sends by `interface` from here on.
    fn pin(&self, interface: &Interface) -> Result<(), Error> {
        let place = interface.locate(self.group, &self.socket)?;
        self.aim(place).map_err(|reason| interface.refused("send by", reason))
    }

    /// Sends by whatever interface leads to the network from here on.
    fn aim_at_network(&self) -> io::Result<()> {
        self.next_look.set(Instant::now() + LOOK_INTERVAL);
        let name = interface::outgoing(self.group, &self.socket).unwrap_or_default();
        // 0 leaves it to the kernel, which knows best that there is no route.
        let index = name_to_index(&self.socket, &name).unwrap_or(0);
        self.at_loopback.set(index == LOOPBACK);
        self.outgoing.replace(name);
        self.aim(InterfaceIndexOrAddress::Index(index))
    }

    fn aim(&self, place: InterfaceIndexOrAddress) -> io::Result<()> {
        aim(&self.socket, self.group, place)
    }
}

/// Lets `socket` send to `group` by this interface.
fn aim(socket: &UdpSocket, group: IpAddr, place: InterfaceIndexOrAddress) -> io::Result<()> {
    match (group, place) {
        (IpAddr::V4(group), InterfaceIndexOrAddress::Index(index)) => {
            // Of itself the kernel sends from 0.0.0.0 by `lo`, or from another interface's address.
            let source = match index {
                LOOPBACK => Ipv4Addr::LOCALHOST,
                _ => Ipv4Addr::UNSPECIFIED,
            };
            set_ip_multicast_if_with_ifindex(socket, &group, &source, index)?;
            Ok(())
        }
        (IpAddr::V6(_), InterfaceIndexOrAddress::Index(index)) => {
            SockRef::from(socket).set_multicast_if_v6(index)
        }
        (_, InterfaceIndexOrAddress::Address(address)) => {
            SockRef::from(socket).set_multicast_if_v4(&address)
        }
    }
}

/// Whether `error` says that there is no way to the network now.
fn is_no_network(error: &io::Error) -> bool {
    let no_network = [Errno::NETUNREACH, Errno::NETDOWN, Errno::NODEV, Errno::ADDRNOTAVAIL];
    Errno::from_io_error(error).is_some_and(|errno| no_network.contains(&errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lo() -> Interface {
        Interface::Name("lo".into())
    }

    #[test]
    fn ttl_and_loop_are_set_on_the_socket() {
        let sender = Sender::open([239, 255, 77, 1].into(), 3, Some(&lo())).unwrap();
        let socket = SockRef::from(&sender.socket);
        assert_eq!(socket.multicast_ttl_v4().unwrap(), 3);
        assert!(socket.multicast_loop_v4().unwrap());
    }

    #[test]
    fn interface_and_address_by_which_datagrams_leave_are_named() {
        let by_address = Interface::Address(Ipv4Addr::LOCALHOST.into());
        for (interface, path) in
            [(lo(), "lo, from 127.0.0.1"), (by_address, "127.0.0.1, from 127.0.0.1")]
        {
            let sender = Sender::open([239, 255, 77, 1].into(), 0, Some(&interface)).unwrap();
            assert_eq!(sender.path().unwrap().to_string(), path);
        }
    }

    #[test]
    fn an_address_that_is_no_group_is_refused() {
        let error = Sender::open([192, 0, 2, 1].into(), 1, Some(&lo())).unwrap_err();
        assert!(error.to_string().starts_with("192.0.2.1 is not a multicast address"));
    }

    #[test]
    fn an_unknown_interface_is_named_with_those_that_exist() {
        let unknown = Interface::Name("p1nosuch0".into());
        let error = Sender::open([239, 255, 77, 1].into(), 1, Some(&unknown)).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("no network interface p1nosuch0 here; there are: lo"), "{said}");
    }

    #[test]
    fn an_address_that_no_interface_has_is_said() {
        let unknown = Interface::Address([203, 0, 113, 9].into());
        let error = Sender::open([239, 255, 77, 1].into(), 1, Some(&unknown)).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("no network interface 203.0.113.9 here"), "{said}");
    }

    #[test]
    fn an_interface_of_the_other_family_is_refused() {
        let v6 = Interface::Address(Ipv6Addr::LOCALHOST.into());
        let error = Sender::open([239, 255, 77, 1].into(), 1, Some(&v6)).unwrap_err();
        assert!(matches!(error, Error::WrongFamily { .. }), "found {error:?}");
    }
}
