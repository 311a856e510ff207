//! The signals that a program minds, as flags that its loop looks at.
//!
//! SIGTERM and SIGINT ask it to end, SIGHUP to reload, SIGUSR1 to flush. SIGPIPE stays ignored, as
//! Rust has it. Nothing happens inside a handler but setting a flag, except for the impatient: a
//! second SIGTERM or SIGINT ends the process at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::Timespec;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;

use super::exit::Exit;

/// The signals that have come in.
#[derive(Debug)]
pub struct Signals {
    terminate: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    flush: Arc<AtomicBool>,
}

impl Signals {
    /// Installs the handlers. To be called once, before anything that could be interrupted.
    ///
    /// Fails only if the kernel refuses a handler.
    pub fn install() -> io::Result<Self> {
        let signals = Self {
            terminate: asked_to_end_by(&[SIGTERM, SIGINT])?,
            reload: Arc::default(),
            flush: Arc::default(),
        };
        flag::register(SIGHUP, Arc::clone(&signals.reload))?;
        flag::register(SIGUSR1, Arc::clone(&signals.flush))?;
        Ok(signals)
    }

    /// As [`Signals::install`]; a failure is said.
    #[must_use]
    pub fn installed() -> Option<Self> {
        let refused = |error: &io::Error| log::error!("cannot handle signals: {error}");
        Self::install().inspect_err(refused).ok()
    }

    /// Whether the program has been asked to end. Once true, it stays so.
    #[must_use]
    pub fn terminating(&self) -> bool {
        self.terminate.load(Ordering::Relaxed)
    }

    /// Whether a reload has been asked for since the last call.
    #[must_use]
    pub fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }

    /// Whether a flush has been asked for since the last call.
    #[must_use]
    pub fn take_flush(&self) -> bool {
        self.flush.swap(false, Ordering::Relaxed)
    }
}

/// A flag that is set when one of these signals comes in; the second one ends the process at once.
///
/// For programs that need no more than that; the others have [`Signals`].
pub fn asked_to_end_by(signals: &[i32]) -> io::Result<Arc<AtomicBool>> {
    let asked = Arc::default();
    for &signal in signals {
        // Actions run in the order of registration: the check comes before the flag is set, so that
        // only the second signal finds it set.
        flag::register_conditional_shutdown(
            signal,
            Exit::Rejected.code().into(),
            Arc::clone(&asked),
        )?;
        flag::register(signal, Arc::clone(&asked))?;
    }
    Ok(asked)
}

/// Waits for `time`, or until a signal comes in. (`std::thread::sleep` sleeps on through signals.)
pub fn wait(time: Duration) {
    if let Ok(time) = Timespec::try_from(time) {
        // The only failure without descriptors is the signal that we want to wake up for.
        let _ = rustix::event::poll(&mut [], Some(&time));
    }
}

#[cfg(test)]
mod tests {
    use signal_hook::low_level::raise;

    use super::*;
    use crate::daemon::rerun::rerun;

    #[test]
    fn each_signal_sets_its_own_flag_and_takers_take_it_once() {
        let Some(mut child) =
            rerun("daemon::signals::tests::each_signal_sets_its_own_flag_and_takers_take_it_once")
        else {
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
    fn a_second_request_to_end_is_obeyed_at_once() {
        let Some(mut child) =
            rerun("daemon::signals::tests::a_second_request_to_end_is_obeyed_at_once")
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
