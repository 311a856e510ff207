//! How one object of a telegram goes on the wire: its key and its values.
//!
//! Owns what becomes a number and what stays text (the table in [`super`]). The JSON around it is
//! written elsewhere.

use crate::telegram::{Content, Decimal, Object, Quantity, Timestamp, Unit};

/// The longest code, in bytes.
const MAX_CODE: usize = 32;

/// What the key of an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// The code as sent.
    Code(&'a [u8]),
    /// `24.2.1` of this channel, `0-n:`.
    Reading(&'a [u8]),
    /// The number of the line, which has no code.
    Line,
}

/// The values of an object, one or two.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'a> {
    One(Wire<'a>),
    Two(Wire<'a>, Wire<'a>),
}

/// A value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire<'a> {
    Number(Decimal),
    Text(&'a [u8]),
}

impl<'a> Key<'a> {
    pub(super) fn of(object: &Object<'a>) -> Self {
        if !is_code(object.code) {
            Self::Line
        } else if let Some(channel) = object.code.strip_suffix(b"24.2.1") {
            Self::Reading(channel)
        } else if let Some((channel, ..)) = two_line_reading(object) {
            Self::Reading(channel)
        } else {
            Self::Code(object.code)
        }
    }
}

impl<'a> Values<'a> {
    pub(super) fn of(object: &Object<'a>) -> Self {
        if let Some(number) = object.quantity().and_then(on_the_wire) {
            return Self::One(Wire::Number(number));
        }
        if let Some((_, time, number)) = two_line_reading(object) {
            return Self::Two(Wire::Text(time), Wire::Number(number));
        }
        match object.content() {
            Content::One(text) | Content::Other(text) => Self::One(Wire::Text(text)),
            Content::Two(a, b) => Self::Two(Wire::of(a), Wire::of(b)),
        }
    }

    /// What decides between two objects with the same key: whether there is a number, and its time.
    pub(super) fn weight(&self) -> (bool, Option<Timestamp>) {
        let (first, second) = match *self {
            Self::One(value) => (value, None),
            Self::Two(a, b) => (a, Some(b)),
        };
        let values = || std::iter::once(first).chain(second);
        let has_number = values().any(|value| matches!(value, Wire::Number(_)));
        (has_number, values().find_map(Wire::time))
    }
}

impl<'a> Wire<'a> {
    fn of(text: &'a [u8]) -> Self {
        Quantity::parse(text).and_then(on_the_wire).map_or(Self::Text(text), Self::Number)
    }

    fn time(self) -> Option<Timestamp> {
        match self {
            Self::Text(text) => Timestamp::parse_approximate(text),
            Self::Number(_) => None,
        }
    }
}

/// The channel, the time and the number of a reading over two lines.
fn two_line_reading<'a>(object: &Object<'a>) -> Option<(&'a [u8], &'a [u8], Decimal)> {
    let (channel, time, reading) = object.two_line_reading()?;
    Some((channel, time, on_the_wire(reading)?))
}

/// Whether this may be a key: no letter of a key of ours (`header`, `.A` …) can come out of it.
pub(crate) fn is_code(code: &[u8]) -> bool {
    let found = |all, &byte| all | BYTES_OF_CODES[usize::from(byte)];
    code.len() <= MAX_CODE
        && code.iter().fold(0, found) == POINT
        && !matches!(code, [.., b'.', b'A' | b'B'])
}

/// What stands for the point in [`BYTES_OF_CODES`].
const POINT: u8 = 1;

/// 0 for the letters, digits and signs that codes have beside the point; 2 for what they have not.
static BYTES_OF_CODES: [u8; 256] = {
    let mut bytes = [2; 256];
    let mut byte = 0u8;
    while byte < 128 {
        match byte {
            b'.' => bytes[byte as usize] = POINT,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b':' | b'*' => {
                bytes[byte as usize] = 0;
            }
            _ => {}
        }
        byte += 1;
    }
    bytes
};

/// The number that stands for a quantity; `None` for units that go as text.
fn on_the_wire(Quantity { number, unit }: Quantity) -> Option<Decimal> {
    match unit {
        Unit::Wh
        | Unit::Watt
        | Unit::Varh
        | Unit::Var
        | Unit::VoltAmpereHour
        | Unit::VoltAmpere
        | Unit::Volt
        | Unit::Ampere => Some(number),
        Unit::KiloWh
        | Unit::KiloWatt
        | Unit::KiloVarh
        | Unit::KiloVar
        | Unit::KiloVoltAmpereHour
        | Unit::KiloVoltAmpere
        | Unit::KiloVolt
        | Unit::KiloAmpere
        | Unit::CubicMetre
        | Unit::GigaJoule => number.thousandfold(),
        // In watt-hours as well: a register has one unit on the wire, whatever the meter chose.
        Unit::MegaWh => number.thousandfold()?.thousandfold(),
        Unit::MilliAmpere | Unit::Hertz | Unit::KiloHertz | Unit::Second => None,
    }
}
