//! `port: auto`: the only USB serial adapter.
//!
//! Owns where adapters are found, and the message when there is none or more than one.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Below `/dev`: names that stay the same when an adapter is plugged in elsewhere.
pub const LASTING_NAMES: &str = "serial/by-id";

/// Below `/dev`: names that stay the same for a USB socket. Adapters without a serial number (CH340) share one
/// name by ID, and differ only in these.
const SOCKET_NAMES: &str = "serial/by-path";

/// Finds the only USB serial adapter; the error is for people and names the choices.
pub fn only() -> Result<PathBuf, String> {
    only_of(&all())
}

/// All USB serial adapters, by names that tell them apart.
#[must_use]
pub fn all() -> Vec<PathBuf> {
    all_below(Path::new("/dev"))
}

/// Whether there is an adapter. True for several too: the error of [`only`] then lists them.
#[must_use]
pub fn any() -> bool {
    any_of(&all())
}

/// Names separated by commas.
#[must_use]
pub fn names(adapters: &[PathBuf]) -> String {
    let names: Vec<String> = adapters.iter().map(|path| path.display().to_string()).collect();
    names.join(", ")
}

fn all_below(dev: &Path) -> Vec<PathBuf> {
    // Without udev (containers) there are only the kernel's names.
    let devices = entries(dev, &["ttyUSB", "ttyACM"]);
    let names = [LASTING_NAMES, SOCKET_NAMES].map(|folder| links(&dev.join(folder)));
    names.into_iter().find(|names| names.len() >= devices.len()).unwrap_or(devices)
}

/// One name in `folder` for each device, sorted.
fn links(folder: &Path) -> Vec<PathBuf> {
    let mut devices = HashSet::new();
    let mut links = entries(folder, &[""]);
    links.retain(|link| devices.insert(link.canonicalize().unwrap_or_else(|_| link.clone())));
    links
}

fn any_of(adapters: &[PathBuf]) -> bool {
    // For a moment after the cable was pulled, udev's name of it is a dangling link.
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

/// The entries of `folder` whose names begin like this, sorted. Empty when it cannot be read.
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

    fn link(dev: &tempfile::TempDir, name: &str, target: &str) {
        let link = dev.path().join("serial").join(name);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(format!("../../{target}"), link).unwrap();
    }

    #[test]
    fn the_only_adapter_is_named_by_its_id() {
        let dev = dev(&["ttyUSB1"]);
        link(&dev, "by-id/usb-FTDI_P1-if00-port0", "ttyUSB1");
        link(&dev, "by-path/platform-usb-0:1.3:1.0-port0", "ttyUSB1");
        let found = only_of(&all_below(dev.path())).unwrap();
        assert!(found.ends_with("serial/by-id/usb-FTDI_P1-if00-port0"));
    }

    #[test]
    fn two_adapters_that_share_a_name_by_id_are_listed_by_socket() {
        let dev = dev(&["ttyUSB0", "ttyUSB1"]);
        link(&dev, "by-id/usb-1a86_USB_Serial-if00-port0", "ttyUSB1");
        for (number, device) in [(1, "ttyUSB0"), (2, "ttyUSB1")] {
            // systemd makes two names for each socket.
            link(&dev, &format!("by-path/platform-usb-0:1.{number}:1.0-port0"), device);
            link(&dev, &format!("by-path/platform-usbv2-0:1.{number}:1.0-port0"), device);
        }
        let error = only_of(&all_below(dev.path())).unwrap_err();
        assert!(error.contains("by-path/platform-usb-0:1.1"), "{error}");
        assert!(error.contains("by-path/platform-usb-0:1.2"), "{error}");
        assert!(!error.contains("by-id") && !error.contains("usbv2"), "{error}");
        fs::remove_dir_all(dev.path().join("serial/by-path")).unwrap();
        let error = only_of(&all_below(dev.path())).unwrap_err();
        assert!(error.contains("ttyUSB0") && error.contains("ttyUSB1"), "{error}");
    }

    #[test]
    fn without_lasting_names_the_kernel_s_names_serve() {
        let dev = dev(&["ttyS0", "tty1", "ttyACM0"]);
        assert!(only_of(&all_below(dev.path())).unwrap().ends_with("ttyACM0"));
    }

    #[test]
    fn several_adapters_count_as_present_and_a_dangling_link_does_not() {
        let dev = dev(&["serial/by-id/usb-A", "serial/by-id/usb-B"]);
        assert!(any_of(&all_below(dev.path())));
        let names = dev.path().join(LASTING_NAMES);
        for name in ["usb-A", "usb-B"] {
            fs::remove_file(names.join(name)).unwrap();
        }
        link(&dev, "by-id/usb-A", "ttyUSB0");
        assert!(!any_of(&all_below(dev.path())));
    }

    #[test]
    fn the_error_lists_several_adapters_or_says_that_there_is_none() {
        let two = dev(&["serial/by-id/usb-B", "serial/by-id/usb-A"]);
        let error = only_of(&all_below(two.path())).unwrap_err();
        let (a, b) = (error.find("by-id/usb-A").unwrap(), error.find("by-id/usb-B").unwrap());
        assert!(a < b && error.contains("p1_listener.port"), "{error}");
        let error = only_of(&all_below(dev(&["ttyS0"]).path())).unwrap_err();
        assert!(error.starts_with("there is no USB serial adapter"), "{error}");
    }
}
