//! Owns the P1 port of a smart meter and multicasts every telegram.

use std::process::ExitCode;

use clap::Parser;
use p1_multicast::daemon::{Arguments, Exit, arguments};
use p1_multicast::listener;
use p1_multicast::program::Program;

/// Owns the P1 port of a smart meter and multicasts every telegram on the LAN as JSON.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    common: Arguments,
}

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1listener", options.common);
    Ok(listener::run(program.config()?, || program.reload()))
}
