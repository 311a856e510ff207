//! `--record FILE`: the raw bytes of the line, appended to a file.
//!
//! A recording is for finding faults, so it holds what came in and not what was made of it. When it
//! fails, that is said once and the listener works on. A disk that is nearly full fails again and again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::runtime::OutageLog;

/// Appends bytes to a file.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    /// Absent while it cannot be written to.
    file: Option<File>,
    outages: OutageLog,
}

impl Recorder {
    /// Opens the file, or makes it. Fails for what is no ordinary file: a FIFO that nobody reads would
    /// stop the listener. `port` must be another file: it would be read for ever, and grow for ever.
    pub fn open(path: &Path, port: &Path) -> io::Result<Self> {
        if path.canonicalize().is_ok_and(|path| port.canonicalize().is_ok_and(|port| path == port))
        {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is the port that is read"));
        }
        let file = Some(append_to(path)?);
        Ok(Self { path: path.to_owned(), file, outages: OutageLog::default() })
    }

    /// Appends `bytes`. What fails is said once; these bytes are then missing.
    pub fn write(&mut self, bytes: &[u8], now: Instant) {
        if self.file.is_none() {
            self.reopen(now);
        }
        let Some(file) = &mut self.file else { return };
        match file.write_all(bytes) {
            Ok(()) if self.outages.up() => {
                log::info!("recording to {} works again", self.path.display());
            }
            Ok(()) => {}
            Err(error) => self.fail(&error, now),
        }
    }

    /// Opens the file anew, in case it was renamed. If that fails, the next bytes try it again.
    pub fn reopen(&mut self, now: Instant) {
        match append_to(&self.path) {
            Ok(file) => self.file = Some(file),
            Err(error) => {
                self.file = None;
                self.fail(&error, now);
            }
        }
    }

    fn fail(&mut self, error: &io::Error, now: Instant) {
        if let Some(end) = self.outages.down(now) {
            log::warn!("cannot record to {}: {error}; bytes are missing{end}", self.path.display());
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not an ordinary file"));
    }
    OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::runtime::captured_log;

    #[test]
    fn bytes_are_appended_to_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("line");
        fs::write(&path, b"old ").unwrap();
        let mut recorder = Recorder::open(&path, Path::new("-")).unwrap();
        recorder.write(b"\xFF\0", Instant::now());
        recorder.write(b"new", Instant::now());
        assert_eq!(fs::read(&path).unwrap(), b"old \xFF\0new");
    }

    #[test]
    fn a_file_that_is_read_is_not_appended_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("line"), folder.path().join("link"));
        fs::write(&path, b"old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Recorder::open(&link, &path).is_err());
        assert!(Recorder::open(&link, Path::new("-")).is_ok());
    }

    #[test]
    fn after_a_reopen_a_renamed_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("line"), folder.path().join("line.1"));
        let mut recorder = Recorder::open(&path, Path::new("-")).unwrap();
        recorder.write(b"one", Instant::now());
        fs::rename(&path, &old).unwrap();
        recorder.reopen(Instant::now());
        recorder.write(b"two", Instant::now());
        assert_eq!(
            (fs::read(old).unwrap(), fs::read(path).unwrap()),
            (b"one".into(), b"two".into())
        );
    }

    #[test]
    fn a_failure_is_said_once_and_so_is_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("line");
        let mut recorder = Recorder::open(&path, Path::new("-")).unwrap();
        let lines = captured_log(|| {
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
            for _ in 0..3 {
                recorder.reopen(Instant::now());
                recorder.write(b"lost", Instant::now());
            }
            fs::remove_dir(&path).unwrap();
            recorder.write(b"one", Instant::now());
            recorder.write(b"two", Instant::now());
        });
        assert_eq!(fs::read(&path).unwrap(), b"onetwo");
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("it is not an ordinary file"), "{lines:?}");
        assert!(lines[1].contains("works again"), "{lines:?}");
    }
}
