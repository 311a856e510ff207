//! The port of the simulated meter: a pseudo-terminal, whose slave is for somebody else.
//!
//! Owns what a meter does with a cable: it sends whether or not anyone listens. Without a listener bytes go
//! nowhere; with one they wait for room, but not without limit. What a listener sends is discarded.
//!
//! What must be known of a pseudo-terminal on Linux:
//!
//! - Both ends keep their state while the *master* is open. Unread bytes, settings, and the exclusive mode
//!   that a listener asked for all outlive the listener, so the slave is reset for the next one.
//! - The master reports a hang-up while nobody has the slave open, but only once somebody has had it open.
//!   Writing still works then, and a later listener would get it all: ask first.
//! - When the master is closed, what the listener has not read is lost.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio, ioctl_fionread};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{
    ControlModes, OptionalActions, QueueSelector, Termios, ioctl_tiocnxcl, tcflush, tcgetattr,
    tcsetattr,
};

use super::Error;
use super::link::Link;

/// The longest wait between two checks of whether to stop: a signal just before a wait does not end it.
pub const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How long to wait for a listener that reads nothing.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait at the end until the last bytes are read.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);

/// A pseudo-terminal, its name, and its listener.
#[derive(Debug)]
pub struct Port {
    master: OwnedFd,
    /// The path of the slave.
    path: PathBuf,
    link: Option<Link>,
    /// When the slave was last reset; `None` while there is a listener.
    reset: Option<Instant>,
    /// The listener has read nothing for the whole timeout, and is not waited for any more.
    is_stuck: bool,
    write_timeout: Duration,
}

impl Port {
    /// A new pseudo-terminal, with a symbolic link to it if one is wanted.
    pub fn open(link: Option<&Path>) -> Result<Self, Error> {
        let (master, path) = open_pty().map_err(Error::Pty)?;
        let create = |link: &Path| {
            Link::create(link, &path).map_err(|error| Error::Link { path: link.to_owned(), error })
        };
        let link = link.map(create).transpose()?;
        let reset = Some(Instant::now());
        Ok(Self { master, path, link, reset, is_stuck: false, write_timeout: WRITE_TIMEOUT })
    }

    /// Writes the path for a listener to standard output, on a line of its own.
    pub fn announce(&self) {
        let path = self.link.as_ref().map_or(&*self.path, Link::path);
        let mut out = io::stdout();
        // Nobody may read it.
        let _ = writeln!(out, "{}", path.display()).and_then(|()| out.flush());
    }

    /// Whether somebody has the port open. If nobody has, resets it for the next listener: at once after
    /// one has left, and again now and then, because one may have come and gone unnoticed.
    pub fn has_listener(&mut self) -> io::Result<bool> {
        if !ready(&self.master, PollFlags::IN, Duration::ZERO)?.contains(PollFlags::HUP) {
            self.reset = None;
            self.discard_input();
            return Ok(true);
        }
        self.is_stuck = false;
        if self.reset.is_none_or(|reset| reset.elapsed() >= POLL_INTERVAL) {
            if reset(&self.master).is_err() {
                self.replace()?;
            }
            self.reset = Some(Instant::now());
        }
        Ok(false)
    }

    /// Waits for `time` while looking after the port.
    pub fn idle(&mut self, time: Duration) -> io::Result<()> {
        if self.has_listener()? {
            // Ends early when the listener leaves, so that the port is reset at once.
            ready(&self.master, PollFlags::IN, time)?;
            self.has_listener()?;
        } else {
            thread::sleep(time);
        }
        Ok(())
    }

