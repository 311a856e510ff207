//! Each row of the history as a line.
//!
//! Owns the table for spreadsheets and the lines of `InfluxDB`. Both have the names and units of the history file. The
//! columns are those that have a number anywhere in the time that is exported, so the history is read twice.

use std::fmt::Write as _;
use std::io::Write;

use super::{ExportError, Output, numbers};
use crate::history::register::Reading;
use crate::history::row::{Row, Selection};
use crate::history::{local_text, utc_text};
use crate::meter::DeviceRegister;
use crate::report::query::{QueryError, Source};
use crate::telegram::Timestamp;
use crate::text::{self, decimal};
use crate::zone::Zone;

/// A column of an export.
pub(super) struct Field {
    /// The place in the selection.
    at: usize,
    name: &'static str,
    decimals: u8,
    /// Its reading is that of a device, and has a time of its own.
    device: Option<&'static DeviceRegister>,
}

/// How lines look.
pub(super) trait Form {
    /// The first line, if there is one.
    fn header(&self, fields: &[Field]) -> String;
    /// A line.
    fn line(&self, row: &Row, fields: &[Field], local: &dyn Fn(i64) -> String, out: &mut String);
}

/// Writes the rows of a range, both ends included.
pub(super) fn write<Z: Zone + Clone>(
    source: &mut Source<Z>,
    (from, to): (i64, i64),
    form: &dyn Form,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let numbers = numbers();
    let registers = numbers.iter().map(|(name, _)| (*name).to_owned()).collect();
    let selection = Selection { registers, has_voltage: false };
    let mut is_known = vec![false; numbers.len()];
    let mut note = |row: &Row| {
        for (known, reading) in is_known.iter_mut().zip(&row.registers) {
            *known |= reading.is_some();
        }
    };
    source.history.read(&selection, from, to, &mut note).map_err(QueryError::from)?;
    // What is odd about the files has been found once.
    let findings = source.history.findings.clone();
    let field = |(at, (name, decimals)): (usize, &(&'static str, u8))| Field {
        at,
        name,
        decimals: *decimals,
        device: DeviceRegister::named(name),
    };
    let all = numbers.iter().enumerate().map(field);
    let fields: Vec<Field> = all.filter(|field| is_known[field.at]).collect();
    let zone = source.zone.clone();
    let local = |second: i64| local_text(zone.local(Timestamp::from_seconds(second)));
    let mut output = Output::new(out);
    output.write(&form.header(&fields));
    let mut line = String::new();
    let read = source.history.read(&selection, from, to, &mut |row| {
        line.clear();
        form.line(row, &fields, &local, &mut line);
        output.write(&line);
    });
    source.history.findings = findings;
    read.map_err(QueryError::from)?;
    output.finish()
}

impl Field {
    fn reading(&self, row: &Row) -> Option<Reading> {
        row.registers[self.at]
    }

    /// The name of the time of its reading: `gas_time`.
    fn time_name(&self) -> String {
        let stem = self.name.rsplit_once('_').map_or(self.name, |(stem, _)| stem);
        format!("{stem}_time")
    }
}

/// A table for spreadsheets: local time, and with a decimal comma the separator is a semicolon. The last columns have
/// the times in UTC, which tell the two passes of the autumn hour apart.
pub(super) struct Table {
    pub has_decimal_comma: bool,
}

impl Table {
    fn separator(&self) -> char {
        if self.has_decimal_comma { ';' } else { ',' }
    }
}

impl Form for Table {
    fn header(&self, fields: &[Field]) -> String {
        let separator = self.separator();
        let mut line = format!("time{separator}unique_id");
        for field in fields {
            line.push(separator);
            line += field.name;
            if field.device.is_some() {
                line.push(separator);
                line += &field.time_name();
            }
        }
        for name in std::iter::once("time".to_owned()).chain(devices(fields).map(Field::time_name))
        {
            line.push(separator);
            line += &name;
            line += "_utc";
        }
        line + "\n"
    }

    fn line(&self, row: &Row, fields: &[Field], local: &dyn Fn(i64) -> String, out: &mut String) {
        let separator = self.separator();
        out.push_str(&local(row.time));
        out.push(separator);
        let is_odd = |c: char| c.is_control() || matches!(c, ',' | ';' | '"');
        out.push_str(&String::from_utf8_lossy(row.meter()).replace(is_odd, "_"));
        for field in fields {
            out.push(separator);
            let reading = field.reading(row);
            if let Some(reading) = reading {
                let number = decimal(reading.value, field.decimals.into());
                out.push_str(&if self.has_decimal_comma {
                    number.replace('.', ",")
                } else {
                    number
                });
            }
            if field.device.is_some() {
                out.push(separator);
                out.push_str(&reading.map_or(String::new(), |reading| local(reading.time)));
            }
        }
        let times = devices(fields).map(|field| field.reading(row).map(|reading| reading.time));
        for time in std::iter::once(Some(row.time)).chain(times) {
            out.push(separator);
            out.push_str(&time.map_or(String::new(), utc_text));
        }
        out.push('\n');
    }
}

/// The fields whose readings have a time of their own.
fn devices(fields: &[Field]) -> impl Iterator<Item = &Field> {
    fields.iter().filter(|field| field.device.is_some())
}

/// Lines of `InfluxDB`, as p1cat prints them of telegrams: measurement `p1`, tag `meter`. Counts are integers, all else
/// is a float; a device's time is an integer of Unix seconds.
pub(super) struct LineProtocol;

impl Form for LineProtocol {
    fn header(&self, _: &[Field]) -> String {
        String::new()
    }

    fn line(&self, row: &Row, fields: &[Field], _: &dyn Fn(i64) -> String, out: &mut String) {
        let meter = String::from_utf8_lossy(row.meter());
        let mut separator = ' ';
        for field in fields {
            let Some(reading) = field.reading(row) else { continue };
            if separator == ' ' {
                out.push_str("p1");
                if !meter.is_empty() {
                    out.push_str(",meter=");
                    out.push_str(&text::line_protocol_key(&meter));
                }
            }
            out.push(separator);
            separator = ',';
            let number = decimal(reading.value, field.decimals.into());
            let is_count = field.name.ends_with("_count");
            // Writing to memory does not fail.
            let _ = write!(out, "{}={number}{}", field.name, if is_count { "i" } else { "" });
            if let Some(device) = field.device {
                // As in p1cat's lines: gas_timestamp.
                let _ = write!(out, ",{}={}i", device.time, reading.time);
            }
        }
        if separator == ',' {
            let _ = writeln!(out, " {}", i128::from(row.time) * 1_000_000_000);
        }
    }
}
