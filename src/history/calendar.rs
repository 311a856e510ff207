//! Periods of the local calendar: hours, days, ISO weeks, months and years, also those of a contract.
//!
//! Owns where a period begins and ends. A period is a stretch of Unix seconds: the day of a clock change has 23 or 25
//! hours, and an hour that is repeated is two periods.

use chrono::{
    Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _,
};

use crate::telegram::Timestamp;
use crate::zone::Zone;

/// The length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Hour,
    Day,
    /// From Monday, ISO 8601.
    Week,
    Month,
    Year,
}

/// How periods lie in the calendar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calendar<Z> {
    pub zone: Z,
    pub unit: Unit,
    /// The day on which months begin, 1 to 28.
    pub month_starts: u32,
    /// Month and day on which years begin. The 29th of February is the 28th where there is none.
    pub year_starts: (u32, u32),
}

/// A period: `[start, end)` in Unix seconds, and what the clock showed at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: i64,
    pub end: i64,
    pub local: NaiveDateTime,
}

impl Span {
    /// Its length in seconds.
    pub fn seconds(self) -> i64 {
        self.end - self.start
    }
}

impl<Z: Zone> Calendar<Z> {
    pub fn new(zone: Z, unit: Unit) -> Self {
        Self { zone, unit, month_starts: 1, year_starts: (1, 1) }
    }

    /// The same periods' calendar for another unit.
    pub fn with_unit(&self, unit: Unit) -> Self
    where
        Z: Clone,
    {
        Self { zone: self.zone.clone(), unit, ..*self }
    }

    /// What the clock shows at this second.
    pub fn local(&self, second: i64) -> NaiveDateTime {
        self.zone.local(Timestamp::from_seconds(second))
    }

    /// The second at which the clock shows this.
    pub fn second(&self, local: NaiveDateTime) -> i64 {
        self.zone.moment(local).seconds()
    }

    /// The period that this second lies in.
    pub fn at(&self, second: i64) -> Span {
        let local = self.local(second);
        if self.unit == Unit::Hour {
            let start = second - i64::from(local.minute() * 60 + local.second());
            return Span { start, end: start + 3600, local: self.local(start) };
        }
        let date = self.start_of(local.date());
        let span = |date: NaiveDate| {
            let local = date.and_time(NaiveTime::MIN);
            Span {
                start: self.second(local),
                end: self.second(self.shifted(date, 1).and_time(NaiveTime::MIN)),
                local,
            }
        };
        span(date)
    }

    /// The period before or after this one, `count` periods away.
    pub fn away(&self, span: Span, count: i32) -> Span {
        if self.unit == Unit::Hour {
            return self.at(span.start + i64::from(count) * 3600);
        }
        self.at(self.second(self.shifted(span.local.date(), count).and_time(NaiveTime::MIN)))
    }

    /// The same place in the period that begins at `span` as `local` has in the one that begins at `running`: the
    /// same day and time of day, at most the end.
    pub fn same_place(&self, span: Span, running: Span, second: i64) -> i64 {
        if second <= running.start {
            return span.start;
        }
        if self.unit == Unit::Hour {
            return (span.start + second - running.start).min(span.end);
        }
        let local = self.local(second);
        let (begin, from) = (span.local.date(), running.local.date());
        let date = match self.unit {
            Unit::Hour | Unit::Day | Unit::Week => begin + (local.date() - from),
            Unit::Month | Unit::Year => {
                let months =
                    (local.year() - from.year()) * 12 + month0(local.date()) - month0(from);
                // The day that the month of `begin` has: of the 31st the 30th.
                let month = first_of_month(begin) + Months::new(u32::try_from(months).unwrap_or(0));
                in_month(month, local.day())
            }
        };
        self.second(date.and_time(local.time())).clamp(span.start, span.end)
    }

    /// The same period, so many years before. A week is the one with the same number, or the last one.
    pub fn year_before(&self, span: Span) -> Span {
        let date = span.local.date();
        let before = match self.unit {
            Unit::Week => {
                let week = date.iso_week();
                let monday = |week| {
                    NaiveDate::from_isoywd_opt(
                        date.iso_week().year() - 1,
                        week,
                        chrono::Weekday::Mon,
                    )
                };
                monday(week.week()).or_else(|| monday(52)).unwrap_or(date)
            }
            _ => in_month(first_of_month(date) - Months::new(12), date.day()),
        };
        self.at(self.second(before.and_time(span.local.time())))
    }

    /// The date on which the period of `date` begins.
    fn start_of(&self, date: NaiveDate) -> NaiveDate {
        match self.unit {
            Unit::Hour | Unit::Day => date,
            Unit::Week => date - TimeDelta::days(date.weekday().num_days_from_monday().into()),
            Unit::Month => {
                let start = in_month(first_of_month(date), self.month_starts);
                if start <= date { start } else { self.shifted(start, -1) }
            }
            Unit::Year => {
                let start = self.year_start(date.year());
                if start <= date { start } else { self.year_start(date.year() - 1) }
            }
        }
    }

