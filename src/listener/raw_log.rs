//! `--record FILE`: appends the raw bytes of the line to a file.
//!
//! A recording is for finding faults, so it holds what came in, not what was made of it. An error ends the
//! recording and is logged; the listener goes on without it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Appends bytes to a file until the first error.
#[derive(Debug)]
pub struct RawLog {
    path: PathBuf,
    /// Absent after an error.
    file: Option<File>,
}

impl RawLog {
    /// Opens or creates the file. Fails for anything but a regular file: a FIFO that nobody reads would
    /// block the listener. It must not be the `port` itself, which would then be read and grow without end.
    pub fn open(path: &Path, port: &Path) -> io::Result<Self> {
        if path.canonicalize().is_ok_and(|path| port.canonicalize().is_ok_and(|port| path == port))
        {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is the port that is read"));
        }
        Ok(Self { path: path.to_owned(), file: Some(append_to(path)?) })
    }

    /// Appends `bytes`, unless the recording has ended.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(Err(error)) = self.file.as_mut().map(|file| file.write_all(bytes)) {
            self.end(&error);
        }
    }

    /// Opens the file again, in case it was renamed or an error has ended the recording.
    pub fn reopen(&mut self) {
        match append_to(&self.path) {
            Ok(file) => self.file = Some(file),
            Err(error) => self.end(&error),
        }
    }

    fn end(&mut self, error: &io::Error) {
        self.file = None;
        let path = self.path.display();
        log::warn!("stopped recording to {path}: {error}; SIGHUP (reload) resumes it");
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
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
        let mut raw = RawLog::open(&path, Path::new("-")).unwrap();
        raw.write(b"\xFF\0");
        raw.write(b"new");
        assert_eq!(fs::read(&path).unwrap(), b"old \xFF\0new");
    }

    #[test]
    fn a_file_that_is_read_is_not_appended_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("line"), folder.path().join("link"));
        fs::write(&path, b"old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(RawLog::open(&link, &path).is_err());
        assert!(RawLog::open(&link, Path::new("-")).is_ok());
    }

    #[test]
    fn after_a_reopen_a_renamed_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("line"), folder.path().join("line.1"));
        let mut raw = RawLog::open(&path, Path::new("-")).unwrap();
        raw.write(b"one");
        fs::rename(&path, &old).unwrap();
        raw.reopen();
        raw.write(b"two");
        assert_eq!(
            (fs::read(old).unwrap(), fs::read(path).unwrap()),
            (b"one".into(), b"two".into())
        );
    }

    #[test]
    fn an_error_ends_the_recording_with_one_message_and_a_reopen_resumes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("line");
        let mut raw = RawLog::open(&path, Path::new("-")).unwrap();
        // Every write to it fails: no space left on device.
        raw.file = Some(OpenOptions::new().append(true).open("/dev/full").unwrap());
        let lines = captured_log(|| {
            for _ in 0..3 {
                raw.write(b"lost");
            }
            raw.reopen();
            raw.write(b"one");
        });
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with("stopped recording to ") && lines[0].contains("No space"),
            "{lines:?}"
        );
    }
}
