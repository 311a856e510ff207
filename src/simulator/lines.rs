//! The lines of a telegram as a meter writes them.
//!
//! Owns the notation: `code(value)` lines, numbers of fixed width with their decimals and unit, CR LF,
//! and the end line with its checksum. Which lines there are is `meter`'s.

use super::calendar::LocalTime;
use crate::telegram::crc16;

/// Writes one telegram at the end of a buffer. Digits are set by hand: formatting by `write!` takes
/// three times as long, and a year of telegrams is 31 million.
#[derive(Debug)]
pub struct Lines<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Lines<'a> {
    /// Begins a telegram with its header line (without the `/`) and the blank line.
    pub fn begin(out: &'a mut Vec<u8>, header: &str) -> Self {
        let start = out.len();
        let mut lines = Self { out, start };
        lines.put("/");
        lines.put(header);
        lines.put("\r\n\r\n");
        lines
    }

    /// `code(text)`
    pub fn text(&mut self, code: &str, text: &str) {
        self.put(code);
        self.put("(");
        self.put(text);
        self.put(")\r\n");
    }

    /// `code(text)`, the text as two hexadecimal digits a byte.
    pub fn hex_text(&mut self, code: &str, text: &str) {
        self.put(code);
        self.put("(");
        text.bytes().for_each(|byte| self.put_hex(byte));
        self.put(")\r\n");
    }

    /// `code(number)`, see [`Self::put_number`].
    pub fn number(&mut self, code: &str, value: u64, layout: Layout) {
        self.put(code);
        self.put_number(value, layout);
        self.put("\r\n");
    }

    /// `code(YYMMDDhhmmssX)`
    pub fn time(&mut self, code: &str, time: LocalTime) {
        self.put(code);
        self.put_time(time);
        self.put("\r\n");
    }

    /// `code(YYMMDDhhmmssX)(number)`
    pub fn reading(&mut self, code: &str, time: LocalTime, value: u64, layout: Layout) {
        self.put(code);
        self.put_time(time);
        self.put_number(value, layout);
        self.put("\r\n");
    }

    /// The log of power failures: how many, the code of their object, and of each the time of its end
    /// and its length in seconds.
    pub fn failures(&mut self, code: &str, failures: &[(LocalTime, u64)]) {
        let count = failures.len() as u64;
        self.put(code);
        self.put_number(count, Layout::new(1, 0, ""));
        self.put("(0-0:96.7.19)");
        for &(end, seconds) in failures {
            self.put_time(end);
            self.put_number(seconds, Layout::new(10, 0, "*s"));
        }
        self.put("\r\n");
    }

    /// Ends the telegram with `!` and the checksum of all of it.
    pub fn end(mut self) {
        self.out.push(b'!');
        let checksum = crc16(&self.out[self.start..]);
        for byte in checksum.to_be_bytes() {
            self.put_hex(byte);
        }
        self.put("\r\n");
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn put_hex(&mut self, byte: u8) {
        for digit in [byte >> 4, byte & 0xF] {
            self.out.push(b"0123456789ABCDEF"[usize::from(digit)]);
        }
    }

    fn put_time(&mut self, time: LocalTime) {
        self.put("(");
        self.put_digits(time.digits(), 12);
        self.out.push(if time.is_summer() { b'S' } else { b'W' });
        self.put(")");
    }

    /// `value`, counted in units of the last decimal. Digits too many are cut at the left, as a
    /// counter that runs over does.
    fn put_number(&mut self, value: u64, layout: Layout) {
        self.put("(");
        if layout.decimals == 0 {
            self.put_digits(value, layout.digits);
        } else {
            let one = 10_u64.pow(layout.decimals);
            self.put_digits(value / one, layout.digits - layout.decimals);
            self.put(".");
            self.put_digits(value % one, layout.decimals);
        }
        self.put(layout.unit);
        self.put(")");
    }

    fn put_digits(&mut self, value: u64, digits: u32) {
        let mut place = 10_u64.pow(digits);
        for _ in 0..digits {
            let above = value % place;
            place /= 10;
            // A digit is all in the lowest byte.
            self.out.push(b'0' + (above / place).to_le_bytes()[0]);
        }
    }
}

/// How a number is laid out: `F9(3,3)*kWh` of the standard is 9 digits, 3 of them decimals.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    digits: u32,
    decimals: u32,
    unit: &'static str,
}

impl Layout {
    /// `digits` digits in all, `decimals` of them after the point, and the unit with
    /// its `*`. Without decimals there is no point.
    #[must_use]
    pub const fn new(digits: u32, decimals: u32, unit: &'static str) -> Self {
        Self { digits, decimals, unit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KWH: Layout = Layout::new(9, 3, "*kWh");

    fn written(write: impl FnOnce(&mut Lines)) -> String {
        let mut out = Vec::new();
        let mut lines = Lines { out: &mut out, start: 0 };
        write(&mut lines);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_have_all_their_digits() {
        let line = written(|lines| lines.number("1-0:1.8.1", 1_234_567, KWH));
        assert_eq!(line, "1-0:1.8.1(001234.567*kWh)\r\n");
        let amperes = Layout::new(3, 0, "*A");
        assert_eq!(written(|lines| lines.number("x", 7, amperes)), "x(007*A)\r\n");
    }

    #[test]
    fn a_counter_that_is_full_begins_again() {
        let line = written(|lines| lines.number("x", 1_000_000_042, KWH));
        assert_eq!(line, "x(000000.042*kWh)\r\n");
    }

    #[test]
    fn readings_and_failures_carry_their_times() {
        let winter = LocalTime::at(1_795_302_000);
        let line = written(|lines| {
            lines.reading("x", winter, 6135, Layout::new(8, 3, "*m3"));
        });
        assert_eq!(line, "x(261122000000W)(00006.135*m3)\r\n");
        let log = written(|lines| lines.failures("x", &[(winter, 276)]));
        assert_eq!(log, "x(1)(0-0:96.7.19)(261122000000W)(0000000276*s)\r\n");
    }

    #[test]
    fn the_checksum_covers_all_from_the_slash_to_the_exclamation_mark() {
        let mut out = b"before".to_vec();
        let mut lines = Lines::begin(&mut out, "SIM5");
        lines.text("0-0:96.13.0", "");
        lines.end();
        let telegram = b"/SIM5\r\n\r\n0-0:96.13.0()\r\n!";
        let end = format!("{:04X}\r\n", crc16(telegram));
        assert_eq!(out, [b"before", &telegram[..], end.as_bytes()].concat());
    }
}
