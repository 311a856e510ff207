//! The files of a history: which there are, in which order they are read, and what is wrong with them.
//!
//! Owns the way from a folder to rows. Rows come in the order of time, each once: of two rows of one time the first
//! counts. A file is read in pieces, and from the first row that is asked for; what is not a row is counted, and
//! named with its line. Rows that were imported come where the meter's own are not.

mod imports;
mod names;
mod order;
mod read;
mod source;

use std::io;
use std::path::{Path, PathBuf};

use self::imports::{Imports, Merger};
use self::names::{is_year_file, names, split_pattern};
use self::order::Order;
use self::source::{Ends, ends};
use super::classic::{DayFile, Moments};
use super::parse_import_file;
use super::row::{Row, Selection};
use crate::text;

pub(crate) use self::order::MeterSpan;

/// How far a neighbour of a row is looked for, in seconds: most are near.
const NEIGHBOURS: [i64; 4] = [900, 86_400, 40 * 86_400, i64::MAX / 2];

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

impl Findings {
    /// Adds a sentence, unless it is there: a report may read the same file more than once.
    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
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
    imports: Imports,
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
            imports: Imports::default(),
            meter: meter.map(str::to_owned),
            findings: Findings::default(),
        };
        for name in &names {
            let plain = name.strip_suffix(".gz").unwrap_or(name);
            let is_compressed = plain.len() < name.len();
            // Of a file that is there twice the plain one counts.
            let is_double = is_compressed && names.iter().any(|known| known == plain);
            if is_double {
                continue;
            }
            // Also where `METER` stands for any text.
            if parse_import_file(plain).is_some() {
                history.add_import(folder, name);
            } else if is_year_file(plain, &pattern) {
                history.add(folder.join(name), is_compressed);
            }
        }
        history.files.sort_by_key(|file| file.first);
        Ok(history)
    }

    /// Leaves out what was imported from other programs.
    pub fn leave_out_imports(&mut self) {
        self.imports = Imports::default();
    }

    fn add_import(&mut self, folder: &Path, name: &str) {
        match self.imports.add(folder, name) {
            None => {}
            Some(Ok(what)) => self.warn(&folder.join(name), what),
            Some(Err(error)) => {
                let what = format!("cannot be read, what it holds is missing: {error}");
                self.warn(&folder.join(name), &what);
                self.findings.has_unreadable = true;
            }
        }
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
        let second = |date| midnight(self.moments, date);
        let imports = &self.imports;
        self.days.retain(|day| {
            let start = second(day.date);
            let end = day.date.succ_opt().map_or(i64::MAX, second);
            begin.is_none_or(|begin| start < begin) && !imports.has_day(start, end)
        });
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
        let files = self.files.first().map(|file| file.first);
        [days, files, self.imports.first()].into_iter().flatten().min()
    }

    /// The time of the last row; a compressed file is read for it.
    pub fn last(&mut self) -> Result<Option<i64>, HistoryError> {
        Ok(self.last_own()?.max(self.imports.last()))
    }

    /// The time of the last row of the meter itself.
    fn last_own(&mut self) -> Result<Option<i64>, HistoryError> {
        let known = self.files.iter().filter_map(|file| file.last).max();
        let known = known.max(self.days_span.map(|(_, last)| last));
        let newest = self.files.last().map(|file| (file.last, file.first));
        match newest {
            Some((None, first)) => {
                let mut last = known.unwrap_or(first);
                let findings = self.findings.clone();
                self.read_own(&Selection::default(), first, i64::MAX, &mut |row| {
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
        self.findings.warn(format!("{}: {what}", path.display()));
    }

    /// Reads the rows from `from` to `to`, both included, with what the selection asks for.
    pub fn read(
        &mut self,
        selection: &Selection,
        from: i64,
        to: i64,
        each: &mut dyn FnMut(&Row),
    ) -> Result<Vec<MeterSpan>, HistoryError> {
        if self.imports.is_empty() {
            return self.read_own(selection, from, to, each);
        }
        // The rows on both sides of the range tell whether imported ones have room there.
        let (before, after) = (self.neighbour(from, -1)?, self.neighbour(to, 1)?);
        let (imports, meter) = (self.imports.clone(), self.meter.clone());
        let mut merger = Merger::new(&imports, selection, from, meter.as_deref());
        let mut order = Order::default();
        let mut shown = |row: &Row| {
            // A meter that comes back in an import is no reason to refuse years.
            if (from..=to).contains(&row.time) && order.admit(row).unwrap_or(false) {
                each(row);
            }
        };
        self.read_own(selection, before, after, &mut |row| merger.take(row, &mut shown))?;
        let bad = merger.finish(&mut shown);
        if bad > 0 {
            let lines = text::count(bad, "line");
            self.findings
                .warnings
                .push(format!("{lines} of imports left out: torn, or unreadable"));
        }
        Ok(order.meters)
    }

    /// The time of the meter's own row before this time, or behind it; the time itself where there is none.
    fn neighbour(&mut self, time: i64, direction: i64) -> Result<i64, HistoryError> {
        let ends = (self.files.first().map(|file| file.first), self.days_span);
        let has_before = ends.0.is_some_and(|first| first < time)
            || ends.1.is_some_and(|(first, _)| first < time);
        if direction < 0 && !has_before
            || direction > 0 && self.last_own()?.is_none_or(|last| last <= time)
        {
            return Ok(time);
        }
        let findings = self.findings.clone();
        let mut found = None;
        for reach in NEIGHBOURS {
            let (from, to) = if direction < 0 {
                (time.saturating_sub(reach), time - 1)
            } else {
                (time + 1, time.saturating_add(reach))
            };
            self.read_own(&Selection::default(), from, to, &mut |row| {
                if direction < 0 || found.is_none() {
                    found = Some(row.time);
                }
            })?;
            if found.is_some() {
                break;
            }
        }
        self.findings = findings;
        Ok(found.unwrap_or(time))
    }
}

/// The first second of a local day.
fn midnight(moments: Moments, date: chrono::NaiveDate) -> i64 {
    let local = date.and_time(chrono::NaiveTime::MIN);
    moments(local)[0].map_or(i64::MIN, crate::telegram::Timestamp::seconds)
}
