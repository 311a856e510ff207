//! The report that the options ask for: read from the history, and shown as text or as a document.
//!
//! Owns which reports there are, and how many periods they have without a count.

use super::battery::Batteries;
use super::lists::{Gaps, Months, Top};
use super::machine::{Document, Made};
use super::options::{Kind, Options};
use super::query::{Periods, QueryError, Source};
use super::summary::Summary;
use super::table::{Style, Table};
use super::voltage::Chapter;
use crate::history::calendar::Unit;
use crate::words::Words;
use crate::zone::Zone;

/// Periods without a count.
const HOURS: u32 = 24;
const DAYS: u32 = 30;
const WEEKS: u32 = 12;
const MONTHS: u32 = 12;

/// A report that has been read.
#[derive(Debug)]
pub(super) enum Report<Z> {
    Summary(Summary<Z>),
    Periods(&'static str, Periods<Z>),
    Top(Top<Z>),
    Peaks(Months<Z>),
    Base(Months<Z>),
    Gaps(Gaps<Z>),
    Voltage(Chapter<Z>),
    Battery(Batteries),
}

impl<Z: Zone + Clone> Report<Z> {
    /// Reads the report that the options ask for.
    pub fn read(source: &mut Source<Z>, options: &Options) -> Result<Self, QueryError> {
        let mut periods =
            |name, unit, count| Ok(Self::Periods(name, source.periods(unit, count, options)?));
        match options.kind {
            Kind::Hours => periods("hours", Unit::Hour, HOURS),
            Kind::Days => periods("days", Unit::Day, DAYS),
            Kind::Weeks => periods("weeks", Unit::Week, WEEKS),
            Kind::Months => periods("months", Unit::Month, MONTHS),
            Kind::Years => periods("years", Unit::Year, 0),
            Kind::Summary => Ok(Self::Summary(Summary::read(source, options)?)),
            Kind::Top => Ok(Self::Top(Top::read(source, options)?)),
            Kind::Peaks => Ok(Self::Peaks(Months::read(source, options)?)),
            Kind::Base => Ok(Self::Base(Months::read(source, options)?)),
            Kind::Gaps => Ok(Self::Gaps(Gaps::read(source, options)?)),
            Kind::Voltage => Ok(Self::Voltage(Chapter::read(source, options)?)),
            Kind::Battery => Ok(Self::Battery(Batteries::read(source, options)?)),
        }
    }

    /// The report in the form that the options ask for.
    pub fn text(&self, options: &Options, style: Style, words: &Words, made: &Made) -> String {
        if options.json {
            return self.document().json(made);
        }
        if options.csv {
            return self.document().csv(options.decimal_comma);
        }
        let table: Table = match self {
            Self::Summary(summary) if options.oneline => return summary.line(),
            Self::Voltage(chapter) => return chapter.render(style, words),
            Self::Summary(summary) => summary.table(words),
            Self::Periods(_, periods) => periods.table(options, words),
            Self::Top(top) => top.table(words),
            Self::Peaks(months) => months.peaks(words),
            Self::Base(months) => months.base(words),
            Self::Gaps(gaps) => gaps.table(words),
            Self::Battery(batteries) => batteries.table(words),
        };
        table.render(style)
    }

    fn document(&self) -> Document {
        match self {
            Self::Summary(summary) => summary.document(),
            Self::Periods(kind, periods) => periods.document(kind),
            Self::Top(top) => top.document(),
            Self::Peaks(months) => months.periods.document("peaks"),
            Self::Base(months) => months.periods.document("base"),
            Self::Gaps(gaps) => gaps.document(),
            Self::Voltage(chapter) => chapter.document(),
            Self::Battery(batteries) => batteries.document(),
        }
    }

    /// What is to know about the solar production.
    pub fn production_notes(&self, words: &Words) -> Vec<String> {
        match self {
            Self::Summary(summary) => summary.production_notes(words),
            Self::Periods(_, periods) => periods.production_notes(words),
            _ => Vec::new(),
        }
    }

    /// A number of the last period or of its estimate, in thousandths.
    pub fn number(&self, name: &str, is_estimate: bool) -> Option<i64> {
        match self {
            Self::Summary(summary) => summary.number(name, is_estimate),
            Self::Periods(_, periods) => periods.number(name, is_estimate),
            _ => None,
        }
    }
}
