//! Something that may take long, done beside a daemon's loop, which waits for nothing.
//!
//! Owns the thread and the way its outcome takes. What is attempted, and how often, the caller knows.

use std::io;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;

/// An attempt at something, on a thread of its own that ends with its outcome.
#[derive(Debug)]
pub(crate) struct Attempt<T>(mpsc::Receiver<T>);

/// The thread of an attempt is gone without an outcome.
#[derive(Debug, thiserror::Error)]
#[error("the attempt broke off")]
pub(crate) struct BrokenOff;

impl<T: Send + 'static> Attempt<T> {
    /// Begins it. Fails if there can be no more threads.
    pub fn begin(work: impl FnOnce() -> T + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let attempt = move || {
            // If nobody waits for it any more, what was reached is let go of again.
            let _ = sender.send(work());
        };
        thread::Builder::new().name("attempt".into()).spawn(attempt)?;
        Ok(Self(receiver))
    }

    /// What came of it; `None` while it goes on. Does not wait.
    pub fn outcome(&self) -> Result<Option<T>, BrokenOff> {
        match self.0.try_recv() {
            Ok(outcome) => Ok(Some(outcome)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(BrokenOff),
        }
    }
}

#[cfg(test)]
impl<T> Attempt<T> {
    /// One whose outcome the test gives.
    pub fn from_test() -> (mpsc::Sender<T>, Self) {
        let (sender, receiver) = mpsc::channel();
        (sender, Self(receiver))
    }

    /// Waits for the outcome.
    pub fn settled(self) -> T {
        self.0.recv().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_goes_on_until_it_has_an_outcome() {
        let (go, wait) = mpsc::channel::<u8>();
        let attempt = Attempt::begin(move || wait.recv()).unwrap();
        assert_eq!(attempt.outcome().unwrap(), None);
        go.send(7).unwrap();
        assert_eq!(attempt.settled(), Ok(7));
    }

    #[test]
    fn an_attempt_without_an_outcome_is_no_endless_one() {
        let (sender, attempt) = Attempt::<u8>::from_test();
        drop(sender);
        assert!(attempt.outcome().is_err());
    }
}
