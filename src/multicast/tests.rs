//! Sender and receiver together, on the interface `lo` only.
//!
//! Each test has a group and a port of its own, so that they can run at the same time.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

use super::{Datagram, Interface, Receiver, Sender};

/// Long enough for the slowest machine; reached only if a test fails.
const LONG: Duration = Duration::from_secs(5);

fn lo() -> Interface {
    Interface::Name("lo".into())
}

fn group(last: u8) -> IpAddr {
    [239, 255, 77, last].into()
}

/// A port that nobody uses, outside this process either: the kernel has just given it away.
fn free_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

/// The next datagram.
fn next(receiver: &Receiver) -> Vec<u8> {
    let mut buffer = vec![0; 65_536];
    let datagram = receiver.receive(&mut buffer, LONG).unwrap();
    let Datagram { len, .. } = datagram.expect("a datagram comes in");
    buffer.truncate(len);
    buffer
}

/// Whether nothing is waiting; what was sent on `lo` before has come in already.
fn hears_nothing(receiver: &Receiver) -> bool {
    let datagram = receiver.receive(&mut [0; 16], Duration::ZERO).unwrap();
    datagram.is_none()
}

#[test]
fn what_is_sent_is_what_is_received() {
    let (group, port) = (group(11), free_port());
    let receiver = Receiver::open(group, port, Some(&lo())).unwrap();
    let sender = Sender::open(group, 1, Some(&lo())).unwrap();
    sender.send(port, b"/ISK5\r\n\0\xff").unwrap();
    assert_eq!(next(&receiver), b"/ISK5\r\n\0\xff");
    assert!(hears_nothing(&receiver));
}

#[test]
fn the_largest_datagram_goes_through_and_one_byte_more_is_an_error() {
    let (group, port) = (group(12), free_port());
    let receiver = Receiver::open(group, port, Some(&lo())).unwrap();
    let sender = Sender::open(group, 1, Some(&lo())).unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(65_508).collect();
    let error = sender.send(port, &bytes).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(90), "EMSGSIZE, found {error}");
    sender.send(port, &bytes[..65_507]).unwrap();
    assert!(next(&receiver) == bytes[..65_507]);
}

#[test]
fn one_sender_reaches_every_port_from_one_source_port() {
    let (group, json, raw) = (group(13), free_port(), free_port());
    let receivers = [json, raw].map(|port| Receiver::open(group, port, Some(&lo())).unwrap());
    let sender = Sender::open(group, 1, Some(&lo())).unwrap();
    sender.send(json, b"json").unwrap();
    sender.send(raw, b"raw").unwrap();
    let from = receivers.map(|receiver| {
        let datagram = receiver.receive(&mut [0; 16], LONG).unwrap();
        datagram.unwrap().from
    });
    assert_eq!(from[0], from[1]);
}

#[test]
fn two_receivers_hear_the_same_port() {
    let (group, port) = (group(14), free_port());
    let receivers = [(); 2].map(|()| Receiver::open(group, port, Some(&lo())).unwrap());
    let sender = Sender::open(group, 1, Some(&lo())).unwrap();
    sender.send(port, b"both").unwrap();
    for receiver in &receivers {
        assert_eq!(next(receiver), b"both");
    }
}

#[test]
fn another_group_on_the_same_port_is_not_heard() {
    let (ours, theirs, port) = (group(15), group(16), free_port());
    let receiver = Receiver::open(ours, port, Some(&lo())).unwrap();
    let neighbour = Receiver::open(theirs, port, Some(&lo())).unwrap();
    for (group, bytes) in [(theirs, b"theirs"), (ours, b"ours!!")] {
        let sender = Sender::open(group, 1, Some(&lo())).unwrap();
        sender.send(port, bytes).unwrap();
    }
    assert_eq!(next(&neighbour), b"theirs");
    assert_eq!(next(&receiver), b"ours!!");
    assert!(hears_nothing(&receiver));
}

