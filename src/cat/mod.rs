//! `p1cat`: telegrams as text, from the network or from a file of raw telegrams.
//!
//! Owns what is printed, which command runs, and when to stop. To everything but [`run`] the streams, the file and
//! the source of telegrams are passed in.
//!
//! ```text
//! network ─┐                 ┌─▶ condition (comes true) ──▶ command
//!          │                 ├─▶ pace (interval, change) ──▶ format ─┐
//! file ────┴─▶ the telegram ─┼─▶ explain (in words) ─────────────────┼─▶ printer
//!                            └─▶ raw, anonymous ─────────────────────┘
//! ```

mod anonymous;
mod client;
mod command;
mod condition;
mod explain;
mod field;
mod file;
mod format;
mod group;
mod http;
mod network;
mod options;
mod pace;
mod pipeline;
mod printer;
mod stop_signal;

use std::env;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd as _};
use std::path::Path;

use rustix::fs::{FileType, fstat};
use rustix::net::sockopt::{Timeout, set_socket_timeout};

pub use anonymous::anonymous;
pub use condition::{Condition, ConditionError};
pub use explain::Explanation;
pub use field::{Field, UnknownField};
pub use file::from_file;
pub use format::{CellStyle, FieldsError, Format, FormatError, Template, TemplateError};
pub use group::GroupTelegrams;
pub use network::{TelegramSource, from_network};
pub use options::{EXITS, Options};
pub use printer::Printer;
pub use stop_signal::StopSignal;

use client::{Client, is_socket};

use crate::config::{Config, Multicast};
use crate::history::today::DayRecords;
use crate::runtime::Exit;
use crate::telegram::Policy;
use crate::text;

/// The longest header of a table, in bytes; all fields together are shorter.
const MAX_HEADER: u64 = 64 * 1024;

/// Prints what the options ask for. Logs what goes wrong.
pub fn run(mut options: Options, config: &Config) -> Result<Exit, Exit> {
    let fields = options.fields.iter().flatten();
    options
        .format
        .check(fields, options.cell_style())
        .map_err(|error| fail(Exit::Usage, &error))?;
    let is_address = |name: &String| name.parse::<IpAddr>().is_ok();
    if options.raw && !options.source.iter().all(is_address) {
        let reason = "--source: raw telegrams tell the address of their listener, not its name";
        return Err(fail(Exit::Usage, &reason));
    }
    if let Some(program) = options.exec.as_ref().and_then(|command| command.first()) {
        if !command::exists(program, env::var_os("PATH").as_deref()) {
            let reason = format!("--exec: there is no program {}", text::escaped(program));
            return Err(fail(Exit::Usage, &reason));
        }
    }
    if matches!(options.format, Format::Csv) {
        options.first_line = first_line(&io::stdout());
    }
    if options.http {
        return answer_request(options, config);
    }
    // Without --every nothing is held back that a signal could lose.
    let stop = options.every.map(|_| StopSignal::install()).transpose();
    let stop = stop.map_err(|error| fail(Exit::Io, &format!("cannot handle signals: {error}")))?;
    let exit = if let Some(path) = options.input.take() {
        options.zone = config.p1_listener.time_zone;
        print_file(&path, &options, stop.as_ref())
    } else {
        options.records = DayRecords::of(config);
        print_group(&config.multicast, &options, stop.as_ref())
    }?;
    if let Some(stop) = stop {
        stop.end_process().map_err(|error| fail(Exit::Io, &error))?;
    }
    Ok(exit)
}

fn print_file(path: &Path, options: &Options, stop: Option<&StopSignal>) -> Result<Exit, Exit> {
    let is_stdin = path.as_os_str() == "-";
    let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
    let opened = if is_stdin { standard_input() } else { File::open(path) };
    let file = opened.map_err(|error| fail(Exit::Io, &format!("{name}: {error}")))?;
    let file: Box<dyn Read> = match stop {
        Some(stop) => Box::new(stop.reader(file)),
        None => Box::new(file),
    };
    let (out, mut errors) = (io::stdout().lock(), io::stderr());
    from_file(&name, file, Policy::Auto, options, out, &mut errors)
        .map_err(|error| fail(Exit::Io, &error))
}

/// The first line of the file that `output` appends to; `None` for anything but a file that can be read.
fn first_line(output: &impl AsFd) -> Option<String> {
    if !FileType::from_raw_mode(fstat(output).ok()?.st_mode).is_file() {
        return None;
    }
    // The descriptor itself may be open for writing only.
    let file = File::open(format!("/proc/self/fd/{}", output.as_fd().as_raw_fd())).ok()?;
    let mut line = String::new();
    BufReader::new(file.take(MAX_HEADER)).read_line(&mut line).ok()?;
    line.ends_with('\n').then(|| line.trim_end().to_owned())
}

/// Answers the HTTP request on standard input with the next telegram.
fn answer_request(mut options: Options, config: &Config) -> Result<Exit, Exit> {
    let input = standard_input().map_err(|error| fail(Exit::Io, &error))?;
    if is_socket(&input) {
        let timeout = Some(http::REQUEST_TIMEOUT);
        set_socket_timeout(&input, Timeout::Recv, timeout)
            .map_err(|error| fail(Exit::Io, &error))?;
    }
    let request = http::Request::read(&input);
    let mut printed = None;
    if request == http::Request::Get {
        options.records = DayRecords::of(config);
        options.count = Some(1);
        options.timeout = options.timeout.or(Some(http::TELEGRAM_TIMEOUT));
        let mut telegrams = GroupTelegrams::join(&config.multicast, &options, None::<&File>)?;
        let mut body = Vec::new();
        let exit = from_network(&mut telegrams, &options, &mut body);
        let exit = exit.map_err(|error| fail(Exit::Io, &error))?;
        printed = (exit == Exit::Done).then_some(body);
    }
    let out = Client::new(io::stdout().lock());
    match http::answer(request, &options.format, printed.as_deref(), out) {
        Err(error) if !printer::has_left(&error) => Err(fail(Exit::Io, &error)),
        _ => Ok(Exit::Done),
    }
}

fn standard_input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

fn print_group(
    group: &Multicast,
    options: &Options,
    stop: Option<&StopSignal>,
) -> Result<Exit, Exit> {
    let stdout = io::stdout();
    let is_printing = options.output.is_none() && options.exec.is_none();
    let watched = is_printing.then_some(&stdout);
    let mut telegrams = GroupTelegrams::join(group, options, watched)?.until(stop);
    from_network(&mut telegrams, options, Client::new(stdout.lock()))
        .map_err(|error| fail(Exit::Io, &error))
}

fn fail(exit: Exit, reason: &dyn std::fmt::Display) -> Exit {
    log::error!("{reason}");
    exit
}

#[cfg(test)]
mod tests;
