//! The checksum of a telegram, and the policy that decides which telegrams are let through.
//!
//! CRC-16/ARC (polynomial 0x8005 reflected, initial value 0, no final xor) over every byte from `/`
//! to `!` inclusive: DSMR P1 companion standard 4.0 and later, section 6.2.

use crc::{CRC_16_ARC, Crc, Table};

use super::{Frame, Parity};

/// The table of 16 × 256 entries is ten times as fast as the default one of 256.
static CRC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_ARC);

/// How many headers of meters that send checksums [`Gate`] remembers.
const MAX_METERS: usize = 64;

/// CRC-16/ARC of `bytes`; of `123456789` it is 0xBB3D.
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    CRC.checksum(bytes)
}

/// How the checksum of a frame turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The digits agree with the bytes.
    Good,
    /// There are no digits after the `!`, as in DSMR 2 and 3.
    Absent,
    /// There are digits, or something else, and they do not agree with the bytes.
    Wrong {
        /// The checksum that the bytes have.
        computed: u16,
    },
}

impl Checksum {
    /// Checks a frame. One to four hexadecimal digits in either case are read.
    #[must_use]
    pub fn of(frame: &Frame<'_>) -> Self {
        let Some(digits) = field(frame.after_end_mark()) else {
            return Self::Absent;
        };
        let computed = crc16(frame.up_to_end_mark());
        if parse_digits(digits) == Some(computed) { Self::Good } else { Self::Wrong { computed } }
    }
}

/// Which telegrams are let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// A wrong checksum is rejected, a missing one too if this meter has sent one before.
    #[default]
    Auto,
    /// Only a good checksum will do.
    Require,
    /// Checksums are not looked at.
    Ignore,
}

/// Why a telegram is not let through.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The digits do not agree with the bytes.
    #[error("wrong checksum: the meter sent \"{sent}\", the bytes give {computed:04X}")]
    Wrong {
        /// The digits as sent, made printable.
        sent: String,
        /// The checksum that the bytes have.
        computed: u16,
    },
    /// There are no digits after the `!`.
    #[error("no checksum, though this meter sends them")]
    Missing,
    /// There are no digits after the `!`, and a parity bit is wrong.
    #[error("a byte with a wrong parity bit, and no checksum")]
    Parity,
    /// There are no digits after the `!`, and the policy asks for them.
    #[error("no checksum, and `checksum: require` is set")]
    Required,
}

/// Lets telegrams through by a [`Policy`], and remembers which meters send checksums.
#[derive(Debug, Default)]
pub struct Gate {
    policy: Policy,
    headers_with_checksum: Vec<Box<[u8]>>,
}

impl Gate {
    /// A gate that has seen no telegram yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, headers_with_checksum: Vec::new() }
    }

    /// Takes another policy; which meters send checksums is not forgotten.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Lets the frame through, or says why not.
    pub fn admit(&mut self, frame: &Frame<'_>) -> Result<(), Rejection> {
        if self.policy == Policy::Ignore {
            return Ok(());
        }
        match Checksum::of(frame) {
            Checksum::Good => {
                self.remember(frame.header());
                Ok(())
            }
            Checksum::Wrong { computed } => {
                let sent = field(frame.after_end_mark()).unwrap_or_default();
                Err(Rejection::Wrong { sent: sent.escape_ascii().to_string(), computed })
            }
            Checksum::Absent if self.policy == Policy::Require => Err(Rejection::Required),
            Checksum::Absent if self.knows(frame.header()) => Err(Rejection::Missing),
            Checksum::Absent if frame.parity() == Parity::Wrong => Err(Rejection::Parity),
            Checksum::Absent => Ok(()),
        }
    }

    fn knows(&self, header: &[u8]) -> bool {
        self.headers_with_checksum.iter().any(|known| **known == *header)
    }

    fn remember(&mut self, header: &[u8]) {
        if self.headers_with_checksum.len() < MAX_METERS && !self.knows(header) {
            self.headers_with_checksum.push(header.into());
        }
    }
}

/// The checksum as sent: what follows the `!`, without line end, blanks and NUL (which some meters add).
pub(super) fn field(after_end_mark: &[u8]) -> Option<&[u8]> {
    let is_filler = |byte: &u8| matches!(byte, b'\r' | b'\n' | b' ' | b'\0');
    let end = after_end_mark.iter().rposition(|byte| !is_filler(byte))?;
    Some(&after_end_mark[..=end])
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

    fn admit(gate: &mut Gate, end: &str) -> Result<(), Rejection> {
        let telegram = [BODY, end.as_bytes(), b"\r\n"].concat();
        let mut framer = Framer::default();
        let frame = framer.feed(&mut &telegram[..], Timestamp::default()).unwrap();
        gate.admit(&frame)
    }

    fn good() -> String {
        format!("{:04X}", crc16(BODY))
    }

    #[test]
    fn the_check_value_is_that_of_crc_16_arc() {
        assert_eq!(crc16(b"123456789"), 0xBB3D);
    }

    #[test]
    fn a_good_checksum_is_admitted_in_any_spelling() {
        for end in [good(), good().to_lowercase(), good() + "\0", good() + "  "] {
            assert_eq!(admit(&mut Gate::default(), &end), Ok(()), "{end:?}");
        }
    }

    #[test]
    fn a_leading_zero_may_be_missing() {
        let (telegram, crc) = (0..10_000)
            .map(|n| format!("/TST5{n}\r\n!").into_bytes())
            .map(|bytes| (bytes.clone(), crc16(&bytes)))
            .find(|(_, crc)| *crc < 0x1000)
            .unwrap();
        let line = [&telegram[..], format!("{crc:X}\r\n").as_bytes()].concat();
        let mut framer = Framer::default();
        let frame = framer.feed(&mut &line[..], Timestamp::default()).unwrap();
        assert_eq!(Checksum::of(&frame), Checksum::Good);
    }

    #[test]
    fn a_wrong_checksum_is_rejected_and_both_values_are_told() {
        let wrong = format!("{:04X}", crc16(BODY) ^ 1);
        let told = admit(&mut Gate::default(), &wrong).unwrap_err().to_string();
        assert!(told.contains(&wrong) && told.contains(&good()), "{told}");
    }

    #[test]
    fn what_is_no_number_or_too_long_is_wrong() {
        for end in ["G123", "+123", "0x12", &("0".to_owned() + &good())] {
            assert!(
                matches!(admit(&mut Gate::default(), end), Err(Rejection::Wrong { .. })),
                "{end}"
            );
        }
    }

    #[test]
    fn a_missing_checksum_is_admitted_until_that_meter_has_sent_one() {
        let mut gate = Gate::default();
        assert_eq!(admit(&mut gate, ""), Ok(()));
        assert_eq!(admit(&mut gate, &good()), Ok(()));
        assert_eq!(admit(&mut gate, ""), Err(Rejection::Missing));
    }

    #[test]
    fn require_and_ignore_do_what_they_say() {
        assert_eq!(admit(&mut Gate::new(Policy::Require), ""), Err(Rejection::Required));
        assert_eq!(admit(&mut Gate::new(Policy::Require), &good()), Ok(()));
        assert_eq!(admit(&mut Gate::new(Policy::Ignore), "0000"), Ok(()));
    }
}
