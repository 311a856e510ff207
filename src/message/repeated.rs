//! Codes that a telegram has more than once: which of the objects goes on the wire.
//!
//! Owns the choice and nothing of how the chosen one is written. A dead gas meter may be listed on
//! the channel of the living one, before it or behind it.

use super::member::{Key, Values};
use crate::telegram::{Object, Telegram};

/// Telegrams with so many objects or fewer are looked through without an allocation: nearly all.
const FEW: usize = 64;

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
        let objects = &telegram.objects;
        let (mut few, mut many) = ([0; 2 * FEW], Vec::new());
        let slots = if objects.len() <= FEW {
            &mut few[..]
        } else {
            many.resize((2 * objects.len()).next_power_of_two(), 0);
            &mut many
        };
        let mut staying = Staying { objects, slots };
        for (index, object) in objects.iter().enumerate() {
            let Some(slot) = staying.slot_of(object) else { continue };
            if let Some(earlier) = slot.checked_sub(1) {
                let weight = |object| Values::of(object).weight();
                let later_stays = weight(object) >= weight(&objects[earlier]);
                superseded.add(if later_stays { earlier } else { index }, objects.len());
                if !later_stays {
                    continue;
                }
            }
            *slot = index + 1;
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

/// The objects that stay so far, by their keys: a hash table with open addressing, half empty at least.
struct Staying<'t, 'a> {
    objects: &'t [Object<'a>],
    /// A power of two of them: the index of an object, and one more; 0 where there is none.
    slots: &'t mut [usize],
}

impl Staying<'_, '_> {
    /// The slot of the object with the key of this one, or the one for it; `None` for a line without a
    /// code, which gives way to no other.
    fn slot_of(&mut self, object: &Object<'_>) -> Option<&mut usize> {
        let head = head(object.code);
        let last = self.slots.len() - 1;
        let mut slot = fingerprint(head) & last;
        while let Some(at) = self.slots[slot].checked_sub(1) {
            let other = &self.objects[at];
            if self::head(other.code) == head {
                match Key::of(object) {
                    Key::Line => return None,
                    key if key == Key::of(other) => break,
                    _ => {}
                }
            }
            slot = (slot + 1) & last;
        }
        Some(&mut self.slots[slot])
    }
}

/// A number for a head, of its last bytes: there codes differ.
fn fingerprint(head: &[u8]) -> usize {
    let last = match head.last_chunk() {
        Some(last) => u64::from_le_bytes(*last),
        None => head.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
    };
    let [.., high, low] = last.wrapping_mul(FIBONACCI).rotate_left(16).to_be_bytes();
    usize::from(u16::from_be_bytes([high, low]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gives_way(lines: &str) -> Vec<bool> {
        let text = format!("/T\r\n{lines}!\r\n");
        let telegram = Telegram::parse(text.as_bytes());
        let superseded = Superseded::of(&telegram);
        let gives_way: Vec<bool> =
            (0..telegram.objects.len()).map(|index| superseded.contains(index)).collect();
        assert_eq!(gives_way.iter().filter(|gives| **gives).count(), superseded.count());
        gives_way
    }

    #[test]
    fn of_thousands_that_are_outweighed_the_first_stays_and_lines_without_code_all_do() {
        let outweighed = gives_way(&format!("1.7(1*W)\n{}", "1.7()\n".repeat(5000)));
        assert_eq!(
            (outweighed[0], outweighed.iter().filter(|gives| **gives).count()),
            (false, 5000)
        );
        assert!(!gives_way(&"what\n".repeat(5000)).contains(&true));
    }

    proptest! {
        #[test]
        fn of_each_key_the_weightiest_stays_and_of_equal_ones_the_last(
            lines in prop::collection::vec((
                "0-[12]:24\\.[23]\\.[01]|[1-3]\\.7|what",
                prop_oneof![
                    Just("()"), Just("(1*W)"), Just("(261122070000W)(1*m3)"), Just("(251122070000W)(2*m3)"),
                    Just("(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)"), Just(""),
                ],
            ), 0..40),
        ) {
            let lines: String = lines.iter().flat_map(|(code, body)| [code, *body, "\r\n"]).collect();
            let found = gives_way(&lines);
            let text = format!("/T\r\n{lines}!\r\n");
            let objects = Telegram::parse(text.as_bytes()).objects;
            for (index, object) in objects.iter().enumerate() {
                let weight = Values::of(object).weight();
                let is_beaten = objects.iter().enumerate().any(|(at, other)| {
                    let other_weight = Values::of(other).weight();
                    at != index
                        && Key::of(other) == Key::of(object)
                        && (other_weight > weight || (other_weight == weight && at > index))
                });
                prop_assert_eq!(found[index], is_beaten && Key::of(object) != Key::Line, "{}", lines);
            }
        }
    }
}
