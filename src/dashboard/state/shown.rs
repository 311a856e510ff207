//! One meter: its newest telegram, how old that is, and what earlier ones leave behind.

use std::time::{Duration, Instant};

use super::{Local, Sender, Window};
use crate::message::Message;
use crate::meter::{Day, Power, PowerHistory, Summary, Tracker};
use crate::reading::{Derived, Readings, Registers};

/// What a meter that has not yet spoken twice is expected to do: DSMR 4 meters speak every ten seconds.
const USUAL_INTERVAL: Duration = Duration::from_secs(10);

/// No meter speaks more often, or less often, than this.
const INTERVALS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// What is known of a meter.
#[derive(Clone, Debug)]
pub struct Meter {
    /// Its identifier, or that of its listener.
    pub name: String,
    /// Its newest telegram.
    pub message: Message,
    /// Who sent it; `None` when it was played from a file.
    pub from: Option<Sender>,
    /// Telegrams received, in number.
    pub received: u64,
    /// The power of the last day.
    history: PowerHistory,
    /// The day so far and the running quarter-hour.
    tracker: Tracker,
    /// What its newest telegram tells together with those before it.
    derived: Derived,
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
    pub(super) fn new(name: &str, first: Message, tracker: Tracker, now: Instant) -> Self {
        Self {
            name: name.to_owned(),
            message: first,
            from: None,
            received: 0,
            history: PowerHistory::new(&Window::SPANS),
            tracker,
            derived: Derived::default(),
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
        self.derived = self.tracker.take(&self.message, local);
        let power = Registers::of(&self.message).power;
        if power.net.is_some() {
            self.history.add(self.message.meta.frame_start.seconds(), Power::of(&power));
        }
    }

    /// What was used today.
    pub(crate) fn day(&self) -> &Day {
        &self.tracker.day
    }

    /// Whether there is anything to draw: power of two moments.
    #[must_use]
    pub fn has_line(&self) -> bool {
        self.history.has_line()
    }

    /// The net power in each of `points` parts of the window that ends now, the oldest first.
    #[must_use]
    pub fn series(&self, window: Window, points: usize, now: Instant) -> Vec<Option<i64>> {
        let part = window.seconds() * 1000 / i64::try_from(points).unwrap_or(i64::MAX).max(1);
        let series = self.history.series(window as usize, part, self.present(now), points);
        series.into_iter().map(|power| power.map(Power::net)).collect()
    }

    /// Lowest, average and highest net power of the window that ends now; `None` when it is empty.
    pub(crate) fn summary(&self, window: Window, now: Instant) -> Option<Summary> {
        self.history.summary(window as usize, self.present(now))
    }

    /// What its newest telegram says.
    #[must_use]
    pub fn readings(&self) -> Readings<'_> {
        Readings::with(&self.message, &self.derived)
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
    pub(crate) fn present(&self, now: Instant) -> i64 {
        let age = i64::try_from(self.age(now).as_secs()).unwrap_or(i64::MAX);
        self.message.meta.frame_start.seconds().saturating_add(age)
    }
}
