//! Where frames begin and end, on good lines and bad ones.

use proptest::prelude::*;

use super::*;
use crate::telegram::parity::tests::add_parity;
use crate::telegram::with_checksum;

const ONE: &[u8] = b"/ONE5\\2A\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!A1B2\r\n";
const TWO: &[u8] = b"/TWO5\\2B\r\n\r\n1-0:2.7.0(00.000*kW)\r\n!\r\n";

/// The frames in `stream` when it is fed in pieces of these lengths (the last one repeats).
fn frames(stream: &[u8], pieces: &[usize]) -> (Vec<Vec<u8>>, Dropped) {
    let (mut framer, mut found) = (Framer::default(), Vec::new());
    let (mut rest, mut lengths) = (stream, pieces.iter().copied());
    let mut length = usize::MAX;
    while !rest.is_empty() {
        length = lengths.next().unwrap_or(length).clamp(1, rest.len());
        let (mut piece, after) = rest.split_at(length);
        while let Some(frame) = framer.feed(&mut piece, Timestamp::default()) {
            found.push(frame.bytes().to_vec());
        }
        rest = after;
    }
    if let Some(frame) = framer.finish(Timestamp::default()) {
        found.push(frame.bytes().to_vec());
    }
    (found, framer.dropped())
}

#[test]
fn a_frame_runs_from_the_slash_to_the_end_of_the_end_line() {
    let stream = [ONE, TWO].concat();
    assert_eq!(frames(&stream, &[]), (vec![ONE.to_vec(), TWO.to_vec()], Dropped::default()));
}

#[test]
fn a_frame_has_a_header_a_body_and_an_end_line() {
    let mut framer = Framer::default();
    let frame = framer.feed(&mut &ONE[..], Timestamp::default()).unwrap();
    assert_eq!(frame.header(), b"/ONE5\\2A");
    assert!(frame.up_to_end_mark().ends_with(b"kW)\r\n!"));
    assert_eq!(frame.after_end_mark(), b"A1B2\r\n");
}

#[test]
fn start_and_end_are_when_their_bytes_came_in() {
    let mut framer = Framer::default();
    assert!(framer.feed(&mut &b"noise/ONE"[..], Timestamp::from_seconds(10)).is_none());
    assert!(framer.feed(&mut &b"5\r\n!A1B2\r"[..], Timestamp::from_seconds(11)).is_none());
    let frame = framer.feed(&mut &b"\n"[..], Timestamp::from_seconds(12)).unwrap();
    assert_eq!((frame.start.seconds(), frame.end.seconds()), (10, 12));
}

#[test]
fn a_stream_that_begins_in_mid_telegram_loses_only_that_one() {
    let stream = [&ONE[9..], TWO].concat();
    let (found, dropped) = frames(&stream, &[]);
    assert_eq!(found, [TWO]);
    assert_eq!((dropped.incomplete, dropped.stray_bytes), (0, ONE.len() as u64 - 9));
}

#[test]
fn a_lost_end_does_not_swallow_the_next_telegram_of_the_meter() {
    for kept in 1..TWO.len() - 2 {
        let stream = [&TWO[..kept], TWO].concat();
        assert_eq!(frames(&stream, &[]).0.last().unwrap(), TWO, "{kept} bytes kept");
    }
}

#[test]
fn a_lost_end_does_not_swallow_the_next_telegram_of_another_meter() {
    // Where both are in the first line, only the same meter proves that it was sent again.
    for kept in (1..5).chain(9..ONE.len() - 1) {
        let stream = [&ONE[..kept], TWO].concat();
        assert_eq!(frames(&stream, &[]).0.last().unwrap(), TWO, "{kept} bytes kept");
    }
}

#[test]
fn several_lost_ends_in_a_row_do_not_swallow_the_telegram_behind_them() {
    let cut = [&TWO[..20], &TWO[..4], &TWO[..7], &TWO[..30], &TWO[..1], &TWO[..13]].concat();
    let (found, dropped) = frames(&[&cut, TWO].concat(), &[]);
    assert_eq!(found, [TWO]);
    assert!(dropped.incomplete > 0);
}

