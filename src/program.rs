//! The start that all programs share: the log begins, and the configuration is loaded.
//!
//! Owns what is said about a configuration, and which exit status comes of it. What the options and
//! the keys mean is known elsewhere.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use crate::config::{self, Config, ConfigError};
use crate::daemon::{Arguments, Exit, logging, panic};

/// A program that has begun: its log is open.
#[derive(Debug)]
pub struct Program {
    arguments: Arguments,
}

impl Program {
    /// Begins the log of the program with this name.
    #[must_use]
    pub fn start(name: &str, arguments: Arguments) -> Self {
        logging::start(name, arguments.level());
        panic::install();
        Self { arguments }
    }

    /// Loads the configuration for a program that cannot do without a file.
    ///
    /// With `--check-config` that was all: [`Exit::Done`].
    pub fn config(&self) -> Result<Config, Exit> {
        self.checked(self.load())
    }

    /// Loads the configuration, or takes the defaults when no file was named and there is none.
    pub fn config_or_default(&self) -> Result<Config, Exit> {
        match self.load() {
            Err(ConfigError::Unreadable { file, source })
                if source.kind() == ErrorKind::NotFound && self.arguments.config_file.is_none() =>
            {
                if self.arguments.check_config {
                    tell("there is no such file; the defaults are in force", &file);
                    return Err(Exit::Done);
                }
                Ok(Config::default())
            }
            loaded => self.checked(loaded),
        }
    }

    /// Loads the configuration again; `None` when it is not good, which is said.
    #[must_use]
    pub fn reload(&self) -> Option<Config> {
        let kept = |error: &ConfigError| {
            say(error);
            log::error!("the configuration in force is kept");
        };
        self.load().inspect_err(kept).ok()
    }

    fn load(&self) -> Result<Config, ConfigError> {
        let environment = |name: &str| std::env::var(name).ok();
        let loaded = config::load(self.arguments.config_path(), &environment)?;
        for warning in loaded.warnings {
            log::warn!("{warning}");
        }
        Ok(loaded.config)
    }

    fn checked(&self, loaded: Result<Config, ConfigError>) -> Result<Config, Exit> {
        match loaded {
            Ok(_) if self.arguments.check_config => {
                tell("no fault found", self.arguments.config_path());
                Err(Exit::Done)
            }
            Ok(config) => Ok(config),
            Err(error) => {
                say(&error);
                Err(Exit::Config)
            }
        }
    }
}

/// Writes the outcome of a check to standard output; whoever does not read it goes by the exit status.
fn tell(outcome: &str, file: &Path) {
    let _ = writeln!(io::stdout(), "{}: {outcome}", file.display());
}

/// A message for each problem: the log has lines, and shows a line end within one as an escape.
fn say(error: &ConfigError) {
    for line in error.to_string().lines() {
        log::error!("{line}");
    }
}
