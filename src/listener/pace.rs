//! Sleeping through the middle of a telegram.
//!
//! A serial line hands a telegram over in a hundred little pieces, and to wake up for each costs more
//! than all the work on it. A meter's telegrams are about as long as one another, so that nothing is
//! missed by not looking before most of one is there. Only the end must not be late: a nap reckons with
//! the pace of the line itself, which no meter exceeds. From one that pauses between lines a telegram
//! takes a few naps more.

use std::time::Duration;

/// How much of a telegram is waited for awake, in bytes: by so much it may be shorter than expected.
const MARGIN: usize = 8;

/// The longest nap. A telegram that is shorter than expected is late by this at most.
const LONGEST_NAP: Duration = Duration::from_millis(100);

/// The most that may come in during a nap, in bytes: half of the kernel's buffer for a line.
const MOST_MISSING: usize = 2048;

/// A nap that is shorter than this is not worth it.
const SHORTEST_NAP: Duration = Duration::from_millis(2);

/// How far a telegram has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// How long a telegram is expected to be, in bytes; 0 when nothing is known. Falls with a shorter
    /// one at once and grows by a byte with each longer one: where lengths change, some wake-ups more
    /// cost less than coming late.
    expected: usize,
    /// How much of the next one is there.
    received: usize,
}

impl Pace {
    /// So many bytes have come in.
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

    /// How long nobody need look, on a line that takes `byte_time` for a byte.
    #[must_use]
    pub fn nap(&self, byte_time: Duration) -> Option<Duration> {
        if self.received == 0 {
            return None;
        }
        let missing = self.expected.saturating_sub(self.received + MARGIN).min(MOST_MISSING);
        let time = byte_time.saturating_mul(u32::try_from(missing).unwrap_or(u32::MAX));
        (time >= SHORTEST_NAP).then(|| time.min(LONGEST_NAP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTE_TIME: Duration = Duration::from_micros(87);

    #[test]
    fn the_first_telegram_is_waited_for_awake() {
        let mut pace = Pace::default();
        pace.received(12);
        assert_eq!(pace.nap(BYTE_TIME), None);
    }

    #[test]
    fn the_middle_is_slept_through_and_the_end_is_not() {
        let mut pace = Pace::default();
        pace.complete(890, 0);
        assert_eq!(pace.nap(BYTE_TIME), None, "the beginning has a time stamp too");
        pace.received(12);
        assert_eq!(pace.nap(BYTE_TIME), Some(BYTE_TIME * 870));
        pace.received(700);
        assert_eq!(pace.nap(BYTE_TIME), Some(BYTE_TIME * 170));
        pace.received(160);
        assert_eq!(pace.nap(BYTE_TIME), None);
        pace.received(1000);
        assert_eq!(pace.nap(BYTE_TIME), None, "longer than the last one");
    }

    #[test]
    fn a_nap_never_reaches_into_the_last_bytes_of_a_telegram_as_long_as_the_last() {
        let mut pace = Pace::default();
        pace.complete(890, 0);
        for received in 1..890 {
            pace.restart();
            pace.received(received);
            if let Some(nap) = pace.nap(BYTE_TIME) {
                let line_end = BYTE_TIME * u32::try_from(890 - received).unwrap();
                assert!(nap + BYTE_TIME * 7 < line_end, "{received}");
            }
        }
    }

    #[test]
    fn a_meter_whose_telegrams_differ_in_length_is_not_waited_for_too_long() {
        let mut pace = Pace::default();
        for length in [900, 1000, 1000, 950, 1000, 900, 1000].repeat(10) {
            pace.received(12);
            let end = BYTE_TIME * (length - 12);
            assert!(pace.nap(BYTE_TIME).is_none_or(|nap| nap < end), "{length}: {pace:?}");
            pace.complete(length as usize, 0);
        }
    }

    #[test]
    fn longer_telegrams_are_believed_in_the_course_of_time() {
        let mut pace = Pace::default();
        (0..101).for_each(|_| pace.complete(900, 0));
        (0..100).for_each(|_| pace.complete(1000, 0));
        pace.received(12);
        assert_eq!(pace.nap(BYTE_TIME), Some(BYTE_TIME * 980));
    }

    #[test]
    fn after_a_break_the_beginning_counts_again() {
        let mut pace = Pace::default();
        pace.complete(890, 20);
        assert!(pace.nap(BYTE_TIME).is_some(), "a beginning came with the last end");
        pace.restart();
        assert_eq!(pace.nap(BYTE_TIME), None);
    }
}
