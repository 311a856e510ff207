//! Watches the meter's clock for a difference of whole hours.
//!
//! A host without a battery-backed clock may be wrong for the first minutes, so a difference counts only when
//! it has lasted.

use std::time::{Duration, Instant};

use crate::telegram::HoursAhead;

/// How long a difference must last before it is reported.
const MIN_DURATION: Duration = Duration::from_secs(300);

/// The difference between the meter's clock and that of this host.
#[derive(Debug, Default)]
pub struct ClockWatch {
    /// The difference of the last telegram, and since when it has been the same.
    difference: Option<(HoursAhead, Instant)>,
    logged: Option<HoursAhead>,
}

impl ClockWatch {
    /// Takes the difference that a telegram showed, and logs each that has lasted, once.
    pub fn update(&mut self, difference: Option<HoursAhead>, now: Instant) {
        let same = self.difference.filter(|(last, _)| Some(*last) == difference);
        self.difference = same.or(difference.map(|hours| (hours, now)));
        if let Some(hours) = self.lasting(now) {
            if self.logged.replace(hours) != Some(hours) {
                log::warn!("{hours}");
            }
        }
    }

    /// The difference, if it has lasted.
    #[must_use]
    pub fn lasting(&self, now: Instant) -> Option<HoursAhead> {
        let (hours, since) = self.difference?;
        (now.saturating_duration_since(since) >= MIN_DURATION).then_some(hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::captured_log;
    use crate::telegram::{MeterZone, Timestamp};

    fn an_hour() -> Option<HoursAhead> {
        let now = Timestamp::from_seconds(1_795_330_010);
        HoursAhead::find(Timestamp::from_seconds(1_795_333_610), now, MeterZone::Central, b"/TST5")
    }

    #[test]
    fn a_difference_that_lasts_is_logged_once() {
        let (mut watch, start) = (ClockWatch::default(), Instant::now());
        let lines = captured_log(|| {
            for second in 0..3600 {
                watch.update(an_hour(), start + Duration::from_secs(second));
            }
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("1 hour ahead"), "{lines:?}");
        assert!(watch.lasting(start + MIN_DURATION).is_some());
        watch.update(None, start + MIN_DURATION);
        assert!(watch.lasting(start + MIN_DURATION * 2).is_none());
    }

    #[test]
    fn a_host_whose_clock_is_set_soon_after_its_start_gets_no_message() {
        let (mut watch, start) = (ClockWatch::default(), Instant::now());
        let lines = captured_log(|| {
            for second in 0..3600 {
                let difference = an_hour().filter(|_| second < 240);
                watch.update(difference, start + Duration::from_secs(second));
            }
        });
        assert_eq!(lines, Vec::<String>::new());
    }
}
