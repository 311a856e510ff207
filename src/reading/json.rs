//! Readings as one line of JSON.
//!
//! Owns how values stand there: numbers with the digits that they have, moments as ISO 8601 with the
//! offset to UTC, texts as they are. Which members there are the caller decides.

use std::io;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::ser::Formatter;
use serde_json::value::RawValue;

use super::Value;
use crate::zone::Zone;

/// Writes an object with these members to `out`, behind what is there; no line end.
pub fn write_json<'v>(
    members: impl Iterator<Item = (&'v str, &'v Value<'v>)>,
    zone: &impl Zone,
    out: &mut Vec<u8>,
) {
    let mut json = serde_json::Serializer::with_formatter(&mut *out, TerminalSafe);
    let written = json.serialize_map(None).and_then(|mut map| {
        for (name, value) in members {
            map.serialize_entry(name, &Member { value, zone })?;
        }
        map.end()
    });
    // A vector takes everything, and names and numbers are always sound.
    debug_assert!(written.is_ok(), "{written:?}");
}

/// Compact JSON without DEL and C1 control characters, which JSON allows and terminals obey.
struct TerminalSafe;

impl Formatter for TerminalSafe {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut rest = fragment;
        while let Some((start, control)) = rest.char_indices().find(|(_, c)| c.is_control()) {
            writer.write_all(&rest.as_bytes()[..start])?;
            write!(writer, "\\u{:04x}", u32::from(control))?;
            rest = &rest[start + control.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

struct Member<'a, Z> {
    value: &'a Value<'a>,
    zone: &'a Z,
}

impl<Z: Zone> Serialize for Member<'_, Z> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            // Digit by digit: serde_json's own numbers are binary floats.
            Value::Number(number) => RawValue::from_string(number.to_string())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Value::Time(time) => serializer.serialize_str(&self.zone.iso8601(*time)),
            Value::Text(text) => serializer.serialize_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::{Decimal, Timestamp};
    use crate::zone::HostZone;

    #[test]
    fn numbers_keep_their_digits_and_texts_are_escaped() {
        let members = [
            ("energy_import_kwh", Value::Number(Decimal::new(8_884_462, 3))),
            ("power_w", Value::Number(Decimal::new(-613, 0))),
            ("voltage_l1_v", Value::Number(Decimal::new(2300, 1))),
            ("meter_model", Value::Text("ISK5\\2\"é".into())),
        ];
        let mut out = b"> ".to_vec();
        write_json(members.iter().map(|(name, value)| (*name, value)), &HostZone, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "> {\"energy_import_kwh\":8884.462,\"power_w\":-613,\"voltage_l1_v\":230.0,\
             \"meter_model\":\"ISK5\\\\2\\\"é\"}"
        );
    }

    #[test]
    fn no_control_character_reaches_a_terminal() {
        let text = Value::Text("a\u{7f}b\u{9b}31m\u{1b}é\u{85}".into());
        let mut out = Vec::new();
        write_json(std::iter::once(("text", &text)), &HostZone, &mut out);
        let json = String::from_utf8(out).unwrap();
        assert_eq!(json, "{\"text\":\"a\\u007fb\\u009b31m\\u001bé\\u0085\"}");
    }

    #[test]
    fn a_moment_is_a_text_with_its_offset() {
        let time = Value::Time(Timestamp::from_seconds(1_795_330_210));
        let mut out = Vec::new();
        write_json(std::iter::once(("timestamp", &time)), &HostZone, &mut out);
        let expected = HostZone.iso8601(Timestamp::from_seconds(1_795_330_210));
        assert_eq!(String::from_utf8(out).unwrap(), format!("{{\"timestamp\":\"{expected}\"}}"));
    }
}
