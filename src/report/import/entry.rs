//! What the formats make of the rows of their tables: the one form that all of them share.

use super::value::Stamp;
use crate::history::COLUMNS;

/// What one row of a table tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Rows of one series follow each other in time; in a long table those of one register.
    pub series: u32,
    /// The time of its registers. Of use it is the beginning of the interval, or its end.
    pub at: Stamp,
    pub is_end: bool,
    /// The other end of the interval, where the table says it.
    pub until: Option<Until>,
    pub values: Vec<Value>,
    /// The identifier of the meter, or of the device.
    pub meter: Option<String>,
}

/// The end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    Stamp(Stamp),
    /// So many seconds from its beginning.
    Length(i64),
    /// So many seconds from its beginning, or less where rows follow each other sooner.
    AtMost(i64),
}

/// A number of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// The place in [`COLUMNS`].
    pub column: usize,
    pub kind: Kind,
    /// In thousandths of the column's unit.
    pub number: i64,
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the register showed at that time, or any other number of that time.
    Register,
    /// What the register showed at the end of the interval that begins at that time.
    AtEnd,
    /// What was used in the interval.
    Use,
    /// The same beside registers, which count: for comparison.
    OwnUse,
}

impl Entry {
    /// An entry of registers at this time, in the first series.
    pub fn new(at: Stamp) -> Self {
        Self { series: 0, at, is_end: false, until: None, values: Vec::new(), meter: None }
    }

    pub fn push(&mut self, column: &str, kind: Kind, number: i64) {
        if let Some(column) = place(column) {
            self.values.push(Value { column, kind, number });
        }
    }
}

/// The place of a column of the history.
pub(super) fn place(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| column.name == name)
}
