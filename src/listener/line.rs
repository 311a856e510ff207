//! The line to the meter: opened, lost, and opened again.
//!
//! Owns the backoff and its log messages: one when the line is lost and one when it is back. A line that
//! is lost again before a telegram was read is not back, which is logged once; a line that is lost every
//! few seconds is not logged each time. A line that stays silent for too long is closed and opened again:
//! some adapters stop sending until then. Time is passed in, and nothing sleeps here.

use std::time::{Duration, Instant};

use super::source::{Port, READ_TIMEOUT, ReadOutcome, Source, SourceKind};
use crate::runtime::OutageLog;
use crate::text;

/// The first wait after a failure; each further one is twice as long, until a telegram was read.
const MIN_BACKOFF: Duration = Duration::from_secs(1);

/// The longest wait between two attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// How often a missing port is looked for.
const PROBE_INTERVAL: Duration = Duration::from_millis(250);

/// How often an opening that is in progress is checked.
const CONNECT_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How long a silent port stays closed: cables that take their power from DTR and RTS must notice. Counted from
/// the beginning of a read, which takes [`READ_TIMEOUT`], so that a second of it is left.
const REOPEN_PAUSE: Duration = READ_TIMEOUT.saturating_add(Duration::from_secs(1));

/// A telegram that comes this soon after a silent port was opened again is taken for its effect. The
/// slowest meters send every 10 s.
const REOPEN_EFFECT: Duration = Duration::from_secs(20);

/// The outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// This many bytes were read.
    Bytes(usize),
    /// No byte came within [`READ_TIMEOUT`].
    Silence,
    /// The line has just been opened or lost: what was half received is lost.
    Changed,
    /// The line is closed; the next step is useful after this time.
    Wait(Duration),
    /// The source has come to its end.
    End,
}

/// A port and, while it is open, the source behind it.
pub struct Line {
    port: Box<dyn Port>,
    state: State,
    /// Whether it has been open before.
    was_opened: bool,
    /// The wait after the last failure; zero when a telegram has been read since.
    backoff: Duration,
    /// From the first failure until a telegram has been read.
    outage: Option<Outage>,
    /// When it was opened again for its silence, until a telegram has been read.
    reopened: Option<Instant>,
    /// Telegrams since the start, in number.
    telegrams: u64,
    /// Which outages are logged: some dongles hang up after each telegram.
    outages: OutageLog,
}

enum State {
    Open {
        source: Box<dyn Source>,
        /// When bytes came in last, or when it was opened.
        last_bytes: Instant,
    },
    Closed {
        next: Instant,
        was_there: bool,
    },
}

struct Outage {
    since: Instant,
    reason: String,
    logged: Logged,
}

/// What the log said last about an outage.
#[derive(PartialEq)]
enum Logged {
    /// The line is lost, or nothing.
    Lost,
    /// It is open again.
    Open,
    /// It was lost again before a telegram came.
    LostAgain,
}

impl Line {
    /// A line that is opened in the first step.
    #[must_use]
    pub fn new(port: Box<dyn Port>, now: Instant) -> Self {
        Self {
            port,
            state: State::Closed { next: now, was_there: false },
            was_opened: false,
            backoff: Duration::ZERO,
            outage: None,
            reopened: None,
            telegrams: 0,
            outages: OutageLog::default(),
        }
    }

    /// Uses another port; it is opened in the next step.
    pub fn replace(&mut self, port: Box<dyn Port>, now: Instant) {
        *self = Self { telegrams: self.telegrams, ..Self::new(port, now) };
    }

    /// Reads, or opens the line when that is due.
    pub fn step(&mut self, buffer: &mut [u8], now: Instant) -> Event {
        match self.state {
            State::Open { .. } => self.read(buffer, now),
            State::Closed { .. } => self.wait_or_open(now),
        }
    }

    /// A telegram has been read: the line and its speed are right.
    pub fn on_telegram(&mut self, now: Instant) {
        self.telegrams += 1;
        self.backoff = Duration::ZERO;
        self.log_speed();
        if let Some(outage) = self.outage.take() {
            if outage.logged == Logged::LostAgain {
                self.log_open_after(&outage, now);
            }
        }
        // Logged when it was opened.
        let _ = self.outages.up();
        if let Some(reopened) = self.reopened.take() {
            if now.saturating_duration_since(reopened) <= REOPEN_EFFECT {
                log::info!(
                    "{} had gone mute, and sends again since it was closed and opened again",
                    self.port.description()
                );
            }
        }
    }

