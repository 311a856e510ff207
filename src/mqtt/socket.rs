//! Bytes to and from the broker, over TCP or TLS, none of which may take for ever.
//!
//! Owns the deadlines. While a connection is made, reading waits too; afterwards only writing does, and a
//! broker that has stalled costs the loop no more than the time given for a packet.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::{ClientConnection, StreamOwned};

/// A TCP connection whose calls wait no longer than a deadline.
#[derive(Debug)]
pub(super) struct Socket {
    tcp: TcpStream,
    deadline: Instant,
    reads_wait: bool,
}

impl Socket {
    /// All that is read and written is there within `time` from now.
    pub fn new(tcp: TcpStream, time: Duration) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        tcp.set_nonblocking(true)?;
        Ok(Self { tcp, deadline: Instant::now() + time, reads_wait: true })
    }

    /// Waits until the socket is ready, or the deadline is over.
    fn wait(&self, readiness: PollFlags) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        let time = Timespec::try_from(left).map_err(|_| ErrorKind::TimedOut)?;
        match poll(&mut [PollFd::new(&self.tcp, readiness)], Some(&time)) {
            // A signal: the deadline holds.
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tcp.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && self.reads_wait => {
                    self.wait(PollFlags::IN)?;
                }
                outcome => return outcome,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            match self.tcp.write(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(PollFlags::OUT)?,
                outcome => return outcome,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket, with or without TLS over it.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Stream {
    /// Sends all of `bytes` within `time` from now.
    pub fn send(&mut self, bytes: &[u8], time: Duration) -> io::Result<()> {
        self.socket().deadline = Instant::now() + time;
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    /// From now on [`Stream::receive`] does not wait.
    pub fn read_without_waiting(&mut self) {
        self.socket().reads_wait = false;
    }

    /// Reads what is there; `None` when nothing is. The end of the connection is an error.
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let outcome = match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        };
        match outcome {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => Ok(Some(length)),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(None),
                _ => Err(error),
            },
        }
    }

    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &mut stream.sock,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A stream, and the other end of it.
    fn stream(time: Duration) -> (Stream, TcpStream) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        (Stream::Plain(Socket::new(tcp, time).unwrap()), server.accept().unwrap().0)
    }

    #[test]
    fn a_peer_that_says_nothing_is_not_waited_for_past_the_deadline() {
        let (mut stream, _peer) = stream(Duration::from_millis(20));
        let error = stream.receive(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn a_peer_that_does_not_read_is_not_waited_for_past_the_deadline() {
        let (mut stream, _peer) = stream(Duration::from_secs(60));
        let much = vec![0; 32 << 20];
        let error = stream.send(&much, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn once_connected_reading_takes_what_is_there() {
        let (mut stream, mut peer) = stream(Duration::from_secs(60));
        stream.read_without_waiting();
        let mut buffer = [0; 8];
        assert_eq!(stream.receive(&mut buffer).unwrap(), None);
        stream.send(b"ping", Duration::from_secs(60)).unwrap();
        peer.read_exact(&mut buffer[..4]).unwrap();
        assert_eq!(&buffer[..4], b"ping");
        drop(peer);
        let error = loop {
            match stream.receive(&mut buffer) {
                Ok(None) => std::thread::yield_now(),
                outcome => break outcome.unwrap_err(),
            }
        };
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
}
