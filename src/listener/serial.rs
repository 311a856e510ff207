//! A serial device: a USB adapter or a UART, opened for us alone.
//!
//! Owns what serialport's errors mean, in words for the user. [`super::speed`] decides the speed. 8N1 or
//! 8E1: a 7E1 line has as many bits per byte as 8N1, and the framer sees its parity bit as the eighth.
//!
//! serialport sets the port up and keeps others out. Bytes are read from a file of our own, because its
//! reads can block: when a program that opened the port before takes the bytes that poll announced.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::isatty;
use serialport::{ClearBuffer, Parity, SerialPort, TTYPort};

use super::holder;
use super::source::{READ_TIMEOUT, ReadOutcome, Source, SourceKind};
use super::speed;
use crate::config::LineFormat;
use crate::text;

/// A device that is silent for longer is opened again: an adapter whose transfers have stalled stays mute
/// until then, and some cables take their power from DTR and RTS, which opening raises.
const MAX_SILENCE: Duration = Duration::from_secs(180);

/// Why a device cannot be opened.
#[derive(Debug)]
pub struct Refusal {
    /// For people.
    pub reason: String,
    /// The device may not know the speed: another one may work.
    pub may_be_the_speed: bool,
}

/// Opens the device at `path` with this speed, in bits per second.
pub fn open(path: &Path, speed: u32, format: LineFormat) -> Result<Box<dyn Source>, Refusal> {
    Ok(Box::new(opened(path, speed, format)?))
}

fn opened(path: &Path, speed: u32, format: LineFormat) -> Result<OpenDevice, Refusal> {
    // Before serialport keeps others out, and us with them.
    let file = open_to_read(path).map_err(|error| refusal(path, &error.into()))?;
    if !isatty(&file) {
        let reason = format!("{} is not a serial device", path.display());
        return Err(Refusal { reason, may_be_the_speed: false });
    }
    let parity = match format {
        LineFormat::Ten => Parity::None,
        LineFormat::Eleven => Parity::Even,
    };
    let port = serialport::new(path.to_string_lossy(), speed)
        .parity(parity)
        .open_native()
        .map_err(|error| refusal(path, &error))?;
    // What came in before the settings were made may be garbled.
    port.clear(ClearBuffer::Input).map_err(|error| refusal(path, &error))?;
    let kind = if is_terminal(&file) { SourceKind::Terminal } else { SourceKind::Serial };
    Ok(OpenDevice { file, _port: port, speed, format, kind })
}

/// Whether this is a pseudo-terminal: the kernel's `Documentation/admin-guide/devices.txt` has their numbers.
fn is_terminal(file: &File) -> bool {
    let device = rustix::fs::fstat(file).map(|there| rustix::fs::major(there.st_rdev));
    device.is_ok_and(|major| (136..=143).contains(&major))
}

fn open_to_read(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

fn refusal(path: &Path, error: &serialport::Error) -> Refusal {
    use serialport::ErrorKind::{InvalidInput, Unknown};
    Refusal {
        reason: explain(path, error),
        may_be_the_speed: path.exists() && matches!(error.kind(), InvalidInput | Unknown),
    }
}

/// What is wrong in words for the user: serialport's own are those of the system calls.
fn explain(path: &Path, error: &serialport::Error) -> String {
    let shown = path.display();
    match error.kind() {
        _ if !path.exists() => text::absence(path),
        serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => format!(
            "no permission to open {shown}: add the user to its group (usermod -aG dialout USER) and log in again"
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
    speed: u32,
    format: LineFormat,
    kind: SourceKind,
}

impl OpenDevice {
    /// Reads what there is after these events, without waiting.
    fn read_now(&mut self, events: PollFlags, buffer: &mut [u8]) -> io::Result<ReadOutcome> {
        match self.file.read(buffer) {
            // A hang-up looks like this, and does not change.
            Ok(0) => Err(hang_up()),
            Ok(length) => Ok(ReadOutcome::Bytes(length)),
            Err(_) if events.intersects(PollFlags::HUP) => Err(hang_up()),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(ReadOutcome::Nothing),
                _ => Err(error),
            },
        }
    }
}

impl Source for OpenDevice {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<ReadOutcome> {
        let timeout = Timespec::try_from(READ_TIMEOUT).ok();
        let mut watched = [PollFd::new(&self.file, PollFlags::IN)];
        match poll(&mut watched, timeout.as_ref()) {
            Ok(0) | Err(Errno::INTR) => Ok(ReadOutcome::Nothing),
            Ok(_) => {
                let events = watched[0].revents();
                self.read_now(events, buffer)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn byte_time(&self) -> Option<Duration> {
        Some(speed::byte_time(self.speed, self.format))
    }

    fn kind(&self) -> SourceKind {
        self.kind
    }

    fn max_silence(&self) -> Option<Duration> {
        Some(MAX_SILENCE)
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

    const SPEED: u32 = 115_200;

    fn reason(path: &str) -> String {
        open(path.as_ref(), SPEED, LineFormat::Ten).err().unwrap().reason
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
    fn a_port_that_cannot_be_opened_is_explained_in_words() {
        assert!(reason("/dev/no-such-port").contains("is the cable plugged in?"));
        assert_eq!(reason("/dev/null"), "/dev/null is not a serial device");
        assert_eq!(reason("/tmp"), "/tmp is not a serial device");
        let denied = serialport::Error::new(
            serialport::ErrorKind::Io(ErrorKind::PermissionDenied),
            "Permission denied",
        );
        let message = explain("/dev/null".as_ref(), &denied);
        assert!(message.contains("usermod -aG dialout"), "{message}");
    }

    #[test]
    fn a_port_that_another_program_has_open_is_reported_as_in_use() {
        let (_meter, path) = pty();
        let _first = open(path.as_ref(), SPEED, LineFormat::Ten).ok().unwrap();
        assert!(reason(&path).contains("is in use by"), "{}", reason(&path));
    }

    #[test]
    fn all_eight_bits_of_a_byte_are_read_as_they_come() {
        let (mut meter, path) = pty();
        let mut source = open(path.as_ref(), SPEED, LineFormat::Ten).ok().unwrap();
        let sent: Vec<u8> = (0..=255).collect();
        meter.write_all(&sent).unwrap();
        let mut buffer = [0; 512];
        assert_eq!(source.read(&mut buffer).unwrap(), ReadOutcome::Bytes(256));
        assert_eq!(buffer[..256], sent[..]);
    }

    #[test]
    fn bytes_that_another_program_took_do_not_block_us() {
        let (_meter, path) = pty();
        let mut device = opened(path.as_ref(), SPEED, LineFormat::Ten).unwrap();
        assert_eq!(device.read_now(PollFlags::IN, &mut [0; 8]).unwrap(), ReadOutcome::Nothing);
    }

    #[test]
    fn a_hang_up_is_an_error() {
        let (meter, path) = pty();
        let mut source = open(path.as_ref(), SPEED, LineFormat::Ten).ok().unwrap();
        drop(meter);
        let message = source.read(&mut [0; 8]).unwrap_err().to_string();
        assert!(message.contains("unplugged"), "{message}");
    }
}
