//! Which meter a program follows, when several are heard.
//!
//! Owns the choice: the configured meter, else the first one heard, else the one that took its place.
//! What is done with its telegrams the programs know.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::message::Message;
use crate::runtime::RateLimit;
use crate::text;

/// A meter that was silent so long, while its listener sends the telegrams of another one, was replaced.
const REPLACED_AFTER: Duration = Duration::from_secs(600);

/// The meter that is followed.
#[derive(Debug)]
pub(crate) struct Choice {
    meter: Meter,
    /// What happens to its telegrams, such as `recorded`.
    done: &'static str,
    /// What those can do who want another meter.
    hint: &'static str,
    /// How the first meter is said: a daemon's log should name it, a filter's not.
    level: log::Level,
    /// The other meters are mentioned once.
    others: RateLimit,
}

#[derive(Debug)]
enum Meter {
    Configured(String),
    NoneYet,
    Heard { id: String, listener: Listener, at: Instant },
}

/// Where telegrams come from: a listener has one meter, and keeps its name and host.
#[derive(Debug, PartialEq, Eq)]
struct Listener {
    host: std::net::IpAddr,
    source: Option<String>,
}

impl Choice {
    /// The telegrams of one meter are `done`, such as `recorded`; `hint` ends what is said of others.
    pub fn new(configured: Option<String>, done: &'static str, hint: &'static str) -> Self {
        let meter = configured.map_or(Meter::NoneYet, Meter::Configured);
        let others = RateLimit::new(Duration::MAX);
        Self { meter, done, hint, level: log::Level::Info, others }
    }

    /// Says it at this level when the first meter is heard.
    pub fn with_level(self, level: log::Level) -> Self {
        Self { level, ..self }
    }

    /// Whether this telegram is wanted; `all`: that of every meter is, where none is configured.
    pub fn wants(&mut self, message: &Message, from: SocketAddr, all: bool, now: Instant) -> bool {
        let listener = || Listener { host: from.ip(), source: message.meta.source.clone() };
        match &mut self.meter {
            Meter::Configured(meter) => {
                if message.is_from(meter) {
                    return true;
                }
            }
            _ if all => return true,
            Meter::NoneYet => {
                let id = message.equipment_id().unwrap_or_default().into_owned();
                log::log!(self.level, meter = text::escaped(&id).as_str();
                    "the meter {} is {}", spoken(&id), self.done);
                self.meter = Meter::Heard { id, listener: listener(), at: now };
                return true;
            }
            Meter::Heard { id, listener: known, at } => {
                let new = message.equipment_id().unwrap_or_default();
                let silent = now.saturating_duration_since(*at);
                if *id == new {
                    *at = now;
                    *known = listener();
                    return true;
                }
                if silent >= REPLACED_AFTER && *known == listener() {
                    log::warn!(meter = text::escaped(&new).as_str();
                        "the meter {} has been replaced by {}, which is {} from now on",
                        spoken(id), spoken(&new), self.done);
                    (*id, *at) = (new.into_owned(), now);
                    return true;
                }
            }
        }
        self.mention(message, now);
        false
    }

    fn mention(&mut self, message: &Message, now: Instant) {
        let followed = match &self.meter {
            Meter::Configured(id) | Meter::Heard { id, .. } => id,
            Meter::NoneYet => return,
        };
        if self.others.permit(now).is_some() {
            let other = message.equipment_id().unwrap_or_default();
            log::warn!(meter = text::escaped(&other).as_str();
                "another meter is heard, {}; only {} is {}{}",
                spoken(&other), spoken(followed), self.done, self.hint);
        }
    }
}

/// An equipment identifier for the log. Swedish meters, for one, have none.
fn spoken(id: &str) -> String {
    if id.is_empty() {
        "without an identifier".into()
    } else {
        format!("\"{}\"", text::escaped(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    /// Which of these telegrams (seconds from the start, meter, last byte of the listener's address) are
    /// wanted.
    fn wanted(configured: Option<&str>, all: bool, telegrams: &[(u64, &str, u8)]) -> Vec<bool> {
        let mut choice = Choice::new(configured.map(str::to_owned), "recorded", "");
        let start = Instant::now();
        let mut wants = |&(second, id, host): &(u64, &str, u8)| {
            let id = [("0-0:96.1.1", id)];
            let message = message(0, if id[0].1.is_empty() { &[] } else { &id });
            let now = start + Duration::from_secs(second);
            choice.wants(&message, ([10, 0, 0, host], 1).into(), all, now)
        };
        telegrams.iter().map(&mut wants).collect()
    }

    #[test]
    fn the_first_meter_is_recorded_and_others_are_not() {
        let telegrams = [(0, "'A", 1), (1, "'B", 2), (2, "'A", 1), (3, "", 3)];
        assert_eq!(wanted(None, false, &telegrams), [true, false, true, false]);
    }

    #[test]
    fn a_meter_that_sends_no_identifier_is_a_meter() {
        assert_eq!(
            wanted(None, false, &[(0, "", 1), (1, "'A", 2), (2, "", 1)]),
            [true, false, true]
        );
        assert_eq!(spoken(""), "without an identifier");
    }

    #[test]
    fn the_configured_meter_is_recorded_by_its_identifier_as_sent_or_decoded() {
        let telegrams = [(0, "'B", 1), (1, "'4530303437", 1), (700, "'B", 1)];
        for id in ["4530303437", "E0047"] {
            assert_eq!(wanted(Some(id), true, &telegrams), [false, true, false], "{id}");
        }
    }

    #[test]
    fn all_are_recorded_where_files_tell_them_apart() {
        assert_eq!(wanted(None, true, &[(0, "'A", 1), (1, "'B", 2)]), [true, true]);
    }

    #[test]
    fn a_meter_that_was_replaced_is_followed_and_one_that_is_silent_is_not_mixed_with_another() {
        let telegrams =
            [(0, "'A", 1), (599, "'B", 1), (600, "'C", 2), (601, "'B", 1), (602, "'A", 1)];
        assert_eq!(wanted(None, false, &telegrams), [true, false, false, true, false]);
    }
}
