//! Where a meter's bytes come from: the interface that every kind of port has.
//!
//! Each kind has a module of its own ([`super::serial`] …). What to do when a source fails is not
//! decided here but in [`super::line`].

use std::io;
use std::time::Duration;

/// How long a source waits for bytes before it says that there are none. A third of a watchdog
/// period must be longer.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// An open source of bytes.
pub trait Source {
    /// Waits up to [`PATIENCE`] for bytes, or until a signal comes; 0 when there are none.
    ///
    /// An error means that the source is gone and must be opened anew.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// A source that can be opened, again and again.
pub trait Port {
    /// Opens it. The error is for people: what is wrong, and what to do.
    fn open(&self) -> Result<Box<dyn Source>, String>;

    /// Whether there is something to open, as far as that can be told without trying.
    fn is_there(&self) -> bool;

    /// What it is, in words: `/dev/ttyUSB0 at 115200 8N1`.
    fn description(&self) -> String;
}
