//! Where a meter's bytes come from: the interface that every kind of port has.
//!
//! Each kind has a module of its own ([`super::serial`], [`super::tcp`], [`super::file`]). What to do
//! when a source fails is not decided here but in [`super::line`].

use std::io;
use std::time::{Duration, Instant};

/// How long a source waits for bytes before it says that there are none. A third of a watchdog
/// period must be longer.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// What a source has given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// So many bytes, at least one.
    Bytes(usize),
    /// No byte within [`PATIENCE`], or before a signal.
    Nothing,
    /// The last byte was given before: a file has been read to its end.
    End,
}

/// An open source of bytes.
pub trait Source {
    /// Waits up to [`PATIENCE`] for bytes, or until a signal comes.
    ///
    /// An error means that the source is gone and must be opened anew.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Given>;

    /// How long the line takes for one byte, where that is known.
    fn byte_time(&self) -> Option<Duration> {
        None
    }

    /// How long a silence shows that the source is dead, though it has not said so.
    fn longest_silence(&self) -> Option<Duration> {
        None
    }
}

/// A source that can be opened, again and again.
pub trait Port {
    /// Opens it; `None` while that is under way: ask again. Never takes long.
    ///
    /// The error is for people: what is wrong, and what to do.
    fn open(&mut self) -> Result<Option<Box<dyn Source>>, String>;

    /// Whether there is something to open, as far as that can be told without trying. When that turns
    /// true it is opened at once; while it is false, why it cannot be opened is no news.
    fn is_there(&self) -> bool;

    /// What it is, in words: `/dev/ttyUSB0 at 115200 8N1`.
    fn description(&self) -> String;

    /// Bytes came in at time `now`. True when they cannot be read with these settings: it wants to be
    /// opened again, with others.
    fn heard(&mut self, _now: Instant) -> bool {
        false
    }

    /// A telegram was read. Gives the settings that were found to be right, when that is news.
    fn decoded(&mut self) -> Option<String> {
        None
    }
}
