//! The dates of the command line.
//!
//! Owns their forms. A date stands for all of its time: `--to 2026-11` includes the last second of November.

use std::str::FromStr;

use chrono::{Datelike as _, Days, Months, NaiveDate, Weekday};

/// What a date is to look like.
const FORMS: &str =
    "expected a date such as 2026-11-25, 2026-11, 2026-W48, 2026, today or yesterday";

/// A date as the user writes it: a day, week, month or year, or a day that depends on the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The first day, and the day after the last one.
    Dates(NaiveDate, NaiveDate),
    /// Today, or so many days before it.
    DaysAgo(u64),
}

impl When {
    /// The first day, and the day after the last one.
    #[must_use]
    pub fn dates(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        match self {
            Self::Dates(first, end) => (first, end),
            Self::DaysAgo(days) => {
                let day = today - Days::new(days);
                (day, day + Days::new(1))
            }
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "today" => return Ok(Self::DaysAgo(0)),
            "yesterday" => return Ok(Self::DaysAgo(1)),
            _ => {}
        }
        let mut parts = text.split('-');
        let year = parts.next().filter(|year| year.len() == 4).and_then(number).ok_or(FORMS)?;
        let year = i32::try_from(year).unwrap_or_default();
        let (middle, day) = (parts.next(), parts.next());
        if !(2000..2200).contains(&year) || parts.next().is_some() {
            return Err(FORMS.to_owned());
        }
        let none = || format!("there is no such date; {FORMS}");
        let dates = match (middle, day) {
            (None, _) => {
                let first = NaiveDate::from_ymd_opt(year, 1, 1);
                first.map(|first| (first, first + Months::new(12)))
            }
            (Some(week), None) if week.starts_with(['W', 'w']) => {
                let week = number(&week[1..]).ok_or(FORMS)?;
                let first = NaiveDate::from_isoywd_opt(year, week, Weekday::Mon);
                first.map(|first| (first, first + Days::new(7)))
            }
            (Some(month), None) => {
                let first = NaiveDate::from_ymd_opt(year, number(month).ok_or(FORMS)?, 1);
                first.map(|first| (first, first + Months::new(1)))
            }
            (Some(month), Some(day)) => {
                let (month, day) = (number(month).ok_or(FORMS)?, number(day).ok_or(FORMS)?);
                let first = NaiveDate::from_ymd_opt(year, month, day);
                first.map(|first| (first, first + Days::new(1)))
            }
        };
        dates.map(|(first, end)| Self::Dates(first, end)).ok_or_else(none)
    }
}

/// Reads `MM-DD`, a day of any year.
pub(super) fn month_day(text: &str) -> Result<(u32, u32), String> {
    let (month, day) = text.split_once('-').unwrap_or_default();
    let date = number(month).zip(number(day));
    // A leap year has all days.
    let date = date.and_then(|(month, day)| NaiveDate::from_ymd_opt(2024, month, day));
    date.map(|date| (date.month(), date.day()))
        .ok_or_else(|| "expected a day such as 07-01".to_owned())
}

fn number(text: &str) -> Option<u32> {
    let is_number =
        !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(text: &str) -> Result<String, String> {
        let today = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        let (first, end) = text.parse::<When>()?.dates(today);
        Ok(format!("{first} {end}"))
    }

    #[test]
    fn a_date_stands_for_all_of_its_days() {
        for (text, expected) in [
            ("2026-11-25", "2026-11-25 2026-11-26"),
            ("2026-12", "2026-12-01 2027-01-01"),
            ("2024", "2024-01-01 2025-01-01"),
            ("2026-W53", "2026-12-28 2027-01-04"),
            ("today", "2026-03-01 2026-03-02"),
            ("yesterday", "2026-02-28 2026-03-01"),
        ] {
            assert_eq!(dates(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn an_impossible_date_is_refused() {
        for text in ["2026-02-29", "2026-13", "2025-W53", "2026-11-31", "2026-00-01", "2026-W00"] {
            assert!(dates(text).unwrap_err().starts_with("there is no such date"), "{text}");
        }
        for text in
            ["", "26", "1970", "2026-", "2026-11-25-1", "2026-Wx", "tomorrow", "2026-+1", "+2026"]
        {
            assert!(dates(text).unwrap_err().starts_with("expected a date"), "{text}");
        }
    }

    #[test]
    fn a_year_begins_on_a_day_that_exists() {
        assert_eq!(month_day("07-01"), Ok((7, 1)));
        assert_eq!(month_day("02-29"), Ok((2, 29)));
        for text in ["", "7", "02-30", "13-01", "a-b"] {
            assert!(month_day(text).is_err(), "{text}");
        }
    }
}
