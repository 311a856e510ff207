//! DSMR-reader: tables of its database (`psql --csv`), and the day and hour files of its page.
//!
//! Registers of the database are exact, and kept for ever twice an hour. The files of days have the registers of
//! midnight beside what was used; very old days have the use only. Those of hours have the use only, which is the last
//! reading of the hour less the first, 1.7 % too little.

use chrono::{NaiveDateTime, NaiveTime};

use super::{Context, Header, Row, Shape};
use crate::report::import::entry::{Entry, Kind, Until};
use crate::report::import::sheet::Fields;
use crate::report::import::value::{self, Stamp};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "dsmr-reader",
        expected: "read_at,delivered_1,returned_1,delivered_2,returned_2 of dsmr_consumption_electricityconsumption",
        header: Header::Names(&[
            "read_at",
            "delivered_1",
            "delivered_2",
            "returned_1",
            "returned_2",
        ]),
        read: electricity,
    },
    Shape {
        name: "dsmr-reader",
        expected: "read_at,delivered of dsmr_consumption_gasconsumption",
        header: Header::Names(&["read_at", "delivered"]),
        read: gas,
    },
    Shape {
        name: "dsmr-reader-days",
        expected: "the columns of its days (Date or Datum)",
        header: Header::Looks(days),
        read: day,
    },
    Shape {
        name: "dsmr-reader-days",
        expected: "day,electricity1,electricity2,… of dsmr_stats_daystatistics",
        header: Header::Names(&[
            "day",
            "electricity1",
            "electricity2",
            "electricity1_returned",
            "electricity2_returned",
            "?gas",
            "?electricity_reading_timestamp",
            "?electricity1_reading",
            "?electricity2_reading",
            "?electricity1_returned_reading",
            "?electricity2_returned_reading",
            "?gas_reading_timestamp",
            "?gas_reading",
        ]),
        read: day,
    },
    Shape {
        name: "dsmr-reader-hours",
        expected: "the 6 columns of its hours (Hour Start or Begintijd Uur)",
        header: Header::Looks(|fields| {
            let is_first = begins(fields, &["hour start", "begintijd uur"]);
            (is_first && fields.len() == 6).then(|| (0..6).map(Some).collect())
        }),
        read: hour,
    },
    Shape {
        name: "dsmr-reader-hours",
        expected: "hour_start,electricity1,electricity2,… of dsmr_stats_hourstatistics",
        header: Header::Names(&[
            "hour_start",
            "electricity1",
            "electricity2",
            "electricity1_returned",
            "electricity2_returned",
            "?gas",
        ]),
        read: hour,
    },
];

/// Import and export of both tariffs, in the order of its files.
const ENERGY: [&str; 4] = [
    "energy_import_t1_kwh",
    "energy_import_t2_kwh",
    "energy_export_t1_kwh",
    "energy_export_t2_kwh",
];

/// The headers are in the language of the page. Beside the first column the places tell what is what.
fn begins(fields: &Fields, first: &[&str]) -> bool {
    first.contains(&fields.get(0).to_lowercase().as_str())
}

/// The columns of days: the date, use, costs (five since version 4, before four or less), and registers: since version
/// 4 without, since version 5 with the time of each reading.
fn days(fields: &Fields) -> Option<Vec<Option<usize>>> {
    let registers = match fields.len() {
        18 => [Some(11), Some(12), Some(13), Some(14), Some(15), Some(16), Some(17)],
        16 => [None, Some(11), Some(12), Some(13), Some(14), None, Some(15)],
        6..=11 => [None; 7],
        _ => return None,
    };
    begins(fields, &["date", "datum"]).then(|| (0..6).map(Some).chain(registers).collect())
}

fn electricity(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let mut entry = Entry::new(row.time(0)?);
    for (at, column) in ENERGY.iter().enumerate() {
        if let Some(number) = row.number(at + 1, column, "kWh")? {
            entry.push(column, Kind::Register, number);
        }
    }
    context.entries.push(entry);
    Ok(())
}

fn gas(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let mut entry = Entry::new(row.time(0)?);
    if let Some(number) = row.number(1, "gas_m3", "m³")? {
        entry.push("gas_m3", Kind::Register, number);
    }
    context.entries.push(entry);
    Ok(())
}

/// The registers are those of midnight; the time beside them is that of the first reading after it.
fn day(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let midnight = row.time(0)?;
    let mut used = Entry::new(midnight);
    for (time, columns) in [(6, &[0, 1, 2, 3][..]), (11, &[4][..])] {
        let mut entry = Entry::new(midnight);
        for &at in columns {
            let (name, unit) = ENERGY.get(at).map_or(("gas_m3", "m³"), |name| (*name, "kWh"));
            let (register, use_at) = if at < 4 { (7 + at, 1 + at) } else { (12, 5) };
            let register = row.number(register, name, unit)?;
            if let Some(number) = register {
                entry.push(name, Kind::Register, number);
            }
            if let Some(number) = row.number(use_at, name, unit)? {
                let kind = if register.is_some() { Kind::OwnUse } else { Kind::Use };
                used.push(name, kind, number);
            }
        }
        let told = row.get(time);
        if !entry.values.is_empty() && !value::is_missing(told) && !is_near(told, midnight) {
            entry.at = row.time(time)?;
        }
        context.entries.extend(Some(entry).filter(|entry| !entry.values.is_empty()));
    }
    context.entries.extend(Some(used).filter(|used| !used.values.is_empty()));
    Ok(())
}

/// Whether a time with an offset is in the first hour of a local day.
fn is_near(text: &str, midnight: Stamp) -> bool {
    let local = text.get(..19).and_then(|text| {
        NaiveDateTime::parse_from_str(&text.replace(' ', "T"), "%Y-%m-%dT%H:%M:%S").ok()
    });
    let one = NaiveTime::from_hms_opt(1, 0, 0);
    match (local, midnight) {
        (Some(local), Stamp::Local(day)) => {
            local.date() == day.date() && one.is_some_and(|one| local.time() < one)
        }
        _ => false,
    }
}

fn hour(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let mut entry = Entry::new(row.time(0)?);
    entry.until = Some(Until::Length(3600));
    for at in 0..5 {
        let (name, unit) = ENERGY.get(at).map_or(("gas_m3", "m³"), |name| (*name, "kWh"));
        if let Some(number) = row.number(at + 1, name, unit)? {
            entry.push(name, Kind::Use, number);
        }
    }
    context.entries.push(entry);
    Ok(())
}
