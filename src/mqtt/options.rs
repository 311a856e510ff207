//! The options of `p1mqtt`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use clap::Parser;

use crate::runtime::{Arguments, Exit};

/// How `p1mqtt` can end.
pub const EXITS: &[Exit] =
    &[Exit::Done, Exit::Rejected, Exit::Usage, Exit::Bug, Exit::Io, Exit::Config];

/// Publishes what p1listener multicasts to an MQTT broker, with discovery for Home Assistant.
#[derive(Clone, Debug, Parser)]
#[command(name = "p1mqtt", version)]
pub struct Options {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
}
