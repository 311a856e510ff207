//! How rows of the history come into files.
//!
//! Owns which file of a year goes on, and when a further one begins: a column that began empty would not be read
//! as numbers by the programs that guess types, so a file never gets one more.

use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use crate::history::{COLUMNS, ColumnSet, MAX_FILES_A_YEAR, parse_header};
use crate::reader::storage::Storage;

/// The most meters whose columns are remembered.
const MAX_METERS: usize = 32;

/// Which columns had values lately, of each meter.
#[derive(Debug, Default)]
pub(super) struct Recent {
    meters: Vec<Seen>,
    /// Whether it has been logged that a year has no further file.
    has_logged_last: bool,
}

#[derive(Debug)]
struct Seen {
    meter: String,
    day: NaiveDate,
    /// Those of that day, and those of the day with rows before it.
    columns: [ColumnSet; 2],
}

impl Recent {
    /// Remembers the columns of rows of this meter and day; gives those of today and the day before.
    fn add(&mut self, meter: &str, day: NaiveDate, columns: ColumnSet) -> ColumnSet {
        let place = self.meters.iter().position(|seen| seen.meter == meter);
        let place = place.unwrap_or_else(|| {
            if self.meters.len() == MAX_METERS {
                self.meters.remove(0);
            }
            let columns = [ColumnSet::ALWAYS; 2];
            self.meters.push(Seen { meter: meter.to_owned(), day, columns });
            self.meters.len() - 1
        });
        let seen = &mut self.meters[place];
        if std::mem::replace(&mut seen.day, day) != day {
            seen.columns = [ColumnSet::ALWAYS, seen.columns[0]];
        }
        seen.columns[0] = seen.columns[0].union(columns);
        seen.columns[0].union(seen.columns[1])
    }
}

/// Appends rows, which have a field for each of [`COLUMNS`], to the newest file of their year, or to a new one.
///
/// `path` names the files of the year by their number. Gives the one that was written.
pub(super) fn append(
    storage: &mut dyn Storage,
    path: impl Fn(u8) -> PathBuf,
    (meter, day): (&str, NaiveDate),
    rows: &[u8],
    recent: &mut Recent,
) -> Result<PathBuf, (PathBuf, io::Error)> {
    let columns = columns_of(rows);
    let lately = recent.add(meter, day, columns);
    let newest = (0..MAX_FILES_A_YEAR).rev().find(|&part| is_taken(storage, &path(part)));
    let mut part = newest.unwrap_or(0);
    let continued = match newest {
        Some(part) => {
            let file = path(part);
            header(storage, &file).map_err(|error| (file, error))?
        }
        None => Header::None,
    };
    let mut fields = match continued {
        Header::Of(places) => Some(places),
        Header::None => None,
        Header::Other => {
            part += 1;
            None
        }
    };
    let has_all =
        |places: &Vec<Option<usize>>| columns.places().all(|it| places.contains(&Some(it)));
    if fields.as_ref().is_some_and(|places| !has_all(places)) {
        if part + 1 < MAX_FILES_A_YEAR {
            (fields, part) = (None, part + 1);
        } else if !std::mem::replace(&mut recent.has_logged_last, true) {
            let file = path(part);
            log::warn!(file:% = file.display();
                "{}: leaving out new values: a year has no further file", file.display());
        }
    }
    let file = path(part);
    if part == MAX_FILES_A_YEAR {
        return Err((path(part - 1), io::ErrorKind::AlreadyExists.into()));
    }
    let text = fields.map_or_else(
        || {
            let columns = columns.union(lately);
            let places: Vec<_> = columns.places().map(Some).collect();
            [columns.header().as_bytes(), &select(rows, &places)].concat()
        },
        |places| select(rows, &places),
    );
    match storage.append(&file, &text) {
        Ok(()) => Ok(file),
        Err(error) => Err((file, error)),
    }
}

/// What a file begins with.
enum Header {
    /// Nothing: it is empty or not there.
    None,
    /// These columns, by their places.
    Of(Vec<Option<usize>>),
    /// What is none of ours, or cannot be continued.
    Other,
}

/// Makes a file ready for further rows, and reads its header.
fn header(storage: &mut dyn Storage, file: &Path) -> io::Result<Header> {
    if !storage.exists(file)? {
        // It was compressed.
        return Ok(Header::Other);
    }
    if storage.truncate_torn_line(file)? == 0 {
        return Ok(Header::None);
    }
    Ok(parse_header(&storage.head(file, 1)?).map_or(Header::Other, Header::Of))
}

/// Whether there is a file of this name, or was before it was compressed.
fn is_taken(storage: &mut dyn Storage, file: &Path) -> bool {
    let mut compressed = file.as_os_str().to_owned();
    compressed.push(".gz");
    // If it cannot be told whether a file exists, it cannot be written either.
    [file, Path::new(&compressed)].into_iter().any(|file| storage.exists(file).unwrap_or(false))
}

fn lines(rows: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let rows = rows.split(|&byte| byte == b'\n').filter(|row| !row.is_empty());
    rows.map(|row| row.split(|&byte| byte == b',').collect())
}

/// The columns that are not empty in all rows.
fn columns_of(rows: &[u8]) -> ColumnSet {
    let mut columns = ColumnSet::ALWAYS;
    for row in lines(rows) {
        let filled =
            (0..COLUMNS.len()).filter(|&place| row.get(place).is_some_and(|it| !it.is_empty()));
        filled.for_each(|place| columns.insert(place));
    }
    columns
}

