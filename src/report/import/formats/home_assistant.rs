//! Home Assistant: long-term statistics of its database, the history that its page exports, and the table of use that
//! `p1report export homeassistant` writes.
//!
//! A statistic's `state` is the register at the end of its hour; `sum` is not the register. Which entity is what is
//! said by `--column energy_import_t1_kwh=sensor.…`, else guessed by its name.

use super::{Context, From, Header, Row, Shape, series};
use crate::history::COLUMNS;
use crate::report::import::entry::{Entry, Kind, Until};
use crate::report::import::options::TimeZone;
use crate::report::import::value;
use crate::text;

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "homeassistant",
        expected: "statistic_id,start_ts,state of the table statistics",
        header: Header::Names(&["statistic_id", "start_ts", "state", "?unit_of_measurement"]),
        read: |row, context| read(row, context, Kind::AtEnd, Some(Until::Length(3600))),
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
    let known = context.sources.entry(column.to_owned()).or_insert_with(|| id.to_owned());
    if known != id {
        return Err(format!(
            "{} and {} are both {column}: choose with --column {column}=ID",
            text::escaped(known),
            text::escaped(id)
        ));
    }
    if value::is_missing(row.get(2)) {
        return Ok(());
    }
    let unit = match row.get(3) {
        "" if column.ends_with("kwh") => "kWh",
        "" => "m³",
        unit => unit,
    };
    let mut at = row.time(1)?;
    if kind == Kind::Use && row.settings.zone == TimeZone::Local {
        at = TimeZone::Offset(0).apply(at);
    }
    let mut entry = Entry::new(at);
    entry.series = series(id);
    entry.until = until;
    if let Some(number) = row.number(2, column, unit)? {
        entry.push(column, kind, number);
        context.entries.push(entry);
    }
    Ok(())
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
    if has(&["cost", "price", "power", "voltage", "current", "peak", "kosten"]) {
        return None;
    }
    if has(&["gas"]) {
        return Some("gas_m3");
    }
    if has(&["water"]) {
        return Some("water_m3");
    }
    let is_export = has(&["export", "production", "produced", "returned", "injecti", "terug"]);
    let is_import = has(&["import", "consumption", "consumed", "delivered", "usage", "afname"]);
    if !is_export && !is_import {
        return None;
    }
    let direction = if is_export { "export" } else { "import" };
    let tariff = ["1", "2"].into_iter().find(|tariff| {
        has(&[
            &format!("tarif_{tariff}"),
            &format!("tariff_{tariff}"),
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
