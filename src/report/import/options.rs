//! The options of `p1report import`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::formats::Column;
use super::value::{self, Stamp};
use crate::runtime::{Arguments, arguments};
use crate::words::Language;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Details files of p1reader, or of P1reader.py
    Details,
    /// 5-minute records of p1reader, or of P1reader.py
    Day,
    /// Weekly logs of p1reader, or of P1reader.py
    Weekly,
    /// DSMR-reader: tables of its database (psql --csv), days and hours of its page
    DsmrReader,
    /// P1 Monitor: tables of its database (sqlite3 -csv -header)
    P1Monitor,
    /// `HomeWizard`: CSV of 15 minutes
    Homewizard,
    /// Fluvius: quarters and hours
    Fluvius,
    /// Liander: days
    Liander,
    /// `SlimmeMeterPortal`: quarters and hours
    Slimmemeterportal,
    /// Home Assistant: statistics and history
    Homeassistant,
    /// Any other table, with --column
    Csv,
}

/// The zone of times without an offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeZone {
    /// That of this machine, or of `TZ`.
    #[default]
    Local,
    /// So many seconds ahead of UTC, winter and summer.
    Offset(i64),
}

impl TimeZone {
    /// The moment of a local time in a zone without summer time.
    pub(super) fn apply(self, stamp: Stamp) -> Stamp {
        match (self, stamp) {
            (Self::Offset(seconds), Stamp::Local(local)) => {
                Stamp::Moment(local.and_utc().timestamp() - seconds)
            }
            (_, stamp) => stamp,
        }
    }
}

impl FromStr for TimeZone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "local" => return Ok(Self::Local),
            "utc" => return Ok(Self::Offset(0)),
            _ => {}
        }
        let offset = value::offset(text);
        offset
            .map(Self::Offset)
            .ok_or_else(|| "expected local, utc or an offset such as +01:00".to_owned())
    }
}

/// What the time of a row means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TimeIs {
    /// When the register was read; with --use the start
    #[default]
    Reading,
    /// The start of the interval that the number belongs to
    Start,
    /// The end of the interval
    End,
}

/// What the time of an hourly reading of gas means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GasTime {
    /// The start of the hour that it ends
    Start,
    /// When it was read
    Read,
}

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
