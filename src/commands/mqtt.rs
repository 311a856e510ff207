//! The command line of `p1mqtt`.

use clap::Parser;

use crate::runtime::Arguments;

/// Publishes what p1listener multicasts to an MQTT broker, with discovery for Home Assistant.
#[derive(Clone, Debug, Parser)]
#[command(name = "p1mqtt", version)]
pub struct Mqtt {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
}
