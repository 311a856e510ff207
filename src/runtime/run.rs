//! The main loop of a daemon: handles signals, notifies systemd, and calls [`Service::step`].

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::{Signals, SystemdNotifier};

/// How often the status is sent to systemd.
const STATUS_INTERVAL: Duration = Duration::from_secs(5);

/// What a daemon does.
pub trait Service: Sized {
    /// Its settings.
    type Settings;

    /// What it does, for the log.
    fn description(&self) -> String;

    /// How it is going, for `systemctl status`.
    fn status(&self, now: Instant) -> String;

    /// A reload was requested; the new settings may turn out to be invalid.
    fn prepare_reload(&mut self) {}

    /// Whether the new settings can be applied. Logs why they cannot.
    fn accepts(&mut self, _settings: &Self::Settings) -> bool {
        true
    }

    /// Applies new settings.
    fn reconfigure(&mut self, settings: Self::Settings, now: Instant);

    /// SIGUSR1 was received.
    fn flush(&mut self, _now: Instant) {}

    /// One pass of the loop, which waits for at most a third of the watchdog's time. A break ends the loop.
    fn step(&mut self, now: Instant) -> ControlFlow<()>;

    /// Shuts down; returns a summary that the last log line appends to "NAME stopped".
    fn finish(self, now: Instant) -> String;
}

/// Runs until a signal or the service itself ends it.
///
/// `reload` loads the settings on SIGHUP, and returns `None` when they are invalid.
pub fn run<S: Service>(
    name: &str,
    mut service: S,
    signals: &Signals,
    reload: impl Fn() -> Option<S::Settings>,
) {
    let mut systemd = SystemdNotifier::from_environment(STATUS_INTERVAL);
    systemd.ready();
    log::info!("{name} {} started: {}", env!("CARGO_PKG_VERSION"), service.description());
    while !signals.terminating() {
        let now = Instant::now();
        systemd.progress(now);
        if signals.take_reload() {
            systemd.reloading();
            service.prepare_reload();
            if let Some(settings) = reload() {
                if service.accepts(&settings) {
                    service.reconfigure(settings, now);
                    log::info!("configuration reloaded: {}", service.description());
                } else {
                    log::error!("keeping the current configuration");
                }
            }
            systemd.ready();
        }
        if signals.take_flush() {
            service.flush(now);
        }
        systemd.status(now, || service.status(now));
        if service.step(now).is_break() {
            break;
        }
    }
    systemd.stopping();
    let summary = service.finish(Instant::now());
    log::info!("{name} stopped{summary}");
}

#[cfg(test)]
mod tests {
    use signal_hook::consts::{SIGHUP, SIGTERM, SIGUSR1};
    use signal_hook::low_level::raise;

    use super::*;
    use crate::runtime::rerun::rerun;

    /// Receives a signal in each step, and writes down what the loop asks of it.
    #[derive(Default)]
    struct Recorder(String);

    impl Service for Recorder {
        type Settings = ();

        fn description(&self) -> String {
            String::new()
        }

        fn status(&self, _: Instant) -> String {
            String::new()
        }

        fn reconfigure(&mut self, (): (), _: Instant) {
            self.0.push_str(" reload");
        }

        fn flush(&mut self, _: Instant) {
            self.0.push_str(" flush");
        }

        fn step(&mut self, _: Instant) -> ControlFlow<()> {
            let steps = self.0.matches("step").count();
            self.0.push_str(" step");
            raise([SIGUSR1, SIGHUP, SIGTERM][steps]).unwrap();
            ControlFlow::Continue(())
        }

        fn finish(self, _: Instant) -> String {
            assert_eq!(self.0, " step flush step reload step");
            std::process::exit(42)
        }
    }

    #[test]
    fn a_signal_is_obeyed_as_soon_as_the_step_ends_in_which_it_arrives() {
        let Some(mut child) = rerun(
            "runtime::run::tests::a_signal_is_obeyed_as_soon_as_the_step_ends_in_which_it_arrives",
        ) else {
            let signals = Signals::install().unwrap();
            return run("test", Recorder::default(), &signals, || Some(()));
        };
        assert_eq!(child.status().unwrap().code(), Some(42));
    }
}
