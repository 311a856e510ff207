//! Shows a smart meter in a terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use p1_multicast::config::Language;
use p1_multicast::daemon::{Arguments, Exit, arguments};
use p1_multicast::dashboard;
use p1_multicast::program::Program;

/// Shows everything a smart meter says, in a terminal.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    common: Arguments,
    /// Show the meter with this equipment identifier [default: the first that is heard]
    #[arg(long, value_name = "ID")]
    meter: Option<String>,
    /// Language of the screen [default: that of the locale]
    #[arg(long, value_name = "LANGUAGE", value_parser = PossibleValuesParser::new(["nl", "en"]))]
    language: Option<String>,
    /// Use no colours
    #[arg(long)]
    monochrome: bool,
    /// Use ASCII characters only
    #[arg(long)]
    ascii: bool,
    /// Print one page as plain text, and end
    #[arg(long)]
    once: bool,
    /// Play the raw telegrams in FILE, one a second, instead of listening to the network
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Play them N times as fast (1 to 1000)
    #[arg(long, value_name = "N", default_value_t = 1, requires = "input",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    speed: u32,
    /// Write the log to FILE; without this nothing is logged while the screen is in use
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
}

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
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
