//! The formats of other programs: how each is known, and what its rows tell.
//!
//! Owns the description of a table and the access to its rows. A format is a list of tables, each known by its header;
//! a file may have several of them, one behind the other.

mod columns;
mod dsmr_reader;
mod fluvius;
mod home_assistant;
mod homewizard;
mod liander;
mod p1_monitor;
mod production;
mod settings;
mod slimmemeterportal;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use clap::ValueEnum as _;
pub use columns::{Column, From};
pub(super) use settings::Settings;
pub use settings::{Format, GasTime, TimeIs, TimeZone};

use super::entry::Entry;
use super::sheet::{Fields, ImportError, Lines, separator};
use super::value::{self, Stamp};
use crate::text;

/// A table of a format.
pub(super) struct Shape {
    /// What the files of an import are called.
    pub name: &'static str,
    /// What it looks like, for people.
    pub expected: &'static str,
    pub header: Header,
    /// Adds what a row tells to the entries of the context. Says what is wrong with it.
    pub read: fn(&Row<'_>, &mut Context) -> Result<(), String>,
}

/// How the header of a table is known.
pub(super) enum Header {
    /// By the names of columns, in any order, upper or lower case; `|` separates alternatives, `?` comes before one
    /// that may be missing. Fields are then found by the place in this list.
    Names(&'static [&'static str]),
    /// By its looks. Gives where the columns are.
    Looks(fn(&Fields) -> Option<Vec<Option<usize>>>),
    /// There is none; the columns are those of the options.
    Options,
}

/// What is kept from row to row, and what the rows tell.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub entries: Vec<Entry>,
    /// What was left out, and how many rows.
    pub left_out: BTreeMap<String, u64>,
    /// Which series of a long table has which column.
    pub sources: BTreeMap<String, String>,
    /// The rows with values.
    pub rows: u64,
    /// Last lines that may be cut off.
    pub cut: Vec<String>,
}

/// A row of a table.
pub(super) struct Row<'a> {
    fields: &'a Fields,
    places: &'a [Option<usize>],
    header: &'a Fields,
    pub settings: &'a Settings,
}

impl Row<'_> {
    /// The field of a column; empty where there is none.
    pub fn get(&self, column: usize) -> &str {
        self.places.get(column).copied().flatten().map_or("", |at| self.fields.get(at))
    }

    /// The name of a column, for messages.
    fn name(&self, column: usize) -> String {
        let at = self.places.get(column).copied().flatten().unwrap_or(column);
        match self.header.get(at) {
            "" => format!("column {}", at + 1),
            name => format!("column {}", text::escaped(name)),
        }
    }

    /// A number in thousandths of the unit of `of`, a column of the history. `None` where nothing is.
    pub fn number(&self, column: usize, of: &str, unit: &str) -> Result<Option<i64>, String> {
        let text = self.get(column);
        if value::is_missing(text) {
            return Ok(None);
        }
        let Some(shift) = value::shift(unit, of) else {
            return Err(format!(
                "{}: {} is no unit of {of}",
                self.name(column),
                text::escaped(unit)
            ));
        };
        let number = value::number(text, shift);
        let wrong = || {
            format!("{}: expected a number, found \"{}\"", self.name(column), text::escaped(text))
        };
        number.map(Some).ok_or_else(wrong)
    }

    /// A time.
    pub fn time(&self, column: usize) -> Result<Stamp, String> {
        self.time_of(self.get(column), column)
    }

    /// A date and a time in two columns.
    pub fn date_and_time(&self, date: usize, time: usize) -> Result<Stamp, String> {
        self.time_of(&format!("{} {}", self.get(date), self.get(time)), date)
    }

    fn time_of(&self, text: &str, column: usize) -> Result<Stamp, String> {
        let (stamp, expected) = match &self.settings.time_format {
            Some(format) => (value::stamp_by(text, format), format.as_str()),
            None => (value::stamp(text), "2024-10-27 02:00:00"),
        };
        let stamp = stamp.ok_or_else(|| {
            let hint = match value::format_of(text) {
                Some(format) => {
                    format!(", which p1report import reads with --time-format '{format}'")
                }
                None => String::new(),
            };
            format!(
                "{}: expected a time such as {expected}, found \"{}\"{hint}",
                self.name(column),
                text::escaped(text)
            )
        })?;
        Ok(self.settings.zone.apply(stamp))
    }
}

