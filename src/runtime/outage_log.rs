//! Logs the start and the end of each outage, at most ten an hour.
//!
//! Decides whether to log; the caller writes the messages and passes the time. A host behind a bad radio
//! link may come and go every few seconds, for years.

use std::time::{Duration, Instant};

/// How many outages are logged in a [`PERIOD`].
pub const MAX_OUTAGES: u32 = 10;

/// After this, outages are logged again.
pub const PERIOD: Duration = Duration::from_secs(3600);

/// The outages of one thing.
#[derive(Clone, Debug, Default)]
pub struct OutageLog {
    /// There is an outage, and its start was logged.
    is_logged: bool,
    /// How many were logged in the current period.
    count: u32,
    /// When that period began.
    since: Option<Instant>,
}

impl OutageLog {
    /// It failed at time `now`. `Some(end)`: log it, with `end` appended.
    ///
    /// Each outage is logged once; one that begins after too many others is logged later if it lasts.
    #[must_use]
    pub fn down(&mut self, now: Instant) -> Option<&'static str> {
        if self.is_logged {
            return None;
        }
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= PERIOD) {
            (self.count, self.since) = (0, Some(now));
        }
        if self.count == MAX_OUTAGES {
            return None;
        }
        self.count += 1;
        self.is_logged = true;
        let is_last = self.count == MAX_OUTAGES;
        Some(if is_last { " (10th time this hour; further messages suppressed)" } else { "" })
    }

    /// It works. True when that should be logged: an outage that was logged is over.
    #[must_use]
    pub fn up(&mut self) -> bool {
        std::mem::take(&mut self.is_logged)
    }

    /// There is an outage, and its start was logged.
    #[must_use]
    pub fn is_logged(&self) -> bool {
        self.is_logged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_logged_once_and_so_is_its_end() {
        let (mut outages, now) = (OutageLog::default(), Instant::now());
        assert!(!outages.up(), "it worked from the start");
        assert_eq!([(); 3].map(|()| outages.down(now)), [Some(""), None, None]);
        assert_eq!([(); 2].map(|()| outages.up()), [true, false]);
    }

    #[test]
    fn ten_outages_an_hour_are_logged_and_the_last_one_tells_that_it_is_the_last() {
        let (mut outages, start) = (OutageLog::default(), Instant::now());
        for hour in 0..3 {
            let mut logged = Vec::new();
            for second in (0..3600).step_by(2) {
                logged.extend(outages.down(start + hour * PERIOD + Duration::from_secs(second)));
                assert!(!outages.is_logged() || outages.up());
            }
            let (last, others) = logged.split_last().unwrap();
            assert_eq!(others, [""; MAX_OUTAGES as usize - 1]);
            assert!(last.contains(&format!("{MAX_OUTAGES}th time this hour")), "{last}");
        }
    }

    #[test]
    fn an_outage_that_began_among_too_many_is_logged_when_it_outlasts_them() {
        let (mut outages, start) = (OutageLog::default(), Instant::now());
        for _ in 0..MAX_OUTAGES {
            assert!(outages.down(start).is_some() && outages.up());
        }
        assert_eq!(outages.down(start + Duration::from_secs(3599)), None);
        assert!(!outages.clone().up(), "its start was not logged, so its end is not either");
        assert_eq!(outages.down(start + PERIOD), Some(""));
        assert!(outages.up());
    }
}
