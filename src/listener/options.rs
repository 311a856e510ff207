//! The options of `p1listener`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use std::path::PathBuf;

use clap::Parser;

use crate::runtime::{Arguments, Exit};

/// How `p1listener` can end.
pub const EXITS: &[Exit] = &[
    Exit::Done,
    Exit::Rejected,
    Exit::Usage,
    Exit::Unavailable,
    Exit::Bug,
    Exit::Io,
    Exit::Config,
];

/// Owns the P1 port of a smart meter and multicasts every telegram on the LAN as JSON.
#[derive(Clone, Debug, Parser)]
#[command(name = "p1listener", version)]
pub struct Options {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,

    /// Listen to the port, say what is on the wire, and exit
    #[arg(long, conflicts_with = "record")]
    pub probe: bool,

    /// Append the raw bytes of the port to FILE
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Write a new key, to sign telegrams with, to FILE, and exit
    #[arg(long, value_name = "FILE", conflicts_with_all = ["probe", "record"])]
    pub make_key: Option<PathBuf>,
}
