//! The command line of `p1listener`.

use std::path::PathBuf;

use clap::Parser;

use crate::runtime::Arguments;

/// Owns the P1 port of a smart meter and multicasts every telegram on the LAN as JSON.
#[derive(Clone, Debug, Parser)]
#[command(name = "p1listener", version)]
pub struct Listener {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,

    /// Listen to the port, say what is on the wire, and exit
    #[arg(long, conflicts_with = "record")]
    pub probe: bool,

    /// Append the raw bytes of the port to FILE
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}
