//! Against a broker that does what the test wants, on the loopback interface.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

use socket2::{Domain, Socket, Type};

use super::*;

const CONNACK: &[u8] = b"\x20\x02\0\0";

fn settings(port: u16) -> Settings {
    Settings {
        host: "127.0.0.1".into(),
        port,
        ca_file: None,
        user: Some("p1".into()),
        password_file: None,
        credentials: None,
        client_id: "test".into(),
        will_topic: "p1/bridge/test/availability".into(),
        has_discovery: false,
    }
}

/// A broker, and the events of a client that connects to it.
fn connect_to<T: Send + 'static>(
    broker: impl FnOnce(TcpStream) -> T + Send + 'static,
    has_discovery: bool,
) -> (Receiver<Event>, JoinHandle<T>) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let broker = thread::spawn(move || broker(server.accept().unwrap().0));
    (start(&Settings { has_discovery, ..settings(port) }).unwrap(), broker)
}

/// Reads CONNECT and answers with these bytes.
fn answer(stream: &mut TcpStream, bytes: &[u8]) -> Vec<u8> {
    let mut connect = vec![0; 128];
    let length = stream.read(&mut connect).unwrap();
    connect.truncate(length);
    stream.write_all(bytes).unwrap();
    connect
}

/// Reads until the client closes the connection.
fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    bytes
}

fn publisher(events: &Receiver<Event>) -> Box<dyn Publisher> {
    match events.recv().unwrap() {
        Event::Connected(publisher) => publisher,
        Event::Lost(failure) => panic!("{failure}"),
        _ => panic!("another event"),
    }
}

fn failure(events: &Receiver<Event>) -> String {
    loop {
        if let Event::Lost(failure) = events.recv().unwrap() {
            return failure.to_string();
        }
    }
}

fn name(event: &Event) -> String {
    match event {
        Event::Connected(_) => "connected".into(),
        Event::HomeAssistantStarted => "started".into(),
        Event::SubscriptionRefused => "refused".into(),
        Event::Lost(failure) => failure.to_string(),
    }
}

fn publication(payload: &str) -> Publication {
    Publication { topic: "t".into(), payload: payload.into(), is_retained: false }
}

#[test]
fn the_packets_are_those_of_the_standard_and_the_end_is_in_good_order() {
    let (events, broker) = connect_to(
        |mut stream| {
            let connect = answer(&mut stream, CONNACK);
            (connect, rest(stream))
        },
        true,
    );
    let publisher = publisher(&events);
    assert!(publisher.publish(Publication { is_retained: true, ..publication("x") }));
    assert!(publisher.publish(publication("yz")));
    drop(publisher);
    assert!(events.recv().is_err(), "the connection ended without a failure");
    let (connect, packets) = broker.join().unwrap();
    let login = b"\0\x02p1";
    let will = b"\0\x1bp1/bridge/test/availability\0\x07offline";
    let expected = [b"\x10\x3a\0\x04MQTT\x04\xa6\0\x0f\0\x04test", &will[..], login].concat();
    assert_eq!(connect, expected);
    let subscribe = b"\x82\x19\0\x01\0\x14homeassistant/status\0";
    let expected = [&subscribe[..], b"\x31\x04\0\x01tx\x30\x05\0\x01tyz\xe0\0"].concat();
    assert_eq!(packets, expected);
}

#[test]
fn every_other_answer_is_told_apart() {
    for (bytes, message) in [
        (&b"\x20\x02\0\x05"[..], "it refuses the user \"p1\" without a password"),
        (b"\x20\x02\0\x03", "it is not available"),
        (b"", "it closed the connection at once: is p1_mqtt.tls right"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the reply is not MQTT"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the reply is not MQTT"),
        (b"\xd0\0", "the reply is not MQTT"),
        (b"\x20\x02\0\x63", "the reply is not MQTT"),
        (b"\x30\xff\xff\xff\xff\xff", "the reply is not MQTT"),
        (b"\x30\xff\xff\xff\x7f", "the reply is not MQTT"),
    ] {
        let (events, broker) = connect_to(move |mut stream| _ = answer(&mut stream, bytes), false);
        let failure = failure(&events);
        assert!(failure.starts_with(message), "{failure}");
        broker.join().unwrap();
    }
}

