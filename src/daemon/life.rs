//! The life of a daemon: ready, turn after turn, reloaded when asked, and ended in good order.
//!
//! Owns the order in which signals are minded and the service manager is told. What a turn does, and
//! what the settings are, the daemon knows.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::{Service, Signals};

/// How often the state is told to systemd.
const STATUS_PERIOD: Duration = Duration::from_secs(5);

/// What a daemon does with its life.
pub trait Daemon: Sized {
    /// Its settings.
    type Settings;

    /// What it does, for the log.
    fn task(&self) -> String;

    /// How it is going, for `systemctl status`.
    fn status(&self, now: Instant) -> String;

    /// A reload has been asked for; whether the settings are good is not known yet.
    fn prepare_reload(&mut self) {}

    /// Takes other settings.
    fn reconfigure(&mut self, settings: Self::Settings, now: Instant);

    /// SIGUSR1 has come in.
    fn flush(&mut self, _now: Instant) {}

    /// One turn of the loop, which waits no longer than a third of the watchdog's time. A break ends it.
    fn turn(&mut self, now: Instant) -> ControlFlow<()>;

    /// Ends its work; gives what is said of it behind its name and `ends`.
    fn finish(self, now: Instant) -> String;
}

/// Lives until a signal or the daemon itself ends it.
///
/// `reload` gives the settings anew on SIGHUP, or `None` when they are not good.
pub fn live<D: Daemon>(
    name: &str,
    mut daemon: D,
    signals: &Signals,
    reload: impl Fn() -> Option<D::Settings>,
) {
    let mut service = Service::from_environment(STATUS_PERIOD);
    service.ready();
    log::info!("{name} {} is ready: {}", env!("CARGO_PKG_VERSION"), daemon.task());
    while !signals.terminating() {
        let now = Instant::now();
        service.progress(now);
        if signals.take_reload() {
            service.reloading();
            daemon.prepare_reload();
            if let Some(settings) = reload() {
                daemon.reconfigure(settings, now);
                log::info!("the configuration is read again: {}", daemon.task());
            }
            service.ready();
        }
        if signals.take_flush() {
            daemon.flush(now);
        }
        service.status(now, || daemon.status(now));
        if daemon.turn(now).is_break() {
            break;
        }
    }
    service.stopping();
    let farewell = daemon.finish(Instant::now());
    log::info!("{name} ends{farewell}");
}
