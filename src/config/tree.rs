//! The YAML text as a tree of keys and values, each key with its line.
//!
//! Owns what `serde_yaml` by itself does not give: repeated keys are all kept, every key knows its
//! line, a number keeps the digits it was written with (`7E1` is a line format, not 70), and the
//! work is bounded whatever the text. It does not know which keys exist or what they mean.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A file has some forty values. Aliases can make far more out of a short text.
const MOST_VALUES: usize = 4096;

/// One value of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Nothing,
    Flag(bool),
    /// As written.
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
    let walk = Walk { text, values: Cell::new(0) };
    walk.deserialize(serde_yaml::Deserializer::from_str(text))
}

/// What all steps of one walk over a document share.
struct Walk<'t> {
    text: &'t str,
    values: Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for &Walk<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MOST_VALUES {
            return Err(Error::custom(format!("more than {MOST_VALUES} values")));
        }
        let mut number = None;
        let visitor = ValueVisitor { walk: self, number: &mut number };
        match (deserializer.deserialize_any(visitor), number) {
            (Err(stop), Some(number)) => {
                let place = Place::of(&stop);
                Ok(Node::Number(place.number(self.text).unwrap_or(number)))
            }
            (done, _) => done,
        }
    }
}

/// Takes any value. A number is put aside in `number` and then refused, to learn its [`Place`].
struct ValueVisitor<'a, 't> {
    walk: &'a Walk<'t>,
    number: &'a mut Option<String>,
}

impl ValueVisitor<'_, '_> {
    fn put_aside<E: Error>(self, number: impl fmt::Display) -> Result<Node, E> {
        *self.number = Some(number.to_string());
        Err(E::custom("where is this number?"))
    }
}

impl<'de> Visitor<'de> for ValueVisitor<'_, '_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a value without a tag")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Flag(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.put_aside(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.put_aside(value)
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        self.put_aside(value)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        self.put_aside(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.put_aside(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.walk)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, line)) = map.next_key_seed(KeySeed)? {
            let value = map.next_value_seed(self.walk)?;
            entries.push(Entry { name, line, value });
        }
        Ok(Node::Map(entries))
    }
}

/// Reads a key and its line.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = (String, usize);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut name = None;
        let Err(stop) = deserializer.deserialize_str(KeyVisitor(&mut name));
        match name {
            Some(name) => Ok((name, Place::of(&stop).line)),
            None => Err(stop),
        }
    }
}

/// Puts the key aside and then refuses it, to learn its [`Place`].
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

/// A place in the text, both counted from 1.
///
/// Serde's traits pass no positions on; only errors carry one, and `serde_yaml` adds it to whatever
/// error a visitor returns, after it has moved on to the next token. So a visitor that wants to
/// know where it is keeps its value, fails on purpose, and its seed reads the place from the
/// message and goes on. That costs one pass, where a search for each line would cost one pass each.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    /// Reads `… at line 11 column 17`. The very first place of a text is not written out.
    fn of(error: &impl fmt::Display) -> Self {
        let message = error.to_string();
        let numbers = message.rsplit_once(" at line ").and_then(|(_, place)| {
            let (line, column) = place.split_once(" column ")?;
            Some((line.parse().ok()?, column.parse().ok()?))
        });
        let (line, column) = numbers.unwrap_or((1, 1));
        Self { line, column }
    }

    /// The number that stands at this place, as written.
    fn number(self, text: &str) -> Option<String> {
        // YAML's own line ends, so that lines are counted alike.
        let mut lines = text.split(['\n', '\u{85}', '\u{2028}', '\u{2029}']);
        let line = lines.nth(self.line - 1)?;
        let start = line.char_indices().nth(self.column - 1)?.0;
        let part_of_number = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
        // An anchor or a tag may stand before the number; neither begins like one.
        line[start..]
            .split(|c| !part_of_number(c) && c != '&' && c != '!')
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)))
            .map(str::to_owned)
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
    fn numbers_stay_as_written() {
        for number in [
            "7E1",
            "0x10",
            "+5",
            "-3",
            "1.50",
            "70000000000000000000",
            "4530303434303037343133303837353139",
            "123456789012345678901234567890123456789012345678901234567890",
        ] {
            let expected = Node::Number(number.to_owned());
            for text in [
                format!("k: {number}"),
                format!("# é\nk: {number} # comment"),
                format!("k: {number}\r\nl: 1"),
                format!("# a\u{2028}# b\u{85}k: {number}"),
                format!("k: &a1 {number}"),
            ] {
                assert_eq!(value(&text), expected, "{text}");
            }
            let flow = format!("ké: [\"é\", {number}, {number}]");
            let list = vec![Node::Text("é".into()), expected.clone(), expected];
            assert_eq!(value(&flow), Node::List(list), "{flow}");
        }
    }

    #[test]
    fn an_alias_of_a_number_is_that_number() {
        let top = map("a: &x 7E1\nb: *x\n");
        assert_eq!(top[1].value, Node::Number("7E1".into()));
    }

    #[test]
    fn other_values_are_what_yaml_says() {
        assert_eq!(value("k:"), Node::Nothing);
        assert_eq!(value("k: ~"), Node::Nothing);
        assert_eq!(value("k: true"), Node::Flag(true));
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
    fn an_error_inside_a_value_is_not_mistaken_for_a_number() {
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
