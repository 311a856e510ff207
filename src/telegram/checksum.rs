//! The checksum of a telegram: over every byte from `/` to `!` inclusive, hexadecimal behind the `!`.
//!
//! Owns the algorithms and how the digits are read. Which telegrams are accepted is [`super::gate`]'s.

use std::fmt;

use crc::{CRC_16_ARC, CRC_16_IBM_SDLC, Crc, Table};

use super::Frame;

/// The table of 16 × 256 entries is ten times as fast as the default one of 256.
static ARC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_ARC);

/// Few meters need it: the small table will do.
static X25: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_SDLC);

/// CRC-16/ARC of `bytes`; of `123456789` it is 0xBB3D.
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    ARC.checksum(bytes)
}

/// The telegram of these bytes, from `/` to `!` inclusive: with their CRC-16/ARC and a line end behind them.
#[must_use]
pub fn with_checksum(up_to_end_mark: impl Into<Vec<u8>>) -> Vec<u8> {
    let mut telegram = up_to_end_mark.into();
    let checksum = crc16(&telegram);
    telegram.extend_from_slice(format!("{checksum:04X}\r\n").as_bytes());
    telegram
}

/// CRC-16/X-25 of `bytes`, the checksum of HDLC (ISO/IEC 13239, section 4.2.5.2); of `123456789` it is 0x906E.
#[must_use]
pub fn crc16_x25(bytes: &[u8]) -> u16 {
    X25.checksum(bytes)
}

/// Whether this is the text of one telegram, from `/` to the end line, with a right CRC-16/ARC.
#[must_use]
pub fn is_telegram(text: &[u8]) -> bool {
    let Some(end_mark) = text.iter().rposition(|&byte| byte == b'!') else { return false };
    let (body, end) = text.split_at(end_mark + 1);
    let checksum = Checksum::check(body, end, &[Algorithm::Arc]);
    text.starts_with(b"/") && checksum == Checksum::Good(Algorithm::Arc)
}

/// How a meter computes its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// CRC-16/ARC, as in the DSMR P1 companion standard 4.0 and later, section 6.2: polynomial 0x8005
    /// reflected, initial value 0, no final xor.
    Arc,
    /// CRC-16/X-25: polynomial 0x1021 reflected, initial value and final xor 0xFFFF.
    X25,
    /// CRC-16/X-25, the low byte first.
    X25LowByteFirst,
}

impl Algorithm {
    /// Every algorithm, the usual one first.
    pub(super) const ALL: &'static [Self] = &[Self::Arc, Self::X25, Self::X25LowByteFirst];

    /// This algorithm, in both byte orders if it has two: by chance one checksum may fit in either.
    pub(super) fn in_any_byte_order(self) -> &'static [Self] {
        match self {
            Self::Arc => &[Self::Arc],
            Self::X25 | Self::X25LowByteFirst => &[Self::X25, Self::X25LowByteFirst],
        }
    }

    /// The checksum of `bytes`, as the number that its digits spell.
    #[must_use]
    pub fn compute(self, bytes: &[u8]) -> u16 {
        match self {
            Self::Arc => crc16(bytes),
            Self::X25 => crc16_x25(bytes),
            Self::X25LowByteFirst => crc16_x25(bytes).swap_bytes(),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arc => "CRC-16/ARC",
            Self::X25 => "CRC-16/X-25",
            Self::X25LowByteFirst => "CRC-16/X-25, low byte first",
        })
    }
}

/// Whether the checksum of a frame is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The digits are the checksum of the bytes, computed in this way.
    Good(Algorithm),
    /// There are no digits after the `!`, as in DSMR 2 and 3.
    Absent,
    /// There are digits, or something else, and they do not agree with the bytes.
    Wrong {
        /// The checksum that the bytes have.
        computed: u16,
    },
}

impl Checksum {
    /// Checks a frame by every algorithm. One to four hexadecimal digits in either case are read.
    #[must_use]
    pub fn of(frame: &Frame<'_>) -> Self {
        Self::check(frame.up_to_end_mark(), frame.after_end_mark(), Algorithm::ALL)
    }

    /// Checks the bytes up to the `!` against what follows it. `algorithms` are tried in their order;
    /// there is one at least.
    pub(crate) fn check(bytes: &[u8], after_end_mark: &[u8], algorithms: &[Algorithm]) -> Self {
        let Some(digits) = field(after_end_mark) else {
            return Self::Absent;
        };
        let sent = parse_digits(digits);
        // Only the usual algorithm is known to be sent without its leading zeros.
        let fits = |algorithm: &&Algorithm| {
            (**algorithm == Algorithm::Arc || digits.len() == 4)
                && sent == Some(algorithm.compute(bytes))
        };
        match algorithms.iter().find(fits) {
            Some(&algorithm) => Self::Good(algorithm),
            None => Self::Wrong { computed: algorithms[0].compute(bytes) },
        }
    }
}

