//! One line of a telegram in words.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

use chrono::{DateTime, FixedOffset};

use crate::message::{decode_identifier, is_code};
use crate::reading::texts;
use crate::telegram::catalogue::{self, Description, Kind, device_type};
use crate::telegram::{Content, Decimal, MeterZone, Object, Quantity, Timestamp, Unit, groups};
use crate::text::printable;

/// The longest text that is shown whole, in characters.
const MAX_TEXT: usize = 160;

/// What some meters fill their texts up with.
const FILLER: u8 = 0xFF;

/// One object, in words.
pub(super) struct Line {
    code: String,
    name: Cow<'static, str>,
    values: String,
    odd: Vec<String>,
    zone: MeterZone,
}

impl Line {
    /// The object on this line, counted from 1; `gives_way` if another of its code goes on the wire.
    pub(super) fn new(
        number: usize,
        object: &Object<'_>,
        gives_way: bool,
        zone: MeterZone,
    ) -> Self {
        let known = catalogue::describe(object.code);
        let known = known.as_ref();
        let mut line = Self {
            code: printable(object.code),
            name: known.map_or(Cow::Borrowed(""), |known| known.name.clone()),
            values: String::new(),
            odd: Vec::new(),
            zone,
        };
        match (known, is_code(object.code)) {
            (Some(_), _) => {}
            (None, true) => {
                line.say("the code is not in the catalogue: passed on as it is");
            }
            (None, false) => {
                line.say(&format!("it has no OBIS code: passed on as line-{number}"));
            }
        }
        line.values(object, known);
        if gives_way {
            line.say("the code is there twice: the other line is passed on");
        }
        let is_filled = known.is_some_and(|known| known.kind == Kind::Text);
        let is_other = |byte: &&u8| !(byte.is_ascii() || is_filled && **byte == FILLER);
        let bytes = without_signs_of_units([object.code, object.body].concat());
        let other_bytes = bytes.iter().filter(is_other).count();
        if other_bytes > 0 {
            line.say(&format!("bytes that are not ASCII: {other_bytes}"));
        }
        line
    }

    /// Says what is odd, once.
    fn say(&mut self, odd: &str) {
        if !self.odd.iter().any(|said| said == odd) {
            self.odd.push(odd.to_owned());
        }
    }

    pub(super) fn is_odd(&self) -> bool {
        !self.odd.is_empty()
    }

    fn values(&mut self, object: &Object<'_>, known: Option<&Description>) {
        let kind = known.map(|known| known.kind);
        if let Some((_, time, reading)) = object.two_line_reading() {
            self.values = format!("{}, {}", quantity(reading), self.time(time, Kind::Reading));
            return;
        }
        let fields: Vec<&[u8]> = match object.content() {
            Content::One(one) => vec![one],
            Content::Two(a, b) => vec![a, b],
            Content::Other(_) if kind == Some(Kind::Log) => groups(object.body).collect(),
            Content::Other(text) => {
                self.values = printable(text);
                if is_code(object.code) {
                    self.say("what follows the code is not one or two values in brackets");
                }
                return;
            }
        };
        let is_switch = is_switch(object.code);
        let value = |field: &&[u8]| self.value(field, known, is_switch);
        let words: Vec<String> = fields.iter().map(value).collect();
        self.values = words.join(", ");
        if let Some(known) = known {
            self.judge(&fields, known);
        }
    }

    /// What a value says.
    fn value(&mut self, text: &[u8], known: Option<&Description>, is_switch: bool) -> String {
        let is_device_type = known.is_some_and(|known| known.kind == Kind::DeviceType);
        if text.is_empty() && !is_device_type {
            return "(empty)".into();
        }
        let unit = known.and_then(|known| known.unit);
        if let Some(found) = parse_quantity(text, unit) {
            if !text.contains(&b'*') {
                self.say("there is no * before the unit");
            }
            return quantity(found);
        }
        let Some(known) = known else { return printable(text) };
        match known.kind {
            Kind::DeviceType => self.device(text),
            Kind::State => state(text, is_switch),
            Kind::Text if is_filler(text) => format!("({} bytes of filler)", text.len()),
            Kind::Identifier | Kind::Text => decoded(text),
            Kind::Time | Kind::Reading | Kind::Demand | Kind::Log if looks_like_time(text) => {
                self.time(text, known.kind)
            }
            _ => printable(text),
        }
    }

    /// A time as the meter shows it, with its offset to UTC. That a device was never read, or a failure never
    /// dated, is as usual; a clock of the meter that was never set is not.
    fn time(&mut self, text: &[u8], kind: Kind) -> String {
        if let Some(time) = Timestamp::parse_meter_time(text, self.zone) {
            let season = text.last().copied().unwrap_or_default();
            let hours = self.zone.offset_hours(season).unwrap_or_default();
            let local = FixedOffset::east_opt(hours * 3600).and_then(|offset| {
                Some(DateTime::from_timestamp(time.seconds(), 0)?.with_timezone(&offset))
            });
            return local.map_or_else(
                || printable(text),
                |local| local.format("%Y-%m-%d %H:%M:%S %:z").to_string(),
            );
        }
        let note = match Timestamp::parse_approximate(text) {
            Some(_) if text.trim_ascii().len() == 12 => {
                " (without S or W: its offset to UTC is not certain)"
            }
            Some(_) => " (its offset to UTC is not certain)",
            None if is_unset(text) && kind != Kind::Time => " (no time)",
            None => {
                self.say("that is no time");
                ""
            }
        };
        printable(text) + note
    }

