//! A disk whose power is cut: what was not on it then is gone.
//!
//! It is the recorder's own [`DiskStorage`] in a folder, with the promises of the trait held against it: rows are
//! there when `append` returns, names when `sync_dirs` does. A cut in the middle of a call leaves a part.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use p1_multicast::reader::{DiskStorage, Storage};

use crate::random::Random;

#[derive(Clone)]
pub struct Disk(Rc<RefCell<State>>);

pub struct State {
    inner: DiskStorage,
    random: Random,
    /// After so many more writes the power is cut in the middle of one.
    pub cut_in: Option<u64>,
    pub is_cut: bool,
    pub is_full: bool,
    /// Names that were made or replaced since the last `sync_dirs`, with what was there before.
    unsynced: Vec<(PathBuf, Option<Vec<u8>>)>,
    /// Files that the recorder removed, with what was in them.
    pub removed: Vec<(PathBuf, Vec<u8>)>,
    pub writes: u64,
}

impl Disk {
    pub fn new(random: Random) -> Self {
        Self(Rc::new(RefCell::new(State {
            inner: DiskStorage::default(),
            random,
            cut_in: None,
            is_cut: false,
            is_full: false,
            unsynced: Vec::new(),
            removed: Vec::new(),
            writes: 0,
        })))
    }

    pub fn state(&self) -> std::cell::RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// The power is back: names that were not synchronised may be as before.
    pub fn power_on(&self) {
        let mut state = self.state();
        for (path, before) in std::mem::take(&mut state.unsynced).into_iter().rev() {
            if state.random.below(2) == 0 {
                match before {
                    Some(text) => fs::write(path, text).expect("a file"),
                    None => drop(fs::remove_file(path)),
                }
            }
        }
        state.inner = DiskStorage::default();
        (state.cut_in, state.is_cut) = (None, false);
    }
}

impl State {
    /// Fails when the disk is full or has no power, and says whether the power is cut within this write.
    fn begin_write(&mut self) -> io::Result<bool> {
        if self.is_cut {
            return Err(io::Error::other("no power"));
        }
        if self.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.writes += 1;
        if let Some(left) = &mut self.cut_in {
            self.is_cut = *left == 0;
            *left = left.saturating_sub(1);
        }
        Ok(self.is_cut)
    }

    fn check_power(&self) -> io::Result<()> {
        if self.is_cut { Err(io::Error::other("no power")) } else { Ok(()) }
    }

    /// A cut while a file is made or replaced: the copy is torn, or has just got its name.
    fn torn_copy(&mut self, path: &Path, text: &[u8]) -> io::Error {
        let _ = fs::create_dir_all(path.parent().expect("a folder"));
        let name = path.file_name().expect("a name").to_string_lossy();
        let length = self.random.index_below(text.len() + 1);
        let copy = path.with_file_name(format!(".{name}.tmp"));
        match self.random.below(2) {
            0 => fs::write(copy, &text[..length]).expect("a copy"),
            _ => fs::write(path, text).expect("a file"),
        }
        io::Error::other("no power")
    }
}

impl Storage for Disk {
    fn truncate_torn_line(&mut self, path: &Path) -> io::Result<u64> {
        let mut state = self.state();
        state.check_power()?;
        state.inner.truncate_torn_line(path)
    }

    fn append(&mut self, path: &Path, rows: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let is_new = fs::metadata(path).map_or(true, |file| file.len() == 0);
        if !state.begin_write()? {
            state.inner.append(path, rows)?;
            if is_new {
                state.unsynced.push((path.to_owned(), None));
            }
            return Ok(());
        }
        let length = state.random.index_below(rows.len() + 1);
        let _ = fs::create_dir_all(path.parent().expect("a folder"));
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(&rows[..length])?;
        if state.random.below(3) == 0 {
            // The file has its new length, and blocks that were never written.
            let zeros = state.random.index_below(300);
            file.write_all(&vec![0; zeros])?;
        }
        if is_new && state.random.below(2) == 0 {
            fs::remove_file(path)?;
        }
        Err(io::Error::other("no power"))
    }

    fn head(&mut self, path: &Path, lines: usize) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        state.check_power()?;
        state.inner.head(path, lines)
    }

    fn replace_header(&mut self, path: &Path, length: u64, head: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let before = fs::read(path)?;
        if state.begin_write()? {
            let rest = &before[usize::try_from(length).expect("a length")..];
            return Err(state.torn_copy(path, &[head, rest].concat()));
        }
        state.inner.replace_header(path, length, head)?;
        state.unsynced.push((path.to_owned(), Some(before)));
        Ok(())
    }

    fn create(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if state.begin_write()? {
            return Err(state.torn_copy(path, content));
        }
        state.inner.create(path, content)?;
        state.unsynced.push((path.to_owned(), None));
        Ok(())
    }

    fn replace_volatile(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.check_power()?;
        state.inner.replace_volatile(path, content)
    }

    fn exists(&mut self, path: &Path) -> io::Result<bool> {
        let mut state = self.state();
        state.check_power()?;
        state.inner.exists(path)
    }

    fn modified(&mut self, path: &Path) -> Option<std::time::SystemTime> {
        self.state().inner.modified(path)
    }

    fn names(&mut self, folder: &Path) -> io::Result<Vec<OsString>> {
        let mut state = self.state();
        state.check_power()?;
        state.inner.names(folder)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.check_power()?;
        let text = fs::read(path)?;
        state.inner.remove(path)?;
        state.removed.push((path.to_owned(), text));
        Ok(())
    }

    fn sync_dirs(&mut self) {
        let mut state = self.state();
        if state.check_power().is_ok() {
            state.unsynced.clear();
            state.inner.sync_dirs();
        }
    }

    fn free(&mut self, _: &Path) -> io::Result<Option<u64>> {
        Ok(None)
    }
}
