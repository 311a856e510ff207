//! The checksums inside and around frames.
//!
//! Owns no rule about them: what a wrong one means is decided where it is computed.

use crc::{CRC_16_ARC, CRC_16_IBM_SDLC, Crc};

static ARC: Crc<u16> = Crc::<u16>::new(&CRC_16_ARC);
static X25: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_SDLC);

/// CRC-16/ARC, the checksum of a P1 telegram: DSMR P1 companion standard 5.0.2, section 6.2.
#[must_use]
pub fn arc(bytes: &[u8]) -> u16 {
    ARC.checksum(bytes)
}

/// CRC-16/X-25, the checksum of HDLC: ISO/IEC 13239, section 4.2.5.2.
#[must_use]
pub fn x25(bytes: &[u8]) -> u16 {
    X25.checksum(bytes)
}

/// Whether this is the text of one telegram, from `/` to the end line, with a right CRC-16/ARC.
#[must_use]
pub fn is_telegram(text: &[u8]) -> bool {
    let Some(end_mark) = text.iter().rposition(|&byte| byte == b'!') else { return false };
    let (body, end) = text.split_at(end_mark + 1);
    text.starts_with(b"/") && hexadecimal(end.trim_ascii_end()) == Some(arc(body))
}

/// The number that four hexadecimal digits spell.
#[must_use]
pub fn hexadecimal(digits: &[u8]) -> Option<u16> {
    let is_number = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_values_are_those_of_the_catalogue_of_crcs() {
        assert_eq!((arc(b"123456789"), x25(b"123456789")), (0xBB3D, 0x906E));
    }

    #[test]
    fn a_telegram_has_a_beginning_an_end_and_the_right_checksum() {
        let body = "/TST5\r\n\r\n1-0:1.7.0(1*W)\r\n!";
        let good = format!("{body}{:04X}\r\n", arc(body.as_bytes()));
        assert!(is_telegram(good.as_bytes()) && is_telegram(good.trim_end().as_bytes()));
        for wrong in [&good[1..], body, "", "!", &good.replace("(1", "(2"), &format!("{good}x")] {
            assert!(!is_telegram(wrong.as_bytes()), "{wrong:?}");
        }
    }
}
