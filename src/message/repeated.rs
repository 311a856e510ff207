//! Codes that a telegram has more than once: which of the objects goes on the wire.
//!
//! Owns the choice and nothing of how the chosen one is written. A dead gas meter may be listed on
//! the channel of the living one, before it or behind it.

use super::member::{Key, Values};
use crate::telegram::Telegram;

/// How many bits [`Seen`] has; a hundred keys leave most of them empty.
const SLOTS: usize = 1024;

/// 2^64 divided by the golden ratio: multiplying by it spreads fingerprints over their top bits.
const FIBONACCI: u64 = 0x9E37_79B9_7F4A_7C15;

/// The objects of a telegram that give way to another one of the same code.
///
/// A number outweighs a text, then a newer time an older one or none, then the later line.
#[derive(Debug, Default)]
pub struct Superseded {
    /// By line; empty when there is none, which is nearly always.
    lines: Vec<bool>,
    count: usize,
}

impl Superseded {
    /// Looks through the objects of a telegram.
    #[must_use]
    pub fn of(telegram: &Telegram<'_>) -> Self {
        let mut superseded = Self::default();
        let mut seen = Seen([0; SLOTS / 64]);
        let objects = &telegram.objects;
        for (index, object) in objects.iter().enumerate() {
            let head = head(object.code);
            if seen.is_new(head) {
                continue;
            }
            let key = Key::of(object);
            let same = |&at: &usize| {
                let other = &objects[at];
                self::head(other.code) == head && !superseded.contains(at) && Key::of(other) == key
            };
            let earlier = (0..index).rev().find(same).filter(|_| key != Key::Line);
            if let Some(earlier) = earlier {
                let weight = |at: usize| Values::of(&objects[at]).weight();
                let later_stays = weight(index) >= weight(earlier);
                superseded.add(if later_stays { earlier } else { index }, objects.len());
            }
        }
        superseded
    }

    /// Whether the object with this index gives way.
    #[must_use]
    pub fn contains(&self, index: usize) -> bool {
        self.lines.get(index) == Some(&true)
    }

    /// How many objects give way.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    fn add(&mut self, index: usize, length: usize) {
        self.lines.resize(length, false);
        self.lines[index] = true;
        self.count += 1;
    }
}

/// What two codes with the same key have in common: the whole code, but of readings the channel.
fn head(code: &[u8]) -> &[u8] {
    // The old reading over two lines has the key of the new one.
    let reading = code.strip_suffix(b"24.2.1").or_else(|| code.strip_suffix(b"24.3.0"));
    reading.unwrap_or(code)
}

/// A bit for each head by its fingerprint: most can be told to be new by that alone.
struct Seen([u64; SLOTS / 64]);

impl Seen {
    fn is_new(&mut self, head: &[u8]) -> bool {
        let fingerprint = match head.last_chunk() {
            Some(last) => u64::from_le_bytes(*last),
            None => head.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
        };
        let [high, low, ..] = fingerprint.wrapping_mul(FIBONACCI).to_be_bytes();
        let slot = usize::from(u16::from_be_bytes([high, low])) % SLOTS;
        let (word, bit) = (&mut self.0[slot / 64], 1 << (slot % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}
