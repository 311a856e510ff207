//! Prints telegrams, from the network or from a file, for pipes.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use p1_multicast::cat::{self, Form, GroupDatagrams};
use p1_multicast::daemon::{Arguments, Exit, arguments};
use p1_multicast::program::Program;
use p1_multicast::telegram::Policy;

/// Prints the telegrams of a smart meter, one line of JSON each.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    common: Arguments,
    /// Decode the raw telegrams in FILE (- is standard input) instead of listening to the network
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Print telegrams byte for byte as the meter sent them, not JSON
    #[arg(long)]
    raw: bool,
    /// Tell in words what is in each telegram of FILE, and what is odd about it
    #[arg(long, requires = "input", conflicts_with = "raw")]
    explain: bool,
    /// Mask identifiers and texts of the telegrams in FILE
    #[arg(long, requires = "input")]
    anonymous: bool,
    /// End after N telegrams
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End with status 69 when no telegram has come for S seconds
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
}

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1cat", options.common);
    let config = program.config_or_default()?;
    let what = cat::Options {
        form: match (options.raw, options.explain) {
            (true, _) => Form::Raw,
            (_, true) => Form::Explained,
            _ => Form::Json,
        },
        is_anonymous: options.anonymous,
        count: options.count,
        timeout: options.timeout.map(Duration::from_secs),
    };
    let out = io::stdout().lock();
    if let Some(path) = &options.input {
        let (name, file) = open(path)?;
        return cat::from_file(&name, file, Policy::Auto, what, out, &mut io::stderr())
            .map_err(|error| fail(Exit::Io, &format!("{name}: {error}")));
    }
    let port = if options.raw { config.multicast.raw_port } else { Some(config.multicast.port) };
    let mut group = GroupDatagrams::join(&config.multicast, port)?;
    cat::from_network(&mut group, config.multicast.meter.as_deref(), what, out)
        .map_err(|error| fail(Exit::Io, &error.to_string()))
}

fn open(path: &PathBuf) -> Result<(String, Box<dyn Read>), Exit> {
    if path.as_os_str() == "-" {
        return Ok(("standard input".into(), Box::new(io::stdin().lock())));
    }
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => Ok((name, Box::new(file))),
        Err(error) => Err(fail(Exit::Io, &format!("{name}: {error}"))),
    }
}

fn fail(exit: Exit, what: &str) -> Exit {
    log::error!("{what}");
    exit
}
