//! A meter behind a TCP connection: ser2net, a P1 dongle, a Wi-Fi reader.
//!
//! Owns the connection, once it is there, and the words for one that is not.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

use super::source::{Port, READ_TIMEOUT, ReadOutcome, Source};
use crate::runtime::background::Background;
use crate::runtime::tcp::{self, ConnectError};
use crate::text;

/// How long a connection may be silent. The slowest meters speak every 10 s; a dongle that was
/// switched off does not say goodbye.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// A port behind `host:port`.
#[derive(Debug)]
pub struct TcpPort {
    address: String,
    attempt: Option<Background<Result<TcpStream, ConnectError>>>,
}

impl TcpPort {
    /// The port behind `address`: `host:port`, or `[…]:port` for IPv6.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), attempt: None }
    }
}

impl Port for TcpPort {
    fn open(&mut self) -> Result<Option<Box<dyn Source>>, String> {
        let Some(attempt) = &self.attempt else {
            let address = self.address.clone();
            let begun = Background::start(move || tcp::connect(&address))
                .map_err(|error| format!("cannot start a thread to connect: {error}"))?;
            self.attempt = Some(begun);
            return Ok(None);
        };
        let outcome = match attempt.result() {
            Ok(None) => return Ok(None),
            Ok(Some(outcome)) => outcome.map_err(|error| in_words(&error)),
            Err(broken_off) => Err(broken_off.to_string()),
        };
        self.attempt = None;
        let stream = outcome?;
        set_up(&stream).map_err(|error| format!("cannot connect to {}: {error}", self.address))?;
        Ok(Some(Box::new(Connection::new(stream))))
    }

    fn is_there(&self) -> bool {
        // Only trying tells.
        false
    }

    fn description(&self) -> String {
        format!("tcp://{}", self.address)
    }
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(20))
        .with_interval(Duration::from_secs(10))
        .with_retries(3);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

fn in_words(error: &ConnectError) -> String {
    if let ConnectError::Connect { address, source } = error {
        let hint = match source.kind() {
            ErrorKind::TimedOut => "no answer: is it switched on, and the address right?",
            ErrorKind::ConnectionRefused => {
                "refused: is the port right, and is nobody else connected to it?"
            }
            _ => return error.to_string(),
        };
        return format!("cannot connect to {address}: {hint}");
    }
    error.to_string()
}

/// As much of a connection's first bytes as a refusal in words needs.
const MAX_GREETING: usize = 80;

struct Connection {
    stream: TcpStream,
    /// All that has come in so far, up to [`MAX_GREETING`] and a byte: ser2net says why it closes at once.
    greeting: Vec<u8>,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self { stream, greeting: Vec::new() }
    }

    fn closed(&self) -> io::Error {
        let said = self.greeting.trim_ascii();
        let message = "the other end closed the connection";
        let is_short = (1..=MAX_GREETING).contains(&said.len());
        io::Error::new(
            ErrorKind::UnexpectedEof,
            if is_short && self.greeting.len() <= MAX_GREETING {
                format!("{message} and said \"{}\"", text::printable(said))
            } else {
                message.to_owned()
            },
        )
    }
}

impl Source for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<ReadOutcome> {
        match self.stream.read(buffer) {
            Ok(0) => Err(self.closed()),
            Ok(length) => {
                let room = (MAX_GREETING + 1).saturating_sub(self.greeting.len());
                self.greeting.extend_from_slice(&buffer[..length.min(room)]);
                Ok(ReadOutcome::Bytes(length))
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(ReadOutcome::Nothing),
                _ => Err(error),
            },
        }
    }

    fn max_silence(&self) -> Option<Duration> {
        Some(MAX_SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{SocketAddr, TcpListener};

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// Waits for the attempt that `open` has begun.
    fn open(address: &str) -> Result<Box<dyn Source>, String> {
        let mut port = TcpPort::new(address);
        assert!(port.open().unwrap().is_none(), "opening begins and does not wait");
        loop {
            if let Some(source) = port.open()? {
                return Ok(source);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// A connection, and the other end of it.
    fn connection() -> (Box<dyn Source>, TcpStream) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let source = open(&server.local_addr().unwrap().to_string()).unwrap();
        (source, server.accept().unwrap().0)
    }

    #[test]
    fn bytes_come_through_and_the_end_of_the_connection_is_an_error() {
        let (mut source, mut peer) = connection();
        peer.write_all(b"/half").unwrap();
        let mut buffer = [0; 64];
        assert_eq!(source.read(&mut buffer).unwrap(), ReadOutcome::Bytes(5));
        assert_eq!(&buffer[..5], b"/half");
        drop(peer);
        let said = source.read(&mut buffer).unwrap_err().to_string();
        assert_eq!(said, "the other end closed the connection and said \"/half\"");
    }

    #[test]
    fn a_refusal_in_words_is_quoted_and_telegrams_are_not() {
        let closed = |bytes: &[u8]| {
            let (mut source, mut peer) = connection();
            peer.write_all(bytes).unwrap();
            drop(peer);
            loop {
                if let Err(error) = source.read(&mut [0; 64]) {
                    break error.to_string();
                }
            }
        };
        let said = closed(b"Port already in use\x1B\r\n");
        assert!(said.ends_with("and said \"Port already in use\\x1b\""), "{said}");
        for silent in [&b""[..], &[b'x'; 200]] {
            assert_eq!(closed(silent), "the other end closed the connection");
        }
    }

    #[test]
    fn a_reset_is_an_error() {
        let (mut source, peer) = connection();
        SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        let error = source.read(&mut [0; 64]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    #[test]
    fn a_peer_that_stalls_gives_nothing_and_is_watched() {
        let (mut source, _peer) = connection();
        assert_eq!(source.read(&mut [0; 64]).unwrap(), ReadOutcome::Nothing);
        assert_eq!(source.max_silence(), Some(MAX_SILENCE));
    }

    #[test]
    fn the_kernel_watches_the_connection_too() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        set_up(&stream).unwrap();
        assert!(SockRef::from(&stream).keepalive().unwrap());
    }

    #[test]
    fn who_does_not_answer_is_named() {
        // Nobody else can listen there.
        let closed = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        closed.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        let closed_address = closed.local_addr().unwrap().as_socket().unwrap().to_string();
        let said = open(&closed_address).err().unwrap();
        let expected = format!("cannot connect to {closed_address}: refused");
        assert!(said.starts_with(&expected), "{said}");
        let said = open("no-port-in-this").err().unwrap();
        assert!(said.starts_with("cannot look up no-port-in-this: "), "{said}");
    }
}
