//! `p1sim`: a simulated smart meter for trying out, demonstrating and testing everything else.
//!
//! Owns the program's loop: a source of telegrams (the simulated meter, or a recording), the pace, and
//! the output. The household and its meter are pure and can be used without the program:
//!
//! ```
//! use p1_multicast::simulator::{calendar, meter::Meter};
//!
//! let start = calendar::parse_local("2026-11-22 18:30:00")?;
//! let mut telegram = Vec::new();
//! Meter::new(1, start).next_telegram(&mut telegram);
//! assert!(telegram.starts_with(b"/SIM5"));
//! # Ok::<(), String>(())
//! ```

pub mod calendar;
mod dice;
mod habits;
pub mod household;
mod lines;
mod link;
pub mod meter;
mod options;
mod output;
mod pace;
mod port;
mod pty;
mod ready;
mod replay;
mod schedule;
mod sky;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chrono::Utc;

use crate::runtime::Exit;

use link::Link;
pub use link::PORTS;
use meter::Meter;
pub use options::{EXITS, Options, Speed};
use output::{Output, Sink};
use pace::Pace;
use port::Port;
use pty::Pty;
use replay::Replay;

/// Why a simulation could not begin, or could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system gives no pseudo-terminal, or has taken it away.
    #[error("no pseudo-terminal can be had: {0}")]
    Pty(#[source] io::Error),
    /// The symbolic link cannot be made.
    #[error("{}: cannot be made a link to the port: {error}", path.display())]
    Link {
        /// Where it was wanted.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The recording cannot be read.
    #[error("{}: the recording cannot be read: {error}", path.display())]
    Replay {
        /// The recording.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Telegrams cannot be written.
    #[error("telegrams cannot be written: {0}")]
    Output(#[source] io::Error),
}

impl Error {
    /// The exit status that belongs to the error.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Pty(_) => Exit::Unavailable,
            Self::Link { .. } | Self::Replay { .. } | Self::Output(_) => Exit::Io,
        }
    }
}

/// Plays a meter until the telegrams asked for are over, the reader of standard output has gone, or
/// `stop` is set.
pub fn run(options: &Options, stop: &AtomicBool) -> Result<(), Error> {
    let mut source = Source::open(options)?;
    let mut output = open_output(options)?;
    match play(options, &mut source, &mut output, stop) {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn play(
    options: &Options,
    source: &mut Source,
    output: &mut Output,
    stop: &AtomicBool,
) -> Result<(), Error> {
    if matches!(source, Source::Recording(..)) {
        // Of a recording the beginning is wanted, too.
        output.wait_for_listener(stop).map_err(Error::Output)?;
    }
    let mut pace = Pace::new(options.speed.interval(), Instant::now());
    let mut telegram = Vec::new();
    let mut left = options.count.unwrap_or(u64::MAX);
    while left > 0 && source.next_telegram(&mut telegram)? {
        if options.speed.is_unpaced() {
            output.wait_for_listener(stop).map_err(Error::Output)?;
        }
        let due = pace.next(Instant::now());
        output.wait_until(due, stop).map_err(Error::Output)?;
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        output.send(&telegram, stop).map_err(Error::Output)?;
        left -= 1;
    }
    output.finish(stop).map_err(Error::Output)
}

fn open_output(options: &Options) -> Result<Output, Error> {
    if options.stdout {
        return Ok(Output::new(Sink::Stdout, options.baud_pace));
    }
    let pty = Pty::open().map_err(Error::Pty)?;
    let link = |path: &PathBuf| {
        Link::create(path, pty.path()).map_err(|error| Error::Link { path: path.clone(), error })
    };
    let link = options.link.as_ref().map(link).transpose()?;
    let port = Port::new(pty, link);
    port.announce();
    Ok(Output::new(Sink::Port(port), options.baud_pace))
}

/// Where telegrams come from.
#[derive(Debug)]
enum Source {
    Meter(Box<Meter>),
    Recording(PathBuf, Replay),
}

impl Source {
    fn open(options: &Options) -> Result<Self, Error> {
        let Some(path) = &options.replay else {
            let start = options.start.unwrap_or_else(|| Utc::now().timestamp());
            return Ok(Self::Meter(Box::new(Meter::new(options.seed, start))));
        };
        let path = path.clone();
        match Replay::open(&path, options.again) {
            Ok(replay) => Ok(Self::Recording(path, replay)),
            Err(error) => Err(Error::Replay { path, error }),
        }
    }

    /// Puts the next telegram into `telegram`; false when there is none.
    fn next_telegram(&mut self, telegram: &mut Vec<u8>) -> Result<bool, Error> {
        telegram.clear();
        match self {
            Self::Meter(meter) => {
                meter.next_telegram(telegram);
                Ok(true)
            }
            Self::Recording(path, replay) => replay
                .next_telegram(telegram)
                .map_err(|error| Error::Replay { path: path.clone(), error }),
        }
    }
}

#[cfg(test)]
mod tests;
