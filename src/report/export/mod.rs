//! `p1report export`: the history for other programs, as it was recorded and imported.
//!
//! | part         | owns                                                       |
//! |--------------|------------------------------------------------------------|
//! | `options`    | the command line                                           |
//! | `rows`       | each row as a line: of a table, or of the line protocol     |
//! | `statistics` | hours, for the statistics of Home Assistant                 |
//!
//! The output is written as the history is read. It needs no memory for years.

pub(super) mod options;
mod rows;
mod statistics;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use options::{ExportFormat, ExportOptions};

use super::options::Options;
use super::query::{self, QueryError, Source};
use crate::history::{COLUMNS, Content};
use crate::zone::Zone;

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExportError {
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Writing failed.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

/// Writes the export.
pub(super) fn export<Z: Zone + Clone>(
    source: &mut Source<Z>,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let report = Options {
        from: options.from,
        to: options.to,
        year: options.year,
        tariffs: options.tariffs,
        all: options.all,
        month_starts: 1,
        year_starts: (1, 1),
        ..Options::default()
    };
    let end = source.end;
    let range = source.range(&report, (source.first, end))?;
    match options.format {
        ExportFormat::Csv => {
            let form = rows::Table { has_decimal_comma: options.decimal_comma };
            rows::write(source, range, &form, out)
        }
        ExportFormat::Influx => rows::write(source, range, &rows::LineProtocol, out),
        ExportFormat::Homeassistant => {
            let registers = query::registers(&report);
            statistics::write(source, range, &registers, &options.prefix, out)
        }
    }
}

/// The columns that are numbers, with how many decimals.
fn numbers() -> Vec<(&'static str, u8)> {
    let number = |content: &Content| match content {
        Content::Energy(_) => Some(3),
        Content::Number(_, decimals) | Content::Statistic(_, _, decimals) => Some(*decimals),
        _ => None,
    };
    COLUMNS.iter().filter_map(|column| Some((column.name, number(&column.content)?))).collect()
}

/// Writes while it works; the first failure is kept.
struct Output<'a> {
    out: &'a mut dyn Write,
    failure: Option<io::Error>,
}

impl<'a> Output<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        Self { out, failure: None }
    }

    fn write(&mut self, text: &str) {
        if self.failure.is_none() {
            self.failure = self.out.write_all(text.as_bytes()).err();
        }
    }

    fn finish(self) -> Result<(), ExportError> {
        match self.failure {
            Some(failure) => Err(failure.into()),
            None => Ok(self.out.flush()?),
        }
    }
}
