//! What becomes of telegrams on their way in: accepted, restored or rejected.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{TestRng, TestRunner};

use super::*;
use crate::telegram::{Algorithm, crc16};

const BODY: &str =
    "/TST5\r\n\r\n1-0:1.7.0(00.329*kW)\r\n0-0:96.13.0(30!31)\r\n0-0:96.1.1(4B/38)\r\n!";

/// This body with its checksum.
fn telegram(body: &str) -> Vec<u8> {
    telegram_by(Algorithm::Arc, body)
}

fn telegram_by(algorithm: Algorithm, body: &str) -> Vec<u8> {
    format!("{body}{:04X}\r\n", algorithm.compute(body.as_bytes())).into_bytes()
}

/// These bytes with other line ends.
fn with_line_ends(telegram: &[u8], line_end: &str) -> Vec<u8> {
    String::from_utf8_lossy(telegram).replace("\r\n", line_end).into_bytes()
}

/// The bytes of the one telegram in these, how it came out, and whether its line ends were put back.
fn receive(intake: &mut Intake, bytes: &[u8]) -> (Vec<u8>, Result<(), Rejection>, bool) {
    let mut rest = bytes;
    let now = Timestamp::from_seconds(7);
    let text = bytes.escape_ascii();
    let Some(received) = intake.feed(&mut rest, now) else { panic!("no telegram in {text}") };
    assert_eq!(received.frame.end.seconds(), 7);
    (received.frame.bytes().to_vec(), received.verdict, received.is_restored)
}

#[test]
fn line_ends_are_put_back_where_the_checksum_proves_it() {
    let sent = telegram(BODY);
    let text = String::from_utf8(sent.clone()).unwrap();
    let altered = [
        with_line_ends(&sent, "\n"),
        with_line_ends(&sent, "\r"),
        with_line_ends(&sent, "\n\n"),
        with_line_ends(&sent, "\r\r"),
        with_line_ends(&sent, "\r\r\n"),
        with_line_ends(&sent, "\n\r\n"),
        with_line_ends(&sent, "\r\n\r\n"),
        with_line_ends(&sent, "\r\n\n"),
        with_line_ends(&sent, "\n\n\n\n"),
        text.replacen("\r\n\r\n", "\r\n", 1).into_bytes(),
        text.replacen("\r\n\r\n", "\n", 1).into_bytes(),
        text.replacen("\r\n\r\n", "\r\n\r\n\r\n", 1).into_bytes(),
        text.replacen("kW)\r\n", "kW)\r\n\r\n", 1).into_bytes(),
        text.replacen("kW)\r\n", "kW)\n", 1).into_bytes(),
        text.replacen("kW)\r\n", "kW)\r", 1).into_bytes(),
        text.replacen("kW)\r\n", "kW)\r\r\n", 1).into_bytes(),
    ];
    for altered in altered {
        let mut intake = Intake::new(Policy::Auto);
        let expected = (sent.clone(), Ok(()), true);
        assert_eq!(receive(&mut intake, &altered), expected, "{}", altered.escape_ascii());
        assert_eq!(receive(&mut intake, &sent), (sent.clone(), Ok(()), false));
    }
}

#[test]
fn line_ends_of_a_meter_without_a_blank_line_are_put_back_too() {
    let sent = telegram(&BODY.replacen("\r\n\r\n", "\r\n", 1));
    for line_end in ["\n", "\r", "\n\n", "\r\r\n"] {
        let altered = with_line_ends(&sent, line_end);
        let received = receive(&mut Intake::new(Policy::Auto), &altered);
        assert_eq!(received, (sent.clone(), Ok(()), true), "{line_end:?}");
    }
}

#[test]
fn line_ends_that_do_not_make_the_checksum_fit_stay_as_received() {
    for line_end in ["\n", "\r\r\n", "\r\n"] {
        let mut broken = with_line_ends(&telegram(BODY), line_end);
        broken[20] ^= 1;
        let (bytes, verdict, is_restored) = receive(&mut Intake::new(Policy::Auto), &broken);
        assert!(matches!(verdict, Err(Rejection::Wrong { .. })), "{verdict:?}");
        assert_eq!((bytes, is_restored), (broken, false));
    }
}

#[test]
fn other_line_ends_of_the_meter_itself_stay() {
    for line_end in ["\n", "\r\r\n", "\n\n"] {
        let body = BODY.replace("\r\n", line_end);
        let sent = format!("{body}{:04X}\n", crc16(body.as_bytes())).into_bytes();
        let received = receive(&mut Intake::new(Policy::Require), &sent);
        assert_eq!(received, (sent, Ok(()), false), "{line_end:?}");
    }
}

#[test]
fn another_algorithm_is_reported_and_goes_together_with_other_line_ends() {
    for algorithm in [Algorithm::X25, Algorithm::X25LowByteFirst] {
        let sent = telegram_by(algorithm, &BODY.replace("/TST5", "/HLY5/D545-METER"));
        for received in [sent.clone(), with_line_ends(&sent, "\n"), with_line_ends(&sent, "\r\r\n")]
        {
            let mut intake = Intake::new(Policy::Require);
            let received = intake.feed(&mut &received[..], Timestamp::default()).unwrap();
            assert_eq!(received.checksum, Checksum::Good(algorithm));
            assert_eq!((received.frame.bytes(), received.verdict), (&sent[..], Ok(())));
        }
    }
}