/// The tables of solar production.
pub(super) const PRODUCTION: &[Shape] = production::SHAPES;

/// The tables of a format.
pub(super) fn shapes(format: Format) -> &'static [Shape] {
    match format {
        Format::DsmrReader => dsmr_reader::SHAPES,
        Format::P1Monitor => p1_monitor::SHAPES,
        Format::Homewizard => homewizard::SHAPES,
        Format::Fluvius => fluvius::SHAPES,
        Format::Liander => liander::SHAPES,
        Format::Slimmemeterportal => slimmemeterportal::SHAPES,
        Format::Homeassistant => home_assistant::SHAPES,
        Format::Csv => columns::SHAPES,
        Format::Details | Format::Day | Format::Weekly => &[],
    }
}

/// Reads a file of tables. `each` takes the name of the table and what a row tells, and says what is wrong; no row is
/// the end of a table.
pub(super) fn read(
    lines: &mut Lines,
    shapes: &'static [Shape],
    settings: &Settings,
    context: &mut Context,
    each: &mut dyn FnMut(&'static str, Option<Entry>) -> Result<(), String>,
) -> Result<(), ImportError> {
    let mut separator = settings.separator;
    let mut table: Option<(&'static Shape, Vec<Option<usize>>)> = None;
    let (mut fields, mut header) = (Fields::default(), Fields::default());
    let mut filters: Vec<(usize, &str)> = Vec::new();
    let mut line = String::new();
    while let Some(next) = lines.next()? {
        line.clear();
        line.push_str(next);
        if !split(&line, lines, &mut separator, &mut fields)? {
            continue;
        }
        // A further table of the same file.
        let found = match &table {
            Some((shape, _)) if matches!(shape.header, Header::Options) => None,
            _ => find(shapes, &fields, settings).map_err(|what| lines.wrong(what))?,
        };
        if let Some((shape, places, has_header)) = found {
            if let Some((before, _)) = &table {
                each(before.name, None).map_err(|what| lines.wrong(what))?;
            }
            table = Some((shape, places));
            if has_header {
                header = std::mem::take(&mut fields);
            }
            filters = self::filters(&header, settings).map_err(|what| lines.wrong(what))?;
            if has_header {
                continue;
            }
        }
        let Some((shape, places)) = &table else { return Err(lines.wrong(unknown(shapes, &line))) };
        if filters.iter().any(|(at, wanted)| fields.get(*at) != *wanted) {
            continue;
        }
        let row = Row { fields: &fields, places, header: &header, settings };
        (shape.read)(&row, context).map_err(|what| lines.wrong(what))?;
        context.rows += u64::from(!context.entries.is_empty());
        for entry in context.entries.drain(..) {
            each(shape.name, Some(entry)).map_err(|what| lines.wrong(what))?;
        }
    }
    if lines.may_be_cut() {
        context.cut.push(lines.place.to_string());
    }
    match table {
        Some((shape, _)) => each(shape.name, None).map_err(|what| lines.wrong(what)),
        None => Err(lines.wrong(unknown(shapes, ""))),
    }
}

/// Splits a line at the separator, which the first one tells unless it is known. False for a line without fields: a blank
/// one, or the one that names the separator.
fn split(
    line: &str,
    lines: &Lines,
    known: &mut Option<char>,
    fields: &mut Fields,
) -> Result<bool, ImportError> {
    if line.trim().is_empty() {
        return Ok(false);
    }
    if let Some(named) = separator_line(line).filter(|_| lines.place.line == 1) {
        known.get_or_insert(named);
        return Ok(false);
    }
    let with = *known.get_or_insert_with(|| separator(line));
    if fields.split(line, with) {
        Ok(true)
    } else {
        Err(lines.wrong(
            "expected a closing quote: the line is cut off, or a field has a line break in it"
                .to_owned(),
        ))
    }
}

/// The separator that a line for Excel names: `sep=;`.
fn separator_line(line: &str) -> Option<char> {
    let (name, value) = line.split_once('=')?;
    let mut chars = value.chars();
    let only = chars.next().filter(|_| chars.next().is_none());
    only.filter(|_| name.eq_ignore_ascii_case("sep"))
}

/// The columns in which a row must have a value, and the value. Without a header they are numbers from 1. Says which of
/// them is missing.
fn filters<'s>(header: &Fields, settings: &'s Settings) -> Result<Vec<(usize, &'s str)>, String> {
    let find = |name: &str| match header.len() {
        0 => name.parse::<usize>().ok()?.checked_sub(1),
        _ => position(header, name),
    };
    let missing = |name: &str| {
        let names: Vec<String> = header.iter().take(40).map(text::escaped).collect();
        let name = text::escaped(name);
        format!("--where: there is no column \"{name}\"; there are {}", names.join(", "))
    };
    let place = |(name, value): &'s (String, String)| {
        find(name).map(|at| (at, value.as_str())).ok_or_else(|| missing(name))
    };
    settings.filters.iter().map(place).collect()
}

