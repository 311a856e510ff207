//! The line to the meter: opened, lost, and opened again.
//!
//! Owns the back-off and what is said about it: one message when the line is lost, one when it is
//! back, one when the reason changes; nothing in between. Time is passed in, and nothing sleeps here.

use std::time::{Duration, Instant};

use super::source::{Port, Source};

/// The first wait after a failure; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The longest pause between two looks whether the port has appeared.
const LOOK: Duration = Duration::from_millis(250);

/// What came of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// So many bytes were read.
    Bytes(usize),
    /// No byte came in a source's patience.
    Silence,
    /// The line has just been opened or lost: what was half received is lost.
    Changed,
    /// There is no line; it is no use to try again before this has gone by.
    Wait(Duration),
}

/// A port and, while it is open, the source behind it.
pub struct Line {
    port: Box<dyn Port>,
    state: State,
    /// Since when there is no line, and why.
    trouble: Option<(Instant, String)>,
}

enum State {
    Open(Box<dyn Source>),
    Closed { next: Instant, wait: Duration, was_there: bool },
}

impl Line {
    /// A line that is opened in the first turn.
    #[must_use]
    pub fn new(port: Box<dyn Port>, now: Instant) -> Self {
        let state = State::Closed { next: now, wait: Duration::ZERO, was_there: false };
        Self { port, state, trouble: None }
    }

    /// Reads, or opens the line when it is time to.
    pub fn turn(&mut self, buffer: &mut [u8], now: Instant) -> Turn {
        match &mut self.state {
            State::Open(source) => match source.read(buffer) {
                Ok(0) => Turn::Silence,
                Ok(length) => Turn::Bytes(length),
                Err(error) => {
                    self.fail(
                        now,
                        FIRST_WAIT,
                        format!("{} is gone: {error}", self.port.description()),
                    );
                    Turn::Changed
                }
            },
            State::Closed { next, wait, was_there } => {
                let has_appeared = !*was_there && self.port.is_there();
                if now < *next && !has_appeared {
                    return Turn::Wait(LOOK.min(*next - now));
                }
                let wait = (*wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
                self.open(now, wait)
            }
        }
    }

    /// What is wrong with the line, if anything is.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_ref().map(|(_, reason)| reason.as_str())
    }

    /// What the line is, in words.
    #[must_use]
    pub fn description(&self) -> String {
        self.port.description()
    }

    fn open(&mut self, now: Instant, wait: Duration) -> Turn {
        match self.port.open() {
            Ok(source) => {
                self.state = State::Open(source);
                let description = self.port.description();
                match self.trouble.take() {
                    Some((since, _)) => {
                        let seconds = now.saturating_duration_since(since).as_secs();
                        log::info!("{description} is open, after {seconds} s");
                    }
                    None => log::info!("{description} is open"),
                }
                Turn::Changed
            }
            Err(reason) => {
                self.fail(now, wait, reason);
                Turn::Wait(LOOK.min(wait))
            }
        }
    }

    fn fail(&mut self, now: Instant, wait: Duration, reason: String) {
        let was_there = self.port.is_there();
        self.state = State::Closed { next: now + wait, wait, was_there };
        if self.trouble() != Some(&reason) {
            log::warn!("{reason}; trying again");
        }
        let since = self.trouble.as_ref().map_or(now, |(since, _)| *since);
        self.trouble = Some((since, reason));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::io::{self, ErrorKind};
    use std::rc::Rc;

    use super::*;

    /// A port that is there or not, counts its openings, and whose sources give what is queued.
    #[derive(Clone, Default)]
    struct FakePort {
        there: Rc<Cell<bool>>,
        attempts: Rc<Cell<u32>>,
        reads: Rc<RefCell<Vec<io::Result<usize>>>>,
    }

    impl Port for FakePort {
        fn open(&self) -> Result<Box<dyn Source>, String> {
            self.attempts.set(self.attempts.get() + 1);
            if self.there.get() { Ok(Box::new(self.clone())) } else { Err("there is none".into()) }
        }

        fn is_there(&self) -> bool {
            self.there.get()
        }

        fn description(&self) -> String {
            "the port".into()
        }
    }

    impl Source for FakePort {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.reads.borrow_mut().pop().unwrap_or(Ok(0))
        }
    }

    fn line() -> (FakePort, Line, Instant) {
        let (port, start) = (FakePort::default(), Instant::now());
        (port.clone(), Line::new(Box::new(port), start), start)
    }

    #[test]
    fn a_line_is_opened_and_read() {
        let (port, mut line, now) = line();
        port.there.set(true);
        port.reads.borrow_mut().push(Ok(5));
        let turns = [(); 3].map(|()| line.turn(&mut [], now));
        assert_eq!(turns, [Turn::Changed, Turn::Bytes(5), Turn::Silence]);
    }

    #[test]
    fn attempts_become_rare_while_there_is_no_port() {
        let (port, mut line, start) = line();
        let mut now = start;
        while now < start + Duration::from_secs(3600) {
            match line.turn(&mut [], now) {
                Turn::Wait(pause) => now += pause.max(Duration::from_millis(1)),
                other => panic!("{other:?}"),
            }
        }
        assert!((100..150).contains(&port.attempts.get()), "{}", port.attempts.get());
        assert_eq!(line.trouble(), Some("there is none"));
    }

    #[test]
    fn a_port_that_appears_is_opened_at_the_next_look() {
        let (port, mut line, start) = line();
        line.turn(&mut [], start);
        port.there.set(true);
        assert_eq!(line.turn(&mut [], start + LOOK), Turn::Changed);
        assert_eq!(line.trouble(), None);
    }

    #[test]
    fn a_hang_up_closes_the_line_and_does_not_spin() {
        let (port, mut line, start) = line();
        port.there.set(true);
        assert_eq!(line.turn(&mut [], start), Turn::Changed);
        port.reads.borrow_mut().push(Err(ErrorKind::BrokenPipe.into()));
        assert_eq!(line.turn(&mut [], start), Turn::Changed);
        assert!(line.trouble().is_some());
        assert_eq!(
            line.turn(&mut [], start),
            Turn::Wait(LOOK),
            "the node is still there: no hurry"
        );
        assert_eq!(line.turn(&mut [], start + FIRST_WAIT), Turn::Changed);
        assert_eq!(port.attempts.get(), 2);
    }
}
