//! Rows that were imported from other programs: `p1_import-NAME-YEAR.csv` beside the files of the history.
//!
//! Owns how they are merged. The meter's own rows win. An import counts where these are further apart than a quarter of
//! an hour, with rows whose registers lie between those on both sides; between other rows only for devices that they do
//! not have, such as a water meter. Of several imports the own files of p1reader come first, then they go by name.

use std::io::{self, Read};
use std::path::Path;

use memchr::memchr;

use super::YearFile;
use super::source::{Ends, ends, open};
use crate::history::parse_import_file;
use crate::history::row::{FIRST_SECOND, Row, RowReader, Selection};
use crate::meter::DeviceRegister;

/// Rows that are further apart have room between them, in seconds.
const MAX_APART: i64 = 900;

/// The longest row.
const MAX_LINE: usize = 64 * 1024;

/// The import of p1reader's own older files.
const OWN: &str = "p1reader";

/// All imports of a folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Imports {
    sets: Vec<Set>,
}

/// The files of one name, in the order of time.
#[derive(Clone, Debug)]
struct Set {
    name: String,
    files: Vec<YearFile>,
}

impl Imports {
    /// Adds a file, if it has the name of one. Gives what is wrong with it.
    pub fn add(&mut self, folder: &Path, name: &str) -> Option<io::Result<&'static str>> {
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        let (set, _) = parse_import_file(plain)?;
        let (path, is_compressed) = (folder.join(name), plain.len() < name.len());
        match ends(&path, is_compressed) {
            Ok(Ends::Rows { first, last }) => {
                let file = YearFile { path, is_compressed, first, last };
                match self.sets.iter_mut().find(|known| known.name == set) {
                    Some(known) => known.files.push(file),
                    None => self.sets.push(Set { name: set.to_owned(), files: vec![file] }),
                }
                self.sets.sort_by_key(|set| (set.name != OWN, set.name.clone()));
                self.sets.iter_mut().for_each(|set| set.files.sort_by_key(|file| file.first));
                None
            }
            Ok(Ends::Empty) => None,
            Ok(Ends::Early | Ends::Foreign) => {
                Some(Ok("no import: its header is not that of p1report; left out"))
            }
            Err(error) => Some(Err(error)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// The time of the first row.
    pub fn first(&self) -> Option<i64> {
        self.sets.iter().filter_map(|set| set.files.first()).map(|file| file.first).min()
    }

    /// The time of the last row; compressed files are read for it.
    pub fn last(&self) -> Option<i64> {
        let last = |set: &Set| {
            let file = set.files.last()?;
            file.last.or_else(|| {
                let selection = Selection::default();
                let mut cursor =
                    Cursor::new(std::slice::from_ref(file), &selection, i64::MIN, None);
                std::iter::from_fn(|| cursor.take(i64::MAX)).map(|row| row.time).last()
            })
        };
        self.sets.iter().filter_map(last).max()
    }

    /// Whether the own files of this day, from its first second to its last, were imported: rows of its first and its
    /// last hour are there.
    pub fn has_day(&self, start: i64, end: i64) -> bool {
        let selection = Selection::default();
        let has = |from: i64, to: i64| {
            self.sets.iter().filter(|set| set.name == OWN).any(|set| {
                let mut cursor = Cursor::new(&set.files, &selection, from, None);
                cursor.take(to).is_some()
            })
        };
        has(start, start + 3600) && has(end - 3600, end)
    }
}

/// Puts imported rows between those of the meter itself.
pub(super) struct Merger<'a> {
    levels: Vec<Level<'a>>,
}

/// One import, and the rows that win over it.
struct Level<'a> {
    cursor: Cursor<'a>,
    /// The last row of those that win.
    before: Option<Row>,
    registers: Vec<Kind>,
    /// Readings of devices that the next row gets.
    attached: Row,
}

/// What a register is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Energy,
    Device,
    Other,
}

