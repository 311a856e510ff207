//! The name under which users find the port.
//!
//! Owns the symbolic link of `--link`: it replaces nothing but links like itself, points to the port
//! while the meter is there, and goes with it.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Where Linux keeps the slaves of pseudo-terminals.
pub const PORTS: &str = "/dev/pts/";
const OCCUPIED: &str =
    "expected nothing there, or a link to a pseudo-terminal; found something else";

/// A symbolic link to the port, removed when dropped if it still points there.
#[derive(Debug)]
pub struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    /// Makes `path` a link to `target`. A link to a pseudo-terminal, or to nothing, is replaced; for
    /// anything else that is there the error is [`ErrorKind::AlreadyExists`].
    pub fn create(path: &Path, target: &Path) -> io::Result<Self> {
        match symlink(target, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Err(_) if is_leftover(path) => replace(path, target)?,
            Err(_) => return Err(io::Error::new(ErrorKind::AlreadyExists, OCCUPIED)),
            Ok(()) => {}
        }
        Ok(Self { path: path.to_owned(), target: target.to_owned() })
    }

    /// Where the link is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Points the link to another port, in one step.
    pub fn move_to(&mut self, target: &Path) -> io::Result<()> {
        replace(&self.path, target)?;
        target.clone_into(&mut self.target);
        Ok(())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            // There is nobody left to tell, and a link to nothing is replaced by the next run.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether `path` is a link that an earlier run may have left: to a port, or to nothing.
fn is_leftover(path: &Path) -> bool {
    fs::read_link(path).is_ok_and(|target| target.starts_with(PORTS) || !path.exists())
}

fn replace(path: &Path, target: &Path) -> io::Result<()> {
    let mut new = path.to_owned().into_os_string();
    new.push(format!(".{}", std::process::id()));
    symlink(target, &new)?;
    fs::rename(&new, path).inspect_err(|_| {
        // The first error is the one to tell.
        let _ = fs::remove_file(&new);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_comes_and_goes_with_the_port() {
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
    fn anything_else_is_left_alone() {
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
        let mut second = Link::create(&path, Path::new("/dev/pts/901")).unwrap();
        drop(first);
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/pts/901"));
        second.move_to(Path::new("/dev/pts/902")).unwrap();
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/pts/902"));
        drop(second);
        assert!(fs::symlink_metadata(&path).is_err());
    }
}
