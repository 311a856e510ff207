//! The loop of `p1reader`: telegrams from the network to the recorder.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::last_meter::last_meter;
use super::lock::{Holder, InUse};
use super::recorder::Recorder;
use super::storage::is_volatile;
use super::trial::Trial;
use super::{DiskStorage, HostZone, Options};
use crate::config::Config;
use crate::runtime::{self, Exit, RateLimit, Service, Signals, SystemdNotifier, signals};
use crate::subscriber::{Selection, Subscriber};
use crate::telegram::Timestamp;

/// The longest wait for a datagram. A third of the watchdog's time must be longer.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the start waits for the locks of the files, and how often it tries them.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// How often a service logs that it waits for its files.
const IN_USE_LOG_INTERVAL: Duration = Duration::from_secs(3600);

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
    let (recorder, in_use) = recorder(&config);
    // Started again and again, a service would log that each time. So it waits, as p1listener does for its port.
    let may_wait = |in_use: &InUse| {
        SystemdNotifier::is_managed() && !matches!(in_use.holder, Holder::Ourselves)
    };
    if let Some(in_use) = in_use.as_ref().filter(|in_use| !may_wait(in_use)) {
        return Err(refused(in_use));
    }
    let mut session = Session::new(config, recorder, u64::MAX);
    session.in_use = in_use;
    runtime::run("p1reader", session, &signals, reload);
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
    let (recorder, in_use) = recorder(&config);
    if let Some(in_use) = in_use {
        return Err(refused(&in_use));
    }
    let session = Session::new(config, recorder, TEST_TELEGRAMS);
    runtime::run("p1reader", session, signals, || Some(trial.settings(reload()?)));
    trial.end();
    Ok(Exit::Done)
}

/// A recorder, and why it does not have the locks of its files, if so. One that was just killed may hold them for a
/// moment more.
fn recorder(config: &Config) -> (Recorder<DiskStorage, HostZone>, Option<InUse>) {
    let storage = DiskStorage::reporting(SystemdNotifier::still_working);
    let mut recorder = Recorder::new(config, storage, HostZone);
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        let Err(in_use) = recorder.lock(config) else { return (recorder, None) };
        if Instant::now() >= deadline {
            return (recorder, Some(in_use));
        }
        signals::wait(LOCK_INTERVAL);
    }
}

/// Logs that the files cannot be written, and gives the exit.
fn refused(in_use: &InUse) -> Exit {
    log::error!("{in_use}");
    match in_use.holder {
        // This does not get better by itself.
        Holder::Ourselves => Exit::Config,
        Holder::Process(_) | Holder::Unknown => Exit::Io,
    }
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
    /// Another one writes these files. Until it ends, the recorder gets nothing to do, and so writes nothing.
    in_use: Option<InUse>,
    in_use_log: RateLimit,
    subscriber: Subscriber,
    recorded: u64,
    /// The loop ends after so many telegrams.
    enough: u64,
}

impl Service for Session {
    type Settings = Config;

    fn description(&self) -> String {
        match &self.in_use {
            None => format!("recording from {}", self.subscriber.group()),
            Some(_) => "waiting for files that another p1reader writes".to_owned(),
        }
    }

    fn status(&self, now: Instant) -> String {
        match &self.in_use {
            None => format!("{}{}", self.subscriber.status(now), self.recorder.trouble()),
            Some(in_use) => format!("waiting: {in_use}"),
        }
    }

    fn accepts(&mut self, config: &Config) -> bool {
        let locked = self.recorder.lock(config);
        locked.inspect_err(|in_use| log::error!("{in_use}")).is_ok()
    }

    fn reconfigure(&mut self, config: Config, now: Instant) {
        // The locks are there.
        self.in_use = None;
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
        if let Some(in_use) = self.in_use.take() {
            self.wait_for_files(&in_use, now);
            return ControlFlow::Continue(());
        }
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
        let in_use_log = RateLimit::new(IN_USE_LOG_INTERVAL);
        Self { config, recorder, in_use: None, in_use_log, subscriber, recorded: 0, enough }
    }

    /// Tries the locks again, and else waits for a moment. The other one records the telegrams meanwhile.
    fn wait_for_files(&mut self, in_use: &InUse, now: Instant) {
        // While this one is in use, the locks of the others are not worth a write to the card.
        let locked = self.recorder.lock_file(&in_use.file);
        if let Err(in_use) = locked.and_then(|()| self.recorder.lock(&self.config)) {
            if self.in_use_log.permit(now).is_some() {
                log::error!("{in_use} (waiting until then)");
            }
            self.in_use = Some(in_use);
            self.subscriber.wait(RECEIVE_TIMEOUT, now);
            while self.subscriber.next(Instant::now()).is_some() {}
        } else {
            log::info!("{} has ended; {}", in_use.holder, self.description());
        }
    }
}

fn selection(recorder: &Recorder<DiskStorage, HostZone>) -> Selection {
    Selection {
        all_meters: recorder.wants_all_meters(),
        doing: "recording",
        hint: " (`METER` in the file names records all, `multicast.meter` names one)",
        is_quiet: false,
        keeps_first: false,
    }
}
