//! Any other table: the columns are named on the command line.
//!
//! Without `--column` a column counts that has the name of one of the history, so that what `p1report export csv` wrote
//! is read back, and what `InfluxDB` gives of the lines of p1cat and of `p1report export influx`.

use std::str::FromStr;

use super::{Context, Header, Row, Settings, Shape, TimeIs, position};
use crate::history::{COLUMNS, Content, time_column};
use crate::meter::{DEVICE_REGISTERS, DeviceRegister};
use crate::report::import::channel::is_register;
use crate::report::import::entry::{Entry, Kind, Until, place};
use crate::report::import::sheet::Fields;
use crate::text;

pub(super) const SHAPES: &[Shape] =
    &[Shape { name: "csv", expected: "a table with a header", header: Header::Options, read }];

/// The columns that are no numbers: the time, the other end of an interval, the identifier of the meter, and the date
/// where the time has none.
const TIME: &str = "time";
const UNTIL: &str = "until";
const METER: &str = "unique_id";
const DATE: &str = "date";

/// The tag of the meter in lines of `InfluxDB`.
const METER_TAG: &str = "meter";

/// How many they are: behind them are the places of all columns of the history.
const OTHERS: usize = 4;

/// Which column of a table a column of the history is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub from: From,
    pub unit: Option<String>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    Name(String),
    /// From 0.
    Place(usize),
}

impl FromStr for Column {
    type Err = String;

    /// Reads `energy_import_t1_kwh=StandDal`, or `gas_m3=3:l`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, rest) =
            text.split_once('=').ok_or("expected NAME=COLUMN or NAME=COLUMN:UNIT")?;
        let name = known(name).ok_or_else(|| {
            format!("\"{}\" is no column: expected time, date, until, unique_id or a number of the history, such as energy_import_kwh", text::escaped(name))
        })?;
        // A name may have a colon in it, and what follows is no unit then.
        let with_unit =
            rest.rsplit_once(':').filter(|(_, unit)| super::value::shift(unit, name).is_some());
        let (from, unit) = match with_unit {
            Some((from, unit)) => (from, Some(unit.to_owned())),
            None => (rest, None),
        };
        let from = match from.parse::<usize>() {
            Ok(number) if number > 0 => From::Place(number - 1),
            _ => From::Name(from.to_owned()),
        };
        Ok(Self { name, from, unit })
    }
}

/// The name of a column that can be imported, in upper or lower case.
fn known(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let others = [TIME, UNTIL, METER, DATE].into_iter().find(|known| *known == name);
    others.or_else(|| {
        let is_number = |content: &Content| {
            matches!(content, Content::Energy(_) | Content::Number(..) | Content::Statistic(..))
        };
        COLUMNS
            .iter()
            .find(|known| known.name == name && is_number(&known.content))
            .map(|known| known.name)
    })
}

/// The columns of a table by the options, else by their names.
fn chosen(fields: &Fields, settings: &Settings) -> Vec<Column> {
    if !settings.columns.is_empty() {
        return settings.columns.clone();
    }
    let mut all = Vec::new();
    // The times of the history file; UTC is certain.
    for (name, time) in [("time_utc", TIME), ("time", TIME), ("time_local", TIME)] {
        if all.is_empty() && position(fields, name).is_some() {
            all.push(Column { name: time, from: From::Name(name.to_owned()), unit: None });
        }
    }
    for register in &DEVICE_REGISTERS {
        let utc = time_column(register);
        let local = utc.trim_end_matches("_utc");
        let name = COLUMNS.iter().find(|column| column.name == utc).map(|column| column.name);
        let found =
            [&*utc, local, register.time].into_iter().find(|name| position(fields, name).is_some());
        if let (Some(name), Some(found)) = (name, found) {
            all.push(Column { name, from: From::Name(found.to_owned()), unit: None });
        }
    }
    for field in fields.iter().filter(|field| !field.eq_ignore_ascii_case(TIME)) {
        let is_tag = field == METER_TAG && position(fields, METER).is_none();
        if let Some(name) = if is_tag { Some(METER) } else { known(field) } {
            all.push(Column { name, from: From::Name(field.to_owned()), unit: None });
        }
    }
    all
}

