//! What the command line says about the files of an import: their format, and how their values are read.

use std::str::FromStr;

use clap::ValueEnum;

use super::Column;
use crate::report::import::value::{self, Stamp};

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
    pub(in crate::report::import) fn apply(self, stamp: Stamp) -> Stamp {
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

/// What the options say about the values of a table.
#[derive(Clone, Debug, Default)]
pub(in crate::report::import) struct Settings {
    pub columns: Vec<Column>,
    pub unit: Option<String>,
    pub zone: TimeZone,
    pub time_format: Option<String>,
    pub time_is: TimeIs,
    pub is_use: bool,
    pub has_no_header: bool,
    pub separator: Option<char>,
    pub filters: Vec<(String, String)>,
}
