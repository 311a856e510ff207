//! Telegrams from the network, each printed as soon as it is there.
//!
//! Owns which datagrams are printed and how long silence is borne. Where datagrams come from is passed in.

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Options;
use super::pipeline::{Clock, Pipeline};
use super::printer::has_left;
use crate::choice::Choice;
use crate::message::{Encoder, Message};
use crate::runtime::Exit;
use crate::telegram::{Framer, Timestamp};

/// The longest wait for a datagram.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Where datagrams come from: the multicast group, or a test.
pub trait Datagrams {
    /// Waits up to `timeout` for the next datagram; `None` when there was none.
    ///
    /// Fails with [`io::ErrorKind::BrokenPipe`] when nobody reads the output any more, and with
    /// [`io::ErrorKind::Interrupted`] when a signal asks for the end.
    fn next(&mut self, timeout: Duration) -> io::Result<Option<(&[u8], SocketAddr)>>;
}

/// Prints the telegrams that come from the network.
///
/// What is no telegram is passed over. A closed pipe is a good end; silence for `options.timeout` is
/// [`Exit::Unavailable`]. What is held is printed at each end.
pub fn from_network(
    datagrams: &mut impl Datagrams,
    options: &Options,
    out: impl Write,
) -> io::Result<Exit> {
    let mut pipeline = Pipeline::new(options, Clock::Listener, out);
    let mut selection = Selection::new(options);
    let mut last = Instant::now();
    let exit = loop {
        if !pipeline.is_open() {
            break Exit::Done;
        }
        let now = Instant::now();
        // A time that no clock reaches is as good as none.
        let silent_at = options.timeout.and_then(|timeout| last.checked_add(timeout));
        if silent_at.is_some_and(|end| end <= now) {
            break Exit::Unavailable;
        }
        let wake = [silent_at, pipeline.due()].into_iter().flatten().min();
        let patience = wake.map_or(PATIENCE, |wake| wake.saturating_duration_since(now));
        let datagram = match datagrams.next(patience) {
            Err(error) if has_left(&error) => return Ok(Exit::Done),
            Err(error) if error.kind() == ErrorKind::Interrupted => break Exit::Done,
            datagram => datagram?,
        };
        let now = Instant::now();
        if let Some((bytes, from)) = datagram {
            if let Some(message) = selection.of(bytes, from, now) {
                last = now;
                match message {
                    Selected::Raw => pipeline.print_text(bytes)?,
                    Selected::Message(message) => pipeline.push(message, now)?,
                }
            }
        }
        pipeline.print_due(now)?;
        pipeline.flush()?;
    };
    pipeline.finish()?;
    pipeline.flush()?;
    Ok(exit)
}

/// Which datagrams are printed.
struct Selection {
    is_raw: bool,
    meter: Option<String>,
    choice: Option<Choice>,
}

enum Selected {
    Raw,
    Message(Message),
}

impl Selection {
    fn new(options: &Options) -> Self {
        let hint = " (--meter names another one)";
        let needs_choice = options.meter.is_none() && options.needs_one_meter();
        Self {
            is_raw: options.raw,
            meter: options.meter.clone(),
            choice: needs_choice
                .then(|| Choice::new(None, "printed", hint).with_level(log::Level::Debug)),
        }
    }

    /// The telegram of a datagram, if it is one and is to be printed.
    fn of(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) -> Option<Selected> {
        let message = if self.is_raw { decoded(datagram) } else { parsed(datagram, from) }?;
        let is_wanted = match (&self.meter, &mut self.choice) {
            (Some(meter), _) => message.is_from(meter),
            (None, Some(choice)) => choice.wants(&message, from, false, now),
            (None, None) => true,
        };
        let selected = if self.is_raw { Selected::Raw } else { Selected::Message(message) };
        is_wanted.then_some(selected)
    }
}

fn parsed(datagram: &[u8], from: SocketAddr) -> Option<Message> {
    let message = Message::parse(datagram);
    message.inspect_err(|error| log::debug!("a datagram of {from} is passed over: {error}")).ok()
}

/// The telegram of a raw datagram; `None` for anything but one whole telegram.
///
/// What its checksum is worth the listener has decided.
fn decoded(mut datagram: &[u8]) -> Option<Message> {
    let (length, now) = (datagram.len(), Timestamp::default());
    let mut framer = Framer::default();
    let frame = framer.feed(&mut datagram, now).filter(|_| datagram.is_empty());
    let bytes = frame.map(|frame| frame.bytes()).filter(|bytes| bytes.len() == length)?;
    let mut encoder = Encoder::new(None);
    Message::parse(encoder.encode(bytes, now, now).0.json).ok()
}
