//! The loop of `p1reader`: datagrams in, telegrams of the right meter to the recorder.
//!
//! Owns which telegrams are recorded, and what systemd is told.

use std::net::SocketAddr;
use std::time::{Duration, Instant as Monotonic, SystemTime};

use super::recorder::{FileSettings, PageSettings, Recorder, Settings, WeeklySettings};
use super::{DiskStorage, HostZone};
use crate::choice::Choice;
use crate::config::{self, Config};
use crate::daemon::{Exit, Service, Signals};
use crate::message::Message;
use crate::senders::Senders;
use crate::subscription::Subscription;
use crate::telegram::Instant;

/// The longest wait for a datagram; a third of a watchdog period must be longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the state is told to systemd.
const STATUS_PERIOD: Duration = Duration::from_secs(5);

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
    subscription: Subscription,
    senders: Senders,
    choice: Choice,
    recorded: u64,
    last: Option<Monotonic>,
}

impl Session {
    fn new(config: Config) -> Self {
        Self {
            recorder: Recorder::new(&settings(&config), DiskStorage::default(), HostZone),
            subscription: Subscription::new(config.multicast.clone(), Monotonic::now()),
            senders: Senders::new(),
            choice: choice(&config),
            recorded: 0,
            last: None,
            config,
        }
    }

    fn reconfigure(&mut self, config: Config, now: Monotonic) {
        self.recorder.reconfigure(&settings(&config));
        if self.config.multicast != config.multicast {
            self.subscription.reconfigure(&config.multicast, now);
            self.choice = choice(&config);
        }
        self.config = config;
    }

    /// Waits for a datagram, no longer than [`PATIENCE`] or the next flush, and records it.
    fn turn(&mut self, now: Monotonic) {
        let wall = Instant::from(SystemTime::now());
        self.recorder.tick(wall);
        let patience = match self.recorder.next_deadline(wall) {
            Some(deadline) => {
                let micros = u64::try_from(deadline.micros_since(wall)).unwrap_or(0);
                PATIENCE.min(Duration::from_micros(micros))
            }
            None => PATIENCE,
        };
        if let Some((message, from)) = self.subscription.next(now, patience) {
            self.take(&message, from, now);
        }
    }

    fn take(&mut self, message: &Message, from: SocketAddr, now: Monotonic) {
        let all = self.recorder.wants_all_meters();
        if !self.choice.wants(message, from, all, now) {
            return;
        }
        if !self.senders.note(from, &message.meta, now) {
            return;
        }
        self.recorder.record(message);
        self.recorded += 1;
        self.last = Some(now);
        log::debug!("telegram {} of {from} is recorded", message.meta.frame_number);
    }

    /// What the recorder does, for the log.
    fn task(&self) -> String {
        format!("recording from {}", self.subscription.group())
    }

    /// How it is going, for `systemctl status`.
    fn status(&self) -> String {
        let age = match self.last {
            Some(last) => format!("the last {} s ago", last.elapsed().as_secs()),
            None => "none yet".into(),
        };
        let (group, recorded) = (self.subscription.group(), self.recorded);
        let (counts, trouble) = (self.senders.counts(), self.subscription.trouble());
        format!("{group}: {recorded} telegrams, {age}{counts}{trouble}")
    }
}

fn choice(config: &Config) -> Choice {
    let hint = " (`METER` in the file names records all, `multicast.meter` names one)";
    Choice::new(config.multicast.meter.clone(), "recorded", hint)
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
