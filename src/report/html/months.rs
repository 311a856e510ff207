//! The months of a year beside those of the year before.

use crate::history::calendar::{Span, Unit};
use crate::report::label;
use crate::report::options::Options;
use crate::report::query::{Periods, QueryError, Source};
use crate::report::range::When;
use crate::words::Words;
use crate::zone::Zone;

/// What a period has in a picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub label: String,
    pub name: String,
    pub now: Vec<Option<i64>>,
    /// The same part of last year, and all of that period.
    pub part: Vec<Option<i64>>,
    pub whole: Vec<Option<i64>>,
}

/// The months of a year, those that are to come as well, beside those of the year before.
pub(super) fn months<Z: Zone + Clone>(
    source: &mut Source<Z>,
    options: &Options,
    year: Span,
    now: &Periods<Z>,
    words: &Words,
) -> Result<Vec<Entry>, QueryError> {
    let years = source.calendar(Unit::Year, options);
    let plain = Options { compare: None, json: false, ..options.clone() };
    let last = of_span(source, options, years.year_before(year), &plain);
    let last = match source.periods(Unit::Month, 0, &last) {
        Ok(periods) => periods.rows,
        Err(QueryError::NeverRecorded(..)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let calendar = source.calendar(Unit::Month, options);
    let first = source.first;
    let mut entries = Vec::new();
    let mut span = calendar.at(year.start);
    while span.start < year.end {
        let row = now.rows.iter().find(|row| row.period.span == span);
        let none = || vec![None; now.registers.len()];
        let before = calendar.year_before(span);
        let whole =
            last.iter().find(|row| row.period.span == before && before.start >= first - 86_400);
        entries.push(Entry {
            label: label::month(span.local, words).to_owned(),
            name: label::period(&calendar, span, words),
            now: row.map_or_else(none, |row| row.period.used.clone()),
            part: row
                .and_then(|row| row.other.as_ref())
                .map_or_else(none, |other| other.used.clone()),
            whole: whole.map_or_else(none, |row| row.period.used.clone()),
        });
        span = calendar.away(span, 1);
    }
    Ok(entries)
}

/// The same options for the periods of this time.
pub(super) fn of_span<Z: Zone + Clone>(
    source: &Source<Z>,
    options: &Options,
    span: Span,
    base: &Options,
) -> Options {
    let days = source.calendar(Unit::Day, options);
    let date = |second| days.local(second).date();
    let when = When::Dates(date(span.start), date(span.end));
    Options { from: Some(when), to: Some(when), count: None, ..base.clone() }
}
