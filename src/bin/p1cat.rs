//! Prints telegrams, from the network or from a file, for pipes.

use std::process::ExitCode;

use p1_multicast::cat::{self, EXITS, Options};
use p1_multicast::runtime::{Exit, Program, arguments, exit};

fn main() -> ExitCode {
    exit::status(run(), EXITS)
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1cat", options.common.clone());
    let config = program.config_or_default()?;
    cat::run(options, &config)
}
