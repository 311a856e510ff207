//! The time on the meter's face: Central European (Summer) Time, computed by rule.
//!
//! Owns the European Union's rule (summer time from the last Sunday of March to the last Sunday of
//! October, changing at 01:00 UTC) and the `YYMMDDhhmmssX` stamp. It needs no time zone data base and
//! ignores the host's time zone; moments are whole Unix seconds.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Weekday};

/// The years that the meter's two-digit stamp can tell apart.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2099;

/// A second as the household's clocks show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    shown: NaiveDateTime,
    summer: bool,
}

impl LocalTime {
    /// What clocks show `utc` seconds after 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub fn at(utc: i64) -> Self {
        // Only moments more than 200,000 years away have no date; they may be shown as 1970.
        let moment = DateTime::from_timestamp(utc, 0).unwrap_or_default();
        let summer = is_summer_time(moment.naive_utc());
        let shown = moment.naive_utc() + offset(summer);
        Self { shown, summer }
    }

    /// The date, as a number of days from an arbitrary fixed day.
    #[must_use]
    pub fn day(self) -> i64 {
        self.shown.date().num_days_from_ce().into()
    }

    /// Seconds since local midnight as clocks show them: 0 to 86,399, an hour twice in October.
    #[must_use]
    pub fn second_of_day(self) -> i64 {
        self.shown.num_seconds_from_midnight().into()
    }

    /// Days since the first of January: 0 to 365.
    #[must_use]
    pub fn day_of_year(self) -> i64 {
        self.shown.ordinal0().into()
    }

    /// Whether it is Saturday or Sunday.
    #[must_use]
    pub fn is_weekend(self) -> bool {
        matches!(self.shown.weekday(), Weekday::Sat | Weekday::Sun)
    }

    /// The twelve digits of the meter's `YYMMDDhhmmssX`, as one number.
    #[must_use]
    pub fn digits(self) -> u64 {
        let (date, time) = (self.shown.date(), self.shown.time());
        let year = date.year().rem_euclid(100).unsigned_abs();
        [year, date.month(), date.day(), time.hour(), time.minute(), time.second()]
            .into_iter()
            .fold(0, |digits, pair| digits * 100 + u64::from(pair))
    }

    /// Whether it is summer time, the `S` of the meter's `YYMMDDhhmmssX`; else it is `W`.
    #[must_use]
    pub fn is_summer(self) -> bool {
        self.summer
    }
}

/// The Unix second at which clocks show `text`, written `YYYY-MM-DD HH:MM:SS`.
///
/// In the hour that October repeats, the first pass is meant. The error is for people: it says
/// that the text is no date and time, that clocks skip it in March, or that its year is not within
/// 2000 to 2099.
pub fn parse_local(text: &str) -> Result<i64, String> {
    let shown = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .map_err(|_| "expected a date and time like '2026-11-22 18:30:00'".to_owned())?;
    if !YEARS.contains(&shown.year()) {
        return Err("expected a year from 2000 to 2099".to_owned());
    }
    [true, false]
        .into_iter()
        .map(|summer| (shown - offset(summer)).and_utc().timestamp())
        .find(|&utc| LocalTime::at(utc).shown == shown)
        .ok_or_else(|| "clocks skip this hour, when summer time begins".to_owned())
}

fn offset(summer: bool) -> TimeDelta {
    TimeDelta::hours(if summer { 2 } else { 1 })
}

fn is_summer_time(utc: NaiveDateTime) -> bool {
    match utc.month() {
        4..=9 => true,
        3 => utc >= last_sunday_one_o_clock(utc.date()),
        10 => utc < last_sunday_one_o_clock(utc.date()),
        _ => false,
    }
}

/// 01:00 on the last Sunday of the month of `date`, which must be a month of 31 days.
fn last_sunday_one_o_clock(date: NaiveDate) -> NaiveDateTime {
    let last = date.with_day(31).unwrap_or(date);
    let back = i64::from(last.weekday().num_days_from_sunday());
    (last - TimeDelta::days(back)).and_time(chrono::NaiveTime::MIN) + TimeDelta::hours(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(utc: i64) -> String {
        let shown = LocalTime::at(utc);
        let letter = if shown.is_summer() { 'S' } else { 'W' };
        format!("{:012}{letter}", shown.digits())
    }

    #[test]
    fn march_skips_an_hour() {
        assert_eq!(stamp(1_774_745_999), "260329015959W");
        assert_eq!(stamp(1_774_746_000), "260329030000S");
        assert_eq!(stamp(1_774_738_800), "260329000000W");
        assert_eq!(stamp(1_774_821_600), "260330000000S");
    }

    #[test]
    fn october_shows_an_hour_twice_with_another_letter() {
        assert_eq!(stamp(1_792_886_400), "261025020000S");
        assert_eq!(stamp(1_792_889_999), "261025025959S");
        assert_eq!(stamp(1_792_890_000), "261025020000W");
        assert_eq!(stamp(1_792_893_599), "261025025959W");
        assert_eq!(stamp(1_792_969_200), "261026000000W");
    }

    #[test]
    fn the_change_falls_on_the_thirty_first_when_that_is_a_sunday() {
        assert_eq!(stamp(1_711_846_799), "240331015959W");
        assert_eq!(stamp(1_711_846_800), "240331030000S");
    }

    #[test]
    fn midsummer_and_leap_day_are_right() {
        assert_eq!(stamp(1_835_391_600), "280229000000W");
        assert_eq!(stamp(1_782_000_000), "260621020000S");
    }

    #[test]
    fn a_local_time_becomes_the_second_that_shows_it() {
        assert_eq!(parse_local("2026-03-29 03:00:00"), Ok(1_774_746_000));
        assert_eq!(parse_local("2026-11-22 00:00:00"), Ok(1_795_302_000));
    }

    #[test]
    fn of_a_doubled_hour_the_first_pass_is_meant() {
        assert_eq!(parse_local("2026-10-25 02:00:00"), Ok(1_792_886_400));
    }

    #[test]
    fn what_no_clock_ever_shows_is_refused_with_the_reason() {
        assert!(parse_local("2026-03-29 02:30:00").unwrap_err().contains("skip"));
        assert!(parse_local("2026-02-30 00:00:00").unwrap_err().contains("like"));
        assert!(parse_local("1999-12-31 00:00:00").unwrap_err().contains("2000"));
    }

    #[test]
    fn saturday_and_sunday_are_the_weekend() {
        let weekend = |text| LocalTime::at(parse_local(text).unwrap()).is_weekend();
        assert!(!weekend("2026-11-20 23:59:59"));
        assert!(weekend("2026-11-21 00:00:00"));
        assert!(weekend("2026-11-22 23:59:59"));
        assert!(!weekend("2026-11-23 00:00:00"));
    }
}
