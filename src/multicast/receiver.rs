//! The receiving side: one socket that hears one port of one group.
//!
//! Owns the membership on each network interface. The caller's loop owns the buffer and the clock, and
//! calls [`Receiver::rejoin`] every now and then.

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
const BUFFER_SIZE: usize = 1 << 20;

/// Receives the datagrams of a multicast group.
#[derive(Debug)]
pub struct Receiver {
    socket: UdpSocket,
    group: IpAddr,
    interface: Option<Interface>,
    /// The indexes of the interfaces on which we are members, unless the user gave an IPv4 address.
    members: Vec<u32>,
}

/// On which interfaces a group is joined.
#[derive(Debug, Default)]
pub struct Joined {
    /// How many there are.
    pub interfaces: usize,
    /// Those on which the kernel refused to join, and why.
    pub refused: Vec<(String, io::Error)>,
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
    /// port is not received. Any number of programs on one machine may have one.
    ///
    /// It joins the group on `interface`; without one, on `lo` and on every interface that has an address,
    /// is up and is not point-to-point. Fails if it cannot join anywhere.
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
        receiver.rejoin()?;
        Ok(receiver)
    }

    /// Joins the group on the interfaces that have appeared since the last time, and leaves it on those
    /// that have gone. Cheap, and harmless if nothing has changed.
    ///
    /// Fails if the group is then joined nowhere.
    pub fn rejoin(&mut self) -> Result<Joined, Error> {
        match self.interface.clone() {
            Some(interface) => self.join_chosen(&interface),
            None => self.join_all(),
        }
    }

    /// Gives up all memberships, until [`Receiver::rejoin`]. The socket stays.
    pub fn leave_all(&mut self) {
        self.leave_all_but(&[]);
        if let (IpAddr::V4(group), Some(Interface::Address(IpAddr::V4(address)))) =
            (self.group, &self.interface)
        {
            let place = InterfaceIndexOrAddress::Address(*address);
            let _ = SockRef::from(&self.socket).leave_multicast_v4_n(&group, &place);
        }
    }

    fn join_chosen(&mut self, interface: &Interface) -> Result<Joined, Error> {
        let place = interface.locate(self.group, &self.socket)?;
        if let InterfaceIndexOrAddress::Index(index) = place {
            self.leave_all_but(&[index]);
        }
        let action = format!("join group {} on", self.group);
        self.join(place).map_err(|reason| interface.refused(&action, reason))?;
        Ok(Joined { interfaces: 1, refused: Vec::new() })
    }

    fn join_all(&mut self) -> Result<Joined, Error> {
        let wanted = interface::to_join(self.group, &self.socket);
        let indexes: Vec<u32> = wanted.iter().map(|&(_, index)| index).collect();
        self.leave_all_but(&indexes);
        let mut refused = Vec::new();
        for (at, (name, index)) in wanted.into_iter().enumerate() {
            if let Err(reason) = self.join_instead_of(index, &indexes[at + 1..]) {
                refused.push((name, reason));
            }
        }
        if self.members.is_empty() {
            let reason = refused.pop().map_or_else(|| Errno::NODEV.into(), |(_, reason)| reason);
            let action = format!("join group {} on any interface", self.group);
            return Err(Error::refused(action)(reason));
        }
        Ok(Joined { interfaces: self.members.len(), refused })
    }

    /// Joins on an interface, if need be instead of on one of the less important ones: the kernel grants a
    /// socket 20 memberships (`net.ipv4.igmp_max_memberships`).
    fn join_instead_of(&mut self, index: u32, less_important: &[u32]) -> io::Result<()> {
        loop {
            match self.join(InterfaceIndexOrAddress::Index(index)) {
                Err(error) if Errno::from_io_error(&error) == Some(Errno::NOBUFS) => {
                    let is_member = |index: &&u32| self.members.contains(index);
                    let Some(&victim) = less_important.iter().rfind(is_member) else {
                        return Err(error);
                    };
                    self.leave(victim);
                    self.members.retain(|&member| member != victim);
                }
                joined => return joined,
            }
        }
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
        self.try_receive(buffer)
    }

    /// Puts a datagram that has arrived into `buffer`; `None` when there is none. Never blocks. Fails only if
    /// the kernel does.
    pub fn try_receive(&self, buffer: &mut [u8]) -> io::Result<Option<Datagram>> {
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
        let _ = socket.set_recv_buffer_size(BUFFER_SIZE);
        if self.interface.is_none() {
            // Interfaces that another program has joined serve us, too, until we notice them.
            return Ok(());
        }
        // Where the option is not known (old kernels, emulators), we also receive the group from interfaces
        // that other programs have joined.
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
        let index = match place {
            InterfaceIndexOrAddress::Index(index) if self.members.contains(&index) => return Ok(()),
            InterfaceIndexOrAddress::Index(index) => Some(index),
            InterfaceIndexOrAddress::Address(_) => None,
        };
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
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            joined => joined?,
        }
        self.members.extend(index);
        Ok(())
    }

    /// Gives up the memberships on all other interfaces. The kernel keeps those of interfaces that no
    /// longer exist, and they count: an adapter that is plugged in again and again would use them up.
    fn leave_all_but(&mut self, kept: &[u32]) {
        let (kept, left): (Vec<_>, Vec<_>) =
            self.members.drain(..).partition(|member| kept.contains(member));
        self.members = kept;
        for index in left {
            self.leave(index);
        }
    }

    /// Gives up the membership on one interface.
    fn leave(&self, index: u32) {
        let socket = SockRef::from(&self.socket);
        // An error means that the kernel has dropped it already.
        let _ = match self.group {
            IpAddr::V4(group) => {
                socket.leave_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
            }
            IpAddr::V6(group) => socket.leave_multicast_v6(&group, index),
        };
    }
}
