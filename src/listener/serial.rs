//! The serial port: a USB adapter or a UART, opened for us alone.

use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;

use serialport::{ClearBuffer, DataBits, Parity, SerialPort, StopBits, TTYPort};

use super::source::{PATIENCE, Port, Source};

/// How characters go over the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Eight data bits, no parity, one stop bit: DSMR 4 and later.
    EightNoneOne,
    /// Seven data bits, even parity, one stop bit: DSMR 2 and 3.
    SevenEvenOne,
}

impl std::fmt::Display for Framing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::EightNoneOne => "8N1",
            Self::SevenEvenOne => "7E1",
        })
    }
}

/// A serial device with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialDevice {
    /// `/dev/ttyUSB0`, `/dev/serial/by-id/…`.
    pub path: PathBuf,
    /// Bits per second.
    pub baud_rate: u32,
    /// Bits per character.
    pub framing: Framing,
}

impl Port for SerialDevice {
    fn open(&self) -> Result<Box<dyn Source>, String> {
        let (data_bits, parity) = match self.framing {
            Framing::EightNoneOne => (DataBits::Eight, Parity::None),
            Framing::SevenEvenOne => (DataBits::Seven, Parity::Even),
        };
        let port = serialport::new(self.path.to_string_lossy(), self.baud_rate)
            .data_bits(data_bits)
            .parity(parity)
            .stop_bits(StopBits::One)
            .timeout(PATIENCE)
            .open_native()
            .map_err(|error| self.explain(&error))?;
        // What came in before the settings were made may be garbled.
        port.clear(ClearBuffer::Input).map_err(|error| self.explain(&error))?;
        Ok(Box::new(OpenDevice(port)))
    }

    fn is_there(&self) -> bool {
        self.path.exists()
    }

    fn description(&self) -> String {
        format!("{} at {} {}", self.path.display(), self.baud_rate, self.framing)
    }
}

impl SerialDevice {
    /// What is wrong in words for the user: serialport's own are those of the system calls.
    fn explain(&self, error: &serialport::Error) -> String {
        let path = self.path.display();
        match error.kind() {
            serialport::ErrorKind::Io(ErrorKind::NotFound) => {
                format!("there is no {path}: is the cable plugged in?")
            }
            serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => format!(
                "no permission to open {path}: add the user to its group (usermod -aG dialout USER)"
            ),
            serialport::ErrorKind::NoDevice if self.path.exists() => {
                format!("{path} is in use by another program (fuser {path} tells which)")
            }
            _ if !self.path.exists() => format!("there is no {path}: is the cable plugged in?"),
            _ => format!("cannot open {path} as a serial port: {error}"),
        }
    }
}

struct OpenDevice(TTYPort);

impl Source for OpenDevice {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            // End of file and "broken pipe", at once and for ever, are how a hang-up looks.
            Ok(0) => Err(ErrorKind::BrokenPipe.into()),
            Ok(length) => Ok(length),
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    fn device(path: &str) -> SerialDevice {
        SerialDevice { path: path.into(), baud_rate: 115_200, framing: Framing::EightNoneOne }
    }

    fn refusal(path: &str) -> String {
        device(path).open().err().unwrap()
    }

    #[test]
    fn what_cannot_be_opened_is_explained_in_words() {
        assert!(refusal("/dev/no-such-port").contains("is the cable plugged in?"));
        assert!(refusal("/dev/null").starts_with("cannot open /dev/null as a serial port"));
        assert!(refusal("/tmp").starts_with("cannot open /tmp as a serial port"));
    }

    #[test]
    fn a_port_that_another_program_has_open_is_said_to_be_in_use() {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let _first = device(&path).open().ok().unwrap();
        assert!(refusal(&path).contains("is in use by another program"), "{}", refusal(&path));
    }

    #[test]
    fn the_description_names_port_speed_and_framing() {
        let device = SerialDevice { framing: Framing::SevenEvenOne, ..device("/dev/ttyUSB0") };
        assert_eq!(device.description(), "/dev/ttyUSB0 at 115200 7E1");
    }
}
