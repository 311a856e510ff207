//! Puts together what a meter sends in several frames: segments of HDLC and of M-Bus, and blocks of a general
//! block transfer.
//!
//! Frames get lost, doubled and mixed with those of another push: the first one begins a push, one that does not
//! follow drops what came before, and one that comes again is ignored.

use super::ciphering::{Found, MAX_FRAME, length};
use super::hdlc::HdlcFrame;
use super::mbus::MBusFrame;

/// What the information of the first HDLC frame begins with: IEC 62056-46, section 6.3 (logical link control).
const LLC: &[u8] = b"\xE6\xE7\x00";

/// The first byte of a block: IEC 62056-5-3, general-block-transfer.
const BLOCK: u8 = 0xE0;

/// The bit of a block's control byte that marks the last one.
const LAST_BLOCK: u8 = 0x80;

/// A push that is being received.
#[derive(Debug, Default)]
pub struct Transfer {
    /// The segments of one HDLC or M-Bus transfer so far.
    segments: Vec<u8>,
    /// The next segment is expected to follow them; of M-Bus, by this number.
    next_segment: Option<u8>,
    /// The blocks so far, and the number of the last one.
    blocks: Vec<u8>,
    last_block: u16,
    /// What is complete.
    complete: Vec<u8>,
    /// The last frame was the first one of its push.
    has_begun: bool,
}

impl Transfer {
    /// What the last frame has completed.
    #[must_use]
    pub fn complete(&self) -> &[u8] {
        &self.complete
    }

    /// Whether the last frame was the first one of its push.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Nothing goes on.
    pub fn clear(&mut self) {
        self.segments.clear();
        self.blocks.clear();
        (self.next_segment, self.last_block) = (None, 0);
    }

    /// Takes a frame in. True if it completes something.
    pub fn add_hdlc(&mut self, frame: &HdlcFrame<'_>) -> bool {
        self.has_begun = frame.information.starts_with(LLC);
        let data = match frame.information.strip_prefix(LLC) {
            Some(data) => {
                self.segments.clear();
                data
            }
            None => frame.information,
        };
        if !self.append(data, frame.has_more.then_some(0)) || frame.has_more {
            return false;
        }
        if self.complete.first() == Some(&BLOCK) {
            return self.add_block();
        }
        self.blocks.clear();
        self.last_block = 0;
        true
    }

    /// Takes a frame in. True if it completes something.
    pub fn add_mbus(&mut self, frame: &MBusFrame<'_>) -> bool {
        self.has_begun = frame.segment == 0;
        if self.has_begun {
            self.segments.clear();
        } else if self.next_segment != Some(frame.segment) {
            self.clear();
            return false;
        }
        let next = (!frame.is_last).then_some(frame.segment + 1);
        self.append(frame.data, next) && frame.is_last
    }

    /// Appends a segment, behind which one of the number `next` is expected; without, it is the last one. False
    /// if it has become too much.
    fn append(&mut self, data: &[u8], next: Option<u8>) -> bool {
        self.next_segment = next;
        if self.segments.len() + data.len() > MAX_FRAME {
            self.clear();
            return false;
        }
        self.segments.extend_from_slice(data);
        if next.is_none() {
            self.complete.clear();
            std::mem::swap(&mut self.complete, &mut self.segments);
        }
        true
    }

