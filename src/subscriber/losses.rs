//! Telegrams that were lost, arrived twice or out of order, by the frame numbers of each sender.
//!
//! Owns the counts and their log messages. Which meter a telegram is from does not matter here.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use log::Level;

use super::listener::{Listener, MAX_NUMBER_STEP};
use super::quieter;
use crate::message::Meta;
use crate::meter::{List, MAX_METERS};
use crate::runtime::RateLimit;
use crate::telegram::Timestamp;
use crate::text;

/// How often each kind of event is logged.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// How many telegrams of a sender are remembered, to know them again.
const MAX_RECENT: usize = 61;

/// A clock that runs apart from ours by more than this many seconds between two telegrams has jumped.
const MAX_CLOCK_STEP: u64 = 60;

/// Numbers of telegrams or events since the start. Display: those that are not zero, each after a comma.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LossCounts {
    /// Telegrams that were sent and did not arrive.
    pub lost: u64,
    /// Telegrams that arrived again.
    pub duplicates: u64,
    /// Telegrams that arrived after one that was sent later.
    pub late: u64,
    /// Restarts of senders.
    pub restarts: u64,
    /// Jumps of the clocks of senders.
    pub jumps: u64,
}

impl fmt::Display for LossCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.lost, format!("{} lost", self.lost)),
            (self.duplicates, text::count(self.duplicates, "duplicate")),
            (self.late, format!("{} out of order", self.late)),
            (self.restarts, text::count(self.restarts, "listener restart")),
            (self.jumps, text::count(self.jumps, "clock jump")),
        ];
        counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .try_for_each(|(_, text)| write!(f, ", {text}"))
    }
}

impl LossCounts {
    fn add(&mut self, order: &Order, has_jumped: bool) {
        match order {
            Order::Next { lost } => self.lost = self.lost.saturating_add(*lost),
            Order::Late => {
                self.late += 1;
                self.lost = self.lost.saturating_sub(1);
            }
            Order::Duplicate => self.duplicates += 1,
            Order::Restart => self.restarts += 1,
        }
        self.jumps += u64::from(has_jumped);
    }
}

/// Tracks the senders of one group.
#[derive(Clone, Debug)]
pub(super) struct LossTracker {
    senders: List<SocketAddr, Sender, Instant>,
    total: LossCounts,
    is_quiet: bool,
    /// One for each kind of event, so that a flood of one kind does not hide another.
    limits: [RateLimit; 6],
}

/// What is logged at most once in ten minutes.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Crowd,
    Restart,
    Lost,
    Duplicate,
    Late,
    Jump,
}

#[derive(Clone, Debug)]
struct Sender {
    listener: Listener,
    /// The newest frame number.
    number: u64,
    /// When its telegram began, by the sender's clock, and when it arrived.
    start: Timestamp,
    arrival: Instant,
    /// Number and start of each of the last telegrams.
    recent: VecDeque<(u64, Timestamp)>,
    counts: LossCounts,
}

/// How a telegram follows those before.
#[derive(Debug, PartialEq, Eq)]
enum Order {
    /// It is newer, and so many between were lost.
    Next { lost: u64 },
    /// It is older, and was counted as lost.
    Late,
    /// It has arrived before.
    Duplicate,
    /// The sender counts from the beginning again.
    Restart,
}

impl LossTracker {
    pub fn new(is_quiet: bool) -> Self {
        let mut limits = std::array::from_fn(|_| RateLimit::new(LOG_INTERVAL));
        // A host with two network paths receives every telegram twice, and that is no fault.
        limits[Kind::Duplicate as usize] = RateLimit::new(Duration::MAX);
        Self { senders: List::default(), total: LossCounts::default(), is_quiet, limits }
    }

    /// What was counted of all senders.
    pub fn counts(&self) -> LossCounts {
        self.total
    }

    /// What was counted of one sender.
    pub fn counts_of(&self, address: SocketAddr) -> LossCounts {
        self.senders.get(&address).map(|sender| sender.state.counts).unwrap_or_default()
    }

    /// Counts a telegram; false if this very telegram has arrived before.
    pub fn is_new(&mut self, meta: &Meta, from: SocketAddr, now: Instant) -> bool {
        let listener = Listener::of(meta, from);
        self.follow_move(&listener, meta.frame_number);
        let is_crowd = self.senders.len() == MAX_METERS;
        let is_known = self.senders.iter().any(|sender| sender.state.listener.may_be(&listener));
        let first = || Sender::new(listener.clone(), meta, now);
        // There are too many senders: of this one, nothing is counted.
        let Ok(sender) = self.senders.hear(&from, now, first) else { return true };
        if sender.telegrams == 1 {
            let is_restart = is_known && meta.frame_number <= MAX_NUMBER_STEP;
            if is_restart {
                sender.state.counts.add(&Order::Restart, false);
                self.total.add(&Order::Restart, false);
                self.log(&Order::Restart, &listener, now);
            } else if !is_crowd || self.permits(Kind::Crowd, now) {
                log::log!(quieter(Level::Info, self.is_quiet), sender:% = from;
                    "receiving from listener {listener}");
            }
            return true;
        }
        let sender = &mut sender.state;
        let (order, jump) = (sender.order(meta), sender.clock_jump(meta, now));
        let is_newest = matches!(order, Order::Next { .. } | Order::Restart);
        let jump = if is_newest { jump } else { 0 };
        sender.note(meta, &order, now);
        sender.counts.add(&order, jump != 0);
        self.total.add(&order, jump != 0);
        self.log_jump(jump, &listener, now);
        self.log(&order, &listener, now);
        order != Order::Duplicate
    }

