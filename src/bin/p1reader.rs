//! Records the telegrams of a smart meter to files.

use std::process::ExitCode;

use p1_multicast::commands;
use p1_multicast::reader;
use p1_multicast::runtime::Program;
use p1_multicast::runtime::{Exit, arguments};

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: commands::Reader = arguments::parse()?;
    let program = Program::start("p1reader", options.common);
    Ok(reader::run(program.config()?, options.test, || program.reload()))
}
