//! Where the telegrams go: the port, or standard output.
//!
//! Owns the pace of the line and the writing to standard output. How a port behaves is in `port`.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::io::Errno;

use super::pace::Pace;
use super::port::Port;
use super::ready::{SLICE, ready};

/// The buffer of a usual UART, bytes.
const PIECE: usize = 16;
/// How long 115,200 baud take for a piece: ten bits a byte.
const PIECE_TIME: Duration = Duration::from_nanos(PIECE as u64 * 10 * 1_000_000_000 / 115_200);
/// A listener that has just opened the port still sets it up, and throws away what came before.
const SETTLING: Duration = Duration::from_millis(100);
/// A pipe that is ready for writing takes this much without blocking (`PIPE_BUF`).
const PIPE_ROOM: usize = 4096;

/// What the meter talks into.
#[derive(Debug)]
pub struct Output {
    sink: Sink,
    baud_pace: bool,
    /// There has been a listener, and it was given the time to set up the port.
    has_been_heard: bool,
}

/// The far end of an [`Output`].
#[derive(Debug)]
pub enum Sink {
    /// A pseudo-terminal.
    Port(Port),
    /// Standard output.
    Stdout,
}

impl Output {
    /// Writes to `sink`: at the pace of a line of 115,200 baud if `baud_pace`, else at once.
    #[must_use]
    pub fn new(sink: Sink, baud_pace: bool) -> Self {
        Self { sink, baud_pace, has_been_heard: false }
    }

    /// Waits until `moment`, or until `stop` is set.
    pub fn wait_until(&mut self, moment: Instant, stop: &AtomicBool) -> io::Result<()> {
        while !stop.load(Ordering::Relaxed) {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match &mut self.sink {
                Sink::Port(port) => port.idle(left.min(SLICE))?,
                Sink::Stdout => thread::sleep(left.min(SLICE)),
            }
        }
        Ok(())
    }

    /// Waits until there is somebody to listen, or `stop` is set.
    pub fn wait_for_listener(&mut self, stop: &AtomicBool) -> io::Result<()> {
        let Sink::Port(port) = &mut self.sink else {
            return Ok(());
        };
        if self.has_been_heard && port.has_listener()? {
            return Ok(());
        }
        while !stop.load(Ordering::Relaxed) && !port.has_listener()? {
            port.idle(SLICE / 4)?;
        }
        self.has_been_heard = true;
        self.wait_until(Instant::now() + SETTLING, stop)
    }

    /// Writes `bytes`, or what is left of them when `stop` is set. An error of kind `BrokenPipe` means
    /// that the reader of standard output has gone.
    pub fn send(&mut self, bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
        if !self.baud_pace {
            return self.sink.write(bytes, stop);
        }
        let mut pace = Pace::new(PIECE_TIME, Instant::now());
        for piece in bytes.chunks(PIECE) {
            self.wait_until(pace.next(Instant::now()), stop)?;
            self.sink.write(piece, stop)?;
        }
        Ok(())
    }

    /// Gives the listener time to read the rest.
    pub fn finish(&mut self, stop: &AtomicBool) -> io::Result<()> {
        match &mut self.sink {
            Sink::Port(port) => port.finish(stop),
            Sink::Stdout => Ok(()),
        }
    }
}

impl Sink {
    fn write(&mut self, bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
        match self {
            Self::Port(port) => port.write(bytes, stop),
            Self::Stdout => write_stdout(bytes, stop),
        }
    }
}

/// Writes past the buffer of `io::stdout`, never more than fits, so that a reader that takes nothing
/// does not keep the program from ending.
fn write_stdout(bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
    let stdout = io::stdout();
    let mut rest = bytes;
    while !rest.is_empty() && !stop.load(Ordering::Relaxed) {
        if ready(&stdout, PollFlags::OUT, SLICE)?.is_empty() {
            continue;
        }
        let part = &rest[..rest.len().min(PIPE_ROOM)];
        match rustix::io::write(&stdout, part) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