    /// A sender whose host has another address goes on counting. It may come back to the one before, so the sender
    /// whose number is next below this one is the same.
    fn follow_move(&mut self, listener: &Listener, number: u64) {
        let is_before = |sender: &Sender| {
            let is_same = sender.listener.address == listener.address;
            (is_same || sender.listener.may_have_moved_to(listener)) && sender.number < number
        };
        let before = self.senders.iter().filter(|sender| is_before(&sender.state));
        let Some(last) = before.max_by_key(|sender| sender.state.number) else { return };
        let old = last.key;
        if old == listener.address {
            return;
        }
        for sender in self.senders.iter_mut() {
            if sender.key == old {
                sender.key = listener.address;
                sender.state.listener = listener.clone();
            } else if sender.key == listener.address {
                sender.key = old;
                sender.state.listener.address = old;
            }
        }
    }

    fn log(&mut self, order: &Order, listener: &Listener, now: Instant) {
        let counts = self.total;
        let (level, kind, total) = match order {
            Order::Next { lost: 0 } => return,
            Order::Next { .. } => (Level::Warn, Kind::Lost, counts.lost),
            Order::Late => (Level::Warn, Kind::Late, counts.late),
            // Two paths to one listener are not a fault.
            Order::Duplicate => (Level::Info, Kind::Duplicate, counts.duplicates),
            Order::Restart => (Level::Info, Kind::Restart, counts.restarts),
        };
        if !self.permits(kind, now) {
            return;
        }
        let event = match order {
            Order::Next { lost } => {
                format!("{} from listener {listener} lost", text::count(*lost, "telegram"))
            }
            Order::Late => format!("a telegram from listener {listener} arrived out of order"),
            Order::Duplicate => format!("duplicate telegram from listener {listener}"),
            Order::Restart => format!("listener {listener} restarted"),
        };
        log::log!(quieter(level, self.is_quiet), sender:% = listener.address, total;
            "{event} ({total} since the start)");
    }

    fn log_jump(&mut self, seconds: i64, listener: &Listener, now: Instant) {
        if seconds == 0 || !self.permits(Kind::Jump, now) {
            return;
        }
        let direction = if seconds < 0 { "back" } else { "ahead" };
        log::log!(quieter(Level::Warn, self.is_quiet), sender:% = listener.address, seconds;
            "the clock of listener {listener} jumped {direction} by {} s; telegrams keep the time \
             they have", seconds.unsigned_abs());
    }

    fn permits(&mut self, kind: Kind, now: Instant) -> bool {
        self.limits[kind as usize].permit(now).is_some()
    }
}

impl Sender {
    /// What was sent before the first telegram does not count as lost.
    fn new(listener: Listener, meta: &Meta, now: Instant) -> Self {
        Self {
            listener,
            number: meta.frame_number,
            start: meta.frame_start,
            arrival: now,
            recent: VecDeque::from([(meta.frame_number, meta.frame_start)]),
            counts: LossCounts::default(),
        }
    }

    /// How a telegram follows those before.
    fn order(&self, meta: &Meta) -> Order {
        let (number, start) = (meta.frame_number, meta.frame_start);
        // The number alone proves nothing: anybody can send the next ones.
        if self.recent.contains(&(number, start)) {
            Order::Duplicate
        } else if number > self.number {
            Order::Next { lost: number - self.number - 1 }
        } else if self.number - number > MAX_NUMBER_STEP
            || start > self.start
            || self.recent.iter().any(|&(known, _)| known == number)
        {
            Order::Restart
        } else {
            Order::Late
        }
    }

    /// Remembers a telegram.
    fn note(&mut self, meta: &Meta, order: &Order, now: Instant) {
        match order {
            Order::Duplicate => return,
            Order::Late => {}
            Order::Next { .. } | Order::Restart => {
                (self.number, self.start, self.arrival) =
                    (meta.frame_number, meta.frame_start, now);
            }
        }
        if *order == Order::Restart {
            self.recent.clear();
        } else if self.recent.len() == MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((meta.frame_number, meta.frame_start));
    }

    /// By how many seconds the sender's clock has jumped since its last telegram; 0 if it has not.
    fn clock_jump(&self, meta: &Meta, now: Instant) -> i64 {
        let by_its_clock = meta.frame_start.micros_since(self.start) / 1_000_000;
        let by_ours = now.saturating_duration_since(self.arrival).as_secs();
        let ahead = by_its_clock.saturating_sub_unsigned(by_ours);
        if ahead.unsigned_abs() > MAX_CLOCK_STEP { ahead } else { 0 }
    }
}

#[cfg(test)]
mod tests;
