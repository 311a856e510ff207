//! Liander: the days that it sends by mail, of all meters of an address. Registers of midnight.

use chrono::Days;

use super::{Context, Header, Row, Shape, series};
use crate::report::import::entry::{Entry, Kind};
use crate::report::import::value::Stamp;

pub(super) const SHAPES: &[Shape] = &[Shape {
    name: "liander",
    expected: "eancodeasn,meternummer,meterreadingdate,reading1,usage1,reading2,…",
    header: Header::Names(&[
        "meternummer",
        "meterreadingdate",
        "reading1",
        "?reading2",
        "?reading3",
        "?reading4",
        "?usage1",
        "?usage2",
        "?usage3",
        "?usage4",
    ]),
    read,
}];

/// Normal before low, import before export.
const ENERGY: [&str; 4] = [
    "energy_import_t2_kwh",
    "energy_import_t1_kwh",
    "energy_export_t2_kwh",
    "energy_export_t1_kwh",
];

fn read(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let meter = row.get(0);
    let (columns, unit) = match meter.chars().next() {
        Some('E' | 'e') => (&ENERGY[..], "kWh"),
        Some('G' | 'g') => (&["gas_m3"][..], "m³"),
        _ => return Err("column meternummer: expected E… or G…".to_owned()),
    };
    let at = row.time(1)?;
    let mut entry = Entry::new(at);
    let mut used = Entry::new(match at {
        // The use beside a register is that of the day before.
        Stamp::Local(local) => Stamp::Local(local.checked_sub_days(Days::new(1)).unwrap_or(local)),
        Stamp::Moment(second) => Stamp::Moment(second - 86_400),
    });
    for (at, column) in columns.iter().enumerate() {
        if let Some(number) = row.number(2 + at, column, unit)? {
            entry.push(column, Kind::Register, number);
        }
        if let Some(number) = row.number(6 + at, column, unit)? {
            used.push(column, Kind::OwnUse, number);
        }
    }
    for mut one in [entry, used] {
        if !one.values.is_empty() {
            one.meter = Some(meter.to_owned());
            one.series = series(meter);
            context.entries.push(one);
        }
    }
    Ok(())
}
