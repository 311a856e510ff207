//! Frames of wired M-Bus that carry DLMS: EN 13757-2, section 5.5, and EN 13757-3.
//!
//! ```text
//! 68 | L | L | 68 | C | A | CI | STSAP | DTSAP | data | checksum | 16
//! ```
//!
//! The low half of CI counts the segments of one push, and bit 4 marks the last one.

use super::ciphering::Found;

/// The first and the fourth byte of a frame.
pub const START: u8 = 0x68;

const STOP: u8 = 0x16;

/// What stands in front of the data: C, A, CI and the two transport addresses.
const HEADER: usize = 5;

/// Where CI is in the frame.
const CI: usize = 6;

/// The low half of C: the frame sends user data. The high half has flags.
const SEND_USER_DATA: u8 = 0x03;

/// A frame whose checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MBusFrame<'a> {
    /// The number of the segment, from 0.
    pub segment: u8,
    /// Whether it is the last one.
    pub is_last: bool,
    /// What it carries.
    pub data: &'a [u8],
    /// The whole frame's length, in bytes.
    pub length: usize,
}

impl<'a> MBusFrame<'a> {
    /// Reads the frame at the beginning of these bytes.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Found<Self> {
        let announced = match bytes {
            [START, one, two, START, ..] if one == two => usize::from(*one),
            [] | [START] | [START, _] => return Found::Incomplete,
            [START, one, two] if one == two => return Found::Incomplete,
            _ => return Found::No,
        };
        let Some(&control) = bytes.get(CI) else { return Found::Incomplete };
        if bytes[4] & 0x0F != SEND_USER_DATA || control >= 0x20 {
            return Found::No;
        }
        // Sagemcom meters send segments of 257 bytes with a length of 1.
        let overflow = if announced < HEADER + 1 && control == 0 { 256 } else { 0 };
        let end = 4 + announced + overflow;
        let Some(&[sum, stop]) = bytes.get(end..).and_then(<[u8]>::first_chunk) else {
            return Found::Incomplete;
        };
        let body = &bytes[4..end];
        let computed = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        if stop != STOP || sum != computed || body.len() < HEADER {
            return Found::No;
        }
        let (segment, is_last) = (control & 0x0F, control & 0x10 != 0);
        Found::Yes(Self { segment, is_last, data: &body[HEADER..], length: end + 2 })
    }
}

/// A frame of this data, as a meter sends it.
#[cfg(test)]
pub fn frame_of(control: u8, data: &[u8]) -> Vec<u8> {
    let body = [&[0x53, 0xFF, control, 0x01, 0x67], data].concat();
    let length = body.len().to_le_bytes()[0];
    let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    [&[START, length, length, START][..], &body, &[sum, STOP]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_also_where_its_length_overflows() {
        for (control, length) in [(0x00, 245), (0x11, 15), (0x10, 70), (0x00, 252)] {
            let data = vec![0x68; length];
            let bytes = frame_of(control, &data);
            let (segment, is_last) = (control & 0x0F, control >= 0x10);
            let expected = MBusFrame { segment, is_last, data: &data, length: bytes.len() };
            assert_eq!(MBusFrame::read(&bytes), Found::Yes(expected));
            for end in 0..bytes.len() {
                assert_eq!(MBusFrame::read(&bytes[..end]), Found::Incomplete, "{end}");
            }
        }
    }

    #[test]
    fn a_damaged_frame_is_none() {
        let bytes = frame_of(0x10, b"some data");
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x04;
            assert!(!matches!(MBusFrame::read(&damaged), Found::Yes(_)), "{at}");
        }
    }
}
