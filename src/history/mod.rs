//! The history file: a row each five minutes with every register, kept for years.
//!
//! `p1reader` writes it, `p1report` imports into it, and `p1report` and the dashboard read it; others read today's rows.
//! What both must agree on has its home here.
//!
//! | module     | owns                                                                       |
//! |------------|----------------------------------------------------------------------------|
//! | `format`   | the columns, their order, units and times; the names of files              |
//! | `files`    | the files of a folder in order, from the row that is asked for             |
//! | `classic`  | days recorded before there was a history: details and 5-minute records     |
//! | `details`  | rows of details as telegrams                                               |
//! | `record`   | the line of a 5-minute record                                              |
//! | `compose`  | rows made of telegrams                                                     |
//! | `row`      | the columns that a report needs, and what a row says of them               |
//! | `field`    | numbers and times of fields                                                |
//! | `register` | use as a difference of readings; exchanged meters, registers that fall     |
//! | `calendar` | hours, days, weeks, months and years of the local clock and of contracts   |
//! | `tally`    | use by period, and gaps: together the difference of the registers          |
//! | `today`    | the day so far, for programs that start in the middle of it                |
//! | `quarter`  | clock quarters, and the base load of the nights                            |
//! | `voltage`  | means of ten minutes against EN 50160                                      |
//! | `battery`  | what a battery would have done                                             |
//!
//! ```text
//! files ──▶ row ──▶ register ──▶ tally ──▶ periods and gaps
//!              └──▶ quarter, voltage, battery
//! ```

pub(crate) mod battery;
pub(crate) mod calendar;
pub(crate) mod classic;
pub(crate) mod compose;
pub(crate) mod details;
pub(crate) mod field;
pub(crate) mod files;
mod format;
pub(crate) mod quarter;
pub(crate) mod record;
pub(crate) mod register;
pub(crate) mod row;
pub(crate) mod tally;
pub(crate) mod today;
pub(crate) mod voltage;

pub(crate) use format::{
    COLUMNS, ColumnSet, Content, MAX_FILES_A_YEAR, PERIOD_SECONDS, Quantity, Statistic,
    five_minutes_of, import_file, local_text, on_the_grid, parse_header, parse_import_file, plain,
    time_column, utc_text, year_name,
};

#[cfg(test)]
pub(crate) use format::IMPORT_FILE;

#[cfg(test)]
mod tests;
