//! `--exec`: the command that runs when a condition comes true.
//!
//! Owns the child: there is one at a time, it is never waited for while telegrams come, and it is started at most
//! once in an interval. It gets the readings as environment variables. No shell is involved, and no text that a meter
//! sends: only numbers, moments, and the name of the meter in safe characters.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::condition::{Change, Condition};
use crate::message::Message;
use crate::reading::{Readings, Value};
use crate::text;
use crate::zone::Zone;

/// How often a running command is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Environment variables.
type Environment = BTreeMap<String, String>;

/// Runs a command.
#[derive(Debug)]
pub(super) struct Runner {
    command: Vec<String>,
    interval: Duration,
    child: Option<Child>,
    /// When the last one was started.
    started: Option<Instant>,
    /// What waits for the one before to end, or for the interval.
    waiting: Option<Environment>,
    /// Whether it has been logged that it waits.
    is_wait_logged: bool,
}

impl Runner {
    /// A runner of this program with its arguments, at most once in `interval`.
    pub fn new(command: Vec<String>, interval: Duration) -> Self {
        Self { command, interval, child: None, started: None, waiting: None, is_wait_logged: false }
    }

    /// Takes what a telegram means for the condition. What was to run and has not, is not run after its end.
    pub fn take(&mut self, change: Change, environment: impl FnOnce() -> Environment) {
        match change {
            Change::Begin => self.waiting = Some(environment()),
            Change::End => self.waiting = None,
            Change::None => {}
        }
    }

    /// Starts what is due, and sees whether the command has ended. True when it was started.
    pub fn step(&mut self, now: Instant) -> bool {
        self.reap();
        if self.waiting.is_none() {
            self.is_wait_logged = false;
            return false;
        }
        let is_early = self
            .started
            .is_some_and(|started| now.saturating_duration_since(started) < self.interval);
        if self.child.is_some() || is_early {
            if !std::mem::replace(&mut self.is_wait_logged, true) {
                let reason =
                    if is_early { "it ran a short time ago" } else { "it is still running" };
                log::warn!("waiting to run {}: {reason}", self.name());
            }
            return false;
        }
        let Some(environment) = self.waiting.take() else { return false };
        self.started = Some(now);
        self.start(environment);
        true
    }

    /// When [`Self::step`] has something to do although no telegram comes.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let is_busy = self.child.is_some() || self.waiting.is_some();
        is_busy.then_some(now + POLL_INTERVAL)
    }

    /// Waits for the command that is running.
    pub fn finish(&mut self) {
        if let Some(mut child) = self.child.take() {
            let ended = child.wait();
            self.log_end(ended);
        }
    }

    fn start(&mut self, environment: Environment) {
        let Some((program, arguments)) = self.command.split_first() else { return };
        let child =
            Command::new(program).args(arguments).envs(environment).stdin(Stdio::null()).spawn();
        match child {
            Ok(child) => {
                log::info!("running {}, process {}", self.name(), child.id());
                self.child = Some(child);
            }
            Err(error) => log::error!("cannot run {}: {error}", self.name()),
        }
    }

    fn reap(&mut self) {
        let Some(child) = &mut self.child else { return };
        match child.try_wait() {
            Ok(None) => {}
            Ok(Some(status)) => {
                self.child = None;
                self.log_end(Ok(status));
            }
            Err(error) => {
                self.child = None;
                self.log_end(Err(error));
            }
        }
    }

    fn log_end(&self, ended: std::io::Result<std::process::ExitStatus>) {
        match ended {
            Ok(status) if status.success() => log::debug!("{} ended", self.name()),
            Ok(status) => log::warn!("{} failed: {status}", self.name()),
            Err(error) => log::warn!("{}: {error}", self.name()),
        }
    }

    fn name(&self) -> String {
        text::escaped(self.command.first().map_or("", String::as_str))
    }
}

/// Whether there is a program of this name: a path, or a file in one of the folders of `PATH`.
pub(super) fn exists(program: &str, path: Option<&OsStr>) -> bool {
    let can_run = |file: &Path| {
        file.is_file() && rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
    };
    if program.contains('/') {
        return can_run(Path::new(program));
    }
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    folders.into_iter().any(|folder| can_run(&folder.join(program)))
}