#[test]
fn an_interface_can_be_given_by_its_address() {
    let (group, port) = (group(17), free_port());
    let lo = Interface::Address(Ipv4Addr::LOCALHOST.into());
    let receiver = Receiver::open(group, port, Some(&lo)).unwrap();
    let sender = Sender::open(group, 1, Some(&lo)).unwrap();
    sender.send(port, b"by address").unwrap();
    assert_eq!(next(&receiver), b"by address");
}

#[test]
fn joining_again_changes_nothing_for_a_member() {
    let (group, port) = (group(18), free_port());
    let mut receiver = Receiver::open(group, port, Some(&lo())).unwrap();
    for _ in 0..100 {
        receiver.rejoin().unwrap();
    }
    let sender = Sender::open(group, 1, Some(&lo())).unwrap();
    sender.send(port, b"once").unwrap();
    assert_eq!(next(&receiver), b"once");
    assert!(hears_nothing(&receiver));
}

#[test]
fn a_group_that_was_left_is_not_received_until_it_is_joined_again() {
    for (last, interface) in [(22, lo()), (23, Interface::Address(Ipv4Addr::LOCALHOST.into()))] {
        let (group, port) = (group(last), free_port());
        let mut receiver = Receiver::open(group, port, Some(&interface)).unwrap();
        let sender = Sender::open(group, 1, Some(&lo())).unwrap();
        receiver.leave_all();
        sender.send(port, b"lost").unwrap();
        receiver.rejoin().unwrap();
        sender.send(port, b"received").unwrap();
        assert_eq!(next(&receiver), b"received");
    }
}

#[test]
fn a_datagram_longer_than_the_buffer_is_cut_and_the_next_is_whole() {
    let (group, port) = (group(19), free_port());
    let receiver = Receiver::open(group, port, Some(&lo())).unwrap();
    let sender = Sender::open(group, 1, Some(&lo())).unwrap();
    sender.send(port, b"long one").unwrap();
    sender.send(port, b"two").unwrap();
    let mut buffer = [0; 4];
    let datagram = receiver.receive(&mut buffer, LONG).unwrap().unwrap();
    assert_eq!((datagram.len, &buffer), (4, b"long"));
    assert_eq!(next(&receiver), b"two");
}

#[test]
fn a_receiver_for_an_unknown_interface_is_told_so() {
    let unknown = Interface::Name("p1nosuch0".into());
    let error = Receiver::open(group(20), free_port(), Some(&unknown)).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("no network interface p1nosuch0 here; there are: lo"), "{said}");
    let unknown = Interface::Address([203, 0, 113, 9].into());
    let error = Receiver::open(group(20), free_port(), Some(&unknown)).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("no network interface 203.0.113.9 here"), "{said}");
}

#[test]
fn a_port_that_a_program_does_not_share_is_named() {
    let address = IpAddr::from([239, 255, 77, 21]);
    let selfish = UdpSocket::bind((address, 0)).unwrap();
    let port = selfish.local_addr().unwrap().port();
    let error = Receiver::open(address, port, Some(&lo())).unwrap_err();
    let said = error.to_string();
    let expected = format!("cannot listen to port {port} of group {address}: ");
    assert!(said.starts_with(&expected), "{said}");
}

/// Linux has no IPv6 multicast on `lo` until it is given a route (`ip -6 route add local ff00::/8 dev lo
/// table local`), and some machines have no IPv6 at all: there, only opening is tested.
#[test]
fn ipv6_groups_work_like_those_of_ipv4() {
    let group: IpAddr = "ff15::4d:16".parse().unwrap();
    let port = free_port();
    if UdpSocket::bind(("::1", 0)).is_err() {
        return;
    }
    let receiver = Receiver::open(group, port, Some(&lo())).unwrap();
    let by_address = Interface::Address("::1".parse().unwrap());
    let sender = Sender::open(group, 1, Some(&by_address)).unwrap();
    match sender.send(port, b"six") {
        Ok(()) => assert_eq!(next(&receiver), b"six"),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NetworkUnreachable),
    }
}
