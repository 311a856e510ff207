//! One page as plain text, for scripts and `watch`.

use std::io::{self, Write as _};
use std::time::{Duration, Instant as Monotonic};

use super::layout::{self, Look, Scene};
use super::source::{Event, Source};
use super::state::State;
use crate::daemon::{Exit, signals};

/// How long a telegram is waited for: longer than the slowest meter needs.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often is looked whether one came.
const LOOK: Duration = Duration::from_millis(20);

/// The page when neither the terminal nor the environment tells a size.
const USUAL: (usize, usize) = (80, 24);

/// Prints the page with the first telegram of the network, or at the end of the recording.
pub(super) fn print(
    mut state: State,
    look: &Look,
    source: &mut dyn Source,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Exit, Exit> {
    let began = Monotonic::now();
    let mut came = false;
    loop {
        let now = Monotonic::now();
        let event = source.next(now).map_err(|error| {
            log::error!("{}: {error}", source.name());
            Exit::Io
        })?;
        match event {
            Some(Event::Telegram(message, from)) => {
                came = from.is_some();
                state.take(*message, from, now);
            }
            Some(Event::Garbage) => state.garbage += 1,
            None if source.has_ended() || (came && state.meter().is_some()) => break,
            None if now - began > PATIENCE => break,
            None => signals::wait(LOOK),
        }
    }
    if state.meter().is_none() {
        let (wanted, garbage) = (state.wanted().unwrap_or("any meter"), state.garbage);
        log::error!("no telegram of {wanted} came from {} ({garbage} were bad)", source.name());
        return Err(Exit::Unavailable);
    }
    let (width, height) = size(variable);
    let scene = Scene {
        state: &state,
        now: Monotonic::now(),
        look,
        origin: &source.name(),
        paused: false,
        ended: source.has_ended(),
        live: false,
    };
    let text = layout::page(&scene, width, height).text();
    match io::stdout()
        .lock()
        .write_all(text.trim_end().as_bytes())
        .and_then(|()| writeln!(io::stdout()))
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            log::error!("standard output: {error}");
            Err(Exit::Io)
        }
        _ => Ok(Exit::Done),
    }
}

/// The size that the environment tells, else that of the terminal.
fn size(variable: &dyn Fn(&str) -> Option<String>) -> (usize, usize) {
    let told = |name: &str| variable(name)?.parse().ok().filter(|cells| (1..=1000).contains(cells));
    let real = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let real = real.filter(|size| size.ws_col > 0 && size.ws_row > 1);
    let (width, height) =
        real.map_or(USUAL, |size| (size.ws_col.into(), usize::from(size.ws_row) - 1));
    (told("COLUMNS").unwrap_or(width), told("LINES").unwrap_or(height))
}
