//! The columns of a details file: rows are fitted to them, and new ones are added where an object
//! appears for the first time.
//!
//! Owns the two header rows. The first one, with the codes, decides the columns, also in a file that
//! an earlier run began. A row that is older than a column simply has fewer cells.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use chrono::NaiveDateTime;

use super::details::{self, COLUMNS, Row};
use super::storage::Storage;
use crate::message::{Message, Meta, Value};
use crate::telegram::{Decimal, Timestamp};

/// The most columns of a file. No meter has as many codes; a hostile sender may.
const MAX_COLUMNS: usize = 512;

/// Appends rows of [`details::write_row`] to a file, which gets its header if it is new or empty.
///
/// Columns that it lacks are added to its header: it is copied with the longer one and replaced by the
/// copy. Objects beyond [`MAX_COLUMNS`] are left out.
pub(super) fn append(storage: &mut dyn Storage, path: &Path, rows: &[u8]) -> io::Result<()> {
    let old_head = match storage.mend(path)? {
        0 => Vec::new(),
        _ => storage.head(path, 2)?,
    };
    let mut columns = Columns::parse(&old_head);
    let text = columns.fit(rows)?;
    let head = columns.head();
    if old_head.is_empty() {
        return storage.append(path, &[head, text].concat());
    }
    if columns.are_new {
        storage.change_head(path, old_head.len() as u64, &head)?;
        log::info!(file:% = path.display();
            "{}: {} columns now, for the telegrams have further objects",
            path.display(), columns.codes.len());
    }
    storage.append(path, &text)
}

/// Of the first `count` rows of a file, those whose local time is wanted: that time, and the telegram.
pub(super) fn first_rows(
    storage: &mut dyn Storage,
    path: &Path,
    count: usize,
    mut is_wanted: impl FnMut(NaiveDateTime) -> bool,
) -> Vec<(NaiveDateTime, Message)> {
    let text = storage.head(path, 2 + count).unwrap_or_default();
    let mut records = reader(&text).into_records().map_while(Result::ok);
    let Some(codes) = records.next() else { return Vec::new() };
    let row = |row: csv::StringRecord| {
        let time = NaiveDateTime::parse_from_str(row.get(0)?, details::TIME).ok()?;
        is_wanted(time).then(|| (time, telegram(&codes, &row)))
    };
    records.skip(1).filter_map(row).collect()
}

/// The telegram of a row, without its meta data.
fn telegram(codes: &csv::StringRecord, row: &csv::StringRecord) -> Message {
    // Old meters write their times in digits only: twelve of them, which no register has.
    let is_time = |cell: &str| Timestamp::parse_approximate(cell.as_bytes()).is_some();
    let value = |cell: &str| match Decimal::parse(cell.as_bytes()) {
        Some(number) if !is_time(cell) => Value::Number(number),
        _ => Value::Text(cell.to_owned()),
    };
    let objects = codes.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty());
    let telegram = objects.map(|(code, cell)| (code.to_owned(), value(cell))).collect();
    let unknown = Timestamp::default();
    Message { meta: Meta::new(0, unknown, unknown, None), telegram }
}

struct Columns {
    codes: Vec<Vec<u8>>,
    /// The column of each code; of one that is there twice, the first.
    places: HashMap<Vec<u8>, usize>,
    /// Whether the header does not show them yet.
    are_new: bool,
}

impl Columns {
    /// The columns of a file that has this header; those of a new file if it has none.
    fn parse(head: &[u8]) -> Self {
        let mut columns = Self { codes: Vec::new(), places: HashMap::new(), are_new: true };
        let mut record = csv::ByteRecord::new();
        // Reading from memory does not fail, and rows may differ in length.
        if let Ok(true) = reader(head).read_byte_record(&mut record) {
            for code in &record {
                columns.add(code);
            }
            columns.are_new = head.split_inclusive(|&byte| byte == b'\n').count() < 2;
        } else {
            for (code, _) in COLUMNS {
                columns.add(code.as_bytes());
            }
        }
        columns
    }

    fn add(&mut self, code: &[u8]) {
        self.places.entry(code.to_vec()).or_insert(self.codes.len());
        self.codes.push(code.to_vec());
    }

