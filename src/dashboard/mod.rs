//! `p1dashboard`: everything the meter says, in a terminal, at a glance.
//!
//! | part       | owns                                                                    |
//! |------------|-------------------------------------------------------------------------|
//! | `state`    | what is known of the meters. Pure                                       |
//! | `layout`   | from the state to a page of cells. Pure                                 |
//! | `past`     | what the history says of days, months and years                         |
//! | `printable`| which characters may reach the terminal                                 |
//! | `source`   | the multicast group, or a recording                                     |
//! | `terminal` | what the terminal can do; taking it and giving it back                  |
//! | `view`     | the page in cursive, keys and windows, the loop                         |
//! | `once`     | the page as plain text, once                                            |

pub mod layout;
mod once;
mod options;
pub mod past;
pub mod printable;
mod source;
pub mod state;
mod terminal;
mod view;

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use log::LevelFilter;

use crate::config::Config;
use crate::history::today::DayRecords;
use crate::runtime::Exit;
use crate::telegram::Timestamp;
use crate::words::Words;
use crate::zone::{HostZone, Zone as _};

pub use options::{EXITS, Options};

use layout::DisplayOptions;
use source::{Network, Recording, Source};
use state::{State, Window};
use terminal::Depth;

/// Runs the dashboard. Everything that can fail does so before the terminal is taken.
pub fn run(options: Options, config: &Config) -> Result<Exit, Exit> {
    let variable = |name: &str| std::env::var(name).ok();
    let (glyphs, depth) = terminal::abilities(&variable);
    let display = DisplayOptions {
        words: Words::chosen(options.language, config.p1_dashboard.language, &variable),
        glyphs: match glyphs {
            _ if options.ascii => &layout::ASCII,
            glyphs if options.blocks && !glyphs.ascii => &layout::BLOCKS,
            glyphs => glyphs,
        },
        kilowatts: false,
        window: Window::default(),
        fuse: config.p1_dashboard.fuse,
    };
    let has_screen = io::stdout().is_terminal();
    if !options.once && !has_screen {
        log::error!("standard output is no terminal; --once prints a page");
        return Err(Exit::Usage);
    }
    let log = options.log_file.map(|path| {
        File::options().create(true).append(true).open(&path).map_err(|error| {
            log::error!("{}: {error}", path.display());
            Exit::Io
        })
    });
    let log = log.transpose()?;
    let interval =
        if options.once { Duration::ZERO } else { Duration::from_secs(1) / options.speed.max(1) };
    let mut source: Box<dyn Source> = match &options.input {
        Some(path) => {
            Box::new(Recording::open(path, interval)?.in_zone(config.p1_listener.time_zone))
        }
        None => Box::new(Network::join(&config.multicast)?),
    };
    let now = Instant::now();
    let wanted = options.meter.or_else(|| config.multicast.meter.clone());
    let records = match &options.input {
        Some(_) => DayRecords::default(),
        None => DayRecords::of(config),
    };
    let state = State::new(wanted, local, now).continuing(records);
    if options.once {
        // Who is heard matters to those who watch, not to scripts.
        if log::max_level() == LevelFilter::Info {
            log::set_max_level(LevelFilter::Warn);
        }
        return once::print(state, &display, &mut *source, &variable);
    }
    let depth = match depth {
        Depth::Many | Depth::Sixteen if options.monochrome => Depth::Monochrome,
        depth => depth,
    };
    let history = config.p1_reader_history.filename.clone();
    Ok(view::run(state, display, depth, &mut *source, history, log.as_ref()))
}

fn local(time: Timestamp) -> chrono::NaiveDateTime {
    HostZone.local(time)
}
