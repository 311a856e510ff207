//! Fluvius (Belgium): quarters, hours and days of "Mijn Fluvius", in any language.
//!
//! Use by interval and register, a row each; local times without an offset, so that the quarters of the autumn hour stand
//! in pairs. Gas stands there twice, in m³ and in kWh: the m³ count.

use super::{Context, Header, Row, Shape, series};
use crate::report::import::entry::{Entry, Kind, Until};
use crate::report::import::sheet::Fields;
use crate::report::import::value;
use crate::text;

pub(super) const SHAPES: &[Shape] = &[Shape {
    name: "fluvius",
    expected: "From (date);From (time);Until (date);Until (time);EAN code;…;Register;Volume;Unit, or the same in another language",
    header: Header::Looks(|fields| super::places(NAMES, fields).or_else(|| places(fields))),
    read,
}];

/// The columns in Dutch and English; older files lack some.
const NAMES: &[&str] = &[
    "From (date)|Van datum|Van (datum)",
    "From (time)|Van tijdstip|Van (tijdstip)",
    "Until (date)|To (date)|Tot datum|Tot (datum)",
    "Until (time)|To (time)|Tot tijdstip|Tot (tijdstip)",
    "Register",
    "Volume",
    "Unit|Eenheid",
    "?Validation status|Validatiestatus",
    "?Meter",
    "?EAN code|EAN-code|EAN",
];

/// In other languages the order is the same: from, until, EAN, meter, its type, register, volume, unit, status.
fn places(fields: &Fields) -> Option<Vec<Option<usize>>> {
    let is_it = fields.len() >= 11 && fields.get(4).to_uppercase().contains("EAN");
    is_it.then(|| [0, 1, 2, 3, 7, 8, 9, 10, 5, 4].map(Some).to_vec())
}

fn read(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let (register, unit) = (row.get(4), row.get(6));
    let Some(column) = column(register, unit) else {
        *context
            .left_out
            .entry(format!("{} in {}", text::escaped(register), text::escaped(unit)))
            .or_default() += 1;
        return Ok(());
    };
    let ean = row.get(9);
    let known = context.sources.entry(column.to_owned()).or_insert_with(|| ean.to_owned());
    if known != ean {
        let (known, ean) = (text::escaped(known), text::escaped(ean));
        return Err(format!(
            "expected one connection, found {known} and {ean} with {column}: choose one with --where"
        ));
    }
    let mut entry = Entry::new(row.date_and_time(0, 1)?);
    entry.until = Some(Until::Stamp(row.date_and_time(2, 3)?));
    entry.series = series(&format!("{ean}/{}/{column}", row.get(8)));
    let status = row.get(7).to_lowercase();
    let used = match row.number(5, column, unit)? {
        Some(used) => Some(used),
        None if NO_USE.iter().any(|none| status.starts_with(none)) || status.is_empty() => Some(0),
        None => None,
    };
    if let Some(used) = used {
        entry.push(column, Kind::Use, used);
        context.entries.push(entry);
    }
    Ok(())
}

/// How the status of an interval begins in which nothing was used.
const NO_USE: [&str; 5] = ["no ", "geen ", "pas de ", "aucune ", "kein"];

/// The column of a register. In Belgium the day is the first tariff.
fn column(register: &str, unit: &str) -> Option<&'static str> {
    let register = register.to_lowercase();
    let has = |words: &[&str]| register.split_whitespace().any(|word| words.contains(&word));
    let is_export = register.contains("injecti") || has(&["einspeisung"]);
    let is_import =
        has(&["offtake", "afname", "prélèvement", "prelevement", "consommation", "entnahme"]);
    if value::shift(unit, "gas_m3").is_some() {
        return is_import.then_some("gas_m3");
    }
    value::shift(unit, "energy_import_kwh")?;
    let tariff = (
        has(&["day", "dag", "jour", "tag"]),
        has(&["night", "nacht", "nuit"]),
        has(&["total", "totaal", "active", "actief", "actif", "aktiv"]),
    );
    match (is_import, is_export, tariff) {
        (true, _, (true, ..)) => Some("energy_import_t1_kwh"),
        (true, _, (_, true, _)) => Some("energy_import_t2_kwh"),
        (true, _, (.., true)) => Some("energy_import_kwh"),
        (_, true, (true, ..)) => Some("energy_export_t1_kwh"),
        (_, true, (_, true, _)) => Some("energy_export_t2_kwh"),
        (_, true, (.., true)) => Some("energy_export_kwh"),
        _ => None,
    }
}
