//! Whether an output can be written: said once when it fails, and once when it works again.
//!
//! Owns the words for it and the count of rows that were lost, so that no output logs twice.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}{}", file.display(), way_out(source))]
pub(super) struct Failure {
    pub file: PathBuf,
    pub source: io::Error,
}

/// A service may write to few places, and is told of any other one as if the disk were at fault.
fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            " (PLACES in p1reader(8) tells where a service may write)"
        }
        _ => "",
    }
}

/// The state of one output.
#[derive(Debug)]
pub(super) struct Health {
    output: &'static str,
    failing: bool,
    /// Rows that waited, and were written after all.
    kept: usize,
    /// Rows that had to be dropped.
    lost: usize,
}

impl Health {
    pub fn new(output: &'static str) -> Self {
        Self { output, failing: false, kept: 0, lost: 0 }
    }

    /// The name of the output.
    pub fn output(&self) -> &'static str {
        self.output
    }

    /// Whether the last attempt failed.
    pub fn is_failing(&self) -> bool {
        self.failing
    }

    /// Something could not be written.
    pub fn failed(&mut self, failure: &Failure) {
        if !std::mem::replace(&mut self.failing, true) {
            log::error!(output = self.output, file:% = failure.file.display();
                "{}: {failure}; rows wait in memory", self.output);
        }
    }

    /// Rows were written, all those of one file.
    pub fn wrote(&mut self, rows: usize) {
        if self.failing {
            self.kept += rows;
        }
    }

    /// Everything is written, this file last.
    pub fn recovered(&mut self, file: &Path) {
        if self.failing {
            log::warn!(output = self.output, file:% = file.display();
                "{}: {} can be written again; {} rows were kept, {} lost",
                self.output, file.display(), self.kept, self.lost);
            *self = Self::new(self.output);
        }
    }

    /// The oldest rows were dropped, for memory is full.
    pub fn dropped(&mut self, rows: usize) {
        if rows > 0 && self.lost == 0 {
            log::warn!(output = self.output;
                "{}: too many rows wait, the oldest ones are dropped", self.output);
        }
        self.lost += rows;
    }

    /// The program ends, or the output is turned off, with rows that were never written.
    pub fn gave_up(&self, rows: usize) {
        let lost = rows + self.lost;
        if lost > 0 {
            log::error!(output = self.output;
                "{}: {lost} rows could not be written and are lost", self.output);
        }
    }
}