    fn device(&mut self, text: &[u8]) -> String {
        let sent = printable(text);
        if text.iter().all(|byte| *byte == b'0') {
            return format!("{sent}: no device").trim_start_matches(": ").into();
        }
        let number = std::str::from_utf8(text.trim_ascii()).ok().and_then(|text| text.parse().ok());
        let Some(device) = number.and_then(device_type) else {
            self.say("the type of the device is not known");
            return sent;
        };
        format!("{sent}: {device}")
    }

    /// Looks whether there is what an object of this kind holds.
    fn judge(&mut self, fields: &[&[u8]], known: &Description) {
        let mut quantities = fields.iter().filter_map(|field| parse_quantity(field, known.unit));
        let found = quantities.next();
        // What meters send as long as there is nothing to tell.
        let is_nothing = |field: &&[u8]| {
            is_unset(field) || field.iter().all(|byte| matches!(byte, b'0' | b'.' | b' '))
        };
        match (known.kind, known.unit, found) {
            (Kind::Limit, _, _) => {}
            (Kind::Reading, _, None) if fields.iter().all(is_nothing) => {}
            (Kind::Reading, _, None) => {
                self.say("there is no reading: no number with a unit");
            }
            (_, Some(_), None) if fields.iter().all(|field| field.trim_ascii().is_empty()) => {}
            (_, Some(unit), None) => {
                self.say(&format!("there is no number with a unit such as {}", unit.symbol()));
            }
            (_, Some(unit), Some(found)) if unit.base().0 != found.unit.base().0 => {
                self.say(&format!("the unit is usually {}", unit.symbol()));
            }
            _ => {}
        }
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("  {:<16}  {:<40}  {}", self.code, self.name, self.values);
        writeln!(f, "{}", text.trim_end())?;
        for odd in &self.odd {
            writeln!(f, "  {:<16}  ! {odd}", "")?;
        }
        Ok(())
    }
}

/// A number with a unit, which is `usual` where that is known.
fn parse_quantity(text: &[u8], usual: Option<Unit>) -> Option<Quantity> {
    usual.map_or_else(|| Quantity::parse(text), |usual| Quantity::parse_in(text, usual))
}

/// The number as it stands, but for leading zeros, and the unit in its usual spelling.
fn quantity(Quantity { number, unit }: Quantity) -> String {
    format!("{number} {}", unit.symbol())
}

/// What the clocks of meters look like, also where they show nonsense.
fn looks_like_time(text: &[u8]) -> bool {
    matches!(text.len(), 12 | 13 | 17 | 18 | 24) && text[..12].iter().all(u8::is_ascii_hexdigit)
}

/// The times that meters send for "never": all zeros, the first day of a calendar, and fields of FF in decimal.
fn is_unset(text: &[u8]) -> bool {
    let beginnings = [&b"000101"[..], b"000000", b"700101", b"632525", b"352552"];
    looks_like_time(text) && beginnings.iter().any(|beginning| text.starts_with(beginning))
}

/// Whether a text is nothing but what meters fill their texts up with.
fn is_filler(text: &[u8]) -> bool {
    let text: String = text.iter().map(|&byte| char::from(byte)).collect();
    texts::message(&text).is_none()
}

/// Whether this is the code of a breaker, a valve or a relay.
fn is_switch(code: &[u8]) -> bool {
    let ends = ["96.3.10", "24.4.0", "96.50.68"];
    catalogue::find(code).is_some_and(|entry| ends.iter().any(|end| entry.code.ends_with(end)))
}

/// Without the signs of `m³` and `°C`, in ISO 8859-1 or UTF-8: they are part of a unit.
fn without_signs_of_units(bytes: Vec<u8>) -> Vec<u8> {
    let signs = [&b"m\xC2\xB3"[..], b"m\xB3", b"*\xC2\xB0C", b"*\xB0C"];
    if bytes.is_ascii() {
        return bytes;
    }
    let (mut rest, mut others) = (&bytes[..], Vec::new());
    while let Some((&byte, after)) = rest.split_first() {
        let sign = signs.iter().find_map(|sign| rest.strip_prefix(*sign));
        rest = sign.unwrap_or(after);
        others.extend(sign.is_none().then_some(byte));
    }
    others
}

/// The states of a breaker or a valve: COSEM, disconnect control, attribute 3.
fn state(text: &[u8], is_switch: bool) -> String {
    let sent = printable(text);
    let state = texts::breaker(&sent).filter(|_| is_switch);
    let state = match state.map(Decimal::whole) {
        Some(0) => ": disconnected",
        Some(1) => ": connected",
        Some(2) => ": ready to be connected",
        _ => "",
    };
    sent + state
}

/// Text decoded where it is hexadecimal, shown whole unless it is very long.
fn decoded(text: &[u8]) -> String {
    let sent = printable(text);
    let decoded = decode_identifier(&sent);
    let mut shown: String = decoded.chars().take(MAX_TEXT).collect();
    if shown.len() < decoded.len() {
        // Writing to a string cannot fail.
        let _ = write!(shown, "… ({} bytes)", text.len());
    }
    shown
}
