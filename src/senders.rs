//! Who sends: losses, repetitions, restarts and clocks, by the frame numbers of each sender.
//!
//! Owns the counts and what is said about them. Nothing here decides what a telegram means.

mod clock;

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clock::Clock;

use crate::message::Meta;
use crate::runtime::RateLimit;
use crate::telegram::Timestamp;
use crate::text;

/// The most senders that are followed; of more, the one that was silent longest is forgotten.
const MAX_SENDERS: usize = 16;

/// How often one kind of trouble is mentioned.
const PERIOD: Duration = Duration::from_secs(600);

/// How far behind a frame number may be to count as late, not as a restart of the sender.
const LATE: u64 = 60;

/// What was counted since the start, in telegrams or events. Displayed: what there is, after commas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Sent, and did not come.
    pub missed: u64,
    /// Came twice.
    pub repeated: u64,
    /// Came after one that was sent later.
    pub late: u64,
    /// Senders that began again.
    pub restarts: u64,
    /// Clocks that jumped.
    pub jumps: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.missed, "missed"),
            (self.repeated, "came twice"),
            (self.late, "out of order"),
            (self.restarts, "restarts of a listener"),
            (self.jumps, "jumps of its clock"),
        ];
        counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .try_for_each(|(count, what)| write!(f, ", {count} {what}"))
    }
}

/// The senders that have been heard.
#[derive(Clone, Debug)]
pub(crate) struct Senders {
    known: Vec<Sender>,
    counts: Counts,
    limits: Limits,
}

/// One limit for each thing that is said, so that a flood of one does not silence another.
#[derive(Clone, Debug)]
struct Limits {
    heard: RateLimit,
    restart: RateLimit,
    missed: RateLimit,
    repeated: RateLimit,
    late: RateLimit,
    jump: RateLimit,
}

#[derive(Clone, Debug)]
struct Sender {
    address: SocketAddr,
    source: Option<String>,
    number: u64,
    start: Timestamp,
    heard: Instant,
    clock: Clock,
    counts: Counts,
    /// The numbers before `number` that have come: bit n is `number` − 1 − n.
    before: u64,
}

/// How a frame number follows those before.
enum Order {
    /// It is newer; so many between have not come.
    New(u64),
    /// It is older, has not come before, and was counted as missed.
    Late,
    /// It has come before.
    Repeated,
    /// The sender has begun again.
    Restart,
}

impl Senders {
    pub fn new() -> Self {
        let limiter = || RateLimit::new(PERIOD);
        let limits = Limits {
            heard: limiter(),
            restart: limiter(),
            missed: limiter(),
            repeated: limiter(),
            late: limiter(),
            jump: limiter(),
        };
        Self { known: Vec::new(), counts: Counts::default(), limits }
    }