    /// Writes `bytes` to the listener. Drops what cannot be written: without a listener, with one that reads
    /// nothing for five seconds, or when `stop` is set.
    pub fn write(&mut self, bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
        let mut rest = bytes;
        let mut since = Instant::now();
        while !rest.is_empty() && !stop.load(Ordering::Relaxed) && self.has_listener()? {
            match rustix::io::write(&self.master, rest) {
                Ok(written) if written > 0 => {
                    rest = &rest[written..];
                    since = Instant::now();
                    self.is_stuck = false;
                }
                Ok(_) | Err(Errno::AGAIN | Errno::INTR) => {
                    self.is_stuck |= since.elapsed() >= self.write_timeout;
                    if self.is_stuck {
                        break;
                    }
                    ready(&self.master, PollFlags::OUT, POLL_INTERVAL)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until the listener has read everything, five seconds at most: closing the port loses the rest.
    pub fn finish(&mut self, stop: &AtomicBool) -> io::Result<()> {
        let end = Instant::now() + FINISH_TIMEOUT;
        // The kernel passes bytes on a little after they were written, 4,095 at a time: one look at an
        // empty buffer proves nothing.
        let mut looks_empty = 0;
        while looks_empty < 2
            && Instant::now() < end
            && !stop.load(Ordering::Relaxed)
            && self.has_listener()?
        {
            // An exclusive listener hides its buffer from us, unless we are privileged.
            let is_empty = unread(&self.master).is_ok_and(|length| length == 0);
            looks_empty = if is_empty { looks_empty + 1 } else { 0 };
            self.idle(POLL_INTERVAL / 4)?;
        }
        Ok(())
    }

    /// Takes another pseudo-terminal, as if the cable had been unplugged and plugged in again.
    fn replace(&mut self) -> io::Result<()> {
        let old = self.path.clone();
        (self.master, self.path) = open_pty()?;
        if let Some(link) = &mut self.link {
            *link = Link::create(link.path(), &self.path)?;
            return Ok(());
        }
        // The kernel gives the lowest free number. Now that the old port is closed, that is usually its own.
        (self.master, self.path) = open_pty()?;
        if self.path != old {
            self.announce();
        }
        Ok(())
    }

    fn discard_input(&self) {
        let mut waste = [0; 256];
        // Ends when there is nothing more, or nobody any more.
        while rustix::io::read(&self.master, &mut waste).is_ok_and(|length| length > 0) {}
    }
}

/// A new pseudo-terminal with a slave ready for use, and the path of that. The master does not block.
fn open_pty() -> io::Result<(OwnedFd, PathBuf)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    ioctl_fionbio(&master, true)?;
    reset(&master)?;
    let path = OsString::from_vec(ptsname(&master, Vec::new())?.into_bytes());
    Ok((master, path.into()))
}

/// Makes the slave as good as new for the next listener: raw, empty and open to all. Only while nobody has it
/// open.
///
/// Fails with `EBUSY` if the last listener left it in exclusive mode and we are not privileged: then nobody
/// can ever open this slave again.
fn reset(master: &OwnedFd) -> io::Result<()> {
    let slave = open_slave(master)?;
    ioctl_tiocnxcl(&slave)?;
    let found = tcgetattr(&slave)?;
    let mut wanted = found.clone();
    wanted.make_raw();
    wanted.control_modes |= ControlModes::CREAD | ControlModes::CLOCAL;
    // A listener that opens the slave at this very moment reads its own settings back, and must not find
    // ours: right settings are not written again.
    if modes(&found) != modes(&wanted) {
        tcsetattr(&slave, OptionalActions::Now, &wanted)?;
    }
    tcflush(&slave, QueueSelector::IFlush)?;
    Ok(())
}

/// How many bytes the listener has not read yet.
fn unread(master: &OwnedFd) -> io::Result<u64> {
    Ok(ioctl_fionread(open_slave(master)?)?)
}

fn open_slave(master: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    Ok(ioctl_tiocgptpeer(master, flags)?)
}

fn modes(settings: &Termios) -> [u32; 4] {
    [
        settings.input_modes.bits(),
        settings.output_modes.bits(),
        settings.control_modes.bits(),
        settings.local_modes.bits(),
    ]
}

/// What `descriptor` is ready for within `time`: of `wanted`, and always hang-ups and errors. Nothing if the
/// time is over or a signal came.
pub fn ready(descriptor: impl AsFd, wanted: PollFlags, time: Duration) -> io::Result<PollFlags> {
    let mut watched = [PollFd::new(&descriptor, wanted)];
    // Only waits of 292 billion years do not fit.
    let time = Timespec::try_from(time).ok();
    match poll(&mut watched, time.as_ref()) {
        Ok(_) => Ok(watched[0].revents()),
        Err(Errno::INTR) => Ok(PollFlags::empty()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
