//! File names with placeholders: from a row's time and meter to a path, and back to the date.
//!
//! Owns the placeholders, which are replaced in the last component of the path only:
//!
//! | placeholder | stands for                                          |
//! |-------------|-----------------------------------------------------|
//! | `DAY`       | `YYYYMMDD`, the local date of the row               |
//! | `PERIOD`    | `YYYYMMDD-HHMMSS`, the local time of the last row   |
//! | `YEAR`      | the calendar year of the row; see [`year_name`]     |
//! | `YYYY`      | the ISO year of the row                             |
//! | `ww`        | the ISO week of the row, two digits                 |
//! | `METER`     | the name of the meter                               |

use std::fmt::Write;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};

use crate::history::year_name;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Day,
    Period,
    CalendarYear,
    Year,
    Week,
    Meter,
}

const PLACEHOLDERS: [(&str, Part); 6] = [
    ("DAY", Part::Day),
    ("PERIOD", Part::Period),
    ("YEAR", Part::CalendarYear),
    ("YYYY", Part::Year),
    ("ww", Part::Week),
    ("METER", Part::Meter),
];

/// A file name with placeholders.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    directory: PathBuf,
    parts: Vec<Part>,
}

impl Pattern {
    pub fn new(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = &*name;
        while let Some(next) = rest.chars().next() {
            let found =
                PLACEHOLDERS.iter().find_map(|(name, part)| Some((rest.strip_prefix(name)?, part)));
            if let Some((after, part)) = found {
                parts.extend([Part::Text(std::mem::take(&mut text)), part.clone()]);
                rest = after;
            } else {
                text.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        parts.push(Part::Text(text));
        Self { directory: path.parent().unwrap_or(Path::new("")).to_owned(), parts }
    }

    /// The folder that the files are in.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether each meter has files of its own.
    pub fn has_meter(&self) -> bool {
        self.parts.contains(&Part::Meter)
    }

    /// The first date whose rows go to the same file as those of `date`.
    ///
    /// The same one for all dates where no placeholder depends on the row.
    pub fn first_date(&self, date: NaiveDate) -> NaiveDate {
        if self.parts.contains(&Part::Day) {
            date
        } else if self.parts.contains(&Part::Week) || self.parts.contains(&Part::Year) {
            date.week(Weekday::Mon).checked_first_day().unwrap_or(date)
        } else if self.parts.contains(&Part::CalendarYear) {
            date.with_ordinal(1).unwrap_or(date)
        } else {
            NaiveDate::default()
        }
    }

    /// The path for rows of this date and meter; the last row has this local time.
    pub fn path(&self, date: NaiveDate, last: NaiveDateTime, meter: &str) -> PathBuf {
        self.path_of(date, last, meter, 0)
    }

    /// The same for file number `part` of the year, where there are several.
    pub fn path_of(&self, date: NaiveDate, last: NaiveDateTime, meter: &str, part: u8) -> PathBuf {
        let week = date.iso_week();
        let mut name = String::new();
        for placeholder in &self.parts {
            // Writing to memory does not fail.
            let _ = match placeholder {
                Part::Text(text) => name.write_str(text),
                Part::Day => write!(name, "{}", date.format("%Y%m%d")),
                Part::Period => write!(name, "{}", last.format("%Y%m%d-%H%M%S")),
                Part::CalendarYear => name.write_str(&year_name(date.year(), part)),
                Part::Year => write!(name, "{:04}", week.year()),
                Part::Week => write!(name, "{:02}", week.week()),
                Part::Meter => name.write_str(meter),
            };
        }
        self.directory.join(name)
    }

    /// The file whose lock keeps others from the files of this meter. Its name is that of the files, with the
    /// placeholders of the time as they are.
    pub fn lock(&self, meter: &str) -> PathBuf {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Meter => meter.to_owned(),
            other => {
                let named = PLACEHOLDERS.iter().find(|(_, part)| part == other);
                named.map_or(String::new(), |(name, _)| (*name).to_owned())
            }
        };
        let name: String = self.parts.iter().map(text).collect();
        self.directory.join(format!("p1reader-{name}.lock"))
    }

    /// Whether [`Pattern::path`] could have given this name.
    pub fn fits(&self, name: &str) -> bool {
        read(&self.parts, name.as_bytes(), Found::default()).is_some()
    }

    /// The first date whose rows go to a file of this name, if [`Pattern::path`] could have given it.
    ///
    /// `None` too for every name of a pattern that has no date.
    pub fn date_of(&self, name: &str) -> Option<NaiveDate> {
        let found = read(&self.parts, name.as_bytes(), Found::default())?;
        let monday = || NaiveDate::from_isoywd_opt(found.year?, found.week?, Weekday::Mon);
        found.day.or_else(monday)
    }
}

/// What the placeholders of a name stand for.
#[derive(Clone, Copy, Default)]
struct Found {
    day: Option<NaiveDate>,
    year: Option<i32>,
    week: Option<u32>,
}

fn read(parts: &[Part], name: &[u8], mut found: Found) -> Option<Found> {
    let Some((part, parts)) = parts.split_first() else {
        return name.is_empty().then_some(found);
    };
    let name = match part {
        Part::Text(text) => name.strip_prefix(text.as_bytes())?,
        Part::Day => {
            let (day, name) = name.split_at_checked(8)?;
            found.day = Some(parse_day(day)?);
            name
        }
        Part::Period => {
            let (period, name) = name.split_at_checked(15)?;
            let (day, time) = period.split_at(8);
            digits(time.strip_prefix(b"-")?)?;
            found.day = Some(parse_day(day)?);
            name
        }
        Part::CalendarYear => {
            let (year, rest) = name.split_at_checked(4)?;
            digits(year)?;
            match rest.split_first() {
                Some((b'b'..=b'z', after)) => {
                    return read(parts, after, found).or_else(|| read(parts, rest, found));
                }
                _ => rest,
            }
        }
        Part::Year => {
            let (year, name) = name.split_at_checked(4)?;
            found.year = Some(digits(year)?.parse().ok()?);
            name
        }
        Part::Week => {
            let (week, name) = name.split_at_checked(2)?;
            found.week = Some(digits(week)?.parse().ok()?);
            name
        }
        Part::Meter => {
            let is_fit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            let most = name.iter().take_while(|byte| is_fit(byte)).count();
            return (1..=most).find_map(|length| read(parts, &name[length..], found));
        }
    };
    read(parts, name, found)
}

fn parse_day(day: &[u8]) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(digits(day)?, "%Y%m%d").ok()
}

