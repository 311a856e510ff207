//! The lock of an output: one set of files has one writer.
//!
//! Owns the file that is locked, `p1reader-NAME.lock` in the folder of the output, and what it contains: the process ID of
//! its holder. The kernel ends the lock with the process that holds it, however that ends, so a file that a kill
//! left behind locks nothing. The files of the output cannot be locked themselves: they are renamed and replaced.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{process, thread};

use rustix::fs::{FlockOperation, flock};

use super::owner;

/// How often to begin again when the file was removed while we locked it, and to look for its process ID.
const MAX_TRIES: usize = 10;

/// Which process holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// This one, for another output.
    Ourselves,
    /// Another one.
    Process(u32),
    /// One that has not written its process ID yet.
    Unknown,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ourselves => f.write_str("another output of this configuration"),
            Self::Process(number) => write!(f, "p1reader (pid {number})"),
            Self::Unknown => f.write_str("another p1reader"),
        }
    }
}

/// Another one writes these files.
#[derive(Debug, thiserror::Error)]
#[error("cannot record to {}: {holder} writes these files; {}", file.display(), remedy(*holder))]
pub struct InUse {
    /// Their name, with its placeholders.
    pub file: PathBuf,
    /// Who writes them.
    pub holder: Holder,
}

fn remedy(holder: Holder) -> &'static str {
    match holder {
        Holder::Ourselves => "choose another `filename` for one of them",
        Holder::Process(_) | Holder::Unknown => "stop it, or choose another `filename`",
    }
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Somebody has it.
    Held(Holder),
    /// The folder is missing or cannot be written, or the file system has no locks.
    Impossible(io::Error),
}

/// A lock that we hold. It ends, and its file is removed, when it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock whose file is at `path`. Does not wait for it.
    pub fn take(path: &Path) -> Result<Self, Refusal> {
        for _ in 0..MAX_TRIES {
            let file = open(path).map_err(Refusal::Impossible)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(Refusal::Held(holder(&file))),
                Err(error) => return Err(Refusal::Impossible(error.into())),
            }
            let mut lock = Self { file, path: path.to_owned() };
            if lock.is_at(path) {
                lock.write_process();
                return Ok(lock);
            }
        }
        Err(Refusal::Held(Holder::Unknown))
    }

    /// Whether the locked file has this name. Its own may be gone: the holder before us may have removed it after we
    /// opened it.
    pub fn is_at(&self, path: &Path) -> bool {
        let identity = |there: fs::Metadata| (there.dev(), there.ino());
        let ours = self.file.metadata().map(identity).ok();
        ours.is_some() && fs::metadata(path).map(identity).ok() == ours
    }

    /// Best effort: it is for a message.
    fn write_process(&mut self) {
        let _ = self.file.set_len(0);
        let _ = writeln!(self.file, "{}", process::id());
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Under its name there may be the lock of another folder by now.
        if self.is_at(&self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Its group may lock it, too; others could keep us from our files.
fn open(path: &Path) -> io::Result<File> {
    let options = |is_new: bool| {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(is_new).mode(0o640);
        options
    };
    match options(true).open(path) {
        Ok(file) => {
            owner::adopt(&file, path);
            Ok(file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // A file of another user can be locked if it can be read.
            options(false).open(path).or_else(|_| File::open(path))
        }
        Err(error) => Err(error),
    }
}

fn holder(file: &File) -> Holder {
    let mut text = [0; 16];
    for _ in 0..MAX_TRIES {
        let length = file.read_at(&mut text, 0).unwrap_or(0);
        let number =
            std::str::from_utf8(&text[..length]).ok().and_then(|text| text.trim().parse().ok());
        match number {
            Some(number) if number == process::id() => return Holder::Ourselves,
            Some(number) => return Holder::Process(number),
            // It has just taken the lock.
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
    Holder::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(path: &Path) -> Option<Holder> {
        match Lock::take(path) {
            Ok(_) => None,
            Err(Refusal::Held(holder)) => Some(holder),
            Err(Refusal::Impossible(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn a_lock_that_is_held_is_refused_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".day.csv.lock");
        let lock = Lock::take(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", process::id()));
        assert_eq!(held_by(&path), Some(Holder::Ourselves));
        fs::write(&path, "77\n").unwrap();
        assert_eq!(held_by(&path), Some(Holder::Process(77)));
        fs::write(&path, "").unwrap();
        assert_eq!(held_by(&path), Some(Holder::Unknown));
        drop(lock);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(held_by(&path), None);
    }

    #[test]
    fn a_file_that_a_kill_left_behind_locks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".day.csv.lock");
        fs::write(&path, "4194304000\n").unwrap();
        let lock = Lock::take(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", process::id()));
        drop(lock);
    }

    #[test]
    fn a_lock_does_not_remove_that_of_another_folder_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let [records, before] = ["records", "before"].map(|name| folder.path().join(name));
        fs::create_dir(&records).unwrap();
        let path = records.join(".day.csv.lock");
        let old = Lock::take(&path).unwrap();
        fs::rename(&records, &before).unwrap();
        fs::create_dir(&records).unwrap();
        let _new = Lock::take(&path).unwrap();
        drop(old);
        assert_eq!(held_by(&path), Some(Holder::Ourselves));
    }

    #[test]
    fn a_folder_that_is_not_there_cannot_be_locked() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = Lock::take(&folder.path().join("none/.day.csv.lock")).unwrap_err();
        assert!(matches!(refusal, Refusal::Impossible(_)), "{refusal:?}");
    }
}
