use super::super::ciphering::Sealer;
use super::super::keys::Key;
use super::*;

const EK: Key = Key::new(*b"0123456789abcdef");
const AK: Key = Key::new(*b"fedcba9876543210");
const OTHER: Key = Key::new([5; 16]);
const TITLE: [u8; 8] = *b"TST\x01\x02\x03\x04\x05";
const KEYS: Keys = Keys { decryption: EK, authentication: Some(AK) };

/// A telegram that takes a length of two bytes in its frame.
fn telegram(number: u32) -> Vec<u8> {
    let lines = format!("1-0:1.8.0({number:09}*Wh)\r\n").repeat(9);
    let body = format!("/TST5\\METER\r\n\r\n{lines}!");
    format!("{body}{:04X}\r\n", checksum::arc(body.as_bytes())).into_bytes()
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
    telegrams: Vec<(Vec<u8>, u64, Authenticity)>,
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

/// Feeds pieces, the clock of which is their number; then the line is silent.
fn feed<'a>(decoder: &mut Decoder<u64>, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let (mut outcome, mut now) = (Outcome::default(), 0);
    for mut piece in pieces {
        while let Some(event) = decoder.feed(&mut piece, now) {
            outcome.add(event);
        }
        assert!(piece.is_empty() && decoder.pending() <= MAX_PENDING);
        now += 1;
    }
    while let Some(event) = decoder.finish(now) {
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
fn plain_bytes_that_were_kept_have_the_time_of_the_first_one() {
    let mut decoder = decoder(Some(KEYS));
    assert_eq!(decoder.feed(&mut &b"\xDB\x08TST"[..], 5), None);
    let event = decoder.feed(&mut &b"\x01\x02\x03\x04\x05\xFF/TST5"[..], 6);
    assert_eq!(
        event,
        Some(Event::Plain { bytes: b"\xDB\x08TST\x01\x02\x03\x04\x05\xFF/TST5", time: 5 })
    );
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
                && outcome.telegrams.iter().all(|t| t.2 == Authenticity::Verified)
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
    assert_eq!(decoded(keys(EK, None), &frame(1)).telegrams[0].2, Authenticity::Unverified);
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
fn a_counter_may_do_anything_and_its_return_is_reported() {
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
}

/// A telegram as Polish meters send it; its lines have all bytes of the frame's own marks.
fn polish(lines: &str) -> Vec<u8> {
    let mut telegram = b"/EGM5G35\r\n\r\n".to_vec();
    Sealer { title: None, ..sealer() }.seal(lines.as_bytes(), 0, &mut telegram);
    telegram.push(b'!');
    let checksum = checksum::x25(&telegram).swap_bytes();
    telegram.extend(format!("{checksum:04X}\r\n").into_bytes());
    telegram
}

#[test]
fn the_lines_of_a_polish_telegram_come_between_its_first_line_and_an_end_of_ours() {
    let lines = "0-0:1.0.0(260410150553S)\r\n1-0:1.8.0(012345.035*kWh)\r\n".repeat(5);
    let sent = polish(&lines);
    let body = format!("/EGM5G35\r\n\r\n{lines}!");
    let expected = format!("{body}{:04X}\r\n", checksum::arc(body.as_bytes())).into_bytes();
    for authentication in [Some(AK), None, Some(OTHER)] {
        for size in [1, 7, 64, 1000] {
            let mut decoder = decoder(Some(Keys { decryption: EK, authentication }));
            let outcome = feed(&mut decoder, [&sent[..], &sent].concat().chunks(size));
            let all = [&outcome.plain[..], &outcome.texts()].concat();
            let header = &expected[..12];
            assert_eq!(all, [header, header, &expected[12..], &expected[12..]].concat(), "{size}");
            let is_verified = outcome.telegrams[0].2 == Authenticity::Verified;
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
        assert!(decoder.pending.capacity() <= 2 * MAX_PENDING);
    }
    // Heads of frames that never end.
    for _ in 0..2000 {
        let mut input = &b"\xDB\x08TST\x01\x02\x03\x04\x05\x82\x3F\x00\x30\0\0\0\x01"[..];
        while let Some(event) = decoder.feed(&mut input, 0) {
            assert!(!matches!(event, Event::Telegram(_)));
        }
        assert!(decoder.pending.capacity() <= 2 * MAX_PENDING && decoder.candidates.len() < 2000);
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
    assert_eq!(decoded(Some(without), &stream).telegrams[0].2, Authenticity::Unverified);
}
