//! The keys of a meter: the forms in which grid operators give them, and what is wrong with others.
//!
//! A key is never shown: not by `Debug`, and not by an error.

use std::fmt;

/// The length of a key in bytes: all suites that are known on these ports are AES-128.
pub const KEY_LENGTH: usize = 16;

/// The digits of a key.
const DIGITS: usize = 2 * KEY_LENGTH;

/// An AES-128 key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; KEY_LENGTH]);

/// What is wrong with a text that should be a key. It does not contain the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has another number of digits.
    #[error("expected {DIGITS} hexadecimal digits, found {0} characters")]
    Length(usize),
    /// It has as many digits as a key that was converted to hexadecimal twice.
    #[error(
        "expected {DIGITS} hexadecimal digits, found {}: was the key converted to hexadecimal a second time?",
        2 * DIGITS
    )]
    Twice,
    /// There are other characters than digits in it.
    #[error("expected {DIGITS} hexadecimal digits, found {0} characters that are none")]
    Characters(usize),
    /// It is the authentication key that all meters of Luxembourg have.
    #[error(
        "this is the authentication key of Luxembourg, the same for everybody; your decryption key is another one"
    )]
    Luxembourg,
}

/// The keys of one meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The key that opens telegrams: "GUEK", "GPK60", "encryption key".
    pub decryption: Key,
    /// The key that proves where they come from: "GAK", "GPK61".
    pub authentication: Option<Key>,
}

impl Key {
    /// The authentication key of every meter in Luxembourg: E-Meter P1 specification 1.1.3, section 3.2.5.
    pub const LUXEMBOURG: Self = Self([
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE,
        0xFF,
    ]);

    /// A key of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; KEY_LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.0
    }

    /// Reads a decryption key: 32 hexadecimal digits in either case. Blanks, `:`, `-` and `0x` in front do not
    /// matter.
    pub fn parse_decryption(text: &str) -> Result<Self, KeyError> {
        let key = Self::parse(&digits(text))?;
        if key == Self::LUXEMBOURG { Err(KeyError::Luxembourg) } else { Ok(key) }
    }

    /// As [`Self::parse_decryption`], of an authentication key. Some programs want it with the security control
    /// `30` in front, which is removed.
    pub fn parse_authentication(text: &str) -> Result<Self, KeyError> {
        let digits = digits(text);
        let without_control = digits.strip_prefix("30").filter(|rest| rest.len() == DIGITS);
        Self::parse(without_control.unwrap_or(&digits))
    }

    fn parse(digits: &str) -> Result<Self, KeyError> {
        let others = digits.chars().filter(|digit| !digit.is_ascii_hexdigit()).count();
        match digits.chars().count() {
            _ if others > 0 => return Err(KeyError::Characters(others)),
            DIGITS => {}
            length if length == 2 * DIGITS => return Err(KeyError::Twice),
            length => return Err(KeyError::Length(length)),
        }
        let mut key = [0; KEY_LENGTH];
        let mut values = digits.chars().filter_map(|digit| digit.to_digit(16));
        for byte in &mut key {
            let pair = [values.next(), values.next()].map(Option::unwrap_or_default);
            *byte = u8::try_from(pair[0] << 4 | pair[1]).unwrap_or_default();
        }
        Ok(Self(key))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// The text without what people put between the digits.
fn digits(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    text.chars().filter(|&c| !c.is_whitespace() && !matches!(c, ':' | '-')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS_OF_KEY: &str = "000102030405060708090a0b0c0d0eFF";

    fn key() -> Key {
        Key::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xFF])
    }

    #[test]
    fn a_key_is_read_in_all_the_forms_that_operators_give() {
        for text in [
            DIGITS_OF_KEY,
            "000102030405060708090A0B0C0D0EFF",
            "0x000102030405060708090a0b0c0d0eff",
            "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:FF",
            "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E FF",
            " 00010203-04050607-08090a0b-0c0d0eff ",
        ] {
            assert_eq!(Key::parse_decryption(text), Ok(key()), "{text}");
            assert_eq!(Key::parse_authentication(text), Ok(key()), "{text}");
        }
        let with_control = format!("30{DIGITS_OF_KEY}");
        assert_eq!(Key::parse_authentication(&with_control), Ok(key()));
        assert_eq!(Key::parse_decryption(&with_control), Err(KeyError::Length(34)));
    }

    #[test]
    fn what_is_no_key_is_refused_in_words_that_do_not_contain_it() {
        for (text, expected) in [
            (&DIGITS_OF_KEY[1..], "expected 32 hexadecimal digits, found 31 characters"),
            (
                &DIGITS_OF_KEY.repeat(2),
                "found 64: was the key converted to hexadecimal a second time?",
            ),
            (&DIGITS_OF_KEY.replace('a', "x"), "found 1 characters that are none"),
            ("", "found 0 characters"),
            ("00112233445566778899aabbccddeeff", "this is the authentication key of Luxembourg"),
        ] {
            let message = Key::parse_decryption(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            assert!(text.is_empty() || !message.contains(text), "{message}");
        }
    }

    #[test]
    fn debug_output_has_no_digit_of_a_key() {
        let keys = Keys { decryption: key(), authentication: Some(Key::LUXEMBOURG) };
        assert_eq!(format!("{keys:?}"), "Keys { decryption: Key, authentication: Some(Key) }");
    }
}
