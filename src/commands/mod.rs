//! The command lines of the programs: what is spelled how, and what is said of it by `--help`.
//!
//! Owns the options; what they mean is known to the programs. They stand together here, not in the
//! programs, because the shells' completions and the test of the manual pages come from them as well.

mod cat;
#[cfg(feature = "dashboard")]
mod dashboard;
mod listener;
#[cfg(feature = "mqtt")]
mod mqtt;
mod reader;

#[cfg(test)]
mod tests;

use clap::{Command, CommandFactory as _};

use crate::simulator;

pub use cat::Cat;
#[cfg(feature = "dashboard")]
pub use dashboard::Dashboard;
pub use listener::Listener;
#[cfg(feature = "mqtt")]
pub use mqtt::Mqtt;
pub use reader::Reader;

/// The command lines of all programs that are built.
#[must_use]
pub fn all() -> Vec<Command> {
    vec![
        Cat::command(),
        #[cfg(feature = "dashboard")]
        Dashboard::command(),
        Listener::command(),
        #[cfg(feature = "mqtt")]
        Mqtt::command(),
        Reader::command(),
        simulator::Options::command(),
    ]
}
