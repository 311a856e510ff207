//! Records the telegrams of a smart meter to files.

use std::process::ExitCode;

use p1_multicast::reader::{self, EXITS, Options};
use p1_multicast::runtime::{Exit, Program, arguments, exit};

fn main() -> ExitCode {
    exit::status(run(), EXITS)
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1reader", options.common.clone());
    let config = program.config()?;
    reader::run(&options, config, || program.reload())
}
