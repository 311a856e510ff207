//! Which one meter a program follows among those that it hears.
//!
//! Owns the rule of replacement: the configured meter, always; else the first one heard, until it has been
//! silent for [`REPLACED_AFTER`] and another one has sent two telegrams. The second telegram is for clocks
//! that jump ahead: the followed meter, if it is still there, speaks before that. Where something acts on the
//! telegrams, the first one is never replaced: the other may be a meter of something else.

use super::{Moment, REPLACED_AFTER, id};
use crate::message::Message;

/// The meter that is followed.
#[derive(Clone, Debug)]
pub(crate) struct Follower<M> {
    followed: Followed<M>,
    /// The meter that has spoken since the followed one fell silent.
    successor: Option<String>,
    is_replaceable: bool,
}

#[derive(Clone, Debug)]
enum Followed<M> {
    Configured(String),
    Nobody,
    Heard { id: String, at: M },
}

/// Whose telegram it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A telegram of the meter that is followed.
    Followed,
    /// A telegram of the first meter, which is followed from now on.
    First,
    /// A telegram of the meter that takes the place of the one with this identifier.
    Successor(String),
    /// A telegram of a meter that is not followed.
    Other,
}

impl Heard {
    /// Whether the meter of the telegram is the one that is followed now.
    pub fn is_followed(&self) -> bool {
        *self != Self::Other
    }
}

impl<M: Moment> Follower<M> {
    /// Follows the configured meter, by its equipment identifier as sent or decoded, else the first one
    /// heard.
    pub fn new(configured: Option<String>) -> Self {
        let followed = configured.map_or(Followed::Nobody, Followed::Configured);
        Self { followed, successor: None, is_replaceable: true }
    }

    /// Follows the first one heard from now on, however silent it is.
    pub fn never_replace(&mut self) {
        self.is_replaceable = false;
    }

    /// Prefers the meter of this identifier, as if it had been heard now, to the first one heard.
    pub fn expecting(id: String, now: M) -> Self {
        let followed = Followed::Heard { id, at: now };
        Self { followed, successor: None, is_replaceable: true }
    }

    /// The identifier of the meter that is followed; `None` before the first one is heard.
    pub fn id(&self) -> Option<&str> {
        match &self.followed {
            Followed::Configured(id) | Followed::Heard { id, .. } => Some(id),
            Followed::Nobody => None,
        }
    }

    /// Takes note of a telegram and tells whose it is.
    pub fn hear(&mut self, message: &Message, now: M) -> Heard {
        let new = id(message);
        match &mut self.followed {
            Followed::Configured(id) if message.is_from(id) => Heard::Followed,
            Followed::Configured(_) => Heard::Other,
            Followed::Nobody => {
                self.followed = Followed::Heard { id: new.into_owned(), at: now };
                Heard::First
            }
            Followed::Heard { id, at } if *id == new => {
                *at = now;
                self.successor = None;
                Heard::Followed
            }
            Followed::Heard { at, .. }
                if !self.is_replaceable || now.since(*at) < REPLACED_AFTER =>
            {
                Heard::Other
            }
            Followed::Heard { id, at } if self.successor.as_deref() == Some(&*new) => {
                *at = now;
                self.successor = None;
                Heard::Successor(std::mem::replace(id, new.into_owned()))
            }
            Followed::Heard { .. } => {
                self.successor = Some(new.into_owned());
                Heard::Other
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Heard::{First, Followed, Other};
    use super::*;
    use crate::message::tests::message;
    use crate::telegram::Timestamp;

    /// Whose these telegrams are: seconds from the start, and meter.
    fn heard(mut follower: Follower<Timestamp>, telegrams: &[(i64, &str)]) -> Vec<Heard> {
        let hear = |&(second, id): &(i64, &str)| {
            let message = message(second, &[("0-0:96.1.1", id)]);
            follower.hear(&message, Timestamp::from_seconds(second))
        };
        telegrams.iter().map(hear).collect()
    }

    #[test]
    fn the_first_meter_is_followed_and_others_are_not() {
        let telegrams = [(0, "'A"), (1, "'B"), (2, "'A"), (3, "'B"), (4, "'C")];
        assert_eq!(heard(Follower::new(None), &telegrams), [First, Other, Followed, Other, Other]);
    }

    #[test]
    fn the_configured_meter_is_followed_by_its_identifier_as_sent_or_decoded_however_silent_it_is()
    {
        for id in ["4530303437", "E0047"] {
            let telegrams = [(0, "'B"), (1, "'4530303437"), (700, "'B"), (701, "'B")];
            let follower = Follower::new(Some(id.to_owned()));
            assert_eq!(heard(follower, &telegrams), [Other, Followed, Other, Other], "{id}");
        }
    }

    #[test]
    fn a_meter_that_was_silent_for_ten_minutes_is_replaced_by_the_one_that_speaks_twice() {
        let telegrams = [
            (0, "'A"),
            (599, "'B"),
            (600, "'B"),
            (601, "'C"),
            (602, "'B"),
            (603, "'B"),
            (604, "'A"),
        ];
        let successor = Heard::Successor("A".to_owned());
        assert_eq!(
            heard(Follower::new(None), &telegrams),
            [First, Other, Other, Other, Other, successor, Other]
        );
    }

    #[test]
    fn where_it_may_not_be_replaced_the_first_meter_is_followed_however_silent_it_is() {
        let telegrams = [(0, "'A"), (900, "'B"), (901, "'B"), (902, "'B"), (9000, "'A")];
        let mut follower = Follower::new(None);
        follower.never_replace();
        assert_eq!(heard(follower, &telegrams), [First, Other, Other, Other, Followed]);
    }

    #[test]
    fn a_clock_that_jumps_ahead_replaces_nobody() {
        let telegrams = [(0, "'A"), (1, "'B"), (9001, "'B"), (9001, "'A"), (9002, "'B")];
        assert_eq!(heard(Follower::new(None), &telegrams), [First, Other, Other, Followed, Other]);
    }

    #[test]
    fn an_expected_meter_is_waited_for_and_replaced_like_any_other() {
        let follower = || Follower::expecting("A".to_owned(), Timestamp::from_seconds(0));
        assert_eq!(follower().id(), Some("A"));
        assert_eq!(heard(follower(), &[(1, "'B"), (2, "'A")]), [Other, Followed]);
        let successor = Heard::Successor("A".to_owned());
        assert_eq!(heard(follower(), &[(600, "'B"), (610, "'B")]), [Other, successor]);
    }
}
