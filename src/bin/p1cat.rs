//! Prints telegrams, from the network or from a file, for pipes.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use p1_multicast::cat::{self, Ending, Form, GroupDatagrams, Options};
use p1_multicast::commands;
use p1_multicast::config::Multicast;
use p1_multicast::runtime::Program;
use p1_multicast::runtime::{Exit, arguments};
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
    let what = Options {
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
    // A telegram that is held is printed before a signal ends the program.
    let ending = what.every.map(|_| Ending::install()).transpose();
    let ending = ending.map_err(|error| fail(Exit::Io, &format!("no signals: {error}")))?;
    let exit = match &options.input {
        Some(path) => from_file(path, &what, ending.as_ref()),
        None => from_network(&config.multicast, what, ending.as_ref()),
    }?;
    if let Some(ending) = ending {
        ending.obey().map_err(|error| fail(Exit::Io, &error.to_string()))?;
    }
    Ok(exit)
}

fn from_file(path: &Path, what: &Options, ending: Option<&Ending>) -> Result<Exit, Exit> {
    let name = path.display().to_string();
    let is_stdin = path.as_os_str() == "-";
    let opened = if is_stdin { standard_input() } else { File::open(path) };
    let file = opened.map_err(|error| fail(Exit::Io, &format!("{name}: {error}")))?;
    let file: Box<dyn Read> = match ending {
        Some(ending) => Box::new(ending.end_of(file)),
        None => Box::new(file),
    };
    let (name, out) = (if is_stdin { "standard input" } else { &name }, io::stdout().lock());
    cat::from_file(name, file, Policy::Auto, what, out, &mut io::stderr())
        .map_err(|error| fail(Exit::Io, &error.to_string()))
}

fn standard_input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

fn from_network(group: &Multicast, what: Options, ending: Option<&Ending>) -> Result<Exit, Exit> {
    let port = if matches!(what.form, Form::Raw) { group.raw_port } else { Some(group.port) };
    let meter = what.meter.or(group.meter.clone());
    let (what, stdout) = (Options { meter, ..what }, io::stdout());
    let watched = what.output.is_none().then_some(&stdout);
    let mut datagrams = GroupDatagrams::join(group, port, watched)?.until(ending);
    cat::from_network(&mut datagrams, &what, stdout.lock())
        .map_err(|error| fail(Exit::Io, &error.to_string()))
}

fn fail(exit: Exit, what: &str) -> Exit {
    log::error!("{what}");
    exit
}
