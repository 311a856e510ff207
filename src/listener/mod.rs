//! `p1listener`: owns the meter's port and multicasts every telegram.
//!
//! One loop: read the port, translate, publish. The port may vanish and the network may be away; the loop
//! logs it and goes on. It waits for nothing but the port.
//!
//! | part        | owns                                                              |
//! |-------------|-------------------------------------------------------------------|
//! | `source`    | the interface of every kind of port                               |
//! | `device`    | a port with a path; `serial` and `file` read it, `speed` finds    |
//! |             | its speed, `adapters` finds `port: auto`                          |
//! | `tcp`       | a port behind a TCP connection                                    |
//! | `line`      | the port opened, lost, and opened again                           |
//! | `pace`      | how long to sleep within a telegram                               |
//! | `admission` | which telegrams are sent: no more than a meter can send, and      |
//! |             | none that comes back, which `relay` recognises                    |
//! | `encryption`| warnings about the keys of meters that encrypt                    |
//! | `health`    | warnings about telegrams, and the status                          |
//! | `clock`     | a meter's clock that is hours off                                 |
//! | `raw_log`   | `--record`                                                        |
//! | `make_key`  | `--make-key`                                                      |
//! | `probe`     | `--probe`                                                         |
//! | `diagnosis` | what the bytes are; `wire` recognises other protocols than P1     |

mod adapters;
mod admission;
mod clock;
mod device;
mod diagnosis;
mod encryption;
mod file;
mod health;
mod holder;
mod line;
mod make_key;
mod options;
mod pace;
mod probe;
mod raw_log;
mod relay;
mod serial;
mod source;
mod speed;
mod tcp;
mod wire;

#[cfg(test)]
mod tests;

use std::io;
use std::mem;
use std::ops::{ControlFlow, Range};
use std::time::{Instant, SystemTime};

pub use adapters::LASTING_NAMES;
pub use make_key::make_key;
pub use options::{EXITS, Options};

use admission::Admission;
use clock::ClockWatch;
use device::{Device, Place};
use encryption::EncryptionMonitor;
use file::StandardInput;
use health::Health;
use line::{Event, Line};
use pace::Pace;
use raw_log::RawLog;
use source::{Port, SourceKind};
use speed::Search;
use tcp::TcpPort;

use crate::config::{self, Config};
use crate::dlms::{Decoder, Event as Decoded, Keys};
use crate::key_files::{self, KeysError};
use crate::message::{Datagram, SigningKey, Translator};
use crate::publisher::{Destinations, Publisher};
use crate::runtime::secret::credentials_directory;
use crate::runtime::{self, Exit, Service, Signals, signals};
use crate::telegram::{HoursAhead, MeterZone, Timestamp};

/// How many bytes are read from the port at a time.
const BUFFER: usize = 4096;

/// How many of them are decoded before it is asked whether subscribers can follow: few telegrams are so short.
const MAX_PIECE: usize = 128;

/// Runs the listener until a signal or the end of the file that it reads ends it; with `--probe`, only
/// reports what is on the wire.
///
/// `reload` loads the configuration on SIGHUP, and returns `None` when it is invalid.
pub fn run(
    options: &Options,
    config: Config,
    reload: impl Fn() -> Option<Config>,
) -> Result<Exit, Exit> {
    let keys = read_keys(&config.p1_listener).map_err(|error| {
        log::error!("{error}");
        Exit::Config
    })?;
    if options.probe {
        return probe::probe(&config.p1_listener, keys, &mut io::stdout()).map_err(|_| Exit::Io);
    }
    let signing_key = read_signing_key(&config.multicast).map_err(|error| {
        log::error!("{error}");
        Exit::Config
    })?;
    let signals = Signals::install_or_log().ok_or(Exit::Io)?;
    let record = |path| {
        RawLog::open(path, config.p1_listener.port.as_ref()).map_err(|error| {
            log::error!("cannot record to {}: {error}", path.display());
            Exit::Io
        })
    };
    let raw_log = options.record.as_deref().map(record).transpose()?;
    let port = port(&config.p1_listener);
    let mut listener = Listener::new(config, port, raw_log, Instant::now());
    listener.set_keys(keys);
    listener.translator.set_key(signing_key);
    runtime::run("p1listener", listener, &signals, reload);
    Ok(Exit::Done)
}

