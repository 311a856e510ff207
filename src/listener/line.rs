//! The line to the meter: opened, lost, and opened again.
//!
//! Owns the back-off and what is said about it: one message when the line is lost, one when it is
//! back, and one for each new reason that keeps it from coming back. A line that opens and is lost
//! again before a telegram was read counts as not back, which is said once, and of a line that is lost
//! every few seconds there is not a message each time. Time is passed in, and nothing sleeps here.

use std::time::{Duration, Instant};

use super::source::{Given, Port, Source};
use crate::runtime::OutageLog;
use crate::text;

/// The first wait after a failure; each further one is twice as long, until a telegram was read.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The longest pause between two looks whether the port has appeared.
const LOOK: Duration = Duration::from_millis(250);

/// The pause between two looks whether an opening that is under way has come to its end.
const GLANCE: Duration = Duration::from_millis(20);

/// How many reasons are told of one outage.
const MOST_REASONS: usize = 3;

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
    /// The source has come to its end and will give nothing more.
    End,
}

/// A port and, while it is open, the source behind it.
pub struct Line {
    port: Box<dyn Port>,
    state: State,
    /// The wait after the last failure; zero when a telegram has been read since.
    wait: Duration,
    /// From the first failure until a telegram has been read.
    outage: Option<Outage>,
    /// That the line is open has been said.
    is_said: bool,
    /// Telegrams since the start, in number.
    telegrams: u64,
    /// Which outages are told: some dongles hang up after each telegram.
    outages: OutageLog,
}

enum State {
    Open {
        source: Box<dyn Source>,
        /// When bytes came in last, or when it was opened.
        heard: Instant,
    },
    Closed {
        next: Instant,
        was_there: bool,
    },
}

/// From the first failure on: what is known of it, and what has been said.
struct Outage {
    since: Instant,
    reason: String,
    said: Vec<String>,
    /// The line was lost again after it had been said to be back.
    was_lost_again: bool,
}

impl Outage {
    /// Whether this reason has not been told, and more of them may be.
    fn is_news(&self, reason: &String) -> bool {
        self.said.len() < MOST_REASONS && !self.said.contains(reason)
    }
}

impl Line {
    /// A line that is opened in the first turn.
    #[must_use]
    pub fn new(port: Box<dyn Port>, now: Instant) -> Self {
        let state = State::Closed { next: now, was_there: false };
        Self {
            port,
            state,
            wait: Duration::ZERO,
            outage: None,
            is_said: false,
            telegrams: 0,
            outages: OutageLog::default(),
        }
    }

    /// Takes another port; it is opened in the next turn.
    pub fn replace(&mut self, port: Box<dyn Port>, now: Instant) {
        *self = Self { telegrams: self.telegrams, ..Self::new(port, now) };
    }

    /// Reads, or opens the line when it is time to.
    pub fn step(&mut self, buffer: &mut [u8], now: Instant) -> Turn {
        match self.state {
            State::Open { .. } => self.read(buffer, now),
            State::Closed { .. } => self.wait_or_open(now),
        }
    }

    /// A telegram has been read: the line and its settings have proved themselves.
    pub fn decoded(&mut self, now: Instant) {
        self.telegrams += 1;
        self.wait = Duration::ZERO;
        if let Some(found) = self.port.decoded() {
            log::info!("the meter speaks at {found}");
        }
        if self.outage.as_ref().is_some_and(|outage| outage.was_lost_again) {
            self.say_open(now);
        }
        self.outage = None;
        // That was said when it was opened.
        let _ = self.outages.up();
    }

    /// What is wrong with the line, if anything is.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        if self.is_open() {
            return None;
        }
        self.outage.as_ref().map(|outage| outage.reason.as_str())
    }

    /// Whether bytes can come in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// How long the line takes for one byte, where that is known.
    #[must_use]
    pub fn byte_time(&self) -> Option<Duration> {
        match &self.state {
            State::Open { source, .. } => source.byte_time(),
            State::Closed { .. } => None,
        }
    }

    /// What the line is, in words.
    #[must_use]
    pub fn description(&self) -> String {
        self.port.description()
    }

    fn read(&mut self, buffer: &mut [u8], now: Instant) -> Turn {
        let State::Open { source, heard } = &mut self.state else { return Turn::Changed };
        let gone = match source.read(buffer) {
            Ok(Given::Bytes(length)) => {
                *heard = now;
                if self.port.heard(now) {
                    log::debug!("no telegram so far; trying {}", self.port.description());
                    self.state = State::Closed { next: now, was_there: true };
                    return Turn::Changed;
                }
                return Turn::Bytes(length);
            }
            Ok(Given::End) => return Turn::End,
            Ok(Given::Nothing) => {
                let silence = now.saturating_duration_since(*heard);
                match source.longest_silence() {
                    Some(longest) if silence >= longest => {
                        format!("nothing came for {}", text::duration(longest))
                    }
                    _ => return Turn::Silence,
                }
            }
            Err(error) => error.to_string(),
        };
        self.fail(now, format!("{} is gone: {gone}", self.port.description()));
        Turn::Changed
    }

    fn wait_or_open(&mut self, now: Instant) -> Turn {
        let State::Closed { next, was_there } = &mut self.state else { return Turn::Changed };
        if now < *next {
            let is_there = self.port.is_there();
            let was_there = std::mem::replace(was_there, is_there);
            if was_there || !is_there {
                return Turn::Wait(LOOK.min(*next - now));
            }
            self.wait = Duration::ZERO;
        }
        match self.port.open() {
            Ok(Some(source)) => {
                self.state = State::Open { source, heard: now };
                if !self.is_said {
                    self.say_open(now);
                }
                Turn::Changed
            }
            Ok(None) => Turn::Wait(GLANCE),
            Err(reason) => {
                self.fail(now, reason);
                Turn::Wait(LOOK)
            }
        }
    }

    fn fail(&mut self, now: Instant, reason: String) {
        let was_there = self.port.is_there();
        self.wait = (self.wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
        self.state = State::Closed { next: now + self.wait, was_there };
        let mut outage = self.outage.take().unwrap_or_else(|| {
            self.is_said = false;
            Outage { since: now, reason: String::new(), said: Vec::new(), was_lost_again: false }
        });
        let begins = self.outages.down(now);
        let is_told = self.outages.is_logged();
        if let Some(end) = begins {
            log::warn!("{reason}; trying again{end}");
            outage.said.push(reason.clone());
        } else if is_told && self.is_said && !outage.was_lost_again {
            log::warn!("{reason}, before a telegram came; trying again until one comes");
            outage.said.push(reason.clone());
        } else if is_told && was_there && outage.is_news(&reason) {
            // That an unplugged port is not there is none.
            log::warn!("{reason}; trying again");
            outage.said.push(reason.clone());
        }
        outage.was_lost_again |= self.is_said;
        self.outage = Some(Outage { reason, ..outage });
    }

    fn say_open(&mut self, now: Instant) {
        self.is_said = true;
        let description = self.port.description();
        match &self.outage {
            Some(_) if !self.outages.is_logged() => {}
            Some(outage) => log::info!(
                "{description} is open, after {}; {} since the start",
                text::duration(now.saturating_duration_since(outage.since)),
                text::count(self.telegrams, "telegram")
            ),
            None => log::info!("{description} is open"),
        }
    }
}

#[cfg(test)]
mod tests;
