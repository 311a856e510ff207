//! How one object of a telegram goes on the wire: its key and its values.
//!
//! Owns what becomes a number and what stays text (the table in [`super`]). The JSON around it is
//! written elsewhere.

use crate::telegram::{
    Content, Decimal, Obis, Object, Quantity, TWO_LINE_COLD, Telegram, Timestamp, Unit,
    electricity_unit,
};

/// The longest code, in bytes.
const MAX_CODE: usize = 32;

/// What the key of an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    One(WireValue<'a>),
    Two(WireValue<'a>, WireValue<'a>),
}

/// A value.
#[derive(Clone, Copy, Debug)]
pub(super) enum WireValue<'a> {
    /// A number, without its unit.
    Number(Decimal),
    /// A string: the number and its unit.
    Quantity(Quantity),
    /// A string, as sent.
    Text(&'a [u8]),
}

impl<'a> Key<'a> {
    pub(super) fn of(object: &Object<'a>) -> Self {
        if !is_code(object.code) {
            Self::Line
        } else if let Some(channel) = object.code.strip_suffix(b"24.2.1") {
            Self::Reading(channel)
        } else if let Some((channel, ..)) = object.two_line_reading().filter(|_| !is_cold(object)) {
            Self::Reading(channel)
        } else {
            Self::Code(object.code)
        }
    }
}

/// Whether this is the cold of a device that may tell its heat as well, under the other code.
fn is_cold(object: &Object<'_>) -> bool {
    object.obis().map(Obis::general) == Some(TWO_LINE_COLD)
}

impl<'a> Values<'a> {
    /// Those of an object; `telegram` are all objects of its telegram, which tell what devices there are.
    pub(super) fn of(object: &Object<'a>, telegram: &[Object<'_>]) -> Self {
        let usual = || usual_unit(object.code, telegram);
        let number = |quantity| number_on_the_wire(quantity, usual);
        if let Some(number) = object.quantity().and_then(number) {
            return Self::One(WireValue::Number(number));
        }
        if let Some((_, time, quantity)) = object.two_line_reading() {
            let value = number(quantity).map_or(WireValue::Quantity(quantity), WireValue::Number);
            return Self::Two(WireValue::Text(time), value);
        }
        let value = |text| {
            let number = Quantity::parse(text).and_then(number);
            number.map_or(WireValue::Text(text), WireValue::Number)
        };
        match object.content() {
            Content::One(text) => {
                // Few texts look like that.
                let may_be = matches!(text, [b'0'..=b'9', .., b'A'..=b'Z' | b'a'..=b'z']);
                let unit = if may_be { usual() } else { None };
                let found = unit.and_then(|unit| number(Quantity::parse_in(text, unit)?));
                Self::One(found.map_or(WireValue::Text(text), WireValue::Number))
            }
            Content::Other(text) => Self::One(WireValue::Text(text)),
            Content::Two(a, b) => Self::Two(value(a), value(b)),
        }
    }

    /// As [`Self::of`], and the threshold in kVA of a meter that does not always send kVA keeps its unit: as a
    /// number it would be one in kW.
    pub(super) fn in_telegram(object: &Object<'a>, telegram: &Telegram<'_>) -> Self {
        let is_apparent = || {
            let unit = object.quantity().map(|found| found.unit.base().0);
            unit == Some(Unit::VoltAmpere) && !is_of_luxembourg(telegram.header)
        };
        let is_threshold = || object.obis() == Some(THRESHOLD);
        // Few objects are of `0-`, and end like kVA.
        let may_be = object.code.starts_with(b"0")
            && matches!(object.body.trim_ascii_end(), [.., b'A' | b'a' | b' ', b')']);
        if may_be && is_threshold() && is_apparent() {
            if let Content::One(text) = object.content() {
                return Self::One(WireValue::Text(text));
            }
        }
        Self::of(object, &telegram.objects)
    }

    /// What decides between two objects with the same key: whether there is a number, and its time.
    pub(super) fn precedence(&self) -> (bool, Option<Timestamp>) {
        let (first, second) = match *self {
            Self::One(value) => (value, None),
            Self::Two(a, b) => (a, Some(b)),
        };
        let values = || std::iter::once(first).chain(second);
        (values().any(WireValue::is_number), values().find_map(WireValue::time))
    }
}

