//! Telegrams without what tells whose they are: for bug reports.
//!
//! Owns what is masked. Every byte keeps its place: digits become 0, letters X, and all else stays.
//! Masked are identifiers and texts by the kind that the catalogue gives, and in the first line and
//! in lines that it does not know every number of six digits or more. The checksum follows.

use crate::message::decode_identifier;
use crate::telegram::catalogue::{self, Kind};
use crate::telegram::{Algorithm, Checksum, Frame, Lines, begins_with_code};

/// Numbers with fewer digits are models and versions.
const LONG_NUMBER: usize = 6;

/// How the text of a line is masked.
#[derive(Clone, Copy)]
enum Mask {
    Nothing,
    LongNumbers,
    Everything,
}

/// The bytes of the same telegram, masked. Its checksum is as right, or as wrong, as it was.
///
/// As long too, unless the new checksum has a digit more than a short one had.
#[must_use]
pub fn anonymous(frame: &Frame<'_>) -> Vec<u8> {
    let (up_to_end_mark, end_line) = (frame.up_to_end_mark(), frame.after_end_mark());
    let mut masked = Vec::with_capacity(frame.bytes().len());
    mask_lines(&up_to_end_mark[..up_to_end_mark.len() - 1], &mut masked);
    masked.push(b'!');
    let algorithm = match Checksum::of(frame) {
        Checksum::Good(algorithm) => algorithm,
        Checksum::Absent | Checksum::Wrong { .. } => Algorithm::Arc,
    };
    let change = algorithm.compute(up_to_end_mark) ^ algorithm.compute(&masked);
    checksum(end_line, change, &mut masked);
    masked
}

fn mask_lines(lines: &[u8], masked: &mut Vec<u8>) {
    let (mut mask, mut is_open) = (Mask::LongNumbers, false);
    let (mut rest, mut start) = (Lines::of(lines), 0);
    while rest.next().is_some() {
        let line = &lines[start..rest.position()];
        start = rest.position();
        // A line that begins with a bracket belongs to the one above, and the rest of a wrapped text.
        let goes_on = line.starts_with(b"(") || (is_open && !begins_with_code(line));
        let code = match line.iter().position(|&byte| byte == b'(') {
            Some(length) if !goes_on => length,
            _ => 0,
        };
        if !goes_on {
            mask = mask_of(&line[..code]);
        }
        let depth: i32 = line.iter().fold(i32::from(is_open && goes_on), |depth, &byte| {
            depth + i32::from(byte == b'(') - i32::from(byte == b')')
        });
        is_open = depth > 0;
        match mask {
            Mask::Nothing => masked.extend_from_slice(line),
            Mask::LongNumbers => long_numbers(line, masked),
            Mask::Everything => {
                masked.extend_from_slice(&line[..code]);
                everything(&line[code..], masked);
            }
        }
    }
}

fn mask_of(code: &[u8]) -> Mask {
    let code = code.strip_prefix(b"\x02").unwrap_or(code).trim_ascii();
    match catalogue::describe(code).map(|known| known.kind) {
        Some(Kind::Identifier | Kind::Text) => Mask::Everything,
        // What is known of others by their numbers only may hold an identifier as well.
        Some(_) if catalogue::find(code).is_some() => Mask::Nothing,
        _ => Mask::LongNumbers,
    }
}

/// The digits after the `!`: they differ from the bytes' checksum in the same bits as before.
fn checksum(end_line: &[u8], change: u16, masked: &mut Vec<u8>) {
    let start = end_line.iter().take_while(|byte| **byte == b' ').count();
    let (blanks, end_line) = end_line.split_at(start);
    masked.extend_from_slice(blanks);
    let length = end_line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, rest) = end_line.split_at(length);
    let text = String::from_utf8_lossy(digits);
    match u16::from_str_radix(&text, 16) {
        Ok(sent) if text.contains(|digit: char| digit.is_ascii_lowercase()) => {
            masked.extend(format!("{:0length$x}", sent ^ change).bytes());
        }
        Ok(sent) => masked.extend(format!("{:0length$X}", sent ^ change).bytes()),
        Err(_) => masked.extend_from_slice(digits),
    }
    masked.extend_from_slice(rest);
}

