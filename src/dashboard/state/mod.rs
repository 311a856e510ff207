//! What the dashboard knows: meters, their newest telegrams, and what became of earlier ones.
//!
//! Pure: telegrams and the time are passed in, nothing is drawn. Its memory is bounded, whatever the
//! network sends: sixteen meters, a fixed history of each, and the newest telegram of each.

mod shown;
mod window;

#[cfg(test)]
pub(crate) mod tests;

use std::net::SocketAddr;
use std::time::Instant;

use chrono::NaiveDateTime;

use crate::history::today::DayRecords;
use crate::message::Message;
use crate::meter::{self, Meters};
use crate::telegram::Timestamp;
use crate::text;

pub use shown::{Freshness, Meter};
pub use window::Window;

/// The clock on the wall at a moment.
pub type Local = fn(Timestamp) -> NaiveDateTime;

/// Who sent a telegram.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// Its address.
    pub address: SocketAddr,
    /// Its telegrams that were lost so far.
    pub lost: u64,
    /// Its telegrams that arrived twice so far.
    pub duplicates: u64,
}

/// All that the dashboard knows.
#[derive(Clone, Debug)]
pub struct State {
    meters: Meters<Meter>,
    /// The meter that is shown.
    chosen: Option<String>,
    /// Datagrams that were no telegrams, in number.
    pub garbage: u64,
    /// When it began.
    pub began: Instant,
    local: Local,
    /// How the day began, for meters that are heard in the middle of it.
    records: DayRecords,
}

impl State {
    /// Nothing is known yet. `wanted` is the equipment identifier, as sent or decoded, of the meter to
    /// show; without it, the first one that is heard is shown.
    #[must_use]
    pub fn new(wanted: Option<String>, local: Local, now: Instant) -> Self {
        let records = DayRecords::default();
        Self { meters: Meters::default(), chosen: wanted, garbage: 0, began: now, local, records }
    }

    /// The same with what was recorded of today.
    #[must_use]
    pub(super) fn continuing(self, records: DayRecords) -> Self {
        Self { records, ..self }
    }

    /// Takes a telegram, from the network or, without a sender, from a file.
    pub fn take(&mut self, message: Message, from: Option<Sender>, now: Instant) {
        let id = meter::id(&message).into_owned();
        match self.meters.hear(&*id, now, || {
            let tracker = self.records.tracker(&message, self.local);
            Meter::new(&id, message.clone(), tracker, now)
        }) {
            Ok(member) => {
                member.state.take(message, from, now, self.local);
                if member.telegrams == 1 {
                    log::info!("receiving telegrams of meter \"{}\"", text::escaped(&id));
                    self.chosen.get_or_insert(id);
                    self.keep_shown();
                }
            }
            Err(full) => {
                if full.is_news {
                    log::warn!("too many meters: ignoring \"{}\"", text::escaped(&id));
                }
            }
        }
    }

    fn keep_shown(&mut self) {
        if let Some(name) = self.meter().map(|meter| meter.name.clone()) {
            self.meters.keep(name);
        }
    }

    /// The meter to show, if it has been heard.
    #[must_use]
    pub fn meter(&self) -> Option<&Meter> {
        let at = self.position()?;
        self.meters.iter().nth(at).map(|member| &member.state)
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
        if let Some(member) = self.meters.iter().nth(next).or(self.meters.iter().next()) {
            self.chosen = Some(member.key.clone());
            self.keep_shown();
        }
    }

    /// The clock on the wall at a moment.
    #[must_use]
    pub fn local(&self, time: Timestamp) -> NaiveDateTime {
        (self.local)(time)
    }

    fn position(&self) -> Option<usize> {
        let chosen = self.chosen.as_deref()?;
        let is_chosen = |meter: &Meter| meter.name == chosen || meter.message.is_from(chosen);
        self.meters.iter().position(|member| is_chosen(&member.state))
    }
}
