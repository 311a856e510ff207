//! Connects to a host by name over TCP.
//!
//! Owns the name look-up and the connect timeout. Both may take many seconds, so a daemon does this in the
//! [`Background`](super::background::Background).

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long to wait for one address to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no connection. `address` is the requested one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("cannot look up {address}: {source}")]
    LookUp { address: String, source: io::Error },
    #[error("cannot look up {address}: the name has no address")]
    NoAddress { address: String },
    #[error("cannot connect to {address}: {source}")]
    Connect { address: String, source: io::Error },
}

/// Connects to the first address of `address`, `host:port` or `[…]:port`, that answers.
pub(crate) fn connect(address: &str) -> Result<TcpStream, ConnectError> {
    let address = address.to_owned();
    let found = match address.to_socket_addrs() {
        Ok(found) => found,
        Err(source) => return Err(ConnectError::LookUp { address, source }),
    };
    let mut last = None;
    for one in found {
        match TcpStream::connect_timeout(&one, CONNECT_TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(source) => last = Some(source),
        }
    }
    Err(match last {
        Some(source) => ConnectError::Connect { address, source },
        None => ConnectError::NoAddress { address },
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_error_names_the_address() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let message = connect(&closed).unwrap_err().to_string();
        assert!(message.starts_with(&format!("cannot connect to {closed}: ")), "{message}");
        let message = connect("no-port-in-this").unwrap_err().to_string();
        assert!(message.starts_with("cannot look up no-port-in-this: "), "{message}");
    }
}
