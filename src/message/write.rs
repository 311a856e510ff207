//! Telegrams and messages to JSON, compact and exact.

use super::{Message, Meta, Value};
use crate::telegram::{Content, Decimal, Digits, Instant, Object, Quantity, Telegram, Unit};

/// The longest datagram, in bytes, that the programs of 2021 can receive.
pub const MAX_DATAGRAM: usize = 10_240;

/// What stands at the end of a text that was cut.
const CUT_MARK: &[u8] = b"[cut]";

/// The shortest limit for texts that is tried; registers and times are shorter.
const MIN_TEXT_LIMIT: usize = 32;

/// 2^64 divided by the golden ratio: multiplying by it spreads fingerprints over their top bits.
const FIBONACCI: u64 = 0x9E37_79B9_7F4A_7C15;

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
/// Of objects with the same code the last one stays whose value is a number, else the last one.
pub fn encode(telegram: &Telegram<'_>, meta: &Meta, out: &mut Vec<u8>) -> Encoded {
    let (entries, repeated) = entries(telegram);
    let mut text_limit = usize::MAX;
    loop {
        out.clear();
        let mut json = Json { out: &mut *out, first: true, text_limit, cut: 0 };
        json.begin(meta);
        json.key(&[b"header"]);
        json.bytes(telegram.header);
        for entry in &entries {
            json.entry(entry);
        }
        if let Some(checksum) = telegram.checksum {
            json.key(&[b"checksum"]);
            json.bytes(checksum);
        }
        json.end();
        let cut = json.cut;
        if out.len() <= MAX_DATAGRAM || text_limit <= MIN_TEXT_LIMIT {
            return Encoded { repeated, cut };
        }
        text_limit = text_limit.min(2 * MAX_DATAGRAM) / 2;
    }
}

impl Message {
    /// Writes this message as one line of JSON to `out`, replacing what is there; no line end.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.clear();
        let mut json = Json { out, first: true, text_limit: usize::MAX, cut: 0 };
        json.begin(&self.meta);
        for (key, value) in &self.telegram {
            json.value(key, value);
        }
        json.end();
    }
}

/// An object as it goes on the wire: its key is `head` + `tail` (+ `.A`, `.B`).
struct Entry<'a> {
    head: &'a [u8],
    tail: &'static str,
    /// Of the key: equal keys have equal ones, and unequal keys mostly not.
    fingerprint: u64,
    values: Values<'a>,
}

