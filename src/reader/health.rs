//! Whether an output can be written: logged once when it fails, and once when it works again.
//!
//! Owns the words for it and the count of rows that were lost, so that no output logs twice. The page has
//! no rows: the next one shows all that it showed.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::lock::Holder;

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}{}", file.display(), hint(file, source))]
pub(super) struct Failure {
    pub file: PathBuf,
    pub source: io::Error,
}

impl Failure {
    /// Another recorder writes this file.
    pub fn in_use(file: PathBuf, holder: Holder) -> Self {
        Self { file, source: io::Error::other(format!("{holder} writes it")) }
    }
}

/// What to do about it. The same error has several causes: a service may write to few places, and a file
/// that root made in its folder is not its own.
fn hint(file: &Path, error: &io::Error) -> String {
    const PLACES: &str = "PLACES in p1reader(8) tells where a service may write";
    let folder = file.parent().unwrap_or(file);
    let of = |path: &Path| std::fs::metadata(path).map(|there| (there.uid(), there.mode())).ok();
    match error.kind() {
        ErrorKind::PermissionDenied => match (of(file), of(folder)) {
            (Some((uid, _)), Some((its, _))) if uid != its => format!(
                " (it belongs to user {uid}, its folder to user {its}: chown --reference={} {})",
                folder.display(),
                file.display()
            ),
            (Some((_, mode)), _) if mode & 0o200 == 0 => {
                format!(" (nobody may write it: chmod u+w {})", file.display())
            }
            _ => format!(" ({PLACES})"),
        },
        ErrorKind::ReadOnlyFilesystem => {
            format!(" ({PLACES}; if it could be written before, dmesg tells what happened)")
        }
        ErrorKind::FileTooLarge => {
            " (a limit on the size of files: LimitFSIZE of the service, or ulimit -f)".to_owned()
        }
        ErrorKind::StorageFull => match rustix::fs::statvfs(folder) {
            Ok(disk) if disk.f_files > 0 && disk.f_favail == 0 => {
                " (no inodes are left: there are too many files, see df -i)".to_owned()
            }
            _ => String::new(),
        },
        _ => String::new(),
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
    /// The meters that another recorder writes to our files.
    left: BTreeSet<String>,
}

impl Health {
    /// Of an output of rows.
    pub fn of_rows(output: &'static str) -> Self {
        Self { output, has_rows: true, failing: false, kept: 0, lost: 0, left: BTreeSet::new() }
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

    /// This meter is not recorded here, because another recorder writes its files. Logged when that begins.
    pub fn left_to(&mut self, holder: Holder, meter: &str) {
        if self.left.insert(meter.to_owned()) {
            log::warn!(output = self.output, meter;
                "{}: not recording meter {meter}: {holder} writes its files", self.output);
        }
    }

    /// Whether this meter is left to another recorder.
    pub fn is_left(&self, meter: &str) -> bool {
        self.left.contains(meter)
    }

    /// Takes back those meters that `is_free` tells to have no recorder any more.
    pub fn take_back(&mut self, mut is_free: impl FnMut(&str) -> bool) {
        let output = self.output;
        self.left.retain(|meter| {
            let is_free = is_free(meter);
            if is_free {
                log::warn!(output, meter = meter.as_str(); "{output}: recording meter {meter} from now on");
            }
            !is_free
        });
    }

    /// Everything is written, this file last.
    pub fn recovered(&mut self, file: &Path) {
        if self.failing {
            log::warn!(output = self.output, file:% = file.display();
                "{}: writing {} again{}", self.output, file.display(), self.meanwhile());
            (self.failing, self.kept, self.lost) = (false, 0, 0);
        }
    }

    /// The oldest rows were dropped, for memory is full.
    pub fn dropped(&mut self, rows: usize) {
        if rows > 0 && self.lost == 0 {
            log::warn!(output = self.output;
                "{}: dropping the oldest rows: too many are waiting", self.output);
        }
        self.lost += rows;
    }

    /// The program ends, or the output is turned off, with rows that were never written.
    pub fn report_lost(&self, rows: usize) {
        let lost = rows + self.lost;
        if lost > 0 {
            log::error!(output = self.output;
                "{}: lost {lost} rows that could not be written", self.output);
        }
    }

    /// What becomes of rows that cannot be written.
    fn until_then(&self) -> &'static str {
        if self.has_rows { "; rows wait in memory" } else { "" }
    }

    /// What became of them.
    fn meanwhile(&self) -> String {
        if self.has_rows {
            format!("; {} rows kept, {} lost", self.kept, self.lost)
        } else {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn each_error_has_the_hint_that_helps() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("day.csv");
        std::fs::write(&file, "").unwrap();
        let of = |file: &Path, kind: ErrorKind| hint(file, &kind.into());
        assert!(of(&file, ErrorKind::PermissionDenied).contains("PLACES"));
        assert!(of(&file, ErrorKind::ReadOnlyFilesystem).contains("dmesg"));
        assert_eq!(of(&file, ErrorKind::StorageFull), "");
        std::fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
        assert!(of(&file, ErrorKind::PermissionDenied).contains("chmod u+w "));
        // Only root can give a file away.
        if std::os::unix::fs::chown(&file, Some(12_345), None).is_ok() {
            let hint = of(&file, ErrorKind::PermissionDenied);
            assert!(hint.contains("user 12345") && hint.contains("chown --reference="), "{hint}");
        }
    }

    #[test]
    fn the_log_tells_what_becomes_of_rows_and_nothing_of_the_page() {
        let failure = Failure { file: "/f".into(), source: ErrorKind::StorageFull.into() };
        let mut rows = Health::of_rows("day");
        rows.failed(&failure);
        rows.wrote(3);
        rows.dropped(2);
        assert_eq!(rows.until_then(), "; rows wait in memory");
        assert_eq!(rows.meanwhile(), "; 3 rows kept, 2 lost");
        rows.recovered(Path::new("/f"));
        assert_eq!(rows.meanwhile(), "; 0 rows kept, 0 lost");
        let page = Health::of_page("html");
        assert_eq!((page.until_then(), page.meanwhile().as_str()), ("", ""));
    }
}
