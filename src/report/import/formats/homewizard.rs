//! `HomeWizard`: the CSV of its app, by 15 minutes or coarser. Registers at local times without an offset.

use super::{Context, Header, Row, Shape};
use crate::report::import::entry::{Entry, Kind};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "homewizard",
        expected: "time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh",
        header: Header::Names(&[
            "time",
            "Import T1 kWh|Import T1|Electricity imported T1",
            "Import T2 kWh|Import T2|Electricity imported T2",
            "?Export T1 kWh|Export T1|Electricity exported T1",
            "?Export T2 kWh|Export T2|Electricity exported T2",
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
        header: Header::Names(&["time", "Import kWh", "Export kWh", "State of charge %"]),
        read: |_, _| Err("this is a battery, and no meter of the house".to_owned()),
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
        header: Header::Names(&["time", "Total gas used|Total gas used m3|Total gas m3"]),
        read: |row, context| read(row, context, &["gas_m3"], "m³"),
    },
    Shape {
        name: "homewizard",
        expected: "time,water usage",
        header: Header::Looks(|fields| {
            let is_water = fields.len() == 2
                && fields.get(0).eq_ignore_ascii_case("time")
                && fields.get(1).to_lowercase().contains("water");
            is_water.then(|| vec![Some(0), Some(1)])
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
