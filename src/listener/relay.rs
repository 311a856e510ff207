//! Recognises telegrams that come back, so that a relay which receives itself does not repeat them endlessly.
//!
//! A relay reads the raw telegrams of a group by TCP and multicasts them again. If that reaches the group
//! from which they came, each of them would go round and round. Two things give them away: the group carried
//! the telegram before its first byte came in here, or this listener sent it a moment ago.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::config;
use crate::multicast::Receiver;
use crate::subscriber::{Feed, Protection, Selection};
use crate::telegram::Timestamp;

/// The most telegrams that are remembered of each kind: those of ten seconds, at the rate of a quick meter.
const MAX_REMEMBERED: usize = 128;

/// The most telegrams that were sent, so many that the group brings each back before it is forgotten.
const MAX_SENT: usize = 1024;

/// For how long the group's telegrams are remembered, in microseconds, if they have a clock.
const WINDOW: i64 = 10_000_000;

/// The same without a clock: such meters may send the same telegram again, but not so soon.
const WINDOW_WITHOUT_CLOCK: i64 = 2_000_000;

/// A telegram that comes again so soon has been round, in microseconds; a meter would not repeat itself.
const ROUND_TRIP: i64 = 500_000;

/// How many different telegrams must have come again before that is taken for a round trip.
const MIN_ROUND_TRIPS: usize = 3;

/// For how long round trips, and what was sent between them, are remembered, in microseconds.
const MEMORY: i64 = 60_000_000;

/// How often the group is joined again.
const JOIN_INTERVAL: Duration = Duration::from_secs(10);

/// The longest telegram that is recognised, in bytes: six times as long as the longest seen so far.
const MAX_DATAGRAM: usize = 16 * 1024;

/// How many datagrams are read in one go: a storm must not keep the loop from its port.
const MAX_READ: usize = 256;

/// Where a telegram was before it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the group, sent by another listener.
    Group,
    /// Here: this listener sent it.
    Here,
}

/// A telegram that came in.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// Its bytes.
    pub raw: &'a [u8],
    /// When its first byte came in.
    pub start: Timestamp,
    /// Whether it has a clock, so that no two are equal.
    pub has_clock: bool,
}

/// What the group has carried, and what was sent to it, in the last seconds.
#[derive(Debug, Default)]
pub struct History {
    hasher: RandomState,
    heard: VecDeque<(u64, Timestamp)>,
    sent: VecDeque<Sent>,
    /// The different telegrams that came again at once.
    round_trips: VecDeque<(u64, Timestamp)>,
}

#[derive(Debug)]
struct Sent {
    hash: u64,
    at: Timestamp,
    /// The kernel has given our own datagram back to us.
    is_looped: bool,
}

impl History {
    /// The group carried this raw telegram.
    pub fn on_heard(&mut self, raw: &[u8], now: Timestamp) {
        let hash = self.hasher.hash_one(raw);
        let own = |sent: &&mut Sent| sent.hash == hash && !sent.is_looped;
        match self.sent.iter_mut().find(own) {
            Some(sent) => sent.is_looped = true,
            None => remember(&mut self.heard, (hash, now), MAX_REMEMBERED),
        }
    }

    /// This raw telegram was sent to the group.
    pub fn on_sent(&mut self, raw: &[u8], now: Timestamp) {
        let hash = self.hasher.hash_one(raw);
        while self.sent.front().is_some_and(|first| now.micros_since(first.at) > MEMORY) {
            self.sent.pop_front();
        }
        remember(&mut self.sent, Sent { hash, at: now, is_looped: false }, MAX_SENT);
    }

    /// Where the telegram was before, if it comes back. What this listener has sent itself is looked for only if
    /// the source is no recording, which may be played round and round.
    pub fn origin(&mut self, telegram: &Incoming<'_>, is_live: bool) -> Option<Origin> {
        let hash = self.hasher.hash_one(telegram.raw);
        let age = |at: Timestamp| telegram.start.micros_since(at);
        let window = if telegram.has_clock { WINDOW } else { WINDOW_WITHOUT_CLOCK };
        let is_heard =
            |(heard, at): &(u64, Timestamp)| *heard == hash && is_within(age(*at), window);
        if self.heard.iter().any(is_heard) {
            return Some(Origin::Group);
        }
        (is_live && self.is_back(hash, telegram)).then_some(Origin::Here)
    }

