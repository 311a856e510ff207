//! `p1report import`: years from other programs, as rows of the history in files of their own.
//!
//! | part        | owns                                                                     |
//! |-------------|--------------------------------------------------------------------------|
//! | `options`   | the command line                                                         |
//! | `source`    | the bytes of a file as text                                              |
//! | `sheet`     | lines and fields                                                         |
//! | `value`     | numbers, units and times                                                 |
//! | `formats`   | the tables of other programs, as entries                                 |
//! | `own`       | the files of p1reader, as rows                                           |
//! | `entry`     | what one row of a table tells                                            |
//! | `autumn`    | the hour that the clock shows twice                                      |
//! | `intervals` | use, and registers made of it                                            |
//! | `channel`   | what is known of one column                                              |
//! | `collect`   | all entries, by column                                                   |
//! | `rows`      | rows of the history made of them                                         |
//! | `writer`    | the files                                                                |
//! | `totals`    | the sums of each year, as reports show them and as the source has them   |
//! | `summary`   | what was taken, for people                                               |
//!
//! ```text
//! source ─▶ sheet ─▶ formats ─▶ entry ─▶ autumn, intervals, collect ─▶ rows ─▶ writer, totals ─▶ summary
//!              └──▶ own ────────────────────────────────────────────▶
//! ```

mod autumn;
mod channel;
mod collect;
mod entry;
pub(super) mod formats;
mod intervals;
pub(super) mod options;
mod own;
mod rows;
mod sheet;
mod source;
mod summary;
mod totals;
mod value;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::Datelike as _;

use collect::{Collection, Full, TOTALS, tariffs};
use entry::Entry;
use formats::{Context, Format, GasTime, Settings};
pub(super) use intervals::Use;
use options::ImportOptions;
use own::Own;
pub(super) use sheet::ImportError;
use sheet::Lines;
use summary::Summary;
use totals::{Totals, YearSums};
use writer::{Older, Priority, Writer};

use crate::history::field::thousandths;
use crate::history::files::History;
use crate::history::row::{Row, Selection, row_time};
use crate::history::{COLUMNS, Content, parse_import_file, time_column};
use crate::meter::DeviceRegister;
use crate::telegram::Timestamp;
use crate::text;
use crate::zone::Zone;

/// Imports files into a folder. `own` is the history of the meter itself, which registers that are made of use join.
pub(super) fn import<Z: Zone + Clone>(
    options: &ImportOptions,
    folder: &Path,
    own: &mut History,
    zone: &Z,
) -> Result<Summary, ImportError> {
    match options.format {
        Format::Details | Format::Day | Format::Weekly => import_own(options, folder, zone),
        _ => import_tables(options, folder, own, zone),
    }
}

fn import_own<Z: Zone + Clone>(
    options: &ImportOptions,
    folder: &Path,
    zone: &Z,
) -> Result<Summary, ImportError> {
    let name = options.name.as_deref().unwrap_or("p1reader");
    // Details have all columns.
    let priority = if options.format == Format::Details { Priority::New } else { Priority::Older };
    let mut writer = Writer::new(folder, name, priority);
    let mut totals = Totals::new(zone.clone());
    let mut late = 0;
    let mut own =
        Own::new(zone.clone(), options.format, options.meter.as_deref().unwrap_or_default());
    let mut sink = |second: i64, year: i32, row: &[u8]| {
        if writer.push(second, year, row)? {
            totals.take(second, row);
        } else {
            late += 1;
        }
        Ok(())
    };
    for path in &options.files {
        own.read(&mut Lines::open(path)?, &mut sink)?;
    }
    own.finish(&mut sink)?;
    let mut summary = Summary::new(name, &totals, own.counter.sums);
    summary.torn = own.torn;
    summary.late = late;
    summary.finish(writer, options)
}

