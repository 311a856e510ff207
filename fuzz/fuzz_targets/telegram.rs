//! Bytes from the line: framer, checksum and parser.
//!
//! Promises: no panic; any split of the bytes gives the same frames; what is let through under
//! `require` has a good checksum; no line is lost.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p1_multicast::telegram::{Framer, Gate, Instant, MAX_FRAME, Policy, Telegram, crc16};

fn frames(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut framer = Framer::default();
    let mut gate = Gate::new(Policy::Require);
    let mut found = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while let Some(frame) = framer.feed(&mut rest, Instant::default()) {
            assert!(frame.bytes().len() <= MAX_FRAME);
            if gate.admit(&frame).is_ok() {
                let digits = String::from_utf8_lossy(frame.after_end_mark()).into_owned();
                let digits = digits.trim_matches(|c: char| c.is_whitespace() || c == '\0');
                assert_eq!(u16::from_str_radix(digits, 16), Ok(crc16(frame.up_to_end_mark())));
            }
            let telegram = Telegram::parse(frame.bytes());
            for object in &telegram.objects {
                let _ = (object.content(), object.two_line_reading());
            }
            let _ = telegram.time();
            found.push(frame.bytes().to_vec());
        }
    }
    found
}

fuzz_target!(|data: &[u8]| {
    let Some((&cut, stream)) = data.split_first() else { return };
    let at = usize::from(cut).min(stream.len());
    let (before, after) = stream.split_at(at);
    assert_eq!(frames(&[stream]), frames(&[before, after]));
});
