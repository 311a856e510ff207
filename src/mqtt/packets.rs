//! MQTT 3.1.1 packets as bytes: those that are sent, and those that a broker may send.
//!
//! Owns which packets there are to this program, and the bound on what comes in. The bytes themselves are
//! `mqttbytes`'s; nothing else here knows it.

use bytes::BytesMut;
use mqttbytes::v4::{self, ConnectReturnCode, Packet, SubscribeReasonCode};
use mqttbytes::{Error, QoS};

use super::Publication;

/// The longest packet that is looked at, in bytes: longer ones are passed over as they come.
const LONGEST: usize = 1024;

/// What the broker is told first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hello<'a> {
    pub client: &'a str,
    /// User and password; the latter may be empty.
    pub login: Option<(&'a str, &'a str)>,
    /// Where `offline` is to be said, retained, when the connection is lost.
    pub will: &'a str,
    /// After one and a half times so many seconds of silence the connection is lost to the broker.
    pub keep_alive: u16,
}

/// The first byte of the broker's answer.
pub(super) const CONNACK: u8 = 0x20;

/// Said of a meter or of this program whose data come in.
pub(super) const ONLINE: &[u8] = b"online";

/// Said of one whose data do not.
pub(super) const OFFLINE: &[u8] = b"offline";

/// CONNECT, with a clean session: the broker keeps nothing but what is retained.
pub(super) fn connect(hello: Hello<'_>) -> Vec<u8> {
    let mut packet = v4::Connect::new(hello.client);
    packet.keep_alive = hello.keep_alive;
    packet.clean_session = true;
    packet.last_will = Some(v4::LastWill::new(hello.will, OFFLINE, QoS::AtLeastOnce, true));
    packet.login = hello.login.map(|(user, password)| v4::Login::new(user, password));
    written(|out| packet.write(out))
}

/// PUBLISH, with quality of service 0.
pub(super) fn publish(publication: &Publication) -> Vec<u8> {
    let Publication { topic, payload, is_retained } = publication;
    let mut packet = v4::Publish::new(topic, QoS::AtMostOnce, payload.as_slice());
    packet.retain = *is_retained;
    written(|out| packet.write(out))
}

/// SUBSCRIBE to one topic, with quality of service 0.
pub(super) fn subscribe(topic: &str) -> Vec<u8> {
    let mut packet = v4::Subscribe::new(topic, QoS::AtMostOnce);
    packet.pkid = 1;
    written(|out| packet.write(out))
}

/// PINGREQ.
pub(super) fn ping() -> Vec<u8> {
    written(|out| v4::PingReq.write(out))
}

/// DISCONNECT: the broker forgets the will.
pub(super) fn disconnect() -> Vec<u8> {
    written(|out| v4::Disconnect.write(out))
}

fn written(write: impl FnOnce(&mut BytesMut) -> Result<usize, Error>) -> Vec<u8> {
    let mut out = BytesMut::new();
    // Only a payload of 256 MiB fails.
    let written = write(&mut out);
    debug_assert!(written.is_ok(), "{written:?}");
    out.to_vec()
}

/// A packet of the broker's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// CONNACK.
    Answer(Answer),
    /// SUBACK: whether the topic is let be subscribed to.
    Subscribed(bool),
    /// PUBLISH.
    Message { topic: String, payload: Vec<u8>, is_retained: bool },
    /// Any other one.
    Other,
}

/// How the broker answers to [`connect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    BadVersion,
    BadClient,
    Unavailable,
    /// Wrong user or password. Some brokers say [`Answer::NotAuthorized`] of that.
    BadLogin,
    NotAuthorized,
}

/// The bytes are no MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotMqtt;

/// From the broker's bytes to packets; never holds more than one packet of the greatest length.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    buffer: BytesMut,
    /// So many bytes of a packet that is too long are still to come.
    skip: usize,
}

impl Decoder {
    /// Takes bytes as they come, in pieces of any length, and adds their packets to `packets`.
    pub fn take(&mut self, bytes: &[u8], packets: &mut Vec<Incoming>) -> Result<(), NotMqtt> {
        self.buffer.extend_from_slice(bytes);
        loop {
            let skipped = self.skip.min(self.buffer.len());
            let _ = self.buffer.split_to(skipped);
            self.skip -= skipped;
            match v4::read(&mut self.buffer, LONGEST) {
                Ok(packet) => packets.push(incoming(packet)),
                Err(Error::InsufficientBytes(_)) => return Ok(()),
                Err(Error::PayloadSizeLimitExceeded(length)) => self.skip = self.header() + length,
                Err(_) => return Err(NotMqtt),
            }
        }
    }