#[test]
fn a_broker_that_refuses_connections_is_not_one_whose_name_is_unknown() {
    // Nobody else can listen there.
    let closed = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    closed.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let port = closed.local_addr().unwrap().as_socket().unwrap().port();
    let refused = failure(&start(&settings(port)).unwrap());
    assert!(refused.starts_with("refused: is it running"), "{refused}");
    let unknown = Settings { host: "broker.invalid".into(), ..settings(port) };
    let unknown = failure(&start(&unknown).unwrap());
    assert!(unknown.starts_with("cannot look up its name: "), "{unknown}");
}

#[test]
fn an_ipv6_address_is_connected_to_and_is_shown_in_brackets() {
    let Ok(server) = TcpListener::bind("[::1]:0") else { return };
    let settings = Settings { host: "::1".into(), ..settings(server.local_addr().unwrap().port()) };
    let address = settings.address();
    assert!(address.starts_with("[::1]:"), "{address}");
    let events = start(&settings).unwrap();
    answer(&mut server.accept().unwrap().0, b"\x20\x02\0\x03");
    let failure = failure(&events);
    assert!(failure.starts_with("it is not available"), "{failure}");
}

#[test]
fn of_what_the_broker_sends_a_start_of_home_assistant_and_a_refusal_matter() {
    let (events, broker) = connect_to(
        |mut stream| {
            answer(&mut stream, CONNACK);
            for packet in [
                &b"\x90\x03\0\x01\0"[..],
                b"\x90\x03\0\x01\x80",
                b"\x31\x1c\0\x14homeassistant/statusonline",
                b"\x30\x1d\0\x14homeassistant/statusoffline",
                b"\x30\x09\0\x01tonline",
                b"\xd0\0",
                b"\x30\x1c\0\x14homeassistant/statusonline",
            ] {
                stream.write_all(packet).unwrap();
            }
            // Open until the events are there.
            stream
        },
        true,
    );
    let _publisher = publisher(&events);
    assert_eq!(name(&events.recv().unwrap()), "refused");
    assert_eq!(name(&events.recv().unwrap()), "started");
    drop(broker.join().unwrap());
    assert_eq!(failure(&events), "it closed the connection");
}

#[test]
fn a_packet_that_is_too_long_ends_the_connection_before_it_is_read() {
    let (events, broker) = connect_to(
        |mut stream| {
            answer(&mut stream, CONNACK);
            stream.write_all(b"\x30\xff\xff\xff\x7f").unwrap();
            rest(stream)
        },
        false,
    );
    let _publisher = publisher(&events);
    let failure = failure(&events);
    assert_eq!(failure, "it sent a packet of 268435455 bytes, which is far more than expected");
    broker.join().unwrap();
}

#[test]
fn a_broker_that_does_not_read_is_not_waited_for() {
    let (events, broker) = connect_to(
        |mut stream| {
            answer(&mut stream, CONNACK);
            stream
        },
        false,
    );
    let publisher = publisher(&events);
    let much = "x".repeat(1 << 19);
    let accepted = (0..10_000).take_while(|_| publisher.publish(publication(&much))).count();
    assert!((MAX_REQUESTS..10_000).contains(&accepted), "{accepted}");
    drop(broker.join().unwrap());
}

#[test]
fn a_client_that_is_no_longer_used_disconnects() {
    let (events, broker) = connect_to(
        |mut stream| {
            answer(&mut stream, CONNACK);
            rest(stream)
        },
        false,
    );
    drop(publisher(&events));
    assert!(events.recv().is_err());
    assert_eq!(broker.join().unwrap(), b"\xe0\0");
}
