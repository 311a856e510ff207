//! A serial device: a USB adapter or a UART, opened for us alone.
//!
//! Owns what serialport's answers mean, in words for the user. Which speed to open it with is
//! [`super::speed`]'s.
//!
//! serialport makes the settings and keeps others out; bytes are read from a file of our own. Its reads
//! may wait for ever: when another program that has had the port open before takes the bytes it was told
//! of.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::isatty;
use serialport::{ClearBuffer, DataBits, Parity, SerialPort, StopBits, TTYPort};

use super::holder;
use super::source::{Given, PATIENCE, Source};
use super::speed::{Framing, Setting};
use crate::text;

/// Why a device cannot be opened.
#[derive(Debug)]
pub struct Refusal {
    /// For people.
    pub reason: String,
    /// The device may not know the setting: another one may serve.
    pub may_be_the_setting: bool,
}

/// Opens the device at `path`.
pub fn open(path: &Path, setting: Setting) -> Result<Box<dyn Source>, Refusal> {
    Ok(Box::new(opened(path, setting)?))
}

fn opened(path: &Path, setting: Setting) -> Result<OpenDevice, Refusal> {
    let (data_bits, parity) = match setting.framing {
        Framing::EightNoneOne => (DataBits::Eight, Parity::None),
        Framing::SevenEvenOne => (DataBits::Seven, Parity::Even),
    };
    // Before serialport keeps others out, and us with them.
    let file = open_to_read(path).map_err(|error| refusal(path, &error.into()))?;
    if !isatty(&file) {
        let reason = format!("{} is not a serial device", path.display());
        return Err(Refusal { reason, may_be_the_setting: false });
    }
    let port = serialport::new(path.to_string_lossy(), setting.baud_rate)
        .data_bits(data_bits)
        .parity(parity)
        .stop_bits(StopBits::One)
        .open_native()
        .map_err(|error| refusal(path, &error))?;
    // What came in before the settings were made may be garbled.
    port.clear(ClearBuffer::Input).map_err(|error| refusal(path, &error))?;
    Ok(OpenDevice { file, _port: port, setting })
}

fn open_to_read(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

fn refusal(path: &Path, error: &serialport::Error) -> Refusal {
    use serialport::ErrorKind::{InvalidInput, Unknown};
    Refusal {
        reason: explain(path, error),
        may_be_the_setting: path.exists() && matches!(error.kind(), InvalidInput | Unknown),
    }
}

/// What is wrong in words for the user: serialport's own are those of the system calls.
fn explain(path: &Path, error: &serialport::Error) -> String {
    let shown = path.display();
    match error.kind() {
        _ if !path.exists() => text::absence(path),
        serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => format!(
            "no permission to open {shown}: add the user to its group (usermod -aG dialout USER) and log in anew"
        ),
        serialport::ErrorKind::NoDevice | serialport::ErrorKind::Io(ErrorKind::ResourceBusy) => {
            match &holder::of(path)[..] {
                [] => {
                    format!(
                        "{shown} is in use by another program (`sudo fuser {shown}` tells which)"
                    )
                }
                holders => format!("{shown} is in use by {}: stop it", holders.join(" and ")),
            }
        }
        _ => format!("cannot open {shown} as a serial port: {error}"),
    }
}

struct OpenDevice {
    file: File,
    /// While it is there, nobody else can open the port.
    _port: TTYPort,
    setting: Setting,
}

impl OpenDevice {
    /// Reads what there is after these events, without waiting.
    fn take(&mut self, events: PollFlags, buffer: &mut [u8]) -> io::Result<Given> {
        match self.file.read(buffer) {
            // At once and for ever, this is how a hang-up looks.
            Ok(0) => Err(hang_up()),
            Ok(length) => {
                if self.setting.framing == Framing::SevenEvenOne {
                    // An adapter that cannot do seven bits hands the parity bit through as the eighth.
                    buffer[..length].iter_mut().for_each(|byte| *byte &= 0x7F);
                }
                Ok(Given::Bytes(length))
            }
            Err(_) if events.intersects(PollFlags::HUP) => Err(hang_up()),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(Given::Nothing),
                _ => Err(error),
            },
        }
    }
}

impl Source for OpenDevice {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Given> {
        let patience = Timespec::try_from(PATIENCE).ok();
        let mut watched = [PollFd::new(&self.file, PollFlags::IN)];
        match poll(&mut watched, patience.as_ref()) {
            Ok(0) | Err(Errno::INTR) => Ok(Given::Nothing),
            Ok(_) => {
                let events = watched[0].revents();
                self.take(events, buffer)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn byte_time(&self) -> Option<Duration> {
        Some(self.setting.byte_time())
    }
}

fn hang_up() -> io::Error {
    io::Error::new(ErrorKind::BrokenPipe, "it was unplugged, or the other end hung up")
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    const MODERN: Setting = Setting { baud_rate: 115_200, framing: Framing::EightNoneOne };

    fn reason(path: &str) -> String {
        open(path.as_ref(), MODERN).err().unwrap().reason
    }

    /// The meter's end, and the path of the port.
    fn pty() -> (File, String) {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        (master.into(), path)
    }

    #[test]
    fn what_cannot_be_opened_is_explained_in_words() {
        assert!(reason("/dev/no-such-port").contains("is the cable plugged in?"));
        assert_eq!(reason("/dev/null"), "/dev/null is not a serial device");
        assert_eq!(reason("/tmp"), "/tmp is not a serial device");
        let denied = serialport::Error::new(
            serialport::ErrorKind::Io(ErrorKind::PermissionDenied),
            "Permission denied",
        );
        let said = explain("/dev/null".as_ref(), &denied);
        assert!(said.contains("usermod -aG dialout"), "{said}");
    }

    #[test]
    fn a_port_that_another_program_has_open_is_said_to_be_in_use() {
        let (_meter, path) = pty();
        let _first = open(path.as_ref(), MODERN).ok().unwrap();
        assert!(reason(&path).contains("is in use by"), "{}", reason(&path));
    }

    #[test]
    fn bytes_come_as_they_are_and_without_parity_in_seven_bits() {
        let seven = Setting { framing: Framing::SevenEvenOne, ..MODERN };
        for (setting, expected) in [(MODERN, b"\xAF\xFF"), (seven, b"\x2F\x7F")] {
            let (mut meter, path) = pty();
            let mut source = open(path.as_ref(), setting).ok().unwrap();
            meter.write_all(b"\xAF\xFF").unwrap();
            let mut buffer = [0; 8];
            assert_eq!(source.read(&mut buffer).unwrap(), Given::Bytes(2));
            assert_eq!(buffer[..2], expected[..]);
        }
    }

    #[test]
    fn bytes_that_another_program_took_are_not_waited_for() {
        let (_meter, path) = pty();
        let mut device = opened(path.as_ref(), MODERN).unwrap();
        assert_eq!(device.take(PollFlags::IN, &mut [0; 8]).unwrap(), Given::Nothing);
    }

    #[test]
    fn a_hang_up_is_an_error() {
        let (meter, path) = pty();
        let mut source = open(path.as_ref(), MODERN).ok().unwrap();
        drop(meter);
        let said = source.read(&mut [0; 8]).unwrap_err().to_string();
        assert!(said.contains("unplugged"), "{said}");
    }
}
