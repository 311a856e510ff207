//! What is remembered of each meter.
//!
//! Owns the bound on how many are followed.

use super::five_minutes::FiveMinutes;
use super::order::Clock;
use super::page::Page;
use crate::message::Message;

/// The most meters whose telegrams are recorded, each in files of its own.
const MAX_METERS: usize = 16;

/// A meter.
#[derive(Debug)]
pub(super) struct Meter {
    /// What `METER` stands for.
    pub name: String,
    /// Whether it was the first one heard.
    pub is_first: bool,
    /// That of the telegrams that tell energy and power.
    pub clock: Clock,
    pub five_minutes: FiveMinutes,
    pub page: Page,
    /// Whether it has been said that its telegrams lack energy or power.
    pub said_incomplete: bool,
}

/// The meters that have been heard.
#[derive(Debug, Default)]
pub(super) struct Meters {
    known: Vec<Meter>,
    said_too_many: bool,
}

impl Meters {
    /// The meter of this telegram; `None` when there are too many.
    ///
    /// If meters need not be told apart, all telegrams are of the same one.
    pub fn of(&mut self, message: &Message, tell_apart: bool) -> Option<&mut Meter> {
        let found = if tell_apart {
            let name = message.meter_name();
            let position = self.known.iter().position(|meter| meter.name == name);
            position.ok_or(name)
        } else {
            let position = (!self.known.is_empty()).then_some(0);
            position.ok_or_else(|| message.meter_name())
        };
        match found {
            Ok(position) => self.known.get_mut(position),
            Err(name) if self.known.len() < MAX_METERS => {
                self.known.push(Meter {
                    name,
                    is_first: self.known.is_empty(),
                    clock: Clock::default(),
                    five_minutes: FiveMinutes::default(),
                    page: Page::default(),
                    said_incomplete: false,
                });
                self.known.last_mut()
            }
            Err(name) => {
                if !std::mem::replace(&mut self.said_too_many, true) {
                    log::warn!(meter = name.as_str();
                        "More than {MAX_METERS} meters: {name} and further ones are not recorded");
                }
                None
            }
        }
    }

    /// All of them, in the order of their first telegrams.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Meter> {
        self.known.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::tests::message;

    #[test]
    fn a_meter_beyond_the_sixteenth_is_not_recorded_and_the_others_go_on() {
        let mut meters = Meters::default();
        let telegram = |n: usize| message(0, &[("0-0:96.1.1", &*format!("M{n}"))]);
        for n in 0..MAX_METERS {
            assert_eq!(meters.of(&telegram(n), true).unwrap().is_first, n == 0);
        }
        assert!(meters.of(&telegram(MAX_METERS), true).is_none());
        assert_eq!(meters.of(&telegram(3), true).unwrap().name, "M3");
    }

    #[test]
    fn without_need_to_tell_them_apart_all_telegrams_are_of_one_meter() {
        let mut meters = Meters::default();
        for id in ["A", "B"] {
            let telegram = message(0, &[("0-0:96.1.1", id)]);
            assert_eq!(meters.of(&telegram, false).unwrap().name, "A");
        }
    }
}
