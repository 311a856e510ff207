//! Owns the P1 port of a smart meter and multicasts every telegram.

use std::io;
use std::path::PathBuf;
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

    /// Listen to the port, say what is on the wire, and exit
    #[arg(long, conflicts_with = "record")]
    probe: bool,

    /// Append the raw bytes of the port to FILE
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1listener", options.common);
    if options.probe {
        let config = program.config_or_default()?;
        return listener::probe(&config.p1_listener, &mut io::stdout()).map_err(|_| Exit::Io);
    }
    Ok(listener::run(program.config()?, options.record.as_deref(), || program.reload()))
}
