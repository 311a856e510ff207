//! The outputs of rows, as the configuration has them.
//!
//! Owns which there are, the order in which they are written, and how many rows may wait for each.

use std::collections::VecDeque;
use std::path::Path;

use chrono::NaiveDateTime;

use super::history::Recent;
use super::meters::Meter;
use super::output::{Output, Shape};
use super::pattern::Pattern;
use super::storage::Storage;
use super::today;
use super::zone::Zone;
use crate::config::{Config, FileOutput};
use crate::history::compose;
use crate::history::record::Record;
use crate::meter::Day;

/// Most bytes of details rows that wait: seven hours of a three-phase meter with a telegram each second.
const DETAILS_LIMIT: usize = 8 << 20;

/// Most bytes of other rows that wait: over a month of 5-minute records.
const OTHER_LIMIT: usize = 1 << 20;

/// The outputs of rows. What is `None` is off.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    pub details: Option<Output>,
    pub interval: Option<Output>,
    pub day: Option<Output>,
    pub history: Option<Output>,
    pub weekly: Option<Output>,
}

impl Outputs {
    pub fn configure(&mut self, config: &Config) {
        let weekly = &config.weekly_log;
        let weekly = FileOutput {
            enabled: weekly.enabled,
            filename: weekly.filename.clone(),
            flush_period: weekly.flush_period,
            keep_days: None,
            spares_older: false,
        };
        let (interval, day) = (&config.p1_reader_interval, &config.p1_reader_day);
        let min_free = config.p1_reader.min_free;
        let configure = |output: &mut _, settings, name, shape, limit| {
            Output::configure(output, settings, min_free, (name, shape, limit));
        };
        let complete = Shape::Complete(VecDeque::new());
        configure(&mut self.interval, interval, "interval", complete, OTHER_LIMIT);
        let details = &config.p1_reader_details;
        configure(&mut self.details, details, "details", Shape::Table(Vec::new()), DETAILS_LIMIT);
        configure(&mut self.day, day, "day", Shape::Lines, OTHER_LIMIT);
        let history = Shape::History(Recent::default());
        configure(&mut self.history, &config.p1_reader_history, "history", history, OTHER_LIMIT);
        configure(&mut self.weekly, &weekly, "weekly", Shape::Lines, OTHER_LIMIT);
    }

    /// Adds a 5-minute record of this meter, if there is one.
    pub fn add_record(&mut self, meter: &Meter, record: Option<Record>) {
        let Some(record) = record else { return };
        for output in [&mut self.interval, &mut self.day].into_iter().flatten() {
            output.add(meter, record.time, |out| record.write(out));
        }
    }

    /// Adds rows of the history of this meter.
    pub fn add_rows(&mut self, meter: &Meter, rows: impl IntoIterator<Item = compose::Row>) {
        let Some(output) = &mut self.history else { return };
        for row in rows {
            output.add(meter, row.local, |out| out.extend_from_slice(&row.text));
        }
    }

    /// Ends what is open of this meter.
    pub fn close(&mut self, meter: &mut Meter, zone: &impl Zone) {
        let record = meter.five_minutes.close();
        self.add_record(meter, record);
        let row = meter.rows.close(zone);
        self.add_rows(meter, row);
    }

    /// The day so far; an earlier run may have recorded a part.
    pub fn day(
        &self,
        storage: &mut dyn Storage,
        meter: &Meter,
        now: NaiveDateTime,
        zone: &impl Zone,
    ) -> Day {
        let path = |output: &Option<Output>| Some(output.as_ref()?.path(meter, now));
        let [details, records] = [path(&self.details), path(&self.day)];
        today::resume(storage, now, details.as_deref(), records.as_deref(), zone)
    }

    /// In the order of writing. The interval file is new and comes first: file systems with a journal bring its name to
    /// the disk together with the rows that are appended to the others, at no further cost.
    pub fn iter(&self) -> impl Iterator<Item = &Output> {
        let outputs = [&self.interval, &self.details, &self.day, &self.history, &self.weekly];
        outputs.into_iter().flatten()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Output> {
        let Self { interval, details, day, history, weekly } = self;
        let outputs = [interval, details, day, history, weekly];
        outputs.into_iter().flatten()
    }
}

/// The names of the files that are written, but for those with `METER`: they are known when the meter is.
pub(super) fn files(config: &Config) -> impl Iterator<Item = &Path> {
    let outputs = config.outputs().into_iter();
    let written = outputs.filter_map(|(_, enabled, file)| enabled.then_some(file));
    written.filter(|file| !Pattern::new(file).has_meter())
}
