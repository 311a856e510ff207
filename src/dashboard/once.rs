//! One page as plain text, for scripts and `watch`.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use super::layout::{self, DisplayOptions, Frame};
use super::source::{Event, Source};
use super::state::State;
use crate::runtime::{Exit, signals};

/// The longest wait for a telegram: more than the slowest meter needs.
const TELEGRAM_TIMEOUT: Duration = Duration::from_secs(15);

/// The wait from one look at the source to the next.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The size of the page if neither the terminal nor the environment tells it.
const DEFAULT_SIZE: (usize, usize) = (80, 24);

/// Prints the page with the first telegram of the network, or at the end of the recording.
pub(super) fn print(
    mut state: State,
    display: &DisplayOptions,
    source: &mut dyn Source,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Exit, Exit> {
    gather(&mut state, source, TELEGRAM_TIMEOUT)?;
    if state.meter().is_none() {
        log::error!("{}", source.silence(state.wanted(), TELEGRAM_TIMEOUT));
        return Err(Exit::Unavailable);
    }
    let (width, height) = size(variable);
    let frame = Frame {
        state: &state,
        now: Instant::now(),
        display,
        origin: &source.name(),
        paused: false,
        ended: source.has_ended(),
        live: false,
    };
    let text = layout::page(&frame, width, height).text();
    match writeln!(io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            log::error!("standard output: {error}");
            Err(Exit::Io)
        }
        _ => Ok(Exit::Done),
    }
}

/// Takes telegrams until one of the meter to show has arrived from the network, or the recording is over.
///
/// Other telegrams and garbage do not prolong the wait, however many there are.
fn gather(state: &mut State, source: &mut dyn Source, timeout: Duration) -> Result<(), Exit> {
    let mut since = Instant::now();
    loop {
        let now = Instant::now();
        let event = source.next(now).map_err(|error| {
            log::error!("{}: {error}", source.name());
            Exit::Io
        })?;
        match event {
            Some(Event::Telegram(message, from)) => {
                state.take(*message, from, now);
                match from {
                    Some(_) if state.meter().is_some() => return Ok(()),
                    Some(_) => {}
                    // A recording may be long.
                    None => since = now,
                }
            }
            Some(Event::Garbage(count)) => state.garbage += count,
            None if source.has_ended() => return Ok(()),
            None => signals::wait(POLL_INTERVAL),
        }
        if now - since > timeout {
            return Ok(());
        }
    }
}

/// The size in the environment, else that of the terminal.
fn size(variable: &dyn Fn(&str) -> Option<String>) -> (usize, usize) {
    let configured =
        |name: &str| variable(name)?.parse().ok().filter(|cells| (1..=1000).contains(cells));
    let real = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let real = real.filter(|size| size.ws_col > 0 && size.ws_row > 1);
    let (width, height) =
        real.map_or(DEFAULT_SIZE, |size| (size.ws_col.into(), usize::from(size.ws_row) - 1));
    (configured("COLUMNS").unwrap_or(width), configured("LINES").unwrap_or(height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::state::Sender;
    use crate::dashboard::state::tests::message;

    /// A network that is never silent: every other datagram is a telegram, the others are none.
    struct Flood(u64);

    impl Source for Flood {
        fn next(&mut self, _: Instant) -> io::Result<Option<Event>> {
            self.0 += 1;
            if self.0 % 2 == 1 {
                return Ok(Some(Event::Garbage(1)));
            }
            let mut message = message(&[("0-0:96.1.1", "\"A\"")]);
            message.meta.frame_number = self.0;
            let address = ([127, 0, 0, 1], 1).into();
            let sender = Sender { address, lost: 0, duplicates: 0 };
            Ok(Some(Event::Telegram(Box::new(message), Some(sender))))
        }

        fn name(&self) -> String {
            "flood".to_owned()
        }

        fn silence(&self, _: Option<&str>, _: Duration) -> String {
            unreachable!("it is never silent")
        }
    }

    fn gathered(wanted: Option<&str>, timeout: Duration) -> State {
        let local = |_| chrono::NaiveDateTime::default();
        let mut state = State::new(wanted.map(str::to_owned), local, Instant::now());
        gather(&mut state, &mut Flood(0), timeout).unwrap();
        state
    }

    #[test]
    fn the_first_telegram_of_the_meter_ends_it_whatever_else_comes() {
        assert_eq!(gathered(Some("A"), TELEGRAM_TIMEOUT).meter().unwrap().received, 1);
        assert_eq!(gathered(None, TELEGRAM_TIMEOUT).meter().unwrap().received, 1);
    }

    #[test]
    fn a_flood_of_other_meters_and_garbage_is_not_waited_out() {
        let state = gathered(Some("B"), Duration::ZERO);
        assert!(state.meter().is_none() && state.garbage > 0);
    }
}
