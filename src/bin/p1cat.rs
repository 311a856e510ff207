//! Prints telegrams, from the network or from a file, for pipes.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use p1_multicast::cat::{self, Form, GroupDatagrams};
use p1_multicast::commands;
use p1_multicast::daemon::{Exit, arguments};
use p1_multicast::program::Program;
use p1_multicast::telegram::Policy;

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: commands::Cat = arguments::parse()?;
    let program = Program::start("p1cat", options.common);
    let config = program.config_or_default()?;
    let form = match (options.raw, options.explain) {
        (true, _) => Form::Raw,
        (_, true) => Form::Explained,
        _ => {
            let fields = options.fields.iter().flatten();
            let checked = options.format.check(fields);
            checked.map_err(|error| fail(Exit::Usage, &error.to_string()))?;
            Form::Decoded(options.format)
        }
    };
    let mut what = cat::Options {
        form,
        fields: options.fields,
        every: options.every.map(Duration::from_secs),
        on_change: options.on_change,
        output: options.output,
        meter: options.meter,
        is_anonymous: options.anonymous,
        count: options.count,
        timeout: options.timeout.map(Duration::from_secs),
    };
    let out = io::stdout().lock();
    if let Some(path) = &options.input {
        let (name, file) = open(path)?;
        return cat::from_file(&name, file, Policy::Auto, &what, out, &mut io::stderr())
            .map_err(|error| fail(Exit::Io, &error.to_string()));
    }
    let port = if options.raw { config.multicast.raw_port } else { Some(config.multicast.port) };
    what.meter = what.meter.or(config.multicast.meter.clone());
    let stdout = io::stdout();
    let watched = what.output.is_none().then_some(&stdout);
    let mut group = GroupDatagrams::join(&config.multicast, port, watched)?;
    cat::from_network(&mut group, &what, out).map_err(|error| fail(Exit::Io, &error.to_string()))
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
