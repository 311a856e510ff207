//! The options of `p1emeter`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use clap::Parser;

use crate::runtime::{Arguments, Exit};

/// How `p1emeter` can end.
pub const EXITS: &[Exit] =
    &[Exit::Done, Exit::Rejected, Exit::Usage, Exit::Bug, Exit::Io, Exit::Config];

/// Sends what p1listener multicasts as an energy meter would, to battery controllers, chargers and inverters.
#[derive(Clone, Debug, Parser)]
#[command(name = "p1emeter", version)]
pub struct Options {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
    /// Print what would be sent, once per telegram, and send nothing
    #[arg(long)]
    pub print: bool,
}
