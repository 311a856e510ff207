//! `p1listener`: owns the meter's port and multicasts every telegram.
//!
//! One loop: read what the port gives, translate it, publish it. The port may vanish and the network
//! may be away; the loop goes on and says so. It never waits for anyone but the port.

mod line;
mod publisher;
mod serial;
mod source;

use std::time::{Duration, Instant as Monotonic, SystemTime};

pub use line::{Line, Turn};
pub use publisher::Publisher;
pub use serial::{Framing, SerialDevice};
pub use source::{PATIENCE, Port, Source};

use crate::config::{self, BaudRate, Config, Format};
use crate::daemon::{Exit, Limiter, Service, Signals, signals};
use crate::message::Translator;
use crate::telegram::{Instant, Policy, Rejection};

/// How many bytes are read from the port at a time.
const BUFFER: usize = 4096;

/// How often the state is told to systemd.
const STATUS_PERIOD: Duration = Duration::from_secs(5);

/// How often rejected telegrams are mentioned.
const REJECTION_PERIOD: Duration = Duration::from_secs(600);

/// Runs the listener until a signal ends it.
///
/// `reload` gives the configuration anew on SIGHUP, or `None` when it is not good.
#[must_use]
pub fn run(config: Config, reload: impl Fn() -> Option<Config>) -> Exit {
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            log::error!("cannot handle signals: {error}");
            return Exit::Io;
        }
    };
    let mut service = Service::from_environment(STATUS_PERIOD);
    let mut listener = Listener::new(config, Monotonic::now());
    service.status(&listener.status(Monotonic::now()));
    service.ready();
    log::info!("p1listener {} is ready: {}", env!("CARGO_PKG_VERSION"), listener.task());
    let mut next_status = Monotonic::now();
    while !signals.terminating() {
        let now = Monotonic::now();
        service.progress(now);
        if signals.take_reload() {
            service.reloading();
            if let Some(config) = reload() {
                listener.reconfigure(config, now);
                log::info!("the configuration is read again: {}", listener.task());
            }
            service.ready();
        }
        if now >= next_status {
            next_status = now + STATUS_PERIOD;
            service.status(&listener.status(now));
        }
        listener.turn(now);
    }
    service.stopping();
    log::info!("p1listener ends: {}", listener.status(Monotonic::now()));
    Exit::Done
}

/// The port, the translator and the publisher, in a row.
struct Listener {
    config: Config,
    line: Line,
    translator: Translator,
    publisher: Publisher,
    buffer: Box<[u8; BUFFER]>,
    rejections: Limiter,
    last_telegram: Option<Monotonic>,
}

impl Listener {
    fn new(config: Config, now: Monotonic) -> Self {
        Self {
            line: Line::new(port(&config.p1_listener), now),
            translator: translator(&config.p1_listener),
            publisher: Publisher::new(config.multicast.clone(), now),
            buffer: Box::new([0; BUFFER]),
            rejections: Limiter::new(REJECTION_PERIOD),
            last_telegram: None,
            config,
        }
    }

    /// Takes new settings; what has not changed goes on undisturbed.
    fn reconfigure(&mut self, config: Config, now: Monotonic) {
        let (old, new) = (&self.config.p1_listener, &config.p1_listener);
        if (&old.port, old.baud_rate, old.format) != (&new.port, new.baud_rate, new.format) {
            self.line = Line::new(port(new), now);
        }
        self.translator.set_policy(policy(new.checksum));
        self.translator.set_source(source_name(new));
        if self.config.multicast != config.multicast {
            self.publisher = Publisher::new(config.multicast.clone(), now);
        }
        self.config = config;
    }

    /// Waits for bytes, no longer than [`PATIENCE`], and publishes what they complete.
    fn turn(&mut self, now: Monotonic) {
        match self.line.turn(&mut self.buffer[..], now) {
            Turn::Bytes(length) => self.translate(length),
            Turn::Silence => {}
            Turn::Changed => self.finish(),
            Turn::Wait(pause) => signals::wait(pause),
        }
    }

    fn translate(&mut self, length: usize) {
        let (now, wall) = (Monotonic::now(), Instant::from(SystemTime::now()));
        let mut bytes = &self.buffer[..length];
        while let Some(result) = self.translator.feed(&mut bytes, wall) {
            match result {
                Ok(datagram) => {
                    self.publisher.publish(&datagram, now);
                    if self.last_telegram.replace(now).is_none() {
                        log::info!(
                            "the first telegram is there: {}",
                            datagram.header.escape_ascii()
                        );
                    }
                }
                Err(rejection) => say(&mut self.rejections, &rejection, now),
            }
        }
    }

    /// The line has changed: what came before and what comes now do not belong together.
    fn finish(&mut self) {
        let now = Monotonic::now();
        match self.translator.finish(SystemTime::now().into()) {
            Some(Ok(datagram)) => self.publisher.publish(&datagram, now),
            Some(Err(rejection)) => say(&mut self.rejections, &rejection, now),
            None => {}
        }
    }

    /// What the listener does, for the log.
    fn task(&self) -> String {
        format!("{} to {}", self.line.description(), self.publisher.group())
    }

    /// How it is going, for `systemctl status`.
    fn status(&self, now: Monotonic) -> String {
        let counts = self.translator.counts();
        let age = match self.last_telegram {
            Some(last) => {
                format!("the last {} s ago", now.saturating_duration_since(last).as_secs())
            }
            None => "none yet".into(),
        };
        let bad = counts.rejected + counts.dropped.incomplete + counts.dropped.oversize;
        let unsent = self.publisher.failures();
        let parts = [
            Some(format!("{}: {} telegrams, {age}", self.line.description(), counts.telegrams)),
            (bad > 0).then(|| format!(", {bad} rejected")),
            (unsent > 0).then(|| format!(", {unsent} not sent")),
            self.line.trouble().map(|trouble| format!("; {trouble}")),
            self.publisher.trouble().map(|trouble| format!("; {trouble}")),
        ];
        parts.into_iter().flatten().collect()
    }
}

fn say(limiter: &mut Limiter, rejection: &Rejection, now: Monotonic) {
    match limiter.permit(now) {
        Some(0) => log::warn!("a telegram is rejected: {rejection}"),
        Some(more) => log::warn!("a telegram is rejected, the {more} before it too: {rejection}"),
        None => log::debug!("a telegram is rejected: {rejection}"),
    }
}

fn port(settings: &config::P1Listener) -> Box<dyn Port> {
    let baud_rate = match settings.baud_rate {
        BaudRate::Auto => 115_200,
        BaudRate::Fixed(baud_rate) => baud_rate,
    };
    let framing = match settings.format {
        Format::Auto if baud_rate == 9600 => Framing::SevenEvenOne,
        Format::Auto | Format::EightNoneOne => Framing::EightNoneOne,
        Format::SevenEvenOne => Framing::SevenEvenOne,
    };
    Box::new(SerialDevice { path: settings.port.clone().into(), baud_rate, framing })
}

fn translator(settings: &config::P1Listener) -> Translator {
    Translator::new(policy(settings.checksum), Some(source_name(settings)))
}

fn policy(checksum: config::ChecksumPolicy) -> Policy {
    match checksum {
        config::ChecksumPolicy::Auto => Policy::Auto,
        config::ChecksumPolicy::Require => Policy::Require,
        config::ChecksumPolicy::Ignore => Policy::Ignore,
    }
}

/// The configured name, or that of the host.
fn source_name(settings: &config::P1Listener) -> String {
    let host = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    settings.name.clone().unwrap_or_else(host)
}
