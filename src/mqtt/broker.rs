//! One connection to the broker, from its name to its answer.
//!
//! Owns the steps (look up, connect, TLS, hello), which are taken on a thread of their own, and the
//! connection that comes of it. When it is tried, and when a connection is given up, `link` decides.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::failure::{Failure, Login};
use super::link::{Broker, Connection, KEEP_ALIVE};
use super::packets::{self, Answer, Decoder, Hello, Incoming};
use super::password;
use super::socket::{Socket, Stream};
use super::tls;
use crate::runtime::background::Background;
use crate::runtime::tcp;

/// How long a broker that is connected to may take until it has answered.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// How long it may take to take what is sent at once.
const SEND_TIME: Duration = Duration::from_secs(5);

/// The most that is read at once, in bytes: what a broker sends without end must not hold up the loop.
const MOST: usize = 64 * 1024;

/// Where the broker is, and what it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub host: String,
    pub port: u16,
    /// Whom to trust; without it there is no TLS.
    pub ca_file: Option<PathBuf>,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    /// The directory of systemd's credentials.
    pub credentials: Option<PathBuf>,
    pub client: String,
    /// The topic of the last will.
    pub will: String,
}

impl Target {
    /// `host:port`, an IPv6 address in brackets.
    pub fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// A broker on the network.
#[derive(Debug)]
pub(super) struct Remote {
    target: Target,
    attempt: Option<Background<Result<Open, Failure>>>,
}

impl Remote {
    pub fn new(target: Target) -> Self {
        Self { target, attempt: None }
    }
}

impl Broker for Remote {
    fn open(&mut self) -> Option<Result<Box<dyn Connection>, Failure>> {
        let Some(attempt) = &self.attempt else {
            let target = self.target.clone();
            match Background::start(move || connect(&target)) {
                Ok(attempt) => self.attempt = Some(attempt),
                Err(error) => return Some(Err(Failure::NoThread(error))),
            }
            return None;
        };
        let outcome = match attempt.result() {
            Ok(None) => return None,
            Ok(Some(outcome)) => outcome,
            Err(error) => Err(error.into()),
        };
        self.attempt = None;
        Some(outcome.map(|open| Box::new(open) as Box<dyn Connection>))
    }

    fn address(&self) -> String {
        self.target.address()
    }

    fn client(&self) -> &str {
        &self.target.client
    }
}

/// A connection that the broker has accepted.
#[derive(Debug)]
struct Open {
    stream: Stream,
    decoder: Decoder,
}

fn connect(target: &Target) -> Result<Open, Failure> {
    let password = password::read(target.credentials.as_deref(), target.password_file.as_deref())?;
    let tcp = tcp::connect(&target.address())?;
    let socket = Socket::new(tcp, ANSWER_TIME)?;
    let stream = match &target.ca_file {
        Some(ca_file) => tls::over(socket, &target.host, ca_file)?,
        None => Stream::Plain(socket),
    };
    let mut open = Open { stream, decoder: Decoder::default() };
    let user = target.user.as_deref();
    let login = user.map(|user| (user, password.as_deref().unwrap_or_default()));
    let hello = Hello { client: &target.client, login, will: &target.will, keep_alive: KEEP_ALIVE };
    // Over TLS this is where the two speak first.
    open.stream.send(&packets::connect(hello), ANSWER_TIME).map_err(at_once)?;
    match open.answer()? {
        Answer::Accepted => {
            open.stream.read_without_waiting();
            Ok(open)
        }
        answer => {
            let has_password = password.is_some();
            let login = target.user.clone().map(|user| Login { user, has_password });
            Err(Failure::Refused { answer, login })
        }
    }
}

/// What became of a connection before there was an answer.
fn at_once(error: io::Error) -> Failure {
    match error.into() {
        Failure::Closed => Failure::ClosedAtOnce,
        other => other,
    }
}

impl Open {
    /// Waits for the first packet, which must be the answer.
    fn answer(&mut self) -> Result<Answer, Failure> {
        let mut packets = Vec::new();
        let mut is_first = true;
        while packets.is_empty() {
            // No more than the answer: what may come behind it is for later.
            let mut byte = [0];
            match self.stream.receive(&mut byte) {
                Ok(None) => continue,
                Ok(Some(_)) => {}
                Err(error) => return Err(at_once(error)),
            }
            // Of what is no MQTT at all, the rest of a "packet" may never come.
            if std::mem::take(&mut is_first) && byte[0] != packets::CONNACK {
                return Err(Failure::NotMqtt);
            }
            self.take(&byte, &mut packets)?;
        }
        match packets[..] {
            [Incoming::Answer(answer)] => Ok(answer),
            _ => Err(Failure::NotMqtt),
        }
    }

    fn take(&mut self, bytes: &[u8], packets: &mut Vec<Incoming>) -> Result<(), Failure> {
        self.decoder.take(bytes, packets).map_err(|_| Failure::NotMqtt)
    }
}

impl Connection for Open {
    fn send(&mut self, packets: &[u8]) -> Result<(), Failure> {
        self.stream.send(packets, SEND_TIME).map_err(|error| match error.into() {
            Failure::Silent => Failure::Stalled,
            other => other,
        })
    }

    fn receive(&mut self, packets: &mut Vec<Incoming>) -> Result<bool, Failure> {
        let mut buffer = [0; 4096];
        let mut read = 0;
        while read < MOST {
            let Some(length) = self.stream.receive(&mut buffer)? else { break };
            read += length;
            self.take(&buffer[..length], packets)?;
        }
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    /// What becomes of connecting to a broker that does this.
    fn connected(broker: impl FnOnce(TcpStream) + Send + 'static) -> Result<Open, Failure> {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let broker = thread::spawn(move || broker(server.accept().unwrap().0));
        let outcome = connect(&target(port));
        broker.join().unwrap();
        outcome
    }

    fn target(port: u16) -> Target {
        Target {
            host: "127.0.0.1".into(),
            port,
            ca_file: None,
            user: Some("p1".into()),
            password_file: None,
            credentials: None,
            client: "test".into(),
            will: "p1/bridge/test/availability".into(),
        }
    }

    fn answering(bytes: &'static [u8]) -> impl FnOnce(TcpStream) + Send + 'static {
        move |mut stream| {
            let mut hello = [0; 64];
            assert!(stream.read(&mut hello).unwrap() > 40);
            stream.write_all(bytes).unwrap();
        }
    }

    #[test]
    fn what_comes_behind_the_answer_is_not_lost() {
        let mut open = connected(answering(b"\x20\x02\0\0\xd0\0")).unwrap();
        let mut packets = Vec::new();
        while open.receive(&mut packets).is_ok() {}
        assert_eq!(packets, [Incoming::Other]);
    }

    #[test]
    fn every_other_answer_is_told_apart() {
        let refused = connected(answering(b"\x20\x02\0\x05")).unwrap_err().to_string();
        assert!(refused.starts_with("it refuses the user \"p1\""), "{refused}");
        for (answer, said) in [
            (&b""[..], "it closed the connection at once"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "what it answers is no MQTT"),
            (b"\xd0\0", "what it answers is no MQTT"),
        ] {
            let failure = connected(answering(answer)).unwrap_err().to_string();
            assert!(failure.starts_with(said), "{failure}");
        }
    }

    #[test]
    fn an_ipv6_address_is_in_brackets() {
        let target = Target { host: "fd00::2".into(), ..target(1883) };
        assert_eq!(target.address(), "[fd00::2]:1883");
    }
}
