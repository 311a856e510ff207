//! Shows a smart meter in a terminal.

use std::process::ExitCode;

use p1_multicast::commands;
use p1_multicast::config::Language;
use p1_multicast::dashboard;
use p1_multicast::runtime::Program;
use p1_multicast::runtime::{Exit, arguments};

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: commands::Dashboard = arguments::parse()?;
    let program = Program::start("p1dashboard", options.common);
    let config = program.config_or_default()?;
    let language = match options.language.as_deref() {
        Some("nl") => Some(Language::Dutch),
        Some(_) => Some(Language::English),
        None => None,
    };
    let options = dashboard::Options {
        meter: options.meter,
        language,
        monochrome: options.monochrome,
        ascii: options.ascii,
        once: options.once,
        input: options.input,
        speed: options.speed,
        log_file: options.log_file,
    };
    Ok(dashboard::run(&config, options))
}