/// The checksum as sent: what follows the `!`, without line end, blanks, and the NUL or ETX that some meters add.
pub(super) fn field(after_end_mark: &[u8]) -> Option<&[u8]> {
    let is_sent = |byte: &u8| !matches!(byte, b'\r' | b'\n' | b' ' | b'\0' | b'\x03');
    let start = after_end_mark.iter().position(is_sent)?;
    let end = after_end_mark.iter().rposition(is_sent)?;
    Some(&after_end_mark[start..=end])
}

/// One to four hexadecimal digits: some meters leave leading zeros out, some use lower case.
fn parse_digits(digits: &[u8]) -> Option<u16> {
    if digits.len() > 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::{Framer, Timestamp};

    const BODY: &[u8] = b"/TST5\\2METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!";

    /// The checksum of a telegram of this body and end.
    fn check(body: &[u8], end: &str) -> Checksum {
        let telegram = [body, end.as_bytes(), b"\r\n"].concat();
        let mut framer = Framer::default();
        Checksum::of(&framer.feed(&mut &telegram[..], Timestamp::default()).unwrap())
    }

    /// A short telegram whose checksum of this kind has a leading zero.
    fn with_leading_zero(algorithm: Algorithm) -> (Vec<u8>, u16) {
        let bodies = (0..10_000).map(|n| format!("/TST5{n}\r\n!").into_bytes());
        let mut with_checksum = bodies.map(|body| (algorithm.compute(&body), body));
        let (checksum, body) = with_checksum.find(|(checksum, _)| *checksum < 0x1000).unwrap();
        (body, checksum)
    }

    #[test]
    fn the_check_values_are_those_of_the_catalogue_of_crcs() {
        let values = Algorithm::ALL.iter().map(|algorithm| algorithm.compute(b"123456789"));
        assert_eq!(values.collect::<Vec<_>>(), [0xBB3D, 0x906E, 0x6E90]);
    }

    #[test]
    fn a_telegram_has_a_beginning_an_end_and_the_right_checksum() {
        let body = "/TST5\r\n\r\n1-0:1.7.0(1*W)\r\n!";
        let good = format!("{body}{:04X}\r\n", crc16(body.as_bytes()));
        assert!(is_telegram(good.as_bytes()) && is_telegram(good.trim_end().as_bytes()));
        for wrong in [&good[1..], body, "", "!", &good.replace("(1", "(2"), &format!("{good}x")] {
            assert!(!is_telegram(wrong.as_bytes()), "{wrong:?}");
        }
    }

    #[test]
    fn a_good_checksum_is_found_in_any_spelling() {
        let good = format!("{:04X}", crc16(BODY));
        let around = ["", "\0", "  ", "\x03"].map(|after| good.clone() + after);
        for end in [good.to_lowercase(), format!(" {good}")].iter().chain(&around) {
            assert_eq!(check(BODY, end), Checksum::Good(Algorithm::Arc), "{end:?}");
        }
        for end in ["", " ", "\x03"] {
            assert_eq!(check(BODY, end), Checksum::Absent);
        }
    }

    #[test]
    fn each_algorithm_is_recognised_by_what_fits() {
        for &algorithm in Algorithm::ALL {
            let end = format!("{:04X}", algorithm.compute(BODY));
            assert_eq!(check(BODY, &end), Checksum::Good(algorithm), "{algorithm}");
            let changed = format!("{:04X}", algorithm.compute(BODY) ^ 0x10);
            assert_eq!(check(BODY, &changed), Checksum::Wrong { computed: crc16(BODY) });
        }
    }

    #[test]
    fn a_leading_zero_may_be_missing_from_the_usual_checksum_alone() {
        for &algorithm in Algorithm::ALL {
            let (body, checksum) = with_leading_zero(algorithm);
            let whole = check(&body, &format!("{checksum:04X}"));
            assert_eq!(whole, Checksum::Good(algorithm));
            let is_good = check(&body, &format!("{checksum:X}")) == whole;
            assert_eq!(is_good, algorithm == Algorithm::Arc, "{algorithm}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_long_is_wrong() {
        let long = format!("0{:04X}", crc16(BODY));
        for end in ["G123", "+123", "0x12", &long] {
            assert!(matches!(check(BODY, end), Checksum::Wrong { .. }), "{end}");
        }
    }
}
