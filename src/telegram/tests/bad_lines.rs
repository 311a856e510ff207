//! Streams of telegrams in which bytes were cut out, merged, flipped, put in and repeated.

use proptest::prelude::*;

use super::super::parity::tests::add_parity;
use super::*;

/// CRC-16/ARC bit by bit, to judge by something else than what is tested.
fn plain_crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(
            crc ^ u16::from(byte),
            |crc, _| {
                if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 }
            },
        )
    })
}

/// CRC-16/X-25, likewise.
fn plain_x25(bytes: &[u8]) -> u16 {
    !bytes.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(
            crc ^ u16::from(byte),
            |crc, _| {
                if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 }
            },
        )
    })
}

/// A telegram in one of the spellings of its checksum; the second and third meter have X-25.
fn telegram(meter: usize, lines: &str, spelling: usize) -> Vec<u8> {
    let header = ["/TST5\\2METER", "/HLY5/D545-METER", "/HLY5\\D546/M"][meter];
    let body = format!("{header}\r\n\r\n{lines}!");
    let (crc, x25) = (plain_crc(body.as_bytes()), plain_x25(body.as_bytes()));
    let end = match (meter, spelling) {
        (0, 0) => format!("{crc:04X}\r\n"),
        (0, 1) => format!("{crc:04x}\r\n"),
        (0, 2) => format!(" {crc:X}\r\n"),
        (0, _) => format!("{crc:04X}\0\r\n"),
        (1, _) => format!("{x25:04X}\r\n"),
        _ => format!("{:04X}\r\n", x25.swap_bytes()),
    };
    (body + &end).into_bytes()
}

fn telegrams() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let line = prop_oneof![
        "1-0:[12]\\.[78]\\.[0-2]\\([0-9]{2}\\.[0-9]{3}\\*kWh?\\)\r\n",
        "0-0:96\\.13\\.0\\([a-z/! ]{0,10}\\)\r\n",
        "0-1:24\\.2\\.1\\([0-9]{12}W\\)\\([0-9]{5}\\.[0-9]{3}\\*m3\\)\r\n",
        Just("0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)\r\n".into()),
    ];
    let lines = proptest::collection::vec(line, 0..8).prop_map(|lines| lines.concat());
    let each = proptest::collection::vec((lines, 0usize..4), 1..8);
    (0usize..3, each).prop_map(|(meter, each)| {
        each.iter().map(|(lines, spelling)| telegram(meter, lines, *spelling)).collect()
    })
}

/// What happens to a telegram on its way.
#[derive(Clone, Debug)]
enum Damage {
    None,
    Cut(usize, usize),
    Flip(usize, u8),
    Insert(usize, Vec<u8>),
    Repeat(usize, usize),
    LineEnds(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let noise = prop_oneof![Just(b'/'), Just(0xAF), Just(b'!'), Just(b'\n'), any::<u8>()];
    prop_oneof![
        3 => Just(Damage::None),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(at, length)| Damage::Cut(at, length)),
        1 => (any::<usize>(), 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        1 => (any::<usize>(), proptest::collection::vec(noise, 1..40))
            .prop_map(|(at, noise)| Damage::Insert(at, noise)),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(at, length)| Damage::Repeat(at, length)),
        1 => any::<usize>().prop_map(Damage::LineEnds),
    ]
}

impl Damage {
    /// What is left of a telegram; `None` where it is intact.
    fn done_to(&self, telegram: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = telegram.to_vec();
        let part = |at: usize, length: usize| {
            let start = at % bytes.len();
            start..start + 1 + length % (bytes.len() - start)
        };
        match self {
            Self::None => return None,
            Self::Cut(at, length) => drop(bytes.drain(part(*at, *length))),
            Self::Flip(at, bit) => {
                let at = at % bytes.len();
                bytes[at] ^= 1 << bit;
            }
            Self::Insert(at, noise) => {
                let at = at % bytes.len();
                bytes.splice(at..at, noise.iter().copied());
            }
            Self::Repeat(at, length) => {
                let range = part(*at, *length);
                let (end, again) = (range.end, bytes[range].to_vec());
                bytes.splice(end..end, again);
            }
            Self::LineEnds(which) => {
                bytes = with_line_ends(&bytes, LINE_ENDS[which % LINE_ENDS.len()]);
            }
        }
        Some(bytes)
    }
}

/// The stream, and the telegrams in it that nothing happened to.
fn stream(telegrams: &[Vec<u8>], damages: &[Damage]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut stream, mut intact) = (Vec::new(), Vec::new());
    for (telegram, damage) in telegrams.iter().zip(damages.iter().cycle()) {
        let rest = damage.done_to(telegram);
        if rest.is_none() {
            intact.push(telegram.clone());
        }
        stream.extend_from_slice(rest.as_ref().unwrap_or(telegram));
    }
    (stream, intact)
}

