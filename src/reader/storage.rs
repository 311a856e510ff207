//! The file system, as far as the recorder needs it.
//!
//! Owns how bytes come to the disk so that a power cut, a full disk or a kill costs whole rows at most.
//! What stands in the files is not known here, but for this: a row ends with LF.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::lock::{Holder, Lock, Refusal};
use super::owner;
use crate::atomic_file;

/// What the recorder asks of a file system. Passed in, so that a full disk is a unit test.
pub trait Storage {
    /// Makes a file ready for further rows: a last line that has no LF is cut off.
    ///
    /// Gives the length of the file in bytes, 0 when there is none.
    fn truncate_torn_line(&mut self, path: &Path) -> io::Result<u64>;

    /// Appends whole rows. A missing file and its folders are created. On an error nothing is appended.
    fn append(&mut self, path: &Path, rows: &[u8]) -> io::Result<()>;

    /// The first `lines` lines of a file, line ends included; fewer when it has fewer.
    fn head(&mut self, path: &Path, lines: usize) -> io::Result<Vec<u8>>;

    /// Replaces the first `length` bytes of a file by others. On an error the file is as it was.
    fn replace_header(&mut self, path: &Path, length: u64, head: &[u8]) -> io::Result<()>;

    /// Makes a file with this content, which appears complete or not at all, and stays.
    fn create(&mut self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// As [`Storage::create`], for a file that is of use for seconds only: it need not outlive a power
    /// cut, and should cost less.
    fn replace_volatile(&mut self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// Whether there is something of this name.
    fn exists(&mut self, path: &Path) -> io::Result<bool>;

    /// When a file was written last; `None` when that cannot be known.
    fn modified(&mut self, path: &Path) -> Option<SystemTime> {
        let _ = path;
        None
    }

    /// The names of the files in a folder.
    fn names(&mut self, folder: &Path) -> io::Result<Vec<OsString>>;

    /// Removes a file.
    fn remove(&mut self, path: &Path) -> io::Result<()>;

    /// What was done so far stays after a power cut, names of new files included. To be called when all
    /// that there is to write at a time is written: one look at a folder costs less than one a file.
    fn sync_dirs(&mut self) {}

    /// How many bytes we may still write to the disk of a folder; `None` where it is no disk but memory.
    fn free(&mut self, folder: &Path) -> io::Result<Option<u64>>;

    /// Takes the lock whose file is at this path, unless we have it. `Some` if another one holds it. Where no lock
    /// can be had, such as on a disk that is read-only, there is none: we record without it, and try again later.
    fn lock(&mut self, path: &Path) -> Option<Holder> {
        let _ = path;
        None
    }

    /// Releases the locks that are not among these.
    fn retain_locks(&mut self, paths: &BTreeSet<PathBuf>) {
        let _ = paths;
    }
}

/// The numbers of tmpfs and ramfs: `statfs(2)`.
const IN_MEMORY: [i128; 2] = [0x0102_1994, 0x8584_58F6];

/// The number of overlayfs.
const OVERLAY: i128 = 0x794C_7630;

/// Whether a reboot may delete what is written here: the folder lies in memory, or on an overlay, as on a
/// Raspberry Pi whose card is read-only. A missing folder is made in its parent.
pub(super) fn is_volatile(folder: &Path) -> bool {
    let disk = folder.ancestors().find_map(|folder| rustix::fs::statfs(folder).ok());
    disk.is_some_and(|disk| {
        let kind = i128::from(disk.f_type) & 0xFFFF_FFFF;
        kind == OVERLAY || IN_MEMORY.contains(&kind)
    })
}

/// The real file system.
///
/// A file is opened for each call and closed again, so that it may be renamed at any time. Rows are on
/// the disk (`fdatasync`) when [`Storage::append`] returns. A file that must stay is on the disk before
/// it is renamed, and its name is when [`Storage::sync_dirs`] returns. Files have mode 0644, less what the
/// umask takes away.
#[derive(Debug, Default)]
pub struct DiskStorage {
    /// Files that have a part of rows which were refused, with their length before that.
    unfinished: HashMap<PathBuf, u64>,
    /// Folders that have new names.
    unsynced_dirs: BTreeSet<PathBuf>,
    locks: BTreeMap<PathBuf, Lock>,
    /// Called when something has come to the disk, which may have taken long.
    on_progress: Option<fn()>,
}

impl DiskStorage {
    /// Calls `on_progress` whenever something has come to the disk: each file that is written is progress, and a card
    /// that stalls is no hang.
    #[must_use]
    pub fn reporting(on_progress: fn()) -> Self {
        Self { on_progress: Some(on_progress), ..Self::default() }
    }

    fn progress(&self) {
        if let Some(report) = self.on_progress {
            report();
        }
    }
}

impl Storage for DiskStorage {
    fn truncate_torn_line(&mut self, path: &Path) -> io::Result<u64> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let mut file = match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            file => file?,
        };
        let mut length = file.metadata()?.len();
        if let Some(&before) = self.unfinished.get(path) {
            length = length.min(before);
            file.set_len(length)?;
            self.unfinished.remove(path);
        }
        let whole = length_of_whole_lines(&mut file, length)?;
        if whole < length {
            file.set_len(whole)?;
            log::warn!(file:% = path.display();
                "truncated {}: its last line was torn, {} bytes", path.display(), length - whole);
        }
        Ok(whole)
    }

