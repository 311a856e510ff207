//! The options of `p1cat`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, RangedU64ValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Parser};

use super::{CellStyle, Condition, Field, Format};
use crate::history::today::DayRecords;
use crate::runtime::{Arguments, Exit};
use crate::telegram::MeterZone;

/// How `p1cat` can end.
pub const EXITS: &[Exit] = &[
    Exit::Done,
    Exit::Rejected,
    Exit::Usage,
    Exit::Unavailable,
    Exit::Bug,
    Exit::Io,
    Exit::Config,
];

/// Prints the telegrams of a smart meter, one line of JSON each, or in other formats.
#[expect(clippy::struct_excessive_bools, reason = "each is an option without a value")]
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "p1cat", version)]
pub struct Options {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
    /// Decode FILE (- is standard input), raw telegrams or details of p1reader, instead of listening to the network
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Print telegrams in this format, or as a line with %{field} in it
    #[arg(long, value_name = "FORMAT", value_parser = FormatParser, default_value = "json",
          conflicts_with_all = ["raw", "explain"])]
    pub format: Format,
    /// Print only these fields, named readings or OBIS codes, comma-separated
    #[arg(long, value_name = "A,B,...", value_delimiter = ',', conflicts_with_all = ["raw", "explain"])]
    pub fields: Option<Vec<Field>>,
    /// Print the last telegram of each interval of S seconds
    #[arg(long, value_name = "S", value_parser = seconds().range(1..=86_400).map(Duration::from_secs),
          conflicts_with = "explain")]
    pub every: Option<Duration>,
    /// For spreadsheets: csv with a decimal comma, a semicolon between fields, and local time
    #[arg(long, conflicts_with_all = ["raw", "explain"])]
    pub decimal_comma: bool,
    /// For spreadsheets: csv with times as on the wall, 2026-11-25 22:47:33
    #[arg(long, conflicts_with_all = ["raw", "explain"])]
    pub local_time: bool,
    /// Print only telegrams in which a field has changed
    #[arg(long, conflicts_with_all = ["raw", "explain"])]
    pub on_change: bool,
    /// Select the telegrams with which this comes true.
    #[arg(long, value_name = "CONDITION",
          help = "Print only telegrams with which this comes true, such as 'power_import_w > 9000 for 10s'",
          conflicts_with_all = ["raw", "explain", "every", "on_change", "http"])]
    pub when: Option<Condition>,
    /// Run COMMAND with these arguments instead of printing; this option comes last
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true, requires = "when",
          conflicts_with_all = ["input", "output", "fields"])]
    pub exec: Option<Vec<String>>,
    /// Run COMMAND at most once in S seconds [default: 60]
    #[arg(long, value_name = "S", requires = "exec",
          value_parser = seconds().range(1..=86_400).map(Duration::from_secs))]
    pub exec_interval: Option<Duration>,
    /// Write each telegram to FILE, in place of the one before, by rename
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print only the telegrams of the meter with this equipment identifier
    #[arg(long, value_name = "ID")]
    pub meter: Option<String>,
    /// Print only the telegrams of this listener: its name or address; with --raw, its address
    #[arg(long, value_name = "LISTENER", conflicts_with = "input")]
    pub source: Option<String>,
    /// Print telegrams byte for byte as the meter sent them
    #[arg(long)]
    pub raw: bool,
    /// Explain every line of each telegram in FILE, and point out what is odd
    #[arg(long, requires = "input", conflicts_with = "raw")]
    pub explain: bool,
    /// Answer an HTTP request on standard input with a telegram, and end
    #[arg(long, conflicts_with_all = ["raw", "input", "output", "every", "on_change", "count"])]
    pub http: bool,
    /// Mask identifiers and texts of the telegrams in FILE
    #[arg(long, requires = "input")]
    pub anonymous: bool,
    /// End after N telegrams
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// End with status 69 when no telegram has come for S seconds
    #[arg(long, value_name = "S", value_parser = seconds().range(1..).map(Duration::from_secs))]
    pub timeout: Option<Duration>,
    /// The first line of the file that standard output appends to.
    #[arg(skip)]
    pub first_line: Option<String>,
    /// The zone of the meter's clock, if it is configured.
    #[arg(skip)]
    pub zone: Option<MeterZone>,
    /// What was recorded of today.
    #[arg(skip)]
    pub(super) records: DayRecords,
}

fn seconds() -> RangedU64ValueParser {
    RangedU64ValueParser::new()
}

impl Options {
    /// Whether telegrams of two meters would get into each other's way.
    pub(super) fn needs_one_meter(&self) -> bool {
        let selects = self.every.is_some() || self.on_change || self.when.is_some();
        self.raw || self.http || selects || self.output.is_some()
    }

    /// How the cells of a table are written. Who has a decimal comma has a spreadsheet, which takes a time with
    /// an offset for a text.
    pub(super) fn cell_style(&self) -> CellStyle {
        CellStyle {
            has_decimal_comma: self.decimal_comma,
            has_local_time: self.local_time || self.decimal_comma,
        }
    }
}

/// Parses a format, and lists the named ones for the shells' completions.
#[derive(Clone)]
struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = Format;

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Format, clap::Error> {
        value.to_string_lossy().parse().map_err(|error| {
            clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")).with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::NAMES.into_iter().map(PossibleValue::new)))
    }
}