/// The telegrams that are accepted when the stream is read in pieces.
fn received(stream: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let (mut intake, mut found) = (Intake::new(Policy::Require), Vec::new());
    for mut piece in stream.chunks(piece) {
        while let Some(received) = intake.feed(&mut piece, Timestamp::default()) {
            assert!(received.frame.bytes().len() <= MAX_FRAME + MAX_FRAME / 8);
            if received.verdict.is_ok() {
                found.push(received.frame.bytes().to_vec());
            }
        }
    }
    let last = intake.finish(Timestamp::default()).filter(|last| last.verdict.is_ok());
    found.extend(last.map(|last| last.frame.bytes().to_vec()));
    found
}

/// Whether `found` holds all of `wanted` in their order.
fn holds(found: &[Vec<u8>], wanted: &[Vec<u8>]) -> bool {
    let mut found = found.iter();
    wanted.iter().all(|wanted| found.any(|found| found == wanted))
}

fn has_good_checksum(telegram: &[u8]) -> bool {
    let mark = telegram.iter().rposition(|&byte| byte == b'!').unwrap();
    let digits = String::from_utf8_lossy(&telegram[mark + 1..]).into_owned();
    let digits = digits.trim_matches(['\r', '\n', ' ', '\0', '\x03']);
    let (bytes, sent) = (&telegram[..=mark], u16::from_str_radix(digits, 16).unwrap());
    let x25 = plain_x25(bytes);
    sent == plain_crc(bytes) || sent == x25 || sent == x25.swap_bytes()
}

/// Whether the telegram was received as it is, line ends and parity bits aside.
fn was_received(telegram: &[u8], stream: &[u8]) -> bool {
    let text =
        |bytes: &[u8]| without_line_ends(&bytes.iter().map(|byte| byte & 0x7F).collect::<Vec<_>>());
    let (telegram, stream) = (text(telegram), text(stream));
    stream.windows(telegram.len()).any(|part| part == telegram)
}

proptest! {
    #[test]
    fn every_intact_telegram_is_found_and_none_has_a_wrong_checksum(
        telegrams in telegrams(), damages in proptest::collection::vec(damage(), 1..8), piece in 1usize..200,
    ) {
        let (stream, intact) = stream(&telegrams, &damages);
        let found = received(&stream, piece);
        prop_assert!(holds(&found, &intact), "{}", stream.escape_ascii());
        prop_assert!(found.iter().all(|telegram| has_good_checksum(telegram)));
        prop_assert!(found.iter().all(|telegram| was_received(telegram, &stream)));
    }

    #[test]
    fn the_same_holds_on_a_line_with_parity_bits(
        telegrams in telegrams(), damages in proptest::collection::vec(damage(), 1..8), piece in 1usize..200,
    ) {
        let on_the_line: Vec<Vec<u8>> = telegrams.iter().map(|telegram| add_parity(telegram)).collect();
        let (stream, intact) = stream(&on_the_line, &damages);
        let intact: Vec<Vec<u8>> = intact.iter().map(|telegram| telegram.iter().map(|byte| byte & 0x7F).collect()).collect();
        let found = received(&stream, piece);
        prop_assert!(holds(&found, &intact), "{}", stream.escape_ascii());
        prop_assert!(found.iter().all(|telegram| has_good_checksum(telegram)));
        prop_assert!(found.iter().all(|telegram| was_received(telegram, &stream)));
    }

    #[test]
    fn telegrams_with_other_line_ends_are_found_among_the_others(
        telegrams in telegrams(), damages in proptest::collection::vec(damage(), 1..8),
        line_end in 0..LINE_ENDS.len(), piece in 1usize..200,
    ) {
        let altered: Vec<Vec<u8>> =
            telegrams.iter().map(|telegram| with_line_ends(telegram, LINE_ENDS[line_end])).collect();
        let (stream, intact) = stream(&altered, &damages);
        let found = received(&stream, piece);
        prop_assert!(found.iter().all(|telegram| has_good_checksum(telegram)));
        prop_assert!(found.iter().all(|telegram| was_received(telegram, &stream)));
        // What the checksum fits by chance without its line ends put back is the telegram all the same.
        let texts = |telegrams: &[Vec<u8>]| telegrams.iter().map(|it| without_line_ends(it)).collect::<Vec<_>>();
        prop_assert!(holds(&texts(&found), &texts(&intact)), "{}", stream.escape_ascii());
    }
}
