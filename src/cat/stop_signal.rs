//! Stops on SIGINT and SIGTERM in good order, where a telegram is held back that would be lost otherwise.
//!
//! In the end the process dies of the signal, so that whoever started it sees what it would see without
//! a handler: a shell ends the loop that p1cat runs in.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::runtime::signals::{self, SAME_REQUEST};

/// A handler for both signals; its descriptor is readable from the first signal on.
#[derive(Debug)]
pub struct StopSignal {
    received: Arc<AtomicUsize>,
    wake: UnixStream,
}

impl StopSignal {
    /// Handles the signals from now on; one that comes later than the first request ends the process at once.
    pub fn install() -> io::Result<Self> {
        const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];
        let (wake, waker) = UnixStream::pair()?;
        let (received, is_insistent) =
            (Arc::default(), signals::insistence(&SIGNALS, SAME_REQUEST)?);
        for signal in SIGNALS {
            flag::register_conditional_default(signal, Arc::clone(&is_insistent))?;
            flag::register_usize(signal, Arc::clone(&received), signal.unsigned_abs() as usize)?;
            low_level::pipe::register(signal, waker.try_clone()?)?;
        }
        Ok(Self { received, wake })
    }

    /// Ends the process as the signal would have, if one was received.
    pub fn end_process(&self) -> io::Result<()> {
        match i32::try_from(self.received.load(Ordering::Relaxed)) {
            Ok(signal @ 1..) => low_level::emulate_default_handler(signal),
            _ => Ok(()),
        }
    }

    /// The bytes of `file`, which end when a signal is received.
    #[must_use]
    pub fn reader(&self, file: File) -> impl Read + use<'_> {
        Reader { file, stop: self }
    }
}

impl AsFd for StopSignal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

struct Reader<'s> {
    file: File,
    stop: &'s StopSignal,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut watched = [self.stop.as_fd(), self.file.as_fd()]
            .map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN));
        match poll(&mut watched, None) {
            Ok(_) if watched[0].revents().is_empty() => self.file.read(buffer),
            Ok(_) => Ok(0),
            Err(Errno::INTR) => Err(io::ErrorKind::Interrupted.into()),
            Err(error) => Err(error.into()),
        }
    }
}