fn import_tables<Z: Zone + Clone>(
    options: &ImportOptions,
    folder: &Path,
    own: &mut History,
    zone: &Z,
) -> Result<Summary, ImportError> {
    let settings = settings(options);
    let mut context = Context::default();
    let mut collection = Collection::new(zone.clone());
    let mut name: Option<String> = options.name.clone();
    let mut tables: Option<&'static str> = None;
    for path in &options.files {
        let mut lines = Lines::open(path)?;
        let shapes = formats::shapes(options.format);
        formats::read(&mut lines, shapes, &settings, &mut context, &mut |table, entry| {
            if *tables.get_or_insert(table) != table {
                return Err(format!(
                    "this is {table}, and before it there was {}: import one after the other",
                    tables.unwrap_or_default()
                ));
            }
            let Some(entry) = entry else {
                collection.end_table();
                return Ok(());
            };
            take(&mut collection, entry)
        })?;
    }
    let table = tables.unwrap_or("csv");
    let name = name.get_or_insert_with(|| table.to_owned()).clone();
    collection.settle(table == "dsmr-reader" && options.gas_time == GasTime::Start);
    if let Some([one, other]) = collection.side_by_side() {
        let (one, other) = (text::escaped(one), text::escaped(other));
        return Err(ImportError::Meters { one, other });
    }
    let sums = add_tariffs(&mut collection, folder, &name)?;
    let own_meter = make_registers(&mut collection, folder, own, &name)?;
    let meter = options.meter.clone().or(own_meter).unwrap_or_default();
    let mut writer = Writer::new(folder, &name, Priority::New).with_sums(sums);
    let mut totals = Totals::new(zone.clone());
    collection.rows(&name, &meter, |second, row| {
        let year = zone.local(Timestamp::from_seconds(second)).year();
        if writer.push(second, year, &row)? {
            totals.take(second, &row);
        }
        Ok::<(), ImportError>(())
    })?;
    let mut summary = Summary::new(&name, &totals, collection.sums());
    summary.own_use = std::mem::take(&mut collection.own_use);
    summary.left_out = context.left_out;
    summary.cut = context.cut;
    summary.has_moved_gas = collection.has_moved_gas;
    summary.zeros = collection.zeros;
    summary.rivals = rivals(folder, &name, &summary.shown)?;
    (summary.joined, summary.alone) = collection.joined();
    summary.finish(writer, options)
}

/// Takes an entry. Says why it does not fit.
fn take<Z: Zone + Clone>(collection: &mut Collection<Z>, entry: Entry) -> Result<(), String> {
    collection.take(entry).map_err(|full| match full {
        Full::Hour => "too many rows in the hour that the clock shows twice".to_owned(),
        Full::Numbers => {
            "more than ten million numbers: import it in parts, such as years".to_owned()
        }
    })
}

/// Reads a file of solar production, for the reports. Gives its intervals in the order of time; the amount is negative
/// where a register falls.
pub(super) fn read_production<Z: Zone + Clone>(
    path: &Path,
    zone: &Z,
) -> Result<Vec<Use>, ImportError> {
    let mut collection = Collection::new(zone.clone());
    let (settings, mut context) = (Settings::default(), Context::default());
    let mut lines = Lines::open(path)?;
    formats::read(&mut lines, formats::PRODUCTION, &settings, &mut context, &mut |_, entry| {
        if let Some(entry) = entry {
            return take(&mut collection, entry);
        }
        collection.end_table();
        Ok(())
    })?;
    collection.settle(false);
    let Some(mut channel) = collection.channels.into_values().next() else {
        return Err(lines.wrong("expected rows with a time and kWh below the header".to_owned()));
    };
    let readings: Vec<_> = channel.readings.iter().map(|point| (point.time, point.value)).collect();
    channel.uses.extend(intervals::between(&readings));
    Ok(channel.uses)
}

/// What the options say about the values of a table.
fn settings(options: &ImportOptions) -> Settings {
    Settings {
        columns: options.column.clone(),
        unit: options.unit.clone(),
        zone: options.zone,
        time_format: options.time_format.clone(),
        time_is: options.time_is,
        is_use: options.is_use,
        has_no_header: options.no_header,
        separator: options.separator,
        filters: options.filters.clone(),
    }
}

/// Makes registers of use: of this import, of an earlier one of the same name, and so that they join the registers of
/// the meter itself. Gives its identifier where they do.
fn make_registers<Z: Zone + Clone>(
    collection: &mut Collection<Z>,
    folder: &Path,
    own: &mut History,
    name: &str,
) -> Result<Option<String>, ImportError> {
    let used = collection.used_columns();
    if !used.is_empty() {
        for (column, readings) in older(folder, name, &used)? {
            collection.add_older(column, &readings);
        }
    }
    collection.make_registers();
    let mut meter = None;
    if let Some((from, to)) = collection.made_span() {
        let names: Vec<String> = used.iter().map(|at| COLUMNS[*at].name.to_owned()).collect();
        let selection = Selection { registers: names, has_voltage: false };
        let read = own.read(&selection, from, to, &mut |row: &Row| {
            for (column, reading) in used.iter().zip(&row.registers) {
                if let Some(reading) = reading {
                    if collection.anchor(*column, reading.time, reading.value) {
                        meter = Some(String::from_utf8_lossy(row.meter()).into_owned());
                    }
                }
            }
        });
        read.map_err(|error| ImportError::Usage(error.to_string()))?;
    }
    collection.finish_anchors();
    Ok(meter.filter(|meter| !meter.is_empty()))
}

