//! Telegrams that were lost, arrived twice or out of order, by the frame numbers of each sender.
//!
//! Owns the counts and their log messages. Which meter a telegram is from does not matter here.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use log::Level;

use super::quieter;
use crate::message::Meta;
use crate::runtime::RateLimit;
use crate::telegram::Timestamp;
use crate::text;

/// The most senders that are tracked; the one that was silent longest makes room for a new one.
const MAX_SENDERS: usize = 16;

/// How often each kind of event is logged.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// How far behind a frame number may be to count as late. Further behind, the sender has restarted.
const MAX_LATE: u64 = 60;

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

impl AddAssign for LossCounts {
    fn add_assign(&mut self, other: Self) {
        self.lost = self.lost.saturating_add(other.lost);
        self.duplicates += other.duplicates;
        self.late += other.late;
        self.restarts += other.restarts;
        self.jumps += other.jumps;
    }
}

/// Tracks the senders of one group.
#[derive(Clone, Debug)]
pub(super) struct LossTracker {
    senders: Vec<Sender>,
    /// The counts of senders that are no longer tracked.
    former: LossCounts,
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
    address: SocketAddr,
    source: Option<String>,
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
        Self { senders: Vec::new(), former: LossCounts::default(), is_quiet, limits }
    }

    /// What was counted of all senders.
    pub fn counts(&self) -> LossCounts {
        let mut sum = self.former;
        self.senders.iter().for_each(|sender| sum += sender.counts);
        sum
    }

    /// What was counted of one sender.
    pub fn counts_of(&self, address: SocketAddr) -> LossCounts {
        let sender = self.senders.iter().find(|sender| sender.address == address);
        sender.map(|sender| sender.counts).unwrap_or_default()
    }

    /// Counts a telegram; false if this very telegram has arrived before.
    pub fn is_new(&mut self, meta: &Meta, from: SocketAddr, now: Instant) -> bool {
        let Some(sender) = self.senders.iter_mut().find(|sender| sender.address == from) else {
            self.add(meta, from, now);
            return true;
        };
        let jump = sender.clock_jump(meta, now);
        let order = sender.count(meta);
        if matches!(order, Order::Next { .. } | Order::Restart) {
            (sender.start, sender.arrival) = (meta.frame_start, now);
            sender.counts.jumps += u64::from(jump != 0);
            self.log_jump(jump, from, meta, now);
        }
        self.log(&order, from, meta, now);
        order != Order::Duplicate
    }

    fn add(&mut self, meta: &Meta, address: SocketAddr, now: Instant) {
        let is_crowd = self.senders.len() == MAX_SENDERS;
        if is_crowd {
            let silent = (0..MAX_SENDERS).min_by_key(|&at| self.senders[at].arrival).unwrap_or(0);
            self.former += self.senders.swap_remove(silent).counts;
        }
        let is_same =
            |sender: &Sender| sender.address.ip() == address.ip() && sender.source == meta.source;
        let is_restart = meta.frame_number <= MAX_LATE && self.senders.iter().any(is_same);
        // What was sent before the first telegram that arrived does not count as lost.
        self.senders.push(Sender {
            address,
            source: meta.source.clone(),
            number: meta.frame_number,
            start: meta.frame_start,
            arrival: now,
            recent: VecDeque::from([(meta.frame_number, meta.frame_start)]),
            counts: LossCounts { restarts: u64::from(is_restart), ..LossCounts::default() },
        });
        if is_restart {
            self.log(&Order::Restart, address, meta, now);
        } else if !is_crowd || self.permits(Kind::Crowd, now) {
            log::log!(quieter(Level::Info, self.is_quiet), sender = address.to_string().as_str();
                "receiving from listener {}", name(meta, address));
        }
    }

    fn log(&mut self, order: &Order, from: SocketAddr, meta: &Meta, now: Instant) {
        let counts = self.counts();
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
        let listener = name(meta, from);
        let event = match order {
            Order::Next { lost } => {
                format!("{} from listener {listener} lost", text::count(*lost, "telegram"))
            }
            Order::Late => format!("a telegram from listener {listener} arrived out of order"),
            Order::Duplicate => format!("duplicate telegram from listener {listener}"),
            Order::Restart => format!("listener {listener} restarted"),
        };
        log::log!(quieter(level, self.is_quiet), sender = from.to_string().as_str(), total;
            "{event} ({total} since the start)");
    }

    fn log_jump(&mut self, seconds: i64, from: SocketAddr, meta: &Meta, now: Instant) {
        if seconds == 0 || !self.permits(Kind::Jump, now) {
            return;
        }
        let direction = if seconds < 0 { "back" } else { "ahead" };
        log::log!(quieter(Level::Warn, self.is_quiet), sender = from.to_string().as_str(), seconds;
            "the clock of listener {} jumped {direction} by {} s; telegrams keep the time they have",
            name(meta, from), seconds.unsigned_abs());
    }

    fn permits(&mut self, kind: Kind, now: Instant) -> bool {
        self.limits[kind as usize].permit(now).is_some()
    }
}

impl Sender {
    /// Counts a telegram by its number.
    fn count(&mut self, meta: &Meta) -> Order {
        let (number, start) = (meta.frame_number, meta.frame_start);
        // The number alone proves nothing: anybody can send the next ones.
        if self.recent.contains(&(number, start)) {
            self.counts.duplicates += 1;
            return Order::Duplicate;
        }
        let order = if number > self.number {
            Order::Next { lost: number - self.number - 1 }
        } else if self.number - number > MAX_LATE
            || start > self.start
            || self.recent.iter().any(|&(known, _)| known == number)
        {
            Order::Restart
        } else {
            Order::Late
        };
        match order {
            Order::Next { lost } => self.counts.lost = self.counts.lost.saturating_add(lost),
            Order::Late => {
                self.counts.late += 1;
                self.counts.lost = self.counts.lost.saturating_sub(1);
            }
            Order::Restart => {
                self.counts.restarts += 1;
                self.recent.clear();
            }
            Order::Duplicate => {}
        }
        if order != Order::Late {
            self.number = number;
        }
        self.recent.push_back((number, start));
        if self.recent.len() > MAX_RECENT {
            self.recent.pop_front();
        }
        order
    }

    /// By how many seconds the sender's clock has jumped since its last telegram; 0 if it has not.
    fn clock_jump(&self, meta: &Meta, now: Instant) -> i64 {
        let by_its_clock = meta.frame_start.micros_since(self.start) / 1_000_000;
        let by_ours = now.saturating_duration_since(self.arrival).as_secs();
        let ahead = by_its_clock.saturating_sub_unsigned(by_ours);
        if ahead.unsigned_abs() > MAX_CLOCK_STEP { ahead } else { 0 }
    }
}

/// How a listener is called in the log.
fn name(meta: &Meta, address: SocketAddr) -> String {
    match &meta.source {
        Some(source) => format!("{} ({address})", text::escaped(source)),
        None => address.to_string(),
    }
}

#[cfg(test)]
mod tests;
