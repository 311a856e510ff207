//! What the recorder knows of each meter.

use super::five_minutes::FiveMinutes;
use super::page::Page;
use crate::history::compose::Rows;
use crate::message::Message;
use crate::meter::Clock;

/// A meter.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// What `METER` stands for.
    pub name: String,
    /// Whether it is the one that outputs without `METER` in their name record.
    pub is_followed: bool,
    /// Its first telegram, until a second one confirms that there is such a meter: files would be made
    /// for it.
    pub held_back: Option<Message>,
    /// That of the telegrams that tell energy and power.
    pub clock: Clock,
    pub five_minutes: FiveMinutes,
    /// The open row of the history.
    pub rows: Rows,
    pub page: Page,
    /// Whether it has been logged that its telegrams lack energy or power.
    pub is_incomplete: bool,
}

impl Meter {
    pub fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }
}
