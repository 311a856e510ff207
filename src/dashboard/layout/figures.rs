//! Numbers, times and lengths of time as people read them.
//!
//! Owns their digits and units; where they stand is the panels'.

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use crate::telegram::Decimal;
use crate::words::Words;

/// A power in W, given in W or kW, without its unit.
#[must_use]
pub fn power(watts: i64, kilowatts: bool) -> String {
    if kilowatts { Decimal::new(watts, 3).to_string() } else { watts.to_string() }
}

/// The unit that goes with [`power`].
#[must_use]
pub fn power_unit(kilowatts: bool) -> &'static str {
    if kilowatts { "kW" } else { "W" }
}

/// A power with its unit.
#[must_use]
pub fn power_with_unit(watts: i64, kilowatts: bool) -> String {
    format!("{} {}", power(watts, kilowatts), power_unit(kilowatts))
}

/// A power beside a scale: short, as `500` or `2.5k`; nothing where that would not be exact.
#[must_use]
pub fn mark(watts: i64) -> String {
    match watts {
        _ if watts.abs() < 1000 => watts.to_string(),
        _ if watts % 1000 == 0 => format!("{}k", watts / 1000),
        _ if watts.abs() < 10_000 && watts % 100 == 0 => {
            format!("{}.{}k", watts / 1000, (watts % 1000).abs() / 100)
        }
        _ => String::new(),
    }
}

/// A length of time in its two largest units: `3 s`, `4 min 12 s`, `2 h 5 min`, `3 d 4 h`.
#[must_use]
pub fn span(seconds: u64, words: &Words) -> String {
    let units = [
        (86_400, words.days_unit, 3600, words.hours_unit),
        (3600, words.hours_unit, 60, words.minutes_unit),
        (60, words.minutes_unit, 1, words.seconds_unit),
    ];
    for (large, large_name, small, small_name) in units {
        if seconds >= large {
            let rest = seconds % large / small;
            return match rest {
                0 => format!("{} {large_name}", seconds / large),
                _ => format!("{} {large_name} {rest} {small_name}", seconds / large),
            };
        }
    }
    format!("{seconds} {}", words.seconds_unit)
}

/// `13:45:12`
#[must_use]
pub fn clock(time: NaiveDateTime) -> String {
    time.format("%H:%M:%S").to_string()
}

/// `13:45`
#[must_use]
pub fn minute(time: NaiveDateTime) -> String {
    time.format("%H:%M").to_string()
}

/// `22 Nov 13:45`
#[must_use]
pub fn day_and_minute(time: NaiveDateTime, words: &Words) -> String {
    format!("{} {} {}", time.day(), month(time.date(), words), minute(time))
}

/// `22 Nov 2026 13:45`
#[must_use]
pub fn date_and_minute(time: NaiveDateTime, words: &Words) -> String {
    format!("{} {} {} {}", time.day(), month(time.date(), words), time.year(), minute(time))
}

/// `Sun 22 Nov 2026 13:45:12`
#[must_use]
pub fn full(time: NaiveDateTime, words: &Words) -> String {
    let weekday = weekday(time.date(), words);
    let month = month(time.date(), words);
    format!("{weekday} {} {month} {} {}", time.day(), time.year(), clock(time))
}

/// `Sun 22 Nov`
#[must_use]
pub fn day(date: NaiveDate, words: &Words) -> String {
    format!("{} {} {}", weekday(date, words), date.day(), month(date, words))
}

/// `Nov 2026`
#[must_use]
pub fn month_and_year(date: NaiveDate, words: &Words) -> String {
    format!("{} {}", month(date, words), date.year())
}

fn weekday(date: NaiveDate, words: &Words) -> &'static str {
    let place = date.weekday().num_days_from_monday() as usize;
    words.weekdays_title.split(' ').nth(place).unwrap_or_default()
}

fn month(date: NaiveDate, words: &Words) -> &'static str {
    words.month_names_title.split(' ').nth(date.month0() as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{DUTCH, ENGLISH};

    #[test]
    fn power_keeps_its_sign_and_every_watt() {
        assert_eq!(power_with_unit(-613, false), "-613 W");
        assert_eq!(power_with_unit(-613, true), "-0.613 kW");
        assert_eq!(power(12_345, true), "12.345");
    }

    #[test]
    fn marks_are_short() {
        let marks: Vec<String> = [0, -500, 1000, 2500, -2500, 20_000, 1190].map(mark).into();
        assert_eq!(marks, ["0", "-500", "1k", "2.5k", "-2.5k", "20k", ""]);
    }

    #[test]
    fn a_span_has_two_units_at_most() {
        let spans: Vec<String> =
            [0, 59, 60, 252, 7500, 7200, 277_000].map(|seconds| span(seconds, &ENGLISH)).into();
        let expected = ["0 s", "59 s", "1 min", "4 min 12 s", "2 h 5 min", "2 h", "3 d 4 h"];
        assert_eq!(spans, expected);
        assert_eq!(span(7500, &DUTCH), "2 u 5 min");
    }

    #[test]
    fn dates_are_those_of_the_language() {
        let time = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap().and_hms_opt(7, 5, 9).unwrap();
        assert_eq!(full(time, &ENGLISH), "Sun 1 Mar 2026 07:05:09");
        assert_eq!(full(time, &DUTCH), "zo 1 mrt 2026 07:05:09");
        assert_eq!(day_and_minute(time, &DUTCH), "1 mrt 07:05");
        assert_eq!(day(time.date(), &ENGLISH), "Sun 1 Mar");
        assert_eq!(month_and_year(time.date(), &DUTCH), "mrt 2026");
    }
}
