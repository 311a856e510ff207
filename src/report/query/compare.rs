//! Each period that is shown, with the period that it is compared with.

use super::{DAY, Other, Pass, PeriodRow};
use crate::history::calendar::{Calendar, Span};
use crate::history::quarter::typical;
use crate::history::tally::Period;
use crate::report::options::Compare;
use crate::zone::Zone;

/// What the periods are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    pub with: Option<Compare>,
    pub running: Span,
    /// The time of the first row, and of the last one.
    pub first: i64,
    pub end: i64,
}

pub(super) fn rows<Z: Zone>(
    calendar: &Calendar<Z>,
    pass: &Pass<Z>,
    (from, to): (i64, i64),
    compare: Comparison,
) -> Vec<PeriodRow> {
    let running = compare.running;
    let periods = &pass.tally.periods;
    let find = |span: Span| {
        let at = periods.partition_point(|period| period.span.start < span.start);
        periods.get(at).filter(|period| period.span.start == span.start)
    };
    let shown = periods.iter().filter(|period| period.span.start >= from && period.span.start < to);
    let row = |period: &Period| {
        let is_running = period.span.start == running.start && compare.end < running.end;
        let before = compare.with.and_then(|with| find(other(calendar, period.span, with)));
        // A part of it says nothing.
        let before = before.filter(|before| compare.first <= before.span.start + DAY);
        let other = before.map(|before| Other {
            start: before.span.start,
            end: if is_running { before.cut } else { before.span.end },
            used: if is_running { before.part.clone() } else { before.used.clone() },
            peak: before.peak.filter(|(_, time)| !is_running || *time < before.cut),
        });
        PeriodRow {
            period: period.clone(),
            base: typical(&pass.nights, period.span),
            other,
            is_running,
            balance: None,
        }
    };
    shown.map(row).collect()
}

/// What a period is compared with.
pub(super) fn other<Z: Zone>(calendar: &Calendar<Z>, span: Span, compare: Compare) -> Span {
    match compare {
        Compare::LastYear => calendar.year_before(span),
        Compare::Before => calendar.away(span, -1),
    }
}
