//! What is remembered of each meter, and the order of its telegrams in time.
//!
//! Owns the bound on how many are followed.

use super::five_minutes::FiveMinutes;
use super::page::Page;
use crate::message::Message;
use crate::telegram::Instant;

/// The most meters whose telegrams are recorded, each in files of its own.
const MAX_METERS: usize = 16;

/// A telegram that is older than the newest by this or less was delayed on the way, or sent twice.
/// More, and the clock of the sender went back.
const LATE_MICROS: i64 = 60_000_000;

/// How a telegram follows the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Nothing is known of the time before: the first telegram, or the clock went back.
    Afresh,
    /// It is newer than the telegram of this whole second.
    After(i64),
    /// It is not newer than another one, by a minute or less.
    Late,
}

/// The time of the newest telegram.
#[derive(Debug, Default)]
pub(super) struct Clock(Option<Instant>);

impl Clock {
    /// Tells how a telegram of this time follows the one before.
    pub fn order(&mut self, time: Instant) -> Order {
        let order = match self.0 {
            Some(newest) if time > newest => Order::After(newest.seconds()),
            Some(newest) if newest.micros_since(time) <= LATE_MICROS => return Order::Late,
            _ => Order::Afresh,
        };
        self.0 = Some(time);
        order
    }
}

/// A meter.
#[derive(Debug)]
pub(super) struct Meter {
    /// What `METER` stands for.
    pub name: String,
    /// Whether it was the first one heard.
    pub is_first: bool,
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

    #[test]
    fn the_order_in_time_is_told() {
        let mut clock = Clock::default();
        let mut order = |millis: i64| clock.order(Instant::from_micros(millis * 1000));
        assert_eq!(order(100_900), Order::Afresh);
        assert_eq!(order(101_000), Order::After(100));
        assert_eq!(order(101_000), Order::Late, "sent twice");
        assert_eq!(order(41_000), Order::Late);
        assert_eq!(order(101_500), Order::After(101), "late ones do not count");
        assert_eq!(order(41_499), Order::Afresh, "the clock went back");
        assert_eq!(order(42_000), Order::After(41));
    }
}
