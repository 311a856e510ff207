//! Reads the history beside the loop: a decade takes seconds on a small computer.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::dashboard::past::Past;
use crate::history::files::HistoryError;
use crate::runtime::background::Background;
use crate::telegram::Timestamp;
use crate::zone::HostZone;

/// What reading gives.
type Found = Result<Past, HistoryError>;

/// The files of the history, and the reading of them.
#[derive(Debug)]
pub(super) struct LookBack {
    pattern: PathBuf,
    /// In a mutex because cursive wants views that threads can share; nobody else has it.
    reading: Mutex<Option<Background<Found>>>,
}

impl LookBack {
    /// Of the files that this path with its placeholders names.
    pub fn new(pattern: PathBuf) -> Self {
        Self { pattern, reading: Mutex::new(None) }
    }

    /// Starts to read, unless that is being done.
    pub fn start(&mut self, meter: Option<String>) {
        if self.reading().is_some() {
            return;
        }
        let pattern = self.pattern.clone();
        let now = Timestamp::from(SystemTime::now()).seconds();
        let read = move || Past::read(&pattern, meter.as_deref(), HostZone, now);
        match Background::start(read) {
            Ok(reading) => *self.reading() = Some(reading),
            Err(error) => log::warn!("cannot read the history: {error}"),
        }
    }

    /// What was read, once it is there.
    pub fn result(&mut self) -> Option<Found> {
        let reading = self.reading();
        match reading.as_ref()?.result() {
            Ok(None) => None,
            Ok(Some(found)) => {
                *reading = None;
                Some(found)
            }
            Err(error) => {
                log::warn!("cannot read the history: {error}");
                *reading = None;
                None
            }
        }
    }

    fn reading(&mut self) -> &mut Option<Background<Found>> {
        self.reading.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}
