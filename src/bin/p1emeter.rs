//! Sends what a smart meter says as an energy meter would.

use std::process::ExitCode;

use p1_multicast::emeter::{self, EXITS, Options};
use p1_multicast::runtime::{Exit, Program, arguments, exit};

fn main() -> ExitCode {
    exit::status(run(), EXITS)
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1emeter", options.common.clone());
    let config = program.config_or_default()?;
    emeter::run(&options, config, || program.reload())
}
