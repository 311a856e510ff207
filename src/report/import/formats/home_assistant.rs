//! Home Assistant: the statistics of its database, what its pages *History* and *Energy* export, and the tables that
//! `p1report export homeassistant` writes.
//!
//! A statistic's `state` is the register at the end of its hour, or of its five minutes in the table of the last days;
//! `sum` is not the register. `--column energy_import_t1_kwh=sensor.…` tells what an entity measures; without it, its
//! name does. Times without an offset are UTC.

use super::{Context, From, Header, Row, Shape, TimeZone, series};
use crate::history::COLUMNS;
use crate::report::import::entry::{Entry, Kind, Until};
use crate::report::import::value::{self, Stamp};
use crate::text;

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "homeassistant",
        expected: "statistic_id,start_ts,state of the table statistics",
        header: Header::Names(&["statistic_id", "start_ts", "state", "?unit_of_measurement"]),
        read: |row, context| read(row, context, Kind::AtEnd, Some(Until::AtMost(3600))),
    },
    Shape {
        name: "homeassistant",
        expected: "statistic_id,start,state of the table statistics of 2022",
        header: Header::Names(&["statistic_id", "start", "state", "?unit_of_measurement|unit"]),
        read: |row, context| read(row, context, Kind::AtEnd, Some(Until::AtMost(3600))),
    },
    Shape {
        name: "homeassistant",
        expected: "entity_id,state,last_changed",
        header: Header::Names(&["entity_id", "last_changed", "state", "?unit_of_measurement"]),
        read: |row, context| read(row, context, Kind::Register, None),
    },
    Shape {
        name: "homeassistant-use",
        expected: "statistic_id,start,unit,delta",
        header: Header::Names(&["statistic_id", "start", "delta", "unit"]),
        read: |row, context| read(row, context, Kind::Use, Some(Until::Length(3600))),
    },
    Shape {
        name: "homeassistant-energy",
        expected: "entity_id,type,unit,2025-10-25T22:00:00.000Z,… of the page Energy",
        header: Header::Looks(|fields| {
            let is_it = ["entity_id", "type", "unit"]
                .iter()
                .enumerate()
                .all(|(at, name)| fields.get(at) == *name);
            (is_it && fields.len() > 3).then(|| (0..fields.len()).map(Some).collect())
        }),
        read: energy,
    },
];

/// Words in the names of entities that are no registers of the meter: other quantities, other devices, and counts that
/// begin anew each day.
const NO_REGISTERS: [&str; 21] = [
    "cost", "price", "power", "voltage", "current", "peak", "kosten", "prijs", "vermogen",
    "spanning", "solar", "zonne", "inverter", "omvormer", "battery", "batterij", "today",
    "vandaag", "daily", "monthly", "maand",
];

fn read(
    row: &Row<'_>,
    context: &mut Context,
    kind: Kind,
    until: Option<Until>,
) -> Result<(), String> {
    let id = row.get(0);
    let Some(column) = column(id, row) else {
        *context.left_out.entry(text::escaped(id)).or_default() += 1;
        return Ok(());
    };
    only(id, column, context)?;
    if value::is_missing(row.get(2)) {
        return Ok(());
    }
    let unit = match row.get(3) {
        "" if column.ends_with("kwh") => "kWh",
        "" => "m³",
        unit => unit,
    };
    let mut entry = Entry::new(utc(row.time(1)?, row));
    entry.series = series(id);
    entry.until = until;
    if let Some(number) = row.number(2, column, unit)? {
        entry.push(column, kind, number);
        context.entries.push(entry);
    }
    Ok(())
}

/// A row of the page Energy: an entity, and its use in each interval of the header.
fn energy(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let (id, kind, unit) = (row.get(0), row.get(1), row.get(2));
    let column = match kind {
        _ if !row.settings.columns.is_empty() => column(id, row),
        "grid_consumption" => directed("import", &id.to_lowercase()),
        "grid_return" => directed("export", &id.to_lowercase()),
        "gas_consumption" => Some("gas_m3"),
        "water_consumption" => Some("water_m3"),
        _ => None,
    };
    let Some(column) = column else {
        let what = format!("{} of {}", text::escaped(kind), text::escaped(id));
        *context.left_out.entry(what).or_default() += 1;
        return Ok(());
    };
    only(id, column, context)?;
    for at in 3..row.header.len() {
        let Some(number) = row.number(at, column, unit)? else { continue };
        let mut entry = Entry::new(utc(row.time_of(row.header.get(at), at)?, row));
        entry.series = series(id);
        entry.push(column, Kind::Use, number);
        context.entries.push(entry);
    }
    Ok(())
}

/// Refuses a second entity of one column.
fn only(id: &str, column: &str, context: &mut Context) -> Result<(), String> {
    let known = context.sources.entry(column.to_owned()).or_insert_with(|| id.to_owned());
    if known == id {
        return Ok(());
    }
    let (known, id) = (text::escaped(known), text::escaped(id));
    Err(format!("{known} and {id} are both {column}: choose with --column {column}=ID"))
}

/// The moment of a time: of one without an offset that of UTC, if the options name no zone.
fn utc(stamp: Stamp, row: &Row<'_>) -> Stamp {
    match row.settings.zone {
        TimeZone::Local => TimeZone::Offset(0).apply(stamp),
        TimeZone::Offset(_) => stamp,
    }
}

/// The column of an entity: that of the options, else by its name.
fn column(id: &str, row: &Row<'_>) -> Option<&'static str> {
    let chosen = &row.settings.columns;
    if !chosen.is_empty() {
        let is_id = |from: &From| matches!(from, From::Name(name) if name == id);
        return chosen.iter().find(|column| is_id(&column.from)).map(|column| column.name);
    }
    let id = id.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| id.contains(word));
    if has(&NO_REGISTERS) {
        return None;
    }
    if has(&["gas"]) {
        return Some("gas_m3");
    }
    if has(&["water"]) {
        return Some("water_m3");
    }
    let is_export = has(&["export", "product", "produced", "returned", "injecti", "terug"])
        || has(&["einspeis"]);
    let is_import = has(&["import", "consumption", "consumed", "delivered", "usage", "afname"])
        || has(&["verbruik", "verbrauch", "bezug"]);
    if !is_export && !is_import {
        return None;
    }
    directed(if is_export { "export" } else { "import" }, &id)
}

/// The column of a direction and of the tariff in this name, if there is one.
fn directed(direction: &str, id: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| id.contains(word));
    let tariff = ["1", "2"].into_iter().find(|tariff| {
        has(&[
            &format!("tarif_{tariff}"),
            &format!("tariff_{tariff}"),
            &format!("tarief_{tariff}"),
            &format!("_t{tariff}"),
            &format!("tarif{tariff}"),
            &format!("tariff{tariff}"),
        ])
    });
    let name = match tariff {
        Some(tariff) => format!("energy_{direction}_t{tariff}_kwh"),
        None => format!("energy_{direction}_kwh"),
    };
    COLUMNS.iter().find(|column| column.name == name).map(|column| column.name)
}
