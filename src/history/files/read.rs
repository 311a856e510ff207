//! Reading the meter's own rows: those of the years, and before them those of single days.
//!
//! Owns which files a range needs, and what becomes of a line that is no row.

use std::io::{self, Read as _};
use std::path::Path;

use super::order::Order;
use super::source::{lines, open};
use super::{History, HistoryError, MeterSpan, YearFile, midnight};
use crate::history::classic::{DayFile, DayReader};
use crate::history::row::{FIRST_SECOND, Row, RowReader, Selection};
use crate::text;

/// The longest file of a day, in seconds: telegrams of midnight may come late.
const MAX_DAY: i64 = 27 * 3600;

impl History {
    /// Reads the rows of the meter itself.
    pub(super) fn read_own(
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
                let start = midnight(self.moments, day.date);
                if start > to_history || start.saturating_add(MAX_DAY) < from {
                    continue;
                }
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
            self.findings.warn(format!(
                "{rows} left out: their time was recorded before (the clock went back)"
            ));
        }
        Ok(order.meters)
    }

    /// Reads a day that was recorded before there was a history.
    pub(super) fn read_day(
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
        self.warn_of_bad_lines(&day.path, bad);
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
        let Some(mut reader) = RowReader::new(&header, selection) else { return Ok(()) };
        let mut bad = 0u64;
        let mut failure = None;
        let wanted = self.meter.as_deref().map(str::as_bytes);
        let read = lines(&mut source, |line| {
            // Before the rest of the row is looked at.
            let row = match reader.time(line) {
                Some(time) if time < from || time < FIRST_SECOND => return true,
                Some(time) if time > to => return false,
                Some(time) => reader.read(line, time),
                None => None,
            };
            let Some(row) = row else {
                bad += 1;
                return true;
            };
            if wanted.is_some_and(|wanted| row.meter() != wanted) {
                return true;
            }
            match order.admit(row) {
                Ok(true) => each(row),
                Ok(false) => {}
                Err(error) => {
                    failure = Some(error);
                    return false;
                }
            }
            true
        });
        self.warn_of_bad_lines(path, bad);
        read.map_err(unreadable)?;
        failure.map_or(Ok(()), Err)
    }

    fn warn_of_bad_lines(&mut self, path: &Path, bad: u64) {
        if bad > 0 {
            let lines = text::count(bad, "line");
            self.warn(path, &format!("{lines} left out: torn, or of another program"));
        }
    }
}
