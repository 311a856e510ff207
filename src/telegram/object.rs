//! One data object: an OBIS code and what stands in brackets behind it.
//!
//! Owns the shape of a line, not the meaning of a code. The text stays as sent.

use super::obis::Obis;
use super::unit::Unit;
use super::value::{Decimal, Quantity};

/// One data object of a telegram. Borrows from the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    /// The OBIS code as sent (`1-0:1.8.1`, also `1-0:1.8.1*255`); in a line without brackets, all of it.
    pub code: &'a [u8],
    /// What follows the code, brackets included, as sent.
    pub body: &'a [u8],
}

/// What the brackets of an object hold. The texts are those between `(` and `)`, as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// One value.
    One(&'a [u8]),
    /// Two values, mostly a time and a reading.
    Two(&'a [u8], &'a [u8]),
    /// None, more than two, or text outside of the brackets: the whole body.
    Other(&'a [u8]),
}

impl<'a> Object<'a> {
    /// Splits a line, or all lines of an object, at the first `(`. Blanks around a code are no part of it, nor is
    /// the STX with which the data of IEC 62056-21 begin.
    pub(super) fn from_line(line: &'a [u8]) -> Self {
        let length = line.iter().position(|&byte| byte == b'(').unwrap_or(line.len());
        let (code, body) = line.split_at(length);
        let has_others =
            matches!(code, [b' ' | b'\t' | STX, ..] | [.., b' ' | b'\t']) && !body.is_empty();
        let plain = || code.strip_prefix(&[STX]).unwrap_or(code).trim_ascii();
        let plain = has_others.then(plain).filter(|code| is_code(code));
        Self { code: plain.unwrap_or(code), body }
    }

    /// Whether `line`, the next one of the telegram, belongs to this object.
    pub(super) fn continues_with(&self, line: &[u8], brackets: &mut Brackets) -> bool {
        line.starts_with(b"(") || (!begins_with_code(line) && brackets.are_open_in(self.body))
    }

    /// The numbers of its code; `None` for a code of another form.
    #[must_use]
    pub fn obis(&self) -> Option<Obis> {
        Obis::parse(self.code)
    }

    /// What the brackets hold.
    #[must_use]
    pub fn content(&self) -> Content<'a> {
        let mut groups = Groups(self.body);
        match groups.next() {
            Some(one) if groups.at_end() => Content::One(one),
            Some(one) => match groups.next() {
                Some(two) if groups.at_end() => Content::Two(one, two),
                _ => Content::Other(self.body),
            },
            None => Content::Other(self.body),
        }
    }

    /// The number and unit of an object that holds nothing else, which most do: no need to look for
    /// brackets then, since none can be in a quantity.
    #[must_use]
    pub fn quantity(&self) -> Option<Quantity> {
        Quantity::parse(self.body.trim_ascii_end().strip_prefix(b"(")?.strip_suffix(b")")?)
    }

    /// The reading of an M-Bus device that DSMR 2 and 3 send over two lines:
    /// `0-n:24.3.0(time)(status)(minutes)(1)(code)(unit)` and `(number)` on the next; cold is under `0-n:24.3.1`.
    ///
    /// Gives the channel (`0-n:`), the time as sent and the reading. DSMR P1 companion standard 3.0, 5.2.
    #[must_use]
    pub fn two_line_reading(&self) -> Option<(&'a [u8], &'a [u8], Quantity)> {
        // Most objects are of electricity, `1-0:`, or have less than seven values, which take this many bytes.
        let may_be = self.code.starts_with(b"0") && self.body.len() > 16;
        let code = Some(self.code).filter(|_| may_be)?;
        let (channel, rest) = code.split_at(code.iter().position(|&byte| byte == b':')? + 1);
        // Few of those begin like this, and have to be read.
        let is_near = rest.starts_with(b"24.") || rest.starts_with(b"024.");
        let obis = Obis::parse(code).filter(|_| is_near)?;
        let channel_number = obis.channel()?;
        if !TWO_LINE_READINGS.into_iter().any(|known| known.of_channel(channel_number) == obis) {
            return None;
        }
        let mut groups = Groups(self.body);
        let time = groups.next()?;
        let unit = Unit::parse(groups.nth(4)?.trim_ascii())?;
        let number = Decimal::parse(groups.next()?.trim_ascii())?;
        groups.at_end().then_some((channel, time, Quantity { number, unit }))
    }
}

