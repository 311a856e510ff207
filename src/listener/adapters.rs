//! `port: auto`: the only USB serial adapter there is.
//!
//! Owns where adapters are looked for, and the words when there is none or more than one.

use std::fs;
use std::path::{Path, PathBuf};

/// Where udev gives adapters names that stay the same, below `/dev`.
pub const LASTING_NAMES: &str = "serial/by-id";

/// Finds the only USB serial adapter; the error is for people and names the choices.
pub fn only() -> Result<PathBuf, String> {
    only_of(&all())
}

/// All USB serial adapters, under their lasting names where they have them.
#[must_use]
pub fn all() -> Vec<PathBuf> {
    all_below(Path::new("/dev"))
}

/// Whether there is any, be there one too many: why none of several is opened must be said.
#[must_use]
pub fn any() -> bool {
    any_of(&all())
}

/// Names to be shown, with commas between.
#[must_use]
pub fn names(adapters: &[PathBuf]) -> String {
    let names: Vec<String> = adapters.iter().map(|path| path.display().to_string()).collect();
    names.join(", ")
}

fn all_below(dev: &Path) -> Vec<PathBuf> {
    // The names by id stay the same when an adapter is plugged in elsewhere. Where udev does not make
    // them (containers), the kernel's own names must do.
    let lasting = entries(&dev.join(LASTING_NAMES), &[""]);
    if lasting.is_empty() { entries(dev, &["ttyUSB", "ttyACM"]) } else { lasting }
}

fn any_of(adapters: &[PathBuf]) -> bool {
    // For a moment after the cable was pulled, udev's name of it leads nowhere.
    adapters.iter().any(|path| path.exists())
}

fn only_of(adapters: &[PathBuf]) -> Result<PathBuf, String> {
    match adapters {
        [one] => Ok(one.clone()),
        [] => Err("there is no USB serial adapter: is the cable plugged in?".into()),
        several => Err(format!(
            "there are several USB serial adapters; write one of them as `p1_listener.port`: {}",
            names(several)
        )),
    }
}

/// What is in `folder` under a name that begins like this, sorted; nothing when it cannot be read.
fn entries(folder: &Path, beginnings: &[&str]) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name();
            beginnings.iter().any(|beginning| name.to_string_lossy().starts_with(beginning))
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder like `/dev` with these files.
    fn dev(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("serial/by-id")).unwrap();
        for name in names {
            fs::write(folder.path().join(name), "").unwrap();
        }
        folder
    }

    #[test]
    fn the_only_adapter_is_taken_by_its_lasting_name() {
        let dev = dev(&["serial/by-id/usb-FTDI_P1-if00-port0", "ttyUSB0", "ttyUSB1"]);
        let found = only_of(&all_below(dev.path())).unwrap();
        assert!(found.ends_with("serial/by-id/usb-FTDI_P1-if00-port0"));
    }

    #[test]
    fn without_lasting_names_the_kernel_s_names_serve() {
        let dev = dev(&["ttyS0", "tty1", "ttyACM0"]);
        assert!(only_of(&all_below(dev.path())).unwrap().ends_with("ttyACM0"));
    }

    #[test]
    fn several_adapters_are_there_and_a_name_that_leads_nowhere_is_not() {
        let dev = dev(&["serial/by-id/usb-A", "serial/by-id/usb-B"]);
        assert!(any_of(&all_below(dev.path())));
        let names = dev.path().join(LASTING_NAMES);
        for name in ["usb-A", "usb-B"] {
            fs::remove_file(names.join(name)).unwrap();
        }
        std::os::unix::fs::symlink("../../ttyUSB0", names.join("usb-A")).unwrap();
        assert!(!any_of(&all_below(dev.path())));
    }

    #[test]
    fn several_adapters_are_named_and_none_is_said() {
        let two = dev(&["serial/by-id/usb-B", "serial/by-id/usb-A"]);
        let said = only_of(&all_below(two.path())).unwrap_err();
        let (a, b) = (said.find("by-id/usb-A").unwrap(), said.find("by-id/usb-B").unwrap());
        assert!(a < b && said.contains("p1_listener.port"), "{said}");
        let said = only_of(&all_below(dev(&["ttyS0"]).path())).unwrap_err();
        assert!(said.starts_with("there is no USB serial adapter"), "{said}");
    }
}
