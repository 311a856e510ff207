//! The port that the simulated meter hangs on.
//!
//! Owns what a meter does with a cable: it talks whether or not anyone listens. Without a listener
//! bytes go nowhere; with one they wait for room, but not for ever. What a listener sends is read and
//! thrown away.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::io::Errno;

use super::link::Link;
use super::pty::Pty;
use super::ready::{SLICE, ready};

/// A listener that takes nothing for so long is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the last bytes may take to be read at the end.
const FAREWELL: Duration = Duration::from_secs(5);
/// The same when it cannot be seen whether they have been read.
const BLIND_FAREWELL: Duration = Duration::from_secs(1);

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listener {
    /// Nobody; the pseudo-terminal was last seen to be in order at this moment.
    Absent(Instant),
    /// Somebody who reads.
    Reading,
    /// Somebody who has taken nothing for all our patience.
    Stuck,
}

/// A pseudo-terminal, its name, and its listener.
#[derive(Debug)]
pub struct Port {
    pty: Pty,
    link: Option<Link>,
    listener: Listener,
    patience: Duration,
}

impl Port {
    /// The port on `pty`, to be known by `link` or else by the path of the slave.
    #[must_use]
    pub fn new(pty: Pty, link: Option<Link>) -> Self {
        Self { pty, link, listener: Listener::Absent(Instant::now()), patience: PATIENCE }
    }

    /// The path to give to a listener.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.link.as_ref().map_or(self.pty.path(), Link::path)
    }

    /// Writes the path to standard output, a line of its own. That nobody reads it is no error.
    pub fn announce(&self) {
        let mut out = io::stdout();
        let _ = writeln!(out, "{}", self.path().display()).and_then(|()| out.flush());
    }

    /// Whether somebody has the port open at this moment.
    ///
    /// When nobody has, the pseudo-terminal is put in order for the next one: at once after the last
    /// one left, and now and then, for somebody may have come and gone between two looks.
    pub fn has_listener(&mut self) -> io::Result<bool> {
        if !ready(&self.pty, PollFlags::IN, Duration::ZERO)?.contains(PollFlags::HUP) {
            if matches!(self.listener, Listener::Absent(_)) {
                self.listener = Listener::Reading;
            }
            self.discard_input();
            return Ok(true);
        }
        if !matches!(self.listener, Listener::Absent(since) if since.elapsed() < SLICE) {
            self.settle()?;
            self.listener = Listener::Absent(Instant::now());
        }
        Ok(false)
    }

    /// Waits for `time`, minding the port.
    pub fn idle(&mut self, time: Duration) -> io::Result<()> {
        if self.has_listener()? {
            // A listener that leaves ends the wait early, and the port is put in order at once.
            ready(&self.pty, PollFlags::IN, time)?;
            self.has_listener()?;
        } else {
            thread::sleep(time);
        }
        Ok(())
    }

    /// Writes `bytes` to the listener. What cannot be written is dropped: when there is none, when it
    /// takes nothing for five seconds, or when `stop` is set.
    pub fn write(&mut self, bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
        if !self.has_listener()? {
            return Ok(());
        }
        let mut rest = bytes;
        let mut since = Instant::now();
        while !rest.is_empty() && !stop.load(Ordering::Relaxed) {
            match rustix::io::write(&self.pty, rest) {
                Ok(written) if written > 0 => {
                    rest = &rest[written..];
                    since = Instant::now();
                    self.listener = Listener::Reading;
                }
                Ok(_) | Err(Errno::AGAIN | Errno::INTR) => {
                    if self.listener == Listener::Stuck || since.elapsed() >= self.patience {
                        self.listener = Listener::Stuck;
                        return Ok(());
                    }
                    ready(&self.pty, PollFlags::OUT, SLICE)?;
                    if !self.has_listener()? {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until the listener has read everything, because closing the port throws the rest away;
    /// five seconds at most. Where another's exclusive mode hides the buffer, waits a second.
    pub fn finish(&mut self, stop: &AtomicBool) -> io::Result<()> {
        let start = Instant::now();
        let mut looks_empty = 0;
        while looks_empty < 2 && !stop.load(Ordering::Relaxed) && self.has_listener()? {
            let limit = match self.pty.unread() {
                Ok(0) => {
                    looks_empty += 1;
                    FAREWELL
                }
                Ok(_) => {
                    looks_empty = 0;
                    FAREWELL
                }
                Err(_) => BLIND_FAREWELL,
            };
            if start.elapsed() >= limit {
                break;
            }
            self.idle(SLICE / 4)?;
        }
        Ok(())
    }

    /// Puts the pseudo-terminal in order; if that cannot be done, takes another one, as if the cable
    /// had been plugged in anew.
    fn settle(&mut self) -> io::Result<()> {
        if self.pty.settle().is_ok() {
            return Ok(());
        }
        self.replace_pty()
    }

    fn replace_pty(&mut self) -> io::Result<()> {
        let new = Pty::open()?;
        if let Some(link) = &mut self.link {
            link.move_to(new.path())?;
            self.pty = new;
            return Ok(());
        }
        let old = std::mem::replace(&mut self.pty, new).path().to_owned();
        // The lowest free number is given. Now that the old port is gone, that is usually its own.
        self.pty = Pty::open()?;
        if self.pty.path() != old {
            self.announce();
        }
        Ok(())
    }

    fn discard_input(&self) {
        let mut waste = [0; 256];
        // Ends when there is no more, and when there is nobody any more.
        while rustix::io::read(&self.pty, &mut waste).is_ok_and(|length| length > 0) {}
    }
}

#[cfg(test)]
mod tests;
