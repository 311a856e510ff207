//! What the tests of the recorder share: telegrams, a time zone with known rules, and a disk in memory
//! that can be full. The tests of the recorder as a whole are beside it, one file for each subject.

mod faults;
mod files;
pub(crate) mod golden;
mod kinds;
mod page;
mod property;
mod time;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::config::{Config, FileOutput, HtmlReport, Language, P1Reader};
pub(super) use crate::message::tests::message;
use crate::message::{Message, Value};
use crate::telegram::{Decimal, Timestamp};
pub(super) use crate::zone::tests::Amsterdam;

/// A Monday, 2026-11-23 00:00:00 local time, and a multiple of an hour.
const MIDNIGHT: i64 = 1_795_388_400;

/// A telegram of this second with just enough for every output.
fn power(second: i64, watts: i64) -> Message {
    let watts = watts.to_string();
    message(second, &[("1-0:1.8.1", "1000"), ("1-0:1.7.0", &watts)])
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct MemoryStorage(Rc<RefCell<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<PathBuf, Vec<u8>>,
    is_full: bool,
    free: Option<u64>,
    writes: usize,
}

impl MemoryStorage {
    pub fn set_full(&self, is_full: bool) {
        self.0.borrow_mut().is_full = is_full;
    }

    /// Says that the disk has so many bytes free.
    pub fn set_free(&self, free: Option<u64>) {
        self.0.borrow_mut().free = free;
    }

    pub fn put(&self, path: &str, text: &str) {
        let mut disk = self.0.borrow_mut();
        disk.files.insert(path.into(), text.into());
    }

    pub fn text(&self, path: &str) -> String {
        let disk = self.0.borrow();
        let file = disk.files.get(Path::new(path));
        let file = file.unwrap_or_else(|| panic!("no {path} among {:?}", disk.files.keys()));
        String::from_utf8(file.clone()).unwrap()
    }

    pub fn paths(&self) -> Vec<String> {
        let disk = self.0.borrow();
        let paths = disk.files.keys();
        paths.map(|path| path.to_str().unwrap().to_owned()).collect()
    }

    /// How often something was written.
    fn writes(&self) -> usize {
        self.0.borrow().writes
    }

    fn change(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut disk = self.0.borrow_mut();
        if disk.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        disk.writes += 1;
        change(disk.files.entry(path.to_owned()).or_default());
        Ok(())
    }
}

impl Storage for MemoryStorage {
    fn truncate_torn_line(&mut self, path: &Path) -> io::Result<u64> {
        let mut disk = self.0.borrow_mut();
        let Some(file) = disk.files.get_mut(path) else {
            return Ok(0);
        };
        let end = file.iter().rposition(|&byte| byte == b'\n');
        file.truncate(end.map_or(0, |end| end + 1));
        Ok(file.len() as u64)
    }

    fn append(&mut self, path: &Path, rows: &[u8]) -> io::Result<()> {
        self.change(path, |file| file.extend_from_slice(rows))
    }

    fn head(&mut self, path: &Path, lines: usize) -> io::Result<Vec<u8>> {
        let disk = self.0.borrow();
        let file = disk.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        let lines = file.split_inclusive(|&byte| byte == b'\n').take(lines);
        Ok(lines.flatten().copied().collect())
    }

    fn replace_header(&mut self, path: &Path, length: u64, head: &[u8]) -> io::Result<()> {
        let length = usize::try_from(length).unwrap();
        self.change(path, |file| {
            drop(file.splice(..length, head.iter().copied()));
        })
    }

    fn create(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.change(path, |file| *file = content.to_vec())
    }

    fn replace_volatile(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.create(path, content)
    }

    fn exists(&mut self, path: &Path) -> io::Result<bool> {
        Ok(self.0.borrow().files.contains_key(path))
    }

    fn names(&mut self, folder: &Path) -> io::Result<Vec<OsString>> {
        let disk = self.0.borrow();
        let paths = disk.files.keys().filter(|path| path.parent() == Some(folder));
        Ok(paths.map(|path| path.file_name().unwrap().to_owned()).collect())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        let removed = self.0.borrow_mut().files.remove(path);
        removed.map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    fn free(&mut self, _folder: &Path) -> io::Result<Option<u64>> {
        Ok(self.0.borrow().free)
    }
}

fn file(filename: &str, seconds: u64) -> FileOutput {
    FileOutput {
        enabled: true,
        filename: filename.into(),
        flush_period: Duration::from_secs(seconds),
        keep_days: None,
        spares_older: false,
    }
}

/// All outputs, with the names and periods of the default configuration.
fn settings() -> Config {
    let mut config = Config::default();
    config.p1_reader.min_free = 0;
    config.p1_reader_details = file("/v/details-DAY.csv", 300);
    config.p1_reader_interval = file("/v/interval-PERIOD.csv", 1200);
    config.p1_reader_day = file("/v/day-DAY.csv", 3600);
    config.p1_reader_history = file("/v/history-YEAR.csv", 1200);
    config.html_report.filename = "/run/lastm.html".into();
    config.html_report.minutes = 1;
    config.weekly_log.filename = "/v/YYYY-Www.log".into();
    config
}

/// The same with all outputs off.
fn off() -> Config {
    let mut config = settings();
    config.p1_reader_details.enabled = false;
    config.p1_reader_interval.enabled = false;
    config.p1_reader_day.enabled = false;
    config.p1_reader_history.enabled = false;
    config.html_report.enabled = false;
    config.weekly_log.enabled = false;
    config
}

/// A recorder in Amsterdam, and its disk.
fn recorder(settings: &Config) -> (Recorder<MemoryStorage, Amsterdam>, MemoryStorage) {
    let storage = MemoryStorage::default();
    (Recorder::new(settings, storage.clone(), Amsterdam), storage)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}
