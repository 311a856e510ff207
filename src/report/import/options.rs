//! The options of `p1report import`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use std::path::PathBuf;

use clap::Args;

use super::formats::{Column, Format, GasTime, TimeIs, TimeZone};
use crate::runtime::{Arguments, arguments};
use crate::words::Language;

/// Import years from other programs, or from older files of p1reader, into files that all reports read
#[derive(Args, Clone, Debug)]
pub struct ImportOptions {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
    /// What the files are
    #[arg(value_enum)]
    pub format: Format,
    /// The files, in the order of time; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Read and count everything, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Name the files of the import: `p1_import-NAME-YEAR.csv` [default: that of the format]
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub name: Option<String>,
    /// The equipment identifier of the meter, where the files do not have it
    #[arg(long, value_name = "ID")]
    pub meter: Option<String>,
    /// Write to this folder instead of that of the configured history
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
    /// The zone of times without an offset: local, utc or +01:00
    #[arg(long, value_name = "ZONE", default_value = "local")]
    pub zone: TimeZone,
    /// The unit of numbers: Wh, kWh, l, dl ... [default: that of the column]
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
    /// dsmr-reader: what the time of an hourly gas reading means
    #[arg(long, value_enum, value_name = "WHAT", default_value = "start")]
    pub gas_time: GasTime,
    /// csv: which column is time, date, until, `unique_id` or a number of the history; homeassistant: which entity
    #[arg(long, value_name = "NAME=COLUMN[:UNIT]")]
    pub column: Vec<Column>,
    /// csv: numbers are what was used, and no registers
    #[arg(long = "use")]
    pub is_use: bool,
    /// csv: what the time means
    #[arg(long, value_enum, value_name = "WHAT", default_value = "reading")]
    pub time_is: TimeIs,
    /// The form of times, as strftime has it: %m/%d/%Y %H:%M
    #[arg(long, value_name = "FORM")]
    pub time_format: Option<String>,
    /// Take rows with this value only
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = filter)]
    pub filters: Vec<(String, String)>,
    /// csv: the first line is a row; columns are called 1, 2 ...
    #[arg(long)]
    pub no_header: bool,
    /// What is between fields [default: what the first line has most of]
    #[arg(long, value_name = "CHARACTER")]
    pub separator: Option<char>,
    /// Language of the summary [default: that of the locale]
    #[arg(long, value_name = "LANGUAGE", value_parser = arguments::language())]
    pub language: Option<Language>,
}

/// Reads a name that is a part of a file's name.
fn name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let fits = !text.is_empty() && text.len() <= 40 && text.chars().all(is_plain);
    if fits {
        Ok(text.to_owned())
    } else {
        Err("expected lower-case letters, digits, - and _".to_owned())
    }
}

fn filter(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let parts = parts.map(|(name, value)| (name.to_owned(), value.to_owned()));
    parts.ok_or_else(|| "expected COLUMN=VALUE".to_owned())
}
