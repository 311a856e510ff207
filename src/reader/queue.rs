//! Rows that wait for their file, in order, in bounded memory.
//!
//! Owns which rows go together and what is dropped when there are too many. It writes nothing.

use chrono::{NaiveDate, NaiveDateTime};

/// The most files that rows may wait for at a time. More would be the work of a sender whose clock is
/// wild, for a file has a day, a week or a flush period.
const MAX_FILES: usize = 128;

/// Room for the rows of a file, in bytes: ten minutes of telegrams. It is reserved at once, because a vector that grows
/// leaves its old memory behind. The system gives memory only to what is written.
const ROOM: usize = 256 * 1024;

/// Rows of one file.
#[derive(Debug)]
pub(super) struct Batch {
    /// The first date whose rows go to this file.
    pub date: NaiveDate,
    /// The name of the meter.
    pub meter: String,
    /// Local time of the last row.
    pub last: NaiveDateTime,
    /// The number of rows.
    pub rows: usize,
    text: Vec<u8>,
    /// Where the first row begins that has not been dropped.
    start: usize,
}

impl Batch {
    /// The rows, each ended by LF.
    pub fn text(&self) -> &[u8] {
        &self.text[self.start..]
    }

    /// Adds empty cells to each row.
    fn pad(&mut self, cells: usize) {
        let mut padded = Vec::with_capacity(self.text.len() + self.rows * cells);
        for row in self.text().split_inclusive(|&byte| byte == b'\n') {
            padded.extend_from_slice(row.strip_suffix(b"\n").unwrap_or(row));
            padded.extend(std::iter::repeat_n(b';', cells));
            padded.push(b'\n');
        }
        (self.text, self.start) = (padded, 0);
    }

    fn drop_first_row(&mut self) {
        let length = self.text().iter().position(|&byte| byte == b'\n');
        self.start += length.map_or(self.text().len(), |length| length + 1);
        self.rows -= 1;
        if self.start > self.text.len() / 2 {
            self.text.drain(..self.start);
            self.start = 0;
        }
    }
}

/// What came of a row that was added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    /// Its file is another one than that of earlier rows of the meter which still wait.
    pub rotated: bool,
    /// This many of the oldest rows were dropped to make room.
    pub dropped: usize,
    /// This many bytes wait now.
    pub bytes: usize,
}

/// Rows that wait for their files.
#[derive(Debug)]
pub(super) struct Queue {
    batches: Vec<Batch>,
    /// The most bytes of rows.
    limit: usize,
}

impl Queue {
    pub fn new(limit: usize) -> Self {
        Self { batches: Vec::new(), limit }
    }

    /// Adds the row that `write` appends, LF included, to the file of this date and meter.
    pub fn add(
        &mut self,
        date: NaiveDate,
        meter: &str,
        time: NaiveDateTime,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Added {
        let mut added = Added::default();
        let is_same = |batch: &Batch| batch.date == date && batch.meter == meter;
        let position = self.batches.iter().rposition(is_same);
        let position = position.unwrap_or_else(|| {
            added.rotated = self.batches.iter().any(|batch| batch.meter == meter);
            if self.batches.len() == MAX_FILES {
                added.dropped += self.batches.remove(0).rows;
            }
            self.batches.push(Batch {
                date,
                meter: meter.to_owned(),
                last: time,
                rows: 0,
                text: Vec::with_capacity(ROOM.min(self.limit)),
                start: 0,
            });
            self.batches.len() - 1
        });
        let batch = &mut self.batches[position];
        write(&mut batch.text);
        batch.last = time;
        batch.rows += 1;
        added.bytes = self.batches.iter().map(|batch| batch.text().len()).sum();
        self.make_room(&mut added);
        added
    }

    /// Whether rows wait for the file of this date and meter.
    pub fn has(&self, date: NaiveDate, meter: &str) -> bool {
        self.batches.iter().any(|batch| batch.date == date && batch.meter == meter)
    }

    /// Adds empty cells to the rows that wait for the file of this date and meter.
    pub fn pad(&mut self, date: NaiveDate, meter: &str, cells: usize) {
        let mut batches = self.batches.iter_mut();
        if let Some(batch) = batches.rfind(|batch| batch.date == date && batch.meter == meter) {
            batch.pad(cells);
        }
    }

    /// Passes each batch to `write`, oldest first, and removes those for which it returns true.
    pub fn write_batches(&mut self, mut write: impl FnMut(&Batch) -> bool) {
        self.batches.retain(|batch| !write(batch));
    }

    /// The number of rows that wait.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(|batch| batch.rows).sum()
    }

