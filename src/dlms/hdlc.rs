//! HDLC frames: IEC 62056-46, section 6.4, frame format type 3.
//!
//! ```text
//! 7E | A0 + length (2) | destination (1-4) | source (1-4) | control | HCS (2) | information | FCS (2) | 7E
//! ```
//!
//! There is no byte stuffing: `7E` may occur inside, and the length tells where the frame ends.

use super::ciphering::Found;
use crate::telegram::crc16_x25;

/// The first and the last byte of a frame.
pub const FLAG: u8 = 0x7E;

/// The bit of the format that says that the next frame goes on with the same data.
const SEGMENTED: u8 = 0x08;

/// The longest address, in bytes.
const MAX_ADDRESS: usize = 4;

/// A frame whose checksums are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HdlcFrame<'a> {
    /// What it carries.
    pub information: &'a [u8],
    /// Whether the next frame goes on with it.
    pub has_more: bool,
    /// The whole frame's length with both flags, in bytes.
    pub length: usize,
}

impl<'a> HdlcFrame<'a> {
    /// Reads the frame at the beginning of these bytes.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Found<Self> {
        let format = match bytes {
            [FLAG, format @ 0xA0..=0xAF, ..] => *format,
            [] | [FLAG] => return Found::Incomplete,
            _ => return Found::No,
        };
        let Some(&low) = bytes.get(2) else { return Found::Incomplete };
        // From the format to the FCS.
        let length = usize::from(u16::from_be_bytes([format & 0x07, low]));
        let mut at = 3;
        for _ in 0..2 {
            let address = bytes.get(at..).unwrap_or_default();
            match address.iter().take(MAX_ADDRESS).position(|byte| byte & 1 == 1) {
                Some(end) => at += end + 1,
                None if address.len() < MAX_ADDRESS => return Found::Incomplete,
                None => return Found::No,
            }
        }
        // Behind the control byte.
        at += 1;
        let header = at - 1;
        if length < header + 2 {
            return Found::No;
        }
        let has_information = length > header + 4;
        if has_information {
            let Some(hcs) = bytes.get(at..at + 2) else { return Found::Incomplete };
            if !is_checksum(&bytes[1..at], hcs) {
                return Found::No;
            }
        }
        let Some(&end) = bytes.get(length + 1) else { return Found::Incomplete };
        let (checked, fcs) = bytes[1..=length].split_at(length - 2);
        if end != FLAG || !is_checksum(checked, fcs) {
            return Found::No;
        }
        let information = if has_information { &bytes[at + 2..length - 1] } else { &[] };
        Found::Yes(Self { information, has_more: format & SEGMENTED != 0, length: length + 2 })
    }
}

fn is_checksum(bytes: &[u8], sent: &[u8]) -> bool {
    crc16_x25(bytes).to_le_bytes() == sent
}

/// A frame of this information, as a meter sends it.
#[cfg(test)]
pub fn frame_of(information: &[u8], has_more: bool) -> Vec<u8> {
    let length = 2 + 1 + 4 + 1 + 2 + information.len() + 2;
    let format = if has_more { 0xA800 } else { 0xA000 };
    let [high, low] = u16::try_from(format | length).unwrap().to_be_bytes();
    // The addresses have one byte and four bytes.
    let mut frame = vec![high, low, 0xCF, 0x00, 0x02, 0x00, 0x23, 0x13];
    frame.extend(crc16_x25(&frame).to_le_bytes());
    frame.extend(information);
    frame.extend(crc16_x25(&frame).to_le_bytes());
    [&[FLAG], &frame[..], &[FLAG]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_whatever_is_in_it() {
        for (information, has_more) in
            [(&b"x"[..], false), (b"\x7E\xA0\x7E", true), (&[7; 2000], false)]
        {
            let bytes = frame_of(information, has_more);
            let expected = HdlcFrame { information, has_more, length: bytes.len() };
            assert_eq!(HdlcFrame::read(&bytes), Found::Yes(expected));
            for end in 0..bytes.len() {
                assert_eq!(HdlcFrame::read(&bytes[..end]), Found::Incomplete, "{end}");
            }
        }
    }

    #[test]
    fn a_damaged_frame_is_none() {
        let bytes = frame_of(b"information", false);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x04;
            let is_frame = matches!(HdlcFrame::read(&damaged), Found::Yes(_));
            assert!(!is_frame, "{at}");
        }
        for short in [
            &b"\x7E\xA0\x00\x01\x01\x13\x7E"[..],
            b"\x7E\xA0\x05\x01\x01\x13\0\0\x7E",
            b"\x7E\xA0\x10\0\0\0\0\0",
        ] {
            assert_eq!(HdlcFrame::read(short), Found::No);
        }
    }
}
