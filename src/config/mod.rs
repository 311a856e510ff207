//! The YAML file: what can be set, what is wrong with it, and where.
//!
//! One file serves all programs. [`load`] reads it and returns either the settings with a few warnings, or
//! **all** problems at once, each with its line. An old `P1reader.yml` loads: keys may be repeated, the last
//! one counts. Loading opens no port and creates no file, so checking a file has no side effects.
//!
//! | part          | owns                                                     |
//! |---------------|----------------------------------------------------------|
//! | `model`       | the settings and their defaults                          |
//! | `keys`        | the table of sections and keys                           |
//! | `tree`        | the YAML text as a tree, with lines                      |
//! | `environment` | `${NAME}`                                                |
//! | `value`       | the check of one value                                   |
//! | `host`        | what `HOST:PORT` may be                                  |
//! | `mistakes`    | common mistakes, and what was probably meant             |
//! | `assembly`    | from tree to settings, and the checks across keys        |
//! | `instances`   | what the services of several meters must not share       |
//! | `problem`     | how a problem is displayed                               |

mod assembly;
mod environment;
mod host;
mod instances;
mod keys;
mod mistakes;
mod model;
mod problem;
mod tree;
mod value;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::retry_on_intr;

pub(crate) use self::instances::{UNITS, conflicts};
pub use self::model::{
    Broker, Config, Discovery, FileOutput, HtmlReport, LineFormat, Multicast, P1Dashboard,
    P1Emeter, P1Listener, P1Mqtt, P1Reader, WeeklyLog,
};
pub use self::problem::{ConfigError, Problem};
pub use crate::words::Language;

/// The largest file that is accepted, in bytes: ten times the one that is shipped.
///
/// The YAML parser takes quadratic time for deep nesting, 20 s for 1 MiB of `[` on a fast machine.
pub const MAX_FILE_SIZE: usize = 64 * 1024;

/// How long a file may take that is a pipe, such as `--config-file <(sed … p1reader.yml)`.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// A valid file.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What is odd but harmless, in the order of the file: repeated keys.
    pub warnings: Vec<Problem>,
}

/// Reads the file at `path`. `environment` gives the value of a variable, if it is set.
///
/// # Errors
/// The file cannot be read, or is not valid; the error then lists all problems.
pub fn load(
    path: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigError> {
    let bytes = read(path, READ_TIMEOUT)
        .map_err(|source| ConfigError::Unreadable { file: path.to_owned(), source })?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(text, path, environment),
        Err(error) => {
            let valid = &bytes[..error.valid_up_to()];
            let line = valid.split(|byte| *byte == b'\n').count();
            let message = "expected text in UTF-8, found other bytes";
            Err(invalid(path, Some(line), message.to_owned()))
        }
    }
}

/// As [`load`], from a text; `file` is the name in the messages.
///
/// # Errors
/// The text is not valid; the error lists all problems.
pub fn parse(
    text: &str,
    file: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigError> {
    if text.len() > MAX_FILE_SIZE {
        let message = format!("expected at most {MAX_FILE_SIZE} bytes, found more");
        return Err(invalid(file, None, message));
    }
    if let Some(line) = mistakes::ini_section(text) {
        let message = "expected YAML (`multicast:`, and below it, indented, `port: 52001`), found an INI file";
        return Err(invalid(file, Some(line), message.to_owned()));
    }
    // The YAML parser takes the mark for a document of its own.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = tree::read(text).map_err(|error| {
        let (line, message) = mistakes::explain(text, &error);
        invalid(file, line, message)
    })?;
    assembly::assemble(root, file, environment)
}

/// Reads one byte more than allowed at most, so that [`parse`] sees that it is too much.
///
/// A file is there at once. A FIFO or a terminal is read until its end, which must come within `timeout`.
fn read(path: &Path, timeout: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + timeout;
    // Otherwise a FIFO that nobody writes to could not even be opened.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let mut bytes = vec![0; MAX_FILE_SIZE + 1];
    let mut length = 0;
    loop {
        let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok();
        if retry_on_intr(|| poll(&mut [PollFd::new(&file, PollFlags::IN)], left.as_ref()))? == 0 {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "its end did not come within 10 s",
            ));
        }
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

fn invalid(file: &Path, line: Option<usize>, message: String) -> ConfigError {
    ConfigError::Invalid(vec![Problem { file: file.to_owned(), line, key: String::new(), message }])
}

/// The same path with the folder that it really leads to, so that two names of one file can be compared.
fn in_real_folder(file: &Path) -> PathBuf {
    let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, file.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => file.to_owned(),
    }
}
