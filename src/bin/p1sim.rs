//! Plays a smart meter that is not there.

use std::process::ExitCode;

use p1_multicast::runtime::{Exit, arguments, exit, signals};
use p1_multicast::simulator::{self, EXITS, Options};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

fn main() -> ExitCode {
    exit::status(run(), EXITS)
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let stop = signals::termination_flag(&[SIGHUP, SIGINT, SIGTERM]).map_err(|error| {
        eprintln!("p1sim: signals cannot be handled: {error}");
        Exit::Io
    })?;
    simulator::run(&options, &stop).map(|()| Exit::Done).map_err(|error| {
        eprintln!("p1sim: {error}");
        error.exit()
    })
}