    /// Whether this listener has sent the telegram, and no meter would send it again now.
    fn is_back(&mut self, hash: u64, telegram: &Incoming<'_>) -> bool {
        let age = |at: Timestamp| telegram.start.micros_since(at);
        let Some(at) = self.sent.iter().rposition(|sent| sent.hash == hash) else { return false };
        let (sent_at, is_last) = (self.sent[at].at, at + 1 == self.sent.len());
        if !is_last {
            // With a clock, the same moment does not come again after another one.
            return telegram.has_clock && is_within(age(sent_at), MEMORY);
        }
        if !is_within(age(sent_at), ROUND_TRIP) {
            return false;
        }
        self.round_trips.retain(|(_, at)| is_within(age(*at), MEMORY));
        match self.round_trips.iter_mut().find(|(known, _)| *known == hash) {
            Some(known) => known.1 = telegram.start,
            None => remember(&mut self.round_trips, (hash, telegram.start), MAX_REMEMBERED),
        }
        self.round_trips.len() >= MIN_ROUND_TRIPS
    }
}

/// The start of a telegram is in whole milliseconds, rounded down: what was before it may seem to be later.
fn is_within(age: i64, window: i64) -> bool {
    (-1000..=window).contains(&age)
}

fn remember<T>(list: &mut VecDeque<T>, item: T, max: usize) {
    if list.len() == max {
        list.pop_front();
    }
    list.push_back(item);
}

/// We hear the group for this check only: subscribers log what is wrong with its telegrams.
const SELECTION: Selection = Selection {
    all_meters: true,
    doing: "recognising",
    hint: "",
    is_quiet: true,
    keeps_first: false,
};

/// Hears what the group carries at its raw port. With a key, only what is announced by a signed telegram: else
/// whoever guesses the next telegram could keep it from being sent.
pub struct GroupMonitor {
    settings: config::Multicast,
    socket: Option<(Receiver, Protection)>,
    next_join: Instant,
    buffer: Vec<u8>,
}

impl GroupMonitor {
    /// A monitor of the group of these settings.
    #[must_use]
    pub fn new(settings: config::Multicast, now: Instant) -> Self {
        let buffer = vec![0; MAX_DATAGRAM];
        Self { settings, socket: None, next_join: now, buffer }
    }

