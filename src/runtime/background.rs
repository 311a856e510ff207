//! Runs work that may take long on a thread of its own, so that a daemon's loop never waits for it.
//!
//! Owns the thread and its result. The caller decides what to run, and how often.

use std::io;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;

/// A closure that runs on its own thread; poll [`Background::result`] for what it returned.
#[derive(Debug)]
pub(crate) struct Background<T>(mpsc::Receiver<T>);

/// The thread ended without a result.
#[derive(Debug, thiserror::Error)]
#[error("the worker thread ended without a result")]
pub(crate) struct WorkerPanicked;

impl<T: Send + 'static> Background<T> {
    /// Starts `work`. Fails if the system cannot start a thread.
    pub fn start(work: impl FnOnce() -> T + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let run = move || {
            // If the receiver is gone, the result is dropped.
            let _ = sender.send(work());
        };
        thread::Builder::new().name("background".into()).spawn(run)?;
        Ok(Self(receiver))
    }

    /// The result, or `None` while the work is in progress. Does not wait.
    pub fn result(&self) -> Result<Option<T>, WorkerPanicked> {
        match self.0.try_recv() {
            Ok(result) => Ok(Some(result)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(WorkerPanicked),
        }
    }
}

#[cfg(test)]
impl<T> Background<T> {
    /// Work whose result the test sends.
    pub fn from_test() -> (mpsc::Sender<T>, Self) {
        let (sender, receiver) = mpsc::channel();
        (sender, Self(receiver))
    }

    /// Waits for the result.
    pub fn wait(self) -> T {
        self.0.recv().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_result_while_the_work_is_in_progress() {
        let (go, gate) = mpsc::channel::<u8>();
        let work = Background::start(move || gate.recv()).unwrap();
        assert_eq!(work.result().unwrap(), None);
        go.send(7).unwrap();
        assert_eq!(work.wait(), Ok(7));
    }

    #[test]
    fn a_thread_that_ends_without_a_result_is_an_error() {
        let (sender, work) = Background::<u8>::from_test();
        drop(sender);
        assert!(work.result().is_err());
    }
}
