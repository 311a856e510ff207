//! The YAML file: what can be set, what is wrong with it, and where.
//!
//! One file serves all programs. [`load`] reads it and returns either the settings with a few
//! warnings, or **all** problems at once, each with its line. It knows the old `P1reader.yml`:
//! repeated keys are allowed, the last one counts. It opens no port and creates no file, so that
//! checking a file has no effect.
//!
//! | part          | owns                                                     |
//! |---------------|----------------------------------------------------------|
//! | `model`       | the settings and their defaults                          |
//! | `keys`        | the table of sections and keys                           |
//! | `tree`        | the YAML text as a tree, with lines                      |
//! | `environment` | `${NAME}`                                                |
//! | `value`       | the check of one value                                   |
//! | `assembly`    | from tree to settings, and the checks across keys        |
//! | `problem`     | how a problem is said                                    |

mod assembly;
mod environment;
mod keys;
mod model;
mod problem;
mod tree;
mod value;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

pub use self::model::{
    Broker, Config, FileOutput, HtmlReport, Language, Multicast, P1Dashboard, P1Listener, P1Mqtt,
    P1Reader, WeeklyLog,
};
pub use self::problem::{ConfigError, Problem};

/// Most bytes that a file may have: sixteen times the one that is shipped.
///
/// The YAML parser takes quadratic time for deep nesting, 20 s for 1 MiB of `[` on a fast machine.
pub const LARGEST_FILE: usize = 64 * 1024;

/// A file that is in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What is odd but harmless, in the order of the file: keys that are repeated.
    pub warnings: Vec<Problem>,
}

/// Reads the file at `path`. `environment` gives the value of a variable, if it is set.
///
/// # Errors
/// The file cannot be read, or something is wrong with it; then all problems are told.
pub fn load(
    path: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigError> {
    let bytes =
        read(path).map_err(|source| ConfigError::Unreadable { file: path.to_owned(), source })?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(text, path, environment),
        Err(error) => {
            let sound = &bytes[..error.valid_up_to()];
            let line = sound.split(|byte| *byte == b'\n').count();
            let message = "expected text in UTF-8, found other bytes";
            Err(invalid(path, Some(line), message.to_owned()))
        }
    }
}

/// As [`load`], of a text at hand; `file` is the name that problems give.
///
/// # Errors
/// Something is wrong with the text; all problems are told.
pub fn parse(
    text: &str,
    file: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigError> {
    if text.len() > LARGEST_FILE {
        let message = format!("expected at most {LARGEST_FILE} bytes, found more");
        return Err(invalid(file, None, message));
    }
    // The YAML parser takes the mark for a document of its own.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = tree::read(text).map_err(|error| {
        let line = error.location().map(|place| place.line());
        invalid(file, line, format!("expected YAML, found an error: {error}"))
    })?;
    assembly::assemble(root, file, environment)
}

/// Reads one byte more than allowed at most, so that [`parse`] sees that it is too much.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = LARGEST_FILE as u64 + 1;
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn invalid(file: &Path, line: Option<usize>, message: String) -> ConfigError {
    ConfigError::Invalid(vec![Problem { file: file.to_owned(), line, key: String::new(), message }])
}
