//! The files of an import: `p1_import-NAME-YEAR.csv`, rows of the history with its header.
//!
//! Owns that an import changes everything or nothing, and nothing when it is repeated. Rows come in the order of time;
//! those of an earlier import of the same name stay where there is no new one of the same time, and where there is one
//! its empty fields are filled. Until all rows are there, they wait in memory, compressed: 5 MB a year at most.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::sheet::ImportError;
use crate::atomic_file;
use crate::gzip::Gzip;
use crate::history::row::row_time;
use crate::history::{COLUMNS, ColumnSet, import_file, parse_header};

/// A year of rows.
#[derive(Debug)]
struct Year {
    number: i32,
    rows: GzEncoder<Vec<u8>>,
    count: u64,
    columns: ColumnSet,
    older: Option<Older>,
}

/// Whether the fields of a new row count, or those of a row that was imported before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Priority {
    New,
    Older,
}

/// Writes the files of one name.
#[derive(Debug)]
pub(super) struct Writer {
    folder: PathBuf,
    name: String,
    priority: Priority,
    /// Columns that are sums of others: an earlier import does not fill them.
    sums: Vec<usize>,
    years: Vec<Year>,
    last: i64,
}

/// A file that was written, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub path: PathBuf,
    pub rows: u64,
    pub is_changed: bool,
}

impl Writer {
    pub fn new(folder: &Path, name: &str, priority: Priority) -> Self {
        let (folder, name) = (folder.to_owned(), name.to_owned());
        Self { folder, name, priority, sums: Vec::new(), years: Vec::new(), last: i64::MIN }
    }

    /// The same, with these columns as sums of others.
    #[must_use]
    pub fn with_sums(self, sums: Vec<usize>) -> Self {
        Self { sums, ..self }
    }

    fn path(&self, year: i32) -> PathBuf {
        file_path(&self.folder, &self.name, year)
    }

    /// Takes a row, which has a field for each of [`COLUMNS`]: its second and its local year. False when it is not newer
    /// than the one before.
    pub fn push(&mut self, second: i64, year: i32, row: &[u8]) -> Result<bool, ImportError> {
        if second <= self.last {
            return Ok(false);
        }
        self.last = second;
        if self.years.last().is_none_or(|known| known.number != year) {
            self.end_year()?;
            let older = Older::open(&self.path(year))?;
            let rows = GzEncoder::new(Vec::new(), Compression::fast());
            self.years.push(Year {
                number: year,
                rows,
                count: 0,
                columns: ColumnSet::ALWAYS,
                older,
            });
        }
        let (priority, sums) = (self.priority, &self.sums);
        // Just pushed.
        let known = self.years.last_mut().expect("there is a year");
        let mut merged = None;
        while let Some((time, older)) = known.next_older()? {
            if time > second {
                break;
            }
            let older = older.to_vec();
            known.take_older();
            if time < second {
                known.add(&older)?;
            } else {
                merged = Some(match priority {
                    Priority::New => merge(row, &older, sums),
                    Priority::Older => merge(&older, row, sums),
                });
            }
        }
        known.add(merged.as_deref().unwrap_or(row))?;
        Ok(true)
    }

    /// Takes the rest of the earlier import of the last year.
    fn end_year(&mut self) -> Result<(), ImportError> {
        if let Some(year) = self.years.last_mut() {
            while let Some((_, older)) = year.next_older()? {
                let older = older.to_vec();
                year.take_older();
                year.add(&older)?;
            }
        }
        Ok(())
    }

    /// Ends the import, and writes all files unless it is only tried.
    pub fn finish(mut self, is_dry: bool) -> Result<Vec<Written>, ImportError> {
        self.end_year()?;
        let mut all = Vec::new();
        let mut changed = Vec::new();
        for year in std::mem::take(&mut self.years) {
            let path = self.path(year.number);
            let (count, columns) = (year.count, year.columns);
            let unwritable =
                |source| ImportError::Unwritable { name: path.display().to_string(), source };
            let rows = year.rows.finish().map_err(unwritable)?;
            let is_changed = !is_same(&path, &rows, columns);
            all.push(Written { path: path.clone(), rows: count, is_changed });
            if is_changed {
                changed.push((path, rows, columns));
            }
        }
        if !is_dry {
            replace_all(&changed)?;
        }
        Ok(all)
    }
}

/// The name of a file.
pub(super) fn file_path(folder: &Path, name: &str, year: i32) -> PathBuf {
    folder.join(import_file(name, year))
}

/// The content of each file, compressed, and its columns.
type Content = (PathBuf, Vec<u8>, ColumnSet);

/// Replaces all files or none: each is renamed when those behind it are complete, and was written before them.
fn replace_all(files: &[Content]) -> Result<(), ImportError> {
    let Some(((path, rows, columns), rest)) = files.split_first() else { return Ok(()) };
    let mut failure = None;
    let replaced = atomic_file::replace(path, |out| {
        let mut buffered = BufWriter::new(&mut *out);
        copy(rows, *columns, &mut buffered)?;
        buffered.flush()?;
        drop(buffered);
        out.sync_all()?;
        replace_all(rest).map_err(|error| {
            failure = Some(error);
            io::Error::other("another file")
        })
    });
    match (replaced, failure) {
        (_, Some(failure)) => Err(failure),
        (Err(source), None) => {
            Err(ImportError::Unwritable { name: path.display().to_string(), source })
        }
        (Ok(()), None) => Ok(()),
    }
}

