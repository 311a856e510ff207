//! The signals that a program handles, as flags that its loop checks.
//!
//! SIGTERM and SIGINT stop it, SIGHUP reloads, SIGUSR1 flushes. SIGXFSZ does nothing, so that a write beyond a limit on
//! the size of files fails, as on a full disk. SIGPIPE stays ignored, as Rust's runtime sets it. A handler only sets a
//! flag, with one exception: a SIGTERM or SIGINT that comes more than [`SAME_REQUEST`] after the first one ends the
//! process at once, even if its loop hangs.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::Timespec;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::{flag, low_level};

use super::exit::Exit;

/// Signals this close together are one request to stop: timeout(1) sends SIGTERM to the process, and again
/// to its group.
pub const SAME_REQUEST: Duration = Duration::from_secs(1);

/// Enough for a thread that reads and sleeps, in bytes.
const STACK_SIZE: usize = 16 * 1024;

/// The signals received so far.
#[derive(Debug)]
pub struct Signals {
    terminate: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    flush: Arc<AtomicBool>,
}

impl Signals {
    /// Installs the handlers. Call it once, before anything that could be interrupted.
    ///
    /// Fails only if the kernel refuses a handler.
    pub fn install() -> io::Result<Self> {
        let signals = Self {
            terminate: termination_flag(&[SIGTERM, SIGINT])?,
            reload: Arc::default(),
            flush: Arc::default(),
        };
        flag::register(SIGHUP, Arc::clone(&signals.reload))?;
        flag::register(SIGUSR1, Arc::clone(&signals.flush))?;
        flag::register(SIGXFSZ, Arc::default())?;
        Ok(signals)
    }

    /// As [`Signals::install`], but logs a failure.
    #[must_use]
    pub fn install_or_log() -> Option<Self> {
        let refused = |error: &io::Error| log::error!("cannot handle signals: {error}");
        Self::install().inspect_err(refused).ok()
    }

    /// Whether a signal has asked the program to stop. Once true, it stays so.
    #[must_use]
    pub fn terminating(&self) -> bool {
        self.terminate.load(Ordering::Relaxed)
    }

    /// Whether a reload was requested since the last call.
    #[must_use]
    pub fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }

    /// Whether a flush was requested since the last call.
    #[must_use]
    pub fn take_flush(&self) -> bool {
        self.flush.swap(false, Ordering::Relaxed)
    }
}

/// A flag that the first of these signals sets; one that comes later than [`SAME_REQUEST`] ends the process
/// at once.
///
/// For programs that need nothing else; the others use [`Signals`].
pub fn termination_flag(signals: &[i32]) -> io::Result<Arc<AtomicBool>> {
    let (terminate, is_insistent) = (Arc::default(), insistence(signals, SAME_REQUEST)?);
    for &signal in signals {
        let status = Exit::Rejected.code().into();
        flag::register_conditional_shutdown(signal, status, Arc::clone(&is_insistent))?;
        flag::register(signal, Arc::clone(&terminate))?;
    }
    Ok(terminate)
}

/// A flag that is set `delay` after the first of these signals.
pub(crate) fn insistence(signals: &[i32], delay: Duration) -> io::Result<Arc<AtomicBool>> {
    let is_insistent = Arc::<AtomicBool>::default();
    let (mut wake, waker) = UnixStream::pair()?;
    for &signal in signals {
        low_level::pipe::register(signal, waker.try_clone()?)?;
    }
    let flag = Arc::clone(&is_insistent);
    // A thread, because a handler cannot wait, and the loop of the program may hang.
    let watch = move || {
        let _ = wake.read(&mut [0]);
        thread::sleep(delay);
        flag.store(true, Ordering::Relaxed);
    };
    thread::Builder::new().name("signals".into()).stack_size(STACK_SIZE).spawn(watch)?;
    Ok(is_insistent)
}

/// Waits for `time`, or until a signal arrives. (`std::thread::sleep` does not end at a signal.)
pub fn wait(time: Duration) {
    if let Ok(time) = Timespec::try_from(time) {
        // Without descriptors, poll can only fail because of a signal, which is what we wait for.
        let _ = rustix::event::poll(&mut [], Some(&time));
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};
    use signal_hook::low_level::raise;

    use super::*;
    use crate::runtime::rerun::rerun;

    #[test]
    fn each_signal_sets_its_own_flag_and_a_flag_is_taken_once() {
        let Some(mut child) = rerun(
            "runtime::signals::tests::each_signal_sets_its_own_flag_and_a_flag_is_taken_once",
        ) else {
            let signals = Signals::install().unwrap();
            let state = || (signals.terminating(), signals.take_reload(), signals.take_flush());
            assert_eq!(state(), (false, false, false));
            raise(SIGHUP).unwrap();
            assert_eq!(state(), (false, true, false));
            raise(SIGUSR1).unwrap();
            assert_eq!(state(), (false, false, true));
            assert_eq!(state(), (false, false, false));
            raise(SIGINT).unwrap();
            assert_eq!(state(), (true, false, false));
            assert_eq!(state(), (true, false, false));
            std::process::exit(42);
        };
        assert_eq!(child.status().unwrap().code(), Some(42));
    }

    #[test]
    fn signals_that_come_together_are_one_request_to_stop() {
        let Some(mut child) =
            rerun("runtime::signals::tests::signals_that_come_together_are_one_request_to_stop")
        else {
            let signals = Signals::install().unwrap();
            for signal in [SIGTERM, SIGTERM, SIGINT] {
                raise(signal).unwrap();
                assert!(signals.terminating());
            }
            std::process::exit(42);
        };
        assert_eq!(child.status().unwrap().code(), Some(42));
    }

    #[test]
    fn a_later_signal_is_insistent() {
        let Some(mut child) = rerun("runtime::signals::tests::a_later_signal_is_insistent") else {
            let is_insistent = insistence(&[SIGTERM], Duration::ZERO).unwrap();
            assert!(!is_insistent.load(Ordering::Relaxed));
            flag::register_conditional_shutdown(SIGTERM, 43, is_insistent).unwrap();
            loop {
                raise(SIGTERM).unwrap();
            }
        };
        assert_eq!(child.status().unwrap().code(), Some(43));
    }

    #[test]
    fn a_wait_ends_when_a_signal_arrives() {
        let Some(mut child) = rerun("runtime::signals::tests::a_wait_ends_when_a_signal_arrives")
        else {
            let signals = Signals::install().unwrap();
            thread::spawn(|| {
                // The first ones may come before the wait begins.
                loop {
                    kill_process(getpid(), Signal::USR1).unwrap();
                }
            });
            wait(Duration::from_secs(1_000_000));
            assert!(signals.take_flush());
            std::process::exit(42);
        };
        assert_eq!(child.status().unwrap().code(), Some(42));
    }
}
