//! Looks back on the years that p1reader recorded.

use std::process::ExitCode;

use p1_multicast::report::{self, EXITS, Options};
use p1_multicast::runtime::{Exit, Program, arguments, exit};

fn main() -> ExitCode {
    exit::status(run(), EXITS)
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1report", options.arguments().clone());
    let config = program.config_or_default()?;
    report::run(&options, &config)
}
