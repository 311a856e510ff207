//! The datagram: what the listener knows of a telegram (meta) and the telegram itself, as JSON.
//!
//! Owns the wire format, both ways: [`encode`] makes a datagram of a telegram, [`Message`] is what a
//! subscriber reads of one, and [`Translator`] runs from a meter's bytes to datagrams. Compatible with
//! the Python programs of 2021. It knows nothing of sockets.
//!
//! | unit of the value                                          | on the wire                       |
//! |------------------------------------------------------------|-----------------------------------|
//! | `kWh kW kvarh kvar kVAh kVA kV kA m3 GJ`, in any case      | a number, thousandths of the unit |
//! | `MWh` in any case, `MW Mvarh Mvar`                         | a number, millionths of the unit  |
//! | `Wh W varh var VAh VA V A dm3 l`, in any case              | a number, as it stands            |
//! | any other, or none                                         | a string, as sent                 |
//!
//! One value goes under the code, two under `code.A` and `code.B`, more as the text after the code.
//! A byte above 0x7F is written as the character of that number (`\u00ff`), so that the text is
//! valid JSON and the byte can be told from it.

mod distinct;
mod member;
mod read;
mod repeated;
pub(crate) mod signature;
mod translate;
mod write;

use std::borrow::Cow;

pub(crate) use member::{is_code, is_of_luxembourg};
pub use read::MessageError;
pub use repeated::Superseded;
pub use signature::{NoKey, SignatureError, SigningKey};
pub use translate::{Counts, Datagram, Encoder, Translator};
pub use write::{Encoded, MAX_DATAGRAM, encode};

use crate::telegram::{Decimal, MeterZone, Obis, Timestamp};

/// The longest name of a meter, in characters.
const MAX_NAME: usize = 64;

/// The clock of DSMR 4 and later, that of heat gateways, and that of Kamstrup's meters.
pub(crate) const CLOCKS: [Obis; 3] =
    [Obis::literal("0-0:1.0.0"), Obis::literal("0-0:1.1.0"), Obis::literal("0-1:1.0.0")];

/// Where meters have their equipment identifier, the most usual place first.
const EQUIPMENT_IDS: [Obis; 8] = [
    Obis::literal("0-0:96.1.1"),
    Obis::literal("0-0:96.1.0"),
    Obis::literal("0-0:42.0.0"),
    Obis::literal("0-0:0.0.0"),
    // German ones.
    Obis::literal("1-0:96.1.0"),
    Obis::literal("1-0:0.0.0"),
    Obis::literal("0-0:96.1.255"),
    // Kamstrup's in Norway.
    Obis::literal("1-0:0.0.5"),
];

/// The version of the wire format.
pub const PROTOCOL: u64 = 1;

/// What the listener knows of a telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Host clock at the first byte, the `/`.
    pub frame_start: Timestamp,
    /// From 1, one more for each telegram sent.
    pub frame_number: u64,
    /// Host clock at the last byte.
    pub frame_end: Timestamp,
    /// From the first byte to the last, in milliseconds.
    pub frame_duration_ms: i64,
    /// The meter's own clock, if it shows a sensible time.
    pub meter_time: Option<Timestamp>,
    /// `frame_start` − `meter_time`, in seconds.
    pub clock_drift: Option<Decimal>,
    /// The version of the wire format; the programs of 2021 send none.
    pub protocol: Option<u64>,
    /// The configured name of the sender.
    pub source: Option<String>,
    /// Keys of other senders, in their order.
    pub other: Vec<(String, Value)>,
}

impl Meta {
    /// The meta data of a telegram that came in from `start` to `end`; of a recorded one, of which nobody
    /// knows when it came, both are the meter's own time, and there is no drift.
    #[must_use]
    pub fn new(
        number: u64,
        start: Timestamp,
        end: Timestamp,
        meter_time: Option<Timestamp>,
    ) -> Self {
        let drift_ms = |time| Decimal::new(start.micros_since(time) / 1000, 3);
        let clock = meter_time.filter(|time| (start, end) != (*time, *time));
        Self {
            frame_start: start,
            frame_number: number,
            frame_end: end,
            frame_duration_ms: end.micros_since(start) / 1000,
            meter_time,
            clock_drift: clock.map(drift_ms),
            protocol: Some(PROTOCOL),
            source: None,
            other: Vec::new(),
        }
    }
}

/// A value as it stands in a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number, exact.
    Number(Decimal),
    /// A string.
    Text(String),
}

impl Value {
    /// The number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) => None,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A datagram as a subscriber reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What the listener knows of the telegram.
    pub meta: Meta,
    /// `header`, the objects by their code, and `checksum`, in the order of the sender; no key twice.
    pub telegram: Vec<(String, Value)>,
}

