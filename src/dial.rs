//! A TCP connection to a host that is known by name.
//!
//! Owns the looking up, the bounds on connecting, and the thread that all this is done on: both may take
//! many seconds, and a daemon's loop waits for neither. What is done with a connection the programs know.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::Duration;

/// How long one address may take to answer.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// Why there is no connection. `address` is the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error("cannot look up {address}: {source}")]
    LookUp { address: String, source: io::Error },
    #[error("cannot look up {address}: the name has no address")]
    NoAddress { address: String },
    #[error("cannot connect to {address}: {source}")]
    Connect { address: String, source: io::Error },
}

/// Connects to the first address of `address`, `host:port` or `[…]:port`, that answers.
pub(crate) fn connect(address: &str) -> Result<TcpStream, DialError> {
    let address = address.to_owned();
    let found = match address.to_socket_addrs() {
        Ok(found) => found,
        Err(source) => return Err(DialError::LookUp { address, source }),
    };
    let mut last = None;
    for one in found {
        match TcpStream::connect_timeout(&one, CONNECT_TIME) {
            Ok(stream) => return Ok(stream),
            Err(source) => last = Some(source),
        }
    }
    Err(match last {
        Some(source) => DialError::Connect { address, source },
        None => DialError::NoAddress { address },
    })
}

/// An attempt at something that may take long, on a thread of its own that ends with its outcome.
#[derive(Debug)]
pub(crate) struct Attempt<T>(mpsc::Receiver<T>);

/// The thread of an attempt is gone without an outcome.
#[derive(Debug, thiserror::Error)]
#[error("the attempt to connect broke off")]
pub(crate) struct BrokenOff;

impl<T: Send + 'static> Attempt<T> {
    /// Begins it. Fails if there can be no more threads.
    pub fn begin(work: impl FnOnce() -> T + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let attempt = move || {
            // If nobody waits for it any more, what was reached is let go of again.
            let _ = sender.send(work());
        };
        thread::Builder::new().name("connect".into()).spawn(attempt)?;
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
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_does_not_answer_is_named() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let said = connect(&closed).unwrap_err().to_string();
        assert!(said.starts_with(&format!("cannot connect to {closed}: ")), "{said}");
        let said = connect("no-port-in-this").unwrap_err().to_string();
        assert!(said.starts_with("cannot look up no-port-in-this: "), "{said}");
    }

    #[test]
    fn an_attempt_goes_on_until_it_has_an_outcome() {
        let (go, wait) = mpsc::channel::<u8>();
        let attempt = Attempt::begin(move || wait.recv()).unwrap();
        assert_eq!(attempt.outcome().unwrap(), None);
        go.send(7).unwrap();
        assert_eq!(attempt.0.recv().unwrap(), Ok(7));
    }

    #[test]
    fn an_attempt_without_an_outcome_is_no_endless_one() {
        let (sender, receiver) = mpsc::channel::<u8>();
        drop(sender);
        assert!(Attempt(receiver).outcome().is_err());
    }
}
