//! Owns the P1 port of a smart meter and multicasts every telegram.

use std::io;
use std::process::ExitCode;

use p1_multicast::commands;
use p1_multicast::listener;
use p1_multicast::runtime::Program;
use p1_multicast::runtime::{Exit, arguments};

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: commands::Listener = arguments::parse()?;
    let program = Program::start("p1listener", options.common);
    if options.probe {
        let config = program.config_or_default()?;
        return listener::probe(&config.p1_listener, &mut io::stdout()).map_err(|_| Exit::Io);
    }
    Ok(listener::run(program.config()?, options.record.as_deref(), || program.reload()))
}
