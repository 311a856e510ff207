//! The options of `p1reader`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use clap::Parser;

use crate::runtime::{Arguments, Exit};

/// How `p1reader` can end.
pub const EXITS: &[Exit] =
    &[Exit::Done, Exit::Rejected, Exit::Usage, Exit::Bug, Exit::Io, Exit::Config];

/// Records the telegrams that p1listener multicasts to files, rotated by day and week.
#[derive(Clone, Debug, Parser)]
#[command(name = "p1reader", version)]
pub struct Options {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
    /// Stop after five telegrams
    #[arg(long)]
    pub test: bool,
}
