//! The receiving side: one socket that hears one port of one group.
//!
//! Owns the membership on each network interface. The caller's loop owns the buffer and the clock, and
//! calls [`Receiver::join_again`] now and then.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockRef, Socket, Type};

use super::error::Error;
use super::interface::{self, Interface};

/// Bytes that the kernel is asked to keep while nobody reads: several minutes of telegrams.
const BUFFER: usize = 1 << 20;

/// Receives the datagrams of a multicast group.
#[derive(Debug)]
pub struct Receiver {
    socket: UdpSocket,
    group: IpAddr,
    interface: Option<Interface>,
    /// The interfaces of which we are members, as far as they are known by index.
    members: Vec<u32>,
}

/// What is known of a datagram beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// How many bytes of the buffer it fills. A datagram that is longer than the buffer is cut.
    pub len: usize,
    /// Who sent it.
    pub from: SocketAddr,
}

/// For a caller that waits for other things as well.
impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Receiver {
    /// A receiver for `port` of `group`, bound to the group address, so that another group on the same
    /// port is not heard. Any number of programs on one machine may have one.
    ///
    /// It joins the group on `interface`; without one, on every interface there is. Fails if it can
    /// join nowhere.
    pub fn open(group: IpAddr, port: u16, interface: Option<&Interface>) -> Result<Self, Error> {
        if !group.is_multicast() {
            return Err(Error::NotMulticast(group));
        }
        let domain = Domain::for_address(SocketAddr::new(group, port));
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))
            .map_err(Error::refused("open a socket for receiving"))?;
        let mut receiver = Self {
            socket: socket.into(),
            group,
            interface: interface.cloned(),
            members: Vec::new(),
        };
        receiver.set_options().map_err(Error::refused("set up the socket for receiving"))?;
        receiver.bind(port)?;
        receiver.join_again()?;
        Ok(receiver)
    }

    /// Joins the group on the interfaces that have appeared since the last time, and forgets those that
    /// have gone. Cheap, and harmless if nothing has changed.
    ///
    /// Fails if the group is joined nowhere then; what was joined before stays joined.
    pub fn join_again(&mut self) -> Result<(), Error> {
        let places: Vec<_> = match &self.interface {
            Some(interface) => vec![interface.locate(self.group, &self.socket)?],
            None => interface::all(&self.socket)
                .into_iter()
                .map(InterfaceIndexOrAddress::Index)
                .collect(),
        };
        self.leave_all_but(&places);
        let mut is_member = false;
        let mut refusal = io::Error::from(Errno::NODEV);
        for place in places {
            match self.join(place) {
                Ok(()) => is_member = true,
                Err(error) => refusal = error,
            }
        }
        if is_member {
            return Ok(());
        }
        let action = format!("join group {} on", self.group);
        Err(match &self.interface {
            Some(interface) => interface.refused(&action, refusal),
            None => Error::refused(action + " any interface")(refusal),
        })
    }

    /// Waits for a datagram and puts it into `buffer`; 65,536 bytes take any.
    ///
    /// `None` when `timeout` is over, and also as soon as a signal comes in, so that the caller can
    /// look at its flags. Fails only if the kernel does.
    pub fn receive(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<Option<Datagram>> {
        // A timeout beyond the range of the type is as good as none.
        let timeout = Timespec::try_from(timeout).ok();
        let mut sockets = [PollFd::new(&self.socket, PollFlags::IN)];
        match poll(&mut sockets, timeout.as_ref()) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        match self.socket.recv_from(buffer) {
            Ok((len, from)) => Ok(Some(Datagram { len, from })),
            // The kernel wakes us for datagrams too whose checksum then turns out to be wrong.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn set_options(&self) -> io::Result<()> {
        self.socket.set_nonblocking(true)?;
        let socket = SockRef::from(&self.socket);
        socket.set_reuse_address(true)?;
        // As much as the system allows is enough; the kernel cuts it to that without an error.
        let _ = socket.set_recv_buffer_size(BUFFER);
        if self.interface.is_none() {
            // Bound to the group, we want it from wherever it comes, be it an interface that somebody
            // else has joined before we have noticed it.
            return Ok(());
        }
        // Bound to the group, the socket hears nothing of other groups anyway. Where the option is not
        // known (old kernels, emulators), the group is heard on interfaces that others have joined, too.
        let _ = if self.group.is_ipv4() {
            socket.set_multicast_all_v4(false)
        } else {
            socket.set_multicast_all_v6(false)
        };
        Ok(())
    }

    fn bind(&self, port: u16) -> Result<(), Error> {
        let address = match self.group {
            IpAddr::V4(group) => SocketAddr::new(group.into(), port),
            // A group of link scope (ff02::) cannot be bound without its interface.
            IpAddr::V6(group) => SocketAddrV6::new(group, port, 0, self.scope()?).into(),
        };
        SockRef::from(&self.socket)
            .bind(&address.into())
            .map_err(Error::refused(format!("listen to port {port} of group {}", self.group)))
    }

    /// The index of the chosen interface, or 0.
    fn scope(&self) -> Result<u32, Error> {
        match &self.interface {
            Some(interface) => match interface.locate(self.group, &self.socket)? {
                InterfaceIndexOrAddress::Index(index) => Ok(index),
                InterfaceIndexOrAddress::Address(_) => Ok(0),
            },
            None => Ok(0),
        }
    }

    fn join(&mut self, place: InterfaceIndexOrAddress) -> io::Result<()> {
        let socket = SockRef::from(&self.socket);
        let joined = match (self.group, place) {
            (IpAddr::V4(group), place) => socket.join_multicast_v4_n(&group, &place),
            (IpAddr::V6(group), InterfaceIndexOrAddress::Index(index)) => {
                socket.join_multicast_v6(&group, index)
            }
            (IpAddr::V6(_), InterfaceIndexOrAddress::Address(_)) => {
                return Err(Errno::AFNOSUPPORT.into());
            }
        };
        match joined {
            // We are a member there already.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(()),
            Err(error) => Err(error),
            Ok(()) => {
                if let InterfaceIndexOrAddress::Index(index) = place {
                    self.members.push(index);
                }
                Ok(())
            }
        }
    }

    /// Gives up the memberships on interfaces that are not among `places`. The kernel keeps those of
    /// interfaces that no longer exist, and grants a socket twenty: an adapter that is plugged in again
    /// and again would use them up.
    fn leave_all_but(&mut self, places: &[InterfaceIndexOrAddress]) {
        let socket = SockRef::from(&self.socket);
        let is_there = |member: u32| {
            places.iter().any(
                |place| matches!(place, InterfaceIndexOrAddress::Index(index) if *index == member),
            )
        };
        self.members.retain(|&member| {
            if is_there(member) {
                return true;
            }
            // If the kernel has dropped it by itself, so much the better.
            let _ = match self.group {
                IpAddr::V4(group) => {
                    let place = InterfaceIndexOrAddress::Index(member);
                    socket.leave_multicast_v4_n(&group, &place)
                }
                IpAddr::V6(group) => socket.leave_multicast_v6(&group, member),
            };
            false
        });
    }
}
