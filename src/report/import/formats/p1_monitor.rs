//! P1 Monitor: tables of its database (`sqlite3 -csv -header`).
//!
//! Its times are local, without an offset, and the key: of the two hours of autumn one row is left. A row has the
//! registers of the end of its minute, hour, day or month. The use beside them is wrong in that hour.

use chrono::{Days, Months};

use super::{Context, Header, Row, Shape};
use crate::report::import::entry::{Entry, Kind, Until};
use crate::report::import::value::Stamp;

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "p1-monitor",
        expected: "TIMESTAMP,VERBR_KWH_181,VERBR_KWH_182,GELVR_KWH_281,GELVR_KWH_282 of e_history_uur or another table",
        header: Header::Names(&[
            "TIMESTAMP",
            "VERBR_KWH_181",
            "VERBR_KWH_182",
            "GELVR_KWH_281",
            "GELVR_KWH_282",
            "?VERBR_GAS_2421",
            "?VERBR_KWH_X",
            "?GELVR_KWH_X",
            "?VERBR_GAS_X",
        ]),
        read: energy,
    },
    Shape {
        name: "p1-monitor",
        expected: "TIMESTAMP,TIMEPERIOD_ID,VERBR_IN_M3_TOTAAL of watermeter_history",
        header: Header::Names(&[
            "TIMESTAMP",
            "?TIMEPERIOD_ID",
            "VERBR_IN_M3_TOTAAL",
            "?VERBR_PER_TIMEUNIT",
        ]),
        read: water,
    },
];

const ENERGY: [&str; 4] = [
    "energy_import_t1_kwh",
    "energy_import_t2_kwh",
    "energy_export_t1_kwh",
    "energy_export_t2_kwh",
];

fn energy(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let mut entry = Entry::new(row.time(0)?);
    for (at, column) in ENERGY.iter().enumerate() {
        if let Some(number) = row.number(at + 1, column, "kWh")? {
            entry.push(column, Kind::AtEnd, number);
        }
    }
    // Without a gas meter it is 0.
    if let Some(number) = row.number(5, "gas_m3", "m³")?.filter(|number| *number != 0) {
        entry.push("gas_m3", Kind::AtEnd, number);
        if let Some(used) = row.number(8, "gas_m3", "m³")? {
            entry.push("gas_m3", Kind::OwnUse, used);
        }
    }
    for (at, column) in [(6, "energy_import_kwh"), (7, "energy_export_kwh")] {
        if let Some(used) = row.number(at, column, "kWh")? {
            entry.push(column, Kind::OwnUse, used);
        }
    }
    context.entries.push(entry);
    Ok(())
}

fn water(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let stamp = row.time(0)?;
    let Some(number) = row.number(2, "water_m3", "m³")? else { return Ok(()) };
    let mut entry = Entry::new(stamp);
    let Stamp::Local(local) = stamp else { return Err("expected a local time".to_owned()) };
    let next =
        |end: Option<chrono::NaiveDateTime>| Some(Until::Stamp(Stamp::Local(end.unwrap_or(local))));
    let kind = row.get(1);
    entry.until = match kind {
        // A table of older versions, watermeter_history_uur and its like: all rows are of one kind.
        "" => None,
        "11" => Some(Until::Length(60)),
        "12" => Some(Until::Length(3600)),
        "13" => next(local.checked_add_days(Days::new(1))),
        "14" => next(local.checked_add_months(Months::new(1))),
        "15" => next(local.checked_add_months(Months::new(12))),
        _ => return Err("column TIMEPERIOD_ID: expected 11 to 15 (minute to year)".to_owned()),
    };
    entry.series = super::series(kind);
    entry.push("water_m3", Kind::AtEnd, number);
    if let Some(used) = row.number(3, "water_m3", "l")?.filter(|_| kind == "12") {
        entry.push("water_m3", Kind::OwnUse, used);
    }
    context.entries.push(entry);
    Ok(())
}
