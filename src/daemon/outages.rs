//! What comes and goes: of an outage its beginning is said and its end, of too many nothing.
//!
//! Owns the decision whether either is said; the messages are the caller's, and so is the clock. A host
//! behind a bad radio link may come and go every few seconds, for years.

use std::time::{Duration, Instant};

/// How many outages are told in a [`PERIOD`].
pub const MOST: u32 = 10;

/// After this, outages are told again.
pub const PERIOD: Duration = Duration::from_secs(3600);

/// The outages of one thing.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    /// There is one, and it has been said.
    is_told: bool,
    /// How many were told in the current period.
    count: u32,
    /// When that period began.
    since: Option<Instant>,
}

impl Outages {
    /// It fails at time `now`. If that is to be said, gives what ends the message.
    ///
    /// It is to be said once, unless there were too many of late; then later, if it goes on.
    #[must_use]
    pub fn fails(&mut self, now: Instant) -> Option<&'static str> {
        if self.is_told {
            return None;
        }
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= PERIOD) {
            (self.count, self.since) = (0, Some(now));
        }
        if self.count == MOST {
            return None;
        }
        self.count += 1;
        self.is_told = true;
        let is_last = self.count == MOST;
        Some(if is_last {
            " (for the 10th time in an hour, the rest of which tells no more)"
        } else {
            ""
        })
    }

    /// It works. True when that is to be said: an outage that was told is over.
    #[must_use]
    pub fn works(&mut self) -> bool {
        std::mem::take(&mut self.is_told)
    }

    /// There is an outage, and it has been said.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.is_told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_and_so_is_its_end() {
        let (mut outages, now) = (Outages::default(), Instant::now());
        assert!(!outages.works(), "it was well from the start");
        assert_eq!([(); 3].map(|()| outages.fails(now)), [Some(""), None, None]);
        assert_eq!([(); 2].map(|()| outages.works()), [true, false]);
    }

    #[test]
    fn of_what_comes_and_goes_all_the_time_ten_outages_an_hour_are_told_and_the_last_says_so() {
        let (mut outages, start) = (Outages::default(), Instant::now());
        for hour in 0..3 {
            let mut told = Vec::new();
            for second in (0..3600).step_by(2) {
                told.extend(outages.fails(start + hour * PERIOD + Duration::from_secs(second)));
                assert!(!outages.is_told() || outages.works());
            }
            let (last, others) = told.split_last().unwrap();
            assert_eq!(others, [""; MOST as usize - 1]);
            assert!(last.contains(&format!("{MOST}th time in an hour")), "{last}");
        }
    }

    #[test]
    fn an_outage_that_began_among_too_many_is_told_when_it_outlasts_them() {
        let (mut outages, start) = (Outages::default(), Instant::now());
        for _ in 0..MOST {
            assert!(outages.fails(start).is_some() && outages.works());
        }
        assert_eq!(outages.fails(start + Duration::from_secs(3599)), None);
        assert!(!outages.clone().works(), "whoever heard nothing of it need not hear of its end");
        assert_eq!(outages.fails(start + PERIOD), Some(""));
        assert!(outages.works());
    }
}
