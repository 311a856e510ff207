//! The history file: a row each five minutes with every register, kept for years.
//!
//! `p1reader` writes it and `p1report` and the dashboard read it. What both must agree on has its home here.
//!
//! | module   | owns                                                           |
//! |----------|----------------------------------------------------------------|
//! | `format` | the columns, their order, units and times; the names of files  |

mod format;

pub(crate) use format::{
    COLUMNS, ColumnSet, Content, MAX_FILES_A_YEAR, PERIOD_SECONDS, Quantity, Statistic,
    parse_header, utc_text, year_name,
};
