//! Datagrams from the multicast group.

use std::io;
use std::time::Duration;

use super::Datagrams;
use crate::config::Multicast;
use crate::daemon::Exit;
use crate::multicast::Receiver;
use crate::subscription::{self, JOIN_PERIOD, LONGEST};

/// A member of the group.
pub struct GroupDatagrams {
    receiver: Receiver,
    buffer: Vec<u8>,
}

impl GroupDatagrams {
    /// Joins the group at `port`; what goes wrong is said, and is [`Exit::Unavailable`].
    pub fn join(settings: &Multicast, port: Option<u16>) -> Result<Self, Exit> {
        let unavailable = |reason: String| {
            log::error!("{reason}");
            Exit::Unavailable
        };
        let port = port.ok_or_else(|| unavailable("multicast.raw_port is off".into()))?;
        let receiver = subscription::receiver(settings, port).map_err(unavailable)?;
        Ok(Self { receiver, buffer: vec![0; LONGEST] })
    }
}

impl Datagrams for GroupDatagrams {
    fn next(&mut self, timeout: Duration) -> io::Result<Option<&[u8]>> {
        let received = self.receiver.receive(&mut self.buffer, timeout.min(JOIN_PERIOD))?;
        if received.is_none() {
            // Interfaces that are not there yet will be; there is nobody to tell about them.
            let _ = self.receiver.join_again();
        }
        Ok(received.map(|datagram| &self.buffer[..datagram.len]))
    }
}