    /// Takes what has arrived since the last time into `history`. Does not wait, and does without a network.
    pub fn update(&mut self, history: &mut History, wall: Timestamp, now: Instant) {
        if now >= self.next_join {
            self.join(now);
        }
        let Some((receiver, protection)) = &mut self.socket else { return };
        for _ in 0..MAX_READ {
            match receiver.try_receive(&mut self.buffer) {
                Ok(Some(datagram)) => {
                    let raw = &self.buffer[..datagram.len];
                    if protection.admits(raw, datagram.from, now) {
                        history.on_heard(raw, wall);
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    self.socket = None;
                    break;
                }
            }
        }
    }

    /// Leaves the group until the next update.
    pub fn leave(&mut self, now: Instant) {
        if self.socket.take().is_some() {
            self.next_join = now;
        }
    }

    /// A failure has no message of its own: the publisher logs that there is no network.
    fn join(&mut self, now: Instant) {
        self.next_join = now + JOIN_INTERVAL;
        let config::Multicast { address, raw_port, interface, .. } = &self.settings;
        match (&mut self.socket, raw_port) {
            (Some((receiver, _)), _) => drop(receiver.rejoin()),
            (None, Some(port)) => {
                let receiver = Receiver::open(*address, *port, interface.as_ref()).ok();
                let protection = || Protection::load(&self.settings, Feed::Raw, SELECTION, now);
                self.socket = receiver.map(|receiver| (receiver, protection()));
            }
            // Without raw telegrams on the group there is no relay.
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(1_795_330_010_000_000 + millis * 1000)
    }

    fn origin(history: &mut History, raw: &str, millis: i64) -> Option<Origin> {
        let incoming = Incoming { raw: raw.as_bytes(), start: at(millis), has_clock: true };
        history.origin(&incoming, true)
    }

    /// What a listener sends that gets these telegrams, each at its time.
    fn sent(history: &mut History, incoming: &[(&str, i64)]) -> Vec<String> {
        let mut sent = Vec::new();
        for &(raw, millis) in incoming {
            if origin(history, raw, millis).is_none() {
                history.on_sent(raw.as_bytes(), at(millis));
                history.on_heard(raw.as_bytes(), at(millis));
                sent.push(raw.to_owned());
            }
        }
        sent
    }

    #[test]
    fn a_telegram_that_the_group_has_carried_is_not_sent_again() {
        let mut history = History::default();
        history.on_heard(b"one", at(0));
        assert_eq!(origin(&mut history, "one", 3), Some(Origin::Group));
        assert_eq!(origin(&mut history, "two", 3), None);
        assert_eq!(origin(&mut history, "one", 10_001), None);
    }

    #[test]
    fn two_listeners_of_one_meter_both_send_its_telegrams() {
        let mut history = History::default();
        for second in 0..100 {
            let raw = format!("{second}");
            // The other one is quicker: it has sent before our last byte is here, but not before the first.
            history.on_heard(raw.as_bytes(), at(second * 1000 + 80));
            assert_eq!(origin(&mut history, &raw, second * 1000), None);
            history.on_sent(raw.as_bytes(), at(second * 1000 + 85));
            history.on_heard(raw.as_bytes(), at(second * 1000 + 85));
        }
    }

    #[test]
    fn a_relay_of_the_own_group_is_recognised_though_the_group_itself_is_not_heard() {
        let mut history = History::default();
        let mut incoming = Vec::new();
        for second in 0..10 {
            for round in 0..100 {
                for early in 0..=second {
                    incoming.push((early.to_string(), second * 1000 + round * 10));
                }
            }
        }
        let incoming: Vec<_> = incoming.iter().map(|(raw, at)| (raw.as_str(), *at)).collect();
        let sent = sent(&mut history, &incoming);
        // The first two go round until the third one proves it.
        assert!(sent.len() <= 2 * 100 + 20, "{}", sent.len());
        let nines = sent.iter().filter(|raw| *raw == "9").count();
        assert!(nines <= 2, "{nines}");
    }

    #[test]
    fn a_meter_that_repeats_itself_is_no_relay() {
        let mut history = History::default();
        let same: Vec<_> = (0..1000).map(|number| ("same", number)).collect();
        assert_eq!(
            sent(&mut history, &same).len(),
            1000,
            "a test that sends one telegram all the time"
        );
        let slow: Vec<_> =
            (0..100).map(|second| (if second < 50 { "a" } else { "b" }, second * 1000)).collect();
        assert_eq!(sent(&mut history, &slow).len(), 100, "a dongle that sends the last one again");
    }

    #[test]
    fn meters_without_a_clock_may_send_the_same_again() {
        let mut history = History::default();
        history.on_heard(b"old", at(0));
        let mut at_second = |second: i64| {
            let incoming = Incoming { raw: b"old", start: at(second * 1000), has_clock: false };
            history.origin(&incoming, true)
        };
        assert_eq!((at_second(1), at_second(10)), (Some(Origin::Group), None));
    }

    #[test]
    fn a_recording_that_begins_again_is_told_from_what_others_have_sent() {
        let mut history = History::default();
        let mut origin_of = |number: i64| {
            let (raw, now) = ((number % 2).to_string(), at(number * 100));
            let incoming = Incoming { raw: raw.as_bytes(), start: now, has_clock: true };
            let origin = history.origin(&incoming, false);
            history.on_sent(raw.as_bytes(), now);
            history.on_heard(raw.as_bytes(), now);
            origin
        };
        assert!((0..100).all(|number| origin_of(number).is_none()));
        history.on_heard(b"0", at(10_000));
        let incoming = Incoming { raw: b"0", start: at(10_001), has_clock: true };
        assert_eq!(history.origin(&incoming, false), Some(Origin::Group));
    }

    #[test]
    fn own_telegrams_are_known_however_many_were_sent_before_the_group_is_read() {
        let mut history = History::default();
        (0..1000).for_each(|_| history.on_sent(b"same", at(0)));
        (0..1000).for_each(|_| history.on_heard(b"same", at(1)));
        let incoming = Incoming { raw: b"same", start: at(2), has_clock: true };
        assert_eq!(history.origin(&incoming, false), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut history = History::default();
        for number in 0..5000 {
            let raw = number.to_string();
            history.on_heard(raw.as_bytes(), at(number));
            history.on_sent(raw.as_bytes(), at(number));
            let _ = origin(&mut history, &raw, number);
        }
        assert_eq!((history.heard.len(), history.sent.len()), (MAX_REMEMBERED, MAX_SENT));
        history.on_sent(b"last", at(3_600_000));
        assert_eq!(history.sent.len(), 1);
        assert!(history.round_trips.len() <= MAX_REMEMBERED);
    }
}
