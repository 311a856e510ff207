//! What systemd is told: that the program is ready, how it is going, and that it makes progress.
//!
//! There is no thread here. The program's loop calls [`Service::progress`] on every turn, so a loop
//! that hangs falls silent and the watchdog ends it. Without a service manager (no `NOTIFY_SOCKET`)
//! everything is a no-op.

use std::env;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The line to the service manager.
#[derive(Debug)]
pub struct Service {
    managed: bool,
    ping_period: Option<Duration>,
    pinged: Option<Instant>,
    status_period: Duration,
    status: String,
    status_waits: bool,
    status_sent: Option<Instant>,
}

impl Service {
    /// Takes `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` from the environment. The status
    /// text is sent at most once in each `status_period`.
    #[must_use]
    pub fn from_environment(status_period: Duration) -> Self {
        let interval = sd_notify::watchdog_enabled().filter(|interval| !interval.is_zero());
        Self {
            managed: env::var_os("NOTIFY_SOCKET").is_some(),
            ping_period: interval.map(|interval| interval / 3),
            pinged: None,
            status_period,
            status: String::new(),
            status_waits: false,
            status_sent: None,
        }
    }

    /// Says that the program is ready, at the start or again after [`Service::reloading`].
    pub fn ready(&mut self) {
        self.announce(NotifyState::Ready);
    }

    /// Says that the configuration is being read again; [`Service::ready`] ends this state.
    pub fn reloading(&mut self) {
        match NotifyState::monotonic_usec_now() {
            Ok(moment) => self.send(&[NotifyState::Reloading, moment]),
            Err(_) => self.send(&[NotifyState::Reloading]),
        }
    }

    /// Says that the program is about to end.
    pub fn stopping(&mut self) {
        self.announce(NotifyState::Stopping);
    }

    /// Sets the sentence that `systemctl status` shows. It is sent by [`Service::progress`], if it
    /// differs from the one before and the status period is over; the latest text wins.
    pub fn status(&mut self, text: &str) {
        if self.managed && text != self.status {
            text.clone_into(&mut self.status);
            self.status_waits = true;
        }
    }

    /// The program's loop has made a turn at time `now`: feeds the watchdog when a third of its
    /// interval is over, and sends a waiting status when it may.
    pub fn progress(&mut self, now: Instant) {
        if let Some(period) = self.ping_period {
            if is_over(period, self.pinged, now) {
                self.pinged = Some(now);
                self.send(&[NotifyState::Watchdog]);
            }
        }
        if self.status_waits && is_over(self.status_period, self.status_sent, now) {
            self.status_sent = Some(now);
            self.send_status();
        }
    }

    /// A change of state, and the status with it if one is waiting.
    fn announce(&mut self, state: NotifyState) {
        self.send(&[state]);
        if self.status_waits {
            self.send_status();
        }
    }

    fn send_status(&mut self) {
        self.status_waits = false;
        // A line break would begin another message to systemd, and the text may quote the meter.
        let text = self.status.replace(char::is_control, " ");
        self.send(&[NotifyState::Status(&text)]);
    }

    fn send(&self, states: &[NotifyState]) {
        if self.managed {
            if let Err(error) = sd_notify::notify(states) {
                log::debug!("cannot notify the service manager: {error}");
            }
        }
    }
}

/// Whether `period` is over at `now`, counted from `last`. What never was is overdue.
fn is_over(period: Duration, last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= period)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::process::Command;

    use super::*;
    use crate::daemon::rerun::rerun;

    /// Runs `child` as a service with a watchdog of three seconds; what it says, line by line.
    fn said_by(child: &mut Command) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let patience = Duration::from_millis(50);
        manager.set_read_timeout(Some(patience)).unwrap();
        let mut child = child
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "3000000")
            .env_remove("WATCHDOG_PID")
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        let mut buffer = [0; 1000];
        loop {
            // Asked before reading, so that nothing said before the end is missed.
            let ended = child.try_wait().unwrap();
            while let Ok(length) = manager.recv(&mut buffer) {
                let text = std::str::from_utf8(&buffer[..length]).unwrap();
                said.extend(text.lines().map(str::to_owned));
            }
            if let Some(status) = ended {
                assert_eq!(status.code(), Some(42));
                return said;
            }
        }
    }

    #[test]
    fn the_life_of_a_service_is_told_in_order_and_no_oftener_than_agreed() {
        let Some(mut child) = rerun(
            "daemon::service::tests::the_life_of_a_service_is_told_in_order_and_no_oftener_than_agreed",
        ) else {
            let start = Instant::now();
            let at = |millis| start + Duration::from_millis(millis);
            let mut service = Service::from_environment(Duration::from_secs(10));
            service.status("no meter");
            service.ready();
            service.progress(at(0));
            service.progress(at(999));
            service.progress(at(1000));
            service.status("meter found");
            service.status("meter found");
            service.progress(at(1001));
            service.status("17 telegrams\nWATCHDOG=trigger");
            service.progress(at(2000));
            service.progress(at(11_001));
            service.reloading();
            service.ready();
            service.status("stopped");
            service.stopping();
            std::process::exit(42);
        };
        let mut said = said_by(&mut child);
        let moment = said.iter().position(|line| line.starts_with("MONOTONIC_USEC="));
        let moment = said.remove(moment.expect("a reload has its moment"));
        assert!(moment["MONOTONIC_USEC=".len()..].parse::<u64>().is_ok());
        assert_eq!(
            said,
            [
                "READY=1",
                "STATUS=no meter",
                "WATCHDOG=1",
                "WATCHDOG=1",
                "STATUS=meter found",
                "WATCHDOG=1",
                "WATCHDOG=1",
                "STATUS=17 telegrams WATCHDOG=trigger",
                "RELOADING=1",
                "READY=1",
                "STOPPING=1",
                "STATUS=stopped",
            ]
        );
    }

    #[test]
    fn the_watchdog_of_another_process_is_not_fed() {
        let Some(child) =
            rerun("daemon::service::tests::the_watchdog_of_another_process_is_not_fed")
        else {
            let start = Instant::now();
            let mut service = Service::from_environment(Duration::ZERO);
            service.ready();
            service.progress(start);
            service.progress(start + Duration::from_secs(60));
            std::process::exit(42);
        };
        // The shell passes its own process id on as the one that is watched.
        let program = child.get_program().to_owned();
        let arguments: Vec<_> = child.get_args().map(ToOwned::to_owned).collect();
        let environment: Vec<_> = child
            .get_envs()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
            .collect();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "export WATCHDOG_PID=$$; \"$0\" \"$@\"; exit $?"])
            .arg(program)
            .args(arguments)
            .envs(environment);
        assert_eq!(said_by(&mut shell), ["READY=1"]);
    }

    #[test]
    fn without_a_service_manager_nothing_happens() {
        let Some(mut child) =
            rerun("daemon::service::tests::without_a_service_manager_nothing_happens")
        else {
            let mut service = Service::from_environment(Duration::ZERO);
            service.status("nobody listens");
            service.ready();
            service.reloading();
            service.progress(Instant::now());
            service.stopping();
            assert!(service.status.is_empty());
            std::process::exit(42);
        };
        child.env_remove("NOTIFY_SOCKET");
        assert_eq!(child.status().unwrap().code(), Some(42));
    }
}
