//! A file that is there whole or not at all.
//!
//! Owns the name under which it is written before it is renamed.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes a file under another name, `.NAME.tmp`, in the same folder, and renames it when it is complete.
///
/// It has mode 0644, less what the umask takes away. On an error the file at `path` is as it was, and so
/// is, always, what is there and is no file: root could put one in the place of `/dev/null`.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "what is there is no file"));
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let open = || OpenOptions::new().write(true).create_new(true).mode(0o644).open(&temporary);
    let mut file = match open() {
        // What a kill left behind goes, and so does a link that somebody else put there.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&temporary)?;
            open()?
        }
        file => file?,
    };
    let renamed = write(&mut file).and_then(|()| fs::rename(&temporary, path));
    if renamed.is_err() {
        // If this fails too, the file is in the way of nobody, and the error above tells more.
        let _ = fs::remove_file(&temporary);
    }
    renamed
}

/// The name of the file that a file of this name was to become, had the program not been killed.
pub(crate) fn unfinished(name: &str) -> Option<&str> {
    name.strip_prefix('.')?.strip_suffix(".tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_left_as_it_is() {
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
    fn the_name_of_a_temporary_file_tells_what_it_was_to_become() {
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
