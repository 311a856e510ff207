//! Sleeps through the middle of a telegram.
//!
//! A serial line delivers a telegram in a hundred small pieces, and waking up for each costs more than all
//! the work on it. The telegrams of a meter have about the same length, so nothing is missed by sleeping
//! until most of one is there. Only its end must not be late: the time to sleep follows from the speed of the
//! line, and from how much earlier than that the last telegrams have ended. A pseudo-terminal, an adapter with
//! large packets or a meter behind another program delivers a telegram at once, whatever the speed.

use std::time::{Duration, Instant};

/// How many bytes of a telegram's end are waited for awake: it may be that much shorter than expected.
const MARGIN: usize = 8;

/// The longest sleep. A telegram that is shorter than expected is late by this at most.
const MAX_SLEEP: Duration = Duration::from_millis(100);

/// The most that may come in during a sleep, in bytes: half of the kernel's buffer for a line.
const MAX_MISSING: usize = 2048;

/// Sleeping for less than this is not worth it.
const MIN_SLEEP: Duration = Duration::from_millis(2);

/// The share of [`Pace::early`] that one telegram takes off: a line that once delivered a telegram at once is
/// trusted again after thirty.
const FORGETTING: u32 = 8;

/// How a telegram arrives.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// The expected length of a telegram, in bytes; 0 when nothing is known. A shorter telegram lowers it
    /// at once, a longer one raises it by one byte: where lengths change, a few more wake-ups cost less
    /// than being late.
    expected: usize,
    /// How much earlier than the speed of the line allows telegrams have ended.
    early: Duration,
    /// How much of the next telegram is there.
    received: usize,
    /// In how many pieces that came.
    pieces: u32,
    /// The latest time at which its first byte can have been on the line, going by the bytes that came so far.
    begin: Option<Instant>,
    /// Nothing has come in since the last sleep.
    has_slept: bool,
    /// The last telegram was complete after a sleep, earlier than the line allows: how much earlier is not
    /// known, so the next one is watched.
    is_watching: bool,
}

impl Pace {
    /// This many bytes have come in, on a line that takes `byte_time` for a byte.
    pub fn received(&mut self, bytes: usize, byte_time: Duration, now: Instant) {
        self.received += bytes;
        self.pieces += 1;
        // What came in during a sleep may have been there for a while.
        if !self.has_slept {
            let begin = now.checked_sub(line_time(self.received, byte_time));
            self.begin = self.begin.max(begin);
        }
    }

    /// A telegram of this length is complete, and `rest` bytes of the next have come with its end.
    pub fn complete(&mut self, length: usize, rest: usize, byte_time: Duration, now: Instant) {
        let expected = if self.expected == 0 { length } else { length.min(self.expected + 1) };
        let end = self.begin.map(|begin| begin + line_time(length, byte_time));
        let early = end.map_or(Duration::ZERO, |end| end.saturating_duration_since(now));
        // A sleep that was too long explains why the end is there.
        let is_watching = self.has_slept && !early.is_zero();
        let early = match self.pieces {
            // In one piece it says nothing about the pace.
            ..=1 => self.early,
            _ => early.max(self.early.saturating_sub(self.early / FORGETTING)),
        };
        *self = Self { expected, early, is_watching, ..Self::default() };
        if rest > 0 {
            self.received(rest, byte_time, now);
        }
    }

    /// The line is silent or has changed: what comes next is the beginning of a telegram.
    pub fn restart(&mut self) {
        (self.received, self.pieces, self.begin, self.has_slept) = (0, 0, None, false);
    }

    /// Whether the next byte begins a telegram.
    #[must_use]
    pub fn is_at_beginning(&self) -> bool {
        self.received == 0
    }

    /// How long to sleep now, on a line that takes `byte_time` for a byte.
    #[must_use]
    pub fn sleep_time(&mut self, byte_time: Duration) -> Option<Duration> {
        let missing = self.expected.saturating_sub(self.received + MARGIN).min(MAX_MISSING);
        let time = line_time(missing, byte_time).saturating_sub(self.early);
        self.has_slept = self.received > 0 && !self.is_watching && time >= MIN_SLEEP;
        self.has_slept.then(|| time.min(MAX_SLEEP))
    }
}

