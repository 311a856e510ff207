//! The YAML text as a tree of keys and values, each key with its line.
//!
//! Adds what `serde_yaml` does not give: all repeated keys, the line of every key, and a bound on the
//! number of values. It does not know which keys exist or what they mean.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A file has some fifty values. Aliases can make far more out of a short text.
const MAX_VALUES: usize = 4096;

/// One value of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Nothing,
    Bool(bool),
    /// An integer in decimal digits, or a float, which always has a `.` or an `e`.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One `name: value` of a map, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub name: String,
    /// Line of the name, from 1.
    pub line: usize,
    pub value: Node,
}

/// Reads a whole text. An empty one is [`Node::Nothing`].
pub(super) fn read(text: &str) -> Result<Node, serde_yaml::Error> {
    NodeSeed { values: &Cell::new(0) }.deserialize(serde_yaml::Deserializer::from_str(text))
}

/// The line that the message of an error names last, from 1: where the construct began that is wrong.
/// The first place of a text is not named.
pub(super) fn line_of(error: &impl fmt::Display) -> usize {
    let message = error.to_string();
    let place = message.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(' '));
    place.and_then(|(line, _)| line.parse().ok()).unwrap_or(1)
}

/// Reads one value, and counts all values of the text.
#[derive(Clone, Copy)]
struct NodeSeed<'a> {
    values: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for NodeSeed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MAX_VALUES {
            return Err(Error::custom(format!("more than {MAX_VALUES} values")));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a value without a tag")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    /// The text as a whole, without a value.
    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(format!("{value:?}")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, line)) = map.next_key_seed(KeySeed)? {
            let value = map.next_value_seed(self)?;
            entries.push(Entry { name, line, value });
        }
        Ok(Node::Map(entries))
    }
}

/// Reads a key and its line.
///
/// Serde passes no positions on: only errors carry one, and `serde_yaml` adds it to any error that a
/// visitor returns. So the visitor keeps the key and fails on purpose, and the seed reads the line from the
/// message and goes on. That costs one pass, where a search for each line would cost one pass each.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = (String, usize);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut name = None;
        let Err(error) = deserializer.deserialize_str(KeyVisitor(&mut name));
        match name {
            Some(name) => Ok((name, line_of(&error))),
            None => Err(error),
        }
    }
}

/// Keeps the key and fails: see [`KeySeed`].
struct KeyVisitor<'a>(&'a mut Option<String>);

impl Visitor<'_> for KeyVisitor<'_> {
    type Value = Infallible;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("the name of a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Infallible, E> {
        *self.0 = Some(name.to_owned());
        Err(E::custom("where is this key?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> Vec<Entry> {
        match read(text) {
            Ok(Node::Map(entries)) => entries,
            other => panic!("{other:?}"),
        }
    }

    fn value(text: &str) -> Node {
        map(text).remove(0).value
    }

    fn lines(entries: &[Entry]) -> Vec<(&str, usize)> {
        entries.iter().map(|e| (e.name.as_str(), e.line)).collect()
    }

    #[test]
    fn every_key_has_its_line_repeated_ones_too() {
        let text = "---\n# é\na: 1\nb:\n\n  c: x\n  c: {d: 1,\n    e: 2}\n? f\n: 1\na:\n";
        let top = map(text);
        assert_eq!(lines(&top), [("a", 3), ("b", 4), ("f", 9), ("a", 11)]);
        let Node::Map(b) = &top[1].value else { panic!("{top:?}") };
        assert_eq!(lines(b), [("c", 6), ("c", 7)]);
        let Node::Map(c) = &b[1].value else { panic!("{b:?}") };
        assert_eq!(lines(c), [("d", 7), ("e", 8)]);
    }

    #[test]
    fn a_key_at_the_very_start_is_on_line_one() {
        assert_eq!(lines(&map("a: 1")), [("a", 1)]);
    }

    #[test]
    fn integers_keep_their_digits_and_floats_are_told_from_them() {
        for (written, number) in [
            ("52001", "52001"),
            ("-3", "-3"),
            ("0x10", "16"),
            ("4530303434303037343133303837353139", "4530303434303037343133303837353139"),
            ("-70000000000000000000", "-70000000000000000000"),
            ("1.0", "1.0"),
            ("7E1", "70.0"),
            ("1e300", "1e300"),
            (".inf", "inf"),
        ] {
            assert_eq!(value(&format!("k: {written}")), Node::Number(number.into()), "{written}");
        }
    }

    #[test]
    fn other_values_are_what_yaml_says() {
        assert_eq!(value("k:"), Node::Nothing);
        assert_eq!(value("k: ~"), Node::Nothing);
        assert_eq!(value("k: true"), Node::Bool(true));
        for text in ["yes", "off", "0600", "'12'", "\"~\"", "8N1"] {
            let bare = text.trim_matches(['\'', '"']).to_owned();
            assert_eq!(value(&format!("k: {text}")), Node::Text(bare), "{text}");
        }
    }

    #[test]
    fn a_text_without_values_is_nothing() {
        for text in ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n"] {
            assert_eq!(read(text).unwrap(), Node::Nothing, "{text:?}");
        }
    }

    #[test]
    fn a_second_document_is_refused() {
        for text in ["---\na: 1\n---\nb: 1\n", "---\n---\nb: 1\n"] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("more than one document"), "{error}");
        }
    }

    #[test]
    fn an_error_inside_a_value_is_an_error() {
        let error = read("a: 5\nb: [1, 2\nc: 3\n").unwrap_err();
        assert_eq!(error.location().unwrap().line(), 3);
        assert!(read("a: !tag 5\n").is_err());
        assert!(read("[a, b]: 5\n").is_err());
    }

    #[test]
    fn aliases_cannot_multiply_without_bound() {
        let mut bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for (from, to) in ('a'..'i').zip('b'..) {
            let list = vec![format!("*{from}"); 10].join(", ");
            bomb += format!("{to}: &{to} [{list}]\n").as_str();
        }
        let error = read(&bomb).unwrap_err().to_string();
        assert!(error.contains("more than 4096 values"), "{error}");
    }

    #[test]
    fn deep_nesting_is_an_error() {
        assert!(read(&"[".repeat(1000)).is_err());
        assert!(read(&format!("{}{}", "[".repeat(200), "]".repeat(200))).is_err());
    }
}
