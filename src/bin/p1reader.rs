//! Records the telegrams of a smart meter to files.

use std::process::ExitCode;

use clap::Parser;
use p1_multicast::daemon::{Arguments, Exit, arguments};
use p1_multicast::program::Program;
use p1_multicast::reader;

/// Records the telegrams that p1listener multicasts to files, rotated by day and week.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    common: Arguments,
    /// Stop after five telegrams
    #[arg(long)]
    test: bool,
}

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1reader", options.common);
    Ok(reader::run(program.config()?, options.test, || program.reload()))
}