    /// Both header rows. The first one has no `;` at its end.
    fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        let mut row = Row::new(&mut head);
        for code in &self.codes {
            row.cell(code);
        }
        row.end();
        let mut row = Row::new(&mut head);
        for code in &self.codes {
            let known = COLUMNS.iter().find(|(known, _)| known.as_bytes() == code);
            row.cell(known.map_or(code, |(_, name)| name.as_bytes()));
        }
        row.cell(b"");
        row.end();
        head
    }

    /// The rows in these columns. If they need further ones, those are added first.
    fn fit(&mut self, rows: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            let known = self.codes.len();
            let mut text = Vec::with_capacity(rows.len() + rows.len() / 8);
            let mut reader = reader(rows);
            let mut record = csv::ByteRecord::new();
            let mut places = Vec::new();
            while reader.read_byte_record(&mut record)? {
                self.place(&record, &mut places);
                let mut out = Row::new(&mut text);
                for place in &places {
                    out.cell(place.and_then(|cell| record.get(cell)).unwrap_or_default());
                }
                out.cell(b"");
                out.end();
            }
            if self.codes.len() == known {
                return Ok(text);
            }
        }
    }

    /// Finds for each column the cell of this row that belongs there.
    fn place(&mut self, row: &csv::ByteRecord, places: &mut Vec<Option<usize>>) {
        places.clear();
        places.resize(self.codes.len(), None);
        let classic = COLUMNS.iter().enumerate();
        let classic = classic.map(|(cell, (code, _))| (code.as_bytes(), cell));
        let further = (COLUMNS.len()..row.len()).step_by(2);
        let further = further.map(|code| (&row[code], code + 1));
        let mut next = 0;
        for (code, cell) in classic.chain(further) {
            let Some(column) = self.column(code, next) else {
                continue;
            };
            places.resize(self.codes.len(), None);
            places[column] = places[column].or(Some(cell));
            next = column + 1;
        }
    }

    /// The column of this code, most often the `expected` one; a new one if there is none.
    fn column(&mut self, code: &[u8], expected: usize) -> Option<usize> {
        if self.codes.get(expected).is_some_and(|known| known == code) {
            return Some(expected);
        }
        let found = self.places.get(code).copied();
        if found.is_some() || self.codes.len() >= MAX_COLUMNS {
            return found;
        }
        self.add(code);
        self.are_new = true;
        Some(self.codes.len() - 1)
    }
}