impl<'a> Merger<'a> {
    /// Merges the imports from `from` on. With `meter` the rows of others are left out.
    pub fn new(
        imports: &'a Imports,
        selection: &'a Selection,
        from: i64,
        meter: Option<&'a str>,
    ) -> Self {
        let kind = |name: &String| match DeviceRegister::named(name) {
            Some(_) => Kind::Device,
            None if name.starts_with("energy_") => Kind::Energy,
            None => Kind::Other,
        };
        let registers: Vec<Kind> = selection.registers.iter().map(kind).collect();
        let level = |set: &'a Set| Level {
            cursor: Cursor::new(&set.files, selection, from, meter),
            before: None,
            registers: registers.clone(),
            attached: Row::default(),
        };
        Self { levels: imports.sets.iter().map(level).collect() }
    }

    /// Takes the next row of the meter itself, and gives what comes before it, and the row.
    pub fn take(&mut self, row: &Row, each: &mut dyn FnMut(&Row)) {
        feed(&mut self.levels, Some(row), each);
    }

    /// Gives what comes behind the last row.
    pub fn finish(mut self, each: &mut dyn FnMut(&Row)) -> u64 {
        feed(&mut self.levels, None, each);
        self.levels.iter().map(|level| level.cursor.bad).sum()
    }
}

/// Gives a row to the levels; `None` is the end of all rows.
fn feed(levels: &mut [Level<'_>], row: Option<&Row>, each: &mut dyn FnMut(&Row)) {
    let Some((level, rest)) = levels.split_first_mut() else {
        if let Some(row) = row {
            each(row);
        }
        return;
    };
    let is_gap = match (&level.before, row) {
        (Some(before), Some(row)) => row.time - before.time > MAX_APART,
        _ => true,
    };
    let to = row.map_or(i64::MAX, |row| row.time);
    while let Some(mut imported) = level.cursor.take(to) {
        if is_gap && imported.time < to {
            if level.fits(&mut imported, row) {
                feed(rest, Some(&imported), each);
            }
        } else {
            level.attach(&imported, row);
        }
    }
    let Some(row) = row else {
        feed(rest, None, each);
        return;
    };
    level.before.get_or_insert_default().clone_from(row);
    if level.attached.registers.iter().any(Option::is_some) {
        let mut full = row.clone();
        for (mine, attached) in full.registers.iter_mut().zip(&mut level.attached.registers) {
            *mine = mine.or(attached.take());
        }
        feed(rest, Some(&full), each);
    } else {
        feed(rest, Some(row), each);
    }
}

impl Level<'_> {
    /// Whether an imported row can be between the row before it and the one behind it. Readings of devices that cannot
    /// are taken out of it.
    fn fits(&self, imported: &mut Row, after: Option<&Row>) -> bool {
        let Some(before) = &self.before else { return true };
        let Some(after) = after else { return true };
        let is_same = |one: &Row, other: &Row| {
            one.device == 0 || other.device == 0 || one.device == other.device
        };
        let registers = |one: &Row, kind: Kind, other: &Row| -> Vec<(usize, i64)> {
            let pairs = one.registers.iter().zip(&other.registers).enumerate();
            let of_kind = pairs.filter(|(at, _)| self.registers[*at] == kind);
            of_kind
                .filter_map(|(at, (one, other))| {
                    Some((at, one.as_ref()?.value - other.as_ref()?.value))
                })
                .collect()
        };
        let rises = |from: &Row, to: &Row| {
            is_same(from, to)
                && registers(to, Kind::Energy, from).iter().all(|(_, rise)| *rise >= 0)
        };
        let is_between = if is_same(before, after) {
            rises(before, imported) && rises(imported, after)
        } else {
            rises(before, imported) || rises(imported, after)
        };
        let falls =
            [registers(imported, Kind::Device, before), registers(after, Kind::Device, imported)];
        for (at, rise) in falls.concat() {
            if rise < 0 {
                imported.registers[at] = None;
            }
        }
        is_between
    }

    /// Keeps readings of devices that neither the row before nor the one behind has.
    fn attach(&mut self, imported: &Row, after: Option<&Row>) {
        self.attached.registers.resize(self.registers.len(), None);
        for (at, kind) in self.registers.iter().enumerate() {
            let has = |row: Option<&Row>| {
                row.is_some_and(|row| row.registers.get(at).copied().flatten().is_some())
            };
            if *kind == Kind::Device
                && imported.registers[at].is_some()
                && !has(self.before.as_ref())
                && !has(after)
            {
                self.attached.registers[at] = imported.registers[at];
            }
        }
    }
}

