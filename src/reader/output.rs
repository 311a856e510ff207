//! One output of rows: from waiting rows to files.
//!
//! Owns how rows come into a file, by the shape of the output. What a row looks like is not known here.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::columns::Columns;
use super::health::{Failure, Health};
use super::history::{self, Recent};
use super::meters::Meter;
use super::pattern::Pattern;
use super::queue::{Batch, Queue};
use super::removal::{Dated, Keep};
use super::storage::Storage;
use super::{details, leftovers, whole_seconds};
use crate::config::FileOutput;
use crate::message::Message;
use crate::reading::Registers;
use crate::telegram::Timestamp;

/// An output that could not be written is tried again after this many seconds, or earlier.
const RETRY_SECONDS: i64 = 60;

/// Rows whose file is over are written at once, but not again before this time.
const ROTATION_MICROS: u64 = 60_000_000;

/// How many names of complete files are remembered; an hour that comes twice has fewer.
const RECENT_NAMES: usize = 16;

/// How many names are tried for a complete file.
const MAX_TRIES: i64 = 3600;

/// How rows come into a file.
#[derive(Debug)]
pub(super) enum Shape {
    /// They are appended.
    Lines,
    /// They are appended in the columns of the file; see [`details`].
    Table(Vec<Table>),
    /// All that wait make a new file, which appears complete. A name that has been given lately, or
    /// that a file has, is passed over for that of the next second.
    Complete(VecDeque<PathBuf>),
    /// They are appended to the files of a year, which have the columns of their rows; see [`history`].
    History(Recent),
}

/// The columns in which rows of a file are made. They are kept as long as rows wait in them.
#[derive(Debug)]
pub(super) struct Table {
    date: NaiveDate,
    meter: String,
    columns: Columns,
}

/// Where rows go, and when.
#[derive(Debug)]
struct Target {
    pattern: Pattern,
    flush_seconds: i64,
    /// `None` keeps all files.
    keep: Option<Keep>,
    /// Megabytes of the disk that stay free.
    min_free: u32,
}

/// An output of rows.
#[derive(Debug)]
pub(super) struct Output {
    target: Target,
    shape: Shape,
    queue: Queue,
    /// Most bytes of rows that wait.
    limit: usize,
    health: Health,
    /// Whether so many rows wait that they should not wait for the next flush moment.
    is_half_full: bool,
    /// Whether the file of some rows is over.
    has_rotated: bool,
    /// When rows were written last because their file was over.
    rotated: Option<Timestamp>,
}

impl Output {
    /// Makes, changes or ends an output whose rows may take `limit` bytes of memory.
    ///
    /// Rows that still wait when the settings change go to the files that the new ones name.
    pub fn configure(
        output: &mut Option<Self>,
        settings: &FileOutput,
        min_free: u32,
        (name, shape, limit): (&'static str, Shape, usize),
    ) {
        let target = settings.enabled.then(|| Target {
            pattern: Pattern::new(&settings.filename),
            flush_seconds: whole_seconds(settings.flush_period),
            keep: settings.keep_days.map(|days| Keep { days, spares_older: settings.spares_older }),
            min_free,
        });
        match (output.as_mut(), target) {
            (Some(output), Some(target)) => output.target = target,
            (None, Some(target)) => {
                *output = Some(Self {
                    target,
                    shape,
                    queue: Queue::new(limit),
                    limit,
                    health: Health::of_rows(name),
                    is_half_full: false,
                    has_rotated: false,
                    rotated: None,
                });
            }
            (_, None) => output.take().iter().for_each(Self::report_lost),
        }
    }

    /// Whether each meter has files of its own.
    pub fn has_meter(&self) -> bool {
        self.target.pattern.has_meter()
    }

    /// The file that a row of this meter and local time goes to.
    pub fn path(&self, meter: &Meter, time: NaiveDateTime) -> PathBuf {
        let pattern = &self.target.pattern;
        pattern.path(pattern.first_date(time.date()), time, &meter.name)
    }

    /// Seconds whose multiples are the flush moments.
    pub fn period(&self) -> i64 {
        if self.health.is_failing() {
            self.target.flush_seconds.min(RETRY_SECONDS)
        } else {
            self.target.flush_seconds
        }
    }

    /// Its name, while it cannot be written.
    pub fn failing(&self) -> Option<&'static str> {
        self.health.is_failing().then(|| self.health.output())
    }