#[test]
fn a_slash_in_mid_line_is_text_where_nothing_proves_that_a_telegram_begins() {
    for lines in [
        "0-0:96.13.0(on/off)\r\n",
        "0-0:96.13.0(Tarifa 1/2)\r\n1-0:1.7.0(1*kW)\r\n",
        "0-0:96.13.0(see ABC/ISK5\\2M550)\r\n1-0:1.7.0(1*kW)\r\n",
        "0-0:96.13.0(gas/water\r\nand heat/cold)\r\n",
        "0-0:96.13.0(a/b and/or\r\n\r\nc)\r\n",
        "0-0:96.13.0(ask foo/ABC5 now\r\nor never)\r\n",
        "0-1:24.2.1(1.2*m3/h)\r\n",
        "volume/time\r\n1-0:1.7.0(1*kW)\r\n",
        "0-0:96.13.0(a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u)\r\n",
        "# 1/2 of it\r\n\r\n1-0:1.7.0(1*kW)\r\n",
    ] {
        let body = format!("/ONE5\\2A\r\n\r\n{lines}!").into_bytes();
        for telegram in [
            with_checksum(&body[..]),
            [&body[..], b"\r\n"].concat(),
            [&body[..], b"FFFF\r\n"].concat(),
        ] {
            let expected = (vec![telegram.clone()], Dropped::default());
            assert_eq!(frames(&telegram, &[]), expected, "{}", telegram.escape_ascii());
        }
    }
}

#[test]
fn a_header_may_have_slashes() {
    for header in [
        "/HLY5/D545-METER",
        "/HLY5//D545",
        "/ISK5/ABC5/2M550",
        "/X/Y",
        "/ISK5\\2/M/5",
        "/NWA-HEAT/METER",
    ] {
        let body = format!("{header}\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!").into_bytes();
        for telegram in [
            with_checksum(&body[..]),
            [&body[..], b"\r\n"].concat(),
            [&body[..], b"FFFF\r\n"].concat(),
        ] {
            let expected = (vec![telegram.clone()], Dropped::default());
            assert_eq!(frames(&telegram, &[]), expected, "{header}");
        }
    }
}

#[test]
fn a_cut_header_with_a_slash_is_found_again() {
    let telegram = b"/HLY5/D545-METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!\r\n";
    for kept in 1..telegram.len() - 2 {
        let stream = [&telegram[..kept], telegram].concat();
        assert_eq!(frames(&stream, &[]).0.last().unwrap(), telegram, "{kept} bytes kept");
    }
}

#[test]
fn a_checksum_proves_a_header_that_looks_like_no_other() {
    let proven = with_checksum(b"/heat meter 7\r\nnothing\r\n1-0:1.7.0(1*kW)\r\n!");
    for before in [&TWO[..20], b"/noise ", b"/\x03\xFF"] {
        let (found, dropped) = frames(&[before, &proven].concat(), &[]);
        assert_eq!((found, dropped.incomplete), (vec![proven.clone()], 1), "{before:?}");
    }
}

#[test]
fn a_slash_in_a_text_behind_a_lost_end_is_text() {
    let proven = with_checksum(b"/ONE5\r\n\r\n0-0:96.13.0(on/off/on)\r\n!");
    let (found, dropped) = frames(&[&TWO[..20], &proven].concat(), &[]);
    assert_eq!((found, dropped.incomplete), (vec![proven], 1));
}

#[test]
fn header_and_telegram_agree_about_the_first_line() {
    for line_end in ["\r\n", "\n", "\r"] {
        let telegram = format!("/ONE5{line_end}0-0:96.1.1(4B)\r\n!\r\n").into_bytes();
        let mut framer = Framer::default();
        let frame = framer.feed(&mut &telegram[..], Timestamp::default()).unwrap();
        let parsed = crate::telegram::Telegram::parse(frame.bytes());
        assert_eq!((frame.header(), parsed.header), (&b"/ONE5"[..], &b"/ONE5"[..]));
        assert_eq!(parsed.objects.len(), 1, "{line_end:?}");
    }
}

#[test]
fn lines_may_end_with_cr_alone() {
    let with_cr =
        |text: &[u8]| text.iter().copied().filter(|&byte| byte != b'\n').collect::<Vec<_>>();
    let (one, two) = (with_cr(ONE), with_cr(TWO));
    let stream = [&one[..], &two, &one[..20], &two].concat();
    let (found, dropped) = frames(&stream, &[]);
    assert_eq!((found, dropped.incomplete), (vec![one, two.clone(), two], 1));
    assert_eq!(frames(&add_parity(&with_cr(TWO)), &[]).0, [with_cr(TWO)]);
}

#[test]
fn parity_bits_are_recognised_and_removed() {
    let mut framer = Framer::default();
    let stream = [&add_parity(ONE)[10..], &add_parity(TWO), &add_parity(ONE)].concat();
    let mut rest = &stream[..];
    for expected in [TWO, ONE] {
        let frame = framer.feed(&mut rest, Timestamp::default()).unwrap();
        assert_eq!((frame.bytes(), frame.parity()), (expected, Parity::Right));
    }
    let dropped = Dropped { stray_bytes: ONE.len() as u64 - 10, ..Dropped::default() };
    assert_eq!(framer.dropped(), dropped);
    let frame = framer.feed(&mut &ONE[..], Timestamp::default()).unwrap();
    assert_eq!((frame.bytes(), frame.parity()), (ONE, Parity::None));
}

