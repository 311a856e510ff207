//! Who owns what root makes.
//!
//! Owns the rule: a new file or folder gets the owner and the group of the folder that it is in, so that the service
//! can go on with the files of a recorder that somebody ran as root.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, fchown};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::process::geteuid;

/// Gives this file, which we have just made at `path`, to the owner of its folder if we are root.
///
/// Best effort: some file systems have no owners, and a container may forbid it.
pub(super) fn adopt(file: &File, path: &Path) {
    if geteuid().is_root() {
        if let Some(folder) = path.parent().and_then(|folder| fs::metadata(folder).ok()) {
            let _ = fchown(file, Some(folder.uid()), Some(folder.gid()));
        }
    }
}

/// Makes a folder and those above it that are missing.
pub(super) fn create_folders(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o777).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let Some(parent) = folder.parent() else { return Err(error) };
            create_folders(parent)?;
            create_folders(folder)
        }
        Err(_) if folder.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            if let Ok(made) = rustix::fs::open(folder, flags, Mode::empty()) {
                adopt(&File::from(made), folder);
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::chown;

    use super::*;

    #[test]
    fn what_root_makes_is_of_the_owner_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        // Only root can give a folder away; to any other user, what it makes is its own.
        let is_root = chown(folder.path(), Some(12_345), Some(54_321)).is_ok();
        let below = folder.path().join("a/b");
        create_folders(&below).unwrap();
        create_folders(&below).unwrap();
        let path = below.join("file");
        adopt(&File::create(&path).unwrap(), &path);
        let owner = |path: &Path| fs::metadata(path).map(|there| (there.uid(), there.gid()));
        for path in [folder.path().join("a"), below, path] {
            let expected = owner(folder.path()).unwrap();
            assert_eq!(owner(&path).unwrap().0, expected.0, "{}", path.display());
            assert!(!is_root || expected == (12_345, 54_321));
        }
    }

    #[test]
    fn a_folder_below_a_file_cannot_be_made() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(create_folders(&file.path().join("a/b")).is_err());
        assert!(create_folders(Path::new("")).is_err());
    }
}
