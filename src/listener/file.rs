//! A file, a FIFO or the standard input as the source of a meter's bytes.
//!
//! A file and the standard input end; a FIFO never does: when its writer is gone, the next is waited
//! for, and when another FIFO takes its place that one is opened. What waits to be read is read in pieces, so
//! that subscribers can follow.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::source::{Port, READ_TIMEOUT, ReadOutcome, Source, SourceKind};
use crate::runtime::signals;

/// The most that is read at a time, in bytes.
const MAX_READ: usize = 4096;

/// The pause after each full piece: some four hundred telegrams a second. UDP has no other brake.
const PAUSE: Duration = Duration::from_millis(10);

/// How often a FIFO without a writer is checked for a new one.
const WRITER_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Opens a file or a FIFO. The error is for people.
pub fn open(path: &Path) -> Result<Box<dyn Source>, String> {
    let explain = |error: io::Error| format!("cannot open {}: {error}", path.display());
    // Without NONBLOCK the opening of a FIFO waits for a writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let descriptor = rustix::fs::open(path, flags, Mode::empty());
    let file = File::from(descriptor.map_err(|error| explain(error.into()))?);
    let is_fifo = file.metadata().map_err(explain)?.file_type().is_fifo();
    Ok(Box::new(OpenFile::new(file, is_fifo.then(|| path.to_owned()))))
}

/// The standard input.
#[derive(Clone, Copy, Debug)]
pub struct StandardInput;

impl Port for StandardInput {
    fn open(&mut self) -> Result<Option<Box<dyn Source>>, String> {
        let input: OwnedFd = io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|error| format!("cannot read the standard input: {error}"))?;
        Ok(Some(Box::new(OpenFile::new(input.into(), None))))
    }

    fn is_there(&self) -> bool {
        true
    }

    fn description(&self) -> String {
        "the standard input".into()
    }
}

struct OpenFile {
    file: File,
    /// Where it was found, if it is a FIFO: it has no end.
    fifo: Option<PathBuf>,
    is_regular: bool,
    /// The last piece was a full one: more waits than comes in by itself.
    was_full: bool,
}

impl OpenFile {
    fn new(file: File, fifo: Option<PathBuf>) -> Self {
        let is_regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
        Self { file, fifo, is_regular, was_full: false }
    }

    /// What it means that there is nothing to read, and nobody who writes.
    fn without_writer(&self) -> io::Result<ReadOutcome> {
        match &self.fifo {
            None => Ok(ReadOutcome::End),
            // The next writer would open the one that is there now.
            Some(path) if !is_at(&self.file, path) => {
                Err(io::Error::new(ErrorKind::NotFound, "it was removed or replaced"))
            }
            Some(_) => {
                signals::wait(WRITER_POLL_INTERVAL);
                Ok(ReadOutcome::Nothing)
            }
        }
    }
}

/// Whether `path` still leads to this open file.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(found)) => identity(open) == identity(found),
        _ => false,
    }
}

impl Source for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<ReadOutcome> {
        if std::mem::take(&mut self.was_full) {
            signals::wait(PAUSE);
        }
        let timeout = Timespec::try_from(READ_TIMEOUT).ok();
        match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], timeout.as_ref()) {
            Err(Errno::INTR) => return Ok(ReadOutcome::Nothing),
            // Before its first writer a FIFO has nothing to tell: only reading shows that there is none.
            Ok(0) if self.fifo.is_none() => return Ok(ReadOutcome::Nothing),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let room = buffer.len().min(MAX_READ);
        match self.file.read(&mut buffer[..room]) {
            Ok(0) => self.without_writer(),
            Ok(length) => {
                self.was_full = length == room;
                Ok(ReadOutcome::Bytes(length))
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(ReadOutcome::Nothing),
                _ => Err(error),
            },
        }
    }

    fn kind(&self) -> SourceKind {
        if self.is_regular { SourceKind::File } else { SourceKind::Pipe }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Command;

    use super::*;

    fn read(source: &mut dyn Source) -> Option<Vec<u8>> {
        let mut buffer = [0; 8192];
        loop {
            match source.read(&mut buffer).unwrap() {
                ReadOutcome::Bytes(length) => return Some(buffer[..length].to_vec()),
                ReadOutcome::End => return None,
                ReadOutcome::Nothing => {}
            }
        }
    }

    #[test]
    fn a_file_is_given_to_its_end_in_pieces() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[b'x'; 5000]).unwrap();
        let mut source = open(file.path()).ok().unwrap();
        assert_eq!(read(&mut *source).unwrap().len(), MAX_READ);
        assert_eq!(read(&mut *source).unwrap().len(), 5000 - MAX_READ);
        assert_eq!(read(&mut *source), None);
    }

    fn make_fifo(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_fifo_that_was_replaced_is_gone_with_or_without_a_writer_before() {
        for had_writer in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("fifo");
            make_fifo(&path);
            let mut source = open(&path).ok().unwrap();
            let writer = had_writer.then(|| File::options().write(true).open(&path).unwrap());
            fs::rename(&path, folder.path().join("old")).unwrap();
            make_fifo(&path);
            if had_writer {
                assert_eq!(
                    source.read(&mut [0; 8]).unwrap(),
                    ReadOutcome::Nothing,
                    "it is written to"
                );
            }
            drop(writer);
            let error = source.read(&mut [0; 8]).unwrap_err();
            assert_eq!(error.to_string(), "it was removed or replaced");
        }
    }

    #[test]
    fn a_fifo_outlives_its_writers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        make_fifo(&path);
        let mut source = open(&path).ok().unwrap();
        for word in ["one", "two"] {
            let mut writer = File::options().write(true).open(&path).unwrap();
            writer.write_all(word.as_bytes()).unwrap();
            drop(writer);
            assert_eq!(read(&mut *source).unwrap(), word.as_bytes());
            assert_eq!(source.read(&mut [0; 8]).unwrap(), ReadOutcome::Nothing);
        }
    }

    #[test]
    fn only_a_regular_file_is_known_to_be_no_relay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("port");
        fs::write(&path, "").unwrap();
        assert_eq!(open(&path).ok().unwrap().kind(), SourceKind::File);
        fs::remove_file(&path).unwrap();
        make_fifo(&path);
        assert_eq!(open(&path).ok().unwrap().kind(), SourceKind::Pipe);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let said = open(Path::new("/no/such/file")).err().unwrap();
        assert!(said.starts_with("cannot open /no/such/file: "), "{said}");
    }
}
