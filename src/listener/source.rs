//! Where a meter's bytes come from: the interface that every kind of port has.
//!
//! Each kind has its own module ([`super::serial`], [`super::tcp`], [`super::file`]). [`super::line`]
//! decides what to do when a source fails.

use std::io;
use std::time::{Duration, Instant};

/// How long a read waits for bytes. Must be shorter than a third of the watchdog period.
pub const READ_TIMEOUT: Duration = Duration::from_secs(1);

/// The outcome of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// This many bytes, at least one.
    Bytes(usize),
    /// No byte within [`READ_TIMEOUT`], or before a signal.
    Nothing,
    /// A file has been read to its end.
    End,
}

/// What bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A line to a meter.
    Serial,
    /// A serial line that another program plays: a simulated meter, a recording, or perhaps a relay.
    Terminal,
    /// A connection, perhaps to a relay of what this listener sends.
    Tcp,
    /// Another program, which may be a relay or play a recording.
    Pipe,
    /// A recording.
    File,
}

impl SourceKind {
    /// Whether it may be a relay of what the group carries.
    #[must_use]
    pub fn may_be_relay(self) -> bool {
        matches!(self, Self::Tcp | Self::Pipe | Self::Terminal)
    }

    /// Whether it may be a recording, which may be played round and round.
    #[must_use]
    pub fn may_be_recording(self) -> bool {
        matches!(self, Self::Terminal | Self::Pipe | Self::File)
    }

    /// Whether what it gives is not out of date if it is read later.
    #[must_use]
    pub fn can_wait(self) -> bool {
        matches!(self, Self::Pipe | Self::File)
    }
}

/// An open source of bytes.
pub trait Source {
    /// Waits up to [`READ_TIMEOUT`] for bytes, or until a signal comes.
    ///
    /// An error means that the source is gone and must be opened again.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<ReadOutcome>;

    /// How long the line takes for one byte, where that is known.
    fn byte_time(&self) -> Option<Duration> {
        None
    }

    /// What the bytes come from, as far as it matters which telegrams are sent.
    fn kind(&self) -> SourceKind {
        SourceKind::Tcp
    }

    /// A source that is silent for longer is taken for dead, and opened again.
    fn max_silence(&self) -> Option<Duration> {
        None
    }
}

/// A source that can be opened, again and again.
pub trait Port {
    /// Opens it; `None` while that is in progress: call again. Never blocks for long.
    ///
    /// The error is for people: what is wrong, and what to do.
    fn open(&mut self) -> Result<Option<Box<dyn Source>>, String>;

    /// Whether there is something to open, as far as that can be told without trying. When this turns
    /// true, the port is opened at once.
    fn is_there(&self) -> bool;

    /// What it is, in words: `/dev/ttyUSB0 at 115200 baud`.
    fn description(&self) -> String;

    /// The other programs that have it open, as far as that can be seen.
    fn holders(&self) -> Vec<String> {
        Vec::new()
    }

    /// Bytes came in at time `now`. True if the port must be opened again, to try another speed.
    fn on_bytes(&mut self, _now: Instant) -> bool {
        false
    }

    /// A telegram was read, perhaps with a wrong checksum. Returns the speed if it had to be found and was not known before.
    fn on_telegram(&mut self) -> Option<u32> {
        None
    }
}
