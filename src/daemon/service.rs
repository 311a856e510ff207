//! What systemd is told: that the program is ready, how it is going, and that it makes progress.
//!
//! A service manager that is busy holds up nothing but what it must hear: pings and statuses wait for a
//! better time. There is no thread here. The program's loop calls [`Service::progress`] on every turn, so a loop
//! that hangs falls silent and the watchdog ends it. Without a service manager (no `NOTIFY_SOCKET`)
//! everything is a no-op.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// How much of a status is sent, in characters: systemd throws away what is longer than 4096 bytes, and logs
/// that each time.
const LONGEST_STATUS: usize = 1000;

/// The line to the service manager.
#[derive(Debug)]
pub struct Service {
    managed: bool,
    ping_period: Option<Duration>,
    pinged: Option<Instant>,
    status_period: Duration,
    /// What was said last, and when that or the same could be said.
    status: String,
    status_said: Option<Instant>,
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
            status_said: None,
        }
    }

    /// Says that the program is ready, at the start or again after [`Service::reloading`].
    pub fn ready(&self) {
        self.send(&[NotifyState::Ready]);
    }

    /// Says that the configuration is being read again; [`Service::ready`] ends this state.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(moment) => self.send(&[NotifyState::Reloading, moment]),
            Err(_) => self.send(&[NotifyState::Reloading]),
        }
    }

    /// Says that the program is about to end, and does not wait for it to be heard.
    pub fn stopping(&self) {
        self.offer(&NotifyState::Stopping);
    }

    /// Gives the sentence that `systemctl status` shows, at time `now`. `text` is asked when the status
    /// period is over, and sent if it differs from the one before.
    pub fn status(&mut self, now: Instant, text: impl FnOnce() -> String) {
        if !self.managed || !is_over(self.status_period, self.status_said, now) {
            return;
        }
        // A line break would begin another message to systemd, and the text may quote the meter.
        let shown = |character: char| if character.is_control() { ' ' } else { character };
        let text: String = text().chars().map(shown).take(LONGEST_STATUS).collect();
        if text == self.status || self.offer(&NotifyState::Status(&text)) {
            (self.status, self.status_said) = (text, Some(now));
        }
    }

    /// The program's loop has made a turn at time `now`: feeds the watchdog when a third of its
    /// interval is over.
    pub fn progress(&mut self, now: Instant) {
        if let Some(period) = self.ping_period {
            if is_over(period, self.pinged, now) && self.offer(&NotifyState::Watchdog) {
                self.pinged = Some(now);
            }
        }
    }

    /// Sends what must be heard, and waits until it can be.
    fn send(&self, states: &[NotifyState]) {
        if self.managed {
            if let Err(error) = notify(states, true) {
                log::debug!("cannot notify the service manager: {error}");
            }
        }
    }

    /// Sends without waiting; false when the service manager is too busy to take it.
    fn offer(&self, state: &NotifyState) -> bool {
        let is_busy = |error: io::Error| error.kind() == io::ErrorKind::WouldBlock;
        !self.managed || !notify(std::slice::from_ref(state), false).is_err_and(is_busy)
    }
}

/// Sends one message to `NOTIFY_SOCKET`, which is a path or, after an `@`, an abstract name.
fn notify(states: &[NotifyState], may_wait: bool) -> io::Result<()> {
    let place = env::var_os("NOTIFY_SOCKET").unwrap_or_default();
    let address = match place.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(&place)?,
    };
    let lines: Vec<String> = states.iter().map(ToString::to_string).collect();
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(!may_wait)?;
    socket.send_to_addr(lines.join("\n").as_bytes(), &address)?;
    Ok(())
}

