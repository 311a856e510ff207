//! The loop of `p1reader`: datagrams in, telegrams of the right meter to the recorder.
//!
//! Owns the membership of the group and what systemd is told.

use std::net::SocketAddr;
use std::time::{Duration, Instant as Monotonic, SystemTime};

use super::choice::Choice;
use super::recorder::{FileSettings, PageSettings, Recorder, Settings, WeeklySettings};
use super::senders::Senders;
use super::{DiskStorage, HostZone};
use crate::config::{self, Config};
use crate::daemon::{Exit, Limiter, Service, Signals, signals};
use crate::message::{Message, MessageError};
use crate::multicast::{Interface, Receiver};
use crate::telegram::Instant;

/// The longest wait for a datagram; a third of a watchdog period must be longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// After how much silence the group is joined again, on interfaces that have come up since.
const JOIN_PERIOD: Duration = Duration::from_secs(10);

/// How often the state is told to systemd.
const STATUS_PERIOD: Duration = Duration::from_secs(5);

/// How often datagrams that are no telegrams are mentioned.
const GARBAGE_PERIOD: Duration = Duration::from_secs(600);

/// The longest datagram that UDP has.
const LONGEST: usize = 65_535;

/// How many telegrams `--test` records.
const TEST_TELEGRAMS: u64 = 5;

/// Runs the recorder until a signal ends it; with `test`, until it has five telegrams.
///
/// `reload` gives the configuration anew on SIGHUP, or `None` when it is not good.
#[must_use]
pub fn run(config: Config, test: bool, reload: impl Fn() -> Option<Config>) -> Exit {
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            log::error!("cannot handle signals: {error}");
            return Exit::Io;
        }
    };
    let mut service = Service::from_environment(STATUS_PERIOD);
    let mut session = Session::new(config);
    session.join(Monotonic::now());
    service.status(&session.status());
    service.ready();
    log::info!("p1reader {} is ready: {}", env!("CARGO_PKG_VERSION"), session.task());
    let mut next_status = Monotonic::now();
    let last = if test { TEST_TELEGRAMS } else { u64::MAX };
    while !signals.terminating() && session.recorded < last {
        let now = Monotonic::now();
        service.progress(now);
        if signals.take_reload() {
            service.reloading();
            session.recorder.flush();
            if let Some(config) = reload() {
                session.reconfigure(config, now);
                log::info!("the configuration is read again: {}", session.task());
            }
            service.ready();
        }
        if signals.take_flush() {
            session.recorder.flush();
        }
        if now >= next_status {
            next_status = now + STATUS_PERIOD;
            service.status(&session.status());
        }
        session.turn(now);
    }
    service.stopping();
    let status = session.status();
    session.recorder.finish();
    log::info!("p1reader ends: {status}");
    Exit::Done
}

struct Session {
    config: Config,
    recorder: Recorder<DiskStorage, HostZone>,
    receiver: Option<Receiver>,
    /// Why there is no receiver.
    trouble: Option<String>,
    next_join: Monotonic,
    buffer: Vec<u8>,
    senders: Senders,
    choice: Choice,
    garbage: Limiter,
    recorded: u64,
    ignored: u64,
    last: Option<Monotonic>,
}

impl Session {
    fn new(config: Config) -> Self {
        Self {
            recorder: Recorder::new(&settings(&config), DiskStorage::default(), HostZone),
            receiver: None,
            trouble: None,
            next_join: Monotonic::now(),
            buffer: vec![0; LONGEST],
            senders: Senders::new(),
            choice: Choice::new(config.multicast.meter.clone()),
            garbage: Limiter::new(GARBAGE_PERIOD),
            recorded: 0,
            ignored: 0,
            last: None,
            config,
        }
    }

    fn reconfigure(&mut self, config: Config, now: Monotonic) {
        self.recorder.reconfigure(&settings(&config));
        if self.config.multicast != config.multicast {
            self.receiver = None;
            self.choice = Choice::new(config.multicast.meter.clone());
            self.next_join = now;
        }
        self.config = config;
    }

