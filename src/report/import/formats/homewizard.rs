//! `HomeWizard`: the CSV of 15 minutes of its app. Registers at local times without an offset.

use super::{Context, Header, Row, Shape};
use crate::report::import::entry::{Entry, Kind};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "homewizard",
        expected: "time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh",
        header: Header::Names(&[
            "time",
            "Import T1 kWh",
            "Import T2 kWh",
            "?Export T1 kWh",
            "?Export T2 kWh",
        ]),
        read: |row, context| {
            read(
                row,
                context,
                &[
                    "energy_import_t1_kwh",
                    "energy_import_t2_kwh",
                    "energy_export_t1_kwh",
                    "energy_export_t2_kwh",
                ],
                "kWh",
            )
        },
    },
    Shape {
        name: "homewizard",
        expected: "time,Import kWh,Export kWh",
        header: Header::Names(&["time", "Import kWh", "?Export kWh"]),
        read: |row, context| read(row, context, &["energy_import_kwh", "energy_export_kwh"], "kWh"),
    },
    Shape {
        name: "homewizard",
        expected: "time,Total gas used",
        header: Header::Names(&["time", "Total gas used"]),
        read: |row, context| read(row, context, &["gas_m3"], "m³"),
    },
    Shape {
        name: "homewizard",
        expected: "time,water usage",
        header: Header::Looks(|fields| {
            fields.len() == 2
                && fields.get(0) == "time"
                && fields.get(1).to_lowercase().starts_with("water")
        }),
        read: water,
    },
];

fn read(row: &Row<'_>, context: &mut Context, columns: &[&str], unit: &str) -> Result<(), String> {
    let mut entry = Entry::new(row.time(0)?);
    for (at, column) in columns.iter().enumerate() {
        if let Some(number) = row.number(at + 1, column, unit)? {
            entry.push(column, Kind::Register, number);
        }
    }
    context.entries.extend(Some(entry).filter(|entry| !entry.values.is_empty()));
    Ok(())
}

/// Its header says dl, and its manual l.
fn water(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    match &row.settings.unit {
        Some(unit) => read(row, context, &["water_m3"], unit),
        None => Err("the unit of the water is not certain: look at the meter, and add --unit l or --unit dl".to_owned()),
    }
}