fn read_keys(settings: &config::P1Listener) -> Result<Option<Keys>, KeysError> {
    key_files::read(
        settings.decryption_key_file.as_deref(),
        settings.authentication_key_file.as_deref(),
        credentials_directory().as_deref(),
    )
}

fn read_signing_key(settings: &config::Multicast) -> Result<Option<SigningKey>, KeysError> {
    key_files::read_signing_key(settings.key_file.as_deref(), credentials_directory().as_deref())
}

/// The port, the decoder, the translator and the publisher, in a row.
struct Listener {
    config: Config,
    line: Line,
    pace: Pace,
    decoder: Decoder<Timestamp>,
    translator: Translator,
    admission: Admission,
    publisher: Publisher,
    health: Health,
    clock: ClockWatch,
    encryption: EncryptionMonitor,
    raw_log: Option<RawLog>,
    buffer: Box<[u8]>,
    /// Where in the buffer are the bytes that wait until subscribers can follow.
    waiting: Range<usize>,
}

/// Text of the meter, plain or decrypted.
struct Piece<'a> {
    bytes: &'a [u8],
    /// When the first one came in.
    time: Timestamp,
    /// The length of the frame that they come from, in bytes.
    frame: Option<usize>,
    /// How many bytes of the port are behind them.
    behind: usize,
}

impl Piece<'_> {
    /// The length on the line of a telegram that is complete, if it was a frame, and how many bytes are behind it.
    fn on_the_line(&self) -> (Option<usize>, usize) {
        (self.frame, self.bytes.len() + self.behind)
    }
}

impl Service for Listener {
    type Settings = Config;

    fn description(&self) -> String {
        format!("{} to {}", self.line.description(), self.publisher.group())
    }

    fn status(&self, now: Instant) -> String {
        let clock = self.clock.lasting(now).map(|hours| hours.to_string());
        let (line, network) = (self.line.trouble().map(str::to_owned), self.publisher.trouble());
        let encryption = self.encryption.trouble();
        let troubles = [line, encryption, network, self.admission.trouble(now), clock];
        let (counts, unsent) = (self.translator.counts(), self.publisher.failures());
        self.health.status(&self.line.description(), &counts, unsent, &troubles, now)
    }

    /// Touches only what has changed.
    fn reconfigure(&mut self, config: Config, now: Instant) {
        match read_keys(&config.p1_listener) {
            Ok(keys) => self.set_keys(keys),
            Err(error) => log::error!("{error}; keeping the current keys"),
        }
        match read_signing_key(&config.multicast) {
            Ok(key) => self.translator.set_key(key),
            Err(error) => log::error!("{error}; keeping the current key"),
        }
        let (old, new) = (&self.config.p1_listener, &config.p1_listener);
        if (&old.port, old.baud_rate, old.format) != (&new.port, new.baud_rate, new.format) {
            self.line.replace(port(new), now);
        }
        self.translator.set_policy(new.checksum);
        self.translator.set_source(source_name(new));
        self.translator.set_zone(new.time_zone);
        self.health.set_max_silence(new.silence);
        if self.config.multicast != config.multicast {
            self.admission.reconfigure(config.multicast.clone(), now);
            self.publisher.reconfigure(destinations(&config.multicast), now);
        }
        if let Some(raw_log) = &mut self.raw_log {
            raw_log.reopen();
        }
        self.config = config;
    }

    fn flush(&mut self, now: Instant) {
        log::info!("{}; since the start: {}", self.status(now), self.counters());
    }

