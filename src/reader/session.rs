//! The loop of `p1reader`: datagrams in, telegrams of the right meter to the recorder.
//!
//! Owns which telegrams are recorded, and what is said of that.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

use super::recorder::Recorder;
use super::{DiskStorage, HostZone, Options, Settings};
use crate::choice::Choice;
use crate::config::Config;
use crate::message::Message;
use crate::runtime::{self, Exit, Service, Signals};
use crate::senders::Senders;
use crate::subscription::Subscription;
use crate::telegram::Timestamp;
use crate::text;

/// The longest wait for a datagram; a third of a watchdog period must be longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many telegrams `--test` records.
const TEST_TELEGRAMS: u64 = 5;

/// Runs the recorder until a signal ends it; with `--test`, until it has five telegrams.
///
/// `reload` loads the configuration on SIGHUP, and returns `None` when it is invalid.
pub fn run(
    options: &Options,
    config: Config,
    reload: impl Fn() -> Option<Config>,
) -> Result<Exit, Exit> {
    let signals = Signals::install_or_log().ok_or(Exit::Io)?;
    let last = if options.test { TEST_TELEGRAMS } else { u64::MAX };
    runtime::run("p1reader", Session::new(config, last), &signals, reload);
    Ok(Exit::Done)
}

struct Session {
    config: Config,
    recorder: Recorder<DiskStorage, HostZone>,
    subscription: Subscription,
    senders: Senders,
    choice: Choice,
    recorded: u64,
    /// Enough is recorded after so many telegrams.
    enough: u64,
    last: Option<Instant>,
}

impl Service for Session {
    type Settings = Config;

    fn description(&self) -> String {
        format!("recording from {}", self.subscription.group())
    }

    fn status(&self, now: Instant) -> String {
        let group = self.subscription.group();
        let recorded = text::count(self.recorded, "telegram");
        let age = text::ago(self.last, now);
        let (counts, trouble) = (self.senders.counts(), self.subscription.trouble());
        format!("{group}: {recorded}, {age}{counts}{trouble}{}", self.recorder.trouble())
    }

    fn reconfigure(&mut self, config: Config, now: Instant) {
        self.recorder.reconfigure(&Settings::from(&config));
        if self.config.multicast != config.multicast {
            self.subscription.reconfigure(&config.multicast, now);
            self.choice = choice(&config);
        }
        self.config = config;
    }

    fn prepare_reload(&mut self) {
        self.recorder.flush();
    }

    fn flush(&mut self, _: Instant) {
        self.recorder.flush();
    }

    /// Waits for a datagram, no longer than [`PATIENCE`] or the next flush, and records it.
    fn step(&mut self, now: Instant) -> ControlFlow<()> {
        let wall = Timestamp::from(SystemTime::now());
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
        if self.recorded < self.enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn finish(self, now: Instant) -> String {
        let status = self.status(now);
        self.recorder.finish();
        format!(": {status}")
    }
}

impl Session {
    fn new(config: Config, enough: u64) -> Self {
        Self {
            recorder: Recorder::new(&Settings::from(&config), DiskStorage::default(), HostZone),
            subscription: Subscription::new(config.multicast.clone(), Instant::now()),
            senders: Senders::new(),
            choice: choice(&config),
            recorded: 0,
            enough,
            last: None,
            config,
        }
    }

    fn take(&mut self, message: &Message, from: SocketAddr, now: Instant) {
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
        log::debug!("recorded telegram {} of {from}", message.meta.frame_number);
    }
}

fn choice(config: &Config) -> Choice {
    let hint = " (`METER` in the file names records all, `multicast.meter` names one)";
    Choice::new(config.multicast.meter.clone(), "recorded", hint)
}