/// Numbers of many digits become zeros.
fn long_numbers(line: &[u8], masked: &mut Vec<u8>) {
    for run in line.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        if run[0].is_ascii_digit() && run.len() >= LONG_NUMBER {
            masked.resize(masked.len() + run.len(), b'0');
        } else {
            masked.extend_from_slice(run);
        }
    }
}

/// What is between brackets is masked, in hexadecimal where it is sent so.
fn everything(brackets: &[u8], masked: &mut Vec<u8>) {
    for text in brackets.split_inclusive(|byte| matches!(byte, b'(' | b')' | b'\r' | b'\n')) {
        let (value, mark) = match text.split_last() {
            Some((mark @ (b'(' | b')' | b'\r' | b'\n'), value)) => (value, Some(*mark)),
            _ => (text, None),
        };
        match std::str::from_utf8(value).map(decode_identifier) {
            Ok(std::borrow::Cow::Owned(decoded)) => {
                for byte in decoded.bytes() {
                    masked.extend(format!("{:02X}", mask_byte(byte)).bytes());
                }
            }
            _ => masked.extend(value.iter().map(|&byte| mask_byte(byte))),
        }
        masked.extend(mark);
    }
}

/// FF is what some meters fill their texts up with.
fn mask_byte(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => b'0',
        b'A'..=b'Z' | b'a'..=b'z' | 0x80..=0xFE => b'X',
        _ => byte,
    }
}

#[cfg(test)]
mod tests {
    use crate::telegram::{Framer, Intake, Policy, Rejection, Timestamp, crc16};

    /// The masked bytes of the one telegram in these.
    fn anonymous(mut bytes: &[u8]) -> Vec<u8> {
        let (mut framer, now) = (Framer::default(), Timestamp::default());
        let complete = framer.feed(&mut bytes, now).map(|frame| super::anonymous(&frame));
        let masked = complete.or_else(|| Some(super::anonymous(&framer.finish(now)?)));
        masked.expect("a telegram")
    }

    /// A telegram with these lines and its checksum.
    fn telegram(header: &str, lines: &str) -> String {
        let body = format!("{header}\r\n\r\n{lines}\r\n!");
        format!("{body}{:04X}\r\n", crc16(body.as_bytes()))
    }

    /// What becomes of a telegram, without its first line and checksum.
    fn masked(line: &str) -> String {
        let telegram = telegram("/TST5", line);
        let masked = anonymous(telegram.as_bytes());
        assert_eq!(masked.len(), telegram.len(), "{line}");
        assert_eq!(verdict(&masked), Ok(()), "{line}");
        let text = String::from_utf8_lossy(&masked).into_owned();
        text["/TST5\r\n\r\n".len()..].rsplit_once("\r\n!").unwrap().0.to_owned()
    }

    fn verdict(telegram: &[u8]) -> Result<(), Rejection> {
        let mut intake = Intake::new(Policy::Auto);
        intake.feed(&mut &telegram[..], Timestamp::default()).unwrap().verdict
    }

    #[test]
    fn identifiers_and_texts_are_masked_and_readings_are_not() {
        for (line, expected) in [
            ("0-0:96.1.1(4B384547303034)", "0-0:96.1.1(58305858303030)"),
            ("0-1:96.1.0*255(4730303131)", "0-1:96.1.0*255(5830303030)"),
            ("0-0:96.1.2(353431)", "0-0:96.1.2(303030)"),
            ("\x020.0.0(12ab)", "\x020.0.0(00XX)"),
            ("0-0:96.1.2(2D2D2D)", "0-0:96.1.2(2D2D2D)"),
            ("0-0:42.0.0(ADC3100000158491)", "0-0:42.0.0(XXX0000000000000)"),
            ("0-0:96.13.0(48656C6C6F)", "0-0:96.13.0(5858585858)"),
            ("0-0:96.13.0(Hello 1)", "0-0:96.13.0(XXXXX 0)"),
            ("0-0:96.13.0(3031\r\n3233)", "0-0:96.13.0(3030\r\n3030)"),
            ("0-0:96.13.0(Hello\r\nyou (2) there)", "0-0:96.13.0(XXXXX\r\nXXX (0) XXXXX)"),
            ("0-0:96.13.0(Hello\r\n9-9:1.2.3(4)", "0-0:96.13.0(XXXXX\r\n9-9:1.2.3(4)"),
            ("0-0:96.13.0()", "0-0:96.13.0()"),
            ("1-0:1.8.1(001234.567*kWh)", "1-0:1.8.1(001234.567*kWh)"),
            ("0-1:24.2.1(261122075001W)(00006.135*m3)", "0-1:24.2.1(261122075001W)(00006.135*m3)"),
            ("9-9:1.2.3(12345)(1234567)", "9-9:1.2.3(12345)(0000000)"),
            ("serial 1234567", "serial 0000000"),
            (
                "0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)",
                "0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)",
            ),
        ] {
            assert_eq!(masked(line), expected, "{line}");
        }
    }

