//! Where telegrams come from: the multicast group, or a file of raw telegrams that is played.
//!
//! Owns the subscriber and the file. Neither waits: the loop of the view asks every now and then.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::state::Sender;
use crate::config::Multicast;
use crate::message::{Message, Translator};
use crate::runtime::Exit;
use crate::subscriber::{Feed, Selection, Subscriber};
use crate::telegram::{MeterZone, Policy, Timestamp};

/// How many bytes of a file are read at a time.
const CHUNK: usize = 16 * 1024;

/// What the source has.
#[derive(Debug)]
pub enum Event {
    /// A telegram, and who sent it if it came from the network.
    Telegram(Box<Message>, Option<Sender>),
    /// So many datagrams or frames that are not telegrams.
    Garbage(u64),
}

/// A source of telegrams.
pub trait Source {
    /// The next event; `None` when there is none now.
    fn next(&mut self, now: Instant) -> io::Result<Option<Event>>;

    /// Whether it is over.
    fn has_ended(&self) -> bool {
        false
    }

    /// What it is, for people.
    fn name(&self) -> String;

    /// The message that there was no telegram, of this meter if one is wanted, for this long.
    fn silence(&self, meter: Option<&str>, time: Duration) -> String;
}

/// The multicast group.
pub struct Network {
    subscriber: Subscriber,
    name: String,
    /// Of the ignored datagrams, those that were reported as an event.
    reported: u64,
}

impl Network {
    /// Joins the group. A failure is logged, and is [`Exit::Unavailable`].
    pub fn join(settings: &Multicast) -> Result<Self, Exit> {
        let on = settings.interface.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let name = format!("{} : {}{on}", settings.address, settings.port);
        // A key shows the other meters.
        let settings = Multicast { meter: None, ..settings.clone() };
        let selection = Selection { all_meters: true, doing: "showing", ..Selection::default() };
        let subscriber = Subscriber::join(&settings, Feed::Json, selection, Instant::now())?;
        Ok(Self { subscriber, name, reported: 0 })
    }
}

impl Source for Network {
    fn next(&mut self, now: Instant) -> io::Result<Option<Event>> {
        let Some(telegram) = self.subscriber.next(now) else {
            let ignored = self.subscriber.ignored();
            let garbage = ignored - std::mem::replace(&mut self.reported, ignored);
            return Ok((garbage > 0).then_some(Event::Garbage(garbage)));
        };
        let losses = self.subscriber.losses_of(telegram.from);
        let sender =
            Sender { address: telegram.from, lost: losses.lost, duplicates: losses.duplicates };
        Ok(Some(Event::Telegram(Box::new(telegram.message), Some(sender))))
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn silence(&self, meter: Option<&str>, time: Duration) -> String {
        self.subscriber.silence(meter, time, Instant::now())
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
    /// Takes the meter's clock for one of this zone; `None` goes by the header of its telegrams.
    #[must_use]
    pub fn in_zone(mut self, zone: Option<MeterZone>) -> Self {
        self.translator.set_zone(zone);
        self
    }

    /// Opens the file. A failure is logged, and is [`Exit::Io`]. With an interval of zero, each call gives
    /// a telegram.
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
            translator: Translator::for_file(Policy::Auto),
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

/// The event of a telegram that was decoded or rejected, at the time of its meter's clock.
fn event<E>(json: Result<&[u8], E>) -> Event {
    let message = json.ok().and_then(|json| Message::parse(json).ok());
    let Some(mut message) = message else { return Event::Garbage(1) };
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

    fn silence(&self, meter: Option<&str>, _: Duration) -> String {
        let meter = meter.map(|meter| format!(" of meter {meter}")).unwrap_or_default();
        format!("no telegram{meter} in {}", self.name())
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
    fn the_zone_of_the_meter_is_the_configured_one() {
        let start_in = |zone| {
            let mut source = recording(&telegram(), Duration::ZERO).in_zone(zone);
            let Some(Event::Telegram(message, None)) = source.next(Instant::now()).unwrap() else {
                panic!()
            };
            message.meta.frame_start
        };
        let hour = start_in(None).micros_since(start_in(Some(MeterZone::Eastern)));
        assert_eq!(hour, 3_600_000_000);
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
                Event::Garbage(_) => garbage += 1,
            }
        }
        assert_eq!((good, garbage), (60, 1));
    }

    #[test]
    fn a_recording_may_hold_one_telegram_each_of_many_meters() {
        let old = |name: &str| format!("/{name}\r\n\r\n1-0:1.7.0(1*kW)\r\n!\r\n").into_bytes();
        let bytes = [telegram(), old("OLD5"), old("ELD5")].concat();
        let mut source = recording(&bytes, Duration::ZERO);
        for _ in 0..3 {
            let event = source.next(Instant::now()).unwrap();
            assert!(matches!(event, Some(Event::Telegram(..))), "{event:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_of_input() {
        assert!(matches!(Recording::open(Path::new("/no/such"), Duration::ZERO), Err(Exit::Io)));
        assert!(matches!(Recording::open(Path::new("/"), Duration::ZERO), Err(Exit::Io)));
    }
}
