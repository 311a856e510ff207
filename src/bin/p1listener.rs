//! Owns the P1 port of a smart meter and multicasts every telegram.

use std::process::ExitCode;

use p1_multicast::listener::{self, EXITS, Options};
use p1_multicast::runtime::{Exit, Program, arguments, exit};

fn main() -> ExitCode {
    exit::status(run(), EXITS)
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1listener", options.common.clone());
    if let Some(file) = &options.make_key {
        return listener::make_key(file);
    }
    let config = if options.probe { program.config_or_default() } else { program.config() }?;
    listener::run(&options, config, || program.reload())
}
