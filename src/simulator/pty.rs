//! A pseudo-terminal, as Linux has it.
//!
//! Owns the pair of master and slave, and what must be known about it:
//!
//! - Both ends keep their state for as long as the *master* is open. What was written and not read,
//!   the settings, and the exclusive mode that a reader asked for all survive the reader, so
//!   [`Pty::settle`] puts them right.
//! - The master reports a hang-up while nobody has the slave open, but only once somebody has had.
//!   Writing goes on working then, and a later reader would be given it all: ask first.
//! - When the master is closed, what the reader has not yet read is lost.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::io::{ioctl_fionbio, ioctl_fionread};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{
    ControlModes, OptionalActions, QueueSelector, Termios, ioctl_tiocnxcl, tcflush, tcgetattr,
    tcsetattr,
};

/// A pseudo-terminal whose slave is a port for somebody else.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
    path: PathBuf,
}

impl Pty {
    /// A new pseudo-terminal, settled. Its master does not block.
    pub fn open() -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        ioctl_fionbio(&master, true)?;
        let name = ptsname(&master, Vec::new())?.into_bytes();
        let pty = Self { master, path: OsString::from_vec(name).into() };
        pty.settle()?;
        Ok(pty)
    }

    /// The path of the slave.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the slave as good as new, for the next reader: raw, empty, and open to all. To be called
    /// when nobody has it open.
    ///
    /// Fails with `EBUSY` when the last reader asked for exclusive mode and this process is not
    /// privileged: then nobody can ever open this slave again.
    pub fn settle(&self) -> io::Result<()> {
        let slave = self.open_slave()?;
        ioctl_tiocnxcl(&slave)?;
        make_raw(&slave)?;
        tcflush(&slave, QueueSelector::IFlush)?;
        Ok(())
    }

    /// How many bytes wait for a reader that has the slave open. `EBUSY` as for [`Self::settle`].
    ///
    /// The kernel hands bytes on a little after they were written, and 4,095 at a time: ask twice
    /// before believing a 0.
    pub fn unread(&self) -> io::Result<u64> {
        Ok(ioctl_fionread(self.open_slave()?)?)
    }

    fn open_slave(&self) -> io::Result<OwnedFd> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        Ok(ioctl_tiocgptpeer(&self.master, flags)?)
    }
}

impl AsFd for Pty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}

/// Takes out all translation and echo.
///
/// Settings that are right are not written again: a reader that opens the slave at this very moment
/// reads its own settings back, and must not find older ones.
fn make_raw(slave: &OwnedFd) -> io::Result<()> {
    let found = tcgetattr(slave)?;
    let mut wanted = found.clone();
    wanted.make_raw();
    wanted.control_modes |= ControlModes::CREAD | ControlModes::CLOCAL;
    if modes(&found) != modes(&wanted) {
        tcsetattr(slave, OptionalActions::Now, &wanted)?;
    }
    Ok(())
}

fn modes(settings: &Termios) -> [u32; 4] {
    [
        settings.input_modes.bits(),
        settings.output_modes.bits(),
        settings.control_modes.bits(),
        settings.local_modes.bits(),
    ]
}
