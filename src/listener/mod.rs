//! `p1listener`: owns the meter's port and multicasts every telegram.
//!
//! One loop: read the port, translate, publish. The port may vanish and the network may be away; the loop
//! logs it and goes on. It waits for nothing but the port.
//!
//! | part         | owns                                                           |
//! |--------------|----------------------------------------------------------------|
//! | `source`     | the interface of every kind of port                            |
//! | `device`     | a port with a path; `serial` and `file` read it, `speed` finds |
//! |              | its speed, `adapters` finds `port: auto`                       |
//! | `tcp`        | a port behind a TCP connection                                 |
//! | `line`       | the port opened, lost, and opened again                        |
//! | `holder`     | which other programs have the port open                        |
//! | `pace`       | how long to sleep within a telegram                            |
//! | `delivery`   | what becomes of the text of the meter                          |
//! | `admission`  | which telegrams are sent: no more than a meter can send, and   |
//! |              | none that comes back, which `relay` recognises                 |
//! | `encryption` | warnings about the keys of meters that encrypt                 |
//! | `health`     | warnings about telegrams, and the status                       |
//! | `clock`      | a meter's clock that is hours off                              |
//! | `raw_log`    | `--record`                                                     |
//! | `make_key`   | `--make-key`                                                   |
//! | `probe`      | `--probe`                                                      |
//! | `diagnosis`  | what the bytes are; `wire` recognises other protocols than P1  |

mod adapters;
mod admission;
mod clock;
mod delivery;
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
use std::ops::{ControlFlow, Range};
use std::time::{Instant, SystemTime};

pub use adapters::LASTING_NAMES;
pub use make_key::make_key;
pub use options::{EXITS, Options};

use delivery::Delivery;
use device::{Device, Place};
use encryption::EncryptionMonitor;
use file::StandardInput;
use line::{Event, Line};
use raw_log::RawLog;
use source::{Port, SourceKind};
use speed::Search;
use tcp::TcpPort;

use crate::config::{self, Config};
use crate::dlms::{Decoder, Keys};
use crate::key_files::{self, KeysError};
use crate::message::SigningKey;
use crate::runtime::secret::credentials_directory;
use crate::runtime::{self, Exit, Service, Signals, signals};
use crate::telegram::Timestamp;

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
    listener.delivery.translator.set_key(signing_key);
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

/// The port, the decoder and what is done with the text that they give, in a row.
struct Listener {
    line: Line,
    decoder: Decoder<Timestamp>,
    delivery: Delivery,
    raw_log: Option<RawLog>,
    buffer: Box<[u8]>,
    /// Where in the buffer are the bytes that wait: for the rest of their telegram, or until subscribers can follow.
    waiting: Range<usize>,
    /// When the first of them came, while they wait for the rest of their telegram.
    begin: Option<Timestamp>,
}

impl Service for Listener {
    type Settings = Config;

    fn description(&self) -> String {
        format!("{} to {}", self.line.description(), self.delivery.publisher.group())
    }

    fn status(&self, now: Instant) -> String {
        let Delivery { translator, admission, publisher, health, clock, encryption, .. } =
            &self.delivery;
        let clock = clock.lasting(now).map(|hours| hours.to_string());
        let (line, network) = (self.line.trouble().map(str::to_owned), publisher.trouble());
        let troubles = [line, encryption.trouble(), network, admission.trouble(now), clock];
        let (counts, unsent) = (translator.counts(), publisher.failures());
        health.status(&self.line.description(), &counts, unsent, &troubles, now)
    }

    /// Touches only what has changed.
    fn reconfigure(&mut self, config: Config, now: Instant) {
        match read_keys(&config.p1_listener) {
            Ok(keys) => self.set_keys(keys),
            Err(error) => log::error!("{error}; keeping the current keys"),
        }
        match read_signing_key(&config.multicast) {
            Ok(key) => self.delivery.translator.set_key(key),
            Err(error) => log::error!("{error}; keeping the current key"),
        }
        let (old, new) = (&self.delivery.config.p1_listener, &config.p1_listener);
        if (&old.port, old.baud_rate, old.format) != (&new.port, new.baud_rate, new.format) {
            self.line.replace(port(new), now);
        }
        if let Some(raw_log) = &mut self.raw_log {
            raw_log.reopen();
        }
        self.delivery.reconfigure(config, now);
    }

    fn flush(&mut self, now: Instant) {
        log::info!("{}; since the start: {}", self.status(now), self.counters());
    }

