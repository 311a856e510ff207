//! The signals that a program handles, as flags that its loop checks.
//!
//! SIGTERM and SIGINT stop it, SIGHUP reloads, SIGUSR1 flushes. SIGPIPE stays ignored, as Rust's runtime
//! sets it. A handler only sets a flag, with one exception: a second SIGTERM or SIGINT ends the process
//! at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::Timespec;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;

use super::exit::Exit;

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

/// A flag that the first of these signals sets; the second one ends the process at once.
///
/// For programs that need nothing else; the others use [`Signals`].
pub fn termination_flag(signals: &[i32]) -> io::Result<Arc<AtomicBool>> {
    let terminate = Arc::default();
    for &signal in signals {
        // Actions run in the order of registration. The check is registered before the flag is set, so
        // only the second signal finds it set.
        flag::register_conditional_shutdown(
            signal,
            Exit::Rejected.code().into(),
            Arc::clone(&terminate),
        )?;
        flag::register(signal, Arc::clone(&terminate))?;
    }
    Ok(terminate)
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
    fn a_second_termination_signal_ends_the_process_at_once() {
        let Some(mut child) =
            rerun("runtime::signals::tests::a_second_termination_signal_ends_the_process_at_once")
        else {
            let signals = Signals::install().unwrap();
            raise(SIGTERM).unwrap();
            assert!(signals.terminating());
            raise(SIGINT).unwrap();
            std::process::exit(42);
        };
        assert_eq!(child.status().unwrap().code(), Some(1));
    }
}
