//! Finds the other processes that have a port open, so that the user need not search for them.
//!
//! Best effort: `/proc` shows the open files of other users' processes to root only.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::text::escaped;

/// The other processes that have the file at `path` open: `minicom (pid 1234)`.
#[must_use]
pub fn of(path: &Path) -> Vec<String> {
    let Ok(device) = path.canonicalize() else { return Vec::new() };
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|number| *number != std::process::id());
    let mut holders: Vec<u32> = numbers.filter(|number| has_open(*number, &device)).collect();
    holders.sort_unstable();
    holders.into_iter().map(name).collect()
}

fn has_open(process: u32, device: &Path) -> bool {
    let Ok(files) = fs::read_dir(PathBuf::from(format!("/proc/{process}/fd"))) else {
        return false;
    };
    // The name alone is not enough: in a container it is another file. And stat on every file could
    // block on a file server that is gone.
    files
        .filter_map(Result::ok)
        .map(|file| file.path())
        .any(|file| fs::read_link(&file).is_ok_and(|to| to == device) && is_same(&file, device))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path| fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

fn name(process: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    label(&name, process)
}

/// A process can call itself anything.
fn label(name: &str, process: u32) -> String {
    format!("{} (pid {process})", escaped(name.trim_end()))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_process_that_has_a_file_open_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("port");
        let file = fs::File::create(&path).unwrap();
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(file).spawn().unwrap();
        let _also_ours = fs::File::open(&path).unwrap();
        let wanted = format!("cat (pid {})", child.id());
        assert!(of(&path).contains(&wanted), "{:?}", of(&path));
        let ours = format!("(pid {})", std::process::id());
        assert!(!of(&path).iter().any(|holder| holder.ends_with(&ours)));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!of(&path).contains(&wanted));
    }

    #[test]
    fn the_name_of_a_process_cannot_control_the_terminal() {
        assert_eq!(label("\x1B[31mEVIL\n", 7), "\\u{1b}[31mEVIL (pid 7)");
    }

    #[test]
    fn a_file_is_known_by_what_it_is_and_not_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let [port, alias, other] = ["port", "alias", "other"].map(|name| folder.path().join(name));
        fs::write(&port, "").unwrap();
        fs::hard_link(&port, &alias).unwrap();
        fs::write(&other, "").unwrap();
        assert!(is_same(&port, &alias) && !is_same(&port, &other));
    }
}
