//! The files of a history: which there are, in which order they are read, and what is wrong with them.
//!
//! Owns the way from a folder to rows. Rows come in the order of time, each once: of two rows of one time the first
//! counts. A file is read in pieces, and from the first row that is asked for; what is not a row is counted, and
//! named with its line.

use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use memchr::{memchr, memchr_iter, memrchr};

use super::classic::{DayFile, DayReader, Moments};
use super::row::{FIRST_SECOND, Layout, Row, Selection, row_time};
use crate::text;

/// What is read at once. The longest row and header fit by far.
const PIECE: usize = 128 * 1024;

/// The longest header.
const MAX_HEADER: usize = 16 * 1024;

/// How far from the row that is asked for reading may begin, in bytes.
const NEAR: u64 = 32 * 1024;

/// What is searched for the last row.
const TAIL: u64 = 8 * 1024;

/// A file of the history.
#[derive(Clone, Debug)]
struct YearFile {
    path: PathBuf,
    is_compressed: bool,
    /// The time of the first row.
    first: i64,
    /// The time of the last row, where the file tells it without being read.
    last: Option<i64>,
}

/// Why there is nothing to report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HistoryError {
    /// Reading failed.
    #[error("{}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// Rows of two meters that send at the same time.
    #[error("the files hold the meters {0} and {1} at the same time: choose one with --meter")]
    TwoMeters(String, String),
}

/// What is odd about the files. Nothing of it keeps the rest from being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// A sentence each.
    pub warnings: Vec<String>,
    /// Whether a file could not be read.
    pub has_unreadable: bool,
}

/// A meter, and when it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MeterSpan {
    pub id: String,
    pub from: i64,
    pub to: i64,
}

/// The recorded years.
#[derive(Debug)]
pub(crate) struct History {
    files: Vec<YearFile>,
    /// Days before the first row of the files, in order, and how their local times are read.
    days: Vec<DayFile>,
    moments: Moments,
    /// The first and the last row of the days.
    days_span: Option<(i64, i64)>,
    meter: Option<String>,
    pub findings: Findings,
}

impl History {
    /// Finds the files that `pattern` names: a path whose last component has `YEAR`, and perhaps `METER`. With
    /// `meter` the rows of other meters are left out.
    pub fn open(pattern: &Path, meter: Option<&str>) -> Result<Self, HistoryError> {
        let (folder, pattern) = split_pattern(pattern);
        let names = names(folder)?;
        let mut history = Self {
            files: Vec::new(),
            days: Vec::new(),
            moments: |_| [None; 2],
            days_span: None,
            meter: meter.map(str::to_owned),
            findings: Findings::default(),
        };
        for name in &names {
            let plain = name.strip_suffix(".gz").unwrap_or(name);
            let is_compressed = plain.len() < name.len();
            // Of a file that is there twice the plain one counts.
            let is_double = is_compressed && names.iter().any(|known| known == plain);
            if is_year_file(plain, &pattern) && !is_double {
                history.add(folder.join(name), is_compressed);
            }
        }
        history.files.sort_by_key(|file| file.first);
        Ok(history)
    }

    /// Adds the days before the first row, from files of details and of 5-minute records. Their patterns have `DAY` in
    /// the last component, and their times are local. A day that has both is read from the details.
    pub fn add_days(
        &mut self,
        details: &Path,
        records: &Path,
        moments: Moments,
    ) -> Result<(), HistoryError> {
        self.moments = moments;
        for (pattern, is_details) in [(details, true), (records, false)] {
            let (folder, pattern) = split_pattern(pattern);
            for name in names(folder)? {
                self.days.extend(DayFile::of(folder, &name, &pattern, is_details));
            }
        }
        // The details first, and the plain file before the compressed one.
        self.days.sort_by_key(|day| (day.date, !day.is_details, day.is_compressed));
        self.days.dedup_by_key(|day| day.date);
        let begin = self.files.first().map(|file| file.first);
        let local = |date: chrono::NaiveDate| date.and_time(chrono::NaiveTime::MIN);
        let second = |date| {
            (self.moments)(local(date))[0].map_or(i64::MIN, crate::telegram::Timestamp::seconds)
        };
        self.days.retain(|day| begin.is_none_or(|begin| second(day.date) < begin));
        let mut ends = Vec::new();
        let mut days = std::mem::take(&mut self.days);
        let at_ends = [days.first().cloned(), days.last().cloned()];
        for day in at_ends.into_iter().flatten() {
            let mut order = Order::default();
            self.read_day(
                &day,
                &Selection::default(),
                (i64::MIN, i64::MAX),
                &mut order,
                &mut |row| ends.push(row.time),
            );
        }
        std::mem::swap(&mut self.days, &mut days);
        let first = ends.iter().copied().min();
        self.days_span = first.zip(ends.iter().copied().max());
        Ok(())
    }

