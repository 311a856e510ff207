//! Whoever reads the telegrams: a client at a socket, or the other end of a pipe or file.
//!
//! Owns how much waits for a client, and for how long: one that reads too slowly is disconnected, because it takes the
//! place of another one.

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::net::sockopt::{Timeout, set_socket_send_buffer_size, set_socket_timeout, socket_type};

/// How long a client may take to read a telegram, once its buffers are full.
const TELEGRAM_TIMEOUT: Duration = Duration::from_secs(15);

/// The bytes that the kernel keeps for a client: some telegrams. Its own choice is an hour of them.
const SEND_BUFFER_SIZE: usize = 16 * 1024;

/// Writes telegrams to the client. A flush ends a telegram. What is no socket has no time limit.
#[derive(Debug)]
pub(super) struct Client<W> {
    out: W,
    is_socket: bool,
    /// When the client must have taken the telegram that is being written.
    deadline: Option<Instant>,
}

impl<W: Write + AsFd> Client<W> {
    /// The client at this socket, or what else `out` leads to. A socket gets a short buffer; where the kernel refuses it,
    /// we only notice later that nobody reads.
    pub fn new(out: W) -> Self {
        let is_socket = is_socket(&out);
        if is_socket {
            let _ = set_socket_send_buffer_size(&out, SEND_BUFFER_SIZE);
        }
        Self { out, is_socket, deadline: None }
    }
}

/// Whether this is a socket.
pub(super) fn is_socket(descriptor: impl AsFd) -> bool {
    socket_type(descriptor).is_ok()
}

impl<W: Write + AsFd> Write for Client<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_socket {
            return self.out.write(bytes);
        }
        let left = time_left(&mut self.deadline, Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        // The kernel may take a part within this time, and the rest is another write.
        set_socket_timeout(&self.out, Timeout::Send, Some(left))?;
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.deadline = None;
        self.out.flush()
    }
}

/// What is left of the time for this telegram, which begins with the first write.
fn time_left(deadline: &mut Option<Instant>, now: Instant) -> Duration {
    let deadline = *deadline.get_or_insert(now + TELEGRAM_TIMEOUT);
    // The kernel counts in microseconds, and takes zero for no limit.
    let left = deadline.saturating_duration_since(now);
    if left < Duration::from_micros(1) { Duration::ZERO } else { left }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn the_time_is_for_a_whole_telegram_however_many_writes_it_takes() {
        let (mut deadline, start) = (None, Instant::now());
        let mut left = |seconds| time_left(&mut deadline, start + Duration::from_secs(seconds));
        assert_eq!(left(0), TELEGRAM_TIMEOUT);
        assert_eq!(left(10), Duration::from_secs(5));
        assert_eq!(left(14), Duration::from_secs(1));
        assert_eq!((left(15), left(99)), (Duration::ZERO, Duration::ZERO));
    }

    #[test]
    fn a_client_that_reads_a_byte_now_and_then_is_disconnected() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let mut client = Client::new(ours);
        client.write_all(b"first").unwrap();
        client.flush().unwrap();
        assert_eq!(client.deadline, None);
        // Some of the telegram was taken, but the time is over.
        client.write_all(b"half").unwrap();
        client.deadline = Some(Instant::now());
        assert_eq!(client.write_all(b"rest").unwrap_err().kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn only_a_socket_has_a_time_limit() {
        assert!(is_socket(&UnixStream::pair().unwrap().0));
        let mut file = Client::new(std::fs::File::options().write(true).open("/dev/null").unwrap());
        file.deadline = Some(Instant::now());
        file.write_all(b"telegram").unwrap();
    }
}
