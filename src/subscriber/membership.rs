//! The membership in a multicast group: joined at once or when possible, and kept up from then on.
//!
//! Owns the socket and the buffer, and what is logged when there is no network. Interfaces come and go, so
//! the group is joined again every ten seconds; a socket that fails is opened again.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use super::Feed;
use crate::config::Multicast;
use crate::multicast::{self, Datagram, Interface, Joined, Receiver};
use crate::runtime::OutageLog;
use crate::text;

/// The longest datagram in UDP, in bytes.
const MAX_DATAGRAM: usize = 65_535;

/// How often the group is joined on interfaces that have come up since. Not in silence only: telegrams of
/// one meter may arrive while the interface to another one is missing.
const JOIN_INTERVAL: Duration = Duration::from_secs(10);

/// The same when a telegram is overdue: its sender may have got another network.
const SHORT_JOIN_INTERVAL: Duration = Duration::from_secs(1);

/// The wait before a socket that has failed is opened again.
const REOPEN_INTERVAL: Duration = Duration::from_secs(1);

/// How long a membership is given up to renew it. All programs of a host must have left for a moment, so
/// this is longer than any of them needs to do so.
const RENEWAL_PAUSE: Duration = Duration::from_secs(1);

/// The most interfaces that a log message names.
const MAX_NAMED: usize = 3;

/// What to join.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Endpoint {
    group: SocketAddr,
    interface: Option<Interface>,
}

impl Endpoint {
    /// `None` if this feed is turned off.
    pub fn new(settings: &Multicast, feed: Feed) -> Option<Self> {
        let port = match feed {
            Feed::Json => Some(settings.port),
            Feed::Raw => settings.raw_port,
        };
        let group = SocketAddr::new(settings.address, port?);
        Some(Self { group, interface: settings.interface.clone() })
    }

    pub fn json(settings: &Multicast) -> Self {
        let group = SocketAddr::new(settings.address, settings.port);
        Self { group, interface: settings.interface.clone() }
    }
}

/// A socket that is a member of a group: a [`Receiver`], or a test.
pub(super) trait GroupSocket {
    /// Puts the next datagram into the buffer, if there is one. Never blocks.
    fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<Datagram>>;

    /// Joins the group on interfaces that have appeared.
    fn rejoin(&mut self) -> Result<Joined, multicast::Error>;

    /// Leaves the group, until it is joined again.
    fn leave(&mut self);

    fn fd(&self) -> Option<BorrowedFd<'_>>;
}

impl GroupSocket for Receiver {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<Datagram>> {
        self.try_receive(buffer)
    }

    fn rejoin(&mut self) -> Result<Joined, multicast::Error> {
        self.rejoin()
    }

