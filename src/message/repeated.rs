//! Codes that a telegram has more than once: which of the objects goes on the wire.
//!
//! Owns the choice and nothing of how the chosen one is written. A dead gas meter may be listed on
//! the channel of the living one, before it or behind it.

use rustc_hash::FxHashMap;

use super::distinct::are_distinct;
use super::member::{Key, Values};
use crate::telegram::{Object, Telegram};

/// The objects of a telegram that give way to another one of the same code.
///
/// A number takes precedence over a text, then a newer time over an older one or none, then the later
/// line.
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
        let has_two_lines = |object: &Object<'_>| object.two_line_reading().is_some();
        if are_distinct(objects.iter().map(|object| object.code))
            && !objects.iter().any(has_two_lines)
        {
            return superseded;
        }
        let mut kept: FxHashMap<Key<'_>, usize> = FxHashMap::default();
        kept.reserve(objects.len());
        for (index, object) in objects.iter().enumerate() {
            let key = Key::of(object);
            // A line without a code gives way to no other.
            if key == Key::Line {
                continue;
            }
            let Some(earlier) = kept.insert(key, index) else { continue };
            let precedence = |index: usize| Values::of(&objects[index], objects).precedence();
            if precedence(index) >= precedence(earlier) {
                superseded.add(earlier, objects.len());
            } else {
                superseded.add(index, objects.len());
                kept.insert(key, earlier);
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
    fn of_thousands_of_blank_ones_the_first_is_kept_and_lines_without_code_all_are() {
        let gave_way = gives_way(&format!("1.7(1*W)\n{}", "1.7()\n".repeat(5000)));
        assert_eq!((gave_way[0], gave_way.iter().filter(|gives| **gives).count()), (false, 5000));
        assert!(!gives_way(&"what\n".repeat(5000)).contains(&true));
    }

    proptest! {
        #[test]
        fn of_each_key_the_one_with_precedence_is_kept_and_of_equal_ones_the_last(
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
                let precedence = |object| Values::of(object, &objects).precedence();
                let own = precedence(object);
                let is_beaten = objects.iter().enumerate().any(|(at, other)| {
                    let others = precedence(other);
                    at != index
                        && Key::of(other) == Key::of(object)
                        && (others > own || (others == own && at > index))
                });
                prop_assert_eq!(found[index], is_beaten && Key::of(object) != Key::Line, "{}", lines);
            }
        }
    }
}
