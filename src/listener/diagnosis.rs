//! Tells what the bytes from a port are: telegrams, noise, something encrypted, nothing.
//!
//! Pure. Owns the signs of each kind and the advice to the user. `probe` does the listening. Telegrams go
//! through the same intake as those of the running listener.

use crate::telegram::{Intake, Policy, Received, Rejection, Timestamp};
use crate::text;

/// What the bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// There are none.
    Nothing,
    /// Telegrams; the last one has a good checksum, or comes from a meter that sends none.
    Telegram {
        /// The first line.
        header: Vec<u8>,
        /// Whether there was a checksum.
        has_checksum: bool,
    },
    /// Telegrams, every one of them with a wrong checksum, in number.
    BadChecksum(usize),
    /// Encrypted telegrams.
    Encrypted,
    /// Text, but nothing that begins and ends as a telegram does.
    Fragments,
    /// Bytes that mean nothing, in number.
    Noise(usize),
}

impl Finding {
    /// Whether listening on at the same speed cannot tell more.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Telegram { .. } | Self::Encrypted)
    }

    /// How informative it is: of the findings at several speeds, the highest explains best why there is no
    /// telegram. A line that garbles telegrams at its own speed is noise at all others.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Noise(_) => 1,
            Self::Fragments => 2,
            Self::BadChecksum(_) => 3,
            Self::Encrypted => 4,
            Self::Telegram { .. } => 5,
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Nothing => "Nothing at all came in.".into(),
            Self::Telegram { header, has_checksum } => {
                let checksum =
                    if *has_checksum { "with a good checksum" } else { "without a checksum" };
                format!("A telegram of {}, {checksum}.", text::printable(header))
            }
            Self::BadChecksum(number) => {
                format!("{} with a wrong checksum.", text::count(*number as u64, "telegram"))
            }
            Self::Encrypted => "Encrypted telegrams, as in Luxembourg and Austria.".into(),
            Self::Fragments => "Text, but no whole telegram.".into(),
            Self::Noise(number) => {
                format!("Noise: {} that are no text.", text::count(*number as u64, "byte"))
            }
        }
    }

    /// What to do about it; empty when all is well.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Nothing => {
                "\
Is the cable in the meter's P1 port, and not in another socket of that shape?
Is the P1 port switched on? In some countries the grid operator does that on request.
Does another device share the port through a splitter, and hold the line?
Does the cable pull up the data request line (pin 2)?
"
            }
            Self::BadChecksum(_) => {
                "\
The line loses or garbles bytes: try another cable, or a shorter one, and another USB port.
Another program that reads the same port takes bytes away (`sudo fuser PORT` names it).
Over a network, nothing on the way may change line ends or double bytes, as telnet does.
"
            }
            Self::Encrypted => {
                "\
The meter and the cable are well, but p1listener cannot decrypt. A program or a reader that has the key,
which the grid operator gives, can, and p1listener reads what it gives: see p1-multicast(7).
"
            }
            Self::Fragments => {
                "Does another program read the same port? (`sudo fuser PORT` names it.)\n"
            }
            Self::Noise(_) => {
                "\
The speed is wrong, or the signal is inverted: the P1 port needs a cable or an adapter that
inverts its data line (pin 5).
"
            }
            Self::Telegram { .. } => "",
        }
    }
}

/// Tells what these bytes are.
#[must_use]
pub fn examine(bytes: &[u8]) -> Finding {
    if bytes.is_empty() {
        return Finding::Nothing;
    }
    if is_encrypted(bytes) {
        return Finding::Encrypted;
    }
    match telegrams(bytes) {
        Some(finding) => finding,
        None if is_text(bytes) => Finding::Fragments,
        None => Finding::Noise(bytes.len()),
    }
}

/// The telegrams, if there are any: the last good one, or how many are bad.
fn telegrams(bytes: &[u8]) -> Option<Finding> {
    let (mut intake, mut rest) = (Intake::new(Policy::Auto), bytes);
    let (mut good, mut bad) = (None, 0);
    let mut judge = |received: Received<'_>| {
        let frame = &received.frame;
        let has_checksum = !frame.after_end_mark().trim_ascii().is_empty();
        match received.verdict {
            Ok(()) if has_checksum || is_text(frame.bytes()) => {
                let header = frame.header().to_vec();
                good = Some(Finding::Telegram { header, has_checksum });
            }
            Err(Rejection::Wrong { .. } | Rejection::Parity) if is_text(frame.bytes()) => bad += 1,
            // Enough noise contains anything, also the beginning and the end of a telegram.
            _ => {}
        }
    };
    while let Some(received) = intake.feed(&mut rest, Timestamp::default()) {
        judge(received);
    }
    if let Some(received) = intake.finish(Timestamp::default()) {
        judge(received);
    }
    good.or((bad > 0).then_some(Finding::BadChecksum(bad)))
}

