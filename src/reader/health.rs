//! Whether an output can be written: said once when it fails, and once when it works again.
//!
//! Owns the words for it and the count of rows that were lost, so that no output logs twice. The page has
//! no rows: the next one shows all that it showed.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}{}", file.display(), way_out(source))]
pub(super) struct Failure {
    pub file: PathBuf,
    pub source: io::Error,
}

/// A service may write to few places; for any other the error looks like a fault of the disk.
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
    has_rows: bool,
    failing: bool,
    /// Rows that waited, and were written after all.
    kept: usize,
    /// Rows that had to be dropped.
    lost: usize,
}

impl Health {
    /// Of an output of rows.
    pub fn of_rows(output: &'static str) -> Self {
        Self { output, has_rows: true, failing: false, kept: 0, lost: 0 }
    }

    /// Of the page.
    pub fn of_page(output: &'static str) -> Self {
        Self { has_rows: false, ..Self::of_rows(output) }
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
                "{}: {failure}{}", self.output, self.until_then());
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
                "{}: {} can be written again{}", self.output, file.display(), self.meanwhile());
            *self = Self { failing: false, kept: 0, lost: 0, ..*self };
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

    /// What becomes of rows that cannot be written.
    fn until_then(&self) -> &'static str {
        if self.has_rows { "; rows wait in memory" } else { "" }
    }

    /// What became of them.
    fn meanwhile(&self) -> String {
        if self.has_rows {
            format!("; {} rows were kept, {} lost", self.kept, self.lost)
        } else {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_rows_is_said_what_becomes_of_them_and_of_the_page_nothing() {
        let failure = Failure { file: "/f".into(), source: ErrorKind::StorageFull.into() };
        let mut rows = Health::of_rows("day");
        rows.failed(&failure);
        rows.wrote(3);
        rows.dropped(2);
        assert_eq!(rows.until_then(), "; rows wait in memory");
        assert_eq!(rows.meanwhile(), "; 3 rows were kept, 2 lost");
        rows.recovered(Path::new("/f"));
        assert_eq!(rows.meanwhile(), "; 0 rows were kept, 0 lost");
        let page = Health::of_page("html");
        assert_eq!((page.until_then(), page.meanwhile().as_str()), ("", ""));
    }
}
