//! What the dashboard knows: meters, their newest telegrams, and what became of earlier ones.
//!
//! Pure: telegrams and the time are passed in, nothing is drawn. Its memory is bounded, whatever the
//! network sends: sixteen meters, a fixed history of each, and the newest telegram of each.

mod history;
mod meter;
mod today;

#[cfg(test)]
pub(crate) mod tests;

use std::net::SocketAddr;
use std::time::Instant;

use chrono::NaiveDateTime;

use crate::message::Message;
use crate::senders::Senders;
use crate::telegram::Timestamp;
use crate::text;

pub use history::{History, Summary, Window};
pub use meter::{Freshness, Meter};
pub use today::{Since, Today};

/// The most meters that are remembered; of more, the one that was silent longest is forgotten.
const MAX_METERS: usize = 16;

/// The clock on the wall at a moment.
pub type Local = fn(Timestamp) -> NaiveDateTime;

/// All that the dashboard knows.
#[derive(Clone, Debug)]
pub struct State {
    meters: Vec<Meter>,
    /// The meter that is shown.
    chosen: Option<String>,
    senders: Senders,
    /// Datagrams that were no telegrams, in number.
    pub garbage: u64,
    /// When it began.
    pub began: Instant,
    local: Local,
}

impl State {
    /// Nothing is known yet. `wanted` is the equipment identifier, as sent or decoded, of the meter to
    /// show; without it, the first one that is heard is shown.
    #[must_use]
    pub fn new(wanted: Option<String>, local: Local, now: Instant) -> Self {
        let senders = Senders::new();
        Self { meters: Vec::new(), chosen: wanted, senders, garbage: 0, began: now, local }
    }

    /// Takes a telegram, from the network or, without a sender, from a file. False when it came before.
    pub fn take(&mut self, message: Message, from: Option<SocketAddr>, now: Instant) -> bool {
        let is_new = from.is_none_or(|from| self.senders.note(from, &message.meta, now));
        if !is_new {
            return false;
        }
        let name = meter::name_of(&message);
        match self.meters.iter_mut().find(|meter| meter.name == name) {
            Some(meter) => meter.take(message, from, now, self.local),
            None => self.add(Meter::new(message, from, now, self.local), now),
        }
        true
    }

    fn add(&mut self, meter: Meter, now: Instant) {
        log::info!("a meter is heard: \"{}\"", text::escaped(&meter.name));
        if self.meters.len() == MAX_METERS {
            let others = (0..MAX_METERS).filter(|&index| Some(index) != self.position());
            let silent = others.max_by_key(|&index| self.meters[index].age(now));
            self.meters.remove(silent.unwrap_or_default());
        }
        self.chosen.get_or_insert_with(|| meter.name.clone());
        self.meters.push(meter);
    }

    /// The meter to show, if it has been heard.
    #[must_use]
    pub fn meter(&self) -> Option<&Meter> {
        self.position().map(|at| &self.meters[at])
    }

    /// The identifier of the meter to show; `None` while there is none, and any will do.
    #[must_use]
    pub fn wanted(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// The number of the meter that is shown, from 1, and how many were heard.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        (self.position().map_or(0, |at| at + 1), self.meters.len())
    }

    /// Shows the next meter.
    pub fn next_meter(&mut self) {
        let next = self.position().map_or(0, |at| at + 1);
        if let Some(meter) = self.meters.get(next).or(self.meters.first()) {
            self.chosen = Some(meter.name.clone());
        }
    }

    /// Telegrams of a meter's sender that did not come, and that came twice, in number.
    #[must_use]
    pub fn losses(&self, meter: &Meter) -> (u64, u64) {
        let counts = meter.from.map(|from| self.senders.counts_of(from)).unwrap_or_default();
        (counts.missed, counts.repeated)
    }

    /// The clock on the wall at a moment.
    #[must_use]
    pub fn local(&self, time: Timestamp) -> NaiveDateTime {
        (self.local)(time)
    }

    fn position(&self) -> Option<usize> {
        let chosen = self.chosen.as_deref()?;
        self.meters.iter().position(|meter| meter.name == chosen || meter.message.is_from(chosen))
    }
}