/// The fields of these columns of each row.
fn select(rows: &[u8], places: &[Option<usize>]) -> Vec<u8> {
    let mut selected = Vec::with_capacity(rows.len());
    for row in lines(rows) {
        for (at, place) in places.iter().enumerate() {
            if at > 0 {
                selected.push(b',');
            }
            let field = place.and_then(|place| row.get(place));
            selected.extend_from_slice(field.copied().unwrap_or_default());
        }
        selected.push(b'\n');
    }
    selected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::tests::MemoryStorage;

    /// A row with these values of some columns.
    fn row(values: &[(&str, &str)]) -> String {
        let value =
            |name: &str| values.iter().find(|(known, _)| *known == name).map_or("", |v| v.1);
        let fields: Vec<_> = COLUMNS.iter().map(|column| value(column.name)).collect();
        fields.join(",") + "\n"
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    struct Files {
        storage: MemoryStorage,
        recent: Recent,
        day: u32,
    }

    impl Files {
        fn new() -> Self {
            Self { storage: MemoryStorage::default(), recent: Recent::default(), day: 1 }
        }

        fn append(&mut self, values: &[(&str, &str)]) {
            let path =
                |part| PathBuf::from(format!("/v/h-{}.csv", crate::history::year_name(2026, part)));
            let row = row(values);
            append(
                &mut self.storage,
                path,
                ("E1", day(self.day)),
                row.as_bytes(),
                &mut self.recent,
            )
            .unwrap();
        }

        /// The columns behind the first four of a file, and its rows.
        fn read(&self, name: &str) -> String {
            let text = self.storage.text(&format!("/v/h-{name}.csv"));
            let rest = text.lines().map(|line| line.splitn(5, ',').nth(4).unwrap_or_default());
            rest.collect::<Vec<_>>().join(" ")
        }
    }

    #[test]
    fn a_file_has_the_columns_of_its_rows() {
        let mut files = Files::new();
        files.append(&[("time_utc", "T"), ("energy_import_kwh", "1.000")]);
        files.append(&[("time_utc", "U"), ("energy_import_kwh", "2.000")]);
        let text = files.storage.text("/v/h-2026.csv");
        let header = "time_utc,time_local,unique_id,telegrams,energy_import_kwh";
        assert_eq!(text, format!("{header}\nT,,,,1.000\nU,,,,2.000\n"));
    }

    #[test]
    fn a_value_that_is_new_begins_a_file_and_one_that_ceases_does_not() {
        let mut files = Files::new();
        files.append(&[("energy_import_kwh", "1")]);
        files.append(&[("energy_import_kwh", "2"), ("gas_m3", "9")]);
        files.append(&[("energy_import_kwh", "3")]);
        assert_eq!(files.read("2026"), "energy_import_kwh 1");
        assert_eq!(files.read("2026b"), "energy_import_kwh,gas_m3 2,9 3,");
        assert_eq!(files.storage.paths().len(), 2);
    }

    #[test]
    fn meters_in_turn_do_not_begin_a_file_each_time() {
        let mut files = Files::new();
        for _ in 0..5 {
            files.append(&[("gas_m3", "1")]);
            files.append(&[("heat_gj", "2")]);
        }
        assert_eq!(files.storage.paths(), ["/v/h-2026.csv", "/v/h-2026b.csv"]);
    }

    #[test]
    fn a_column_that_had_no_value_lately_is_not_in_the_next_file() {
        let mut files = Files::new();
        files.append(&[("energy_import_kwh", "1"), ("gas_m3", "9")]);
        for day in [2, 3] {
            files.day = day;
            files.append(&[("energy_import_kwh", "2")]);
        }
        files.append(&[("energy_import_kwh", "3"), ("water_m3", "1")]);
        assert_eq!(files.read("2026b"), "energy_import_kwh,water_m3 3,1");
    }

    #[test]
    fn a_compressed_file_or_one_of_another_program_is_left_alone() {
        let mut files = Files::new();
        files.storage.put("/v/h-2026.csv.gz", "x");
        files.append(&[("gas_m3", "1")]);
        files.storage.put("/v/h-2026b.csv", "datum;a\n1;2\n");
        files.append(&[("gas_m3", "2")]);
        assert_eq!(files.read("2026c"), "gas_m3 2");
        assert_eq!(files.storage.text("/v/h-2026b.csv"), "datum;a\n1;2\n");
    }

    #[test]
    fn a_torn_line_is_cut_off_and_a_torn_header_is_written_again() {
        let mut files = Files::new();
        files.append(&[("gas_m3", "1")]);
        let whole = files.storage.text("/v/h-2026.csv");
        let header = whole.lines().next().unwrap().len() + 1;
        for length in 0..whole.len() {
            files.storage.put("/v/h-2026.csv", &whole[..length]);
            files.append(&[("gas_m3", "1")]);
            assert_eq!(files.storage.text("/v/h-2026.csv"), whole, "cut at {length} of {header}");
        }
    }

    #[test]
    fn the_last_file_of_a_year_takes_all_rows() {
        let mut files = Files::new();
        files.append(&[("gas_m3", "1")]);
        let text = files.storage.text("/v/h-2026.csv");
        files.storage.put("/v/h-2026z.csv", &text);
        files.append(&[("gas_m3", "2"), ("heat_gj", "2")]);
        assert_eq!(files.read("2026z"), "gas_m3 1 2");
    }
}