    /// Waits for bytes, at most [`source::READ_TIMEOUT`], and publishes what they complete. Breaks at the
    /// end of a file.
    fn step(&mut self, now: Instant) -> ControlFlow<()> {
        let pause = self.delivery.admission.pause(now);
        let is_read = self.line.trouble().is_none() && pause.is_none();
        self.delivery.health.check(is_read, || self.line.holders(), now);
        if let Some(pause) = pause {
            signals::wait(pause.min(source::READ_TIMEOUT));
            return ControlFlow::Continue(());
        }
        if !self.waiting.is_empty() && self.begin.is_none() {
            self.watch_group(now);
            self.decode(now);
            return ControlFlow::Continue(());
        }
        match self.line.step(&mut self.buffer[self.waiting.end..], now) {
            Event::Bytes(length) => self.process(length, now),
            Event::Silence => {
                self.take_in(now);
                self.delivery.pace.restart();
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

    fn finish(mut self, now: Instant) -> String {
        self.take_in(now);
        format!("; since the start: {}", self.counters())
    }
}

impl Listener {
    fn new(config: Config, port: Box<dyn Port>, raw_log: Option<RawLog>, now: Instant) -> Self {
        Self {
            line: Line::new(port, now),
            decoder: Decoder::default(),
            delivery: Delivery::new(config, now),
            raw_log,
            buffer: Box::new([0; BUFFER]),
            waiting: 0..0,
            begin: None,
        }
    }

    /// Decrypts with these keys, or with none, from now on.
    fn set_keys(&mut self, keys: Option<Keys>) {
        if self.decoder.set_keys(keys) {
            self.delivery.encryption = EncryptionMonitor::new();
        }
    }

    /// `length` bytes more have come in behind those that wait in the buffer. Sleeps while most of their telegram
    /// is still to come, and decodes them together with the rest: a program that has slept finds the caches cold.
    fn process(&mut self, length: usize, now: Instant) {
        self.watch_group(now);
        self.waiting.end += length;
        let byte_time = self.line.byte_time();
        let pace = &mut self.delivery.pace;
        // The line may have been waited for since `now`.
        pace.received(length, byte_time.unwrap_or_default(), Instant::now());
        let has_room = self.waiting.end <= BUFFER / 2;
        match byte_time.filter(|_| has_room).and_then(|time| pace.sleep_time(time)) {
            Some(time) => {
                self.begin.get_or_insert_with(|| SystemTime::now().into());
                signals::wait(time);
            }
            None => self.take_in(now),
        }
    }

    /// Takes in the bytes that have come in.
    fn take_in(&mut self, now: Instant) {
        let bytes = &self.buffer[self.waiting.clone()];
        if bytes.is_empty() {
            return;
        }
        if let Some(raw_log) = &mut self.raw_log {
            raw_log.write(bytes);
        }
        self.delivery.health.on_bytes(bytes, now);
        self.decode(now);
    }

    /// The line was opened, lost or has ended: what came before and what comes now do not belong together.
    fn finish_stream(&mut self, now: Instant) {
        self.take_in(now);
        self.delivery.pace.restart();
        self.delivery.admission.restart();
        self.watch_group(now);
        self.finish_frames(now);
        self.delivery.finish(&mut self.line, now);
    }

    /// Takes in what the group has carried so far, if this port may be a relay of it.
    fn watch_group(&mut self, now: Instant) {
        if let Some(kind) = self.line.source_kind() {
            let is_beginning = self.delivery.pace.is_at_beginning();
            self.delivery.admission.update(kind, is_beginning, SystemTime::now().into(), now);
        }
    }

    /// Decodes the waiting bytes; of a source that can wait, as long as subscribers can follow.
    fn decode(&mut self, now: Instant) {
        let wall = self.begin.take().unwrap_or_else(|| SystemTime::now().into());
        let can_wait = self.line.source_kind().is_some_and(SourceKind::can_wait);
        let Self { buffer, decoder, delivery, line, .. } = self;
        while !self.waiting.is_empty() {
            let Range { start, end } = self.waiting;
            let piece_end = if can_wait { end.min(start + MAX_PIECE) } else { end };
            let mut bytes = &buffer[start..piece_end];
            while let Some(event) = decoder.feed(&mut bytes, wall) {
                delivery.handle(event, bytes.len() + end - piece_end, line, wall, now);
            }
            self.waiting.start = piece_end;
            if can_wait && delivery.admission.pause(now).is_some() {
                return;
            }
        }
        self.waiting = 0..0;
    }

    /// No frame goes on: the line is silent or lost.
    fn finish_frames(&mut self, now: Instant) {
        let wall = Timestamp::from(SystemTime::now());
        while let Some(event) = self.decoder.finish() {
            self.delivery.handle(event, 0, &mut self.line, wall, now);
        }
    }

    fn counters(&self) -> String {
        let Delivery { translator, publisher, .. } = &self.delivery;
        let counters = health::counters(&translator.counts(), publisher.failures());
        counters + &encryption::counters(&self.decoder.counts())
    }
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