    /// The time of the first row.
    pub fn first(&self) -> Option<i64> {
        let days = self.days_span.map(|(first, _)| first);
        [days, self.files.first().map(|file| file.first)].into_iter().flatten().min()
    }

    /// The time of the last row; a compressed file is read for it.
    pub fn last(&mut self) -> Result<Option<i64>, HistoryError> {
        let known = self.files.iter().filter_map(|file| file.last).max();
        let known = known.max(self.days_span.map(|(_, last)| last));
        let newest = self.files.last().map(|file| (file.last, file.first));
        match newest {
            Some((None, first)) => {
                let mut last = known.unwrap_or(first);
                let findings = self.findings.clone();
                self.read(&Selection::default(), first, i64::MAX, &mut |row| {
                    last = last.max(row.time);
                })?;
                self.findings = findings;
                Ok(Some(last))
            }
            _ => Ok(known),
        }
    }

    fn add(&mut self, path: PathBuf, is_compressed: bool) {
        match ends(&path, is_compressed) {
            Ok(Ends::Rows { first, last }) => {
                self.files.push(YearFile { path, is_compressed, first, last });
            }
            Ok(Ends::Empty) => {}
            Ok(Ends::Early) => {
                self.warn(&path, "its rows are of a clock that was not yet set; left out");
            }
            Ok(Ends::Foreign) => {
                self.warn(&path, "no history file: its header is not that of p1reader; left out");
            }
            Err(error) => {
                self.warn(&path, &format!("cannot be read, what it holds is missing: {error}"));
                self.findings.has_unreadable = true;
            }
        }
    }

    fn warn(&mut self, path: &Path, what: &str) {
        self.findings.warnings.push(format!("{}: {what}", path.display()));
    }

    /// Reads the rows from `from` to `to`, both included, with what the selection asks for.
    pub fn read(
        &mut self,
        selection: &Selection,
        from: i64,
        to: i64,
        each: &mut dyn FnMut(&Row),
    ) -> Result<Vec<MeterSpan>, HistoryError> {
        let mut order = Order::default();
        // On the day on which the history begins both have rows.
        let to_history = self.files.first().map_or(to, |file| to.min(file.first - 1));
        if self.days_span.is_some_and(|(first, last)| first <= to_history && last >= from) {
            for at in 0..self.days.len() {
                let day = self.days[at].clone();
                self.read_day(&day, selection, (from, to_history), &mut order, each);
            }
        }
        for at in 0..self.files.len() {
            let file = self.files[at].clone();
            let next = self.files.get(at + 1);
            let is_before = file.last.is_some_and(|last| last < from)
                || file.last.is_none() && next.is_some_and(|next| next.first <= from);
            if is_before || file.first > to {
                continue;
            }
            let read = self.read_file(&file, selection, (from, to), &mut order, each);
            match read {
                Ok(()) => {}
                Err(HistoryError::Unreadable { path, source }) => {
                    self.warn(
                        &path,
                        &format!("cannot be read to its end, the rest is missing: {source}"),
                    );
                    self.findings.has_unreadable = true;
                }
                Err(error) => return Err(error),
            }
        }
        if order.late > 0 {
            let rows = text::count(order.late, "row");
            self.findings.warnings.push(format!(
                "{rows} left out: their time was recorded before (the clock went back)"
            ));
        }
        Ok(order.meters)
    }

    /// Reads a day that was recorded before there was a history.
    fn read_day(
        &mut self,
        day: &DayFile,
        selection: &Selection,
        (from, to): (i64, i64),
        order: &mut Order,
        each: &mut dyn FnMut(&Row),
    ) {
        let mut bad = 0;
        let moments = self.moments;
        let mut row = Row::default();
        let read = open(&day.path, day.is_compressed, i64::MIN).and_then(|(header, source)| {
            let Some(mut reader) = DayReader::new(selection, moments, &header, day.is_details)
            else {
                bad += 1;
                return Ok(());
            };
            // Records have no header: the first line is one of them.
            let first = if day.is_details { Vec::new() } else { [&header, &b"\n"[..]].concat() };
            lines(&mut io::Cursor::new(first).chain(source), |line| {
                match reader.read(line, &mut row) {
                    Some(true) if row.time >= from && row.time <= to => {
                        // A meter that comes back is no reason to refuse years of records.
                        if order.admit(&row).unwrap_or(false) {
                            each(&row);
                        }
                    }
                    Some(_) => {}
                    None => bad += 1,
                }
                true
            })
        });
        if let Err(error) = read {
            self.warn(&day.path, &format!("cannot be read, what it holds is missing: {error}"));
            self.findings.has_unreadable = true;
        }
        if bad > 0 {
            let lines = text::count(bad, "line");
            self.warn(&day.path, &format!("{lines} left out: torn, or of another program"));
        }
    }

