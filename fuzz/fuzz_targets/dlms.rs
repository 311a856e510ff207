//! Bytes from the line of a meter that encrypts or pushes lists, with a key and without.
//!
//! Promises: no panic, bounded memory; any split of the bytes gives the same telegrams; without a frame all bytes pass;
//! an encrypted frame is opened whatever is around it, but for what may be an HDLC or M-Bus frame; what is composed of a
//! push is a telegram with a good checksum. The first byte chooses where the bytes are cut, and how they are packed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p1_multicast::dlms::{Authenticity, Decoder, Event, Key, Keys, MAX_FRAME, Sealer};
use p1_multicast::telegram::{Telegram, crc16_x25, is_telegram};

const DECRYPTION: Key = Key::new([7; 16]);
const AUTHENTICATION: Key = Key::new([9; 16]);
const KEYS: Keys = Keys { decryption: DECRYPTION, authentication: Some(AUTHENTICATION) };
const TELEGRAM: &[u8] = b"/TST5METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!FA8C\r\n";

/// The longest segment of M-Bus.
const SEGMENT: usize = 245;

type Texts = Vec<(Vec<u8>, Option<Authenticity>)>;

/// The telegrams in these pieces, and how many bytes passed as they came.
fn decode(keys: Option<Keys>, pieces: &[&[u8]]) -> (Texts, usize) {
    let mut decoder = Decoder::default();
    decoder.set_keys(keys);
    let (mut telegrams, mut plain) = (Vec::new(), 0);
    let mut handle = |event: Event<'_, ()>| match event {
        Event::Plain { bytes, .. } => plain += bytes.len(),
        Event::Telegram(opened) => telegrams.push((opened.text.to_vec(), opened.authenticity)),
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

fn sealed(plain: &[u8]) -> Vec<u8> {
    let (title, control) = (Some(*b"TST\x01\x02\x03\x04\x05"), 0x30);
    let mut frame = Vec::new();
    Sealer { title, control, decryption: DECRYPTION, authentication: AUTHENTICATION }
        .seal(plain, 1, &mut frame);
    frame
}

fn hdlc(information: &[u8], has_more: bool) -> Vec<u8> {
    let length = u16::try_from(information.len() + 9).expect("a short one");
    let format = if has_more { 0xA800 } else { 0xA000 };
    let mut frame = (format | length).to_be_bytes().to_vec();
    frame.extend(b"\x01\x01\x13");
    frame.extend(crc16_x25(&frame).to_le_bytes());
    frame.extend(information);
    frame.extend(crc16_x25(&frame).to_le_bytes());
    [b"\x7E", &frame[..], b"\x7E"].concat()
}

fn mbus(control: u8, data: &[u8]) -> Vec<u8> {
    let body = [&[0x53, 0xFF, control, 0x01, 0x67], data].concat();
    let length = body.len().to_le_bytes()[0];
    let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    [&[0x68, length, length, 0x68][..], &body, &[sum, 0x16]].concat()
}

/// These bytes in frames, as a meter would send them.
fn packed(choice: u8, content: &[u8]) -> Vec<u8> {
    let pieces = || content.chunks(SEGMENT);
    let last = pieces().len().saturating_sub(1);
    match choice % 4 {
        0 => content.to_vec(),
        1 => {
            let whole = [b"\xE6\xE7\0", content].concat();
            let last = whole.chunks(SEGMENT).len() - 1;
            whole
                .chunks(SEGMENT)
                .enumerate()
                .flat_map(|(at, piece)| hdlc(piece, at < last))
                .collect()
        }
        // Each piece is a push or a block of its own.
        2 => pieces().flat_map(|piece| hdlc(&[b"\xE6\xE7\0", piece].concat(), false)).collect(),
        _ => {
            let control = |at: usize| (at % 16) as u8 | if at == last { 0x10 } else { 0 };
            pieces().enumerate().flat_map(|(at, piece)| mbus(control(at), piece)).collect()
        }
    }
}

/// What comes of a push is a telegram.
fn assert_telegrams(texts: &Texts) {
    for (text, authenticity) in texts {
        let is_sealed = *authenticity == Some(Authenticity::Verified);
        assert!(is_telegram(text) || is_sealed && text.starts_with(b"/"));
        let _ = Telegram::parse(text).time();
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, stream)) = data.split_first() else { return };
    let at = usize::from(choice).min(stream.len());
    let (before, after) = stream.split_at(at);
    for keys in [None, Some(KEYS), Some(Keys { authentication: None, ..KEYS })] {
        let (telegrams, plain) = decode(keys, &[stream]);
        // Without a key the head of an encrypted frame is all that is known of it: one by chance takes its length.
        let has_head = stream.windows(2).any(|pair| pair == b"\xDB\x08");
        if keys.is_some() || !has_head {
            assert!(telegrams == decode(keys, &[before, after]).0);
        }
        assert!(plain <= stream.len());
        let may_begin = |byte: &u8| matches!(byte, 0xDB | 0x7E | 0x68 | 0);
        assert!(plain == stream.len() || stream.iter().any(may_begin));
    }
    let (telegrams, _) = decode(Some(KEYS), &[before, &sealed(TELEGRAM), after]);
    let is_hidden = before.iter().any(|byte| matches!(byte, 0x7E | 0x68));
    assert!(is_hidden || telegrams.iter().any(|(telegram, _)| telegram == TELEGRAM));
    // A fuzzer finds no checksums and no tags: the same bytes as what frames carry, plain and encrypted.
    assert_telegrams(&decode(Some(KEYS), &[&packed(choice, stream)]).0);
    assert_telegrams(&decode(Some(KEYS), &[&packed(choice, &sealed(stream))]).0);
});
