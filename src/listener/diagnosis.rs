//! Tells what the bytes from a port are: telegrams, another protocol, noise, nothing.
//!
//! Pure. Owns the order in which that is decided, and the advice to the user. Both `--probe` and the warning
//! of the running listener use it, and telegrams go through the same intake as those that are published.

use super::wire::{self, Content, Protocol};
use crate::telegram::{Intake, Policy, Received, Rejection, Telegram, Timestamp};
use crate::text;

/// How many telegrams in a row are whole but for their checksum if the meter computes it in its own way.
pub const MIN_INTACT: usize = 4;

/// What the bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// There are none.
    Nothing,
    /// Bytes that mean nothing, in number.
    Noise(usize),
    /// Text, but nothing that begins and ends as a telegram does.
    Fragments,
    /// Telegrams, every one of them with a wrong checksum or parity bit, in number.
    Damaged(usize),
    /// Several telegrams, every one of them whole but for its checksum, in number.
    UnknownChecksum(usize),
    /// Something else than P1 text.
    Other(Protocol),
    /// Telegrams; the last one has a good checksum, or comes from a meter that sends none.
    Telegram {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether there was a checksum.
        has_checksum: bool,
    },
}

impl Finding {
    /// Whether listening on at the same speed cannot tell more.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Telegram { .. } => true,
            Self::Other(protocol) => protocol.is_certain(),
            _ => false,
        }
    }

    /// Whether bytes may be missing: another program that reads the port would explain it.
    #[must_use]
    pub fn may_lack_bytes(&self) -> bool {
        matches!(self, Self::Nothing | Self::Noise(_) | Self::Fragments | Self::Damaged(_))
    }

    /// How informative it is: of the findings at several speeds, the highest explains best why there is no
    /// telegram. A line that garbles telegrams at its own speed is noise at all others.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Noise(_) => 1,
            Self::Fragments => 2,
            Self::Damaged(_) => 3,
            Self::UnknownChecksum(_) => 4,
            Self::Other(_) => 5,
            Self::Telegram { .. } => 6,
        }
    }

    /// What is on the wire, as a part of a sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Nothing => "nothing".into(),
            Self::Noise(bytes) => format!("noise, {bytes} bytes that are no text"),
            Self::Fragments => "text, but no whole telegram".into(),
            Self::Damaged(number) => {
                format!("{} with a wrong checksum", text::count(*number as u64, "telegram"))
            }
            Self::UnknownChecksum(number) => {
                format!("{number} telegrams, whole but for their checksum")
            }
            Self::Other(protocol) => protocol.to_string(),
            Self::Telegram { bytes, has_checksum } => {
                let checksum =
                    if *has_checksum { "with a good checksum" } else { "without a checksum" };
                let header = Telegram::parse(bytes).header;
                format!("a telegram of {}, {checksum}", text::printable(header))
            }
        }
    }

    /// What may be wrong, in a few words for the log.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Nothing => "is the cable in the meter, and is the meter's port on?",
            Self::Noise(_) => "wrong speed, or an inverted signal?",
            Self::Fragments => "wrong speed, or another program at the port?",
            Self::Damaged(_) => "a bad cable, or another program at the port?",
            Self::UnknownChecksum(_) => "if it is never right, set `p1_listener.checksum: ignore`",
            Self::Other(Protocol::Dlms { content: Content::Encrypted(_), .. }) => {
                "the cable is well; is `p1_listener.decryption_key_file` set, and the right key?"
            }
            Self::Other(Protocol::Dlms { .. }) => {
                "the cable is well; p1listener does not know this list"
            }
            Self::Other(Protocol::OnRequest) => "the cable is well; p1listener sends no requests",
            Self::Other(_) => "the cable is well; p1listener cannot read this",
            Self::Telegram { .. } => "the configured `checksum` refuses it",
        }
    }

    /// What to do about it, in lines; empty when all is well.
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
            Self::Damaged(_) => {
                "\
The line loses or garbles bytes: try another cable, or a shorter one, and another USB port.
Another program that reads the same port takes bytes away (`sudo fuser PORT` names it).
Over a network, nothing on the way may change line ends or double bytes, as telnet does.
"
            }
            Self::UnknownChecksum(_) => {
                "\
The cable is well: every line is well-formed. The meter computes its checksum in a way that p1listener does not
know. With `checksum: ignore` in p1_listener its telegrams are accepted, damaged ones too.
"
            }
            Self::Other(protocol) => protocol.advice(),
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
    let telegrams = telegrams(bytes);
    if let Some(Finding::Telegram { .. }) = telegrams {
        return telegrams.unwrap_or(Finding::Nothing);
    }
    if let Some(protocol) = wire::recognise(bytes) {
        return Finding::Other(protocol);
    }
    let without_telegram =
        if is_text(bytes) { Finding::Fragments } else { Finding::Noise(bytes.len()) };
    telegrams.unwrap_or(without_telegram)
}

