//! Raw telegrams that arrive twice, because two network paths lead to their sender.
//!
//! Raw telegrams have no number, so equal bytes from one sender within half a second count as one.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A meter sends at most 12 telegrams a second, and no two are equal within this time.
const REPEAT_WINDOW: Duration = Duration::from_millis(500);

/// The most telegrams that are remembered.
const MAX_REMEMBERED: usize = 16;

/// The telegrams of the last half second.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeats {
    recent: VecDeque<(SocketAddr, Vec<u8>, Instant)>,
}

impl Repeats {
    /// Whether these bytes have not arrived from this sender within the last half second.
    pub fn is_new(&mut self, bytes: &[u8], from: SocketAddr, now: Instant) -> bool {
        self.recent.retain(|(_, _, at)| now.saturating_duration_since(*at) < REPEAT_WINDOW);
        if self.recent.iter().any(|(sender, known, _)| *sender == from && known == bytes) {
            return false;
        }
        if self.recent.len() == MAX_REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((from, bytes.to_vec(), now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_of_one_sender_within_half_a_second_are_one_telegram() {
        let mut repeats = Repeats::default();
        let start = Instant::now();
        for (millis, port, bytes, is_new) in [
            (0, 1, "a", true),
            (1, 1, "b", true),
            (2, 1, "a", false),
            (3, 1, "b", false),
            (4, 2, "a", true),
            (499, 1, "a", false),
            (500, 1, "a", true),
        ] {
            let from = ([192, 0, 2, 1], port).into();
            let now = start + Duration::from_millis(millis);
            assert_eq!(repeats.is_new(bytes.as_bytes(), from, now), is_new, "at {millis} ms");
        }
    }

    #[test]
    fn a_flood_takes_no_more_memory() {
        let mut repeats = Repeats::default();
        for number in 0..1000u32 {
            assert!(repeats.is_new(
                &number.to_be_bytes(),
                ([192, 0, 2, 1], 1).into(),
                Instant::now()
            ));
        }
        assert_eq!(repeats.recent.len(), MAX_REMEMBERED);
    }
}
