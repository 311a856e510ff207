//! Writes log messages to the journal, with fields, when standard error is the journal; else to standard
//! error, as lines.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use chrono::{DateTime, FixedOffset, Local};
use clap::ValueEnum;
use log::kv::{Error as KvError, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};
use systemd_journal_logger::{JournalLog, connected_to_journal};

use crate::text::one_line;

/// The levels that `--log` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Everything, for finding a fault
    Debug,
    /// Changes of state
    #[default]
    Info,
    /// What the user should look at
    Warning,
    /// What does not work
    Error,
    /// The same as error
    Critical,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warning => Self::Warn,
            Level::Error | Level::Critical => Self::Error,
        }
    }
}

/// Opens the log of `program`, which is its identifier in the journal. A second call only changes the
/// level.
pub fn start(program: &str, level: LevelFilter) {
    // A logger that was installed before stays.
    let _ = log::set_boxed_logger(journal(program).unwrap_or(Box::new(Lines)));
    set_level(level);
}

/// Changes the log level.
pub fn set_level(level: LevelFilter) {
    log::set_max_level(level);
}

/// Libraries log as well, some for each odd packet of a peer. Their messages are for debugging only.
fn is_wanted(metadata: &Metadata) -> bool {
    metadata.target().starts_with("p1") || log::max_level() >= LevelFilter::Debug
}

/// The journal, if standard error is connected to it and its socket can be reached.
fn journal(program: &str) -> Option<Box<dyn Log>> {
    if !connected_to_journal() {
        return None;
    }
    let journal = JournalLog::empty().ok()?;
    Some(Box::new(Journal(journal.with_syslog_identifier(program.to_owned()))))
}

/// The journal. It reads messages with fields from a socket, and looks up their unit only when it reads them:
/// the last message of a program that exits is not attributed to its unit, and `systemctl status` does not
/// show it. Lines on standard error always are, so errors without fields go there.
struct Journal(JournalLog);

impl Log for Journal {
    fn enabled(&self, metadata: &Metadata) -> bool {
        is_wanted(metadata) && self.0.enabled(metadata)
    }

    fn log(&self, record: &Record) {
        if !is_wanted(record.metadata()) {
            return;
        }
        if record.level() == log::Level::Error && record.key_values().count() == 0 {
            let _ = io::stderr().lock().write_all(journal_line(record).as_bytes());
        } else {
            self.0.log(record);
        }
    }

    fn flush(&self) {}
}

/// An error as a line on standard error with its priority, see sd-daemon(3).
fn journal_line(record: &Record) -> String {
    let mut line = Line("<3>".into());
    let _ = write!(line, "{}", record.args());
    line.0.push('\n');
    line.0
}

/// Writes each message as one line on standard error.
struct Lines;

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata) -> bool {
        is_wanted(metadata)
    }

    fn log(&self, record: &Record) {
        if !is_wanted(record.metadata()) {
            return;
        }
        let line = line(&Local::now().fixed_offset(), record);
        // If standard error is closed, there is nowhere left to report it.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

/// One message: time, level, text, and its fields as `key=value`.
fn line(time: &DateTime<FixedOffset>, record: &Record) -> String {
    let mut line = Line(String::with_capacity(160));
    let level = match record.level() {
        log::Level::Error => "ERROR",
        log::Level::Warn => "WARNING",
        log::Level::Info => "INFO",
        log::Level::Debug | log::Level::Trace => "DEBUG",
    };
    let time = time.format("%Y-%m-%dT%H:%M:%S%.3f%:z");
    // A message that fails to format is cut there; the rest of the line is still written.
    let _ = write!(line, "{time} {level} {}", record.args());
    let _ = record.key_values().visit(&mut line);
    line.0.push('\n');
    line.0
}

/// Builds one line. Escapes control characters: a message may quote bytes from the wire, which must
/// neither break lines nor control a terminal.
struct Line(String);

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(&one_line(text));
        Ok(())
    }
}

impl<'kvs> VisitSource<'kvs> for Line {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), KvError> {
        let value = value.to_string();
        let is_plain = |c: char| !c.is_whitespace() && c != '"';
        if !value.is_empty() && value.chars().all(is_plain) {
            write!(self, " {key}={value}")?;
        } else {
            write!(self, " {key}={value:?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;
    use crate::runtime::rerun::rerun;

    fn line_of(level: log::Level, text: &str, fields: &[(&str, Value)]) -> String {
        let time = DateTime::parse_from_rfc3339("2026-11-22T09:12:13.1234+01:00").unwrap();
        let mut record = Record::builder();
        record.level(level).key_values(&fields);
        line(&time, &record.args(format_args!("{text}")).build())
    }

    #[test]
    fn a_line_has_time_level_message_and_fields() {
        let fields = [("port", Value::from(52001)), ("meter", Value::from("E0044 x\n"))];
        assert_eq!(
            line_of(log::Level::Warn, "port opened", &fields),
            "2026-11-22T09:12:13.123+01:00 WARNING port opened port=52001 meter=\"E0044 x\\n\"\n"
        );
    }

    #[test]
    fn control_characters_from_the_wire_are_shown_not_obeyed() {
        let line = line_of(log::Level::Info, "got /ISK5\r\n\u{1b}[2J\u{9b}é", &[]);
        assert!(line.ends_with(" INFO got /ISK5\\r\\n\\u{1b}[2J\\u{9b}é\n"), "{line}");
        assert_eq!(line.matches(char::is_control).count(), 1);
    }

    #[test]
    fn an_error_for_the_journal_is_one_line_with_its_priority() {
        let record =
            Record::builder().level(log::Level::Error).args(format_args!("no\nport")).build();
        assert_eq!(journal_line(&record), "<3>no\\nport\n");
    }

    #[test]
    fn neither_a_lower_level_nor_a_library_is_logged_and_the_level_can_be_changed() {
        let Some(mut child) = rerun(
            "runtime::logging::tests::neither_a_lower_level_nor_a_library_is_logged_and_the_level_can_be_changed",
        ) else {
            start("test", LevelFilter::Warn);
            log::info!("one");
            log::warn!("two");
            set_level(LevelFilter::Info);
            log::info!(count = 3; "three");
            log::error!(target: "rumqttc::state", "four");
            std::process::exit(42);
        };
        let output = child.output().unwrap();
        assert_eq!(output.status.code(), Some(42));
        let log = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<_> = log.lines().collect();
        assert_eq!(lines.len(), 2, "{log}");
        assert!(lines[0].ends_with(" WARNING two"), "{log}");
        assert!(lines[1].ends_with(" INFO three count=3"), "{log}");
    }

    #[test]
    fn a_broken_standard_error_stops_nothing() {
        let Some(mut child) =
            rerun("runtime::logging::tests::a_broken_standard_error_stops_nothing")
        else {
            // The pipe is broken as soon as the parent has closed its end of both.
            let _ = io::stdin().read_line(&mut String::new());
            start("test", LevelFilter::Info);
            log::info!("nobody will read this");
            assert!(io::stderr().write_all(b"x").is_err());
            std::process::exit(42);
        };
        let mut child = child
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stderr.take());
        drop(child.stdin.take());
        assert_eq!(child.wait().unwrap().code(), Some(42));
    }
}
