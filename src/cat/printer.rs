//! Prints texts to standard output, or to a file that always has the latest text in full.
//!
//! Counts the texts. Stops quietly when the reader of a pipe or socket has gone, or when it has not read
//! for so long that the write timed out.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use crate::atomic_file;

/// Prints until it has printed enough, or until the reader has gone.
pub struct Printer<W: Write> {
    target: Target<W>,
    left: Option<u64>,
    closed: bool,
}

enum Target<W: Write> {
    Stream(BufWriter<W>),
    File(PathBuf),
}

impl<W: Write> Printer<W> {
    /// A printer that closes after `count` texts, if given. With a `file`, each text replaces the one before
    /// it there, and nothing goes to `out`.
    pub fn new(out: W, file: Option<PathBuf>, count: Option<u64>) -> Self {
        let stream = || Target::Stream(BufWriter::with_capacity(64 * 1024, out));
        let target = file.map_or_else(stream, Target::File);
        Self { target, left: count, closed: false }
    }

    /// Whether there is more to print, and someone to read it.
    pub fn is_open(&self) -> bool {
        !self.closed && self.left != Some(0)
    }

    /// Prints the text as it is, and counts it.
    pub fn print(&mut self, text: &[u8]) -> io::Result<()> {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        let result = match &mut self.target {
            Target::Stream(out) => out.write_all(text),
            Target::File(path) => atomic_file::replace(path, |file| file.write_all(text))
                .map_err(|error| named(&path.display().to_string(), &error)),
        };
        self.check_closed(result)
    }

    /// Writes out what was printed.
    pub fn flush(&mut self) -> io::Result<()> {
        let result = match &mut self.target {
            Target::Stream(out) => out.flush(),
            Target::File(_) => Ok(()),
        };
        self.check_closed(result)
    }

    fn check_closed(&mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Err(error) if has_left(&error) && matches!(self.target, Target::Stream(_)) => {
                self.closed = true;
                Ok(())
            }
            Err(error) if matches!(self.target, Target::Stream(_)) => {
                Err(named("standard output", &error))
            }
            other => other,
        }
    }
}

/// The same error, naming what it is about.
pub(super) fn named(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Whether the reader has gone, or has not read for so long that the write timed out.
pub fn has_left(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, WouldBlock};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut | WouldBlock)
}