/// Whether this is a code in numbers, or one that begins with a letter of IEC 62056-21, such as `C.1.0` and `F.F`.
fn is_code(code: &[u8]) -> bool {
    let is_of_code = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'*');
    let has_letter = matches!(code, [b'C' | b'F' | b'L' | b'P', b'.', ..]);
    Obis::parse(code).is_some() || has_letter && code.iter().all(is_of_code)
}

/// Start of text.
const STX: u8 = 0x02;

const TWO_LINE_READINGS: [Obis; 2] = [Obis::literal("0-n:24.3.0"), TWO_LINE_COLD];

/// The second register of a device that counts heat and cold: P1 companion standard, DSMR 3.0, section 6.
pub(crate) const TWO_LINE_COLD: Obis = Obis::literal("0-n:24.3.1");

/// The brackets of an object, each counted once however many lines it goes on over.
#[derive(Default)]
pub(super) struct Brackets {
    counted: usize,
    depth: i32,
}

impl Brackets {
    /// Whether some are open in `body`, which begins with what was counted before.
    fn are_open_in(&mut self, body: &[u8]) -> bool {
        for &byte in &body[self.counted..] {
            self.depth += i32::from(byte == b'(') - i32::from(byte == b')');
        }
        self.counted = body.len();
        self.depth > 0
    }
}

/// `digits-digits:` at the start of a line, or `digits.digits.digits(`, a short code with its value.
pub(crate) fn begins_with_code(line: &[u8]) -> bool {
    fn digits(text: &[u8]) -> Option<(u8, &[u8])> {
        let length = text.iter().position(|byte| !byte.is_ascii_digit())?;
        (length > 0).then(|| (text[length], &text[length + 1..]))
    }
    match digits(line) {
        Some((b'-', rest)) => digits(rest).is_some_and(|(byte, _)| byte == b':'),
        Some((b'.', rest)) => {
            let third = digits(rest).filter(|(byte, _)| *byte == b'.').and_then(|it| digits(it.1));
            third.is_some_and(|(byte, _)| matches!(byte, b'(' | b'*'))
        }
        _ => false,
    }
}

/// The texts between the brackets of `body`, up to where it is no row of brackets.
pub(crate) fn groups(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    Groups(body)
}

/// The texts between brackets of the highest level; line ends and blanks between them are passed over.
struct Groups<'a>(&'a [u8]);

impl Groups<'_> {
    fn at_end(&self) -> bool {
        self.0.trim_ascii_start().is_empty()
    }
}

