//! Where texts go: standard output in a pipe, or a file that always has the latest one whole.
//!
//! Counts what it prints, and ends quietly when the reader of the pipe or socket has gone, or does not
//! read for so long that the kernel gives up.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use crate::atomic_file;

/// Prints until it has printed enough, or until nobody reads any more.
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
    /// A printer that is content after `count` texts, or never. With a `file`, each text replaces the
    /// one before in it, and `out` gets nothing.
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
        self.mind_closed(result)
    }

    /// Hands on what was printed.
    pub fn flush(&mut self) -> io::Result<()> {
        let result = match &mut self.target {
            Target::Stream(out) => out.flush(),
            Target::File(_) => Ok(()),
        };
        self.mind_closed(result)
    }

    fn mind_closed(&mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Err(error) if is_gone(&error) && matches!(self.target, Target::Stream(_)) => {
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

/// The error with the name of what it is about.
pub(super) fn named(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Whether the reader has gone, or has not read for as long as a socket waits.
pub fn is_gone(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, WouldBlock};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut | WouldBlock)
}
