//! Replaces a file atomically: readers see the old content or the new one, never a part.
//!
//! Owns the temporary name.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes a file as `.NAME.tmp` in the same folder, and renames it to `path` when it is complete.
///
/// It has mode 0644 minus the umask. On an error the file at `path` is unchanged. Anything there that is
/// not a regular file is never replaced: root would replace `/dev/null`.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let open = || OpenOptions::new().write(true).create_new(true).mode(0o644).open(&temporary);
    let mut file = match open() {
        // Removes what a killed program left behind, and a link that somebody else put there.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&temporary)?;
            open()?
        }
        file => file?,
    };
    let renamed = write(&mut file).and_then(|()| fs::rename(&temporary, path));
    if renamed.is_err() {
        // A leftover temporary file does no harm, and the error above is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    renamed
}

/// The name of the file that the temporary file `name` would have become; `None` for other names.
pub(crate) fn unfinished(name: &str) -> Option<&str> {
    name.strip_prefix('.')?.strip_suffix(".tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_but_a_regular_file_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&socket, &link).unwrap();
        for path in [&socket, &link, &folder.path().to_owned()] {
            let before = fs::symlink_metadata(path).unwrap().file_type();
            assert!(replace(path, |_| Ok(())).is_err(), "{path:?}");
            assert_eq!(fs::symlink_metadata(path).unwrap().file_type(), before);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn the_name_of_a_temporary_file_contains_the_final_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut names = Vec::new();
        let write = replace(&folder.path().join("f-1.csv"), |_| {
            let entries = fs::read_dir(folder.path())?;
            names = entries.map(|entry| entry.unwrap().file_name()).collect();
            Ok(())
        });
        write.unwrap();
        let [name] = &names[..] else { panic!("{names:?}") };
        assert_eq!(unfinished(name.to_str().unwrap()), Some("f-1.csv"));
        assert_eq!(unfinished("f-1.csv"), None);
        assert_eq!(unfinished(".f-1.csv"), None);
    }
}