/// The places of the columns: first the time, then the end, the meter, the date, and all columns of the history. Says what
/// is missing.
pub(super) fn places(fields: &Fields, settings: &Settings) -> Result<Vec<Option<usize>>, String> {
    let header = || {
        let names: Vec<String> = fields.iter().take(40).map(text::escaped).collect();
        names.join(", ")
    };
    let find = |from: &From| match from {
        From::Place(at) => Some(*at),
        From::Name(name) if settings.has_no_header => {
            // Without a header there are numbers only.
            name.parse().ok()
        }
        From::Name(name) => position(fields, name.trim()),
    };
    let mut places = vec![None; OTHERS + COLUMNS.len()];
    let mut has_number = false;
    for column in chosen(fields, settings) {
        let Some(at) = find(&column.from) else {
            let From::Name(name) = &column.from else { continue };
            return Err(format!(
                "there is no column \"{}\"; there are {}",
                text::escaped(name),
                header()
            ));
        };
        let slot = match column.name {
            TIME => 0,
            UNTIL => 1,
            METER => 2,
            DATE => 3,
            name => {
                has_number |= known(name).is_some();
                OTHERS + place(name).unwrap_or(0)
            }
        };
        places[slot] = Some(at);
    }
    let has_time = places[0].is_some() || places[1].is_some();
    if !has_time || !has_number {
        let what = if has_time {
            "a number, such as --column energy_import_kwh=COLUMN"
        } else {
            "the time: --column time=COLUMN"
        };
        return Err(format!("name the column of {what}; there are {}", header()));
    }
    Ok(places)
}

fn read(row: &Row<'_>, context: &mut Context) -> Result<(), String> {
    let settings = row.settings;
    let has_time = !row.get(0).is_empty();
    if !has_time && row.get(1).is_empty() {
        return Err("the time is missing".to_owned());
    }
    let is_end = settings.is_use && (!has_time || settings.time_is == TimeIs::End);
    let time =
        |at: usize| if row.get(3).is_empty() { row.time(at) } else { row.date_and_time(3, at) };
    let mut entry = Entry::new(time(usize::from(!has_time))?);
    entry.is_end = is_end;
    if has_time && !row.get(1).is_empty() {
        entry.until = Some(Until::Stamp(time(1)?));
    }
    entry.meter = Some(row.get(2).to_owned()).filter(|meter| !meter.is_empty());
    for (at, column) in COLUMNS.iter().enumerate() {
        if row.get(OTHERS + at).is_empty() || known(column.name).is_none() {
            continue;
        }
        let chosen = settings.columns.iter().find(|chosen| chosen.name == column.name);
        let unit = chosen.and_then(|chosen| chosen.unit.as_deref()).or(settings.unit.as_deref());
        let unit =
            unit.unwrap_or_else(|| column.name.rsplit_once('_').map_or("", |(_, unit)| unit));
        let number = if unit == "count" {
            row.number(OTHERS + at, "x_kwh", "kWh")?
        } else {
            row.number(OTHERS + at, column.name, unit)?
        };
        let kind = match settings.time_is {
            _ if settings.is_use && is_register(at) => Kind::Use,
            TimeIs::Start => Kind::AtEnd,
            TimeIs::Reading | TimeIs::End => Kind::Register,
        };
        let Some(number) = number else { continue };
        // A device's reading has a time of its own.
        let told = DeviceRegister::named(column.name);
        let told = told.and_then(|register| place(&time_column(register)));
        match told.map(|told| OTHERS + told).filter(|told| !row.get(*told).is_empty()) {
            Some(told) => {
                let mut own = Entry::new(row.time(told)?);
                own.series = super::series(column.name);
                own.push(column.name, kind, number);
                context.entries.push(own);
            }
            None => entry.push(column.name, kind, number),
        }
    }
    context.entries.extend(Some(entry).filter(|entry| !entry.values.is_empty()));
    Ok(())
}
