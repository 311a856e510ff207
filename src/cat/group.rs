//! Datagrams from the multicast group, as long as somebody reads the output.
//!
//! Owns the socket of the group, and the watch on standard output and on signals: a client that has gone,
//! and a user who wants an end, are noticed in the silence between telegrams, too.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_send_buffer_size, set_socket_timeout};

use super::{Datagrams, StopSignal};
use crate::config::Multicast;
use crate::runtime::Exit;
use crate::subscription::{LONGEST, Membership};

/// How long a write to a client that does not read is tried. A telegram may take two: the first one
/// ends with a part of it.
const STALLED: Duration = Duration::from_secs(15);

/// Bytes that wait for a client: a minute of telegrams. The kernel's own choice is an hour of them.
const CLIENT_BUFFER: usize = 64 * 1024;

/// A member of the group.
pub struct GroupDatagrams<'o> {
    membership: Membership,
    buffer: Vec<u8>,
    out: Option<BorrowedFd<'o>>,
    stop: Option<&'o StopSignal>,
}

impl<'o> GroupDatagrams<'o> {
    /// Joins the group at `port`; what goes wrong is said, and is [`Exit::Unavailable`].
    ///
    /// `out` is the stream that telegrams will be written to, if it is one; a socket gets a short buffer
    /// and a time limit.
    pub fn join(
        settings: &Multicast,
        port: Option<u16>,
        out: Option<&'o impl AsFd>,
    ) -> Result<Self, Exit> {
        let port = port.ok_or_else(|| {
            log::error!("multicast.raw_port is off");
            Exit::Unavailable
        })?;
        let membership = Membership::join(settings, port, Instant::now())?;
        if let Some(out) = out {
            // Anything but a socket has neither; then the reader of a pipe is waited for.
            let _ = set_socket_send_buffer_size(out, CLIENT_BUFFER);
            let _ = set_socket_timeout(out, Timeout::Send, Some(STALLED));
        }
        let out = out.map(AsFd::as_fd);
        Ok(Self { membership, buffer: vec![0; LONGEST], out, stop: None })
    }

    /// The same, until a signal asks for the end.
    #[must_use]
    pub fn until(self, stop: Option<&'o StopSignal>) -> Self {
        Self { stop, ..self }
    }
}

impl Datagrams for GroupDatagrams<'_> {
    fn next(&mut self, timeout: Duration) -> io::Result<Option<(&[u8], SocketAddr)>> {
        let until_join = self.membership.keep_up(Instant::now());
        let receiver = &self.membership.receiver;
        let mut watched = vec![PollFd::new(receiver, PollFlags::IN)];
        // No events are asked for on the output: its end is told unasked.
        watched.extend(self.out.as_ref().map(|out| PollFd::new(out, PollFlags::empty())));
        watched.extend(self.stop.map(|stop| PollFd::new(stop, PollFlags::IN)));
        let patience = Timespec::try_from(timeout.min(until_join)).ok();
        match poll(&mut watched, patience.as_ref()) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            Ok(_) if watched[1..].iter().any(|out| has_ended(out.revents())) => {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Ok(_) if watched[1..].iter().any(|stop| !stop.revents().is_empty()) => {
                return Err(io::ErrorKind::Interrupted.into());
            }
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let datagram = receiver.receive(&mut self.buffer, Duration::ZERO)?;
        Ok(datagram.map(|datagram| (&self.buffer[..datagram.len], datagram.from)))
    }
}

fn has_ended(events: PollFlags) -> bool {
    events.intersects(PollFlags::ERR | PollFlags::HUP)
}