    /// Whether rows should be written now: a new file has begun, or memory is half full. Files of a clock that jumps
    /// to and fro are begun all the time: once a minute is enough.
    pub fn is_urgent(&self, now: Timestamp) -> bool {
        let is_over = |last| now.micros_since(last).unsigned_abs() >= ROTATION_MICROS;
        self.is_half_full || self.has_rotated && self.rotated.is_none_or(is_over)
    }

    /// Adds the row of a telegram in the columns of its file, which is read if it is a new one.
    pub fn add_telegram(
        &mut self,
        storage: &mut dyn Storage,
        meter: &Meter,
        time: NaiveDateTime,
        message: &Message,
        registers: &Registers,
    ) {
        if !self.takes(meter) {
            return;
        }
        let Self { target: Target { pattern, .. }, shape: Shape::Table(tables), queue, .. } = self
        else {
            return;
        };
        let date = pattern.first_date(time.date());
        let found = tables.iter().position(|table| table.date == date && table.meter == meter.name);
        let mut table = if let Some(at) = found {
            tables.swap_remove(at)
        } else {
            tables.retain(|table| queue.has(table.date, &table.meter));
            let columns = details::columns_of(storage, &pattern.path(date, time, &meter.name));
            Table { date, meter: meter.name.clone(), columns }
        };
        let known = table.columns.len();
        let cells = table.columns.place(message);
        let further = table.columns.len() - known;
        if further > 0 {
            queue.pad(date, &meter.name, further);
        }
        self.add(meter, time, |out| table.columns.write_row(out, time, cells, registers));
        if let Shape::Table(tables) = &mut self.shape {
            tables.push(table);
        }
    }

    /// Whether rows of this meter are recorded. Where the file name does not tell meters apart, only the
    /// one that is followed is; another recorder may record some of the others.
    fn takes(&self, meter: &Meter) -> bool {
        (meter.is_followed || self.has_meter()) && !self.health.is_left(&meter.name)
    }

    /// Adds the row that `write` appends, of this local time.
    pub fn add(&mut self, meter: &Meter, time: NaiveDateTime, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.takes(meter) {
            return;
        }
        let date = self.target.pattern.first_date(time.date());
        let added = self.queue.add(date, &meter.name, time, write);
        let is_half_full = added.bytes > self.limit / 2 && !self.health.is_failing();
        self.has_rotated |= added.rotated;
        self.is_half_full |= is_half_full;
        self.health.dropped(added.dropped);
    }

    /// Records those meters again that another recorder has recorded so far, if it does not any more.
    pub fn take_back(&mut self, storage: &mut dyn Storage) {
        let pattern = &self.target.pattern;
        self.health.take_back(|meter| storage.lock(&pattern.lock(meter)).is_none());
    }

    /// Puts in order what an earlier run left behind when it was killed.
    pub fn remove_leftovers(&self, storage: &mut dyn Storage) {
        let pattern = &self.target.pattern;
        leftovers::remove_unfinished(storage, pattern);
        if !matches!(self.shape, Shape::Complete(_)) {
            leftovers::truncate_newest(storage, pattern);
        }
    }

    /// Writes all rows at this time; see [`Output::flush`].
    pub fn flush_at(&mut self, now: Timestamp, storage: &mut dyn Storage) {
        if self.has_rotated {
            self.rotated = Some(now);
        }
        self.flush(storage);
    }