    /// The start of a period `count` periods away from the one that begins at `start`.
    fn shifted(&self, start: NaiveDate, count: i32) -> NaiveDate {
        let days = |days: u64| {
            let days = Days::new(days * u64::from(count.unsigned_abs()));
            if count < 0 { start - days } else { start + days }
        };
        match self.unit {
            Unit::Hour | Unit::Day => days(1),
            Unit::Week => days(7),
            Unit::Month => {
                let months = Months::new(count.unsigned_abs());
                let first = first_of_month(start);
                let month = if count < 0 { first - months } else { first + months };
                in_month(month, self.month_starts)
            }
            Unit::Year => self.year_start(start.year() + count),
        }
    }

    fn year_start(&self, year: i32) -> NaiveDate {
        let (month, day) = self.year_starts;
        in_month(NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default(), day)
    }
}

fn month0(date: NaiveDate) -> i32 {
    i32::try_from(date.month0()).unwrap_or(0)
}

fn first_of_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// This day of the month that begins at `first`, or its last day.
fn in_month(first: NaiveDate, day: u32) -> NaiveDate {
    (28..=day).rev().chain([day]).find_map(|day| first.with_day(day)).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::tests::Amsterdam;

    fn calendar(unit: Unit) -> Calendar<Amsterdam> {
        Calendar::new(Amsterdam, unit)
    }

    fn second(local: &str) -> i64 {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        calendar(Unit::Day).second(local)
    }

    fn starts(calendar: &Calendar<Amsterdam>, first: &str, count: i32) -> Vec<String> {
        let span = calendar.at(second(first));
        let starts = (0..count).map(|at| calendar.away(span, at).local.to_string());
        starts.map(|start| start[..10].to_owned()).collect()
    }

    #[test]
    fn days_of_a_clock_change_have_23_and_25_hours() {
        for (day, hours) in
            [("2026-03-29 12:00", 23), ("2026-07-01 00:00", 24), ("2026-10-25 23:59", 25)]
        {
            assert_eq!(calendar(Unit::Day).at(second(day)).seconds(), hours * 3600, "{day}");
        }
    }

    #[test]
    fn a_repeated_hour_is_two_periods_and_a_skipped_one_is_none() {
        let hours = calendar(Unit::Hour);
        let shown = |first: &str| {
            let span = hours.at(second(first));
            (0..4).map(|at| hours.away(span, at).local.format("%H").to_string()).collect::<Vec<_>>()
        };
        assert_eq!(shown("2026-10-25 01:30"), ["01", "02", "02", "03"]);
        assert_eq!(shown("2026-03-29 01:00"), ["01", "03", "04", "05"]);
    }

    #[test]
    fn years_have_52_or_53_weeks() {
        let weeks = starts(&calendar(Unit::Week), "2026-12-31 00:00", 2);
        assert_eq!(weeks, ["2026-12-28", "2027-01-04"]);
        let span = calendar(Unit::Week).at(second("2026-12-31 00:00"));
        let before = calendar(Unit::Week).year_before(span);
        assert_eq!(before.local.to_string(), "2025-12-22 00:00:00", "2025 has no week 53");
    }

    #[test]
    fn a_contract_begins_on_any_day() {
        let months = Calendar { month_starts: 15, ..calendar(Unit::Month) };
        assert_eq!(starts(&months, "2026-01-14 23:59", 2), ["2025-12-15", "2026-01-15"]);
        let years = Calendar { year_starts: (2, 29), ..calendar(Unit::Year) };
        assert_eq!(
            starts(&years, "2026-02-27 00:00", 4),
            ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
        );
    }

    #[test]
    fn the_same_part_ends_on_the_same_date_and_time() {
        let months = calendar(Unit::Month);
        let running = months.at(second("2026-03-31 14:10"));
        let place = |before: &str| {
            let span = months.at(second(before));
            months.local(months.same_place(span, running, second("2026-03-31 14:10"))).to_string()
        };
        assert_eq!(place("2025-03-05 00:00"), "2025-03-31 14:10:00");
        assert_eq!(place("2026-02-05 00:00"), "2026-02-28 14:10:00");
        let years = Calendar { year_starts: (7, 1), ..calendar(Unit::Year) };
        let now = second("2024-02-29 10:00");
        let running = years.at(now);
        let before = years.year_before(running);
        assert_eq!(
            years.local(years.same_place(before, running, now)).to_string(),
            "2023-02-28 10:00:00"
        );
    }

    #[test]
    fn periods_follow_each_other_without_a_gap() {
        for unit in [Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
            for calendar in [
                calendar(unit),
                Calendar { month_starts: 28, year_starts: (12, 31), ..calendar(unit) },
            ] {
                let mut span = calendar.at(second("2023-12-30 13:00"));
                for _ in 0..500 {
                    let next = calendar.away(span, 1);
                    assert_eq!(next.start, span.end, "{unit:?}");
                    assert_eq!(calendar.at(span.start), span);
                    assert_eq!(calendar.at(span.end - 1), span);
                    assert_eq!(calendar.away(next, -1), span);
                    span = next;
                }
            }
        }
    }
}