fn line_time(bytes: usize, byte_time: Duration) -> Duration {
    byte_time.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTE_TIME: Duration = Duration::from_micros(87);
    const LENGTH: usize = 890;

    /// How one telegram went.
    #[derive(Debug, PartialEq)]
    struct Outcome {
        wake_ups: u32,
        late: Duration,
    }

    /// Plays a telegram of which `arrived` gives how many bytes are there so long after its start. The line is
    /// read in steps of a tenth of a millisecond, or after a sleep that is `oversleep` too long.
    fn play(pace: &mut Pace, arrived: impl Fn(Duration) -> usize, oversleep: Duration) -> Outcome {
        let start = Instant::now();
        let (mut time, mut read, mut wake_ups, mut end) = (Duration::ZERO, 0, 0, None);
        loop {
            time += Duration::from_micros(100);
            let there = arrived(time).min(LENGTH);
            end = end.or((there == LENGTH).then(|| end_of(&arrived, time)));
            if there == read {
                continue;
            }
            wake_ups += 1;
            pace.received(there - read, BYTE_TIME, start + time);
            read = there;
            if read == LENGTH {
                pace.complete(LENGTH, 0, BYTE_TIME, start + time);
                return Outcome { wake_ups, late: time.saturating_sub(end.unwrap()) };
            }
            time += pace.sleep_time(BYTE_TIME).map_or(Duration::ZERO, |sleep| sleep + oversleep);
        }
    }

    /// When the last byte arrived, which is there now.
    fn end_of(arrived: &impl Fn(Duration) -> usize, now: Duration) -> Duration {
        let (mut before, mut after) = (Duration::ZERO, now);
        while after.saturating_sub(before) > Duration::from_micros(1) {
            let middle = (before + after) / 2;
            if arrived(middle) < LENGTH { before = middle } else { after = middle }
        }
        after
    }

    /// Pieces of twelve bytes at the speed of the line.
    fn at_line_speed(time: Duration) -> usize {
        usize::try_from(time.as_nanos() / BYTE_TIME.as_nanos()).unwrap() / 12 * 12
            + usize::from(time >= BYTE_TIME * 890) * 12
    }

    /// The first part, and all the rest 50 µs later.
    fn at_once(time: Duration) -> usize {
        if time < Duration::from_micros(150) { 256 } else { LENGTH }
    }

    /// Packets of 512 bytes, when they are full or the line is silent.
    fn in_packets(time: Duration) -> usize {
        if time < BYTE_TIME * 512 {
            0
        } else if time + Duration::from_millis(15) < BYTE_TIME * 890 {
            512
        } else {
            LENGTH
        }
    }

    const ONE_MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_telegram_is_watched_and_then_the_middle_is_slept_through() {
        let mut pace = Pace::default();
        let first = play(&mut pace, at_line_speed, Duration::ZERO);
        assert!(first.wake_ups > 70 && first.late < ONE_MS, "{first:?}");
        for _ in 0..100 {
            let next = play(&mut pace, at_line_speed, Duration::from_micros(60));
            assert!(next.wake_ups < 8 && next.late < ONE_MS, "{next:?}");
        }
    }

    #[test]
    fn a_telegram_that_comes_at_once_is_never_late() {
        let mut pace = Pace::default();
        for _ in 0..1000 {
            let telegram = play(&mut pace, at_once, Duration::ZERO);
            assert!(telegram.late <= ONE_MS / 5, "{telegram:?}");
        }
    }

    #[test]
    fn nor_where_most_telegrams_come_in_one_piece() {
        let mut pace = Pace::default();
        for number in 0..1000 {
            let whole = |_| LENGTH;
            let telegram = match number % 20 {
                0 => play(&mut pace, at_once, Duration::ZERO),
                _ => play(&mut pace, whole, Duration::ZERO),
            };
            assert!(telegram.late <= ONE_MS / 5, "{number}: {telegram:?}");
        }
    }

    #[test]
    fn large_packets_are_not_late_either() {
        let mut pace = Pace::default();
        for _ in 0..1000 {
            let telegram = play(&mut pace, in_packets, Duration::ZERO);
            assert!(telegram.late <= ONE_MS / 5, "{telegram:?}");
        }
    }

    #[test]
    fn a_line_that_begins_to_deliver_telegrams_at_once_is_late_once_only() {
        let mut pace = Pace::default();
        for _ in 0..10 {
            play(&mut pace, at_line_speed, Duration::ZERO);
        }
        let late =
            (0..1000).filter(|_| play(&mut pace, at_once, Duration::ZERO).late > ONE_MS).count();
        assert_eq!(late, 1);
    }

    #[test]
    fn a_line_that_has_stopped_to_do_so_is_slept_on_again() {
        let mut pace = Pace::default();
        play(&mut pace, at_once, Duration::ZERO);
        let wake_ups = (0..200).map(|_| play(&mut pace, at_line_speed, Duration::ZERO).wake_ups);
        assert!(wake_ups.last().unwrap() < 12);
    }

    #[test]
    fn a_host_that_wakes_up_late_once_in_a_while_goes_on_sleeping() {
        let mut pace = Pace::default();
        let mut wake_ups = 0;
        for number in 0..1000 {
            let oversleep = if number % 50 == 0 { ONE_MS * 5 } else { Duration::ZERO };
            wake_ups += play(&mut pace, at_line_speed, oversleep).wake_ups;
        }
        assert!(wake_ups < 1000 * 10, "{wake_ups}");
    }

    #[test]
    fn a_sleep_never_reaches_into_the_last_bytes_of_a_telegram_as_long_as_the_last() {
        let start = Instant::now();
        for received in 1..LENGTH {
            let mut pace = Pace { expected: LENGTH, ..Pace::default() };
            pace.received(received, BYTE_TIME, start);
            if let Some(time) = pace.sleep_time(BYTE_TIME) {
                let line_end = line_time(LENGTH - received, BYTE_TIME);
                assert!(time + BYTE_TIME * 7 < line_end, "{received}");
            }
        }
    }

    #[test]
    fn telegrams_of_different_lengths_are_not_late() {
        let mut pace = Pace::default();
        let start = Instant::now();
        for length in [900, 1000, 1000, 950, 1000, 900, 1000].repeat(10) {
            pace.received(12, BYTE_TIME, start);
            let end = line_time(length - 12, BYTE_TIME);
            assert!(pace.sleep_time(BYTE_TIME).is_none_or(|time| time < end), "{length}: {pace:?}");
            pace.received(length - 12, BYTE_TIME, start + end);
            pace.complete(length, 0, BYTE_TIME, start + end);
        }
    }

    #[test]
    fn the_expected_length_grows_with_longer_telegrams() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        (0..101).for_each(|_| pace.complete(900, 0, BYTE_TIME, now));
        (0..100).for_each(|_| pace.complete(1000, 0, BYTE_TIME, now));
        assert_eq!(pace.expected, 1000);
    }

    #[test]
    fn after_a_break_the_beginning_counts_again() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.complete(LENGTH, 20, BYTE_TIME, now);
        assert!(pace.sleep_time(BYTE_TIME).is_some(), "a beginning came with the last end");
        pace.restart();
        assert_eq!(pace.sleep_time(BYTE_TIME), None);
    }
}
