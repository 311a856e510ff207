//! One meter: its newest telegram, how old that is, and what earlier ones leave behind.

use std::time::{Duration, Instant};

use super::history::History;
use super::today::Today;
use super::{Local, Sender};
use crate::message::Message;
use crate::reading::Readings;

/// What a meter that has not yet spoken twice is expected to do: DSMR 4 meters speak every ten seconds.
const USUAL_INTERVAL: Duration = Duration::from_secs(10);

/// No meter speaks more often, or less often, than this.
const INTERVALS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// What is known of a meter.
#[derive(Clone, Debug)]
pub struct Meter {
    /// What it is called among others; see [`crate::meter::id`].
    pub name: String,
    /// Its newest telegram.
    pub message: Message,
    /// Who sent it; `None` when it was played from a file.
    pub from: Option<Sender>,
    /// Telegrams received, in number.
    pub received: u64,
    /// The power of the last day.
    pub history: History,
    /// What was used today.
    pub today: Today,
    arrived: Instant,
    interval: Duration,
}

/// Whether the newest telegram is as new as one may expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The next telegram is not due yet, or just due.
    Fresh,
    /// The next telegram is overdue.
    Late,
    /// What is shown is old.
    Lost,
}

impl Meter {
    /// A meter of this name, to take its first telegram.
    pub(super) fn new(name: &str, first: Message, now: Instant) -> Self {
        Self {
            name: name.to_owned(),
            message: first,
            from: None,
            received: 0,
            history: History::default(),
            today: Today::default(),
            arrived: now,
            interval: USUAL_INTERVAL,
        }
    }

    pub(super) fn take(
        &mut self,
        message: Message,
        from: Option<Sender>,
        now: Instant,
        local: Local,
    ) {
        if message.meta.frame_number == self.message.meta.frame_number.wrapping_add(1) {
            let [least, most] = INTERVALS;
            self.interval = now.saturating_duration_since(self.arrived).clamp(least, most);
        }
        (self.message, self.from, self.arrived) = (message, from, now);
        self.count(local);
    }

    /// Adds the newest telegram to what is remembered.
    fn count(&mut self, local: Local) {
        self.received += 1;
        let readings = Readings::of(&self.message);
        let time = self.message.meta.frame_start;
        self.today.note(&readings, time, local(time).date());
        if let Some(power) = readings.number("power_w") {
            self.history.note(time.seconds(), power.whole());
        }
    }

    /// What its newest telegram says.
    #[must_use]
    pub fn readings(&self) -> Readings<'_> {
        Readings::of(&self.message)
    }

    /// How long ago its newest telegram came.
    #[must_use]
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.arrived)
    }

    /// Whether its newest telegram is new, measured by how often it speaks.
    #[must_use]
    pub fn freshness(&self, now: Instant) -> Freshness {
        let age = self.age(now);
        if age < self.interval * 2 + Duration::from_secs(3) {
            Freshness::Fresh
        } else if age < self.interval * 6 + Duration::from_secs(24) {
            Freshness::Late
        } else {
            Freshness::Lost
        }
    }

    /// The present, in Unix seconds by the clock of its telegrams.
    #[must_use]
    pub fn present(&self, now: Instant) -> i64 {
        let age = i64::try_from(self.age(now).as_secs()).unwrap_or(i64::MAX);
        self.message.meta.frame_start.seconds().saturating_add(age)
    }
}
