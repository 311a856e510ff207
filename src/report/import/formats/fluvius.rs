//! Fluvius (Belgium): quarters and hours of "Mijn Fluvius", in Dutch or English.
//!
//! Use by interval and register, a row each; local times without an offset, so that the quarters of the autumn hour stand
//! in pairs. Gas stands there twice, in m³ and in kWh: the m³ count.

use super::{Context, Header, Row, Shape, series};
use crate::report::import::entry::{Entry, Kind, Until};
use crate::text;

pub(super) const SHAPES: &[Shape] = &[Shape {
    name: "fluvius",
    expected: "From (date);From (time);Until (date);Until (time);…;Register;Volume;Unit, or the same in Dutch",
    header: Header::Names(&[
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
    ]),
    read,
}];

fn read(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let (register, unit) = (row.get(4), row.get(6));
    let Some(column) = column(register, unit) else {
        *context
            .left_out
            .entry(format!("{} in {}", text::escaped(register), text::escaped(unit)))
            .or_default() += 1;
        return Ok(());
    };
    let mut entry = Entry::new(row.date_and_time(0, 1)?);
    entry.until = Some(Until::Stamp(row.date_and_time(2, 3)?));
    entry.series = series(&format!("{}/{}/{column}", row.get(9), row.get(8)));
    let status = row.get(7).to_lowercase();
    let used = match row.number(5, column, unit)? {
        Some(used) => Some(used),
        None if status.is_empty() || status.starts_with("no ") || status.starts_with("geen ") => {
            Some(0)
        }
        None => None,
    };
    if let Some(used) = used {
        entry.push(column, Kind::Use, used);
        context.entries.push(entry);
    }
    Ok(())
}

/// The column of a register. In Belgium the day is the first tariff.
fn column(register: &str, unit: &str) -> Option<&'static str> {
    let register = register.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| register.contains(word));
    let is_export = has(&["injecti"]);
    let is_import = has(&["offtake", "afname"]);
    if unit.to_lowercase().starts_with('m') {
        return is_import.then_some("gas_m3");
    }
    let tariff = (has(&["day", "dag"]), has(&["night", "nacht"]), has(&["total", "totaal"]));
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
