//! Details files: how rows come into a file with a header, and how its first rows are read back.
//!
//! Owns the agreement between the columns in which rows wait and those of the file, which an earlier run may
//! have begun, or which was not there when they were made.

use std::io;
use std::path::Path;

use chrono::NaiveDateTime;

use super::columns::{self, Columns};
use super::storage::Storage;
use crate::history::details::{TIME, telegram};
use crate::message::Message;

/// The columns for rows of this file: those that it has, and the classic ones.
pub(super) fn columns_of(storage: &mut dyn Storage, path: &Path) -> Columns {
    // If it cannot be read now, the rows are fitted to its columns when they are written.
    let head = storage.head(path, 1).ok().filter(|head| head.ends_with(b"\n"));
    let columns = head.and_then(|head| Columns::parse(&head));
    columns.map_or_else(Columns::new, Columns::with_classic)
}

/// Appends rows in these columns to a file, which gets its header if it is new or empty.
///
/// Columns that it lacks are added to its header: it is copied with the longer one and replaced by the
/// copy. If it has others, the rows are fitted to them, and `columns` are those of the file from then on.
pub(super) fn append(
    storage: &mut dyn Storage,
    path: &Path,
    rows: &[u8],
    columns: &mut Columns,
) -> io::Result<()> {
    let old_head = match storage.truncate_torn_line(path)? {
        0 => Vec::new(),
        _ => storage.head(path, 2)?,
    };
    let Some(mut file) = Columns::parse(&old_head) else {
        return storage.append(path, &[&columns.head(), rows].concat());
    };
    let (known, is_own) = (file.len(), columns.extend(&file));
    let fitted = if is_own { None } else { Some(columns.fit(rows, &mut file)) };
    let wanted = if is_own { &*columns } else { &file };
    let is_whole = old_head.split_inclusive(|&byte| byte == b'\n').count() == 2;
    if wanted.len() > known || !is_whole {
        storage.replace_header(path, old_head.len() as u64, &wanted.head())?;
        log::info!(file:% = path.display();
            "{}: added columns, now {}", path.display(), wanted.len());
    }
    storage.append(path, fitted.as_deref().unwrap_or(rows))?;
    if !is_own {
        *columns = file;
    }
    Ok(())
}

/// Of the first `count` rows of a file, those whose local time is wanted: that time, and the telegram.
pub(super) fn first_rows(
    storage: &mut dyn Storage,
    path: &Path,
    count: usize,
    mut is_wanted: impl FnMut(NaiveDateTime) -> bool,
) -> Vec<(NaiveDateTime, Message)> {
    let text = storage.head(path, 2 + count).unwrap_or_default();
    let mut records = columns::reader(&text).into_records().map_while(Result::ok);
    let Some(codes) = records.next() else { return Vec::new() };
    let row = |row: csv::StringRecord| {
        let time = NaiveDateTime::parse_from_str(row.get(0)?, TIME).ok()?;
        is_wanted(time).then(|| (time, telegram(&codes, &row)))
    };
    records.skip(1).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Value;
    use crate::reader::tests::{MemoryStorage, message};
    use crate::reading::Registers;

    const FILE: &str = "/v/details.csv";

    fn write_row(columns: &mut Columns, rows: &mut Vec<u8>, message: &Message) {
        let cells = columns.place(message);
        columns.write_row(rows, NaiveDateTime::default(), cells, &Registers::of(message));
    }

    /// Appends the rows of these telegrams, as a run that begins now and ends behind them.
    fn append_to(storage: &mut MemoryStorage, telegrams: &[&[(&str, &str)]]) {
        try_to_append(storage, telegrams).unwrap();
    }

    fn try_to_append(storage: &mut MemoryStorage, telegrams: &[&[(&str, &str)]]) -> io::Result<()> {
        let mut columns = columns_of(storage, Path::new(FILE));
        let messages: Vec<_> = telegrams.iter().map(|objects| message(0, objects)).collect();
        for message in &messages {
            columns.place(message);
        }
        let mut rows = Vec::new();
        for message in &messages {
            write_row(&mut columns, &mut rows, message);
        }
        append(storage, Path::new(FILE), &rows, &mut columns)
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
    fn a_file_that_was_not_there_when_its_rows_were_made_keeps_its_columns() {
        let mut storage = MemoryStorage::default();
        let telegram = message(0, &[("b", "2"), ("1-0:1.7.0", "7")]);
        let mut columns = columns_of(&mut storage, Path::new(FILE));
        let mut rows = Vec::new();
        write_row(&mut columns, &mut rows, &telegram);
        append_to(&mut storage, &[&[("a", "1")]]);
        append(&mut storage, Path::new(FILE), &rows, &mut columns).unwrap();
        assert_eq!(further(&storage), ["a;b", "a;b;", "1;", ";2;"]);
        rows.clear();
        write_row(&mut columns, &mut rows, &telegram);
        append(&mut storage, Path::new(FILE), &rows, &mut columns).unwrap();
        assert_eq!(further(&storage)[4], ";2;", "the next rows are made in its columns");
    }

    #[test]
    fn a_header_that_cannot_be_changed_leaves_the_file_alone() {
        let mut storage = MemoryStorage::default();
        append_to(&mut storage, &[&[("a", "1")]]);
        let before = storage.text(FILE);
        storage.set_full(true);
        assert!(try_to_append(&mut storage, &[&[("b", "1")]]).is_err());
        assert_eq!(storage.text(FILE), before);
    }
}
