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
mod encryption;
mod habits;
pub mod household;
mod lines;
mod link;
pub mod meter;
mod options;
mod output;
mod pace;
mod port;
mod replay;
mod schedule;
mod sky;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chrono::Utc;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::key_files::KeysError;
use crate::runtime::Exit;
use crate::runtime::signals::termination_flag;

use encryption::Encryptor;
pub use link::PORTS;
use meter::Meter;
pub use options::{EXITS, Options, Speed};
use output::Output;
use pace::Pace;
use port::Port;
use replay::Replay;

/// Why a simulation did not start, or ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system has no pseudo-terminal for us.
    #[error("cannot open a pseudo-terminal: {0}")]
    Pty(#[source] io::Error),
    /// The symbolic link cannot be made.
    #[error("cannot make {} a link to the port: {error}", path.display())]
    Link {
        /// Where it should be.
        path: PathBuf,
        /// The error of the system.
        #[source]
        error: io::Error,
    },
    /// The recording cannot be read.
    #[error("cannot read the recording {}: {error}", path.display())]
    Replay {
        /// The recording.
        path: PathBuf,
        /// The error of the system.
        #[source]
        error: io::Error,
    },
    /// The keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Telegrams cannot be written.
    #[error("cannot write telegrams: {0}")]
    Output(#[source] io::Error),
}

impl Error {
    /// The exit status that belongs to the error.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Pty(_) => Exit::Unavailable,
            Self::Link { .. } | Self::Replay { .. } | Self::Keys(_) | Self::Output(_) => Exit::Io,
        }
    }
}

/// Plays a meter until a signal stops it.
pub fn run(options: &Options) -> Result<Exit, Exit> {
    let refused = |error| {
        log::error!("cannot handle signals: {error}");
        Exit::Io
    };
    let stop = termination_flag(&[SIGHUP, SIGINT, SIGTERM]).map_err(refused)?;
    let failed = |error: Error| {
        log::error!("{error}");
        error.exit()
    };
    simulate(options, &stop).map(|()| Exit::Done).map_err(failed)
}

/// Plays a meter until the last telegram, until the reader of standard output has gone, or until `stop` is
/// set.
fn simulate(options: &Options, stop: &AtomicBool) -> Result<(), Error> {
    let mut source = Source::open(options)?;
    let mut encryptor = Encryptor::open(&options.encryption)?;
    let mut output = open_output(options)?;
    match play(options, &mut source, encryptor.as_mut(), &mut output, stop) {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn play(
    options: &Options,
    source: &mut Source,
    mut encryptor: Option<&mut Encryptor>,
    output: &mut Output,
    stop: &AtomicBool,
) -> Result<(), Error> {
    if matches!(source, Source::Recording(..)) {
        // The listener should get the beginning of a recording, too.
        output.wait_for_listener(stop).map_err(Error::Output)?;
    }
    let mut pace = Pace::new(options.speed.interval(), Instant::now());
    let mut telegram = Vec::new();
    let mut left = options.count.unwrap_or(u64::MAX);
    while left > 0 && source.next_telegram(&mut telegram)? {
        if let Some(encryptor) = &mut encryptor {
            encryptor.encrypt(&mut telegram);
        }
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
    let port = if options.stdout { None } else { Some(Port::open(options.link.as_deref())?) };
    if let Some(port) = &port {
        port.announce();
    }
    Ok(Output::new(port, options.baud_pace))
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
