//! Shows a smart meter in a terminal.

use std::process::ExitCode;

use p1_multicast::dashboard::{self, EXITS, Options};
use p1_multicast::runtime::{Exit, Program, arguments, exit};

fn main() -> ExitCode {
    exit::status(run(), EXITS)
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1dashboard", options.common.clone());
    let config = program.config_or_default()?;
    dashboard::run(options, &config)
}
