//! What goes out to the group and to each host, and what is logged of failures; datagrams stay on this machine.

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::multicast::Receiver;
use crate::runtime::captured_log;

const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 255, 78, 1));

fn destinations(port: u16, interface: &str) -> Destinations {
    Destinations {
        group: Some((GROUP, port).into()),
        ttl: 0,
        interface: interface.parse().ok(),
        copies: Vec::new(),
        things: "telegrams",
        interface_key: "multicast.interface",
    }
}

const RAW: &[u8] = b"/T\r\n!\r\n";

/// The second form goes to the port behind that of the first one.
fn publish(publisher: &mut Publisher, now: Instant) {
    let port = publisher.to.group.unwrap().port();
    publisher.publish(&[(port, b"{}"), (port.max(26_005) + 1, RAW)], b"{}", now);
}

fn receive(port: u16) -> impl FnMut() -> Vec<u8> {
    let lo = "lo".parse().unwrap();
    let receiver = Receiver::open(GROUP, port, Some(&lo)).unwrap();
    move || {
        let mut buffer = [0; 100];
        let datagram = receiver.receive(&mut buffer, Duration::from_secs(5)).unwrap().unwrap();
        buffer[..datagram.len].to_vec()
    }
}

#[test]
fn a_telegram_goes_out_once_as_json_once_raw_and_to_each_host() {
    let host = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    host.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let copies = vec![host.local_addr().unwrap().to_string()];
    let (mut json, mut raw) = (receive(26_011), receive(26_012));
    let now = Instant::now();
    let mut publisher = Publisher::new(Destinations { copies, ..destinations(26_011, "lo") }, now);
    let mut copy = [0; 100];
    // The address of the host is looked up meanwhile: the first telegrams may not reach it.
    host.set_nonblocking(true).unwrap();
    let arrived = (0..100_000).find_map(|_| {
        publish(&mut publisher, now);
        assert_eq!((json(), raw()), (b"{}".to_vec(), RAW.to_vec()));
        std::thread::sleep(Duration::from_millis(1));
        host.recv(&mut copy).ok()
    });
    assert_eq!(arrived.map(|length| &copy[..length]), Some(&b"{}"[..]));
    assert_eq!((publisher.trouble(), publisher.failures()), (None, 0));
}

#[test]
fn the_raw_telegram_is_sent_even_if_the_json_cannot_be() {
    let mut raw = receive(26_006);
    let now = Instant::now();
    // To port 0 nothing can be sent.
    let mut publisher = Publisher::new(destinations(0, "lo"), now);
    publish(&mut publisher, now);
    assert_eq!(raw(), RAW);
    assert_eq!(publisher.failures(), 1);
}

#[test]
fn failures_stay_counted_after_a_reconfiguration() {
    let now = Instant::now();
    let mut publisher = Publisher::new(destinations(26_007, "nosuch0"), now);
    publish(&mut publisher, now);
    publisher.reconfigure(destinations(26_007, "lo"), now);
    publish(&mut publisher, now);
    assert_eq!((publisher.failures(), publisher.trouble()), (1, None));
}

#[test]
fn without_a_network_telegrams_are_counted_and_the_trouble_is_named() {
    let now = Instant::now();
    let mut publisher = Publisher::new(destinations(26_003, "nosuch0"), now);
    for second in 0..5 {
        publish(&mut publisher, now + Duration::from_secs(second));
    }
    assert_eq!(publisher.failures(), 5);
    let trouble = publisher.trouble().unwrap();
    assert!(trouble.contains("239.255.78.1:26003") && trouble.contains("nosuch0"), "{trouble}");
}

#[test]
fn an_interface_that_stays_without_an_address_is_warned_of_once() {
    let start = Instant::now();
    let mut publisher = Publisher::new(destinations(26_009, "lo"), start);
    let path = |source: [u8; 4]| Path { interface: "eth0".into(), source: source.into() };
    let mut troubles = Vec::new();
    let mut lines = captured_log(|| {
        let sources = [[192, 0, 2, 1], [0; 4], [0; 4], [0; 4], [192, 0, 2, 1], [0; 4]];
        for (look, source) in (0..).zip(sources) {
            publisher.log_path(Some(path(source)), start + PATH_INTERVAL * look);
            troubles.push(publisher.trouble().is_some());
        }
    });
    let leave = "telegrams leave by eth0, from 192.0.2.1";
    let warning =
        "telegrams leave by eth0, which has no address: other hosts drop what comes from 0.0.0.0";
    lines.retain(|line| line.contains("eth0"));
    assert_eq!(lines, [leave, warning, leave], "the last may be a moment without a lease");
    assert_eq!(troubles, [false, true, true, true, false, true]);
    let trouble = publisher.trouble().unwrap();
    assert_eq!(trouble, "eth0 has no address: heard on this machine only");
}

#[test]
fn trouble_with_the_group_is_reported_before_that_of_one_host() {
    let now = Instant::now();
    // To port 0 nothing can be sent.
    let copies = vec!["127.0.0.1:0".into()];
    let to = Destinations { copies, ..destinations(26_008, "nosuch0") };
    let mut publisher = Publisher::new(to, now);
    publish(&mut publisher, now);
    assert!(publisher.copies[0].1.trouble().is_some());
    let trouble = publisher.trouble().unwrap();
    assert!(trouble.starts_with("cannot send to 239.255.78.1:26008"), "{trouble}");
}

#[test]
fn a_host_that_comes_and_goes_all_the_time_does_not_fill_the_log() {
    let mut host = Destination::new("laptop:52001".into());
    let start = Instant::now();
    let lines = captured_log(|| {
        for second in (0..3600).step_by(2) {
            let now = start + Duration::from_secs(second);
            host.record_result(Err("no route"), now);
            assert_eq!(host.trouble().as_deref(), Some("cannot send to laptop:52001: no route"));
            host.record_result(Ok::<_, String>(()), now + Duration::from_secs(1));
            assert_eq!(host.trouble(), None);
        }
    });
    assert_eq!(lines.len(), 20, "{lines:?}");
    assert_eq!(lines[0], "cannot send to laptop:52001: no route; trying again");
    assert!(lines[18].ends_with("further messages suppressed)"), "{lines:?}");
    assert_eq!(lines[19], "sending to laptop:52001 works again");
}