#[test]
fn a_wrong_parity_bit_is_reported() {
    let mut bytes = add_parity(TWO);
    bytes[12] ^= 0x80;
    let mut framer = Framer::default();
    let frame = framer.feed(&mut &bytes[..], Timestamp::default()).unwrap();
    assert_eq!((frame.bytes(), frame.parity()), (TWO, Parity::Wrong));
}

#[test]
fn eight_bits_of_data_stay_eight_bits() {
    let telegram = b"/ONE5\r\n\r\n0-0:96.13.0(\xAF\xFF\xFF)\r\n!A1B2\r\n";
    assert_eq!(frames(telegram, &[]).0, [telegram]);
    let noisy = [b"\xAF\xFE", &telegram[..]].concat();
    let (found, dropped) = frames(&noisy, &[]);
    assert_eq!((found, dropped.stray_bytes), (vec![telegram.to_vec()], 2));
}

#[test]
fn a_stray_slash_of_either_kind_costs_no_telegram_of_the_other() {
    let with_parity = add_parity(TWO);
    for (stream, expected) in
        [([b"/noise", &with_parity[..]].concat(), TWO), ([b"\xAFnoise", ONE].concat(), ONE)]
    {
        let (found, _) = frames(&stream, &[]);
        assert_eq!(found, [expected], "{}", stream.escape_ascii());
    }
}

#[test]
fn an_end_line_without_line_end_ends_at_the_next_slash_or_with_the_stream() {
    let cut = &ONE[..ONE.len() - 2];
    assert_eq!(frames(&[cut, TWO].concat(), &[]).0, [cut, TWO]);
    assert_eq!(frames(cut, &[]).0, [cut]);
}

#[test]
fn an_exclamation_mark_in_mid_line_is_text() {
    let telegram = b"/ONE5\r\n\r\n0-0:96.13.0(hello!)\r\n!A1B2\r\n";
    assert_eq!(frames(telegram, &[]).0, [telegram]);
}

#[test]
fn a_frame_without_end_is_dropped_at_the_limit_and_memory_stays_bounded() {
    let mut framer = Framer::default();
    let junk = [b'x'; 1000];
    let mut first: &[u8] = b"/";
    assert!(framer.feed(&mut first, Timestamp::default()).is_none());
    for _ in 0..10_000 {
        assert!(framer.feed(&mut &junk[..], Timestamp::default()).is_none());
        assert!(framer.buffer.capacity() <= 2 * MAX_FRAME);
    }
    assert_eq!(framer.dropped().oversize, 1);
    assert_eq!(framer.feed(&mut &TWO[..], Timestamp::default()).unwrap().bytes(), TWO);
}

#[test]
fn a_telegram_behind_noise_that_exceeds_the_limit_is_found_at_its_slash() {
    let noise = [&b"/"[..], &vec![b'x'; MAX_FRAME - 20]].concat();
    let (found, dropped) = frames(&[&noise, TWO, ONE].concat(), &[]);
    assert_eq!((found, dropped.oversize), (vec![TWO.to_vec(), ONE.to_vec()], 1));
}

#[test]
fn an_end_line_that_goes_on_is_no_end_line() {
    let stream = [&b"/ONE5\r\n!A1B2 and then some more noise\r\n"[..], TWO].concat();
    let (found, dropped) = frames(&stream, &[]);
    assert_eq!((found, dropped.incomplete), (vec![TWO.to_vec()], 1));
}

proptest! {
    #[test]
    fn any_split_of_the_bytes_gives_the_same_frames(
        noise in proptest::collection::vec(prop_oneof![Just(b'/'), Just(b'!'), Just(b'\n'), any::<u8>()], 0..200),
        pieces in proptest::collection::vec(1usize..40, 1..20),
    ) {
        let stream = [&noise, ONE, &noise, TWO].concat();
        let whole = frames(&stream, &[]);
        prop_assert_eq!(&frames(&stream, &pieces), &whole);
        prop_assert_eq!(whole.0.last().unwrap(), TWO);
    }
}

proptest! {
    #[test]
    fn slashes_in_texts_cut_no_telegram(
        texts in proptest::collection::vec("[A-Za-z0-9 /.!]{0,30}", 0..6),
        checksum in prop_oneof![Just(""), Just("FFFF")],
    ) {
        let lines = texts.iter().map(|text| format!("0-0:96.13.0({text})\r\n"));
        let lines = lines.collect::<Vec<_>>().concat();
        let telegram = format!("/ONE5\\2A\r\n\r\n{lines}!{checksum}\r\n").into_bytes();
        prop_assert_eq!(frames(&telegram, &[]), (vec![telegram], Dropped::default()));
    }
}