    /// Waits for a datagram, no longer than [`PATIENCE`] or the next flush, and records it.
    fn turn(&mut self, now: Monotonic) {
        let wall = Instant::from(SystemTime::now());
        self.recorder.tick(wall);
        if now >= self.next_join {
            self.join(now);
        }
        let patience = match self.recorder.next_deadline(wall) {
            Some(deadline) => {
                let micros = u64::try_from(deadline.micros_since(wall)).unwrap_or(0);
                PATIENCE.min(Duration::from_micros(micros))
            }
            None => PATIENCE,
        };
        let Some(receiver) = &self.receiver else {
            return signals::wait(patience);
        };
        match receiver.receive(&mut self.buffer, patience) {
            Ok(Some(datagram)) => {
                let message = Message::parse(&self.buffer[..datagram.len]);
                self.next_join = now + JOIN_PERIOD;
                self.take(message, datagram.from, now);
            }
            Ok(None) => {}
            Err(error) => {
                log::warn!("cannot receive from {}: {error}; joining again", self.group());
                self.receiver = None;
                self.next_join = now + PATIENCE;
            }
        }
    }

    fn take(&mut self, message: Result<Message, MessageError>, from: SocketAddr, now: Monotonic) {
        let message = match message {
            Ok(message) => message,
            Err(error) => return self.ignore(&error, from, now),
        };
        let all = self.recorder.wants_all_meters();
        if !self.choice.wants(&message, from, all, now) {
            return;
        }
        if !self.senders.note(from, &message.meta, now) {
            return;
        }
        self.recorder.record(&message);
        self.recorded += 1;
        self.last = Some(now);
        log::debug!("telegram {} of {from} is recorded", message.meta.frame_number);
    }

    fn ignore(&mut self, error: &MessageError, from: SocketAddr, now: Monotonic) {
        self.ignored += 1;
        if self.garbage.permit(now).is_some() {
            log::warn!("a datagram of {from} is ignored, {} so far: {error}", self.ignored);
        }
    }

    /// Joins the group, or joins it again where interfaces have come up since.
    fn join(&mut self, now: Monotonic) {
        self.next_join = now + JOIN_PERIOD;
        let joined = match &mut self.receiver {
            Some(receiver) => receiver.join_again().map_err(|error| error.to_string()),
            None => self.open().map(|receiver| self.receiver = Some(receiver)),
        };
        match joined {
            Ok(()) if self.trouble.take().is_some() => log::info!("{} is joined", self.group()),
            Ok(()) => {}
            Err(reason) => {
                if self.trouble.as_ref() != Some(&reason) {
                    log::warn!("cannot join {}: {reason}; trying again", self.group());
                }
                self.trouble = Some(reason);
            }
        }
    }

    fn open(&self) -> Result<Receiver, String> {
        let settings = &self.config.multicast;
        let interface = settings.interface.as_deref().map(str::parse::<Interface>).transpose()?;
        Receiver::open(settings.address, settings.port, interface.as_ref())
            .map_err(|error| error.to_string())
    }

    fn group(&self) -> SocketAddr {
        SocketAddr::new(self.config.multicast.address, self.config.multicast.port)
    }

    /// What the recorder does, for the log.
    fn task(&self) -> String {
        format!("recording from {}", self.group())
    }

    /// How it is going, for `systemctl status`.
    fn status(&self) -> String {
        let age = match self.last {
            Some(last) => format!("the last {} s ago", last.elapsed().as_secs()),
            None => "none yet".into(),
        };
        let parts = [
            Some(format!("{}: {} telegrams, {age}", self.group(), self.recorded)),
            Some(self.senders.counts().to_string()),
            (self.ignored > 0).then(|| format!(", {} datagrams ignored", self.ignored)),
            self.trouble.as_ref().map(|trouble| format!("; {trouble}")),
        ];
        parts.into_iter().flatten().collect()
    }
}

fn settings(config: &Config) -> Settings {
    let file = |output: &config::FileOutput| {
        output.enabled.then(|| FileSettings {
            filename: output.filename.clone(),
            flush_period: output.flush_period,
            keep_days: output.keep_days,
        })
    };
    let (page, weekly) = (&config.html_report, &config.weekly_log);
    Settings {
        details: file(&config.p1_reader_details),
        interval: file(&config.p1_reader_interval),
        day: file(&config.p1_reader_day),
        html: page.enabled.then(|| PageSettings {
            filename: page.filename.clone(),
            flush_period: page.flush_period,
            minutes: page.minutes,
            language: page.language,
        }),
        weekly: weekly.enabled.then(|| WeeklySettings {
            file: FileSettings {
                filename: weekly.filename.clone(),
                flush_period: weekly.flush_period,
                keep_days: None,
            },
            measurement_period: weekly.measurement_period,
        }),
        min_free: u64::from(config.p1_reader.min_free) * 1_000_000,
    }
}
