//! The frames that a decoder finds, whole, damaged and in pieces; never how a program logs them.

use super::super::ciphering::Sealer;
use super::super::keys::Key;
use super::super::opener::Authenticity;
use super::super::pending::MAX_PENDING;
use super::super::{hdlc, mbus};
use super::*;
use crate::telegram::{crc16_x25, with_checksum};

const EK: Key = Key::new(*b"0123456789abcdef");
const AK: Key = Key::new(*b"fedcba9876543210");
const OTHER: Key = Key::new([5; 16]);
const TITLE: [u8; 8] = *b"TST\x01\x02\x03\x04\x05";
const KEYS: Keys = Keys { decryption: EK, authentication: Some(AK) };

/// A telegram that takes a length of two bytes in its frame.
fn telegram(number: u32) -> Vec<u8> {
    let lines = format!("1-0:1.8.0({number:09}*Wh)\r\n").repeat(9);
    with_checksum(format!("/TST5\\METER\r\n\r\n{lines}!"))
}

fn sealer() -> Sealer {
    Sealer { title: Some(TITLE), control: 0x30, decryption: EK, authentication: AK }
}

fn frame_of(sealer: Sealer, number: u32) -> Vec<u8> {
    let mut frame = Vec::new();
    sealer.seal(&telegram(number), number, &mut frame);
    frame
}

fn frame(number: u32) -> Vec<u8> {
    frame_of(sealer(), number)
}

/// What came of some bytes.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    /// Telegrams, and when their first byte came in.
    telegrams: Vec<(Vec<u8>, u64, Option<Authenticity>)>,
    plain: Vec<u8>,
    refused: Vec<Refused>,
}

impl Outcome {
    fn add(&mut self, event: Event<'_, u64>) {
        match event {
            Event::Plain { bytes, .. } => self.plain.extend_from_slice(bytes),
            Event::Telegram(Opened { text, start, authenticity, .. }) => {
                self.telegrams.push((text.to_vec(), start, authenticity));
            }
            Event::Refused(refused) => self.refused.push(refused),
        }
    }

    fn texts(&self) -> Vec<u8> {
        self.telegrams.iter().flat_map(|(text, ..)| text.clone()).collect()
    }
}

fn decoder(keys: Option<Keys>) -> Decoder<u64> {
    let mut decoder = Decoder::default();
    decoder.set_keys(keys);
    decoder
}

/// Feeds pieces, each at the time of its number; then the line is silent.
fn feed<'a>(decoder: &mut Decoder<u64>, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let (mut outcome, mut now) = (Outcome::default(), 0);
    for mut piece in pieces {
        while let Some(event) = decoder.feed(&mut piece, now) {
            outcome.add(event);
        }
        assert!(piece.is_empty() && decoder.pending() <= MAX_PENDING);
        now += 1;
    }
    while let Some(event) = decoder.finish() {
        outcome.add(event);
    }
    assert_eq!(decoder.pending(), 0);
    outcome
}

fn decoded(keys: Option<Keys>, bytes: &[u8]) -> Outcome {
    feed(&mut decoder(keys), [bytes])
}

fn reasons(outcome: &Outcome) -> Vec<(Refusal, Fit)> {
    outcome.refused.iter().map(|refused| (refused.reason, refused.fit)).collect()
}

