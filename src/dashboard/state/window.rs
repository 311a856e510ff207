//! How far the graph looks back.

use crate::meter::Span;

/// A stretch of time that ends now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// Five minutes, in seconds.
    #[default]
    Minutes,
    /// An hour, in parts of twelve seconds.
    Hour,
    /// A day, in parts of 288 seconds.
    Day,
}

impl Window {
    /// Their spans, in order. 300 slots are enough for the graph of a wide terminal.
    pub(super) const SPANS: [Span; 3] = [
        Span { slot: 1, slots: 300 },
        Span { slot: 12, slots: 300 },
        Span { slot: 288, slots: 300 },
    ];

    /// The next longer one; after the longest the shortest.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Minutes => Self::Hour,
            Self::Hour => Self::Day,
            Self::Day => Self::Minutes,
        }
    }

    /// Its length in seconds.
    pub(crate) fn seconds(self) -> i64 {
        Self::SPANS[self as usize].seconds()
    }
}
