//! Waiting for a file descriptor.
//!
//! Owns the one call of `poll` and its two nuisances: signals end it early, and a signal that arrives
//! just before it does not, so nobody should wait longer than a [`SLICE`] without a look at the flags.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// The longest wait between two looks at whether to stop.
pub const SLICE: Duration = Duration::from_millis(100);

/// What `descriptor` is ready for within `time`: of `wanted`, and hang-ups and errors in any case.
/// Nothing when the time is over or a signal came.
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