impl<'a> Iterator for Groups<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let inside = self.0.trim_ascii_start().strip_prefix(b"(")?;
        let mut depth = 1usize;
        for (at, &byte) in inside.iter().enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => continue,
            }
            if depth == 0 {
                self.0 = &inside[at + 1..];
                return Some(&inside[..at]);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(line: &str) -> Content<'_> {
        Object::from_line(line.as_bytes()).content()
    }

    #[test]
    fn one_and_two_values_are_told_from_more() {
        assert_eq!(content("1-0:1.8.1(001234.567*kWh)"), Content::One(b"001234.567*kWh"));
        assert_eq!(content("0-0:96.13.0()"), Content::One(b""));
        assert_eq!(content("0-1:24.2.1(a)(b)"), Content::Two(b"a", b"b"));
        assert_eq!(content("0-0:98.1.0(1)(2)(3)"), Content::Other(b"(1)(2)(3)"));
        assert_eq!(content("0-0:98.1.0"), Content::Other(b""));
    }

    #[test]
    fn brackets_within_brackets_are_part_of_the_value() {
        assert_eq!(content("1-0:1.6.0((ER11))"), Content::One(b"(ER11)"));
    }

    #[test]
    fn text_outside_of_the_brackets_keeps_the_body_whole() {
        for line in ["x(1) # note", "x(1)2", "x(1)(2", "x(1))", "x(1)(2)(", "x("] {
            let body = &line[1..];
            assert_eq!(content(line), Content::Other(body.as_bytes()), "{line}");
        }
        assert_eq!(content("x(1) \0"), Content::Other(b"(1) \0"));
        assert_eq!(content("x(1)  "), Content::One(b"1"));
    }

    #[test]
    fn a_two_line_reading_is_read_from_its_seven_values() {
        let line = b"0-2:24.3.0(090212160000)(00)(60)(1)(0-2:24.2.1)(m3)\r\n(00001.001)";
        let (channel, time, reading) = Object::from_line(line).two_line_reading().unwrap();
        assert_eq!((channel, time), (&b"0-2:"[..], &b"090212160000"[..]));
        assert_eq!(reading, Quantity::parse(b"00001.001*m3").unwrap());
    }

    #[test]
    fn a_two_line_reading_is_known_by_its_numbers() {
        for code in
            ["0-2:24.3.0*255", "0-2:24.3.0.255", "0-02:24.03.00", "0-2:024.3.0", "0-2:24.3.1"]
        {
            let line = format!("{code}(090212160000)(00)(60)(1)(0-2:24.2.1)(m3)\r\n(00001.001)");
            let found = Object::from_line(line.as_bytes()).two_line_reading();
            let channel = &code.as_bytes()[..=code.find(':').unwrap()];
            assert_eq!(found.map(|(channel, ..)| channel), Some(channel), "{code}");
        }
    }

    #[test]
    fn blanks_around_a_code_are_no_part_of_it() {
        for line in
            [" 1-0:1.7.0(1*kW)", "1-0:1.7.0 (1*kW)", "\t1-0:1.7.0\t (1*kW)", "\x021-0:1.7.0(1*kW)"]
        {
            let object = Object::from_line(line.as_bytes());
            assert_eq!((object.code, object.body), (&b"1-0:1.7.0"[..], &b"(1*kW)"[..]), "{line}");
        }
        assert_eq!(Object::from_line(b"\x02F.F(00)").code, b"F.F");
        for text in
            ["\x02F. F(00)", "\x02Fine.(1)", " a text (1)", " 1-0:1.7.0", "see 1-0:1.7.0 (1)"]
        {
            let object = Object::from_line(text.as_bytes());
            assert_eq!([object.code, object.body].concat(), text.as_bytes(), "{text}");
        }
    }

    #[test]
    fn what_only_resembles_a_two_line_reading_is_none() {
        for line in [
            "0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)",
            "0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)()\r\n(00001.001)",
            "0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)(2)",
            "0-1:24.2.1(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)",
            "24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)",
            "0-0:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)",
            "0-1:24.3.2(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)",
            "0-1:24.3.0*1(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)",
        ] {
            assert_eq!(Object::from_line(line.as_bytes()).two_line_reading(), None, "{line}");
        }
    }

    #[test]
    fn an_object_goes_on_in_brackets_or_where_its_own_are_open() {
        let goes_on = |object: &Object, line| object.continues_with(line, &mut Brackets::default());
        let open = Object::from_line(b"0-0:96.13.0(3031");
        assert!(goes_on(&open, b"3233)"));
        assert!(goes_on(&open, b"(x)"));
        for line in ["1-0:1.8.1(1*kWh)", "1.8.1(1*kWh)", "1.8.1*255(1*kWh)"] {
            assert!(!goes_on(&open, line.as_bytes()), "{line}");
        }
        for line in ["1.8.1", "1.8(1)", "12)", "at 1.8.1(1)"] {
            assert!(goes_on(&open, line.as_bytes()), "{line}");
        }
        assert!(!goes_on(&Object::from_line(b"0-0:96.13.0(3031)"), b"3233)"));
    }

    #[test]
    fn an_object_goes_on_until_its_last_bracket_is_closed() {
        let lines = b"x(1\n(2\n3)\n4)\n5";
        let mut brackets = Brackets::default();
        for (end, next) in [(6, &b"3)"[..]), (9, b"4)")] {
            let object = Object::from_line(&lines[..end]);
            assert!(object.continues_with(next, &mut brackets), "{object:?}");
        }
        let object = Object::from_line(&lines[..12]);
        assert_eq!((object.code, object.body), (&b"x"[..], &lines[1..12]));
        assert!(!object.continues_with(b"5", &mut brackets));
    }
}