impl WireValue<'_> {
    /// Whether it is one, with or without its unit.
    fn is_number(self) -> bool {
        match self {
            Self::Text(text) => Quantity::parse(text).is_some(),
            Self::Number(_) | Self::Quantity(_) => true,
        }
    }

    fn time(self) -> Option<Timestamp> {
        match self {
            Self::Text(text) => Timestamp::parse_approximate(text),
            Self::Number(_) | Self::Quantity(_) => None,
        }
    }
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

/// The threshold of the power.
const THRESHOLD: Obis = Obis::literal("0-0:17.0.0");

/// Whether this is the first line of a meter whose threshold is always in kVA: E-Meter P1 specification 1.1.3 of
/// Luxembourg, section 3.2.
pub(crate) fn is_of_luxembourg(header: &[u8]) -> bool {
    header.get(..5).is_some_and(|beginning| beginning.eq_ignore_ascii_case(b"/Lux5"))
}

/// The number that stands for a quantity; `None` for units that go as text, and for those that are not
/// what the object measures: a number has no unit on the wire, and would be taken for the `usual` one.
fn number_on_the_wire(
    Quantity { number, unit }: Quantity,
    usual: impl Fn() -> Option<Unit>,
) -> Option<Decimal> {
    let power = match unit {
        Unit::MilliAmpere
        | Unit::Hertz
        | Unit::KiloHertz
        | Unit::Second
        | Unit::Joule
        | Unit::KiloJoule
        | Unit::MegaJoule => return None,
        Unit::GigaJoule => 3,
        // MWh in watt-hours as well: a register has one unit on the wire, whatever the meter chose.
        _ => unit.base().1,
    };
    let is_usual = |usual: Unit| usual.base().0 == unit.base().0;
    if !usual().is_none_or(is_usual) {
        return None;
    }
    match power {
        0 => Some(number),
        3 => number.thousandfold(),
        _ => number.thousandfold()?.thousandfold(),
    }
}

/// The unit of what an object measures, where that is known: of registers and powers by its code, of the
/// readings of M-Bus devices by the type of the device (EN 13757-3).
fn usual_unit(code: &[u8], telegram: &[Object<'_>]) -> Option<Unit> {
    if !code.starts_with(b"0") {
        return electricity_unit(code);
    }
    let obis = Obis::parse(code)?;
    let Some(channel) = obis.channel() else { return obis.electricity_unit() };
    let is_reading = |code: Obis| code.of_channel(channel) == obis;
    if !DEVICE_READINGS.into_iter().any(is_reading) {
        return None;
    }
    let device_type = DEVICE_TYPE.of_channel(channel);
    let is_type =
        |object: &&Object<'_>| object.code.starts_with(b"0") && object.obis() == Some(device_type);
    let Content::One(number) = telegram.iter().find(is_type)?.content() else { return None };
    match std::str::from_utf8(number.trim_ascii()).ok()?.parse().ok()? {
        2 => Some(Unit::Wh),
        3 | 6 | 7 | 21..=23 => Some(Unit::CubicMetre),
        4 | 10..=13 => Some(Unit::GigaJoule),
        0u8..=255 => None,
    }
}

const DEVICE_TYPE: Obis = Obis::literal("0-n:24.1.0");
const DEVICE_READINGS: [Obis; 5] = [
    Obis::literal("0-n:24.2.1"),
    Obis::literal("0-n:24.2.2"),
    Obis::literal("0-n:24.2.3"),
    Obis::literal("0-n:24.3.0"),
    TWO_LINE_COLD,
];
