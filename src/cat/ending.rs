//! The end that a signal asks for, where a telegram is held that would be lost by it.
//!
//! Owns the signals SIGINT and SIGTERM. The program ends by the signal in the end, so that whoever has
//! started it sees what it would see without all this: a shell, that its loop is to end as well.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Whether a signal has asked for the end; readable from then on.
#[derive(Debug)]
pub struct Ending {
    signal: Arc<AtomicUsize>,
    wake: UnixStream,
}

impl Ending {
    /// Minds the signals from now on; the second one ends the process at once.
    pub fn install() -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        let (signal, asked) = (Arc::default(), Arc::<AtomicBool>::default());
        for number in [SIGINT, SIGTERM] {
            // In the order of registration: only the second signal finds the flag set.
            flag::register_conditional_default(number, Arc::clone(&asked))?;
            flag::register(number, Arc::clone(&asked))?;
            flag::register_usize(number, Arc::clone(&signal), number.unsigned_abs() as usize)?;
            low_level::pipe::register(number, waker.try_clone()?)?;
        }
        Ok(Self { signal, wake })
    }

    /// Ends the process as the signal would have, if there was one.
    pub fn obey(&self) -> io::Result<()> {
        match i32::try_from(self.signal.load(Ordering::Relaxed)) {
            Ok(number @ 1..) => low_level::emulate_default_handler(number),
            _ => Ok(()),
        }
    }

    /// The file, which ends where a signal asks for the end.
    #[must_use]
    pub fn end_of(&self, file: File) -> impl Read + use<'_> {
        Input { file, ending: self }
    }
}

impl AsFd for Ending {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

struct Input<'e> {
    file: File,
    ending: &'e Ending,
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut watched = [self.ending.as_fd(), self.file.as_fd()]
            .map(|end| PollFd::from_borrowed_fd(end, PollFlags::IN));
        match poll(&mut watched, None) {
            Ok(_) if watched[0].revents().is_empty() => self.file.read(buffer),
            Ok(_) => Ok(0),
            Err(Errno::INTR) => Err(io::ErrorKind::Interrupted.into()),
            Err(error) => Err(error.into()),
        }
    }
}
