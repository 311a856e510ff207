//! Where telegrams come from: the multicast group, or a file of raw telegrams that is played.
//!
//! Owns the socket and the file. Neither waits: the loop of the view asks now and then.

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::config::Multicast;
use crate::message::{Message, Translator};
use crate::runtime::Exit;
use crate::subscription::{LONGEST, Membership};
use crate::telegram::{Policy, Timestamp};

/// How many bytes of a file are read at a time.
const CHUNK: usize = 16 * 1024;

/// What came.
#[derive(Debug)]
pub enum Event {
    /// A telegram, and who sent it if it came from the network.
    Telegram(Box<Message>, Option<SocketAddr>),
    /// Something that is no telegram.
    Garbage,
}

/// A source of telegrams.
pub trait Source {
    /// What has come; `None` when there is nothing now.
    fn next(&mut self, now: Instant) -> io::Result<Option<Event>>;

    /// Whether nothing will come any more.
    fn has_ended(&self) -> bool {
        false
    }

    /// What it is, in words.
    fn name(&self) -> String;
}

/// The multicast group.
pub struct Network {
    membership: Membership,
    buffer: Vec<u8>,
    name: String,
}

impl Network {
    /// Joins the group; what goes wrong is said, and is [`Exit::Unavailable`].
    pub fn join(settings: &Multicast) -> Result<Self, Exit> {
        let membership = Membership::join(settings, settings.port, Instant::now())?;
        let on = settings.interface.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let name = format!("{} : {}{on}", settings.address, settings.port);
        Ok(Self { membership, buffer: vec![0; LONGEST], name })
    }
}

impl Source for Network {
    fn next(&mut self, now: Instant) -> io::Result<Option<Event>> {
        self.membership.keep_up(now);
        let receiver = &self.membership.receiver;
        let Some(datagram) = receiver.receive(&mut self.buffer, Duration::ZERO)? else {
            return Ok(None);
        };
        Ok(Some(match Message::parse(&self.buffer[..datagram.len]) {
            Ok(message) => Event::Telegram(Box::new(message), Some(datagram.from)),
            Err(error) => {
                log::debug!("a datagram of {} is passed over: {error}", datagram.from);
                Event::Garbage
            }
        }))
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// A file of raw telegrams, played in the meter's own time.
pub struct Recording {
    path: PathBuf,
    file: File,
    translator: Translator,
    chunk: Vec<u8>,
    at: usize,
    /// Time from one telegram to the next.
    interval: Duration,
    due: Option<Instant>,
    ended: bool,
}

impl Recording {
    /// Opens the file; what goes wrong is said, and is [`Exit::Io`]. With an interval of zero,
    /// telegrams come as fast as they are asked for.
    pub fn open(path: &Path, interval: Duration) -> Result<Self, Exit> {
        let file = File::open(path).and_then(|file| {
            if file.metadata()?.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            Ok(file)
        });
        let file = file.map_err(|error| {
            log::error!("{}: {error}", path.display());
            Exit::Io
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            translator: Translator::new(Policy::Auto, None),
            chunk: Vec::new(),
            at: 0,
            interval,
            due: None,
            ended: false,
        })
    }

    /// The next telegram of the file.
    fn telegram(&mut self) -> io::Result<Option<Event>> {
        let now = Timestamp::from(SystemTime::now());
        loop {
            let mut rest = &self.chunk[self.at..];
            let before = rest.len();
            let fed = self.translator.feed(&mut rest, now);
            self.at += before - rest.len();
            if let Some(result) = fed {
                return Ok(Some(event(result.map(|datagram| datagram.json))));
            }
            self.chunk.resize(CHUNK, 0);
            let length = self.file.read(&mut self.chunk)?;
            self.chunk.truncate(length);
            self.at = 0;
            if length == 0 {
                self.ended = true;
                let last = self.translator.finish(now);
                return Ok(last.map(|result| event(result.map(|datagram| datagram.json))));
            }
        }
    }
}

/// The event of a telegram that was decoded or rejected, at the time that its meter tells.
fn event<E>(json: Result<&[u8], E>) -> Event {
    let message = json.ok().and_then(|json| Message::parse(json).ok());
    let Some(mut message) = message else { return Event::Garbage };
    if let Some(time) = message.meta.meter_time {
        (message.meta.frame_start, message.meta.frame_end) = (time, time);
    }
    Event::Telegram(Box::new(message), None)
}

impl Source for Recording {
    fn next(&mut self, now: Instant) -> io::Result<Option<Event>> {
        if self.ended || self.due.is_some_and(|due| now < due) {
            return Ok(None);
        }
        self.due = Some(self.due.unwrap_or(now) + self.interval);
        self.telegram()
    }

    fn has_ended(&self) -> bool {
        self.ended
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn recording(bytes: &[u8], interval: Duration) -> Recording {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Recording::open(file.path(), interval).unwrap()
    }

    fn telegram() -> Vec<u8> {
        include_str!("../../tests/data/esmr50-three-phase.txt").replace('\n', "\r\n").into_bytes()
    }

    #[test]
    fn a_recording_is_played_at_its_pace_in_the_time_of_the_meter() {
        let start = Instant::now();
        let mut source = recording(&telegram().repeat(2), Duration::from_secs(1));
        let Some(Event::Telegram(message, None)) = source.next(start).unwrap() else { panic!() };
        assert_eq!(Some(message.meta.frame_start), message.meta.meter_time);
        assert!(source.next(start + Duration::from_millis(999)).unwrap().is_none());
        assert!(source.next(start + Duration::from_secs(1)).unwrap().is_some());
        assert!(!source.has_ended());
        assert!(source.next(start + Duration::from_secs(2)).unwrap().is_none());
        assert!(source.has_ended());
    }

    #[test]
    fn a_long_recording_is_read_in_pieces_and_a_bad_telegram_is_garbage() {
        let mut bad = telegram();
        bad[100] ^= 1;
        let bytes = [telegram().repeat(40), bad, telegram().repeat(20)].concat();
        let mut source = recording(&bytes, Duration::ZERO);
        let (mut good, mut garbage) = (0, 0);
        while let Some(event) = source.next(Instant::now()).unwrap() {
            match event {
                Event::Telegram(..) => good += 1,
                Event::Garbage => garbage += 1,
            }
        }
        assert_eq!((good, garbage), (60, 1));
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_of_input() {
        assert!(matches!(Recording::open(Path::new("/no/such"), Duration::ZERO), Err(Exit::Io)));
        assert!(matches!(Recording::open(Path::new("/"), Duration::ZERO), Err(Exit::Io)));
    }
}