#[test]
fn a_meter_is_held_to_its_algorithm() {
    for (algorithm, other) in
        [(Algorithm::Arc, Algorithm::X25), (Algorithm::X25LowByteFirst, Algorithm::Arc)]
    {
        let mut intake = Intake::new(Policy::Auto);
        // Once may be chance: that must not lock the meter out.
        for algorithm in [other, algorithm, algorithm] {
            assert_eq!(receive(&mut intake, &telegram_by(algorithm, BODY)).1, Ok(()));
        }
        let verdict = receive(&mut intake, &telegram_by(other, BODY)).1;
        assert!(matches!(verdict, Err(Rejection::Wrong { .. })), "{verdict:?}");
        let new_meter = telegram_by(other, &BODY.replace("TST5", "NEW5"));
        assert_eq!(receive(&mut intake, &new_meter).1, Ok(()), "another meter may have another");
    }
}

#[test]
fn a_telegram_that_is_whole_but_for_its_checksum_differs_from_a_damaged_one() {
    let is_intact = |text: &str| {
        receive(&mut Intake::new(Policy::Auto), text.as_bytes()).1.unwrap_err().is_intact()
    };
    let good = format!("{BODY}1234\r\n");
    assert!(is_intact(&good));
    assert!(is_intact(&good.replace("\r\n", "\n")), "other line ends");
    assert!(is_intact(&good.replace("(30!31)", "()")), "an empty object");
    assert!(is_intact(&good.replace("96.13.0", "99.97.0(2)(1)(1)\r\n(1)\r\n1-0:1.8.0*255")));
    for (part, damaged) in [
        ("/TST5", "/TS\x07T5"),
        ("(00.329*kW)", "(00.329*kW"),
        ("(00.329*kW)", "00.329*kW)"),
        ("(00.329*kW)\r\n", "(00.329*kW)"),
        ("1-0:1.7.0", "1-0_1.7.0"),
        ("0-0:96.1.1(4B/38)", "0-0:96.\x101"),
        ("1234", "12G4"),
        ("1234", "12345"),
    ] {
        assert!(!is_intact(&good.replace(part, damaged)), "{part:?} as {damaged:?}");
    }
    assert!(!is_intact("/TST5\r\n\r\n!1234\r\n"), "no object");
}

/// What programs on the way make of a line end.
const LINE_ENDS: [&str; 7] = ["\r\n", "\n", "\r", "\n\r", "\r\r\n", "\n\n", "\r\n\r\n"];

/// What happens to bytes on the way: nothing, a byte is changed, or some are lost. Positions are in thousandths of
/// the telegram.
#[derive(Clone, Debug)]
enum Damage {
    None,
    Changed(usize, u8),
    Lost(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::None),
        (0..1000usize, 1..=255u8).prop_map(|(at, bits)| Damage::Changed(at, bits)),
        (0..1000usize, 1..40usize).prop_map(|(at, length)| Damage::Lost(at, length)),
    ]
}

/// The text of a telegram up to its `!`, damaged.
fn damaged(text: &str, damage: &Damage) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let place = |at: usize| at * (bytes.len() - 1) / 1000;
    match *damage {
        Damage::None => {}
        Damage::Changed(at, bits) => {
            let at = place(at);
            bytes[at] ^= bits;
        }
        Damage::Lost(at, length) => {
            let at = place(at);
            let end = (at + length).min(bytes.len() - 1);
            bytes.drain(at..end);
        }
    }
    bytes
}

/// Always the same cases: each comparison with a checksum of 16 bits accepts one wrong telegram in 65,536, and four
/// comparisons of each of these may accept one.
#[test]
fn whatever_happens_on_the_way_no_other_telegram_comes_out_than_was_sent() {
    const CASES: u32 = 2000;
    let line = "[01]-[0-4]:[1-9]{1,2}\\.[78]\\.0\\([0-9]{1,6}\\.[0-9]{3}\\*kW\\)";
    let lines = prop::collection::vec(line, 1..12);
    let line_ends = prop::collection::vec(0..LINE_ENDS.len(), 16);
    let case = (lines, any::<bool>(), line_ends, damage(), 0..Algorithm::ALL.len());
    let (as_sent, by_chance) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig::with_cases(CASES);
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, rng)
        .run(&case, |(lines, has_blank_line, line_ends, damage, algorithm)| {
            let blank = has_blank_line.then_some("");
            let all = ["/TST5\\2METER"].into_iter().chain(blank);
            let all: Vec<&str> = all.chain(lines.iter().map(String::as_str)).chain(["!"]).collect();
            let sent = telegram_by(Algorithm::ALL[algorithm], &all.join("\r\n"));
            let digits = &sent[sent.len() - 6..];
            let ends = line_ends.iter().cycle().map(|&at| LINE_ENDS[at]);
            let altered: String =
                all.iter().zip(ends).map(|(line, end)| [line, end].concat()).collect();
            let altered = &altered[..=altered.rfind('!').unwrap()];
            let received = [&damaged(altered, &damage), digits].concat();

            let mut intake = Intake::new(Policy::Auto);
            for _ in 0..2 {
                prop_assert_eq!(receive(&mut intake, &sent).1, Ok(()));
            }
            let (mut rest, mut accepted) = (&received[..], 0);
            while let Some(found) = intake.feed(&mut rest, Timestamp::default()) {
                let is_accepted = found.verdict.is_ok();
                let is_as_sent = found.frame.bytes() == sent;
                by_chance.set(by_chance.get() + usize::from(is_accepted && !is_as_sent));
                accepted += usize::from(is_accepted && is_as_sent);
            }
            if matches!(damage, Damage::None) {
                prop_assert_eq!(accepted, 1, "{}", received.escape_ascii());
            }
            as_sent.set(as_sent.get() + accepted);
            Ok(())
        })
        .unwrap();
    assert!(as_sent.get() > 500 && by_chance.get() <= 1, "{as_sent:?} {by_chance:?}");
}
