//! The options of `p1dashboard`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use std::path::PathBuf;

use clap::Parser;

use crate::runtime::{Arguments, Exit, arguments};
use crate::words::Language;

/// How `p1dashboard` can end.
pub const EXITS: &[Exit] = &[
    Exit::Done,
    Exit::Rejected,
    Exit::Usage,
    Exit::Unavailable,
    Exit::Bug,
    Exit::Io,
    Exit::Config,
];

/// Shows everything a smart meter says, in a terminal.
#[expect(clippy::struct_excessive_bools, reason = "each is an option without a value")]
#[derive(Clone, Debug, Parser)]
#[command(name = "p1dashboard", version)]
pub struct Options {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
    /// Show the meter with this equipment identifier [default: the first that is heard]
    #[arg(long, value_name = "ID")]
    pub meter: Option<String>,
    /// Language of the screen [default: that of the locale]
    #[arg(long, value_name = "LANGUAGE", value_parser = arguments::language())]
    pub language: Option<Language>,
    /// Use no colours
    #[arg(long)]
    pub monochrome: bool,
    /// Draw with half blocks instead of Braille, for fonts without it
    #[arg(long, conflicts_with = "ascii")]
    pub blocks: bool,
    /// Use ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// Print one page as plain text, and end
    #[arg(long)]
    pub once: bool,
    /// Play the raw telegrams in FILE, one a second, instead of listening to the network
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Play them N times as fast (1 to 1000)
    #[arg(long, value_name = "N", default_value_t = 1, requires = "input",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub speed: u32,
    /// Append the log to FILE; without this nothing is logged while the screen is in use
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}
