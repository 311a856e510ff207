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
use super::port::{POLL_INTERVAL, Port, ready};

/// The size of the buffer of a usual UART, in bytes.
const CHUNK: usize = 16;

/// How long a chunk takes at 115,200 baud: ten bits a byte.
const CHUNK_TIME: Duration = Duration::from_nanos(CHUNK as u64 * 10 * 1_000_000_000 / 115_200);

/// A listener that has just opened the port first sets it up, and discards what came before.
const SETUP_TIME: Duration = Duration::from_millis(100);

/// A pipe that is ready for writing accepts this much without blocking (`PIPE_BUF`).
const PIPE_ROOM: usize = 4096;

/// The way to whoever reads the telegrams.
#[derive(Debug)]
pub struct Output {
    /// Without a port, standard output is written to.
    port: Option<Port>,
    has_baud_pace: bool,
    /// There was a listener, and it had the time to set up the port.
    had_listener: bool,
}

impl Output {
    /// Writes to `port`, or to standard output: at the pace of a line of 115,200 baud, or at once.
    #[must_use]
    pub fn new(port: Option<Port>, has_baud_pace: bool) -> Self {
        Self { port, has_baud_pace, had_listener: false }
    }

    /// Waits until `moment`, or until `stop` is set.
    pub fn wait_until(&mut self, moment: Instant, stop: &AtomicBool) -> io::Result<()> {
        while !stop.load(Ordering::Relaxed) {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match &mut self.port {
                Some(port) => port.idle(left.min(POLL_INTERVAL))?,
                None => thread::sleep(left.min(POLL_INTERVAL)),
            }
        }
        Ok(())
    }

    /// Waits until somebody listens, or until `stop` is set.
    pub fn wait_for_listener(&mut self, stop: &AtomicBool) -> io::Result<()> {
        let Some(port) = &mut self.port else { return Ok(()) };
        if self.had_listener && port.has_listener()? {
            return Ok(());
        }
        while !stop.load(Ordering::Relaxed) && !port.has_listener()? {
            port.idle(POLL_INTERVAL / 4)?;
        }
        self.had_listener = true;
        self.wait_until(Instant::now() + SETUP_TIME, stop)
    }

    /// Writes `bytes`, or part of them if `stop` is set. An error of kind `BrokenPipe` means that the reader
    /// of standard output has gone.
    pub fn send(&mut self, bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
        if !self.has_baud_pace {
            return self.write(bytes, stop);
        }
        let mut pace = Pace::new(CHUNK_TIME, Instant::now());
        for chunk in bytes.chunks(CHUNK) {
            self.wait_until(pace.next(Instant::now()), stop)?;
            self.write(chunk, stop)?;
        }
        Ok(())
    }

    /// Gives the listener time to read the rest.
    pub fn finish(&mut self, stop: &AtomicBool) -> io::Result<()> {
        self.port.as_mut().map_or(Ok(()), |port| port.finish(stop))
    }

    fn write(&mut self, bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
        match &mut self.port {
            Some(port) => port.write(bytes, stop),
            None => write_stdout(bytes, stop),
        }
    }
}

/// Bypasses the buffer of `io::stdout`, and never writes more than fits: a reader that reads nothing must not
/// keep the program from stopping.
fn write_stdout(bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
    let stdout = io::stdout();
    let mut rest = bytes;
    while !rest.is_empty() && !stop.load(Ordering::Relaxed) {
        if ready(&stdout, PollFlags::OUT, POLL_INTERVAL)?.is_empty() {
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
