//! `p1sim`: a simulated smart meter on a pseudo-terminal. See `p1sim(1)`.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use p1_multicast::simulator::{self, Options};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

const USAGE: u8 = 64;
const IO_ERROR: u8 = 74;

fn main() -> ExitCode {
    match Options::try_parse() {
        Ok(options) => run(&options),
        Err(message) => {
            // Help and version are messages too, and no errors. If they cannot be printed, who to tell?
            let _ = message.print();
            let status = if message.use_stderr() { USAGE } else { 0 };
            ExitCode::from(status)
        }
    }
}

fn run(options: &Options) -> ExitCode {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order the first signal asks and the second one ends.
        let asked = flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)));
        if let Err(error) = asked {
            eprintln!("p1sim: signals cannot be handled: {error}");
            return ExitCode::from(IO_ERROR);
        }
    }
    match simulator::run(options, &stop) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("p1sim: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