    fn leave(&mut self) {
        self.leave_all();
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

/// Opens a socket; an error says what is wrong.
pub(super) type Open = dyn FnMut(&Endpoint) -> Result<Box<dyn GroupSocket>, String>;

/// A membership that is kept up.
pub(super) struct Membership {
    endpoint: Endpoint,
    open: Box<Open>,
    socket: Option<Box<dyn GroupSocket>>,
    next_join: Instant,
    /// Why there is no socket, or why the group is joined nowhere.
    problem: Option<String>,
    outages: OutageLog,
    /// On which interfaces the kernel refused to join.
    refusal: Option<String>,
    refusals: OutageLog,
    buffer: Vec<u8>,
    length: usize,
}

impl Membership {
    /// Joins now, or fails with the reason.
    pub fn join(endpoint: Endpoint, now: Instant) -> Result<Self, String> {
        let mut membership = Self::new(endpoint, Box::new(open_receiver), now);
        membership.try_to_join(now).map(|()| membership)
    }

    /// Joins now, or else later.
    pub fn join_when_possible(endpoint: Endpoint, now: Instant) -> Self {
        let mut membership = Self::new(endpoint, Box::new(open_receiver), now);
        membership.keep_up(now);
        membership
    }

    /// Joins when [`Membership::keep_up`] is first called.
    pub fn new(endpoint: Endpoint, open: Box<Open>, now: Instant) -> Self {
        Self {
            endpoint,
            open,
            socket: None,
            next_join: now,
            problem: None,
            outages: OutageLog::default(),
            refusal: None,
            refusals: OutageLog::default(),
            buffer: vec![0; MAX_DATAGRAM],
            length: 0,
        }
    }

    /// Joins another group, if it is another one.
    pub fn reconfigure(&mut self, endpoint: Endpoint, now: Instant) {
        if self.endpoint != endpoint {
            self.endpoint = endpoint;
            self.socket = None;
            self.next_join = now;
        }
    }

    /// Joins when it is time to.
    pub fn keep_up(&mut self, now: Instant) {
        if now < self.next_join {
            return;
        }
        match self.try_to_join(now) {
            Ok(()) => {
                self.problem = None;
                if self.outages.up() {
                    log::info!("joined {}", self.group());
                }
            }
            Err(reason) => self.fail(format!("cannot join {}: {reason}", self.group()), now),
        }
    }

    /// A telegram is overdue: joins again sooner.
    pub fn hurry(&mut self, now: Instant) {
        self.next_join = self.next_join.min(now + SHORT_JOIN_INTERVAL);
    }

    /// Leaves the group and joins it again a moment later, so that switches hear of the membership.
    pub fn renew(&mut self, now: Instant) {
        if let Some(socket) = &mut self.socket {
            socket.leave();
            self.next_join = now + RENEWAL_PAUSE;
        }
    }

    /// When it is time to join again.
    pub fn next_join(&self) -> Instant {
        self.next_join
    }

    /// The sender of the next datagram, if one has arrived. Its bytes are [`Membership::datagram`].
    pub fn receive(&mut self, now: Instant) -> Option<SocketAddr> {
        match self.socket.as_ref()?.receive(&mut self.buffer) {
            Ok(datagram) => {
                let datagram = datagram?;
                self.length = datagram.len;
                Some(datagram.from)
            }
            Err(error) => {
                self.socket = None;
                self.next_join = now + REOPEN_INTERVAL;
                self.fail(format!("cannot receive from {}: {error}", self.group()), now);
                None
            }
        }
    }

    pub fn datagram(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref()?.fd()
    }

    pub fn group(&self) -> SocketAddr {
        self.endpoint.group
    }

    /// Whether the group is joined anywhere.
    pub fn is_joined(&self) -> bool {
        self.problem.is_none()
    }

    /// What is wrong now.
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        [&self.problem, &self.refusal].into_iter().filter_map(Option::as_deref)
    }

    fn try_to_join(&mut self, now: Instant) -> Result<(), String> {
        self.next_join = now + JOIN_INTERVAL;
        if self.socket.is_none() {
            self.socket = Some((self.open)(&self.endpoint)?);
        }
        let Some(socket) = &mut self.socket else { return Ok(()) };
        let joined = socket.rejoin().map_err(|error| error.to_string())?;
        self.note_refusals(&joined, now);
        Ok(())
    }

    /// Logs once that the kernel refuses some of the interfaces: it grants a socket 20 memberships.
    fn note_refusals(&mut self, joined: &Joined, now: Instant) {
        let Some((_, reason)) = joined.refused.first() else {
            self.refusal = None;
            if self.refusals.up() {
                log::info!("joined {} on all {} interfaces", self.group(), joined.interfaces);
            }
            return;
        };
        let names = joined.refused.iter().map(|(name, _)| name.as_str());
        let more = if joined.refused.len() > MAX_NAMED { ", …" } else { "" };
        let names = names.take(MAX_NAMED).collect::<Vec<_>>().join(", ") + more;
        let (refused, interfaces) =
            (joined.refused.len(), joined.interfaces + joined.refused.len());
        if let Some(note) = self.refusals.down(now) {
            log::warn!(
                "cannot join {} on {refused} of {interfaces} interfaces ({names}): {reason}; raise \
                 net.ipv4.igmp_max_memberships, or name one in multicast.interface{note}",
                self.group()
            );
        }
        self.refusal = Some(format!("not joined on {}", text::count(refused as u64, "interface")));
    }

    /// Nothing can be received now. The reason may change with each attempt, as interfaces come and go: the
    /// status has the latest one.
    fn fail(&mut self, problem: String, now: Instant) {
        if let Some(note) = self.outages.down(now) {
            log::warn!("{problem}; trying again{note}");
        }
        self.problem = Some(problem);
    }
}

fn open_receiver(endpoint: &Endpoint) -> Result<Box<dyn GroupSocket>, String> {
    let (group, port) = (endpoint.group.ip(), endpoint.group.port());
    let receiver = Receiver::open(group, port, endpoint.interface.as_ref());
    Ok(Box::new(receiver.map_err(|error| error.to_string())?))
}