/// The text, if there are only digits in it.
fn digits(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn path(pattern: &str, date: NaiveDate) -> String {
        let last = date.and_hms_opt(23, 5, 9).unwrap();
        let pattern = Pattern::new(Path::new(pattern));
        let path = pattern.path(pattern.first_date(date), last, "E0047");
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn placeholders_are_replaced_in_the_last_component_only() {
        let day = date(2026, 11, 2);
        assert_eq!(path("/DAY/METER/d-DAY.csv", day), "/DAY/METER/d-20261102.csv");
        assert_eq!(path("/v/i-PERIOD.csv", day), "/v/i-20261102-230509.csv");
        assert_eq!(path("/v/METERDAY", day), "/v/E004720261102");
        assert_eq!(path("/v/é-DAY.csv", day), "/v/é-20261102.csv");
        assert_eq!(path("/v/plain.csv", day), "/v/plain.csv");
    }

    #[test]
    fn years_are_those_of_the_calendar_with_a_letter_for_further_files() {
        assert_eq!(path("/v/h-YEAR.csv", date(2027, 1, 1)), "/v/h-2027.csv");
        assert_eq!(path("/v/h-YEAR.csv", date(2026, 12, 31)), "/v/h-2026.csv");
        let pattern = Pattern::new(Path::new("/v/h-YEAR.csv"));
        let first = pattern.first_date(date(2026, 12, 31));
        let second = pattern.path_of(first, NaiveDateTime::default(), "E", 1);
        assert_eq!((first, second), (date(2026, 1, 1), PathBuf::from("/v/h-2026b.csv")));
        assert!(pattern.fits("h-2026.csv") && pattern.fits("h-2026z.csv"));
        assert!(!pattern.fits("h-2026a.csv") && !pattern.fits("h-2026bc.csv"));
        assert_eq!(pattern.date_of("h-2026.csv"), None, "never removed");
    }

    #[test]
    fn weeks_are_those_of_iso_with_their_year() {
        for (day, name) in [
            (date(2025, 12, 28), "2025-W52"),
            (date(2025, 12, 29), "2026-W01"),
            (date(2026, 12, 31), "2026-W53"),
            (date(2027, 1, 1), "2026-W53"),
            (date(2027, 1, 4), "2027-W01"),
            (date(2024, 12, 30), "2025-W01"),
        ] {
            assert_eq!(path("/YYYY-Www", day), format!("/{name}"), "{day}");
        }
    }

    #[test]
    fn rows_share_a_file_as_long_as_its_name_stays() {
        let first = |pattern, day| Pattern::new(Path::new(pattern)).first_date(day);
        let friday = date(2027, 1, 1);
        assert_eq!(first("/DAY", friday), friday);
        assert_eq!(first("/YYYY-Www", friday), date(2026, 12, 28));
        assert_eq!(first("/PERIOD", friday), first("/PERIOD", date(2027, 1, 2)));
    }

    #[test]
    fn the_date_of_a_file_is_found_only_if_the_name_is_one_of_the_pattern() {
        let of = |pattern, name| Pattern::new(Path::new(pattern)).date_of(name);
        let day = Some(date(2026, 11, 22));
        assert_eq!(of("/v/d-DAY.csv", "d-20261122.csv"), day);
        assert_eq!(of("/v/i-PERIOD.csv", "i-20261122-000500.csv"), day);
        assert_eq!(of("/v/METER-DAY.csv", "E-0_47-20261122.csv"), day);
        assert_eq!(of("/v/METERDAY", "1234520261122"), day);
        for name in [
            "d-20261122.csv.gz",
            "xd-20261122.csv",
            "d-20261322.csv",
            "d-2026112.csv",
            "d-+0261122.csv",
            ".d-20261122.csv.tmp",
            "d-DAY.csv",
            "",
        ] {
            assert_eq!(of("/v/d-DAY.csv", name), None, "{name}");
        }
        assert_eq!(of("/v/i-PERIOD.csv", "i-20261122x000500.csv"), None);
        assert_eq!(of("/v/METER-DAY.csv", "a.b-20261122.csv"), None);
        assert_eq!(of("/v/plain.csv", "plain.csv"), None);
        assert_eq!(of("/v/YYYY-Www.log", "2026-W01.log"), Some(date(2025, 12, 29)));
        assert_eq!(of("/v/YYYY-Www.log", "2025-W53.log"), None, "2025 has 52 weeks");
    }

    #[test]
    fn a_lock_is_that_of_all_files_of_a_meter_whatever_their_dates() {
        let lock = |pattern| Pattern::new(Path::new(pattern)).lock("E0047");
        assert_eq!(lock("/v/d-DAY.csv"), Path::new("/v/p1reader-d-DAY.csv.lock"));
        assert_eq!(lock("/v/YYYY-Www-METER"), Path::new("/v/p1reader-YYYY-Www-E0047.lock"));
        assert_eq!(lock("/v/lastm.html"), Path::new("/v/p1reader-lastm.html.lock"));
    }

    #[test]
    fn a_name_fits_if_it_could_have_been_given_with_a_date_or_without() {
        let fits = |pattern, name| Pattern::new(Path::new(pattern)).fits(name);
        assert!(fits("/v/plain.csv", "plain.csv") && !fits("/v/plain.csv", "plain.csvx"));
        assert!(fits("/v/METER.html", "E-0_47.html") && !fits("/v/METER.html", "a/b.html"));
        assert!(fits("/v/d-DAY.csv", "d-20261122.csv") && !fits("/v/d-DAY.csv", "d-2026112.csv"));
    }
}