    /// The length of the header that the buffer begins with: a byte, and those of the length of the
    /// rest, of which all but the last have their highest bit set.
    fn header(&self) -> usize {
        let lengths = self.buffer.iter().skip(1);
        2 + lengths.take_while(|byte| **byte & 0x80 != 0).count()
    }
}

fn incoming(packet: Packet) -> Incoming {
    match packet {
        Packet::ConnAck(answer) => Incoming::Answer(match answer.code {
            ConnectReturnCode::Success => Answer::Accepted,
            ConnectReturnCode::RefusedProtocolVersion => Answer::BadVersion,
            ConnectReturnCode::BadClientId => Answer::BadClient,
            ConnectReturnCode::ServiceUnavailable => Answer::Unavailable,
            ConnectReturnCode::BadUserNamePassword => Answer::BadLogin,
            ConnectReturnCode::NotAuthorized => Answer::NotAuthorized,
        }),
        Packet::SubAck(answer) => {
            let refused = answer.return_codes.contains(&SubscribeReasonCode::Failure);
            Incoming::Subscribed(!refused)
        }
        Packet::Publish(publish) => Incoming::Message {
            topic: publish.topic,
            payload: publish.payload.to_vec(),
            is_retained: publish.retain,
        },
        _ => Incoming::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(bytes: &[u8], piece: usize) -> Result<Vec<Incoming>, NotMqtt> {
        let (mut decoder, mut packets) = (Decoder::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            decoder.take(piece, &mut packets)?;
            assert!(decoder.buffer.len() <= LONGEST + piece.len() + 5);
        }
        Ok(packets)
    }

    fn message(topic: &str, payload: &[u8], is_retained: bool) -> Publication {
        Publication { topic: topic.to_owned(), payload: payload.to_owned(), is_retained }
    }

    #[test]
    fn packets_are_those_of_the_standard() {
        let hello = Hello { client: "c", login: Some(("u", "p")), will: "w", keep_alive: 30 };
        assert_eq!(
            connect(hello),
            b"\x10\x1f\0\x04MQTT\x04\xee\0\x1e\0\x01c\0\x01w\0\x07offline\0\x01u\0\x01p"
        );
        let hello = Hello { login: None, ..hello };
        assert_eq!(connect(hello), b"\x10\x19\0\x04MQTT\x04\x2e\0\x1e\0\x01c\0\x01w\0\x07offline");
        assert_eq!(publish(&message("t", b"xy", true)), b"\x31\x05\0\x01txy");
        assert_eq!(publish(&message("t", b"", false)), b"\x30\x03\0\x01t");
        assert_eq!(subscribe("t"), b"\x82\x06\0\x01\0\x01t\0");
        assert_eq!([ping(), disconnect()], [b"\xc0\0", b"\xe0\0"]);
    }

    #[test]
    fn answers_are_read_whatever_pieces_they_come_in() {
        let bytes = b"\x20\x02\0\x05\x90\x03\0\x01\x80\x31\x04\0\x01tx\xd0\0\x90\x03\0\x01\0";
        for piece in 1..bytes.len() {
            let packets = taken(bytes, piece).unwrap();
            let message =
                Incoming::Message { topic: "t".into(), payload: b"x".to_vec(), is_retained: true };
            let expected = [
                Incoming::Answer(Answer::NotAuthorized),
                Incoming::Subscribed(false),
                message,
                Incoming::Other,
                Incoming::Subscribed(true),
            ];
            assert_eq!(packets, expected);
        }
    }

    #[test]
    fn a_packet_that_is_too_long_is_passed_over_and_the_next_one_is_read() {
        let long = publish(&message("homeassistant/status", &vec![b'x'; 300_000], false));
        let bytes = [long, publish(&message("t", b"y", false))].concat();
        for piece in [1, 7, 4096] {
            let packets = taken(&bytes, piece).unwrap();
            let short =
                Incoming::Message { topic: "t".into(), payload: b"y".to_vec(), is_retained: false };
            assert_eq!(packets, [short]);
        }
    }

    #[test]
    fn what_is_no_mqtt_is_refused() {
        assert_eq!(taken(b"\xf0\0", 64), Err(NotMqtt));
        assert_eq!(taken(b"\x20\x02\0\x63", 64), Err(NotMqtt));
        assert_eq!(taken(b"\x30\xff\xff\xff\xff\xff", 64), Err(NotMqtt));
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes: Vec<u8>, piece in 1..70_usize) {
            let _ = taken(&bytes, piece);
        }
    }
}