    /// Takes the block that is complete in. True if it is the last one.
    fn add_block(&mut self) -> bool {
        let [BLOCK, control, high, low, _, _, ..] = self.complete[..] else { return false };
        let Found::Yes((length, at)) = length(&self.complete, 6) else { return false };
        let Some(data) = self.complete.get(at..at + length) else { return false };
        let number = u16::from_be_bytes([high, low]);
        if number == 1 {
            self.blocks.clear();
        } else if number == self.last_block {
            return false;
        } else if number != self.last_block.wrapping_add(1)
            || self.last_block == 0
            || self.blocks.len() + data.len() > MAX_FRAME
        {
            self.clear();
            return false;
        }
        self.blocks.extend_from_slice(data);
        self.last_block = number;
        let is_last = control & LAST_BLOCK != 0;
        if is_last {
            self.complete.clear();
            std::mem::swap(&mut self.complete, &mut self.blocks);
            self.last_block = 0;
        }
        is_last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hdlc(transfer: &mut Transfer, information: &[u8], has_more: bool) -> Option<Vec<u8>> {
        let is_complete = transfer.add_hdlc(&HdlcFrame { information, has_more, length: 0 });
        is_complete.then(|| transfer.complete().to_vec())
    }

    fn mbus(transfer: &mut Transfer, segment: u8, is_last: bool, data: &[u8]) -> Option<Vec<u8>> {
        let is_complete = transfer.add_mbus(&MBusFrame { segment, is_last, data, length: 0 });
        is_complete.then(|| transfer.complete().to_vec())
    }

    fn block(number: u8, is_last: bool, data: &[u8]) -> Vec<u8> {
        let control = if is_last { 0xC0 } else { 0x40 };
        let length = u8::try_from(data.len()).unwrap();
        [&[BLOCK, control, 0, number, 0, 0, length], data].concat()
    }

    #[test]
    fn one_frame_is_enough_without_its_link_control() {
        let mut transfer = Transfer::default();
        assert_eq!(hdlc(&mut transfer, b"\xE6\xE7\0data", false).unwrap(), b"data");
        assert_eq!(mbus(&mut transfer, 0, true, b"data").unwrap(), b"data");
    }

    #[test]
    fn segments_are_joined_and_the_first_one_begins_a_push() {
        let mut transfer = Transfer::default();
        assert_eq!(hdlc(&mut transfer, b"\xE6\xE7\0lost", true), None);
        assert_eq!(hdlc(&mut transfer, b"\xE6\xE7\0one,", true), None);
        assert_eq!(hdlc(&mut transfer, b"two,", true), None);
        assert_eq!(hdlc(&mut transfer, b"three", false).unwrap(), b"one,two,three");
        assert_eq!(mbus(&mut transfer, 0, false, b"lost"), None);
        assert_eq!(mbus(&mut transfer, 0, false, b"one,"), None);
        assert_eq!(mbus(&mut transfer, 1, true, b"two").unwrap(), b"one,two");
        assert_eq!(mbus(&mut transfer, 1, true, b"two"), None, "its beginning is missing");
        assert_eq!(mbus(&mut transfer, 0, false, b"one"), None);
        assert_eq!(mbus(&mut transfer, 2, true, b"three"), None, "the second one is missing");
    }

    #[test]
    fn blocks_are_joined_if_none_is_missing_and_one_that_comes_again_is_ignored() {
        let mut transfer = Transfer::default();
        let first = [LLC, &block(1, false, b"one,")].concat();
        for (numbers, expected) in [
            (&[1u8, 2, 3][..], true),
            (&[1, 1, 2, 2, 3], true),
            (&[2, 3], false),
            (&[1, 3], false),
            (&[1, 2, 1, 2, 3], true),
            (&[3], false),
        ] {
            transfer.clear();
            let mut result = None;
            for number in numbers {
                result = match number {
                    1 => hdlc(&mut transfer, &first, false),
                    2 => hdlc(&mut transfer, &block(2, false, b"two,"), false),
                    _ => hdlc(&mut transfer, &block(3, true, b"three"), false),
                };
            }
            assert_eq!(result, expected.then(|| b"one,two,three".to_vec()), "{numbers:?}");
        }
    }

    #[test]
    fn what_never_ends_is_dropped() {
        let mut transfer = Transfer::default();
        for _ in 0..100 {
            assert_eq!(hdlc(&mut transfer, &[7; 1000], true), None);
            assert!(transfer.segments.len() <= MAX_FRAME);
        }
    }
}
