//! Who sends: losses, repetitions and restarts by the frame numbers of each sender.
//!
//! Owns the counts and what is said about them. Nothing here decides what a telegram means.

use std::net::SocketAddr;
use std::time::{Duration, Instant as Monotonic};

use crate::daemon::Limiter;
use crate::message::Meta;
use crate::telegram::Instant;

/// The most senders that are followed; of more, the one that was silent longest is forgotten.
const MAX_SENDERS: usize = 16;

/// How often losses are mentioned.
const LOSS_PERIOD: Duration = Duration::from_secs(600);

/// How far behind a frame number may be to count as late, not as a restart of the sender.
const LATE: u64 = 60;

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// Telegrams that were sent and did not come, in number.
    pub missed: u64,
    /// Telegrams that came twice, in number.
    pub repeated: u64,
}

/// The senders that have been heard.
#[derive(Clone, Debug)]
pub(crate) struct Senders {
    known: Vec<Sender>,
    losses: Losses,
    limiter: Limiter,
}

#[derive(Clone, Debug)]
struct Sender {
    address: SocketAddr,
    number: u64,
    start: Instant,
    heard: Monotonic,
    losses: Losses,
    /// The numbers before `number` that have come: bit n is `number` − 1 − n.
    before: u64,
}

impl Senders {
    pub fn new() -> Self {
        Self { known: Vec::new(), losses: Losses::default(), limiter: Limiter::new(LOSS_PERIOD) }
    }

    /// What was counted of all senders.
    pub fn losses(&self) -> Losses {
        self.losses
    }

    /// What was counted of one sender; nothing when it is not known, or no longer.
    #[cfg_attr(not(feature = "dashboard"), expect(dead_code, reason = "only p1dashboard asks"))]
    pub fn losses_of(&self, address: SocketAddr) -> Losses {
        let sender = self.known.iter().find(|sender| sender.address == address);
        sender.map(|sender| sender.losses).unwrap_or_default()
    }

    /// Takes note of a telegram; false when this very telegram has come before.
    pub fn note(&mut self, from: SocketAddr, meta: &Meta, now: Monotonic) -> bool {
        let Some(sender) = self.known.iter_mut().find(|sender| sender.address == from) else {
            self.add(from, meta, now);
            return true;
        };
        sender.heard = now;
        let number = meta.frame_number;
        if number > sender.number {
            let missed = number - sender.number - 1;
            sender.before = shifted(sender.before, missed);
            (sender.number, sender.start) = (number, meta.frame_start);
            sender.losses.missed += missed;
            self.lose(missed, from, now);
            return true;
        }
        let behind = sender.number - number;
        if behind > LATE || (behind > 0 && meta.frame_start > sender.start) {
            log::info!(sender = from.to_string().as_str(); "the listener at {from} has started anew");
            (sender.number, sender.start, sender.before) = (number, meta.frame_start, 0);
            return true;
        }
        let bit = behind.checked_sub(1).map(|back| 1u64 << back);
        if bit.is_none_or(|bit| sender.before & bit != 0) {
            sender.losses.repeated += 1;
            self.losses.repeated += 1;
            return false;
        }
        // Late, and counted as missed before.
        sender.before |= bit.unwrap_or_default();
        sender.losses.missed = sender.losses.missed.saturating_sub(1);
        self.losses.missed = self.losses.missed.saturating_sub(1);
        true
    }

    fn add(&mut self, address: SocketAddr, meta: &Meta, now: Monotonic) {
        if self.known.len() == MAX_SENDERS {
            let oldest = (0..MAX_SENDERS).min_by_key(|&index| self.known[index].heard).unwrap_or(0);
            self.known.swap_remove(oldest);
        }
        let (number, start) = (meta.frame_number, meta.frame_start);
        // What was sent before it was first heard does not count as missed, and has not come either.
        let losses = Losses::default();
        self.known.push(Sender { address, number, start, heard: now, losses, before: 0 });
        let source = meta.source.as_deref().unwrap_or("no name").escape_debug().to_string();
        log::info!(sender = address.to_string().as_str(); "a listener is heard: {source} at {address}");
    }