/// Adds the tariffs that an earlier import of the same name has and this one has not, so that totals are the sums of
/// all of them. Gives the columns of these totals.
fn add_tariffs<Z: Zone + Clone>(
    collection: &mut Collection<Z>,
    folder: &Path,
    name: &str,
) -> Result<Vec<usize>, ImportError> {
    let mut sums = Vec::new();
    let used = collection.used_columns();
    for total in TOTALS.into_iter().filter_map(entry::place) {
        let known = collection.tariffs(total);
        if known.is_empty() || collection.channels.contains_key(&total) {
            continue;
        }
        let older = older(folder, name, &tariffs(total).collect::<Vec<_>>())?;
        let is_new = |(column, readings): &(usize, Readings)| {
            !readings.is_empty() && !known.contains(column)
        };
        if !older.iter().any(is_new) {
            continue;
        }
        sums.push(total);
        let is_use = known.iter().any(|column| used.contains(column));
        for (column, readings) in older {
            collection.add_tariff(column, &readings, is_use);
        }
    }
    Ok(sums)
}

/// The readings of a column: times and values.
type Readings = Vec<(i64, i64)>;

/// The readings of these columns in the files of an earlier import.
fn older(
    folder: &Path,
    name: &str,
    columns: &[usize],
) -> Result<Vec<(usize, Readings)>, ImportError> {
    let mut all: Vec<(usize, Readings)> =
        columns.iter().map(|column| (*column, Vec::new())).collect();
    // Of a device the time of the reading counts.
    let time_of = |column: usize| {
        let register = DeviceRegister::named(COLUMNS[column].name);
        register.and_then(|register| entry::place(&time_column(register)))
    };
    let times: Vec<Option<usize>> = columns.iter().map(|column| time_of(*column)).collect();
    for path in files(folder, name)? {
        let Some(mut rows) = Older::open(&path)? else { continue };
        while let Some((time, row)) = rows.next()? {
            let fields: Vec<&[u8]> = row.trim_ascii_end().split(|&byte| byte == b',').collect();
            for ((column, readings), told) in all.iter_mut().zip(&times) {
                let told = told.and_then(|at| row_time(fields[at])).unwrap_or(time);
                let is_new = readings.last().is_none_or(|(last, _)| *last < told);
                readings.extend(
                    thousandths(fields[*column]).filter(|_| is_new).map(|value| (told, value)),
                );
            }
        }
    }
    Ok(all)
}

/// The files of an earlier import, in the order of their years.
fn files(folder: &Path, name: &str) -> Result<Vec<PathBuf>, ImportError> {
    let known = imports(folder)?.into_iter().filter(|(known, _)| known == name);
    Ok(known.map(|(_, year)| writer::file_path(folder, name, year)).collect())
}

/// All imports of a folder: their names and years, in order.
fn imports(folder: &Path) -> Result<BTreeSet<(String, i32)>, ImportError> {
    let unreadable =
        |source| ImportError::Unreadable { name: folder.display().to_string(), source };
    let mut all = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.file_name();
        let file = file.to_string_lossy();
        let plain = file.strip_suffix(".gz").unwrap_or(&file);
        all.extend(parse_import_file(plain).map(|(name, year)| (name.to_owned(), year)));
    }
    Ok(all)
}

/// The names of other imports that have energy in the same years: where they overlap, one of them counts.
fn rivals(folder: &Path, name: &str, totals: &YearSums) -> Result<Vec<String>, ImportError> {
    let is_energy = |at: &usize| matches!(COLUMNS[*at].content, Content::Energy(_));
    if !totals.columns.iter().any(is_energy) {
        return Ok(Vec::new());
    }
    let mut names = BTreeSet::new();
    for (other, year) in imports(folder)? {
        if other != name && totals.years.contains(&year) && !names.contains(&other) {
            let older = Older::open(&writer::file_path(folder, &other, year)).ok().flatten();
            if older.is_some_and(|older| older.columns().any(|at| is_energy(&at))) {
                names.insert(other);
            }
        }
    }
    Ok(names.into_iter().collect())
}