/// Nearly all of it is printable ASCII and line ends.
fn is_text(bytes: &[u8]) -> bool {
    let is_odd = |&&byte: &&u8| !matches!(byte, b' '..=b'~' | b'\r' | b'\n');
    bytes.iter().filter(is_odd).count() * 20 <= bytes.len()
}

/// General ciphering of DLMS: `DB`, a system title of eight bytes that begins with the maker's three
/// letters, a length in two bytes, and the security control. In Poland there is a clear header first,
/// and no system title.
fn is_encrypted(bytes: &[u8]) -> bool {
    let with_title = bytes.windows(14).any(|bytes| match bytes {
        [0xDB, 0x08, title @ .., 0x82, _, _, 0x20 | 0x30] => {
            title[..3].iter().all(u8::is_ascii_uppercase)
        }
        _ => false,
    });
    let after_header = bytes
        .windows(9)
        .any(|bytes| matches!(bytes, [b'\r', b'\n', b'\r', b'\n', 0x00, 0x82, _, _, 0x20 | 0x30]));
    with_title || after_header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::{add_parity, crc16};

    fn telegram() -> Vec<u8> {
        let body = b"/TST5METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!";
        [&body[..], format!("{:04X}\r\n", crc16(body)).as_bytes()].concat()
    }

    fn noise() -> Vec<u8> {
        (0..2000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
    }

    #[test]
    fn silence_is_nothing_and_garbage_is_noise() {
        assert_eq!(examine(b""), Finding::Nothing);
        assert_eq!(examine(&noise()), Finding::Noise(2000));
        assert!(matches!(examine(&[0xFE; 40]), Finding::Noise(40)));
    }

    #[test]
    fn telegrams_with_a_bad_checksum_tell_more_than_the_noise_of_other_speeds() {
        let most = [Finding::Noise(3000), Finding::BadChecksum(20), Finding::Fragments]
            .into_iter()
            .max_by_key(Finding::rank);
        assert_eq!(most, Some(Finding::BadChecksum(20)));
    }

    #[test]
    fn what_looks_like_a_telegram_amid_noise_is_noise() {
        let chance = [&noise()[..], b"/", &noise()[..200], b"\n!x\xF8`j\r\n", &noise()].concat();
        assert!(matches!(examine(&chance), Finding::Noise(_)), "{:?}", examine(&chance));
    }

    #[test]
    fn a_good_telegram_is_found_between_noise_and_bad_ones() {
        let mut bad = telegram();
        bad[20] ^= 1;
        let expected = Finding::Telegram { header: b"/TST5METER".to_vec(), has_checksum: true };
        assert_eq!(examine(&[noise(), bad.clone(), telegram()].concat()), expected);
        assert_eq!(examine(&[bad.clone(), bad].concat()), Finding::BadChecksum(2));
    }

    #[test]
    fn a_telegram_without_a_checksum_is_one_too() {
        let expected = Finding::Telegram { header: b"/ISk5".to_vec(), has_checksum: false };
        assert_eq!(examine(b"/ISk5\r\n\r\n0-0:96.1.1(4B)\r\n!\r\n"), expected);
    }

    #[test]
    fn a_line_with_parity_bits_has_telegrams_too() {
        let old = b"/ISk5\r\n\r\n0-0:96.1.1(4B)\r\n!\r\n";
        let expected = Finding::Telegram { header: b"/ISk5".to_vec(), has_checksum: false };
        assert_eq!(examine(&add_parity(old)), expected);
        let mut wrong = add_parity(old);
        wrong[20] ^= 1;
        assert_eq!(examine(&wrong), Finding::BadChecksum(1));
    }

    #[test]
    fn telegrams_that_have_lost_their_crs_are_as_good_as_for_the_listener() {
        let without_cr: Vec<u8> = telegram().into_iter().filter(|&byte| byte != b'\r').collect();
        let expected = Finding::Telegram { header: b"/TST5METER".to_vec(), has_checksum: true };
        assert_eq!(examine(&without_cr), expected);
    }

    #[test]
    fn text_that_is_no_telegram_is_said() {
        assert_eq!(examine(&telegram()[..30]), Finding::Fragments);
        assert_eq!(examine(b"login: "), Finding::Fragments);
    }

    #[test]
    fn an_encrypted_meter_is_recognised_by_its_frame() {
        let frame =
            [&b"\xDB\x08SAGgs\x01\x02\x03\x82\x01\x7C\x30\0\0\0\x2A"[..], &noise()].concat();
        assert_eq!(examine(&[&noise()[..50], &frame].concat()), Finding::Encrypted);
        let polish = b"/EGM5G35\r\n\r\n\x00\x82\x01\x02\x30\0\0\0\x01cipher";
        assert_eq!(examine(polish), Finding::Encrypted);
    }

    #[test]
    fn only_what_more_bytes_cannot_change_is_certain() {
        assert!(examine(&telegram()).is_certain());
        for doubtful in [&b""[..], &noise(), &telegram()[..30]] {
            assert!(!examine(doubtful).is_certain());
        }
    }
}
