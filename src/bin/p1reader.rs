//! Records the telegrams of a smart meter to files.

use std::process::ExitCode;

use p1_multicast::commands;
use p1_multicast::daemon::{Exit, arguments};
use p1_multicast::program::Program;
use p1_multicast::reader;

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: commands::Reader = arguments::parse()?;
    let program = Program::start("p1reader", options.common);
    Ok(reader::run(program.config()?, options.test, || program.reload()))
}
