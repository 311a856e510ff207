//! The built programs, run as a user runs them: a pty for the meter's port, multicast on `lo`.

mod cat;
mod chain;
mod config;
#[cfg(feature = "dashboard")]
mod dashboard;
mod dependencies;
mod emeter;
mod encryption;
mod field;
mod history;
mod import;
mod listener;
#[cfg(feature = "mqtt")]
mod mqtt;
mod network;
mod page;
mod power;
mod reader;
mod report;
mod signals;
mod signature;
mod simulator;
mod sources;
mod support;
mod wire;
