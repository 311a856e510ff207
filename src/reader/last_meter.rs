//! The meter that was recorded last, by the details files: after a restart p1reader waits for it.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::columns;
use super::pattern::Pattern;
use crate::message::{Message, Meta, Value};
use crate::meter;
use crate::telegram::Timestamp;

/// How much of the end of a file we read; rows are shorter.
const MAX_ROW: u64 = 64 * 1024;

/// The identifier of the meter in the last row of the details file that was written last.
///
/// `None` if there is no such file, or if its meter sends no identifier. What cannot be read is not logged
/// here: it will be when the file is written.
pub(super) fn last_meter(details: &Path) -> Option<String> {
    let path = newest_file(&Pattern::new(details))?;
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let head = read(&mut file, 0)?;
    let tail = read(&mut file, length.saturating_sub(MAX_ROW))?;
    let codes = columns::reader(&head).into_records().next()?.ok()?;
    // A torn line has no end.
    let last = tail.rsplit(|&byte| byte == b'\n').nth(1)?;
    let row = columns::reader(last).into_records().next()?.ok()?;
    if row.get(0) == codes.get(0) {
        return None;
    }
    let cells = codes.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
    let cells = cells.map(|(code, cell)| (code.to_owned(), Value::Text(cell.to_owned())));
    let unknown = Timestamp::default();
    let message = Message { meta: Meta::new(0, unknown, unknown, None), telegram: cells.collect() };
    Some(meter::id(&message).into_owned()).filter(|id| !id.is_empty())
}

/// By the time of its last change: names may have a date of a clock that was wrong.
fn newest_file(pattern: &Pattern) -> Option<PathBuf> {
    let files = fs::read_dir(pattern.directory()).ok()?.filter_map(Result::ok);
    let files =
        files.filter(|file| file.file_name().to_str().is_some_and(|name| pattern.fits(name)));
    let changed =
        files.filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file.path())));
    changed.max().map(|(_, path)| path)
}

/// At most [`MAX_ROW`] bytes from here on.
fn read(file: &mut File, from: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from)).ok()?;
    file.take(MAX_ROW).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    const HEAD: &str =
        "datum;1-3:0.2.8;0-0:96.1.1;1-0:1.7.0\ndatum;version;equipment id;power in\n";

    /// The last meter by files of this age in seconds, name and content.
    fn last(files: &[(u64, &str, String)]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for (age, name, content) in files {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            let time = SystemTime::now() - Duration::from_secs(*age);
            File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        }
        last_meter(&folder.path().join("details-DAY.csv"))
    }

    fn rows(ids: &[&str]) -> String {
        let row = |id: &&str| format!("22-11-2026 11:00:00;50;{id};100;\n");
        HEAD.to_owned() + &ids.iter().map(row).collect::<String>()
    }

    #[test]
    fn it_is_that_of_the_last_row_of_the_file_that_was_written_last() {
        let files = [
            (10, "details-20261122.csv", rows(&["4530303431", "4530303437"])),
            (20, "details-99981122.csv", rows(&["forged"])),
            (0, "other-20261122.csv", rows(&["other"])),
        ];
        assert_eq!(last(&files).as_deref(), Some("E0047"));
    }

    #[test]
    fn a_long_file_is_read_at_its_end() {
        let ids: Vec<_> = (0..5000).map(|number| format!("id{number}")).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        let torn = rows(&ids) + "22-11-2026 11:00:00;50;x";
        assert_eq!(last(&[(0, "details-20261122.csv", torn)]).as_deref(), Some("id4999"));
    }

    #[test]
    fn without_a_row_or_an_identifier_there_is_none() {
        assert_eq!(last(&[]), None);
        for content in ["", HEAD, "22-11-2026", "\n", &rows(&[""])] {
            assert_eq!(last(&[(0, "details-20261122.csv", content.to_owned())]), None, "{content}");
        }
    }
}
