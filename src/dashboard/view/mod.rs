//! The dashboard in a terminal, by cursive.
//!
//! Owns the loop. There is one, and no thread: it waits for the keyboard a tenth of a second at a time,
//! looks whether a telegram came, and draws when the page has changed. cursive's own loop would wake up
//! six times as often.

mod look_back;
mod screen;
mod theme;
mod windows;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cursive::event::Event;
use cursive::style::{BaseColor, Color, ColorStyle};
use cursive::view::{Nameable as _, Resizable as _};
use cursive::views::Canvas;
use cursive::{Cursive, CursiveRunner};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::layout::DisplayOptions;
use super::source::Source;
use super::state::State;
use super::terminal::{self, Depth, Keyboard, Wake};
use crate::runtime::{Exit, signals};

use look_back::LookBack;
use screen::{SCREEN, Screen};

/// How long a telegram may wait until it is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Shows the state until a key or a signal ends it, and takes what the source has meanwhile.
///
/// `history` names the files of the past, `log` takes what is logged meanwhile.
pub fn run(
    state: State,
    display: DisplayOptions,
    depth: Depth,
    source: &mut dyn Source,
    history: PathBuf,
    log: Option<&File>,
) -> Exit {
    let fail = |what: &str, error: &dyn std::fmt::Display| {
        log::error!("{what}: {error}");
        Exit::Io
    };
    let asked = match signals::termination_flag(&[SIGTERM, SIGINT, SIGHUP]) {
        Ok(asked) => asked,
        Err(error) => return fail("cannot handle signals", &error),
    };
    let keyboard = match Keyboard::open() {
        Ok(keyboard) => keyboard,
        Err(error) => return fail("there is no terminal (--once needs none)", &error),
    };
    let now = Instant::now();
    let origin = (source.name(), LookBack::new(history));
    let mut siv = cursive(Screen::new(state, display, depth, origin, now, windows::open));
    let is_suspended = Arc::new(AtomicBool::new(false));
    let suspend = Arc::clone(&is_suspended);
    siv.set_on_pre_event(Event::CtrlChar('z'), move |_| suspend.store(true, Ordering::Relaxed));
    let end = Signals { asked: &asked, is_suspended: &is_suspended, log };
    let backend = match log.map(File::try_clone).transpose().and_then(terminal::take) {
        Ok(backend) => backend,
        Err(error) => return fail("there is no terminal (--once needs none)", &error),
    };
    let mut runner = siv.into_runner(backend);
    let result = run_loop(&mut runner, source, &keyboard, &end);
    terminal::give_back();
    // Its `Drop` would clear the user's own screen, which is back by now.
    std::mem::forget(runner);
    match result {
        Ok(()) => Exit::Done,
        Err(error) => fail(&source.name(), &error),
    }
}

/// A cursive with this screen.
fn cursive(screen: Screen) -> Cursive {
    let mut siv = Cursive::new();
    siv.set_theme(theme::theme(screen.depth, screen.display.glyphs.ascii));
    siv.add_fullscreen_layer(screen.with_name(SCREEN));
    siv
}

/// What the loop is asked for from outside, and where the log goes.
struct Signals<'a> {
    /// To end.
    asked: &'a AtomicBool,
    /// To stop until it is continued.
    is_suspended: &'a AtomicBool,
    log: Option<&'a File>,
}

/// Shows what the source has, and obeys keys and signals, until one of them ends it.
fn run_loop(
    runner: &mut CursiveRunner<Cursive>,
    source: &mut dyn Source,
    keyboard: &Keyboard,
    signals: &Signals<'_>,
) -> std::io::Result<()> {
    runner.refresh();
    let mut input = true;
    while runner.is_running() && !signals.asked.load(Ordering::Relaxed) {
        let mut changed = input && runner.process_events();
        if signals.is_suspended.swap(false, Ordering::Relaxed) {
            terminal::give_back();
            terminal::suspend();
            terminal::take_again(signals.log.map(File::try_clone).transpose()?)?;
            forget_drawn(runner);
            changed = true;
        }
        if take_events(runner, source, Instant::now())? || changed {
            runner.refresh();
        }
        input = match keyboard.wait(POLL_INTERVAL) {
            Wake::Gone => return Ok(()),
            wake => wake == Wake::Input,
        };
    }
    Ok(())
}

/// Makes cursive draw every cell. It draws only those that differ from the last frame, which is no longer on the screen.
/// A frame of blanks in a colour of their own differs from every other one.
fn forget_drawn(runner: &mut CursiveRunner<Cursive>) {
    let blanks = Canvas::new(()).with_draw(|(), printer| {
        let style = ColorStyle::new(BaseColor::Black.dark(), Color::TerminalDefault);
        printer.with_color(style, |printer| {
            (0..printer.size.y).for_each(|y| printer.print_hline((0, y), printer.size.x, " "));
        });
    });
    runner.add_fullscreen_layer(blanks.full_screen());
    runner.refresh();
    runner.pop_layer();
}

/// Takes what the source has; whether there is something new to draw.
fn take_events(siv: &mut Cursive, source: &mut dyn Source, now: Instant) -> std::io::Result<bool> {
    let mut events = Vec::new();
    // A flood must not keep the keyboard waiting.
    while events.len() < 100 {
        let Some(event) = source.next(now)? else { break };
        events.push(event);
    }
    let has_ended = source.has_ended();
    let size = siv.screen_size();
    let came = !events.is_empty();
    let changed = siv.call_on_name(SCREEN, |screen: &mut Screen| {
        for event in events {
            screen.take(event, now);
        }
        if has_ended {
            screen.end();
        }
        (came || screen.is_due(now)) && screen.update(now, size)
    });
    if came {
        windows::update_objects(siv);
    }
    let has_read = windows::update_past(siv);
    Ok(changed.unwrap_or_default() || has_read)
}
