//! The options of `p1report export`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::report::range::When;
use crate::runtime::Arguments;

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A table of all rows in local time, for spreadsheets
    Csv,
    /// Hours, for the statistics of Home Assistant
    Homeassistant,
    /// Lines of `InfluxDB` with timestamps, for a backfill
    Influx,
}

/// Print the history for other programs: spreadsheets, Home Assistant, databases
#[derive(Args, Clone, Debug)]
pub struct ExportOptions {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
    /// What is printed
    #[arg(value_enum)]
    pub format: ExportFormat,
    /// Export from DATE on: 2026-11-25, 2026-11, 2026-W48, 2026, today or yesterday
    #[arg(long, value_name = "DATE")]
    pub from: Option<When>,
    /// Export to DATE, which is included
    #[arg(long, value_name = "DATE")]
    pub to: Option<When>,
    /// Export this year; the same as --from YYYY --to YYYY
    #[arg(long, value_name = "YYYY", conflicts_with_all = ["from", "to"])]
    pub year: Option<When>,
    /// csv: as Dutch and German spreadsheets read it: 12,5 and semicolons
    #[arg(long)]
    pub decimal_comma: bool,
    /// homeassistant: import and export of each tariff, too
    #[arg(long)]
    pub tariffs: bool,
    /// homeassistant: every register
    #[arg(long)]
    pub all: bool,
    /// homeassistant: what the names of the statistics begin with; `sensor.p1_meter_` for those of entities
    #[arg(long, value_name = "TEXT", default_value = "sensor:p1_", value_parser = prefix)]
    pub prefix: String,
    /// Read the history in this folder instead of the configured one
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
    /// Export the meter with this equipment identifier only
    #[arg(long, value_name = "ID")]
    pub meter: Option<String>,
}

/// Reads the beginning of a statistic's name, `sensor:p1_` or `sensor.meter_`.
fn prefix(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_name = |(domain, rest): (&str, &str)| {
        !domain.is_empty() && domain.chars().all(is_plain) && rest.chars().all(is_plain)
    };
    let fits = text.len() <= 100 && text.split_once([':', '.']).is_some_and(is_name);
    if fits {
        Ok(text.to_owned())
    } else {
        Err("expected a text such as sensor:p1_ or sensor.p1_meter_".to_owned())
    }
}
