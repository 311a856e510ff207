//! The name under which users find the port.
//!
//! Owns the symbolic link of `--link`: it replaces nothing but links like itself, points to the port while the
//! meter runs, and is removed with it.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Where Linux keeps the slaves of pseudo-terminals.
pub const PORTS: &str = "/dev/pts/";

/// A symbolic link to the port, removed when dropped if it still points there.
#[derive(Debug)]
pub struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    /// Makes `path` a link to `target`. A link to a pseudo-terminal, or to nothing, is replaced; for anything
    /// else the error is [`ErrorKind::AlreadyExists`].
    pub fn create(path: &Path, target: &Path) -> io::Result<Self> {
        if is_leftover(path) {
            fs::remove_file(path)?;
        }
        symlink(target, path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => io::Error::new(
                error.kind(),
                "expected nothing there, or a link to a pseudo-terminal; found something else",
            ),
            _ => error,
        })?;
        Ok(Self { path: path.to_owned(), target: target.to_owned() })
    }

    /// Where the link is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            // If this fails, the link points to nothing, and the next run replaces it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether `path` is a link that an earlier run may have left: to a port, or to nothing.
fn is_leftover(path: &Path) -> bool {
    fs::read_link(path).is_ok_and(|target| target.starts_with(PORTS) || !path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_there_as_long_as_the_port() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meter");
        let link = Link::create(&path, Path::new("/dev/pts/900")).unwrap();
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/pts/900"));
        drop(link);
        assert!(fs::symlink_metadata(&path).is_err());
    }

    #[test]
    fn links_to_ports_and_to_nothing_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meter");
        for old in ["/dev/pts/ptmx", "/dev/pts/901", "nowhere"] {
            symlink(old, &path).unwrap();
            let _link = Link::create(&path, Path::new("/dev/pts/900")).unwrap();
            assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/pts/900"));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn anything_else_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meter");
        let refused =
            |path: &Path| Link::create(path, Path::new("/dev/pts/900")).unwrap_err().kind();
        fs::write(&path, "precious").unwrap();
        assert_eq!(refused(&path), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        assert_eq!(refused(folder.path()), ErrorKind::AlreadyExists);
        let elsewhere = folder.path().join("link to a file");
        symlink(&path, &elsewhere).unwrap();
        assert_eq!(refused(&elsewhere), ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_link_that_somebody_else_has_taken_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meter");
        let first = Link::create(&path, Path::new("/dev/pts/900")).unwrap();
        let second = Link::create(&path, Path::new("/dev/pts/901")).unwrap();
        drop(first);
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/pts/901"));
        drop(second);
        assert!(fs::symlink_metadata(&path).is_err());
    }
}
