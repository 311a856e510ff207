//! What the whole of a period that is running may become.
//!
//! An estimate is what was used so far, divided by the share that had been used at the same place: of the same period
//! a year before, and for a day of the last fourteen days. It is never the elapsed time: a year's gas would be off by
//! half.

use super::{DAY, PeriodRow, Source};
use crate::history::calendar::{Calendar, Span, Unit};
use crate::history::tally::{Period, Tally};
use crate::report::options::{Compare, Options};
use crate::zone::Zone;

/// How many days the estimate of a day looks at, and how many of them it needs.
const DAYS: i32 = 14;

const MIN_DAYS: usize = 7;

/// A share in millionths.
const WHOLE: i64 = 1_000_000;

/// How something was estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Method {
    LastYear,
    LastDays,
}

/// What the whole of a period that is running may become.
#[derive(Clone, Debug)]
pub(in crate::report) struct Estimate {
    pub span: Span,
    pub unit: Unit,
    pub method: Method,
    pub used: Vec<Option<i64>>,
    /// The whole of what it is compared with.
    pub other: Option<Vec<Option<i64>>>,
}

impl<Z: Zone + Clone> Source<Z> {
    pub(super) fn estimate(
        &self,
        calendar: &Calendar<Z>,
        tally: &Tally<Z>,
        running: Span,
        rows: &[PeriodRow],
        options: &Options,
    ) -> Option<Estimate> {
        let find = |span: Span| tally.periods.iter().find(|period| period.span == span);
        let now = find(running)?;
        let estimate = match calendar.unit {
            Unit::Hour => return None,
            Unit::Day => {
                let days: Vec<&Period> =
                    (1..=DAYS).filter_map(|back| find(calendar.away(running, -back))).collect();
                let used = now.used.iter().enumerate();
                let used =
                    used.map(|(register, used)| by_days((*used)?, register, &days)).collect();
                let (unit, method) = (Unit::Day, Method::LastDays);
                Estimate { span: running, unit, method, used, other: None }
            }
            _ => self.by_last_year(calendar, tally, running, rows, options)?,
        };
        estimate.used.iter().any(Option::is_some).then_some(estimate)
    }

    /// The estimate of a week, a month or a year; `None` if the history does not have all of last year.
    fn by_last_year(
        &self,
        calendar: &Calendar<Z>,
        tally: &Tally<Z>,
        running: Span,
        rows: &[PeriodRow],
        options: &Options,
    ) -> Option<Estimate> {
        // Months of one year are the year together.
        let years = calendar.with_unit(Unit::Year);
        let year = years.at(running.start);
        let is_year = calendar.unit == Unit::Month
            && rows
                .first()
                .is_some_and(|row| row.period.span.start == calendar.at(year.start).start)
            && rows.len() > 1
            && options.year_starts.1 == options.month_starts;
        let (span, unit, before) = if is_year {
            (year, Unit::Year, years.year_before(year))
        } else {
            (running, calendar.unit, calendar.year_before(running))
        };
        if self.first > before.start + DAY {
            return None;
        }
        let is_in = |span: Span, period: &&Period| {
            period.span.start >= span.start && period.span.start < span.end
        };
        let of = |span: Span| tally.periods.iter().filter(move |period| is_in(span, period));
        let registers = 0..tally.periods.first()?.used.len();
        let used = registers.clone().map(|register| {
            let so_far = of(span).filter_map(|period| period.used[register]).sum::<i64>();
            let whole = of(before).filter_map(|period| period.used[register]).sum::<i64>();
            let limit = calendar.year_before(running);
            let part = of(before).filter_map(|period| match period.span.start.cmp(&limit.start) {
                std::cmp::Ordering::Less => period.used[register],
                std::cmp::Ordering::Equal => period.part[register],
                std::cmp::Ordering::Greater => None,
            });
            in_proportion(so_far, whole, part.sum::<i64>())
        });
        let used: Vec<Option<i64>> = used.collect();
        let whole = |register: usize| {
            of(before).filter_map(|period| period.used[register]).reduce(|a, b| a + b)
        };
        let is_last_year = options.compare == Some(Compare::LastYear);
        let other = is_last_year.then(|| registers.map(whole).collect());
        Some(Estimate { span, unit, method: Method::LastYear, used, other })
    }
}

/// From when on rows are needed for an estimate of the running period.
pub(super) fn estimate_from<Z: Zone>(calendar: &Calendar<Z>, running: Span, from: i64) -> i64 {
    match calendar.unit {
        Unit::Hour => from,
        Unit::Day => calendar.away(running, -DAYS).start,
        Unit::Week | Unit::Year => calendar.year_before(running).start,
        Unit::Month => calendar.year_before(calendar.at(from)).start,
    }
}

/// What `so_far` becomes when `part` became `whole`.
fn in_proportion(so_far: i64, whole: i64, part: i64) -> Option<i64> {
    let product = i128::from(so_far) * i128::from(whole);
    i64::try_from(product.checked_div(i128::from(part))?).ok()
}

/// What a day becomes: by the median of the shares that the other days had at the same time.
fn by_days(so_far: i64, register: usize, days: &[&Period]) -> Option<i64> {
    let shares = days.iter().filter_map(|day| {
        let whole = day.used[register].filter(|whole| *whole > 0 && day.is_complete())?;
        in_proportion(WHOLE, day.part[register].unwrap_or(0), whole)
    });
    let mut shares: Vec<i64> = shares.collect();
    if shares.len() < MIN_DAYS {
        return None;
    }
    shares.sort_unstable();
    let middle = shares.len() / 2;
    let share = if shares.len() % 2 == 0 {
        (shares[middle - 1] + shares[middle]) / 2
    } else {
        shares[middle]
    };
    in_proportion(so_far, WHOLE, share)
}
