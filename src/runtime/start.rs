//! Starts a program: opens its log and loads its configuration.
//!
//! Owns the messages about a configuration as a whole, and the exit status that follows from it.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use super::{Arguments, Exit, logging, panic};
use crate::config::{self, Config, ConfigError};

/// A running program: its log is open.
#[derive(Debug)]
pub struct Program {
    name: String,
    arguments: Arguments,
}

impl Program {
    /// Opens the log of the program called `name`.
    #[must_use]
    pub fn start(name: &str, arguments: Arguments) -> Self {
        logging::start(name, arguments.level());
        panic::install();
        Self { name: name.to_owned(), arguments }
    }

    /// Loads the configuration of a program that needs a file.
    ///
    /// With `--check-config` this reports the result and returns [`Exit::Done`].
    pub fn config(&self) -> Result<Config, Exit> {
        self.checked(self.load())
    }

    /// Loads the configuration, or uses the defaults when no file was named and the usual one is missing.
    pub fn config_or_default(&self) -> Result<Config, Exit> {
        match self.load() {
            Err(ConfigError::Unreadable { file, source })
                if source.kind() == ErrorKind::NotFound && self.arguments.config_file.is_none() =>
            {
                if self.arguments.check_config {
                    report_check("not found, using defaults", &file);
                    return Err(Exit::Done);
                }
                Ok(Config::default())
            }
            loaded => self.checked(loaded),
        }
    }

    /// Loads the configuration again. Logs the problems of an invalid one, and returns `None`.
    #[must_use]
    pub fn reload(&self) -> Option<Config> {
        let kept = |error: &ConfigError| {
            log_problems(error);
            log::error!("keeping the current configuration");
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
            Ok(config) if self.arguments.check_config => {
                let file = self.arguments.config_path();
                let conflicts =
                    config::conflicts(Path::new(config::UNITS), &self.name, file, &config);
                if !conflicts.is_empty() {
                    log_problems(&ConfigError::Invalid(conflicts));
                    return Err(Exit::Config);
                }
                report_check("configuration OK", file);
                Err(Exit::Done)
            }
            Ok(config) => Ok(config),
            Err(error) => {
                log_problems(&error);
                Err(Exit::Config)
            }
        }
    }
}

/// Writes the result of a check to standard output. If that is closed, the exit status still shows it.
fn report_check(outcome: &str, file: &Path) {
    let _ = writeln!(io::stdout(), "{}: {outcome}", file.display());
}

/// Logs one message per problem: the log escapes line ends within a message.
fn log_problems(error: &ConfigError) {
    for line in error.to_string().lines() {
        log::error!("{line}");
    }
}
