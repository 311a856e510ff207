//! What an earlier run left behind when it was killed, or lost its power.
//!
//! Owns which files are looked at when the program begins. What cannot be done is not said here: it
//! will be said where the file is written.

use chrono::Days;

use super::pattern::Pattern;
use super::storage::Storage;
use crate::atomic_file::unfinished;

/// A run writes to the files of its own day and week, and to those that ended while it was flushing.
const RECENT: Days = Days::new(7);

/// Removes files that were to become one of this pattern.
pub(super) fn remove_unfinished(storage: &mut dyn Storage, pattern: &Pattern) {
    for name in names(storage, pattern) {
        if unfinished(&name).is_some_and(|name| pattern.fits(name)) {
            let _ = storage.remove(&pattern.directory().join(name));
        }
    }
}

/// Cuts an unfinished last line off those files of this pattern that were written last.
///
/// An older one gets it done if it is ever written again.
pub(super) fn mend_newest(storage: &mut dyn Storage, pattern: &Pattern) {
    let mut files = names(storage, pattern);
    files.retain(|name| pattern.fits(name));
    let newest = files.iter().filter_map(|name| pattern.date_of(name)).max();
    let oldest = newest.and_then(|newest| newest.checked_sub_days(RECENT));
    for name in files {
        if pattern.date_of(&name) >= oldest {
            let _ = storage.truncate_torn_line(&pattern.directory().join(name));
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
        mend_newest(&mut storage, &pattern("/v/d-DAY.csv"));
        let texts = storage.paths().iter().map(|path| storage.text(path).len()).collect::<Vec<_>>();
        assert_eq!(texts, [3, 2, 2, 3], "{:?}", storage.paths());
        mend_newest(&mut storage, &pattern("/v/x"));
        assert_eq!(storage.text("/v/x"), "1\n");
    }
}
