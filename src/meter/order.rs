//! The order of a meter's telegrams in time.

use super::LATE_SECONDS;
use crate::telegram::Timestamp;

/// How a telegram follows the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Nothing is known of the time before: the first telegram, or the clock went back.
    Reset,
    /// It is newer than the telegram of this whole second.
    Next(i64),
    /// It is not newer than another one, by a minute or less.
    Late,
}

/// The time of the newest telegram.
#[derive(Debug, Default)]
pub(crate) struct Clock(Option<Timestamp>);

impl Clock {
    /// Tells how a telegram of this time follows the one before.
    pub fn order(&mut self, time: Timestamp) -> Order {
        let order = match self.0 {
            Some(newest) if time > newest => Order::Next(newest.seconds()),
            Some(newest) if newest.micros_since(time) <= LATE_SECONDS * 1_000_000 => {
                return Order::Late;
            }
            _ => Order::Reset,
        };
        self.0 = Some(time);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_in_time_is_told() {
        let mut clock = Clock::default();
        let mut order = |millis: i64| clock.order(Timestamp::from_micros(millis * 1000));
        assert_eq!(order(100_900), Order::Reset);
        assert_eq!(order(101_000), Order::Next(100));
        assert_eq!(order(101_000), Order::Late, "sent twice");
        assert_eq!(order(41_000), Order::Late);
        assert_eq!(order(101_500), Order::Next(101), "late ones do not count");
        assert_eq!(order(41_499), Order::Reset, "the clock went back");
        assert_eq!(order(42_000), Order::Next(41));
    }
}
