//! Amsterdam's calendar by arithmetic alone, so that the recorder's is held against another one.

pub const DAY: i64 = 86_400;

/// A wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Days since 1970-01-01.
    pub day: i64,
    pub year: i64,
    pub month: i64,
    pub date: i64,
    /// Seconds since midnight.
    pub second: i64,
}

impl Local {
    /// The wall clock at this second since 1970-01-01 00:00:00 UTC.
    pub fn at(utc: i64) -> Self {
        let local = utc + offset(utc);
        let day = local.div_euclid(DAY);
        let (year, month, date) = civil(day);
        Self { day, year, month, date, second: local.rem_euclid(DAY) }
    }

    pub fn clock(self) -> String {
        let second = self.second;
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }

    pub fn iso_date(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.date)
    }

    /// Year and week of ISO 8601: those of the Thursday.
    pub fn week(self) -> (i64, i64) {
        let thursday = self.day - (self.day + 3).rem_euclid(7) + 3;
        let (year, _, _) = civil(thursday);
        (year, (thursday - days(year, 1, 1)) / 7 + 1)
    }
}

/// `2026-11-25T13:10:00Z`.
pub fn utc_text(utc: i64) -> String {
    let (year, month, date) = civil(utc.div_euclid(DAY));
    let second = utc.rem_euclid(DAY);
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{date:02}T{clock}Z")
}

/// Seconds to UTC: summer time from the last Sunday of March to that of October, 01:00 UTC. Before 1977 there
/// was none; the years between are not simulated.
pub fn offset(utc: i64) -> i64 {
    let (year, _, _) = civil(utc.div_euclid(DAY));
    let change = |month| last_sunday(year, month) * DAY + 3600;
    if year >= 1977 && (change(3)..change(10)).contains(&utc) { 7200 } else { 3600 }
}

pub fn last_sunday(year: i64, month: i64) -> i64 {
    let last = days(year, month, 31);
    last - (last + 4).rem_euclid(7)
}

/// Days from 1970-01-01 to a date.
pub fn days(year: i64, month: i64, date: i64) -> i64 {
    let before =
        |year: i64| 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let month_start = months[usize::try_from(month - 1).expect("a month")];
    let leap_day = i64::from(is_leap && month > 2);
    before(year - 1) - before(1969) + month_start + leap_day + date - 1
}

/// The date so many days after 1970-01-01.
pub fn civil(day: i64) -> (i64, i64, i64) {
    let mut year = 1970 + day.div_euclid(366);
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|&month| days(year, month, 1) <= day).expect("January");
    (year, month, day - days(year, month, 1) + 1)
}
