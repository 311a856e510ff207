//! A port that has a path: a serial device, a FIFO or a file; which one shows when it is opened.
//!
//! Owns that choice and the speed of the line. The reading is [`super::serial`]'s and
//! [`super::file`]'s.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::source::{Port, Source};
use super::speed::Search;
use super::{adapters, file, holder, serial};
use crate::text;

/// Where the port is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/dev/ttyUSB0`, `/dev/serial/by-id/…`, a FIFO, a file.
    Path(PathBuf),
    /// The only USB serial adapter there is, wherever that may be.
    OnlyAdapter,
}

/// A port that has a path.
#[derive(Debug)]
pub struct Device {
    place: Place,
    search: Search,
    /// What was opened last.
    opened: Option<(PathBuf, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Serial,
    File,
}

impl Device {
    /// The port at this place; a serial device is opened at the speed that `search` gives.
    #[must_use]
    pub fn new(place: Place, search: Search) -> Self {
        Self { place, search, opened: None }
    }

    fn path(&self) -> Result<PathBuf, String> {
        match &self.place {
            Place::Path(path) => Ok(path.clone()),
            Place::OnlyAdapter => adapters::only(),
        }
    }
}

impl Port for Device {
    fn open(&mut self) -> Result<Option<Box<dyn Source>>, String> {
        let path = self.path()?;
        let kind = kind(&path)?;
        let source = match kind {
            Kind::Serial => serial::open(&path, self.search.speed(), self.search.format())
                .map_err(|refusal| {
                    if refusal.may_be_the_speed {
                        self.search.refused();
                    }
                    refusal.reason
                })?,
            Kind::File => file::open(&path)?,
        };
        self.opened = Some((path, kind));
        self.search.opened();
        Ok(Some(source))
    }

    fn is_there(&self) -> bool {
        match &self.place {
            Place::Path(path) => path.exists(),
            Place::OnlyAdapter => adapters::any(),
        }
    }

    fn description(&self) -> String {
        match (&self.opened, &self.place) {
            (Some((path, Kind::Serial)), _) => {
                format!("{} at {} baud", path.display(), self.search.speed())
            }
            (Some((path, Kind::File)), _) | (None, Place::Path(path)) => path.display().to_string(),
            (None, Place::OnlyAdapter) => "the only USB serial adapter".into(),
        }
    }

    fn holders(&self) -> Vec<String> {
        match &self.opened {
            Some((path, Kind::Serial)) => holder::of(path),
            _ => Vec::new(),
        }
    }

    fn on_bytes(&mut self, now: Instant) -> bool {
        matches!(self.opened, Some((_, Kind::Serial))) && self.search.on_bytes(now)
    }

    fn on_telegram(&mut self) -> Option<u32> {
        let speed = self.search.on_telegram()?;
        matches!(self.opened, Some((_, Kind::Serial))).then_some(speed)
    }
}

fn kind(path: &Path) -> Result<Kind, String> {
    let kind = fs::metadata(path)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => text::absence(path),
            _ => format!("cannot open {}: {error}", path.display()),
        })?
        .file_type();
    if kind.is_char_device() {
        Ok(Kind::Serial)
    } else if kind.is_file() || kind.is_fifo() {
        Ok(Kind::File)
    } else {
        Err(format!("{} is neither a serial device nor a FIFO nor a file", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use serialport::SerialPort;

    use super::*;
    use crate::config::LineFormat;

    fn device(path: &str) -> Device {
        Device::new(Place::Path(path.into()), Search::new(None, LineFormat::Ten))
    }

    fn refusal(path: &str) -> String {
        device(path).open().err().unwrap()
    }

    #[test]
    fn what_is_no_port_is_said_in_words() {
        assert_eq!(refusal("/dev/no-such"), "there is no /dev/no-such: is the cable plugged in?");
        assert!(refusal("/tmp").starts_with("/tmp is neither a serial device nor"));
        assert_eq!(refusal("/dev/null"), "/dev/null is not a serial device");
    }

    #[test]
    fn a_port_that_others_hold_is_no_reason_to_try_another_speed() {
        let (_meter, mut held) = serialport::TTYPort::pair().unwrap();
        held.set_exclusive(true).unwrap();
        let path = held.name().unwrap();
        let mut device = device(&path);
        assert!(device.open().is_err());
        drop(held);
        // A program that another test has started meanwhile has it too, until it ends.
        let is_free = (0..10_000).any(|_| {
            thread::sleep(Duration::from_millis(10));
            device.open().is_ok_and(|source| source.is_some())
        });
        assert!(is_free);
        assert_eq!(device.description(), format!("{path} at 115200 baud"));
    }

    #[test]
    fn a_file_has_no_speed_to_search_for() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut device = device(file.path().to_str().unwrap());
        assert!(device.open().unwrap().is_some());
        let now = Instant::now();
        for hours in 0..100 {
            assert!(!device.on_bytes(now + Duration::from_secs(3600 * hours)));
        }
        assert_eq!(device.on_telegram(), None);
        assert_eq!(device.description(), file.path().display().to_string());
    }
}