    /// What was counted of all senders.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What was counted of one sender; nothing when it is not known, or no longer.
    #[cfg_attr(
        not(any(feature = "dashboard", test)),
        expect(dead_code, reason = "only p1dashboard asks")
    )]
    pub fn counts_of(&self, address: SocketAddr) -> Counts {
        let sender = self.known.iter().find(|sender| sender.address == address);
        sender.map(|sender| sender.counts).unwrap_or_default()
    }

    /// Takes note of a telegram; false when this very telegram has come before.
    pub fn note(&mut self, from: SocketAddr, meta: &Meta, now: Instant) -> bool {
        let Some(at) = self.known.iter().position(|sender| sender.address == from) else {
            self.add(from, meta, now);
            return true;
        };
        self.watch_clock(at, meta, now);
        let Self { known, counts, limits } = self;
        let order = known[at].take(meta);
        known[at].heard = now;
        match order {
            Order::New(0) => {}
            Order::New(missed) => {
                counts.missed = counts.missed.saturating_add(missed);
                if limits.missed.permit(now).is_some() {
                    let total = counts.missed;
                    log::warn!(missed, total;
                        "{missed} telegrams of {from} did not come, {total} since the start");
                }
            }
            Order::Late => {
                counts.late += 1;
                counts.missed = counts.missed.saturating_sub(1);
                if limits.late.permit(now).is_some() {
                    let total = counts.late;
                    log::warn!(total; "a telegram of {from} came out of order, {total} since the start");
                }
            }
            Order::Repeated => {
                counts.repeated += 1;
                if limits.repeated.permit(now).is_some() {
                    let total = counts.repeated;
                    log::warn!(total; "a telegram of {from} came twice, {total} since the start");
                }
                return false;
            }
            Order::Restart => self.restarted(from, meta, now),
        }
        true
    }

    fn add(&mut self, address: SocketAddr, meta: &Meta, now: Instant) {
        let is_crowd = self.known.len() == MAX_SENDERS;
        if is_crowd {
            let oldest = (0..MAX_SENDERS).min_by_key(|&index| self.known[index].heard).unwrap_or(0);
            self.known.swap_remove(oldest);
        }
        let is_same =
            |sender: &Sender| sender.address.ip() == address.ip() && sender.source == meta.source;
        let was_known = self.known.iter().any(is_same);
        // What was sent before it was first heard does not count as missed, and has not come either.
        self.known.push(Sender {
            address,
            source: meta.source.clone(),
            number: meta.frame_number,
            start: meta.frame_start,
            heard: now,
            clock: clock(meta, now),
            counts: Counts::default(),
            before: 0,
        });
        if was_known && meta.frame_number <= LATE {
            self.restarted(address, meta, now);
        } else if !is_crowd || self.limits.heard.permit(now).is_some() {
            log::info!(sender = address.to_string().as_str();
                "a listener is heard: {} at {address}", name(meta));
        }
    }

    fn restarted(&mut self, from: SocketAddr, meta: &Meta, now: Instant) {
        self.counts.restarts += 1;
        if self.limits.restart.permit(now).is_some() {
            let total = self.counts.restarts;
            log::info!(sender = from.to_string().as_str(), total;
                "a listener has started anew: {} at {from}, {total} times since the start", name(meta));
        }
    }

    /// Between two telegrams the clock of their sender should go on as the time here does.
    fn watch_clock(&mut self, at: usize, meta: &Meta, now: Instant) {
        let jump = self.known[at].clock.go_on_to(clock(meta, now));
        if jump == 0 {
            return;
        }
        self.counts.jumps += 1;
        if self.limits.jump.permit(now).is_some() {
            let (from, seconds) = (self.known[at].address, jump.unsigned_abs());
            let direction = if jump < 0 { "back" } else { "ahead" };
            log::warn!(sender = from.to_string().as_str(), jump;
                "the clock of the listener at {from} jumped {direction} by {seconds} s: \
                 rows keep the time they had");
        }
    }
}

impl Sender {
    /// Takes the number of a telegram, and tells how it follows.
    fn take(&mut self, meta: &Meta) -> Order {
        let number = meta.frame_number;
        if number > self.number {
            let missed = number - self.number - 1;
            self.before = shifted(self.before, missed);
            (self.number, self.start) = (number, meta.frame_start);
            self.counts.missed = self.counts.missed.saturating_add(missed);
            return Order::New(missed);
        }
        let behind = self.number - number;
        if behind > LATE || meta.frame_start > self.start {
            (self.number, self.start, self.before) = (number, meta.frame_start, 0);
            return Order::Restart;
        }
        let bit = behind.checked_sub(1).map(|back| 1u64 << back);
        if bit.is_none_or(|bit| self.before & bit != 0) {
            self.counts.repeated += 1;
            return Order::Repeated;
        }
        self.before |= bit.unwrap_or_default();
        self.counts.late += 1;
        self.counts.missed = self.counts.missed.saturating_sub(1);
        Order::Late
    }
}

/// What the clock of the sender shows now.
fn clock(meta: &Meta, now: Instant) -> Clock {
    Clock { shows: meta.frame_start, now, slept: clock::slept() }
}

