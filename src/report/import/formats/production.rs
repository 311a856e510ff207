//! The production of solar panels, for `p1report --production`: a register, or what was produced in each interval.
//!
//! The name of the column tells which of them it is.

use super::{Context, Header, Row, Shape};
use crate::report::import::entry::{Entry, Kind, Until};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "production",
        expected: "a header with the columns time and register_kWh",
        header: Header::Names(&["time", "register_kwh"]),
        read: read_register,
    },
    Shape {
        name: "production",
        expected: "time and kWh",
        header: Header::Names(&["time", "kwh", "?until"]),
        read: read_use,
    },
];

/// The history has no column of production: in a collection of its own it has that of export.
const COLUMN: &str = "energy_export_kwh";

/// More than any house produces, in Wh; ten million such numbers can be added.
const MAX_NUMBER: u64 = 100_000_000_000;

fn read_register(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    push(Entry::new(row.time(0)?), Kind::Register, row, context)
}

fn read_use(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let mut entry = Entry::new(row.time(0)?);
    if !row.get(2).is_empty() {
        entry.until = Some(Until::Stamp(row.time(2)?));
    }
    push(entry, Kind::Use, row, context)
}

fn push(mut entry: Entry, kind: Kind, row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    if let Some(number) = row.number(1, COLUMN, "kWh")? {
        if number.unsigned_abs() >= MAX_NUMBER {
            return Err(format!("{}: expected less than {} kWh", row.name(1), MAX_NUMBER / 1000));
        }
        entry.push(COLUMN, kind, number);
        context.entries.push(entry);
    }
    Ok(())
}
