//! Plays a smart meter that is not there.

use std::process::ExitCode;

use p1_multicast::runtime::{Arguments, Exit, Program, arguments, exit};
use p1_multicast::simulator::{self, EXITS, Options};

fn main() -> ExitCode {
    exit::status(run(), EXITS)
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    // It has no configuration, but a log.
    let _program = Program::start("p1sim", Arguments::default());
    simulator::run(&options)
}
