//! From a telegram to a datagram and back.
//!
//! Promises: every object of the telegram is in the datagram, with the same value; the datagram is
//! ASCII, and no key is there twice.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use p1_multicast::message::{Message, Meta, Value, encode};
use p1_multicast::telegram::{Content, Framer, Instant, Telegram};

fuzz_target!(|data: &[u8]| {
    let mut framer = Framer::default();
    let mut rest = data;
    while let Some(frame) = framer.feed(&mut rest, Instant::from_seconds(1_795_330_800)) {
        let telegram = Telegram::parse(frame.bytes());
        let meta = Meta::new(1, frame.start, frame.end, telegram.time());
        let mut json = Vec::new();
        let encoded = encode(&telegram, &meta, &mut json);
        assert!(json.is_ascii());
        if json.len() > 65_507 {
            continue;
        }
        let message = Message::parse(&json).expect("our own datagram");
        let keys: HashSet<&str> = message.telegram.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys.len(), message.telegram.len());
        if encoded.cut > 0 || encoded.repeated > 0 {
            continue;
        }
        for object in &telegram.objects {
            // A text comes back byte for byte; numbers are tested where they are made.
            let Content::One(text) = object.content() else { continue };
            let Some(value) = message.get(&String::from_utf8_lossy(object.code)) else { continue };
            if let Value::Text(read) = value {
                let bytes: Vec<u8> = read.chars().map(|c| u8::try_from(u32::from(c)).expect("a byte")).collect();
                assert_eq!(bytes, text);
            }
        }
    }
});
