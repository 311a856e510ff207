//! The command line of `p1cat`.

use std::path::PathBuf;

use clap::Parser;

use crate::daemon::Arguments;

/// Prints the telegrams of a smart meter, one line of JSON each.
#[derive(Clone, Debug, Parser)]
#[command(name = "p1cat", version)]
pub struct Cat {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
    /// Decode the raw telegrams in FILE (- is standard input) instead of listening to the network
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Print telegrams byte for byte as the meter sent them, not JSON
    #[arg(long)]
    pub raw: bool,
    /// Tell in words what is in each telegram of FILE, and what is odd about it
    #[arg(long, requires = "input", conflicts_with = "raw")]
    pub explain: bool,
    /// Mask identifiers and texts of the telegrams in FILE
    #[arg(long, requires = "input")]
    pub anonymous: bool,
    /// End after N telegrams
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// End with status 69 when no telegram has come for S seconds
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: Option<u64>,
}