    fn read_file(
        &mut self,
        file: &YearFile,
        selection: &Selection,
        (from, to): (i64, i64),
        order: &mut Order,
        each: &mut dyn FnMut(&Row),
    ) -> Result<(), HistoryError> {
        let path = &file.path;
        let unreadable = |source| HistoryError::Unreadable { path: path.clone(), source };
        let (header, mut source) = open(path, file.is_compressed, from).map_err(unreadable)?;
        let Some(layout) = Layout::of(&header, selection) else { return Ok(()) };
        let mut row = Row::default();
        let mut bad = 0u64;
        let mut failure = None;
        let wanted = self.meter.as_deref().map(str::as_bytes);
        let read = lines(&mut source, |line| {
            // Before the rest of the row is looked at.
            let is_row = match row_time(line) {
                Some(time) if time < from || time < FIRST_SECOND => return true,
                Some(time) if time > to => return false,
                Some(time) => layout.read(line, time, &mut row),
                None => false,
            };
            if !is_row {
                bad += 1;
                return true;
            }
            if wanted.is_some_and(|wanted| row.meter != wanted) {
                return true;
            }
            match order.admit(&row) {
                Ok(true) => each(&row),
                Ok(false) => {}
                Err(error) => {
                    failure = Some(error);
                    return false;
                }
            }
            true
        });
        if bad > 0 {
            let lines = text::count(bad, "line");
            self.warn(path, &format!("{lines} left out: torn, or of another program"));
        }
        read.map_err(unreadable)?;
        failure.map_or(Ok(()), Err)
    }
}

/// Puts rows in order.
struct Order {
    last: i64,
    meters: Vec<MeterSpan>,
    late: u64,
}

impl Default for Order {
    fn default() -> Self {
        Self { last: i64::MIN, meters: Vec::new(), late: 0 }
    }
}

impl Order {
    /// Whether a row counts: it is newer than those before it.
    fn admit(&mut self, row: &Row) -> Result<bool, HistoryError> {
        let name = || String::from_utf8_lossy(&row.meter).into_owned();
        let is_known = |meter: &MeterSpan| row.meter.is_empty() || meter.id.as_bytes() == row.meter;
        match self.meters.last_mut() {
            Some(meter) if is_known(meter) => {
                if row.time <= self.last {
                    self.late += 1;
                    return Ok(false);
                }
                meter.to = row.time;
            }
            Some(meter) if meter.id.is_empty() => {
                // Files of 1.0.0 by five minutes do not name their meter.
                meter.id = name();
                meter.to = row.time;
            }
            Some(meter) => {
                let before = meter.id.clone();
                if row.time <= self.last || self.meters.iter().any(is_known) {
                    return Err(HistoryError::TwoMeters(before, name()));
                }
                self.meters.push(MeterSpan { id: name(), from: row.time, to: row.time });
            }
            None => self.meters.push(MeterSpan { id: name(), from: row.time, to: row.time }),
        }
        self.last = row.time;
        Ok(true)
    }
}

/// The folder and the last component of a path with placeholders.
fn split_pattern(pattern: &Path) -> (&Path, String) {
    let name = pattern.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (pattern.parent().unwrap_or(Path::new(".")), name)
}

/// The names in a folder, in order; none where there is no such folder.
fn names(folder: &Path) -> Result<Vec<String>, HistoryError> {
    let unreadable = |source| HistoryError::Unreadable { path: folder.to_owned(), source };
    let mut names = Vec::new();
    match fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                names.extend(entry.map_err(unreadable)?.file_name().into_string());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(error)),
    }
    names.sort_unstable();
    Ok(names)
}

/// Whether this is the name of a file of `pattern`: `YEAR` stands for four digits and perhaps a letter, `METER` for
/// any text.
fn is_year_file(name: &str, pattern: &str) -> bool {
    let Some((before, after)) = pattern.split_once("YEAR") else { return name == pattern };
    let fits = |text: &str, pattern: &str| match pattern.split_once("METER") {
        Some((start, end)) => {
            text.len() > pattern.len() - "METER".len()
                && text.starts_with(start)
                && text.ends_with(end)
        }
        None => text == pattern,
    };
    name.as_bytes().windows(4).enumerate().any(|(at, year)| {
        let rest = at + 4;
        let letter = usize::from(name.as_bytes().get(rest).is_some_and(u8::is_ascii_lowercase));
        year.iter().all(u8::is_ascii_digit)
            && fits(&name[..at], before)
            && [rest, rest + letter].into_iter().any(|rest| fits(&name[rest..], after))
    })
}