/// What the sender calls itself, fit for the log.
fn name(meta: &Meta) -> String {
    text::escaped(meta.source.as_deref().unwrap_or("no name"))
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

    const START: i64 = 1_795_330_800;

    fn meta(number: u64, second: i64) -> Meta {
        let start = Timestamp::from_seconds(START + second);
        Meta::new(number, start, start, None)
    }

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    /// Which of these frame numbers of one sender are new, and the counts. One a second.
    fn note(numbers: &[u64]) -> (Vec<bool>, Counts) {
        let mut senders = Senders::new();
        let now = Instant::now();
        let mut note = |&number: &u64| {
            let second = i64::try_from(number).unwrap();
            senders.note(address(5000), &meta(number, second), now)
        };
        let new = numbers.iter().map(&mut note).collect();
        (new, senders.counts())
    }

    #[test]
    fn what_comes_in_order_is_no_loss() {
        assert_eq!(note(&[17, 18, 19]), (vec![true; 3], Counts::default()));
    }

    #[test]
    fn gaps_are_counted() {
        assert_eq!(note(&[1, 2, 5, 45]).1, Counts { missed: 41, ..Counts::default() });
    }

    #[test]
    fn a_telegram_that_comes_twice_is_new_once() {
        let (new, counts) = note(&[1, 2, 2, 3, 1, 3]);
        assert_eq!(new, [true, true, false, true, false, false]);
        assert_eq!(counts, Counts { repeated: 3, ..Counts::default() });
    }

    #[test]
    fn a_late_telegram_is_new_and_no_longer_missed() {
        let (new, counts) = note(&[1, 4, 3, 2, 3]);
        assert_eq!(new, [true, true, true, true, false]);
        assert_eq!(counts, Counts { repeated: 1, late: 2, ..Counts::default() });
    }

    #[test]
    fn a_sender_that_begins_at_one_again_is_a_restart_from_whichever_port() {
        let mut senders = Senders::new();
        let now = Instant::now();
        for (port, number, second) in [(5000, 3, 0), (5000, 1, 5), (5000, 2, 6), (5001, 1, 9)] {
            assert!(senders.note(address(port), &meta(number, second), now));
        }
        assert_eq!(senders.counts(), Counts { restarts: 2, ..Counts::default() });
    }

    #[test]
    fn a_sender_that_begins_again_after_one_telegram_loses_none() {
        let mut senders = Senders::new();
        let now = Instant::now();
        for second in [0, 5] {
            assert!(senders.note(address(5000), &meta(1, second), now));
        }
        assert_eq!(senders.counts(), Counts { restarts: 1, ..Counts::default() });
    }

    #[test]
    fn a_clock_that_jumps_is_counted_and_one_that_goes_on_is_not() {
        let mut senders = Senders::new();
        let now = Instant::now();
        let later = |seconds| now + Duration::from_secs(seconds);
        for (number, second, passed, jumps) in [
            (1, 0, 0, 0),
            (2, 1, 1, 0),
            (3, 3601, 3601, 0),
            (4, 7300, 3602, 1),
            (5, 7301, 3603, 1),
            (6, -80_000_000, 3604, 2),
        ] {
            assert!(senders.note(address(5000), &meta(number, second), later(passed)));
            assert_eq!(senders.counts().jumps, jumps, "{number}");
        }
    }

    #[test]
    fn forged_numbers_and_times_are_survived() {
        let mut senders = Senders::new();
        let now = Instant::now();
        for number in [1, u64::MAX, 2, u64::MAX, 3, 0, u64::MAX] {
            for micros in [i64::MIN, i64::MAX, 0] {
                let mut meta = meta(number, 0);
                meta.frame_start = Timestamp::from_micros(micros);
                senders.note(address(5000), &meta, now);
            }
        }
        assert_eq!(senders.counts().missed, u64::MAX);
    }

    #[test]
    fn each_sender_has_its_own_losses() {
        let mut senders = Senders::new();
        let [one, other] = [5000, 5001].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let meta = |number| Meta::new(number, Timestamp::default(), Timestamp::default(), None);
        for (from, number) in [(one, 1), (other, 107), (one, 4), (other, 108), (other, 108)] {
            senders.note(from, &meta(number), Instant::now());
        }
        let counts = |missed, repeated| Counts { missed, repeated, ..Counts::default() };
        assert_eq!(senders.counts_of(one), counts(2, 0));
        assert_eq!(senders.counts_of(other), counts(0, 1));
        assert_eq!(senders.counts(), counts(2, 1));
    }

    #[test]
    fn a_flood_of_senders_takes_no_more_memory() {
        let mut senders = Senders::new();
        for port in 1..=5000 {
            assert!(senders.note(address(port), &meta(100, 0), Instant::now()));
        }
        assert_eq!(senders.known.len(), MAX_SENDERS);
    }

    #[test]
    fn counts_are_shown_when_there_is_something_to_show() {
        assert_eq!(Counts::default().to_string(), "");
        let counts = Counts { missed: 2, late: 1, ..Counts::default() };
        assert_eq!(counts.to_string(), ", 2 missed, 1 out of order");
    }
}
