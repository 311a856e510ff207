//! Which process holds a port, so that the user need not search for it.
//!
//! Best effort: `/proc` shows the open files of other users' processes to root only.

use std::fs;
use std::path::{Path, PathBuf};

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
    files.filter_map(Result::ok).any(|file| fs::read_link(file.path()).is_ok_and(|to| to == device))
}

fn name(process: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    format!("{} (pid {process})", name.trim_end())
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
}