    fn append(&mut self, path: &Path, rows: &[u8]) -> io::Result<()> {
        let mut file = with_folder(path, || open_to_append(path))?;
        let before = file.metadata()?.len();
        let written = file.write_all(rows).and_then(|()| file.sync_data());
        if written.is_err() && file.set_len(before).is_err() {
            self.unfinished.insert(path.to_owned(), before);
        }
        self.progress();
        written?;
        if before == 0 {
            self.unsynced_dirs.extend(path.parent().map(Path::to_owned));
        }
        Ok(())
    }

    fn head(&mut self, path: &Path, lines: usize) -> io::Result<Vec<u8>> {
        /// No header of ours is longer.
        const MAX_HEAD: u64 = 1 << 20;
        let mut head = Vec::new();
        let mut file = io::BufReader::new(File::open(path)?.take(MAX_HEAD));
        for _ in 0..lines {
            io::BufRead::read_until(&mut file, b'\n', &mut head)?;
        }
        Ok(head)
    }

    fn replace_header(&mut self, path: &Path, length: u64, head: &[u8]) -> io::Result<()> {
        let mut old = File::open(path)?;
        let permissions = old.metadata()?.permissions();
        old.seek(SeekFrom::Start(length))?;
        atomic_file::replace(path, |file| {
            owner::adopt(file, path);
            file.set_permissions(permissions)?;
            file.write_all(head)?;
            io::copy(&mut old, file)?;
            file.sync_data()
        })?;
        self.progress();
        self.unsynced_dirs.extend(path.parent().map(Path::to_owned));
        Ok(())
    }

    fn create(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        with_folder(path, || {
            atomic_file::replace(path, |file| {
                owner::adopt(file, path);
                file.write_all(content)?;
                file.sync_data()
            })
        })?;
        self.progress();
        self.unsynced_dirs.extend(path.parent().map(Path::to_owned));
        Ok(())
    }

    fn replace_volatile(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        with_folder(path, || {
            atomic_file::replace(path, |file| {
                owner::adopt(file, path);
                file.write_all(content)
            })
        })
    }

    fn exists(&mut self, path: &Path) -> io::Result<bool> {
        path.try_exists()
    }

    fn modified(&mut self, path: &Path) -> Option<SystemTime> {
        fs::metadata(path).and_then(|there| there.modified()).ok()
    }

    fn names(&mut self, folder: &Path) -> io::Result<Vec<OsString>> {
        let entries = fs::read_dir(folder)?;
        entries.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dirs(&mut self) {
        for folder in std::mem::take(&mut self.unsynced_dirs) {
            // Not all file systems can do this; the content is there in any case.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
            self.progress();
        }
    }

    fn free(&mut self, folder: &Path) -> io::Result<Option<u64>> {
        let disk = rustix::fs::statfs(folder)?;
        // The types of these fields differ from one processor to another; the first may be signed.
        let [kind, blocks, size] =
            [i128::from(disk.f_type), i128::from(disk.f_bavail), i128::from(disk.f_bsize)];
        if IN_MEMORY.contains(&(kind & 0xFFFF_FFFF)) {
            return Ok(None);
        }
        Ok(Some(u64::try_from(blocks * size).unwrap_or(u64::MAX)))
    }

    fn lock(&mut self, path: &Path) -> Option<Holder> {
        if self.locks.contains_key(path) {
            return None;
        }
        match Lock::take(path) {
            Ok(lock) => {
                self.locks.insert(path.to_owned(), lock);
                None
            }
            // In another container, another process may have our process ID.
            Err(Refusal::Held(Holder::Ourselves))
                if !self.locks.values().any(|lock| lock.is_at(path)) =>
            {
                Some(Holder::Unknown)
            }
            Err(Refusal::Held(holder)) => Some(holder),
            Err(Refusal::Impossible(error)) => {
                log::debug!("cannot lock {}: {error}", path.display());
                None
            }
        }
    }

    fn retain_locks(&mut self, paths: &BTreeSet<PathBuf>) {
        self.locks.retain(|path, _| paths.contains(path));
    }
}

/// Opens a file at its end. A new one gets the owner of its folder; the owner of an existing one stays.
fn open_to_append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).mode(0o644);
    match options.create_new(true).open(path) {
        Ok(file) => {
            owner::adopt(&file, path);
            Ok(file)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            options.create_new(false).create(true).open(path)
        }
        refused => refused,
    }
}

/// The length of a file up to its last LF.
fn length_of_whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    const BLOCK: u64 = 4096;
    let mut end = length;
    // One byte first: nearly always it is the LF.
    let mut start = length.saturating_sub(1);
    let mut block = Vec::new();
    while end > 0 {
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        Read::by_ref(file).take(end - start).read_to_end(&mut block)?;
        if let Some(position) = block.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + position as u64 + 1);
        }
        end = start;
        start = end.saturating_sub(BLOCK);
    }
    Ok(0)
}

/// Does it, and if that fails because the folder of `path` is missing, creates it and does it again.
fn with_folder<T>(path: &Path, mut action: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    match action() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(Path::new(""));
            owner::create_folders(folder)?;
            log::info!(file:% = folder.display(); "created folder {}", folder.display());
            action()
        }
        result => result,
    }
}

#[cfg(test)]
mod tests;
