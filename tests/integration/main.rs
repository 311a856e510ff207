//! The built programs, run as a user runs them: a pty for the meter's port, multicast on `lo`.

mod cat;
mod chain;
mod config;
mod listener;
mod page;
mod power;
mod reader;
mod simulator;
mod support;