/// What is wrong with a file whose first line is no header of these tables. An empty line stands for an empty file.
fn unknown(shapes: &[Shape], line: &str) -> String {
    let mut expected: Vec<&str> = shapes.iter().map(|shape| shape.expected).collect();
    expected.dedup();
    let expected = expected.join(", or ");
    if line.is_empty() {
        return format!("expected {expected}; the file is empty");
    }
    let mut fields = Fields::default();
    let is_whole = fields.split(line, separator(line));
    let is_known = |format: &&Format| {
        let tables = self::shapes(**format).iter();
        let mut headers = tables.filter(|table| !matches!(table.header, Header::Options));
        headers.any(|table| places_of(table, &fields).is_some())
    };
    let other = Format::value_variants().iter().filter(|_| is_whole).find(is_known);
    let other = other.and_then(Format::to_possible_value).map_or(String::new(), |format| {
        format!("; this is a table of the format {}", format.get_name())
    });
    format!("expected {expected}; found \"{}\"{other}", text::escaped(line))
}

/// A table, the places of its columns, and whether the line was its header.
type Table = (&'static Shape, Vec<Option<usize>>, bool);

/// The table that this line is the header of.
fn find(
    shapes: &'static [Shape],
    fields: &Fields,
    settings: &Settings,
) -> Result<Option<Table>, String> {
    for shape in shapes {
        if matches!(shape.header, Header::Options) {
            let places = columns::places(fields, settings)?;
            return Ok(Some((shape, places, !settings.has_no_header)));
        }
        if let Some(places) = places_of(shape, fields) {
            return Ok(Some((shape, places, true)));
        }
    }
    Ok(None)
}

/// Where the columns of a table are, if this is its header.
fn places_of(shape: &Shape, fields: &Fields) -> Option<Vec<Option<usize>>> {
    match shape.header {
        Header::Names(names) => places(names, fields),
        Header::Looks(looks) => looks(fields),
        Header::Options => None,
    }
}

/// Where the columns are; `None` when one is missing that must be there.
fn places(names: &[&str], fields: &Fields) -> Option<Vec<Option<usize>>> {
    let find = |name: &&str| {
        let (name, is_needed) = match name.strip_prefix('?') {
            Some(name) => (name, false),
            None => (*name, true),
        };
        let mut alternatives = name.split('|');
        let at = alternatives.find_map(|name| position(fields, name));
        if is_needed && at.is_none() { None } else { Some(at) }
    };
    names.iter().map(find).collect()
}

/// The place of the column of this name.
fn position(fields: &Fields, name: &str) -> Option<usize> {
    let wanted = name.to_lowercase();
    fields.iter().position(|field| field.to_lowercase() == wanted)
}

/// The number of a series of this name.
fn series(name: &str) -> u32 {
    let hash = crate::history::row::fingerprint(name.as_bytes());
    u32::try_from(hash >> 32).unwrap_or(0)
}
