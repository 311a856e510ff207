//! Sleeps through the middle of a telegram.
//!
//! A serial line delivers a telegram in a hundred small pieces, and waking up for each costs more than all
//! the work on it. The telegrams of a meter have about the same length, so nothing is missed by sleeping
//! until most of one is there. Only its end must not be late: the time to sleep follows from the speed of
//! the line, which no meter exceeds. A meter that pauses between lines costs a few sleeps more.

use std::time::Duration;

/// How many bytes of a telegram's end are waited for awake: it may be that much shorter than expected.
const MARGIN: usize = 8;

/// The longest sleep. A telegram that is shorter than expected is late by this at most.
const MAX_SLEEP: Duration = Duration::from_millis(100);

/// The most that may come in during a sleep, in bytes: half of the kernel's buffer for a line.
const MAX_MISSING: usize = 2048;

/// Sleeping for less than this is not worth it.
const MIN_SLEEP: Duration = Duration::from_millis(2);

/// How far a telegram has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// The expected length of a telegram, in bytes; 0 when nothing is known. A shorter telegram lowers it
    /// at once, a longer one raises it by one byte: where lengths change, a few more wake-ups cost less
    /// than being late.
    expected: usize,
    /// How much of the next one is there.
    received: usize,
}

impl Pace {
    /// This many bytes have come in.
    pub fn received(&mut self, bytes: usize) {
        self.received += bytes;
    }

    /// A telegram of this length is complete, and `rest` bytes of the next have come with its end.
    pub fn complete(&mut self, length: usize, rest: usize) {
        let expected = if self.expected == 0 { length } else { length.min(self.expected + 1) };
        *self = Self { expected, received: rest };
    }

    /// The line is silent or has changed: what comes next is the beginning of a telegram.
    pub fn restart(&mut self) {
        self.received = 0;
    }

    /// Whether the next byte begins a telegram.
    #[must_use]
    pub fn is_at_beginning(&self) -> bool {
        self.received == 0
    }

    /// How long to sleep, on a line that takes `byte_time` for a byte.
    #[must_use]
    pub fn sleep_time(&self, byte_time: Duration) -> Option<Duration> {
        if self.received == 0 {
            return None;
        }
        let missing = self.expected.saturating_sub(self.received + MARGIN).min(MAX_MISSING);
        let time = byte_time.saturating_mul(u32::try_from(missing).unwrap_or(u32::MAX));
        (time >= MIN_SLEEP).then(|| time.min(MAX_SLEEP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTE_TIME: Duration = Duration::from_micros(87);

    #[test]
    fn it_stays_awake_for_the_first_telegram() {
        let mut pace = Pace::default();
        pace.received(12);
        assert_eq!(pace.sleep_time(BYTE_TIME), None);
    }

    #[test]
    fn the_middle_is_slept_through_and_the_end_is_not() {
        let mut pace = Pace::default();
        pace.complete(890, 0);
        assert_eq!(pace.sleep_time(BYTE_TIME), None, "the beginning has a time stamp too");
        pace.received(12);
        assert_eq!(pace.sleep_time(BYTE_TIME), Some(BYTE_TIME * 870));
        pace.received(700);
        assert_eq!(pace.sleep_time(BYTE_TIME), Some(BYTE_TIME * 170));
        pace.received(160);
        assert_eq!(pace.sleep_time(BYTE_TIME), None);
        pace.received(1000);
        assert_eq!(pace.sleep_time(BYTE_TIME), None, "longer than the last one");
    }

    #[test]
    fn a_sleep_never_reaches_into_the_last_bytes_of_a_telegram_as_long_as_the_last() {
        let mut pace = Pace::default();
        pace.complete(890, 0);
        for received in 1..890 {
            pace.restart();
            pace.received(received);
            if let Some(time) = pace.sleep_time(BYTE_TIME) {
                let line_end = BYTE_TIME * u32::try_from(890 - received).unwrap();
                assert!(time + BYTE_TIME * 7 < line_end, "{received}");
            }
        }
    }

    #[test]
    fn telegrams_of_different_lengths_are_not_late() {
        let mut pace = Pace::default();
        for length in [900, 1000, 1000, 950, 1000, 900, 1000].repeat(10) {
            pace.received(12);
            let end = BYTE_TIME * (length - 12);
            assert!(pace.sleep_time(BYTE_TIME).is_none_or(|time| time < end), "{length}: {pace:?}");
            pace.complete(length as usize, 0);
        }
    }

    #[test]
    fn the_expected_length_grows_with_longer_telegrams() {
        let mut pace = Pace::default();
        (0..101).for_each(|_| pace.complete(900, 0));
        (0..100).for_each(|_| pace.complete(1000, 0));
        pace.received(12);
        assert_eq!(pace.sleep_time(BYTE_TIME), Some(BYTE_TIME * 980));
    }

    #[test]
    fn after_a_break_the_beginning_counts_again() {
        let mut pace = Pace::default();
        pace.complete(890, 20);
        assert!(pace.sleep_time(BYTE_TIME).is_some(), "a beginning came with the last end");
        pace.restart();
        assert_eq!(pace.sleep_time(BYTE_TIME), None);
    }
}
