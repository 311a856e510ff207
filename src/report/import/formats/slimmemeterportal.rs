//! `SlimmeMeterPortal`: quarters and hours, use in steps of 10 Wh. The time is the end of the interval, with an offset.

use super::{Context, Header, Row, Shape};
use crate::report::import::entry::{Entry, Kind};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "slimmemeterportal",
        expected: "datum_tijd,levering_normaal,levering_laag,teruglevering_normaal,teruglevering_laag",
        header: Header::Names(&[
            "datum_tijd",
            "levering_normaal",
            "levering_laag",
            "?teruglevering_normaal",
            "?teruglevering_laag",
        ]),
        read: |row, context| {
            let pairs: [[(usize, &str); 2]; 2] = [
                [(1, "energy_import_t2_kwh"), (2, "energy_import_t1_kwh")],
                [(3, "energy_export_t2_kwh"), (4, "energy_export_t1_kwh")],
            ];
            read(row, context, &pairs, "kWh")
        },
    },
    Shape {
        name: "slimmemeterportal",
        expected: "datum_tijd,levering",
        header: Header::Names(&["datum_tijd", "levering"]),
        read: |row, context| read(row, context, &[[(1, "gas_m3"), (9, "gas_m3")]], "m³"),
    },
];

/// Of two tariffs one is empty: nothing was used in it.
fn read(
    row: &Row<'_>,
    context: &mut Context,
    pairs: &[[(usize, &str); 2]],
    unit: &str,
) -> Result<(), String> {
    let mut entry = Entry::new(row.time(0)?);
    entry.is_end = true;
    for pair in pairs {
        let numbers =
            [row.number(pair[0].0, pair[0].1, unit)?, row.number(pair[1].0, pair[1].1, unit)?];
        let is_one = pair[0].1 == pair[1].1;
        for (number, (_, column)) in numbers.into_iter().zip(pair) {
            if numbers.iter().any(Option::is_some) && (number.is_some() || !is_one) {
                entry.push(column, Kind::Use, number.unwrap_or(0));
            }
        }
    }
    context.entries.extend(Some(entry).filter(|entry| !entry.values.is_empty()));
    Ok(())
}
