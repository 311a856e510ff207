//! The loop of `p1reader`: telegrams from the network to the recorder.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::last_meter::last_meter;
use super::recorder::Recorder;
use super::storage::is_volatile;
use super::trial::Trial;
use super::{DiskStorage, HostZone, Options};
use crate::config::Config;
use crate::runtime::{self, Exit, Service, Signals, SystemdNotifier, signals};
use crate::subscriber::{Selection, Subscriber};
use crate::telegram::Timestamp;

/// The longest wait for a datagram. A third of the watchdog's time must be longer.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the start waits for the locks of the files, and how often it tries them.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

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
    if options.test {
        return run_test(config, &signals, reload);
    }
    warn_of_volatile_records(&config);
    let recorder = locked_recorder(&config)?;
    runtime::run("p1reader", Session::new(config, recorder, u64::MAX), &signals, reload);
    Ok(Exit::Done)
}

/// Records a few telegrams to a folder of their own.
fn run_test(
    config: Config,
    signals: &Signals,
    reload: impl Fn() -> Option<Config>,
) -> Result<Exit, Exit> {
    let parent = std::env::temp_dir();
    let trial = Trial::begin(&parent).map_err(|error| {
        log::error!("cannot make a folder for the test in {}: {error}", parent.display());
        Exit::Io
    })?;
    let config = trial.settings(config);
    let recorder = locked_recorder(&config)?;
    let session = Session::new(config, recorder, TEST_TELEGRAMS);
    runtime::run("p1reader", session, signals, || Some(trial.settings(reload()?)));
    trial.end();
    Ok(Exit::Done)
}

/// A recorder that has the locks of its files. One that was just killed may hold them for a moment more.
fn locked_recorder(config: &Config) -> Result<Recorder<DiskStorage, HostZone>, Exit> {
    let storage = DiskStorage::reporting(SystemdNotifier::still_working);
    let mut recorder = Recorder::new(config, storage, HostZone);
    let deadline = Instant::now() + LOCK_TIMEOUT;
    while let Err(in_use) = recorder.lock(config) {
        if Instant::now() >= deadline {
            log::error!("{in_use}");
            return Err(Exit::Io);
        }
        signals::wait(LOCK_INTERVAL);
    }
    Ok(recorder)
}

/// Logs once where records may not survive a reboot.
fn warn_of_volatile_records(config: &Config) {
    // Interval files are for an importer, and the page is of the moment.
    let is_kept = |section: &str| !matches!(section, "p1_reader_interval" | "html_report");
    let files = config.outputs().into_iter();
    let kept =
        files.filter_map(|(section, enabled, file)| (enabled && is_kept(section)).then_some(file));
    let folder = kept.filter_map(Path::parent).find(|folder| is_volatile(folder));
    if let Some(folder) = folder {
        log::warn!(
            "{} is in memory or on an overlay: a reboot may delete the records",
            folder.display()
        );
    }
}

struct Session {
    config: Config,
    recorder: Recorder<DiskStorage, HostZone>,
    subscriber: Subscriber,
    recorded: u64,
    /// The loop ends after so many telegrams.
    enough: u64,
}

impl Service for Session {
    type Settings = Config;

    fn description(&self) -> String {
        format!("recording from {}", self.subscriber.group())
    }

    fn status(&self, now: Instant) -> String {
        format!("{}{}", self.subscriber.status(now), self.recorder.trouble())
    }

    fn accepts(&mut self, config: &Config) -> bool {
        let locked = self.recorder.lock(config);
        locked.inspect_err(|in_use| log::error!("{in_use}")).is_ok()
    }

    fn reconfigure(&mut self, config: Config, now: Instant) {
        self.recorder.reconfigure(&config);
        self.subscriber.reconfigure(&config.multicast, selection(&self.recorder), now);
        self.config = config;
    }

    fn prepare_reload(&mut self) {
        self.recorder.flush();
    }

    fn flush(&mut self, _: Instant) {
        self.recorder.flush();
    }

    /// Waits for a datagram, for at most [`RECEIVE_TIMEOUT`] or until the next flush, and records it.
    fn step(&mut self, now: Instant) -> ControlFlow<()> {
        let wall = Timestamp::from(SystemTime::now());
        self.recorder.tick(wall);
        let timeout = match self.recorder.next_deadline(wall) {
            Some(deadline) => {
                let micros = u64::try_from(deadline.micros_since(wall)).unwrap_or(0);
                RECEIVE_TIMEOUT.min(Duration::from_micros(micros))
            }
            None => RECEIVE_TIMEOUT,
        };
        self.subscriber.wait(timeout, now);
        if let Some(telegram) = self.subscriber.next(Instant::now()) {
            self.recorder.record(&telegram.message);
            self.recorded += 1;
            log::debug!(
                "recorded telegram {} from {}",
                telegram.message.meta.frame_number,
                telegram.from
            );
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
    fn new(config: Config, recorder: Recorder<DiskStorage, HostZone>, enough: u64) -> Self {
        let (selection, now) = (selection(&recorder), Instant::now());
        let mut subscriber = Subscriber::join_when_possible(&config.multicast, selection, now);
        if config.p1_reader_details.enabled {
            if let Some(id) = last_meter(&config.p1_reader_details.filename) {
                subscriber.expect_meter(id, now);
            }
        }
        Self { config, recorder, subscriber, recorded: 0, enough }
    }
}

fn selection(recorder: &Recorder<DiskStorage, HostZone>) -> Selection {
    Selection {
        all_meters: recorder.wants_all_meters(),
        doing: "recording",
        hint: " (`METER` in the file names records all, `multicast.meter` names one)",
        is_quiet: false,
    }
}