fn reader(text: &[u8]) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(b';').has_headers(false).flexible(true);
    builder.from_reader(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::tests::{MemoryStorage, message};

    const FILE: &str = "/v/details.csv";

    fn rows(telegrams: &[&[(&str, &str)]]) -> Vec<u8> {
        let time = NaiveDateTime::default();
        let mut rows = Vec::new();
        for objects in telegrams {
            details::write_row(&mut rows, time, &message(0, objects));
        }
        rows
    }

    fn append_to(storage: &mut MemoryStorage, telegrams: &[&[(&str, &str)]]) {
        append(storage, Path::new(FILE), &rows(telegrams)).unwrap();
    }

    /// What stands behind the classic columns in each line of the file.
    fn further(storage: &MemoryStorage) -> Vec<String> {
        let text = storage.text(FILE);
        let further = |line: &str| line.splitn(38, ';').nth(37).map(str::to_owned);
        text.lines().map(|line| further(line).unwrap_or_default()).collect()
    }

    #[test]
    fn a_file_of_a_classic_meter_has_the_classic_columns_only() {
        let mut storage = MemoryStorage::default();
        append_to(&mut storage, &[&[("1-0:1.7.0", "1")]]);
        assert_eq!(further(&storage), ["", "", ""]);
        let text = storage.text(FILE);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].ends_with(";0-1:24.2.1.B"), "no `;` at the end");
        assert!(lines[1].ends_with(";Gas meting;"));
        assert!(lines.iter().all(|line| line.split(';').count() >= 37));
    }

    #[test]
    fn further_objects_have_columns_named_by_their_codes() {
        let mut storage = MemoryStorage::default();
        append_to(&mut storage, &[&[("b", "1"), ("a", "2")], &[("a", "3")]]);
        assert_eq!(further(&storage), ["b;a", "b;a;", "1;2;", ";3;"]);
    }

    #[test]
    fn an_object_that_appears_later_gets_a_column_and_earlier_rows_stay_as_they_are() {
        let mut storage = MemoryStorage::default();
        append_to(&mut storage, &[&[("a", "1")]]);
        append_to(&mut storage, &[&[("b", "2"), ("a", "3")], &[("c", "4")]]);
        append_to(&mut storage, &[&[("c", "5")]]);
        assert_eq!(further(&storage), ["a;b;c", "a;b;c;", "1;", "3;2;;", ";;4;", ";;5;"]);
    }

    #[test]
    fn the_header_of_a_file_decides_where_cells_go() {
        let mut storage = MemoryStorage::default();
        storage.put(FILE, "a;1-0:1.7.0\na;power in;\n");
        append_to(&mut storage, &[&[("1-0:1.7.0", "7"), ("a", "8")]]);
        let text = storage.text(FILE);
        assert!(text.starts_with("a;1-0:1.7.0;datum;1-3:0.2.8;"), "{text}");
        assert!(text.contains("\n8;7;01-01-1970 00:00:00;"), "{text}");
    }

    #[test]
    fn of_two_columns_of_one_code_the_first_has_the_cells() {
        let mut storage = MemoryStorage::default();
        storage.put(FILE, "a;a\na;a;\n");
        append_to(&mut storage, &[&[("a", "8")]]);
        assert!(storage.text(FILE).contains("\n8;;01-01-1970 00:00:00;"), "{}", storage.text(FILE));
    }

    #[test]
    fn a_torn_header_is_made_whole() {
        let mut storage = MemoryStorage::default();
        append_to(&mut storage, &[&[("a", "1")]]);
        let whole = storage.text(FILE);
        for length in 0..whole.len() {
            storage.put(FILE, &whole[..length]);
            append_to(&mut storage, &[&[("a", "1")]]);
            assert_eq!(storage.text(FILE), whole, "cut at {length}");
        }
    }

    #[test]
    fn cells_that_need_quotes_stay_in_one_cell() {
        let mut storage = MemoryStorage::default();
        append_to(&mut storage, &[&[("a;b", "'c;\"d")]]);
        assert_eq!(further(&storage), ["\"a;b\"", "\"a;b\";", "\"c;\"\"d\";"]);
    }

    #[test]
    fn the_first_rows_can_be_read_back_as_telegrams() {
        let mut storage = MemoryStorage::default();
        append_to(&mut storage, &[&[("1-0:1.7.0", "12.5"), ("a;b", "'x")], &[("1-0:1.7.0", "9")]]);
        let mut first =
            |path: &str, count| first_rows(&mut storage, Path::new(path), count, |_| true);
        let rows = first(FILE, 5);
        let (time, message) = &rows[0];
        assert_eq!(*time, NaiveDateTime::default());
        assert_eq!(message.number("1-0:1.7.0").unwrap().to_string(), "12.5");
        assert_eq!(message.get("a;b").and_then(Value::text), Some("x"));
        assert_eq!(message.get("1-3:0.2.8"), None, "empty cells are no objects");
        assert_eq!((rows.len(), first(FILE, 1).len(), first("/none", 5).len()), (2, 1, 0));
        let never = first_rows(&mut storage, Path::new(FILE), 5, |_| false);
        assert!(never.is_empty());
        storage.put(FILE, "datum\ndatum;\n");
        assert!(first_rows(&mut storage, Path::new(FILE), 5, |_| true).is_empty());
    }

    #[test]
    fn columns_are_bounded() {
        let mut storage = MemoryStorage::default();
        let codes: Vec<_> = (0..600).map(|n| format!("x{n}")).collect();
        let objects: Vec<_> = codes.iter().map(|code| (code.as_str(), "1")).collect();
        append_to(&mut storage, &[&objects]);
        let text = storage.text(FILE);
        assert_eq!(text.lines().next().unwrap().split(';').count(), MAX_COLUMNS);
    }

    #[test]
    fn a_header_that_cannot_be_changed_leaves_the_file_alone() {
        let mut storage = MemoryStorage::default();
        append_to(&mut storage, &[&[("a", "1")]]);
        let before = storage.text(FILE);
        storage.set_full(true);
        let result = append(&mut storage, Path::new(FILE), &rows(&[&[("b", "1")]]));
        assert!(result.is_err());
        assert_eq!(storage.text(FILE), before);
    }
}