/// The readings of a telegram as environment variables: `P1_POWER_IMPORT_W=9123`.
pub(super) fn environment(
    condition: &Condition,
    message: &Message,
    readings: &Readings,
    zone: &impl Zone,
) -> Environment {
    let mut environment = Environment::new();
    let mut set = |name: &str, value: String| {
        environment.insert(format!("P1_{}", name.to_ascii_uppercase()), value);
    };
    for (reading, value) in readings {
        match value {
            Value::Number(number) => set(reading.name, number.to_string()),
            Value::Time(time) => set(reading.name, zone.iso8601(*time)),
            // A text may be anything, and a script may forget its quotes.
            Value::Text(_) => {}
        }
    }
    set("time", zone.iso8601(message.meta.frame_start));
    set("meter", message.meter_or_source_name());
    set("when", condition.to_string());
    if let Some(value) = condition.field.value(message, readings) {
        set("value", value.to_string());
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;
    use crate::runtime::captured_log;
    use crate::zone::HostZone;

    fn runner(command: &[&str], interval: u64) -> Runner {
        let command = command.iter().map(|&word| word.to_owned()).collect();
        Runner::new(command, Duration::from_secs(interval))
    }

    /// Steps until the command has ended.
    fn wait(runner: &mut Runner, now: Instant) {
        runner.finish();
        assert_eq!(runner.due(now).is_some(), runner.waiting.is_some());
    }

    #[test]
    fn a_command_gets_numbers_and_moments_and_no_text_of_the_meter() {
        let objects = [
            ("1-0:1.7.0", "9123"),
            ("0-0:96.13.0", "'$(reboot)"),
            ("0-0:96.1.1", "'E1;x"),
            ("1-0:1.6.0.A", "'261122061500W"),
            ("1-0:1.6.0.B", "2500"),
        ];
        let message = message(0, &objects);
        let condition: Condition = "power_import_w > 9000".parse().unwrap();
        let readings = Readings::of(&message);
        let environment = environment(&condition, &message, &readings, &HostZone);
        let get = |name: &str| environment.get(name).map(String::as_str);
        assert_eq!(get("P1_POWER_IMPORT_W"), Some("9123"));
        assert_eq!(get("P1_VALUE"), Some("9123"));
        assert_eq!(get("P1_WHEN"), Some("power_import_w > 9000"));
        assert!(get("P1_MONTHLY_POWER_PEAK_TIMESTAMP").unwrap().starts_with("2026-11-22T"));
        assert_eq!(get("P1_METER"), Some("E1_x"));
        assert!(!environment.values().any(|value| value.contains("reboot")));
        let is_safe = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        assert!(environment.keys().all(|name| name.chars().all(is_safe)));
    }

    #[test]
    fn one_runs_at_a_time_and_what_has_ended_meanwhile_is_not_run() {
        let start = Instant::now();
        let mut runner = runner(&["sleep", "60"], 0);
        runner.take(Change::Begin, Environment::new);
        assert!(runner.step(start) && runner.due(start).is_some());
        runner.take(Change::End, Environment::new);
        runner.take(Change::Begin, Environment::new);
        let log = captured_log(|| assert!(!runner.step(start) && !runner.step(start)));
        let logged =
            log.iter().filter(|line| line.contains("waiting to run sleep: it is still running"));
        assert_eq!(logged.count(), 1, "{log:?}");
        runner.take(Change::End, Environment::new);
        runner.child.as_mut().unwrap().kill().unwrap();
        wait(&mut runner, start);
        assert!(!runner.step(start) && runner.due(start).is_none());
    }

    #[test]
    fn it_runs_at_most_once_in_an_interval() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut runner = runner(&["true"], 60);
        let mut run = |second| {
            runner.take(Change::Begin, Environment::new);
            let has_run = runner.step(at(second));
            wait(&mut runner, at(second));
            has_run
        };
        assert_eq!([0, 1, 59, 60, 61, 120].map(&mut run), [true, false, false, true, false, true]);
    }

    #[test]
    fn a_command_that_fails_or_is_not_there_is_logged() {
        let now = Instant::now();
        for (command, expected) in [
            (&["false"][..], "false failed: exit status: 1"),
            (&["/nonexistent/program"], "cannot run /nonexistent/program: No such file"),
        ] {
            let log = captured_log(|| {
                let mut runner = runner(command, 0);
                runner.take(Change::Begin, Environment::new);
                runner.step(now);
                wait(&mut runner, now);
            });
            assert!(log.iter().any(|line| line.contains(expected)), "{log:?}");
        }
    }

    #[test]
    fn a_program_is_a_path_or_in_a_folder_of_the_path() {
        let path = Some(OsStr::new("/nonexistent:/bin:/usr/bin"));
        assert!(exists("true", path) && exists("/bin/sh", None));
        assert!(!exists("true", None) && !exists("no-such-program", path));
        assert!(!exists("/etc/passwd", path) && !exists("/etc", path) && !exists("", path));
    }

    #[test]
    fn arguments_reach_the_program_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("$HOME; echo *");
        let mut runner = runner(&["touch", file.to_str().unwrap()], 0);
        runner.take(Change::Begin, Environment::new);
        runner.step(Instant::now());
        wait(&mut runner, Instant::now());
        assert!(file.exists());
    }
}