    #[test]
    fn of_the_first_line_the_model_stays_and_the_number_goes() {
        let header = |header: &str| {
            let masked = anonymous(telegram(header, "1-0:1.7.0(1*kW)").as_bytes());
            String::from_utf8(masked).unwrap().lines().next().unwrap().to_owned()
        };
        assert_eq!(header("/ISK5\\2M550T-1013"), "/ISK5\\2M550T-1013");
        assert_eq!(header("/KMP5 KA6U001585575011"), "/KMP5 KA6U000000000000");
    }

    #[test]
    fn a_checksum_stays_right_wrong_short_lower_case_or_absent() {
        let good = telegram("/TST5", "0-0:96.1.1(4B384547303034)");
        let end = good.len() - 6;
        let lower = good[..end].to_owned() + &good[end..].to_lowercase();
        let with_blank = good[..end].to_owned() + " " + &good[end..];
        for good in [&lower, &with_blank] {
            assert_eq!(verdict(&anonymous(good.as_bytes())), Ok(()), "{good}");
        }
        assert!(anonymous(lower.as_bytes())[end..].iter().all(|byte| !byte.is_ascii_uppercase()));
        let sent = u16::from_str_radix(&good[end..end + 4], 16).unwrap();
        let wrong = format!("{}{:04X}\r\n", &good[..end], sent ^ 0x0101);
        let masked = anonymous(wrong.as_bytes());
        assert!(matches!(verdict(&masked), Err(Rejection::Wrong { .. })));
        let masked_sent =
            u16::from_str_radix(std::str::from_utf8(&masked[end..end + 4]).unwrap(), 16);
        assert_eq!(masked_sent.unwrap() ^ crc16(&masked[..end]), 0x0101, "wrong in the same bits");
        let absent = good[..end].to_owned() + "\r\n";
        assert!(anonymous(absent.as_bytes()).ends_with(b"\n!\r\n"));
        for other in ["!G123\r\n", "!12345678\r\n", "!\0"] {
            let masked = anonymous((good[..end - 1].to_owned() + other).as_bytes());
            assert!(masked.ends_with(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn filler_stays_and_other_high_bytes_go() {
        let line = [&b"/T\r\n0-0:96.13.0("[..], &[0xFF, 0xFF, 0xE9, 0xFF], b")\r\n!\r\n"].concat();
        let expected =
            [&b"/T\r\n0-0:96.13.0("[..], &[0xFF, 0xFF, b'X', 0xFF], b")\r\n!\r\n"].concat();
        assert_eq!(anonymous(&line), expected);
    }

    #[test]
    fn a_line_that_lost_its_parity_bit_is_no_end_line() {
        let telegram = b"\xAFT\r\n\xA1000#123456\r\n0-0:96.1.1(353431)\r\n!0380\r\n";
        let masked = anonymous(telegram);
        let lines = b"/T\r\n!000#000000\r\n0-0:96.1.1(303030)\r\n!";
        assert_eq!(
            masked[..lines.len()].escape_ascii().to_string(),
            lines.escape_ascii().to_string()
        );
        assert_eq!(masked.len(), telegram.len());
    }
}
