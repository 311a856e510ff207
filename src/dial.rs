//! A TCP connection to a host that is known by name.
//!
//! Owns the looking up and the bounds on connecting: both may take many seconds, so that a daemon makes an
//! [`Attempt`](crate::attempt::Attempt) of it. What is done with a connection the programs know.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
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
}