    /// Writes all rows. Those that the storage refuses stay, and so do all when it is nearly full.
    pub fn flush(&mut self, storage: &mut dyn Storage) {
        (self.is_half_full, self.has_rotated) = (false, false);
        if self.queue.rows() == 0 {
            return;
        }
        if let Err(source) = self.target.check_free(storage) {
            let file = self.target.pattern.directory().to_owned();
            return self.health.failed(&Failure { file, source });
        }
        let Self { target: Target { pattern, .. }, shape, queue, health, .. } = self;
        let mut written = None;
        queue.write_batches(|batch| {
            let stored = match storage.lock(&pattern.lock(&batch.meter)) {
                None => shape.store(storage, pattern, batch),
                // It records this meter, so nothing is lost.
                Some(holder) if pattern.has_meter() => {
                    health.left_to(holder, &batch.meter);
                    return true;
                }
                Some(holder) => {
                    Err(Failure::in_use(pattern.path(batch.date, batch.last, &batch.meter), holder))
                }
            };
            match stored {
                Ok(file) => {
                    health.wrote(batch.rows);
                    written = Some(file);
                    true
                }
                Err(failure) => {
                    health.failed(&failure);
                    false
                }
            }
        });
        if let Some(file) = written.filter(|_| queue.rows() == 0) {
            health.recovered(&file);
        }
    }

    /// The output comes to its end: says what could not be written.
    pub fn report_lost(&self) {
        self.health.report_lost(self.queue.rows());
    }

    /// Its files, if they are removed when they are old.
    pub fn dated(&self) -> Option<Dated<'_>> {
        let Target { pattern, keep, .. } = &self.target;
        Some(Dated { output: self.health.output(), pattern, keep: (*keep)? })
    }
}

impl Target {
    /// Fails when less of the disk is free than should stay so.
    fn check_free(&self, storage: &mut dyn Storage) -> io::Result<()> {
        const MB: u64 = 1_000_000;
        let min_free = u64::from(self.min_free) * MB;
        // A folder that is not there yet is made when it is written to.
        let free = storage.free(self.pattern.directory()).unwrap_or_default();
        match free.filter(|free| *free < min_free) {
            None => Ok(()),
            Some(free) => Err(io::Error::new(
                io::ErrorKind::StorageFull,
                format!(
                    "expected at least {} MB of free space (min_free), found {} MB",
                    self.min_free,
                    free / MB
                ),
            )),
        }
    }
}

impl Shape {
    fn store(
        &mut self,
        storage: &mut dyn Storage,
        pattern: &Pattern,
        batch: &Batch,
    ) -> Result<PathBuf, Failure> {
        let file = pattern.path(batch.date, batch.last, &batch.meter);
        let mut new = Columns::new();
        let stored = match self {
            Self::Lines => {
                storage.truncate_torn_line(&file).and_then(|_| storage.append(&file, batch.text()))
            }
            Self::Table(tables) => {
                let is_its =
                    |table: &&mut Table| table.date == batch.date && table.meter == batch.meter;
                let table = tables.iter_mut().find(is_its);
                let columns = table.map_or(&mut new, |table| &mut table.columns);
                details::append(storage, &file, batch.text(), columns)
            }
            Self::History(recent) => {
                let name = |part| pattern.path_of(batch.date, batch.last, &batch.meter, part);
                let of = (&*batch.meter, batch.last.date());
                let written = history::append(storage, name, of, batch.text(), recent);
                return written.map_err(|(file, source)| Failure { file, source });
            }
            Self::Complete(recent) => return create(storage, pattern, batch, recent),
        };
        match stored {
            Ok(()) => Ok(file),
            Err(source) => Err(Failure { file, source }),
        }
    }
}

/// Makes a complete file of a batch, under the first name from that of its last row on that is free and not in `recent`.
fn create(
    storage: &mut dyn Storage,
    pattern: &Pattern,
    batch: &Batch,
    recent: &mut VecDeque<PathBuf>,
) -> Result<PathBuf, Failure> {
    let name =
        |seconds| pattern.path(batch.date, batch.last + TimeDelta::seconds(seconds), &batch.meter);
    // If it cannot be told whether a file exists, it cannot be written either.
    let is_free = |file: &PathBuf| !recent.contains(file) && !storage.exists(file).unwrap_or(false);
    let Some(file) = (0..MAX_TRIES).map(name).find(is_free) else {
        return Err(Failure { file: name(0), source: io::ErrorKind::AlreadyExists.into() });
    };
    match storage.create(&file, batch.text()) {
        Ok(()) => {
            recent.truncate(RECENT_NAMES - 1);
            recent.push_front(file.clone());
            Ok(file)
        }
        Err(source) => Err(Failure { file, source }),
    }
}