    fn make_room(&mut self, added: &mut Added) {
        while added.bytes > self.limit {
            let oldest = &mut self.batches[0];
            let before = oldest.text().len();
            oldest.drop_first_row();
            added.bytes -= before - oldest.text().len();
            added.dropped += 1;
            if oldest.rows == 0 {
                self.batches.remove(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(queue: &mut Queue, day: u32, meter: &str, row: &str) -> Added {
        let date = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let date = date + chrono::Days::new(day.into());
        queue.add(date, meter, date.into(), |out| {
            out.extend_from_slice(row.as_bytes());
            out.push(b'\n');
        })
    }

    fn texts(queue: &mut Queue) -> Vec<String> {
        let mut texts = Vec::new();
        queue.write_batches(|batch| {
            texts.push(String::from_utf8_lossy(batch.text()).replace('\n', " "));
            true
        });
        texts
    }

    #[test]
    fn rows_of_one_file_stay_together_and_in_order() {
        let mut queue = Queue::new(100);
        for (day, meter, row) in [(1, "A", "a"), (1, "B", "b"), (1, "A", "c"), (2, "A", "d")] {
            let added = add(&mut queue, day, meter, row);
            assert_eq!(added.rotated, day == 2, "{row}");
        }
        assert_eq!(queue.rows(), 4);
        assert_eq!(texts(&mut queue), ["a c ", "b ", "d "]);
        assert_eq!(queue.rows(), 0);
    }

    #[test]
    fn a_batch_that_is_not_taken_stays() {
        let mut queue = Queue::new(100);
        add(&mut queue, 1, "", "a");
        add(&mut queue, 2, "", "b");
        queue.write_batches(|batch| batch.text() == b"b\n");
        add(&mut queue, 1, "", "c");
        assert_eq!(texts(&mut queue), ["a c "]);
    }

    #[test]
    fn beyond_the_limit_the_oldest_rows_are_dropped_and_counted() {
        let mut queue = Queue::new(8);
        for row in ["1", "2", "3", "4"] {
            assert_eq!(add(&mut queue, 1, "", row).dropped, 0);
        }
        assert_eq!(add(&mut queue, 2, "", "567").dropped, 2);
        assert_eq!(add(&mut queue, 2, "", "8").dropped, 1);
        assert_eq!(queue.rows(), 3);
        assert_eq!(texts(&mut queue), ["4 ", "567 8 "]);
        assert_eq!(add(&mut queue, 2, "", "longer than all").dropped, 1);
        assert_eq!(queue.rows(), 0);
    }

    #[test]
    fn rows_that_wait_can_get_further_cells() {
        let mut queue = Queue::new(30);
        for (day, row) in
            [(1, "dropped row"), (1, "a;b;"), (1, "c;d;"), (2, "e;f;"), (1, "0123456789")]
        {
            add(&mut queue, day, "A", row);
        }
        let date = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap();
        assert!(queue.has(date, "A") && !queue.has(date, "B"));
        queue.pad(date, "A", 2);
        queue.pad(date, "B", 2);
        assert_eq!(texts(&mut queue), ["a;b;;; c;d;;; 0123456789;; ", "e;f; "]);
    }

    #[test]
    fn memory_does_not_grow_where_rows_are_dropped() {
        let mut queue = Queue::new(1000);
        for _ in 0..10_000 {
            add(&mut queue, 1, "", "twenty bytes of text");
        }
        assert!(queue.batches[0].text.capacity() <= 4000);
        assert_eq!(queue.rows(), 1000 / 21);
    }

    #[test]
    fn a_wild_clock_does_not_make_files_without_number() {
        let mut queue = Queue::new(1_000_000);
        let dropped: usize = (0..1000).map(|day| add(&mut queue, day, "", "row").dropped).sum();
        assert_eq!(dropped, 1000 - MAX_FILES);
        assert_eq!(texts(&mut queue).len(), MAX_FILES);
    }
}
