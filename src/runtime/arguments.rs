//! The options that all programs share, and the parsing of a command line.
//!
//! Each program declares its own options in its module, and adds these with `#[command(flatten)]`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser};
use log::LevelFilter;

use super::exit::Exit;
use super::logging::Level;
use crate::words::Language;

/// The configuration file that is read when `--config-file` is absent.
pub const DEFAULT_CONFIG_FILE: &str = "/etc/p1-multicast/p1reader.yml";

/// The options of every program that publishes or subscribes.
#[derive(Args, Clone, Debug, Default)]
pub struct Arguments {
    /// Read the configuration from FILE [default: /etc/p1-multicast/p1reader.yml]
    #[arg(long, value_name = "FILE")]
    pub config_file: Option<PathBuf>,

    /// Log messages of this level and above
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true, default_value_t)]
    pub log: Level,

    /// Log everything; the same as --log debug
    #[arg(long)]
    pub debug: bool,

    /// Check the configuration and exit
    #[arg(long)]
    pub check_config: bool,
}

impl Arguments {
    /// The configuration file to read: that of `--config-file`, else the default.
    #[must_use]
    pub fn config_path(&self) -> &Path {
        self.config_file.as_deref().unwrap_or(Path::new(DEFAULT_CONFIG_FILE))
    }

    /// The log level; `--debug` takes precedence over `--log`.
    #[must_use]
    pub fn level(&self) -> LevelFilter {
        if self.debug { LevelFilter::Debug } else { self.log.into() }
    }
}

/// Reads the command line of this process.
///
/// `--help` and `--version` print on standard output and return [`Exit::Done`]; a wrong command line
/// prints an explanation on standard error and returns [`Exit::Usage`].
pub fn parse<P: Parser>() -> Result<P, Exit> {
    parse_from(std::env::args_os())
}

/// Reads the command line `words`, the first being the name of the program; see [`parse`].
pub fn parse_from<P: Parser>(words: impl IntoIterator<Item = OsString>) -> Result<P, Exit> {
    P::try_parse_from(words).map_err(|error| {
        // The reader may have gone (`p1cat --help | head`).
        let _ = error.print();
        if error.use_stderr() { Exit::Usage } else { Exit::Done }
    })
}

/// Parses `nl` or `en`.
#[must_use]
pub fn language() -> impl TypedValueParser<Value = Language> {
    let language = |word: String| if word == "nl" { Language::Dutch } else { Language::English };
    PossibleValuesParser::new(["nl", "en"]).map(language)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// What this program is for.
    #[derive(Parser, Debug)]
    #[command(version)]
    struct Program {
        #[command(flatten)]
        common: Arguments,
    }

    fn parsed(words: &[&str]) -> Result<Arguments, Exit> {
        let words = std::iter::once("p1test").chain(words.iter().copied());
        parse_from::<Program>(words.map(OsString::from)).map(|program| program.common)
    }

    #[test]
    fn the_shared_options_leave_the_description_to_the_program() {
        let help = Program::command().render_long_help().to_string();
        assert!(help.starts_with("What this program is for\n"), "{help}");
    }

    #[test]
    fn without_options_the_defaults_serve() {
        let arguments = parsed(&[]).unwrap();
        assert_eq!(arguments.config_path(), Path::new(DEFAULT_CONFIG_FILE));
        assert_eq!(arguments.config_file, None);
        assert_eq!(arguments.level(), LevelFilter::Info);
        assert!(!arguments.check_config);
    }

    #[test]
    fn every_level_of_the_python_programs_is_known() {
        for (word, level) in [
            ("debug", LevelFilter::Debug),
            ("info", LevelFilter::Info),
            ("warning", LevelFilter::Warn),
            ("error", LevelFilter::Error),
            ("critical", LevelFilter::Error),
            ("WARNING", LevelFilter::Warn),
        ] {
            assert_eq!(parsed(&["--log", word]).unwrap().level(), level, "{word}");
        }
    }

    #[test]
    fn debug_takes_precedence_over_log() {
        let arguments = parsed(&["--debug", "--log", "error"]).unwrap();
        assert_eq!(arguments.level(), LevelFilter::Debug);
    }

    #[test]
    fn a_named_file_is_read_instead_of_the_default() {
        let arguments = parsed(&["--config-file", "/tmp/x.yml", "--check-config"]).unwrap();
        assert_eq!(arguments.config_path(), Path::new("/tmp/x.yml"));
        assert!(arguments.check_config);
    }

    #[test]
    fn a_wrong_command_line_is_a_usage_error_and_help_is_not() {
        assert_eq!(parsed(&["--log", "loud"]).unwrap_err(), Exit::Usage);
        assert_eq!(parsed(&["--no-such-option"]).unwrap_err(), Exit::Usage);
        assert_eq!(parsed(&["--help"]).unwrap_err(), Exit::Done);
        assert_eq!(parsed(&["--version"]).unwrap_err(), Exit::Done);
    }
}