/// The rows of one import, one after the other.
struct Cursor<'a> {
    files: std::slice::Iter<'a, YearFile>,
    selection: &'a Selection,
    from: i64,
    meter: Option<&'a str>,
    open: Option<(RowReader, Lines)>,
    next: Option<Row>,
    /// Lines that are no rows, and files that could not be read to their end.
    bad: u64,
    last: i64,
}

impl<'a> Cursor<'a> {
    fn new(
        files: &'a [YearFile],
        selection: &'a Selection,
        from: i64,
        meter: Option<&'a str>,
    ) -> Self {
        let is_needed = |file: &&YearFile| file.last.is_none_or(|last| last >= from);
        let skipped = files.iter().position(|file| is_needed(&file)).unwrap_or(files.len());
        Self {
            files: files[skipped..].iter(),
            selection,
            from,
            meter,
            open: None,
            next: None,
            bad: 0,
            last: i64::MIN,
        }
    }

    /// The next row, if it is not after `to`.
    fn take(&mut self, to: i64) -> Option<Row> {
        if self.next.is_none() {
            self.next = self.read();
        }
        self.next.take_if(|row| row.time <= to)
    }

    fn read(&mut self) -> Option<Row> {
        loop {
            if self.open.is_none() {
                let file = self.files.next()?;
                match open(&file.path, file.is_compressed, self.from) {
                    Ok((header, source)) => {
                        let reader = RowReader::new(&header, self.selection);
                        self.open = reader.map(|reader| (reader, Lines::new(source)));
                    }
                    Err(_) => self.bad += 1,
                }
                continue;
            }
            let Some((reader, lines)) = &mut self.open else { continue };
            let Some(line) = lines.next() else {
                self.bad += u64::from(lines.has_failed);
                self.open = None;
                continue;
            };
            let Some(time) = reader.time(line) else {
                self.bad += 1;
                continue;
            };
            if time < self.from || time < FIRST_SECOND || time <= self.last {
                continue;
            }
            match reader.read(line, time) {
                None => self.bad += 1,
                Some(row) if self.meter.is_none_or(|meter| row.meter() == meter.as_bytes()) => {
                    self.last = time;
                    return Some(row.clone());
                }
                Some(_) => {}
            }
        }
    }
}

/// The whole lines of a file.
struct Lines {
    source: Box<dyn Read>,
    text: Vec<u8>,
    start: usize,
    has_failed: bool,
}

impl Lines {
    fn new(source: Box<dyn Read>) -> Self {
        Self { source, text: Vec::new(), start: 0, has_failed: false }
    }

    /// The next line without its end; `None` at the end of the file. What has no end is torn.
    fn next(&mut self) -> Option<&[u8]> {
        let length = loop {
            if let Some(length) = memchr(b'\n', &self.text[self.start..]) {
                break length;
            }
            self.text.drain(..self.start);
            self.start = 0;
            let filled = self.text.len();
            if filled > MAX_LINE {
                self.has_failed = true;
                return None;
            }
            self.text.resize(filled + MAX_LINE, 0);
            let read = loop {
                match self.source.read(&mut self.text[filled..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            let read = read.unwrap_or_else(|_| {
                self.has_failed = true;
                0
            });
            self.text.truncate(filled + read);
            if read == 0 {
                return None;
            }
        };
        let start = self.start;
        self.start += length + 1;
        Some(&self.text[start..start + length])
    }
}