    /// A telegram was rejected that is whole but for its checksum: the speed is right.
    pub fn on_intact_telegram(&mut self) {
        self.log_speed();
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

    /// What the bytes come from, while the line is open.
    #[must_use]
    pub fn source_kind(&self) -> Option<SourceKind> {
        match &self.state {
            State::Open { source, .. } => Some(source.kind()),
            State::Closed { .. } => None,
        }
    }

    /// What the line is, in words.
    #[must_use]
    pub fn description(&self) -> String {
        self.port.description()
    }

    /// The other programs that have the port open, as far as that can be seen.
    #[must_use]
    pub fn holders(&self) -> Vec<String> {
        self.port.holders()
    }

    fn log_speed(&mut self) {
        if let Some(speed) = self.port.on_telegram() {
            log::info!("meter found at {speed} baud");
        }
    }

    fn read(&mut self, buffer: &mut [u8], now: Instant) -> Event {
        let State::Open { source, last_bytes } = &mut self.state else { return Event::Changed };
        match source.read(buffer) {
            Ok(ReadOutcome::Bytes(length)) => {
                *last_bytes = now;
                if self.port.on_bytes(now) {
                    log::debug!("no telegram so far; trying {}", self.port.description());
                    self.close(now);
                    return Event::Changed;
                }
                Event::Bytes(length)
            }
            Ok(ReadOutcome::End) => Event::End,
            Ok(ReadOutcome::Nothing) => {
                let silence = now.saturating_duration_since(*last_bytes);
                if source.max_silence().is_none_or(|max| silence < max) {
                    return Event::Silence;
                }
                let (port, silence) = (self.port.description(), text::duration(silence));
                log::debug!("nothing from {port} for {silence}; opening it again");
                let next = now + REOPEN_PAUSE;
                self.reopened = Some(next);
                self.close(next);
                Event::Changed
            }
            Err(error) => {
                self.fail(now, format!("{} is gone: {error}", self.port.description()));
                Event::Changed
            }
        }
    }

    /// Closes the line, to be opened again at time `next`.
    fn close(&mut self, next: Instant) {
        self.state = State::Closed { next, was_there: true };
    }

    fn wait_or_open(&mut self, now: Instant) -> Event {
        let State::Closed { next, was_there } = &mut self.state else { return Event::Changed };
        if now < *next {
            let is_there = self.port.is_there();
            let was_there = std::mem::replace(was_there, is_there);
            if was_there || !is_there {
                return Event::Wait(PROBE_INTERVAL.min(*next - now));
            }
            self.backoff = Duration::ZERO;
        }
        match self.port.open() {
            Ok(Some(source)) => {
                self.state = State::Open { source, last_bytes: now };
                self.log_open(now);
                Event::Changed
            }
            Ok(None) => Event::Wait(CONNECT_POLL_INTERVAL),
            Err(reason) => {
                self.fail(now, reason);
                Event::Wait(PROBE_INTERVAL)
            }
        }
    }

    /// Only the first reason of an outage is logged. The status has the latest one.
    fn fail(&mut self, now: Instant, reason: String) {
        self.backoff = (self.backoff * 2).clamp(MIN_BACKOFF, MAX_BACKOFF);
        self.state = State::Closed { next: now + self.backoff, was_there: self.port.is_there() };
        let begin = || Outage { since: now, reason: String::new(), logged: Logged::Lost };
        let outage = self.outage.get_or_insert_with(begin);
        if let Some(end) = self.outages.down(now) {
            log::warn!("{reason}; trying again{end}");
        } else if outage.logged == Logged::Open {
            log::warn!("{reason}, before a telegram came; trying again until one comes");
            outage.logged = Logged::LostAgain;
        }
        outage.reason = reason;
    }

    fn log_open(&mut self, now: Instant) {
        let is_first = !std::mem::replace(&mut self.was_opened, true);
        match self.outage.take() {
            Some(mut outage) => {
                if outage.logged == Logged::Lost && self.outages.is_logged() {
                    self.log_open_after(&outage, now);
                    outage.logged = Logged::Open;
                }
                self.outage = Some(outage);
            }
            None if is_first => log::info!("{} is open", self.port.description()),
            None => {}
        }
    }

    fn log_open_after(&self, outage: &Outage, now: Instant) {
        log::info!(
            "{} is open after {}; {} since the start",
            self.port.description(),
            text::duration(now.saturating_duration_since(outage.since)),
            text::count(self.telegrams, "telegram")
        );
    }
}

#[cfg(test)]
mod tests;
