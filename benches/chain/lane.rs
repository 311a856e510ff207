//! A meter, a program that reads its port, and a subscriber: what is timed from end to end.

use std::fs::File;
use std::io::Write;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use p1_multicast::multicast::Receiver;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::programs::{GROUP, LISTENER_PORT, config, config_with_keys, lo, start, yardstick};

const BARE_PORT: u16 = 27_003;
const FLOOR_PORT: u16 = 27_005;

/// How many nanoseconds a byte takes at 115200 baud: ten bits.
const BYTE_TIME: u64 = 86_806;
/// How many bytes a UART or an adapter hands over at a time, more or less.
const PIECE: usize = 12;

/// A meter, a program that reads its port, and a subscriber.
pub struct Lane {
    pub meter: File,
    pub program: Child,
    pub receiver: Receiver,
}

impl Lane {
    pub fn listener(folder: &Path) -> Self {
        let (meter, port) = pty();
        config(folder, &port);
        Self { meter, program: start(folder, "p1listener"), receiver: receiver(LISTENER_PORT) }
    }

    /// The same with keys for a meter that encrypts, and for signatures.
    pub fn listener_with_keys(folder: &Path) -> Self {
        let (meter, port) = pty();
        config_with_keys(folder, &port);
        Self { meter, program: start(folder, "p1listener"), receiver: receiver(LISTENER_PORT) }
    }

    /// The yardstick for latency: it wakes up for each piece that comes in.
    pub fn bare_loop(folder: &Path) -> Self {
        Self::yardstick(folder, &[BARE_PORT])
    }

    /// The floor for processor time: it sleeps when p1listener sleeps.
    pub fn floor(folder: &Path) -> Self {
        Self::yardstick(folder, &[FLOOR_PORT, FLOOR_PORT + 1])
    }

    fn yardstick(folder: &Path, udp_ports: &[u16]) -> Self {
        let (meter, port) = pty();
        let mut arguments = vec![port.display().to_string(), GROUP.to_string()];
        arguments.extend(udp_ports.iter().map(u16::to_string));
        let program = yardstick(folder, "bare_loop", &arguments);
        Self { meter, program, receiver: receiver(udp_ports[0]) }
    }

    /// The time from the last byte to the datagram, when all others have been there for a while.
    pub fn one_latency(&mut self, telegram: &[u8]) -> Duration {
        let start = self.send(telegram);
        receive(&self.receiver);
        start.elapsed()
    }

    /// Writes a telegram, and gives the time just before its last byte.
    pub fn send(&mut self, telegram: &[u8]) -> Instant {
        let (last, before) = telegram.split_last().expect("a telegram");
        self.meter.write_all(before).expect("to write");
        std::thread::sleep(Duration::from_millis(2));
        let start = Instant::now();
        self.meter.write_all(&[*last]).expect("to write");
        start
    }

    /// The time from a telegram that comes at once to the datagram.
    pub fn at_once(&mut self, telegram: &[u8]) -> Duration {
        let start = Instant::now();
        self.meter.write_all(telegram).expect("to write");
        receive(&self.receiver);
        start.elapsed()
    }

    /// Writes a telegram that begins at `start`, each piece when its last byte would have come in at
    /// 115200 baud; the time from the last one to the datagram.
    pub fn at_baud_pace(&mut self, telegram: &[u8], start: Instant) -> Duration {
        let (mut due, mut last) = (start, start);
        for piece in telegram.chunks(PIECE) {
            due += Duration::from_nanos(BYTE_TIME * piece.len() as u64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            last = Instant::now();
            self.meter.write_all(piece).expect("to write");
        }
        receive(&self.receiver);
        last.elapsed()
    }
}

/// A meter's end and the name of the other.
pub fn pty() -> (File, PathBuf) {
    let master: OwnedFd =
        openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty");
    grantpt(&master).expect("a pty");
    unlockpt(&master).expect("a pty");
    let slave = ptsname(&master, Vec::new()).expect("a pty").into_string().expect("a name");
    (File::from(master), slave.into())
}

fn receiver(port: u16) -> Receiver {
    Receiver::open(IpAddr::V4(GROUP), port, Some(&lo())).expect("a receiver")
}

pub fn receive(receiver: &Receiver) {
    let mut buffer = vec![0; 65_536];
    let datagram = receiver.receive(&mut buffer, Duration::from_secs(10)).expect("to receive");
    assert!(datagram.is_some(), "no datagram came");
}
