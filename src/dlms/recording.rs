//! Where the frames in a recording end.
//!
//! Owns no bytes: a player of recordings cuts at these places, so that it sends whole frames.

use std::ops::Range;

use super::ciphering::{Ciphered, Found, MARK};
use super::hdlc::{FLAG, HdlcFrame};
use super::mbus::MBusFrame;
use super::pending::next_start;
use super::transfer::Transfer;

/// The first encrypted frame in these bytes, or the first push with all its HDLC or M-Bus frames. An incomplete
/// one is none.
#[must_use]
pub fn first_frame(bytes: &[u8]) -> Option<Range<usize>> {
    let (mut transfer, mut begin, mut from) = (Transfer::default(), None, 0);
    while let Some(at) = next_start(bytes, from) {
        let rest = &bytes[at..];
        let (length, is_complete) = match rest.first() {
            Some(&MARK) => match Ciphered::read(rest) {
                Found::Yes(frame) => return Some(at..at + frame.length),
                _ => (1, false),
            },
            Some(&FLAG) => match HdlcFrame::read(rest) {
                Found::Yes(frame) => (frame.length, transfer.add_hdlc(&frame)),
                _ => (1, false),
            },
            _ => match MBusFrame::read(rest) {
                Found::Yes(frame) => (frame.length, transfer.add_mbus(&frame)),
                _ => (1, false),
            },
        };
        if length > 1 && (transfer.has_begun() || begin.is_none()) {
            begin = Some(at);
        }
        from = at + length;
        if is_complete {
            return begin.map(|begin| begin..from);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Sealer, hdlc, mbus};
    use super::*;

    #[test]
    fn a_frame_ends_with_its_last_byte_and_a_push_with_its_last_frame() {
        let key = Key::new([7; 16]);
        let title = Some(*b"TST\0\0\0\0\x01");
        let mut frame = Vec::new();
        Sealer { title, control: 0x30, decryption: key, authentication: key }
            .seal(b"text", 1, &mut frame);
        let hdlc = [hdlc::frame_of(b"\xE6\xE7\0one", true), hdlc::frame_of(b"two", false)].concat();
        let mbus = [mbus::frame_of(0x00, b"one"), mbus::frame_of(0x11, b"two")].concat();
        for frames in [frame, hdlc, mbus] {
            let stream = [b"kWh noise \xDB\x08 ", &frames[..], &frames, b"more"].concat();
            let begin = stream.len() - 2 * frames.len() - 4;
            assert_eq!(first_frame(&stream), Some(begin..begin + frames.len()));
            assert_eq!(first_frame(&frames[..frames.len() - 1]), None);
        }
        assert_eq!(first_frame(b"/TST5\r\n\r\n1-0:1.8.0(1*kWh)\r\n!\r\n"), None);
    }
}