    fn lose(&mut self, missed: u64, from: SocketAddr, now: Monotonic) {
        if missed == 0 {
            return;
        }
        self.losses.missed += missed;
        if self.limiter.permit(now).is_some() {
            let total = self.losses.missed;
            log::warn!(missed, total; "{missed} telegrams of {from} did not come, {total} since the start");
        }
    }
}

/// The numbers that have come, seen from a number that is `missed` + 1 further on.
fn shifted(before: u64, missed: u64) -> u64 {
    let shift = |bits: u64, by: u64| {
        u32::try_from(by).ok().and_then(|by| bits.checked_shl(by)).unwrap_or(0)
    };
    // The number that was the newest has come, too.
    shift(before, missed + 1) | shift(1, missed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of these frame numbers of one sender are new, and what was lost. One a second.
    fn note(numbers: &[u64]) -> (Vec<bool>, Losses) {
        let mut senders = Senders::new();
        let from = "127.0.0.1:5000".parse().unwrap();
        let now = Monotonic::now();
        let mut note = |&number: &u64| {
            let start = Instant::from_seconds(1_795_330_800 + i64::try_from(number).unwrap());
            senders.note(from, &Meta::new(number, start, start, None), now)
        };
        let new = numbers.iter().map(&mut note).collect();
        (new, senders.losses())
    }

    #[test]
    fn what_comes_in_order_is_no_loss() {
        assert_eq!(note(&[17, 18, 19]), (vec![true; 3], Losses::default()));
    }

    #[test]
    fn gaps_are_counted() {
        assert_eq!(note(&[1, 2, 5, 105]).1, Losses { missed: 101, repeated: 0 });
    }

    #[test]
    fn a_telegram_that_comes_twice_is_new_once() {
        let (new, losses) = note(&[1, 2, 2, 3, 1, 3]);
        assert_eq!(new, [true, true, false, true, false, false]);
        assert_eq!(losses, Losses { missed: 0, repeated: 3 });
    }

    #[test]
    fn a_late_telegram_is_new_and_no_longer_missed() {
        let (new, losses) = note(&[1, 4, 3, 2, 3]);
        assert_eq!(new, [true, true, true, true, false]);
        assert_eq!(losses, Losses { missed: 0, repeated: 1 });
    }

    #[test]
    fn a_sender_that_begins_at_one_again_is_a_restart() {
        let mut senders = Senders::new();
        let from = "127.0.0.1:5000".parse().unwrap();
        let now = Monotonic::now();
        let meta = |number, second: i64| {
            let start = Instant::from_seconds(1_795_330_800 + second);
            Meta::new(number, start, start, None)
        };
        assert!(senders.note(from, &meta(3, 0), now));
        assert!(senders.note(from, &meta(1, 5), now));
        assert!(senders.note(from, &meta(2, 6), now));
        assert_eq!(senders.losses(), Losses::default());
    }

    #[test]
    fn each_sender_has_its_own_losses() {
        let mut senders = Senders::new();
        let [one, other] = [5000, 5001].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let meta = |number| Meta::new(number, Instant::default(), Instant::default(), None);
        for (from, number) in [(one, 1), (other, 7), (one, 4), (other, 8), (other, 8)] {
            senders.note(from, &meta(number), Monotonic::now());
        }
        assert_eq!(senders.losses_of(one), Losses { missed: 2, repeated: 0 });
        assert_eq!(senders.losses_of(other), Losses { missed: 0, repeated: 1 });
        assert_eq!(senders.losses(), Losses { missed: 2, repeated: 1 });
    }

    #[test]
    fn a_flood_of_senders_takes_no_more_memory() {
        let mut senders = Senders::new();
        let meta = Meta::new(1, Instant::default(), Instant::default(), None);
        for port in 1..=5000 {
            assert!(senders.note(([127, 0, 0, 1], port).into(), &meta, Monotonic::now()));
        }
        assert_eq!(senders.known.len(), MAX_SENDERS);
    }
}
