//! Where frames begin and end, on good lines and bad ones.

use proptest::prelude::*;

use super::*;
use crate::telegram::crc16;
use crate::telegram::parity::tests::add_parity;

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
fn the_parts_of_a_frame_are_told_apart() {
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
fn a_lost_end_does_not_swallow_the_next_telegram() {
    for kept in 1..ONE.len() - 1 {
        let stream = [&ONE[..kept], TWO].concat();
        assert_eq!(frames(&stream, &[]).0.last().unwrap(), TWO, "{kept} bytes kept");
    }
}

#[test]
fn a_slash_in_a_text_is_kept_where_the_checksum_proves_it() {
    let body = b"/ONE5\r\n\r\n0-0:96.13.0(on/off)\r\n!";
    let proven = [&body[..], format!("{:04X}\r\n", crc16(body)).as_bytes()].concat();
    assert_eq!(frames(&proven, &[]), (vec![proven.clone()], Dropped::default()));
    let unproven = [&body[..], b"\r\n"].concat();
    assert_eq!(frames(&unproven, &[]).0, [b"/off)\r\n!\r\n"]);
}

#[test]
fn a_slash_in_a_text_behind_a_lost_end_is_told_from_the_beginning() {
    let body = b"/ONE5\r\n\r\n0-0:96.13.0(on/off/on)\r\n!";
    let proven = [&body[..], format!("{:04X}\r\n", crc16(body)).as_bytes()].concat();
    let (found, dropped) = frames(&[&TWO[..20], &proven].concat(), &[]);
    assert_eq!((found, dropped.incomplete), (vec![proven], 1));
}

#[test]
fn a_line_with_parity_bits_is_read_and_they_are_taken_off() {
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
fn a_wrong_parity_bit_is_told() {
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
fn a_telegram_that_is_cut_short_by_the_limit_is_taken_up_again_at_its_slash() {
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
