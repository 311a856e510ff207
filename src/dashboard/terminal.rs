//! The terminal: what it can show, taking it, and giving it back as it was.
//!
//! Owns the one moment at which the screen is ours. Between [`take`] and [`give_back`] standard error
//! leads to the log file or nowhere, so that nothing but the dashboard writes on the screen. A panic
//! gives the terminal back before it is reported; in release builds nothing is unwound, so no `Drop`
//! would.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::time::Duration;

use cursive::backend::Backend;
use cursive::backends::crossterm::crossterm::style::{Attribute, SetAttribute};
use cursive::backends::crossterm::crossterm::{cursor, event, execute, terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::layout::{self, Glyphs};
use crate::words;

/// How much colour a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 256 colours.
    Many,
    /// The sixteen that every colour terminal has.
    Sixteen,
    /// None, but bold and reverse.
    Monochrome,
    /// Nothing but characters: on a real VT100 bold could not be taken back.
    Plain,
}

/// What the environment tells of the terminal. `variable` gives the value of an environment variable.
#[must_use]
pub fn abilities(variable: &dyn Fn(&str) -> Option<String>) -> (&'static Glyphs, Depth) {
    let kind = variable("TERM").unwrap_or_default();
    let is_plain = kind.is_empty() || kind == "dumb" || kind.starts_with("vt");
    let speaks_utf8 = {
        let locale = words::locale(variable).to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    };
    let glyphs = match kind.as_str() {
        _ if is_plain || !speaks_utf8 => &layout::ASCII,
        "linux" => &layout::CONSOLE,
        _ => &layout::UNICODE,
    };
    let has_many =
        kind.contains("256") || variable("COLORTERM").is_some_and(|text| !text.is_empty());
    let depth = match () {
        () if is_plain => Depth::Plain,
        () if variable("NO_COLOR").is_some_and(|text| !text.is_empty()) => Depth::Monochrome,
        () if kind.ends_with("-m") || kind.ends_with("-mono") => Depth::Monochrome,
        () if has_many => Depth::Many,
        () => Depth::Sixteen,
    };
    (glyphs, depth)
}

/// Where standard error led, while the screen is ours.
static KEPT: Mutex<Option<OwnedFd>> = Mutex::new(None);

/// Takes the terminal again after [`give_back`], for the same backend. Its screen is empty.
pub fn take_again(log: Option<File>) -> io::Result<()> {
    redirect_stderr(log)?;
    let screen = || {
        terminal::enable_raw_mode()?;
        let mut tty = File::options().write(true).open("/dev/tty")?;
        execute!(tty, terminal::EnterAlternateScreen, event::EnableMouseCapture, cursor::Hide)
    };
    screen().inspect_err(|_| give_back())
}

/// Stops this job, as Ctrl-Z does elsewhere, until it is continued.
pub fn suspend() {
    // Whoever started this in a pipe or a script expects all of the job to stop.
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
}

/// Takes the terminal. From here on standard error leads to `log`, or nowhere without it.
pub fn take(log: Option<File>) -> io::Result<Box<dyn Backend>> {
    give_back_on_panic();
    redirect_stderr(log)?;
    cursive::backends::crossterm::Backend::init().inspect_err(|_| give_back())
}

fn redirect_stderr(log: Option<File>) -> io::Result<()> {
    let kept = io::stderr().as_fd().try_clone_to_owned()?;
    let log = log.map_or_else(|| File::options().write(true).open("/dev/null"), Ok)?;
    rustix::stdio::dup2_stderr(log)?;
    *lock() = Some(kept);
    Ok(())
}

/// Gives the terminal back as it was; nothing happens if it is not ours.
pub fn give_back() {
    let Some(kept) = lock().take() else { return };
    // If the terminal is gone, there is nothing to put right.
    if let Ok(mut tty) = File::options().write(true).open("/dev/tty") {
        let (_, rows) = terminal::size().unwrap_or((0, 1));
        let _ = execute!(
            tty,
            SetAttribute(Attribute::Reset),
            event::DisableMouseCapture,
            // For terminals without a second screen: the prompt comes below ours.
            cursor::MoveTo(0, rows.saturating_sub(1)),
            terminal::LeaveAlternateScreen,
            cursor::Show,
        );
    }
    let _ = terminal::disable_raw_mode();
    let _ = rustix::stdio::dup2_stderr(kept);
}