#[test]
fn plain_bytes_pass_untouched_with_and_without_a_key() {
    let noise: Vec<u8> =
        (0..30_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
    let plain = [
        &telegram(1)[..],
        &noise,
        b"\xDB",
        &telegram(2),
        b"\xDB\x08TST",
        &telegram(3),
        b"\0\x82\xDB\x08",
    ]
    .concat();
    for keys in [None, Some(KEYS)] {
        for size in [1, 7, 64, 100_000] {
            let outcome = feed(&mut decoder(keys), plain.chunks(size));
            assert!(outcome.plain == plain && outcome.refused.is_empty(), "{size}");
        }
    }
}

#[test]
fn plain_bytes_that_were_kept_have_the_time_at_which_they_came() {
    let mut decoder = decoder(Some(KEYS));
    assert_eq!(decoder.feed(&mut &b"\xDB\x08TST"[..], 5), None);
    let mut rest = &b"\x01\x02\x03\x04\x05\xFF/TST5"[..];
    let event = decoder.feed(&mut rest, 6);
    assert_eq!(event, Some(Event::Plain { bytes: b"\xDB\x08TST", time: 5 }));
    let event = decoder.feed(&mut rest, 6);
    assert_eq!(event, Some(Event::Plain { bytes: b"\x01\x02\x03\x04\x05\xFF/TST5", time: 6 }));
    assert_eq!(decoder.feed(&mut rest, 6), None);
    // The end of a unit, in front of a piece with the end of a telegram.
    let mut rest = &b"1-0:1.7.0(1*kWh"[..];
    assert!(matches!(decoder.feed(&mut rest, 7), Some(Event::Plain { time: 7, .. })));
    assert_eq!(decoder.feed(&mut rest, 7), None);
    let mut rest = &b")\r\n!\r\n"[..];
    assert_eq!(decoder.feed(&mut rest, 8), Some(Event::Plain { bytes: b"h", time: 7 }));
    assert_eq!(decoder.feed(&mut rest, 8), Some(Event::Plain { bytes: b")\r\n!\r\n", time: 8 }));
}

#[test]
fn telegrams_come_out_whole_however_the_bytes_are_cut_with_the_time_of_their_first_byte() {
    let stream = [frame(1), telegram(2), frame(3), frame(4)].concat();
    let expected = [1, 3, 4].map(telegram).concat();
    for size in (1..20).chain([64, 100, 400]) {
        let outcome = feed(&mut decoder(Some(KEYS)), stream.chunks(size));
        assert!(outcome.texts() == expected && outcome.plain == telegram(2), "{size}");
        let start = frame(1).len() + telegram(2).len();
        assert_eq!(outcome.telegrams[1].1, (start / size) as u64, "{size}");
        assert!(
            outcome.refused.is_empty()
                && outcome.telegrams.iter().all(|t| t.2 == Some(Authenticity::Verified))
        );
    }
}

/// Noise with `DB 08`, the tail of a frame, a changed bit, lost bytes, a frame that was cut.
fn damaged_stream() -> (Vec<u8>, Vec<u8>) {
    let mut flipped = frame(2);
    flipped[100] ^= 1;
    let lost = [&frame(3)[..100], &frame(3)[140..]].concat();
    let stream = [
        b"\xDB\x08noise\xDB\x08TST\0\0\0\0\0\x82\x01\xF2",
        &frame(0)[90..],
        &frame(1),
        &flipped,
        &lost,
        &frame(4),
        &frame(5),
        &frame(6)[..100],
        &frame(7),
    ]
    .concat();
    (stream, [1, 4, 5, 7].map(telegram).concat())
}

#[test]
fn a_damaged_frame_costs_no_other_one_wherever_the_stream_is_cut() {
    let (stream, expected) = damaged_stream();
    for at in 0..stream.len() {
        let outcome = feed(&mut decoder(Some(KEYS)), [&stream[..at], &stream[at..]]);
        assert!(outcome.texts() == expected, "{at}");
    }
    for size in [1, 7, 64] {
        let mut decoder = decoder(Some(KEYS));
        let outcome = feed(&mut decoder, stream.chunks(size));
        assert!(outcome.texts() == expected, "{size}");
        let counts = decoder.counts();
        assert_eq!((counts.decrypted, counts.frames), (4, 7), "{counts:?}");
        assert_eq!(counts.bad_tag + counts.incomplete, 3, "{counts:?}");
    }
}

#[test]
fn a_length_that_is_damaged_does_not_delay_the_next_frame() {
    for head in [
        &b"\xDB\x08TST\x01\x02\x03\x04\x05\x82\x3F\x00\x30\0\0\0\x01"[..],
        b"\xDB\x00\x82\xFF\xFF",
        b"\xDB\x08\x82\xFF\xFF",
        b"\xDB\x08TST\x01\x02\x03\x04\x05\x82\x3F",
    ] {
        let mut decoder = decoder(Some(KEYS));
        let stream = [head, &frame(1)].concat();
        let mut outcome = Outcome::default();
        // The line is not silent: all must be there with the last byte of the frame.
        let mut input = &stream[..];
        while let Some(event) = decoder.feed(&mut input, 0) {
            outcome.add(event);
        }
        assert!(outcome.texts() == telegram(1), "{head:02X?}");
    }
}

#[test]
fn what_seems_to_begin_in_front_of_a_frame_does_not_hide_it() {
    for noise in [
        &b"hhhhhhhhv\0\0\0\0\0\0hhhv\0\0\0\0\0\0\0hhh\0\0\0hh\0hhh\0\0\0hhh\0"[..],
        b"hhhh",
        b"\x68\0\0\x68",
        b"~\xA2~\xA2hh~\xA2\xCD\x9B\0",
        b"~\xA2\xCD\x9B\0",
        b"\0",
    ] {
        let outcome = decoded(Some(KEYS), &[noise, &frame(1)].concat());
        assert_eq!(outcome.texts(), telegram(1), "{noise:02X?}");
    }
}

#[test]
fn silence_ends_an_incomplete_frame() {
    let mut decoder = decoder(Some(KEYS));
    let outcome = feed(&mut decoder, [&frame(1)[..200]]);
    assert_eq!(reasons(&outcome), [(Refusal::Undecipherable, Fit::Shorter)]);
    assert_eq!(outcome.plain, &frame(1)[..200]);
    assert_eq!(feed(&mut decoder, [&frame(2)[..]]).texts(), telegram(2));
}

#[test]
fn without_a_key_each_frame_is_reported_and_nothing_of_it_passes() {
    let stream = [frame(1), telegram(2), frame(3)].concat();
    for size in [1, 64, 10_000] {
        let outcome = feed(&mut decoder(None), stream.chunks(size));
        assert!(outcome.refused.iter().all(|refused| refused.reason == Refusal::NoKey));
        assert_eq!(outcome.refused.len(), 2);
        assert!(outcome.plain == telegram(2) && outcome.telegrams.is_empty());
        assert_eq!(outcome.refused[0].title, TITLE);
    }
}

#[test]
fn a_wrong_key_gives_nothing_and_says_of_each_frame_how_it_fits_to_its_length() {
    let keys = |decryption, authentication| Some(Keys { decryption, authentication });
    let whole = [frame(1), frame(2)].concat();
    for keys in [keys(OTHER, Some(AK)), keys(OTHER, None)] {
        let outcome = decoded(keys, &whole);
        assert_eq!(reasons(&outcome), [(Refusal::Undecipherable, Fit::Whole); 2]);
        assert!(outcome.telegrams.is_empty());
    }
    assert_eq!(
        reasons(&decoded(keys(AK, Some(EK)), &frame(1))),
        [(Refusal::KeysSwapped, Fit::Whole)]
    );
    let wrong = Refusal::WrongAuthenticationKey { is_luxembourg: false };
    assert_eq!(reasons(&decoded(keys(EK, Some(OTHER)), &frame(1))), [(wrong, Fit::Whole)]);
    assert_eq!(decoded(keys(EK, None), &frame(1)).telegrams[0].2, Some(Authenticity::Unverified));
}

#[test]
fn a_telnet_adapter_that_doubles_bytes_makes_frames_longer() {
    let doubled: Vec<u8> =
        frame(1).iter().flat_map(|&byte| vec![byte; 1 + usize::from(byte == 0xFF)]).collect();
    assert!(doubled.len() > frame(1).len(), "the frame has such a byte");
    let outcome = decoded(Some(KEYS), &doubled);
    assert_eq!(reasons(&outcome), [(Refusal::Undecipherable, Fit::Longer)]);
}

#[test]
fn a_counter_may_do_anything_and_its_return_is_reported_and_counted() {
    let mut decoder = decoder(Some(KEYS));
    for (counter, expected) in
        [(5, false), (5, false), (u32::MAX, false), (0, true), (7, false), (6, true)]
    {
        let mut frame = Vec::new();
        sealer().seal(&telegram(1), counter, &mut frame);
        let event = decoder.feed(&mut &frame[..], 0);
        let Some(Event::Telegram(Opened { is_counter_lower, .. })) = event else { panic!() };
        assert_eq!(is_counter_lower, expected, "{counter}");
    }
    assert_eq!(decoder.counts().resets, 2);
}

/// A telegram as Polish meters send it; its lines have all bytes of the frame's own marks.
fn polish(lines: &str) -> Vec<u8> {
    let mut telegram = b"/EGM5G35\r\n\r\n".to_vec();
    Sealer { title: None, ..sealer() }.seal(lines.as_bytes(), 0, &mut telegram);
    telegram.push(b'!');
    let checksum = crc16_x25(&telegram).swap_bytes();
    telegram.extend(format!("{checksum:04X}\r\n").into_bytes());
    telegram
}

#[test]
fn the_lines_of_a_polish_telegram_come_between_its_first_line_and_an_end_of_ours() {
    let lines = "0-0:1.0.0(260410150553S)\r\n1-0:1.8.0(012345.035*kWh)\r\n".repeat(5);
    let sent = polish(&lines);
    let body = format!("/EGM5G35\r\n\r\n{lines}!");
    let expected = with_checksum(body);
    for authentication in [Some(AK), None, Some(OTHER)] {
        for size in [1, 7, 64, 1000] {
            let mut decoder = decoder(Some(Keys { decryption: EK, authentication }));
            let outcome = feed(&mut decoder, [&sent[..], &sent].concat().chunks(size));
            let all = [&outcome.plain[..], &outcome.texts()].concat();
            let header = &expected[..12];
            assert_eq!(all, [header, header, &expected[12..], &expected[12..]].concat(), "{size}");
            let is_verified = outcome.telegrams[0].2 == Some(Authenticity::Verified);
            assert_eq!(is_verified, authentication == Some(AK));
        }
    }
}

#[test]
fn a_polish_telegram_that_is_damaged_is_none_and_without_a_key_only_its_first_line_passes() {
    let sent = polish(&"1-0:1.8.0(012345.035*kWh)\r\n".repeat(6));
    let outcome = decoded(None, &sent);
    assert_eq!(reasons(&outcome), [(Refusal::NoKey, Fit::Whole)]);
    assert_eq!(outcome.plain, b"/EGM5G35\r\n\r\n");
    let outcome = decoded(Some(Keys { decryption: OTHER, authentication: None }), &sent);
    assert_eq!(reasons(&outcome), [(Refusal::Undecipherable, Fit::Whole)]);
    for at in 0..sent.len() - 2 {
        let mut damaged = sent.clone();
        damaged[at] ^= 1;
        let outcome = decoded(Some(KEYS), &damaged);
        assert!(outcome.telegrams.is_empty() && outcome.plain == damaged, "{at}");
    }
}

#[test]
fn random_bytes_give_nothing_in_bounded_memory() {
    let mut state = 1u64;
    let mut decoder = decoder(Some(KEYS));
    let mut block = vec![0; 4096];
    for _ in 0..64 {
        for byte in &mut block {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = state.to_be_bytes()[0];
        }
        let mut input = &block[..];
        while let Some(event) = decoder.feed(&mut input, 0) {
            assert!(matches!(event, Event::Plain { .. }));
        }
        assert!(decoder.pending.sizes().0 <= 2 * MAX_PENDING);
    }
    // Heads of frames that never end.
    for _ in 0..2000 {
        let mut input = &b"\xDB\x08TST\x01\x02\x03\x04\x05\x82\x3F\x00\x30\0\0\0\x01"[..];
        while let Some(event) = decoder.feed(&mut input, 0) {
            assert!(!matches!(event, Event::Telegram(_)));
        }
        let (capacity, candidates) = decoder.pending.sizes();
        assert!(capacity <= 2 * MAX_PENDING && candidates < 2000);
    }
}

/// A vector of the folder of published frames: its bytes, its keys, what should come of it.
fn vector(name: &str) -> (Vec<u8>, Keys, Vec<u8>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/telegrams/encrypted/vectors");
    let read = |kind| std::fs::read(format!("{folder}/{name}.{kind}")).unwrap();
    let bytes = |digits: &[u8]| -> Vec<u8> {
        let digits: Vec<u32> =
            digits.iter().filter_map(|&digit| char::from(digit).to_digit(16)).collect();
        digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    };
    let text = String::from_utf8(read("key")).unwrap();
    let key = |which| {
        let value = text.lines().find_map(|line| line.strip_prefix(which)).map(str::trim);
        value
            .filter(|value| *value != "-")
            .map(|value| Key::new(bytes(value.as_bytes()).try_into().unwrap()))
    };
    let decryption = key("ek ").unwrap_or(OTHER);
    (bytes(&read("hex")), Keys { decryption, authentication: key("ak ") }, read("expected"))
}

#[test]
#[ignore = "needs ../shared"]
fn published_telegrams_give_the_expected_text_however_they_are_cut() {
    for name in [
        "lu-p1-smarty",
        "at-p1-sagemcom-t210dr",
        "at-p1-sagemcom-stream",
        "at-p1-sagemcom-tag-wrong",
        "at-p1-sagemcom-keys-swapped",
        "pl-p1-elgama",
    ] {
        let (stream, keys, expected) = vector(name);
        for size in [1, 7, 64, stream.len()] {
            let outcome = feed(&mut decoder(Some(keys)), stream.chunks(size));
            let mut text = outcome.texts();
            if name == "pl-p1-elgama" {
                text = [&outcome.plain[..], &text[..text.len() - 6]].concat();
            }
            assert!(text == expected, "{name} in pieces of {size}");
        }
    }
    let (stream, keys, _) = vector("at-p1-sagemcom-keys-swapped");
    assert_eq!(reasons(&decoded(Some(keys), &stream)), [(Refusal::KeysSwapped, Fit::Whole)]);
    let (stream, keys, _) = vector("at-p1-sagemcom-tag-wrong");
    let without = Keys { authentication: None, ..keys };
    assert_eq!(decoded(Some(without), &stream).telegrams[0].2, Some(Authenticity::Unverified));
}

/// The push of a meter, and the telegram that is composed of it.
fn push() -> (Vec<u8>, String) {
    let mut push =
        b"\x0F\0\0\0\x01\x0C\x07\xE5\x09\x1B\x01\x09\x2F\x0F\x00\xFF\x88\x80\x02\x0F".to_vec();
    for code in 1..=4 {
        push.extend([9, 6, 1, 0, code, 8, 0, 255, 6, 0, 0, 0x32, 0x89, 2, 2, 15, 0, 0x16, 30]);
    }
    push.extend(b"\x09\x06\x01\x00\x20\x07\x00\xFF\x12\x09\x21\x02\x02\x0F\xFF\x16\x23");
    // The elements of the list: five of three each.
    let lines =
        (1..=4).map(|code| format!("1-0:{code}.8.0(12937*Wh)\r\n")).collect::<Vec<_>>().concat();
    let text = format!("0-0:1.0.0(07E5091B01092F0F00FF8880)\r\n{lines}1-0:32.7.0(233.7*V)\r\n!");
    (push, text)
}

/// A telegram with this first line.
fn composed(header: &str, text: &str) -> Vec<u8> {
    with_checksum(format!("{header}\r\n\r\n{text}"))
}

#[test]
fn a_push_in_hdlc_or_mbus_frames_becomes_the_text_of_a_telegram() {
    let (push, text) = push();
    let mut frame = Vec::new();
    Sealer { title: Some(*b"ISk\x01\x02\x03\x04\x05"), ..sealer() }.seal(&push, 1, &mut frame);
    let block = |control, number, data: &[u8]| {
        [&[0xE0, control, 0, number, 0, 0, u8::try_from(data.len()).unwrap()], data].concat()
    };
    let (one, two) = frame.split_at(100);
    let with_llc = |data: &[u8]| [b"\xE6\xE7\x00", data].concat();
    let hdlc = [hdlc::frame_of(&with_llc(one), true), hdlc::frame_of(two, false)].concat();
    let blocks = [
        hdlc::frame_of(&with_llc(&block(0x40, 1, one)), false),
        hdlc::frame_of(&block(0xC0, 2, two), false),
    ]
    .concat();
    let mbus = [mbus::frame_of(0x00, one), mbus::frame_of(0x11, two)].concat();
    let plain = hdlc::frame_of(&with_llc(&push), false);
    let verified = Some(Authenticity::Verified);
    for (frames, header, authenticity) in [
        (hdlc, "/ISK5", verified),
        (blocks, "/ISK5", verified),
        (mbus, "/ISK5", verified),
        (plain, "/DLM5", None),
    ] {
        let mut damaged = frames.clone();
        damaged[30] ^= 1;
        let stream =
            [b"noise", &frames[..], &damaged, &telegram(1), &frames, &frames[..40]].concat();
        for size in [1, 7, 64, 10_000] {
            let outcome = feed(&mut decoder(Some(KEYS)), stream.chunks(size));
            let expected = composed(header, &text);
            assert_eq!(outcome.telegrams.len(), 2, "{header} {size} {:?}", outcome.refused);
            for (found, _, found_authenticity) in &outcome.telegrams {
                assert_eq!((&expected, authenticity), (found, *found_authenticity));
            }
            assert_eq!(outcome.telegrams[0].1, (5 / size) as u64);
        }
    }
}

#[test]
fn a_push_behind_what_only_looks_like_an_encrypted_frame_is_found_without_a_key_however_it_is_cut()
{
    let (push, text) = push();
    let frame = hdlc::frame_of(&[b"\xE6\xE7\x00", &push[..]].concat(), false);
    let head = b"\xDB\x08TST\x01\x02\x03\x04\x05\x82\x01\x80\x30\0\0\0\x01";
    let stream = [&head[..], &frame, &frame, &frame].concat();
    for size in [1, 64, 10_000] {
        let outcome = feed(&mut decoder(None), stream.chunks(size));
        assert_eq!(outcome.telegrams.len(), 3, "{size}");
        assert_eq!(outcome.texts(), composed("/DLM5", &text).repeat(3));
    }
}

#[test]
fn a_push_that_is_encrypted_is_named_without_a_key_and_one_that_is_not_known_is_reported() {
    let (push, _) = push();
    let mut frame = Vec::new();
    sealer().seal(&push, 1, &mut frame);
    let outcome = decoded(None, &mbus::frame_of(0x10, &frame));
    assert_eq!(reasons(&outcome), [(Refusal::NoKey, Fit::Whole)]);
    let wrong = Some(Keys { decryption: OTHER, authentication: None });
    let outcome = decoded(wrong, &mbus::frame_of(0x10, &frame));
    assert_eq!(reasons(&outcome), [(Refusal::Undecipherable, Fit::Whole)]);
    let outcome = decoded(None, &mbus::frame_of(0x10, b"\x0F\0\0\0\0\0\x02\x01\0"));
    assert_eq!(reasons(&outcome), [(Refusal::UnknownContent, Fit::Whole)]);
}

/// What a vector expects of a push, as the lines of a telegram: values with their units where it has them.
fn expected_lines(expected: &str) -> Vec<(String, String, String)> {
    let fields = expected.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let readings = fields.filter(|fields| fields.len() == 3 && fields[0].contains(':'));
    let lines = readings.map(|fields| {
        let code = fields[0].split(' ').next().unwrap();
        let code = code.strip_suffix(".255").unwrap_or(code);
        (code.to_owned(), fields[1].to_owned(), fields[2].to_owned())
    });
    lines.collect()
}

#[test]
#[ignore = "needs ../shared"]
fn published_pushes_give_the_expected_readings_however_they_are_cut() {
    for name in [
        "at-mbus-kaifa-netznoe",
        "at-mbus-kaifa-tinetz-suite1",
        "at-mbus-sagemcom-t210d",
        "at-hdlc-siemens-im350",
        "at-hdlc-iskra-am550",
        "at-hdlc-wien-am550",
        "at-hdlc-lgz-e450-gbt",
        "at-hdlc-lgz-e450-burgenland",
        "ch-hdlc-lgz-e570-pushlist",
        "ch-hdlc-iskra-am550-plain",
        "dk-hdlc-kamstrup",
        "no-hdlc-kaifa-plain",
    ] {
        let (stream, keys, expected) = vector(name);
        let whole = decoded(Some(keys), &stream);
        for size in [1, 7, 64] {
            let outcome = feed(&mut decoder(Some(keys)), stream.chunks(size));
            assert!(outcome.texts() == whole.texts() && outcome.refused == whole.refused, "{name}");
        }
        let text = String::from_utf8(whole.texts()).unwrap();
        let (mut values, mut missing) = (0, Vec::new());
        for (code, value, unit) in expected_lines(&String::from_utf8(expected).unwrap()) {
            if value.parse::<f64>().is_err() {
                continue;
            }
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("{code}(")));
            let Some((found, found_unit)) = line.map(|line| {
                let line = line.strip_suffix(')').unwrap();
                line.split_once('*').unwrap_or((line, ""))
            }) else {
                missing.push(code);
                continue;
            };
            // Where the vector has no unit, its numbers are not scaled.
            let unscaled = found.replace('.', "");
            let is_same = match &*unit {
                "" => value == found || value == unscaled.trim_start_matches('0') || value == "0",
                _ => (&*value, &*unit) == (found, found_unit),
            };
            assert!(is_same, "{name} {code}: {found} {found_unit}, not {value} {unit}");
            values += 1;
        }
        assert!(missing.is_empty() && values >= 6, "{name}: {missing:?}");
    }
}
