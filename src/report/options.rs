//! The options of `p1report`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use super::alert::Alert;
use super::export::options::ExportOptions;
use super::import::options::ImportOptions;
use super::range::When;
use crate::runtime::{Arguments, Exit, arguments};
use crate::words::Language;

/// Batteries of a home: the most kWh and kW.
const MAX_SIZE: f64 = 10_000.0;

/// How `p1report` can end.
pub const EXITS: &[Exit] = &[
    Exit::Done,
    Exit::Rejected,
    Exit::Usage,
    Exit::Data,
    Exit::NoInput,
    Exit::Bug,
    Exit::Io,
    Exit::Config,
];

/// What is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Today, this month and this year, and those before
    #[default]
    Summary,
    /// Use by hour
    Hours,
    /// Use by day
    Days,
    /// Use by ISO week
    Weeks,
    /// Use by month
    Months,
    /// Use by year
    Years,
    /// The days with the highest use
    Top,
    /// The highest quarter-hour of each month
    Peaks,
    /// The voltage in means of ten minutes, against EN 50160
    Voltage,
    /// What a battery would have done
    Battery,
    /// The base load of the nights
    Base,
    /// Times without rows, and exchanged meters
    Gaps,
}

/// What periods are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compare {
    /// The same period a year before
    LastYear,
    /// The period before
    Before,
}

/// What days are sorted by, and what bars show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Energy from the grid
    #[default]
    Import,
    /// Energy to the grid
    Export,
    /// Import less export
    Net,
    /// Gas
    Gas,
    /// Water
    Water,
    /// The highest quarter-hour
    Peak,
}

/// Looks back: use by hour, day, week, month and year, from the history that p1reader records.
#[expect(clippy::struct_excessive_bools, reason = "each is an option without a value")]
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "p1report",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub struct Options {
    /// What is done in place of a report
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
    /// What to report
    #[arg(value_enum, hide_default_value = true, default_value_t)]
    pub kind: Kind,
    /// How many periods, the last ones; 0 is all
    #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub count: Option<u32>,
    /// Report from DATE on: 2026-11-25, 2026-11, 2026-W48, 2026, today or yesterday
    #[arg(long, value_name = "DATE")]
    pub from: Option<When>,
    /// Report to DATE, which is included
    #[arg(long, value_name = "DATE")]
    pub to: Option<When>,
    /// Report this year; the same as --from YYYY --to YYYY
    #[arg(long, value_name = "YYYY", conflicts_with_all = ["from", "to"])]
    pub year: Option<When>,
    /// Compare each period with another one, up to the same time in both
    #[arg(long, value_enum, value_name = "WITH")]
    pub compare: Option<Compare>,
    /// Begin months on day D, 1 to 28
    #[arg(long, value_name = "D", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=28))]
    pub month_starts: u32,
    /// Begin years on this day
    #[arg(long, value_name = "MM-DD", default_value = "01-01", value_parser = super::range::month_day)]
    pub year_starts: (u32, u32),
    /// Sort top by this, and draw bars of it
    #[arg(long, value_enum, value_name = "WHAT", hide_default_value = true, default_value_t)]
    pub by: By,
    /// Show import and export of each tariff
    #[arg(long)]
    pub tariffs: bool,
    /// Show every register
    #[arg(long)]
    pub all: bool,
    /// The capacities of batteries, kWh, comma-separated
    #[arg(long, value_name = "KWH,...", value_delimiter = ',', default_value = "5", value_parser = size)]
    pub kwh: Vec<f64>,
    /// The power of each battery, kW; the last one counts for those that follow
    #[arg(long, value_name = "KW,...", value_delimiter = ',', default_value = "2.5", value_parser = size)]
    pub kw: Vec<f64>,
    /// How much of what goes in comes out of a battery, per cent
    #[arg(long, value_name = "P", default_value = "90", value_parser = efficiency)]
    pub efficiency: f64,
    /// Show how much of the solar production was used at home: a CSV with the columns time and kWh, or `register_kWh`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["compare", "html", "oneline"])]
    pub production: Option<PathBuf>,
    /// What to warn scripts of.
    #[arg(
        long,
        value_name = "CONDITION",
        help = "Exit with status 1 when a condition holds for the last period: 'import_kwh > 20'"
    )]
    pub alert: Option<Alert>,
    /// Print JSON
    #[arg(long, conflicts_with_all = ["csv", "oneline"])]
    pub json: bool,
    /// Print CSV
    #[arg(long, conflicts_with = "oneline")]
    pub csv: bool,
    /// Print CSV as Dutch and German spreadsheets read it: 12,5 and semicolons
    #[arg(long, requires = "csv")]
    pub decimal_comma: bool,
    /// Print one line with today, this month and this year
    #[arg(long)]
    pub oneline: bool,
    /// Write a page with pictures to FILE, by rename, and print nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "csv", "oneline", "alert"])]
    pub html: Option<PathBuf>,
    /// Print for lines of N characters, 40 to 500 [default: the width of the terminal, else 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=500))]
    pub width: Option<u16>,
    /// Use ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// Language of the report [default: that of the locale]
    #[arg(long, value_name = "LANGUAGE", value_parser = arguments::language())]
    pub language: Option<Language>,
    /// Read the history in this folder instead of the configured one
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
    /// Report the meter with this equipment identifier only
    #[arg(long, value_name = "ID")]
    pub meter: Option<String>,
}

/// What `p1report` does besides reports.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Import years from other programs, or from older files of p1reader
    Import(Box<ImportOptions>),
    /// Print the history for spreadsheets, Home Assistant or databases
    Export(Box<ExportOptions>),
}

impl Options {
    /// What all programs understand, of the command that is run.
    #[must_use]
    pub fn arguments(&self) -> &Arguments {
        match &self.command {
            Some(Command::Import(import)) => &import.common,
            Some(Command::Export(export)) => &export.common,
            None => &self.common,
        }
    }
}

/// Reads a capacity or a power.
fn size(text: &str) -> Result<f64, String> {
    let size = text.trim().parse().ok().filter(|size| *size > 0.0 && *size <= MAX_SIZE);
    size.ok_or_else(|| "expected a number above 0 and up to 10000".to_owned())
}

/// Reads an efficiency, per cent.
fn efficiency(text: &str) -> Result<f64, String> {
    let efficiency = text.trim().parse().ok().filter(|share| *share >= 1.0 && *share <= 100.0);
    efficiency.ok_or_else(|| "expected a number from 1 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_efficiency_is_a_number_of_per_cent() {
        assert_eq!(efficiency("90.25"), Ok(90.25));
        for text in ["", "0", "-1", "100.5", "NaN", "all"] {
            assert!(efficiency(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_size_is_a_number_of_a_home() {
        assert_eq!(size("2.7"), Ok(2.7));
        for text in ["", "0", "-1", "1e9", "NaN", "inf", "five"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
