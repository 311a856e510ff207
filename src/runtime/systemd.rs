//! Notifies systemd: ready, status, and watchdog.
//!
//! Status and watchdog messages are dropped rather than block when systemd is busy; READY and RELOADING
//! may block. There is no thread here: the program's loop calls [`SystemdNotifier::progress`] on every
//! pass, so a loop that hangs sends no more pings and the watchdog ends it. Without systemd (no
//! `NOTIFY_SOCKET`) every call does nothing.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The longest status that is sent, in characters. systemd discards one of more than 4096 bytes, and logs
/// that each time.
const MAX_STATUS: usize = 1000;

/// The connection to systemd's notify socket.
#[derive(Debug)]
pub struct SystemdNotifier {
    managed: bool,
    ping_interval: Option<Duration>,
    last_ping: Option<Instant>,
    status_interval: Duration,
    /// The last status, and when it was last sent or found unchanged.
    status: String,
    last_status: Option<Instant>,
}

impl SystemdNotifier {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` from the environment. Sends a status at
    /// most once in each `status_interval`.
    #[must_use]
    pub fn from_environment(status_interval: Duration) -> Self {
        let interval = sd_notify::watchdog_enabled().filter(|interval| !interval.is_zero());
        Self {
            managed: Self::is_managed(),
            ping_interval: interval.map(|interval| interval / 3),
            last_ping: None,
            status_interval,
            status: String::new(),
            last_status: None,
        }
    }

    /// Whether a service manager has started this program: it starts it again when it fails.
    #[must_use]
    pub fn is_managed() -> bool {
        env::var_os("NOTIFY_SOCKET").is_some()
    }

    /// The program is ready, at the start or again after [`SystemdNotifier::reloading`].
    pub fn ready(&self) {
        self.send(&[NotifyState::Ready]);
    }

    /// The program reads its configuration again; [`SystemdNotifier::ready`] ends this state.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(moment) => self.send(&[NotifyState::Reloading, moment]),
            Err(_) => self.send(&[NotifyState::Reloading]),
        }
    }

    /// The program is about to exit. Does not block.
    pub fn stopping(&self) {
        self.offer(&NotifyState::Stopping);
    }

    /// Sets the status that `systemctl status` shows. Calls `text` when the status interval is over, and sends
    /// the result if it differs from the last one.
    pub fn status(&mut self, now: Instant, text: impl FnOnce() -> String) {
        if !self.managed || !is_over(self.status_interval, self.last_status, now) {
            return;
        }
        // A line break would start another message to systemd, and the text may quote the meter.
        let printable = |character: char| if character.is_control() { ' ' } else { character };
        let text: String = text().chars().map(printable).take(MAX_STATUS).collect();
        // systemd takes a backslash for an escape, and many meters have one in their first line.
        let escaped = text.replace('\\', "\\\\");
        if text == self.status || self.offer(&NotifyState::Status(&escaped)) {
            (self.status, self.last_status) = (text, Some(now));
        }
    }

    /// The program's loop has completed a pass at time `now`: feeds the watchdog when a third of its
    /// interval is over.
    pub fn progress(&mut self, now: Instant) {
        if let Some(period) = self.ping_interval {
            if is_over(period, self.last_ping, now) && self.offer(&NotifyState::Watchdog) {
                self.last_ping = Some(now);
            }
        }
    }

    /// Work that takes long has got on: feeds the watchdog outside the loop, and has systemd wait longer where it
    /// stops the service. Does not block.
    pub fn still_working() {
        let notifier = Self::from_environment(Duration::ZERO);
        if let Some(interval) = notifier.ping_interval {
            notifier.offer(&NotifyState::Watchdog);
            // As long as the watchdog would wait.
            let micros = u32::try_from(interval.as_micros().saturating_mul(3)).unwrap_or(u32::MAX);
            notifier.offer(&NotifyState::ExtendTimeoutUsec(micros));
        }
    }

    /// Sends a message that must not be lost; may block.
    fn send(&self, states: &[NotifyState]) {
        if self.managed {
            if let Err(error) = notify(states, true) {
                log::debug!("cannot notify systemd: {error}");
            }
        }
    }

    /// Sends without blocking; false when systemd is too busy to accept it.
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

/// Whether `period` is over at `now`, counted from `last`; true if there was no last time.
fn is_over(period: Duration, last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= period)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::runtime::rerun::rerun;

    /// Runs `child` as a service with a watchdog of three seconds. The child is its own service manager, so
    /// that no test waits for another process. A shell with the child's process ID runs `before` first.
    fn run(child: &Command, before: &str) {
        let mut shell = Command::new("sh");
        let script = "export NOTIFY_SOCKET=@$$ WATCHDOG_USEC=3000000; exec \"$0\" \"$@\"";
        shell.args(["-c", &format!("{before} {script}")]);
        shell.arg(child.get_program()).args(child.get_args()).env_remove("WATCHDOG_PID");
        let environment = child.get_envs().filter_map(|(key, value)| Some((key, value?)));
        assert_eq!(shell.envs(environment).status().unwrap().code(), Some(42));
    }

    /// The service manager, in the child.
    struct Manager(UnixDatagram);

    impl Manager {
        fn new() -> Self {
            let name = SocketAddr::from_abstract_name(std::process::id().to_string()).unwrap();
            let socket = UnixDatagram::bind_addr(&name).unwrap();
            socket.set_nonblocking(true).unwrap();
            Self(socket)
        }

        /// The lines received since the last call.
        fn received(&self) -> Vec<String> {
            let mut received = Vec::new();
            let mut buffer = [0; 4096];
            while let Ok(length) = self.0.recv(&mut buffer) {
                let text = std::str::from_utf8(&buffer[..length]).unwrap();
                received.extend(text.lines().map(str::to_owned));
            }
            received
        }
    }

    #[test]
    fn messages_are_sent_in_order_and_at_most_once_per_interval() {
        let Some(child) = rerun(
            "runtime::systemd::tests::messages_are_sent_in_order_and_at_most_once_per_interval",
        ) else {
            let (manager, start) = (Manager::new(), Instant::now());
            let at = |millis| start + Duration::from_millis(millis);
            let mut service = SystemdNotifier::from_environment(Duration::from_secs(10));
            let mut pass = |millis, status: &str| {
                service.progress(at(millis));
                service.status(at(millis), || status.into());
                manager.received()
            };
            assert_eq!(pass(0, "no meter"), ["WATCHDOG=1", "STATUS=no meter"]);
            assert!(pass(999, "meter found").is_empty());
            assert_eq!(pass(1000, "meter found"), ["WATCHDOG=1"]);
            assert_eq!(pass(10_000, "meter found"), ["WATCHDOG=1", "STATUS=meter found"]);
            assert_eq!(pass(20_000, "meter found"), ["WATCHDOG=1"], "the status is unchanged");
            let forged = pass(30_000, "17 telegrams\nWATCHDOG=trigger");
            assert_eq!(forged, ["WATCHDOG=1", "STATUS=17 telegrams WATCHDOG=trigger"]);
            let long = pass(40_000, &"é".repeat(3000));
            assert_eq!(long[1..], [format!("STATUS={}", "é".repeat(1000))]);
            service.ready();
            assert_eq!(manager.received(), ["READY=1"]);
            service.reloading();
            service.ready();
            let reload = manager.received();
            let moment = reload[1].strip_prefix("MONOTONIC_USEC=").unwrap();
            assert!(moment.parse::<u64>().is_ok());
            assert_eq!([&*reload[0], &*reload[2]], ["RELOADING=1", "READY=1"]);
            service.stopping();
            assert_eq!(manager.received(), ["STOPPING=1"]);
            SystemdNotifier::still_working();
            assert_eq!(manager.received(), ["WATCHDOG=1", "EXTEND_TIMEOUT_USEC=3000000"]);
            std::process::exit(42);
        };
        run(&child, "");
    }

    #[test]
    fn a_busy_systemd_does_not_block_and_receives_the_latest_status_when_it_reads() {
        let Some(child) = rerun(
            "runtime::systemd::tests::a_busy_systemd_does_not_block_and_receives_the_latest_status_when_it_reads",
        ) else {
            let (manager, start) = (Manager::new(), Instant::now());
            let mut service = SystemdNotifier::from_environment(Duration::ZERO);
            let mut pass = |second| {
                let now = start + Duration::from_secs(second);
                service.progress(now);
                service.status(now, || format!("second {second}"));
            };
            // More than fit into the socket's queue.
            (0..10_000).for_each(&mut pass);
            manager.received();
            pass(10_000);
            assert_eq!(manager.received(), ["WATCHDOG=1", "STATUS=second 10000"]);
            std::process::exit(42);
        };
        run(&child, "");
    }

    #[test]
    fn the_watchdog_of_another_process_gets_no_pings() {
        let Some(child) =
            rerun("runtime::systemd::tests::the_watchdog_of_another_process_gets_no_pings")
        else {
            let (manager, start) = (Manager::new(), Instant::now());
            let mut service = SystemdNotifier::from_environment(Duration::ZERO);
            service.ready();
            service.progress(start);
            service.progress(start + Duration::from_secs(60));
            assert_eq!(manager.received(), ["READY=1"]);
            std::process::exit(42);
        };
        run(&child, "export WATCHDOG_PID=1;");
    }

    #[test]
    fn without_systemd_nothing_happens() {
        let Some(mut child) = rerun("runtime::systemd::tests::without_systemd_nothing_happens")
        else {
            let mut service = SystemdNotifier::from_environment(Duration::ZERO);
            service.status(Instant::now(), || unreachable!("no status is composed"));
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