/// Writes the header and the rows with these columns only.
fn copy(rows: &[u8], columns: ColumnSet, out: &mut impl Write) -> io::Result<()> {
    out.write_all(columns.header().as_bytes())?;
    let mut source = BufReader::new(GzDecoder::new(rows));
    let (mut line, mut kept) = (Vec::new(), Vec::new());
    while source.read_until(b'\n', &mut line)? > 0 {
        kept.clear();
        let fields = line.trim_ascii_end().split(|&byte| byte == b',').enumerate();
        for (_, field) in fields.filter(|(at, _)| columns.contains(*at)) {
            kept.extend_from_slice(field);
            kept.push(b',');
        }
        kept.pop();
        kept.push(b'\n');
        out.write_all(&kept)?;
        line.clear();
    }
    Ok(())
}

/// Whether the file has just this content.
fn is_same(path: &Path, rows: &[u8], columns: ColumnSet) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut compare = Compare { source: BufReader::new(file), buffer: Vec::new() };
    let is_same = copy(rows, columns, &mut compare).is_ok();
    is_same && compare.source.fill_buf().is_ok_and(<[u8]>::is_empty)
}

/// Takes what a file has, and fails on anything else.
struct Compare {
    source: BufReader<File>,
    buffer: Vec<u8>,
}

impl Write for Compare {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.buffer.resize(text.len(), 0);
        self.source.read_exact(&mut self.buffer)?;
        if self.buffer == text { Ok(text.len()) } else { Err(io::Error::other("another text")) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Year {
    fn next_older(&mut self) -> Result<Option<(i64, &[u8])>, ImportError> {
        match &mut self.older {
            Some(older) => older.peek(),
            None => Ok(None),
        }
    }

    fn take_older(&mut self) {
        if let Some(older) = &mut self.older {
            older.has_next = false;
        }
    }

    fn add(&mut self, row: &[u8]) -> Result<(), ImportError> {
        self.count += 1;
        let fields = row.trim_ascii_end().split(|&byte| byte == b',');
        for (at, field) in fields.enumerate() {
            if !field.is_empty() {
                self.columns.insert(at);
            }
        }
        let name = || "memory".to_owned();
        self.rows.write_all(row).map_err(|source| ImportError::Unwritable { name: name(), source })
    }
}

/// The rows of an earlier import of a year, with a field for each of [`COLUMNS`].
pub(super) struct Older {
    path: PathBuf,
    source: Box<dyn BufRead>,
    places: Vec<Option<usize>>,
    row: Vec<u8>,
    time: i64,
    has_next: bool,
}

impl std::fmt::Debug for Older {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Older").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Older {
    /// Opens a file; `None` where there is none, neither plain nor compressed.
    pub fn open(path: &Path) -> Result<Option<Self>, ImportError> {
        let compressed = PathBuf::from(format!("{}.gz", path.display()));
        let (path, mut source): (PathBuf, Box<dyn BufRead>) = match File::open(path) {
            Ok(file) => (path.to_owned(), Box::new(BufReader::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match File::open(&compressed) {
                    Ok(file) => {
                        let file = Gzip::new(BufReader::new(file));
                        (compressed, Box::new(BufReader::new(file)))
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(source) => return Err(unreadable(&compressed, source)),
                }
            }
            Err(source) => return Err(unreadable(path, source)),
        };
        let mut header = Vec::new();
        source.read_until(b'\n', &mut header).map_err(|source| unreadable(&path, source))?;
        match parse_header(&header) {
            Some(places) if places.iter().all(Option::is_some) => {
                Ok(Some(Self { path, source, places, row: Vec::new(), time: 0, has_next: false }))
            }
            _ => Err(ImportError::Usage(format!(
                "{}: not a file of this version's imports; move it away, or choose another --name",
                path.display()
            ))),
        }
    }

    /// The columns that the file has.
    pub fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.places.iter().flatten().copied()
    }

    /// The next row, without taking it.
    pub fn peek(&mut self) -> Result<Option<(i64, &[u8])>, ImportError> {
        let mut line = Vec::new();
        while !self.has_next {
            line.clear();
            let read = self.source.read_until(b'\n', &mut line);
            if read.map_err(|source| unreadable(&self.path, source))? == 0 {
                return Ok(None);
            }
            let text = line.trim_ascii_end();
            let fields: Vec<&[u8]> = text.split(|&byte| byte == b',').collect();
            // What is no row is torn.
            let Some(time) = row_time(text).filter(|_| fields.len() == self.places.len()) else {
                continue;
            };
            let mut all: Vec<&[u8]> = vec![b""; COLUMNS.len()];
            for (place, field) in self.places.iter().zip(fields) {
                if let Some(place) = place {
                    all[*place] = field;
                }
            }
            self.row = all.join(&b',');
            self.row.push(b'\n');
            self.time = time;
            self.has_next = true;
        }
        Ok(Some((self.time, &self.row)))
    }

    /// Takes the next row.
    pub fn next(&mut self) -> Result<Option<(i64, Vec<u8>)>, ImportError> {
        let next = self.peek()?.map(|(time, row)| (time, row.to_vec()));
        self.has_next = false;
        Ok(next)
    }
}

fn unreadable(path: &Path, source: io::Error) -> ImportError {
    ImportError::Unreadable { name: path.display().to_string(), source }
}

/// The fields of a row, and where they are empty those of another one, but for `sums`.
fn merge(row: &[u8], other: &[u8], sums: &[usize]) -> Vec<u8> {
    let fields = |row: &[u8]| -> Vec<Vec<u8>> {
        row.trim_ascii_end().split(|&byte| byte == b',').map(<[u8]>::to_vec).collect()
    };
    let (mut all, other) = (fields(row), fields(other));
    for (at, (field, other)) in all.iter_mut().zip(other).enumerate() {
        if field.is_empty() && !sums.contains(&at) {
            *field = other;
        }
    }
    let mut row = all.join(&b',');
    row.push(b'\n');
    row
}

#[cfg(test)]
mod tests;
