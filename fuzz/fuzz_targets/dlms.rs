//! Bytes from the line of a meter that encrypts, with a key and without.
//!
//! Promises: no panic, bounded memory; any split of the bytes gives the same telegrams; without a frame all bytes pass;
//! an encrypted frame is opened whatever is around it, but for what may be an HDLC or M-Bus frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p1_multicast::dlms::{Decoder, Event, Key, Keys, MAX_FRAME, Sealer};

const DECRYPTION: Key = Key::new([7; 16]);
const AUTHENTICATION: Key = Key::new([9; 16]);
const TELEGRAM: &[u8] = b"/TST5METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!FA8C\r\n";

/// The telegrams in these pieces, and how many bytes passed as they came.
fn decode(keys: Option<Keys>, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, usize) {
    let mut decoder = Decoder::default();
    decoder.set_keys(keys);
    let (mut telegrams, mut plain) = (Vec::new(), 0);
    let mut handle = |event: Event<'_, ()>| match event {
        Event::Plain { bytes, .. } => plain += bytes.len(),
        Event::Telegram(opened) => telegrams.push(opened.text.to_vec()),
        Event::Refused(_) => {}
    };
    for piece in pieces {
        let mut rest = *piece;
        while let Some(event) = decoder.feed(&mut rest, ()) {
            handle(event);
        }
        assert!(decoder.pending() <= 2 * MAX_FRAME);
    }
    while let Some(event) = decoder.finish() {
        handle(event);
    }
    (telegrams, plain)
}

fuzz_target!(|data: &[u8]| {
    let Some((&cut, stream)) = data.split_first() else { return };
    let at = usize::from(cut).min(stream.len());
    let (before, after) = stream.split_at(at);
    let keys = Keys { decryption: DECRYPTION, authentication: Some(AUTHENTICATION) };
    for keys in [None, Some(keys), Some(Keys { authentication: None, ..keys })] {
        let (telegrams, plain) = decode(keys, &[stream]);
        assert_eq!(telegrams, decode(keys, &[before, after]).0);
        assert!(plain <= stream.len());
        let may_begin = |byte: &u8| matches!(byte, 0xDB | 0x7E | 0x68 | 0);
        assert!(plain == stream.len() || stream.iter().any(may_begin));
    }
    let (title, control) = (Some(*b"TST\x01\x02\x03\x04\x05"), 0x30);
    let mut frame = Vec::new();
    Sealer { title, control, decryption: DECRYPTION, authentication: AUTHENTICATION }
        .seal(TELEGRAM, 1, &mut frame);
    let (telegrams, _) = decode(Some(keys), &[before, &frame, after]);
    let is_hidden = before.iter().any(|byte| matches!(byte, 0x7E | 0x68));
    assert!(is_hidden || telegrams.iter().any(|telegram| telegram == TELEGRAM));
});