impl Message {
    /// The value under this key of the telegram: a code, `code.A`, `code.B`, `header` or `checksum`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.telegram.iter().find_map(|(known, value)| (known == key).then_some(value))
    }

    /// As [`Self::get`], but of a code that the meter spells in another way (`1-1:1.7.0*255` for
    /// `1-0:1.7.0`) the value as well.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Value> {
        let by_numbers = || {
            let asked = numbers_of(key)?;
            let is_asked = |key: &str| numbers_of(key) == Some(asked);
            self.telegram.iter().find_map(|(key, value)| is_asked(key).then_some(value))
        };
        self.get(key).or_else(by_numbers)
    }

    /// The number under this key of the telegram.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<Decimal> {
        self.get(key).and_then(Value::number)
    }

    /// The channel of the main electricity meter: the lowest that has registers or powers, nearly always 0.
    pub(crate) fn main_channel(&self) -> u8 {
        let codes =
            self.telegram.iter().filter_map(|(key, _)| Obis::parse(code_of(key).as_bytes()));
        Obis::main_channel_of(codes)
    }

    /// Whether the meter has this equipment identifier, as sent or decoded.
    #[must_use]
    pub fn is_from(&self, meter: &str) -> bool {
        self.raw_equipment_id().is_some_and(|id| id == meter || decode_identifier(id) == meter)
    }

    /// The meter's equipment identifier, decoded where it is sent in hexadecimal.
    ///
    /// `0-0:96.1.1`, else `0-0:96.1.0`, `0-0:42.0.0` or what German meters send. Nordic ones send none.
    #[must_use]
    pub fn equipment_id(&self) -> Option<Cow<'_, str>> {
        self.raw_equipment_id().map(decode_identifier)
    }

    /// The equipment identifier, fit for names of files. `unknown` when the meter sends none.
    #[must_use]
    pub fn meter_name(&self) -> String {
        fit_name(self.equipment_id().as_deref())
    }

    /// The same for names of topics, by which data of many hosts are told apart: a meter that sends no
    /// identifier has the name of its listener.
    #[must_use]
    pub fn meter_or_source_name(&self) -> String {
        fit_name(self.equipment_id().as_deref().or(self.meta.source.as_deref()))
    }

    /// The zone that the times in the telegram are of.
    ///
    /// The one in which the meter's clock shows the sender's `meter-time`, else that of the header.
    #[must_use]
    pub fn zone(&self) -> MeterZone {
        let clock = self.text_of(&CLOCKS).unwrap_or_default().as_bytes();
        let agrees = |zone: &MeterZone| {
            let shown = Timestamp::parse_meter_time(clock, *zone);
            shown.is_some() && shown == self.meta.meter_time
        };
        let of_header = || {
            let header = self.get("header").and_then(Value::text).unwrap_or_default();
            MeterZone::of_header(header.as_bytes())
        };
        MeterZone::ALL.into_iter().find(agrees).unwrap_or_else(of_header)
    }

    /// The same as sent, which costs less.
    pub(crate) fn raw_equipment_id(&self) -> Option<&str> {
        // Some meters fill it up with blanks.
        self.text_of(&EQUIPMENT_IDS).map(str::trim_start)
    }

    /// The text of the first of these objects that has one.
    fn text_of(&self, codes: &[Obis]) -> Option<&str> {
        let place = |key: &str| {
            let obis = Obis::parse(key.as_bytes())?.main_channel();
            codes.iter().position(|code| *code == obis)
        };
        // Numbers are most of a telegram: they are skipped first.
        let texts = self.telegram.iter().filter_map(|(key, value)| Some((key, value.text()?)));
        let texts = texts.filter(|(_, text)| !is_blank(text));
        let mut best: Option<(usize, &str)> = None;
        for (place, text) in texts.filter_map(|(key, text)| Some((place(key)?, text))) {
            if place == 0 {
                return Some(text);
            }
            best = best.filter(|(best, _)| *best <= place).or(Some((place, text)));
        }
        best.map(|(_, text)| text)
    }
}

/// Whether a text is blank, or filler: meters without an identifier send blanks or bytes FF, as they
/// are or in hexadecimal.
pub(crate) fn is_blank(text: &str) -> bool {
    let is_filler = |c: char| c.is_whitespace() || matches!(c, 'F' | 'f' | '\0' | '\u{ff}');
    let is_blank_pair = |pair: &[u8]| pair == b"20";
    text.chars().all(is_filler)
        || (text.len() % 2 == 0 && text.as_bytes().chunks(2).all(is_blank_pair))
}

/// The code in a key of the telegram: what stands before `.A` and `.B`.
pub(crate) fn code_of(key: &str) -> &str {
    key.strip_suffix(".A").or_else(|| key.strip_suffix(".B")).unwrap_or(key)
}

/// The object that a key is of, and which of its two values.
fn numbers_of(key: &str) -> Option<(Obis, &str)> {
    let code = code_of(key);
    Some((Obis::parse(code.as_bytes())?.main_channel(), &key[code.len()..]))
}

/// Letters, digits, `_` and `-` stay, everything else becomes `_`; 64 characters at most.
fn fit_name(text: Option<&str>) -> String {
    let fit = |c: char| match c {
        'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' => c,
        _ => '_',
    };
    match text {
        Some(text) if !text.is_empty() => text.chars().map(fit).take(MAX_NAME).collect(),
        _ => "unknown".to_owned(),
    }
}

/// Pairs of hexadecimal digits that all stand for printable ASCII, decoded; anything else as it is.
///
/// Identifiers and texts are sent so: DSMR P1 companion standard 5.0.2, table 6-12.
#[must_use]
pub fn decode_identifier(text: &str) -> Cow<'_, str> {
    let printable = |pair: &[u8]| {
        let [high, low] = *pair else { return None };
        let code = (char::from(high).to_digit(16)? << 4) | char::from(low).to_digit(16)?;
        char::from_u32(code).filter(|c| matches!(c, ' '..='~'))
    };
    let mut decoded = String::with_capacity(text.len() / 2);
    for pair in text.as_bytes().chunks(2) {
        let Some(c) = printable(pair) else { return Cow::Borrowed(text) };
        decoded.push(c);
    }
    if decoded.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(decoded) }
}

#[cfg(test)]
pub(crate) mod tests;
