//! Data as DLMS encodes it, A-XDR: IEC 61334-6, with the tags of IEC 62056-6-2, section 4.1.5.
//!
//! Everything is bounded: how deep it is, and how many values it has.

use super::ciphering::{Found, length};

/// How deep data may be. Pushes are three deep.
const MAX_DEPTH: u32 = 6;

/// How many values data may have. The longest push seen so far has some two hundred.
const MAX_VALUES: usize = 2000;

/// A date with a time, in bytes.
pub const TIME_LENGTH: usize = 12;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// None.
    Null,
    /// An integer of any size, or a boolean.
    Number(i64),
    /// An enumeration, such as a unit.
    Enumeration(u8),
    /// Octets or text.
    Octets(&'a [u8]),
    /// An array or a structure.
    List(Vec<Self>),
}

impl<'a> Value<'a> {
    /// Reads the only value in these bytes.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { rest: bytes, values: 0 };
        let value = reader.value(MAX_DEPTH)?;
        reader.rest.is_empty().then_some(value)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    values: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: u32) -> Option<Value<'a>> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return None;
        }
        let value = match self.take(1)?[0] {
            0x00 => Value::Null,
            0x01 | 0x02 => {
                let count = self.length()?;
                let depth = depth.checked_sub(1)?;
                Value::List((0..count).map(|_| self.value(depth)).collect::<Option<_>>()?)
            }
            0x03 | 0x11 => Value::Number(self.take(1)?[0].into()),
            0x04 => {
                let bits = self.length()?;
                Value::Octets(self.take(bits.div_ceil(8))?)
            }
            0x05 => Value::Number(i32::from_be_bytes(self.array()?).into()),
            0x06 => Value::Number(u32::from_be_bytes(self.array()?).into()),
            0x09 | 0x0A | 0x0C => {
                let length = self.length()?;
                Value::Octets(self.take(length)?)
            }
            0x0D | 0x0F => Value::Number(i8::from_be_bytes(self.array()?).into()),
            0x10 => Value::Number(i16::from_be_bytes(self.array()?).into()),
            0x12 => Value::Number(u16::from_be_bytes(self.array()?).into()),
            0x14 => Value::Number(i64::from_be_bytes(self.array()?)),
            0x15 => Value::Number(u64::from_be_bytes(self.array()?).try_into().ok()?),
            0x16 => Value::Enumeration(self.take(1)?[0]),
            0x19 => Value::Octets(self.take(TIME_LENGTH)?),
            0x1A => Value::Octets(self.take(5)?),
            0x1B => Value::Octets(self.take(4)?),
            _ => return None,
        };
        Some(value)
    }

    fn length(&mut self) -> Option<usize> {
        let Found::Yes((length, at)) = length(self.rest, 0) else { return None };
        self.take(at)?;
        Some(length)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read() {
        let bytes =
            b"\x02\x0B\x00\x03\x01\x05\xFF\xFF\xFF\xFE\x06\xFF\xFF\xFF\xFF\x0F\xFF\x10\xFF\xFE\
            \x11\xFF\x12\x01\x00\x14\0\0\0\0\0\0\x01\0\x16\x1E\x01\x02\x09\x01x\x0A\x01y";
        let expected = Value::List(vec![
            Value::Null,
            Value::Number(1),
            Value::Number(-2),
            Value::Number(0xFFFF_FFFF),
            Value::Number(-1),
            Value::Number(-2),
            Value::Number(255),
            Value::Number(256),
            Value::Number(256),
            Value::Enumeration(30),
            Value::List(vec![Value::Octets(b"x"), Value::Octets(b"y")]),
        ]);
        assert_eq!(Value::read(bytes), Some(expected));
        for end in 0..bytes.len() {
            assert_eq!(Value::read(&bytes[..end]), None, "{end}");
        }
        assert_eq!(Value::read(&[&bytes[..], b"\0"].concat()), None, "bytes are left");
    }

    #[test]
    fn what_is_too_deep_too_long_or_unknown_is_none() {
        assert_eq!(Value::read(&[b"\x01\x01".repeat(7), b"\0".to_vec()].concat()), None);
        assert!(Value::read(&[b"\x01\x01".repeat(6), b"\0".to_vec()].concat()).is_some());
        assert_eq!(Value::read(&[b"\x01\x82\x10\0".to_vec(), vec![0; 4096]].concat()), None);
        for bytes in [
            &b"\x01\x84\xFF\xFF\xFF\xFF"[..],
            b"\x09\x84\xFF\xFF\xFF\xFF",
            b"\x80",
            b"\x15\xFF\0\0\0\0\0\0\0",
        ] {
            assert_eq!(Value::read(bytes), None, "{bytes:02X?}");
        }
    }
}
