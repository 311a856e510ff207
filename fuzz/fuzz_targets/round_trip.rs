//! From a telegram to a datagram and back.
//!
//! Promises: header, every object that does not give way to another, and checksum are in the datagram,
//! in their order and with the same values, and nothing else is; the datagram is ASCII.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p1_multicast::message::{Message, Meta, Superseded, Value, encode};
use p1_multicast::telegram::{Content, Decimal, Framer, Timestamp, Object, Quantity, Telegram, Unit};

/// The members that an object becomes, each with what the meter sent.
fn members(line: usize, object: &Object<'_>, first_key: &str) -> Vec<(String, Vec<u8>)> {
    let text = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect::<String>();
    let code = text(object.code);
    if first_key == format!("line-{line}") {
        return vec![(first_key.to_owned(), [object.code, object.body].concat())];
    }
    if let Some((channel, time, reading)) = object.two_line_reading() {
        if first_key != code {
            // Cold has its own code.
            let is_cold = first_key == code.clone() + ".A";
            let key = if is_cold { code } else { text(channel) + "24.2.1" };
            let reading = format!("{}*{}", reading.number, reading.unit.symbol());
            return vec![(key.clone() + ".A", time.to_vec()), (key + ".B", reading.into_bytes())];
        }
    }
    match object.content() {
        Content::One(value) | Content::Other(value) => vec![(code, value.to_vec())],
        Content::Two(a, b) => vec![(code.clone() + ".A", a.to_vec()), (code + ".B", b.to_vec())],
    }
}

/// What a number on the wire was, in the unit that the meter sent.
fn in_unit(number: Decimal, unit: Unit) -> Option<Decimal> {
    match unit {
        Unit::CubicMetre | Unit::GigaJoule => number.shifted(-3),
        _ => number.shifted(-unit.base().1),
    }
}

fn is_zero(number: Decimal) -> bool {
    number.to_string().bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'))
}

fn assert_same(value: &Value, sent: &[u8]) {
    match value {
        Value::Text(text) => {
            let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).expect("a byte"));
            assert!(bytes.eq(sent.iter().copied()));
        }
        Value::Number(number) => {
            // Where the code tells the unit, there may be no mark between them.
            let with_mark = || {
                let at = sent.iter().position(u8::is_ascii_alphabetic)?;
                Quantity::parse(&[&sent[..at], b"*", &sent[at..]].concat())
            };
            let quantity = Quantity::parse(sent.trim_ascii()).or_else(with_mark);
            let quantity = quantity.expect("a number with a unit");
            // Where the shift has no room, the digits behind the point are too many to be written back.
            if let Some(number) = in_unit(*number, quantity.unit) {
                assert!(number.checked_sub(quantity.number).is_none_or(is_zero));
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let mut framer = Framer::default();
    let mut rest = data;
    while let Some(frame) = framer.feed(&mut rest, Timestamp::from_seconds(1_795_330_800)) {
        let telegram = Telegram::parse(frame.bytes());
        let meta = Meta::new(1, frame.start, frame.end, telegram.time());
        let mut json = Vec::new();
        let encoded = encode(&telegram, &meta, &mut json);
        assert!(json.is_ascii());
        if encoded.cut > 0 {
            continue;
        }
        let message = Message::parse(&json).expect("our own datagram");
        let mut found = message.telegram.iter();
        let mut next = || found.next().expect("a member");
        let (key, header) = next();
        assert_eq!(key, "header");
        assert_same(header, telegram.header);
        let superseded = Superseded::of(&telegram);
        assert_eq!(superseded.count(), encoded.repeated);
        for (index, object) in telegram.objects.iter().enumerate() {
            if superseded.contains(index) {
                continue;
            }
            let first = next();
            for (number, (key, sent)) in
                members(index + 1, object, &first.0).into_iter().enumerate()
            {
                let (found_key, value) = if number == 0 { first } else { next() };
                assert_eq!(*found_key, key);
                assert_same(value, &sent);
            }
        }
        if let Some(checksum) = telegram.checksum {
            let (key, value) = next();
            assert_eq!(key, "checksum");
            assert_same(value, checksum);
        }
        assert!(found.next().is_none());
    }
});