/// The telegrams, if there are any: the last good one, or how many are damaged.
fn telegrams(bytes: &[u8]) -> Option<Finding> {
    let (mut intake, mut rest) = (Intake::new(Policy::Auto), bytes);
    let (mut good, mut damaged, mut intact) = (None, 0, 0);
    let mut judge = |received: Received<'_>| {
        let frame = &received.frame;
        let has_checksum = !frame.after_end_mark().trim_ascii().is_empty();
        match received.verdict {
            Ok(()) if has_checksum || is_text(frame.bytes()) => {
                let bytes = frame.bytes().to_vec();
                good = Some(Finding::Telegram { bytes, has_checksum });
            }
            Err(Rejection::Wrong { is_intact: true, .. }) => intact += 1,
            Err(Rejection::Wrong { .. } | Rejection::Parity) if is_text(frame.bytes()) => {
                damaged += 1;
            }
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
    good.or(match damaged + intact {
        0 => None,
        // One damaged digit leaves a telegram whole, but not one telegram after the other.
        MIN_INTACT.. if damaged == 0 => Some(Finding::UnknownChecksum(intact)),
        wrong => Some(Finding::Damaged(wrong)),
    })
}

/// Nearly all of it is printable ASCII and line ends.
fn is_text(bytes: &[u8]) -> bool {
    let is_odd = |&&byte: &&u8| !matches!(byte, b' '..=b'~' | b'\r' | b'\n');
    bytes.iter().filter(is_odd).count() * 20 <= bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::{add_parity, with_checksum};

    fn telegram() -> Vec<u8> {
        let body = b"/TST5METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!";
        with_checksum(&body[..])
    }

    fn a_telegram() -> Finding {
        Finding::Telegram { bytes: telegram(), has_checksum: true }
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
        let most = [Finding::Noise(3000), Finding::Damaged(20), Finding::Fragments]
            .into_iter()
            .max_by_key(Finding::rank);
        assert_eq!(most, Some(Finding::Damaged(20)));
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
        let expected = a_telegram();
        assert_eq!(examine(&[noise(), bad.clone(), telegram()].concat()), expected);
        assert_eq!(examine(&[bad.clone(), bad].concat()), Finding::Damaged(2));
    }

    #[test]
    fn a_meter_with_a_checksum_of_its_own_is_told_from_a_damaged_line() {
        let mut own = telegram();
        let at = own.len() - 3;
        own[at] = if own[at] == b'0' { b'1' } else { b'0' };
        let finding = examine(&own.repeat(4));
        assert_eq!(finding, Finding::UnknownChecksum(4));
        assert!(finding.hint().contains("checksum: ignore"), "{}", finding.hint());
        assert!(!finding.may_lack_bytes());
        let mut damaged = telegram();
        damaged[25] = b'(';
        assert_eq!(examine(&[own.repeat(4), damaged].concat()), Finding::Damaged(5));
        assert_eq!(examine(&own.repeat(3)), Finding::Damaged(3));
    }

    #[test]
    fn a_telegram_without_a_checksum_is_one_too() {
        let old = b"/ISk5\r\n\r\n0-0:96.1.1(4B)\r\n!\r\n";
        assert_eq!(examine(old), Finding::Telegram { bytes: old.to_vec(), has_checksum: false });
    }

    #[test]
    fn a_line_with_parity_bits_has_telegrams_too() {
        let old = b"/ISk5\r\n\r\n0-0:96.1.1(4B)\r\n!\r\n";
        let expected = Finding::Telegram { bytes: old.to_vec(), has_checksum: false };
        assert_eq!(examine(&add_parity(old)), expected);
        assert_eq!(expected.summary(), "a telegram of /ISk5, without a checksum");
        let mut wrong = add_parity(old);
        wrong[20] ^= 1;
        assert_eq!(examine(&wrong), Finding::Damaged(1));
    }

    #[test]
    fn telegrams_that_have_lost_their_crs_are_as_good_as_for_the_listener() {
        let without_cr: Vec<u8> = telegram().into_iter().filter(|&byte| byte != b'\r').collect();
        let expected = a_telegram();
        assert_eq!(examine(&without_cr), expected);
    }

    #[test]
    fn text_that_is_no_telegram_is_said() {
        assert_eq!(examine(&telegram()[..30]), Finding::Fragments);
        assert_eq!(examine(b"login: "), Finding::Fragments);
    }

    #[test]
    fn another_protocol_is_named_even_among_fragments_and_a_telegram_comes_first() {
        let polish = b"/EGM5G35\r\n\r\n\x00\x82\x01\x02\x30\0\0\0\x01cipher\r\n!3774\r\n";
        assert!(matches!(examine(polish), Finding::Other(_)), "{:?}", examine(polish));
        let sml = b"\x1B\x1B\x1B\x1B\x01\x01\x01\x01";
        assert_eq!(examine(sml), Finding::Other(Protocol::Sml));
        assert_eq!(examine(&[&sml[..], &telegram()].concat()), a_telegram());
    }

    #[test]
    fn only_what_more_bytes_cannot_change_is_certain() {
        assert!(examine(&telegram()).is_certain());
        for doubtful in [&b""[..], &noise(), &telegram()[..30]] {
            assert!(!examine(doubtful).is_certain());
        }
    }
}
