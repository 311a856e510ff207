//! What a listener finds on the port, whenever it comes.

use std::io::{ErrorKind, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, OutputModes, tcgetattr, tcsetattr};
use serialport::{SerialPort, TTYPort};

use super::*;

const A: &[u8] = b"/A\r\n\r\n1-3:0.2.8(50)\r\n!0000\r\n";
const B: &[u8] = b"/B\r\n\r\n1-3:0.2.8(50)\r\n!0000\r\n";
static GO_ON: AtomicBool = AtomicBool::new(false);

fn port() -> Port {
    Port::open(None).unwrap()
}

fn listen(port: &Port) -> TTYPort {
    let path = port.path.to_str().unwrap();
    let builder = serialport::new(path, 115_200).timeout(Duration::from_secs(10));
    builder.open_native().unwrap()
}

fn read(listener: &mut impl Read, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    listener.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_listener_reads_whole_telegrams_byte_for_byte() {
    let mut port = port();
    let mut listener = listen(&port);
    let mut meter = super::super::meter::Meter::new(1, 1_795_302_000);
    for _ in 0..100 {
        let mut telegram = Vec::new();
        meter.next_telegram(&mut telegram);
        port.write(&telegram, &GO_ON).unwrap();
        assert_eq!(read(&mut listener, telegram.len()), telegram);
    }
}

#[test]
fn what_is_sent_before_a_listener_comes_is_lost() {
    let mut port = port();
    port.write(A, &GO_ON).unwrap();
    let mut listener = listen(&port);
    port.write(B, &GO_ON).unwrap();
    assert_eq!(read(&mut listener, B.len()), B);
}

#[test]
fn the_next_listener_does_not_get_what_the_last_left_unread() {
    let mut port = port();
    let first = listen(&port);
    port.write(A, &GO_ON).unwrap();
    drop(first);
    assert!(!port.has_listener().unwrap());
    let mut second = listen(&port);
    port.write(B, &GO_ON).unwrap();
    assert_eq!(read(&mut second, B.len()), B);
}

#[test]
fn settings_that_a_listener_left_are_reset() {
    let mut port = port();
    let spoilt = std::fs::File::options().read(true).write(true).open(&port.path).unwrap();
    assert!(port.has_listener().unwrap());
    let mut settings = tcgetattr(&spoilt).unwrap();
    assert!(!settings.local_modes.contains(LocalModes::ECHO), "raw from the first");
    settings.local_modes |= LocalModes::ECHO | LocalModes::ICANON;
    settings.output_modes |= OutputModes::OPOST;
    tcsetattr(&spoilt, OptionalActions::Now, &settings).unwrap();
    drop(spoilt);

    assert!(!port.has_listener().unwrap());
    let mut plain = std::fs::File::open(&port.path).unwrap();
    port.write(A, &GO_ON).unwrap();
    assert_eq!(read(&mut plain, A.len()), A);
    assert!(
        !tcgetattr(&plain).unwrap().local_modes.intersects(LocalModes::ECHO | LocalModes::ICANON)
    );
}

#[test]
fn what_a_listener_sends_is_discarded() {
    let mut port = port();
    let mut listener = listen(&port);
    for _ in 0..100 {
        listener.write_all(&[b'?'; 1000]).unwrap();
        assert!(port.has_listener().unwrap());
    }
    port.write(A, &GO_ON).unwrap();
    assert_eq!(read(&mut listener, A.len()), A);
}

#[test]
fn a_listener_that_reads_nothing_is_not_waited_for_for_long() {
    let mut port = port();
    port.write_timeout = Duration::ZERO;
    let mut listener = listen(&port);
    let sent = vec![b'x'; 1000];
    while !port.is_stuck {
        port.write(&sent, &GO_ON).unwrap();
    }
    // When it reads again, it gets telegrams again.
    let mut received = Vec::new();
    while port.is_stuck {
        received.extend(read(&mut listener, 100));
        port.write(B, &GO_ON).unwrap();
    }
    while !received.ends_with(B) {
        received.extend(read(&mut listener, 1));
    }
}

#[test]
fn at_the_end_the_listener_gets_the_last_bytes() {
    let mut port = port();
    let mut listener = listen(&port);
    let last: Vec<u8> = (0..10_000_u32).map(|n| (n % 251) as u8).collect();
    port.write(&last, &GO_ON).unwrap();
    let reader = thread::spawn(move || read(&mut listener, 10_000));
    port.finish(&GO_ON).unwrap();
    drop(port);
    assert_eq!(reader.join().unwrap(), last);
}

#[test]
fn a_stop_waits_for_nobody() {
    let mut port = port();
    let stop = AtomicBool::new(true);
    let mut listener = listen(&port);
    port.write(A, &stop).unwrap();
    port.finish(&stop).unwrap();
    listener.set_timeout(Duration::ZERO).unwrap();
    assert_eq!(listener.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn a_new_pseudo_terminal_is_found_under_the_same_link() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meter");
    let mut port = Port::open(Some(&path)).unwrap();
    let before = std::fs::read_link(&path).unwrap();
    port.replace().unwrap();
    assert_ne!(std::fs::read_link(&path).unwrap(), before);
    let mut listener = listen(&port);
    port.write(A, &GO_ON).unwrap();
    assert_eq!(read(&mut listener, A.len()), A);
}