/// What the ends of a file tell.
enum Ends {
    Rows { first: i64, last: Option<i64> },
    Empty,
    Early,
    Foreign,
}

fn ends(path: &Path, is_compressed: bool) -> io::Result<Ends> {
    let (header, mut source) = open(path, is_compressed, i64::MIN)?;
    if header.is_empty() {
        return Ok(Ends::Empty);
    }
    if Layout::of(&header, &Selection::default()).is_none() {
        return Ok(Ends::Foreign);
    }
    let (mut first, mut is_early) = (None, false);
    lines(&mut source, |line| {
        let time = row_time(line);
        is_early |= time.is_some_and(|time| time < FIRST_SECOND);
        first = time.filter(|time| *time >= FIRST_SECOND);
        first.is_none()
    })?;
    let Some(first) = first else {
        return Ok(if is_early { Ends::Early } else { Ends::Empty });
    };
    let last =
        if is_compressed { None } else { Some(last_time(path)?.unwrap_or(first).max(first)) };
    Ok(Ends::Rows { first, last })
}

/// The time of the last row of a plain file.
fn last_time(path: &Path) -> io::Result<Option<i64>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let whole = memrchr(b'\n', &tail).map_or(0, |end| end);
    Ok(tail[..whole].rsplit(|&byte| byte == b'\n').find_map(row_time))
}

/// The header of a file, and its lines from shortly before the row of `from`.
fn open(path: &Path, is_compressed: bool, from: i64) -> io::Result<(Vec<u8>, Box<dyn Read>)> {
    let mut file = File::open(path)?;
    if is_compressed {
        let mut source = MultiGzDecoder::new(file);
        let (header, rest, _) = header(&mut source)?;
        return Ok((header, Box::new(io::Cursor::new(rest).chain(source))));
    }
    let (header, rest, start) = header(&mut file)?;
    let length = file.metadata()?.len();
    if from == i64::MIN || rest.is_empty() {
        return Ok((header, Box::new(io::Cursor::new(rest).chain(file))));
    }
    let (mut low, mut high) = (start, length.max(start));
    while high - low > NEAR {
        let middle = low + (high - low) / 2;
        file.seek(SeekFrom::Start(middle))?;
        let mut piece = [0; 2048];
        let read = file.read(&mut piece)?;
        let mut rows = piece[..read].split(|&byte| byte == b'\n').skip(1);
        // Where no row is to be found, reading begins before.
        match rows.find_map(row_time) {
            Some(time) if time < from => low = middle,
            _ => high = middle,
        }
    }
    file.seek(SeekFrom::Start(low))?;
    let source: Box<dyn Read> = Box::new(file);
    if low == start {
        return Ok((header, source));
    }
    // It is in the middle of a row. The rest of it is no row that counts: it is older than `from`.
    let mut source = source;
    let mut piece = vec![0; 4096];
    let read = source.read(&mut piece)?;
    let next = memchr(b'\n', &piece[..read]).map_or(read, |end| end + 1);
    let rest = piece[next..read].to_vec();
    Ok((header, Box::new(io::Cursor::new(rest).chain(source))))
}

/// The first line without its end, what was read behind it, and where that begins. Empty when the file has no whole
/// line.
fn header(source: &mut impl Read) -> io::Result<(Vec<u8>, Vec<u8>, u64)> {
    let mut text = Vec::new();
    source.take(MAX_HEADER as u64).read_to_end(&mut text)?;
    let Some(end) = memchr(b'\n', &text) else { return Ok((Vec::new(), Vec::new(), 0)) };
    let rest = text.split_off(end + 1);
    let start = text.len() as u64;
    text.truncate(text.trim_ascii_end().len());
    Ok((text, rest, start))
}

/// Gives each whole line without its end, until `each` returns false. A last line without an end is torn: it is
/// left out.
pub(super) fn lines(source: &mut impl Read, mut each: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut filled = 0;
    let mut is_too_long = false;
    loop {
        let read = match source.read(&mut piece[filled..]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if read == 0 {
            return Ok(());
        }
        let scanned = filled;
        filled += read;
        let mut start = 0;
        for end in memchr_iter(b'\n', &piece[scanned..filled]) {
            let end = scanned + end;
            let is_cut = std::mem::take(&mut is_too_long);
            if !each(if is_cut { b"" } else { &piece[start..end] }) {
                return Ok(());
            }
            start = end + 1;
        }
        piece.copy_within(start..filled, 0);
        filled -= start;
        if filled == piece.len() {
            // Longer than any row: what is left of it counts as one line that is no row.
            is_too_long = true;
            filled = 0;
        }
    }
}
