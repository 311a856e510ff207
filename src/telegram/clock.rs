//! A meter's clock that is whole hours off, because it shows another zone than the one assumed.

use std::fmt;

use super::{MeterZone, Timestamp};

const HOUR: i64 = 3_600_000_000;

/// How far a clock may be from a whole hour, in microseconds: as far as sound clocks go wrong.
const TOLERANCE: i64 = 120_000_000;

/// No zone is further from another, in hours.
const MAX_HOURS: i64 = 14;

/// How many whole hours a meter's clock is ahead of the time, and what may explain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoursAhead {
    /// Negative for a clock that is behind, never 0.
    hours: i64,
    /// The zone that was assumed.
    zone: MeterZone,
    /// Whether the meter may mark as summer time the winter time that it shows in summer.
    may_mark_winter_as_summer: bool,
}

impl HoursAhead {
    /// Compares `meter_time`, as read in `zone`, with the time at which it came in. `None` for a clock that is
    /// right, or wrong by something else than whole hours. `header` is the first line of the telegram.
    #[must_use]
    pub fn find(
        meter_time: Timestamp,
        now: Timestamp,
        zone: MeterZone,
        header: &[u8],
    ) -> Option<Self> {
        let ahead = meter_time.micros_since(now);
        let hours = ahead.saturating_add(HOUR / 2).div_euclid(HOUR);
        let is_whole = (ahead - hours * HOUR).abs() <= TOLERANCE;
        let is_zone = hours != 0 && hours.abs() <= MAX_HOURS;
        // Kamstrup's in Sweden: UtilitechAS/amsreader-firmware, issues 934 and 1038.
        let may_mark_winter_as_summer = zone == MeterZone::Central && header.starts_with(b"/KAM");
        (is_whole && is_zone).then_some(Self { hours, zone, may_mark_winter_as_summer })
    }
}

impl fmt::Display for HoursAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hours, zone, may_mark_winter_as_summer } = self;
        let unit = if hours.abs() == 1 { "hour" } else { "hours" };
        let side = if *hours > 0 { "ahead" } else { "behind" };
        write!(f, "the meter's clock is {} {unit} {side}: ", hours.abs())?;
        if *hours == -1 && *may_mark_winter_as_summer {
            return f.write_str(
                "meters of Kamstrup in Sweden do not change to summer time, but mark it; no setting helps, and in \
                 winter the clock is right",
            );
        }
        match zone.ahead_by(*hours).map(MeterZone::names) {
            Some((name, key)) => {
                write!(f, "if it shows {name}, set `p1_listener.time_zone: {key}`")
            }
            None => f.write_str(
                "it shows a zone that `p1_listener.time_zone` has no name for, or the clock of this host is wrong",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ahead_seconds: i64, zone: MeterZone) -> Option<String> {
        let now = Timestamp::from_seconds(1_795_330_010);
        let meter = Timestamp::from_seconds(1_795_330_010 + ahead_seconds);
        HoursAhead::find(meter, now, zone, b"/TST5").map(|hours| hours.to_string())
    }

    #[test]
    fn a_clock_that_is_right_or_just_wrong_is_no_matter_of_zones() {
        for seconds in [0, 5, -119, 121, 1800, 3600 - 121, 3600 + 121, 15 * 3600, 86_400 * 365] {
            assert_eq!(found(seconds, MeterZone::Central), None, "{seconds}");
        }
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(HoursAhead::find(end, Timestamp::default(), MeterZone::Central, b""), None);
    }

    #[test]
    fn the_key_that_explains_the_difference_is_named() {
        let eastern = found(3590, MeterZone::Central).unwrap();
        assert!(eastern.starts_with("the meter's clock is 1 hour ahead: if it"), "{eastern}");
        assert!(eastern.ends_with("set `p1_listener.time_zone: EET`"), "{eastern}");
        let central = found(-3610, MeterZone::Eastern).unwrap();
        assert!(central.ends_with("set `p1_listener.time_zone: CET`"), "{central}");
        for (hours, zone, key) in [
            (-1, MeterZone::Central, "WET"),
            (2, MeterZone::Western, "EET"),
            (1, MeterZone::Western, "CET"),
        ] {
            let message = found(hours * 3600 + 7, zone).unwrap();
            assert!(message.ends_with(&format!("time_zone: {key}`")), "{message}");
        }
    }

    #[test]
    fn a_swedish_meter_that_is_behind_in_summer_is_not_taken_for_a_western_one() {
        let find = |hours: i64| {
            let meter = Timestamp::from_seconds(1_784_000_000 + 3600 * hours);
            let now = Timestamp::from_seconds(1_784_000_000);
            HoursAhead::find(meter, now, MeterZone::Central, b"/KAM5").unwrap().to_string()
        };
        assert!(find(-1).contains("no setting helps") && !find(-1).contains("WET"), "{}", find(-1));
        assert!(find(1).contains("EET"), "{}", find(1));
    }

    #[test]
    fn no_key_is_named_where_none_helps() {
        for (seconds, said) in [(-7200, "2 hours behind"), (7200, "2 hours ahead")] {
            let message = found(seconds, MeterZone::Central).unwrap();
            assert!(message.contains(said) && !message.contains("set `"), "{message}");
        }
    }
}