/// Whether `period` is over at `now`, counted from `last`. What never was is overdue.
fn is_over(period: Duration, last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= period)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::daemon::rerun::rerun;

    /// Runs `child` as a service with a watchdog of three seconds, whose manager it is itself: so both are
    /// in step. `before` is what a shell does before, the process id being the child's.
    fn run(child: &Command, before: &str) {
        let mut shell = Command::new("sh");
        let script = "export NOTIFY_SOCKET=@$$ WATCHDOG_USEC=3000000; exec \"$0\" \"$@\"";
        shell.args(["-c", &format!("{before} {script}")]);
        shell.arg(child.get_program()).args(child.get_args()).env_remove("WATCHDOG_PID");
        let environment = child.get_envs().filter_map(|(key, value)| Some((key, value?)));
        assert_eq!(shell.envs(environment).status().unwrap().code(), Some(42));
    }

    /// The manager, in the child.
    struct Manager(UnixDatagram);

    impl Manager {
        fn new() -> Self {
            let name = SocketAddr::from_abstract_name(std::process::id().to_string()).unwrap();
            let socket = UnixDatagram::bind_addr(&name).unwrap();
            socket.set_nonblocking(true).unwrap();
            Self(socket)
        }

        /// What was said since the last time, line by line.
        fn heard(&self) -> Vec<String> {
            let mut said = Vec::new();
            let mut buffer = [0; 4096];
            while let Ok(length) = self.0.recv(&mut buffer) {
                let text = std::str::from_utf8(&buffer[..length]).unwrap();
                said.extend(text.lines().map(str::to_owned));
            }
            said
        }
    }

    #[test]
    fn the_life_of_a_service_is_told_in_order_and_no_oftener_than_agreed() {
        let Some(child) = rerun(
            "daemon::service::tests::the_life_of_a_service_is_told_in_order_and_no_oftener_than_agreed",
        ) else {
            let (manager, start) = (Manager::new(), Instant::now());
            let at = |millis| start + Duration::from_millis(millis);
            let mut service = Service::from_environment(Duration::from_secs(10));
            let mut turn = |millis, status: &str| {
                service.progress(at(millis));
                service.status(at(millis), || status.into());
                manager.heard()
            };
            assert_eq!(turn(0, "no meter"), ["WATCHDOG=1", "STATUS=no meter"]);
            assert!(turn(999, "meter found").is_empty());
            assert_eq!(turn(1000, "meter found"), ["WATCHDOG=1"]);
            assert_eq!(turn(10_000, "meter found"), ["WATCHDOG=1", "STATUS=meter found"]);
            assert_eq!(turn(20_000, "meter found"), ["WATCHDOG=1"], "that is known");
            let forged = turn(30_000, "17 telegrams\nWATCHDOG=trigger");
            assert_eq!(forged, ["WATCHDOG=1", "STATUS=17 telegrams WATCHDOG=trigger"]);
            let long = turn(40_000, &"é".repeat(3000));
            assert_eq!(long[1..], [format!("STATUS={}", "é".repeat(1000))]);
            service.ready();
            assert_eq!(manager.heard(), ["READY=1"]);
            service.reloading();
            service.ready();
            let reload = manager.heard();
            let moment = reload[1].strip_prefix("MONOTONIC_USEC=").unwrap();
            assert!(moment.parse::<u64>().is_ok());
            assert_eq!([&*reload[0], &*reload[2]], ["RELOADING=1", "READY=1"]);
            service.stopping();
            assert_eq!(manager.heard(), ["STOPPING=1"]);
            std::process::exit(42);
        };
        run(&child, "");
    }

    #[test]
    fn a_manager_that_reads_nothing_holds_up_nothing_and_hears_the_latest_when_it_reads() {
        let Some(child) = rerun(
            "daemon::service::tests::a_manager_that_reads_nothing_holds_up_nothing_and_hears_the_latest_when_it_reads",
        ) else {
            let (manager, start) = (Manager::new(), Instant::now());
            let mut service = Service::from_environment(Duration::ZERO);
            let mut turn = |second| {
                let now = start + Duration::from_secs(second);
                service.progress(now);
                service.status(now, || format!("second {second}"));
            };
            // No manager has room for so many.
            (0..10_000).for_each(&mut turn);
            manager.heard();
            turn(10_000);
            assert_eq!(manager.heard(), ["WATCHDOG=1", "STATUS=second 10000"]);
            std::process::exit(42);
        };
        run(&child, "");
    }

    #[test]
    fn the_watchdog_of_another_process_is_not_fed() {
        let Some(child) =
            rerun("daemon::service::tests::the_watchdog_of_another_process_is_not_fed")
        else {
            let (manager, start) = (Manager::new(), Instant::now());
            let mut service = Service::from_environment(Duration::ZERO);
            service.ready();
            service.progress(start);
            service.progress(start + Duration::from_secs(60));
            assert_eq!(manager.heard(), ["READY=1"]);
            std::process::exit(42);
        };
        run(&child, "export WATCHDOG_PID=1;");
    }

    #[test]
    fn without_a_service_manager_nothing_happens() {
        let Some(mut child) =
            rerun("daemon::service::tests::without_a_service_manager_nothing_happens")
        else {
            let mut service = Service::from_environment(Duration::ZERO);
            service.status(Instant::now(), || unreachable!("nobody listens"));
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