enum Values<'a> {
    One(Wire<'a>),
    Two(Wire<'a>, Wire<'a>),
    /// A line without a code: the text before and after its first bracket, under its number.
    Line(usize, [&'a [u8]; 2]),
}

#[derive(Clone, Copy)]
enum Wire<'a> {
    Number(Decimal),
    Text(&'a [u8]),
}

impl<'a> Entry<'a> {
    fn new(head: &'a [u8], tail: &'static str, values: Values<'a>) -> Self {
        let mut entry = Self { head, tail, fingerprint: 0, values };
        entry.fingerprint = entry.key().fold(0, |sum, byte| sum.rotate_left(7) ^ u64::from(byte));
        entry
    }

    fn is_reading(&self) -> bool {
        matches!(self.values, Values::One(Wire::Number(_)))
            || matches!(self.values, Values::Two(a, b) if [a, b].iter().any(|value| matches!(value, Wire::Number(_))))
    }

    fn same_key(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
            && self.key().eq(other.key())
            && !matches!(self.values, Values::Line(..))
    }

    fn key(&self) -> impl Iterator<Item = u8> {
        self.head.iter().copied().chain(self.tail.bytes())
    }
}

/// The objects as they go on the wire, each code once, and how many gave way.
fn entries<'a>(telegram: &Telegram<'a>) -> (Vec<Entry<'a>>, usize) {
    let mut entries: Vec<Entry<'a>> = Vec::with_capacity(telegram.objects.len());
    let mut repeated = 0;
    // One bit for each fingerprint modulo 256: most keys can be told to be new by that alone.
    let mut seen = [0u64; 4];
    for (index, object) in telegram.objects.iter().enumerate() {
        let entry = entry(index + 1, object);
        let [slot, ..] = entry.fingerprint.wrapping_mul(FIBONACCI).to_be_bytes();
        let (word, bit) = (usize::from(slot / 64), 1 << (slot % 64));
        let may_be_known = seen[word] & bit != 0;
        seen[word] |= bit;
        let known = may_be_known.then(|| entries.iter().position(|known| known.same_key(&entry)));
        match known.flatten() {
            None => entries.push(entry),
            Some(known) => {
                repeated += 1;
                if entry.is_reading() || !entries[known].is_reading() {
                    entries[known] = entry;
                }
            }
        }
    }
    (entries, repeated)
}

fn entry<'a>(number: usize, object: &Object<'a>) -> Entry<'a> {
    if let Some((channel, time, reading)) = object.two_line_reading() {
        let reading = on_the_wire(reading);
        if let Some(reading) = reading {
            let values = Values::Two(Wire::Text(time), Wire::Number(reading));
            return Entry::new(channel, "24.2.1", values);
        }
    }
    if !is_code(object.code) {
        return Entry::new(&[], "line-", Values::Line(number, [object.code, object.body]));
    }
    let values = match object.content() {
        Content::One(value) => Values::One(wire(value)),
        Content::Two(a, b) => Values::Two(wire(a), wire(b)),
        Content::Other(text) => Values::One(Wire::Text(text)),
    };
    Entry::new(object.code, "", values)
}

/// Whether this may be a key: no letter of a key of ours (`header`, `.A` …) can come out of it.
fn is_code(code: &[u8]) -> bool {
    let allowed =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'.' | b'*');
    let last_two = code.len().checked_sub(2).map(|at| &code[at..]);
    code.len() <= 32
        && code.contains(&b'.')
        && code.iter().all(allowed)
        && !matches!(last_two, Some(b".A" | b".B"))
}

fn wire(text: &[u8]) -> Wire<'_> {
    Quantity::parse(text).and_then(on_the_wire).map_or(Wire::Text(text), Wire::Number)
}

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

/// Writes `{"meta":{…},"telegram":{…}}`, member by member.
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
            self.number("meter-time", Decimal::new(time.seconds(), 0));
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

    fn entry(&mut self, entry: &Entry<'_>) {
        match entry.values {
            Values::One(value) => self.wire(entry, "", value),
            Values::Two(a, b) => {
                self.wire(entry, ".A", a);
                self.wire(entry, ".B", b);
            }
            Values::Line(number, [before, after]) => {
                self.key(&[entry.tail.as_bytes(), number.to_string().as_bytes()]);
                self.bytes(&[before, after].concat());
            }
        }
    }

    fn wire(&mut self, entry: &Entry<'_>, suffix: &str, value: Wire<'_>) {
        self.key(&[entry.head, entry.tail.as_bytes(), suffix.as_bytes()]);
        match value {
            Wire::Number(number) => self.digits(number),
            Wire::Text(text) => self.bytes(text),
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

    fn number(&mut self, key: &str, number: Decimal) {
        self.key(&[key.as_bytes()]);
        self.digits(number);
    }

    fn digits(&mut self, number: Decimal) {
        self.out.extend_from_slice(number.digits(&mut Digits::default()).as_bytes());
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
    }

    /// A key in parts, none of which has anything to escape.
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
fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
}

/// Unix seconds with a fraction: milliseconds, or microseconds where there are some.
fn moment(time: Instant) -> Decimal {
    match time.micros() {
        micros if micros % 1000 == 0 => Decimal::new(micros / 1000, 3),
        micros => Decimal::new(micros, 6),
    }
}

fn whole(number: u64) -> Decimal {
    Decimal::new(i64::try_from(number).unwrap_or(i64::MAX), 0)
}
