//! Telegrams and messages to JSON, compact and exact.

use super::member::{Key, Values, WireValue};
use super::repeated::Superseded;
use super::{Message, Meta, Value};
use crate::telegram::{Decimal, Digits, Object, Quantity, Telegram, Timestamp};

/// The longest datagram, in bytes, that the programs of 2021 can receive.
pub const MAX_DATAGRAM: usize = 10_240;

/// What stands at the end of a text that was cut.
const CUT_MARK: &[u8] = b"[cut]";

/// The shortest limit for texts that is tried: times are shorter, and so are identifiers of real meters.
const MIN_TEXT_LIMIT: usize = 32;

/// What had to be left out of a datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Objects that gave way to another of the same code, in number.
    pub repeated: usize,
    /// Texts that were cut to keep the datagram within [`MAX_DATAGRAM`], in number.
    pub cut: usize,
}

/// Writes the datagram of `telegram` to `out`, replacing what is there.
///
/// Of objects with the same code one stays: see [`Superseded`].
pub fn encode(telegram: &Telegram<'_>, meta: &Meta, out: &mut Vec<u8>) -> Encoded {
    let superseded = Superseded::of(telegram);
    let mut text_limit = usize::MAX;
    loop {
        out.clear();
        let mut json = Json { out: &mut *out, first: true, text_limit, cut: 0 };
        json.begin(meta);
        json.key(&[b"header"]);
        json.bytes(telegram.header);
        for (index, object) in telegram.objects.iter().enumerate() {
            if !superseded.contains(index) {
                json.object(index + 1, object, telegram);
            }
        }
        if let Some(checksum) = telegram.checksum {
            json.key(&[b"checksum"]);
            json.bytes(checksum);
        }
        json.end();
        let cut = json.cut;
        if out.len() <= MAX_DATAGRAM || text_limit <= MIN_TEXT_LIMIT {
            return Encoded { repeated: superseded.count(), cut };
        }
        text_limit = (text_limit.min(2 * MAX_DATAGRAM) / 2).max(MIN_TEXT_LIMIT);
    }
}

impl Message {
    /// Writes this message as one line of JSON to `out`, behind what is there; no line end.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut json = Json { out, first: true, text_limit: usize::MAX, cut: 0 };
        json.begin(&self.meta);
        for (key, value) in &self.telegram {
            json.value(key, value);
        }
        json.end();
    }
}

/// Writes `{"meta":{…},"telegram":{…}}`, member by member.
///
/// A telegram each second finds the caches cold: what many members need is one function, not a copy in each
/// place that calls it.
struct Json<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
    /// Texts longer than this many bytes are cut.
    text_limit: usize,
    cut: usize,
}