fn lock() -> std::sync::MutexGuard<'static, Option<OwnedFd>> {
    KEPT.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn give_back_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        give_back();
        report(info);
    }));
}

/// What there is to do about the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Nothing.
    Nothing,
    /// Something was typed, or a signal came in, such as that of a new size.
    Input,
    /// The terminal is gone.
    Gone,
}

/// The keyboard: what cursive reads from.
pub struct Keyboard(Option<File>);

impl Keyboard {
    /// Standard input if it is a terminal, else the terminal that controls this process.
    pub fn open() -> io::Result<Self> {
        if io::stdin().is_terminal() {
            return Ok(Self(None));
        }
        File::open("/dev/tty").map(|tty| Self(Some(tty)))
    }

    /// Waits for input, for a signal, or until `time` is over.
    ///
    /// cursive's reader never comes back from a terminal that has hung up, so it must not be asked then.
    pub fn wait(&self, time: Duration) -> Wake {
        let stdin = io::stdin();
        let keys: BorrowedFd<'_> = self.0.as_ref().map_or_else(|| stdin.as_fd(), File::as_fd);
        let mut keys = [PollFd::new(&keys, PollFlags::IN)];
        let time = Timespec::try_from(time).ok();
        match poll(&mut keys, time.as_ref()) {
            Ok(0) => Wake::Nothing,
            Err(Errno::INTR) => Wake::Input,
            Ok(_) if keys[0].revents() == PollFlags::IN => Wake::Input,
            Ok(_) | Err(_) => Wake::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::process::{Command, Stdio};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;
    use crate::runtime::panic;

    const INSIDE: &str = "P1_TEST_INSIDE_A_TERMINAL";

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_is_reported() {
        if std::env::var_os(INSIDE).is_some() {
            panic::install();
            let _backend = take(None).unwrap();
            eprintln!("this goes nowhere");
            panic!("on purpose");
        }
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let slave = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let end = || Stdio::from(File::options().read(true).write(true).open(&slave).unwrap());
        let test =
            "dashboard::terminal::tests::a_panic_gives_the_terminal_back_before_it_is_reported";
        let mut child = Command::new("setsid")
            .arg("--ctty")
            .arg(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(INSIDE, "1")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let mut output = Vec::new();
        // A terminal whose other end is closed is an error to read from, not an end.
        let _ = File::from(master).read_to_end(&mut output);
        assert_eq!(child.wait().unwrap().code(), Some(70));
        let output = String::from_utf8_lossy(&output);
        let (taken, after) = output.split_once("\x1b[?1049l").expect("leaves the second screen");
        assert!(taken.contains("\x1b[?1049h") && after.contains("\x1b[?25h"), "{output:?}");
        assert!(after.contains("bug: on purpose"), "{output:?}");
        assert!(!output.contains("goes nowhere"), "{output:?}");
    }

    fn of(variables: &[(&str, &str)]) -> (&'static Glyphs, Depth) {
        abilities(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_terminal_is_taken_for_what_it_can_do() {
        let utf8 = ("LANG", "nl_NL.UTF-8");
        for (variables, expected) in [
            (&[("TERM", "xterm-256color"), utf8][..], (&layout::UNICODE, Depth::Many)),
            (&[("TERM", "xterm"), utf8], (&layout::UNICODE, Depth::Sixteen)),
            (
                &[("TERM", "xterm"), ("COLORTERM", "truecolor"), utf8],
                (&layout::UNICODE, Depth::Many),
            ),
            (&[("TERM", "linux"), utf8], (&layout::CONSOLE, Depth::Sixteen)),
            (&[("TERM", "xterm-256color"), ("LANG", "C")], (&layout::ASCII, Depth::Many)),
            (&[("TERM", "xterm"), utf8, ("LC_ALL", "C")], (&layout::ASCII, Depth::Sixteen)),
            (&[("TERM", "vt100"), utf8], (&layout::ASCII, Depth::Plain)),
            (&[], (&layout::ASCII, Depth::Plain)),
            (&[("TERM", "xterm"), ("NO_COLOR", "1"), utf8], (&layout::UNICODE, Depth::Monochrome)),
            (&[("TERM", "xterm"), ("NO_COLOR", ""), utf8], (&layout::UNICODE, Depth::Sixteen)),
        ] {
            assert_eq!(of(variables), expected, "{variables:?}");
        }
    }
}