    /// Waits for bytes, at most [`source::READ_TIMEOUT`], and publishes what they complete. Breaks at the
    /// end of a file.
    fn step(&mut self, now: Instant) -> ControlFlow<()> {
        let pause = self.admission.pause(now);
        let is_read = self.line.trouble().is_none() && pause.is_none();
        self.health.check(is_read, || self.line.holders(), now);
        if let Some(pause) = pause {
            signals::wait(pause.min(source::READ_TIMEOUT));
            return ControlFlow::Continue(());
        }
        if !self.waiting.is_empty() {
            self.watch_group(now);
            self.decode(now);
            return ControlFlow::Continue(());
        }
        match self.line.step(&mut self.buffer[..], now) {
            Event::Bytes(length) => {
                self.process(length, now);
                let byte_time = self.line.byte_time();
                if let Some(time) = byte_time.and_then(|byte_time| self.pace.sleep_time(byte_time))
                {
                    signals::wait(time);
                }
            }
            Event::Silence => {
                self.pace.restart();
                self.finish_frames(now);
            }
            Event::Changed => self.finish_stream(now),
            Event::Wait(pause) => signals::wait(pause),
            Event::End => {
                self.finish_stream(now);
                log::info!("{} has been read to its end", self.line.description());
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(self, _: Instant) -> String {
        format!("; since the start: {}", self.counters())
    }
}

impl Listener {
    fn new(config: Config, port: Box<dyn Port>, raw_log: Option<RawLog>, now: Instant) -> Self {
        let settings = &config.p1_listener;
        Self {
            line: Line::new(port, now),
            pace: Pace::default(),
            decoder: Decoder::default(),
            translator: translator(settings),
            admission: Admission::new(config.multicast.clone(), now),
            publisher: Publisher::new(destinations(&config.multicast), now),
            health: Health::new(settings.silence, now),
            clock: ClockWatch::default(),
            encryption: EncryptionMonitor::new(),
            raw_log,
            buffer: Box::new([0; BUFFER]),
            waiting: 0..0,
            config,
        }
    }

    /// Decrypts with these keys, or with none, from now on.
    fn set_keys(&mut self, keys: Option<Keys>) {
        if self.decoder.set_keys(keys) {
            self.encryption = EncryptionMonitor::new();
        }
    }

    /// Takes in the first `length` bytes of the buffer.
    fn process(&mut self, length: usize, now: Instant) {
        let bytes = &self.buffer[..length];
        if let Some(raw_log) = &mut self.raw_log {
            raw_log.write(bytes);
        }
        self.health.on_bytes(bytes, now);
        self.watch_group(now);
        // The line may have been waited for since `now`.
        let arrival = Instant::now();
        self.pace.received(length, self.line.byte_time().unwrap_or_default(), arrival);
        self.waiting = 0..length;
        self.decode(now);
    }

    /// The line was opened, lost or has ended: what came before and what comes now do not belong together.
    fn finish_stream(&mut self, now: Instant) {
        self.pace.restart();
        self.watch_group(now);
        self.finish_frames(now);
        self.translate(None, now);
    }

    /// Takes in what the group has carried so far, if this port may be a relay of it.
    fn watch_group(&mut self, now: Instant) {
        if let Some(kind) = self.line.source_kind() {
            let is_beginning = self.pace.is_at_beginning();
            self.admission.update(kind, is_beginning, SystemTime::now().into(), now);
        }
    }

    /// Decodes the waiting bytes; of a source that can wait, as long as subscribers can follow.
    fn decode(&mut self, now: Instant) {
        let wall = Timestamp::from(SystemTime::now());
        let can_wait = self.line.source_kind().is_some_and(SourceKind::can_wait);
        let (buffer, mut decoder) = (mem::take(&mut self.buffer), mem::take(&mut self.decoder));
        while !self.waiting.is_empty() {
            let Range { start, end } = self.waiting;
            let piece_end = if can_wait { end.min(start + MAX_PIECE) } else { end };
            let mut bytes = &buffer[start..piece_end];
            while let Some(event) = decoder.feed(&mut bytes, wall) {
                self.handle(event, bytes.len() + end - piece_end, wall, now);
            }
            self.waiting.start = piece_end;
            if can_wait && self.admission.pause(now).is_some() {
                break;
            }
        }
        (self.buffer, self.decoder) = (buffer, decoder);
    }

    /// No frame goes on: the line is silent or lost.
    fn finish_frames(&mut self, now: Instant) {
        let wall = Timestamp::from(SystemTime::now());
        let mut decoder = mem::take(&mut self.decoder);
        while let Some(event) = decoder.finish() {
            self.handle(event, 0, wall, now);
        }
        self.decoder = decoder;
    }

    /// Sends what the decoder has found. That many bytes of the port are `behind` it.
    fn handle(
        &mut self,
        event: Decoded<'_, Timestamp>,
        behind: usize,
        wall: Timestamp,
        now: Instant,
    ) {
        match event {
            Decoded::Plain { bytes, time } => {
                self.translator.set_encrypted(None);
                self.translate(Some(Piece { bytes, time, frame: None, behind }), now);
            }
            Decoded::Telegram(opened) => {
                self.encryption.on_telegram(&opened, now);
                self.translator.set_encrypted(opened.authenticity);
                let (first, rest) = opened.text.split_at(1);
                for (bytes, time) in [(first, opened.start), (rest, wall)] {
                    let (frame, behind) = (Some(opened.frame_length), behind + opened.behind);
                    self.translate(Some(Piece { bytes, time, frame, behind }), now);
                }
            }
            Decoded::Refused(refused) => {
                self.encryption.on_refused(&refused, now);
                // At another speed than the meter's there are no frames.
                self.line.on_intact_telegram();
            }
        }
    }

    /// Sends the telegrams that this piece of text completes; at the end of the stream, where there is none, the
    /// one that lacks its line end.
    fn translate(&mut self, mut piece: Option<Piece<'_>>, now: Instant) {
        let kind = self.line.source_kind().unwrap_or(SourceKind::File);
        let byte_time = self.line.byte_time().unwrap_or_default();
        let arrival = Instant::now();
        let Self { translator, admission, publisher, line, pace, health, clock, .. } = self;
        while let Some(result) = match &mut piece {
            Some(piece) => translator.feed(&mut piece.bytes, piece.time),
            None => translator.finish(SystemTime::now().into()),
        } {
            match result {
                Ok(datagram) => {
                    let is_sent = admission.admit(&datagram, kind, now);
                    if is_sent {
                        let ports = &self.config.multicast;
                        let raw_port = ports.raw_port.unwrap_or_default();
                        let forms = [(ports.port, datagram.json), (raw_port, datagram.raw)];
                        let forms = &forms[..=usize::from(ports.raw_port.is_some())];
                        publisher.publish(forms, datagram.json, now);
                        admission.on_sent(&datagram, kind);
                    }
                    let (length, behind) = piece.as_ref().map_or((None, 0), Piece::on_the_line);
                    let length = length.unwrap_or(datagram.raw.len());
                    pace.complete(length, behind, byte_time, arrival);
                    health.on_telegram(datagram.header, now);
                    clock.update(hours_ahead(&datagram, self.config.p1_listener.time_zone), now);
                    line.on_telegram(now);
                    if !is_sent {
                        translator.withdraw();
                    }
                }
                Err(rejection) => {
                    if rejection.is_intact() {
                        line.on_intact_telegram();
                    }
                    health.on_rejection(&rejection, translator.last_frame(), now);
                }
            }
        }
        health.on_counts(&translator.counts());
    }

    fn counters(&self) -> String {
        let counters = health::counters(&self.translator.counts(), self.publisher.failures());
        counters + &encryption::counters(&self.decoder.counts())
    }
}

/// How many whole hours the clock of the meter is ahead of that of this host.
fn hours_ahead(datagram: &Datagram<'_>, zone: Option<MeterZone>) -> Option<HoursAhead> {
    let zone = zone.unwrap_or_else(|| MeterZone::of_header(datagram.header));
    HoursAhead::find(datagram.meta.meter_time?, datagram.meta.frame_start, zone)
}

fn port(settings: &config::P1Listener) -> Box<dyn Port> {
    let search = Search::new(settings.baud_rate, settings.format);
    match settings.port.as_str() {
        "-" => Box::new(StandardInput),
        "auto" => Box::new(Device::new(Place::OnlyAdapter, search)),
        port => match port.strip_prefix("tcp://") {
            Some(address) => Box::new(TcpPort::new(address)),
            None => Box::new(Device::new(Place::Path(port.into()), search)),
        },
    }
}

fn translator(settings: &config::P1Listener) -> Translator {
    let mut translator = Translator::new(settings.checksum, Some(source_name(settings)));
    translator.set_zone(settings.time_zone);
    translator
}

fn destinations(settings: &config::Multicast) -> Destinations {
    Destinations {
        group: Some((settings.address, settings.port).into()),
        ttl: settings.ttl,
        interface: settings.interface.clone(),
        copies: settings.also_to.clone(),
        things: "telegrams",
        interface_key: "multicast.interface",
    }
}

/// The configured name, or that of the host.
fn source_name(settings: &config::P1Listener) -> String {
    settings.name.clone().unwrap_or_else(runtime::hostname)
}