impl Json<'_> {
    fn begin(&mut self, meta: &Meta) {
        self.out.extend_from_slice(b"{\"meta\":{");
        self.number("frame-start-time", moment(meta.frame_start));
        self.number("frame-number", whole(meta.frame_number));
        self.number("frame-end-time", moment(meta.frame_end));
        self.number("frame-time-duration", Decimal::new(meta.frame_duration_ms, 0));
        if let Some(time) = meta.meter_time {
            self.number("meter-time", seconds(time));
        }
        if let Some(drift) = meta.clock_drift {
            self.number("clock-drift", drift);
        }
        if let Some(protocol) = meta.protocol {
            self.number("protocol", whole(protocol));
        }
        if let Some(source) = &meta.source {
            self.key(&[b"source"]);
            self.text(source);
        }
        for (key, value) in &meta.other {
            self.value(key, value);
        }
        self.out.extend_from_slice(b"},\"telegram\":{");
        self.first = true;
    }

    fn end(&mut self) {
        self.out.extend_from_slice(b"}}");
    }

    /// The object on this line of the telegram, counted from 1.
    fn object(&mut self, line: usize, object: &Object<'_>, telegram: &Telegram<'_>) {
        let values = || Values::in_telegram(object, telegram);
        match Key::of(object) {
            Key::Code(code) => self.values(code, b"", values()),
            Key::Reading(channel) => self.values(channel, b"24.2.1", values()),
            Key::Line => {
                self.key(&[b"line-", line.to_string().as_bytes()]);
                self.bytes(&[object.code, object.body].concat());
            }
        }
    }

    fn values(&mut self, head: &[u8], tail: &[u8], values: Values<'_>) {
        match values {
            Values::One(value) => self.wire_value(&[head, tail], value),
            Values::Two(a, b) => {
                self.wire_value(&[head, tail, b".A"], a);
                self.wire_value(&[head, tail, b".B"], b);
            }
        }
    }

    fn wire_value(&mut self, key: &[&[u8]], value: WireValue<'_>) {
        self.key(key);
        match value {
            WireValue::Number(number) => self.digits(number),
            WireValue::Quantity(Quantity { number, unit }) => {
                self.text(&format!("{number}*{}", unit.symbol()));
            }
            WireValue::Text(text) => self.bytes(text),
        }
    }

    fn value(&mut self, key: &str, value: &Value) {
        self.comma();
        self.text(key);
        self.out.push(b':');
        match value {
            Value::Number(number) => self.digits(*number),
            Value::Text(text) => self.text(text),
        }
    }

    #[inline(never)]
    fn number(&mut self, key: &str, number: Decimal) {
        self.key(&[key.as_bytes()]);
        self.digits(number);
    }

    #[inline(never)]
    fn digits(&mut self, number: Decimal) {
        self.out.extend_from_slice(number.ascii_digits(&mut Digits::default()));
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
    }

    /// A key in parts that need no escaping.
    #[inline(never)]
    fn key(&mut self, parts: &[&[u8]]) {
        self.comma();
        self.out.push(b'"');
        for part in parts {
            self.out.extend_from_slice(part);
        }
        self.out.extend_from_slice(b"\":");
    }

    /// Bytes of the meter, cut where they are longer than the limit.
    fn bytes(&mut self, text: &[u8]) {
        if text.len() > self.text_limit {
            self.cut += 1;
            let kept = &text[..self.text_limit];
            self.escaped(kept.iter().chain(CUT_MARK).copied().map(u16::from));
        } else if is_plain(text) {
            self.plain(text);
        } else {
            self.escaped(text.iter().copied().map(u16::from));
        }
    }

    fn text(&mut self, text: &str) {
        if is_plain(text.as_bytes()) {
            self.plain(text.as_bytes());
        } else {
            self.escaped(text.encode_utf16());
        }
    }

    fn plain(&mut self, text: &[u8]) {
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
    }

    /// UTF-16 units, all but printable ASCII escaped, six bytes a unit at most.
    fn escaped(&mut self, units: impl Iterator<Item = u16>) {
        self.out.push(b'"');
        for unit in units {
            match u8::try_from(unit) {
                Ok(byte) if is_plain(&[byte]) => self.out.push(byte),
                Ok(byte @ (b'"' | b'\\')) => self.out.extend_from_slice(&[b'\\', byte]),
                Ok(b'\r') => self.out.extend_from_slice(b"\\r"),
                Ok(b'\n') => self.out.extend_from_slice(b"\\n"),
                _ => {
                    const HEX: &[u8; 16] = b"0123456789abcdef";
                    let digit = |shift: u16| HEX[usize::from((unit >> shift) & 0xF)];
                    self.out.extend_from_slice(&[
                        b'\\',
                        b'u',
                        digit(12),
                        digit(8),
                        digit(4),
                        digit(0),
                    ]);
                }
            }
        }
        self.out.push(b'"');
    }
}

/// Whether a JSON string may hold these bytes as they are.
#[inline(never)]
fn is_plain(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~');
    // To the end, whatever is found: so it is done many bytes at a time.
    text.iter().fold(0, |found, byte| found | u8::from(!is_plain(byte))) == 0
}

/// Unix seconds with a fraction: milliseconds, or microseconds where there are some.
fn moment(time: Timestamp) -> Decimal {
    match time.micros() {
        micros if micros % 1000 == 0 => Decimal::new(micros / 1000, 3),
        micros => Decimal::new(micros, 6),
    }
}

/// Unix seconds, with a fraction only where there is one: meters tell whole seconds, senders may not.
fn seconds(time: Timestamp) -> Decimal {
    match time.micros() {
        micros if micros % 1_000_000 == 0 => Decimal::new(micros / 1_000_000, 0),
        _ => moment(time),
    }
}

fn whole(number: u64) -> Decimal {
    Decimal::new(i64::try_from(number).unwrap_or(i64::MAX), 0)
}
