//! What an earlier run left behind when it was killed, or lost its power.
//!
//! Owns which files are looked at when the program begins. What cannot be done is not logged here: it will
//! be logged when the file is written.

use std::time::Duration;

use chrono::Days;

use super::pattern::Pattern;
use super::storage::Storage;
use crate::atomic_file::unfinished;

/// A run writes to the files of its own day and week, and to those that ended while it was flushing.
const RECENT: Days = Days::new(7);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// Removes files that were to become one of this pattern.
pub(super) fn remove_unfinished(storage: &mut dyn Storage, pattern: &Pattern) {
    for name in names(storage, pattern) {
        if unfinished(&name).is_some_and(|name| pattern.fits(name)) {
            let _ = storage.remove(&pattern.directory().join(name));
        }
    }
}

/// Cuts a torn last line off those files of this pattern that were written last: those of the newest dates,
/// and those of the newest times of writing, as one file may have a date in the future.
///
/// Older files are mended when they are next written.
pub(super) fn truncate_newest(storage: &mut dyn Storage, pattern: &Pattern) {
    let mut files = names(storage, pattern);
    files.retain(|name| pattern.fits(name));
    let newest = files.iter().filter_map(|name| pattern.date_of(name)).max();
    let oldest = newest.and_then(|newest| newest.checked_sub_days(RECENT));
    let path = |name: &String| pattern.directory().join(name);
    let written: Vec<_> = files.iter().map(|name| storage.modified(&path(name))).collect();
    let recent = written.iter().flatten().max().and_then(|newest| newest.checked_sub(WEEK));
    for (name, written) in files.iter().zip(written) {
        let is_recent = recent.is_some() && written >= recent;
        if is_recent || pattern.date_of(name) >= oldest {
            let _ = storage.truncate_torn_line(&path(name));
        }
    }
}

fn names(storage: &mut dyn Storage, pattern: &Pattern) -> Vec<String> {
    let names = storage.names(pattern.directory()).unwrap_or_default();
    names.into_iter().filter_map(|name| name.into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::reader::DiskStorage;
    use crate::reader::tests::MemoryStorage;

    fn pattern(path: &str) -> Pattern {
        Pattern::new(Path::new(path))
    }

    #[test]
    fn unfinished_files_of_the_pattern_are_removed_and_no_others() {
        let mut storage = MemoryStorage::default();
        let kept =
            ["/v/.d-20261122.csv.swp", "/v/.x.tmp", "/v/d-20261122.csv", "/w/.d-20261122.csv.tmp"];
        let removed = ["/v/.d-20261122.csv.tmp", "/v/.d-19700101.csv.tmp"];
        for path in kept.iter().chain(&removed) {
            storage.put(path, "");
        }
        remove_unfinished(&mut storage, &pattern("/v/d-DAY.csv"));
        assert_eq!(storage.paths(), kept);
    }

    #[test]
    fn torn_lines_are_cut_off_the_files_that_were_written_last() {
        let mut storage = MemoryStorage::default();
        for path in ["/v/d-20261122.csv", "/v/d-20261115.csv", "/v/d-20261114.csv", "/v/x"] {
            storage.put(path, "1\n2");
        }
        truncate_newest(&mut storage, &pattern("/v/d-DAY.csv"));
        let texts = storage.paths().iter().map(|path| storage.text(path).len()).collect::<Vec<_>>();
        assert_eq!(texts, [3, 2, 2, 3], "{:?}", storage.paths());
        truncate_newest(&mut storage, &pattern("/v/x"));
        assert_eq!(storage.text("/v/x"), "1\n");
    }

    #[test]
    fn a_file_with_a_date_in_the_future_does_not_leave_torn_lines_in_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let names = ["d-99980101.csv", "d-20261122.csv", "d-20261101.csv"];
        for name in names {
            std::fs::write(path(name), "1\n2").unwrap();
        }
        let old = std::time::SystemTime::now() - 3 * WEEK;
        let file = std::fs::File::options().write(true).open(path(names[2])).unwrap();
        file.set_modified(old).unwrap();
        truncate_newest(&mut DiskStorage::default(), &Pattern::new(&path("d-DAY.csv")));
        let lengths = names.map(|name| std::fs::read(path(name)).unwrap().len());
        assert_eq!(lengths, [2, 2, 3]);
    }
}
