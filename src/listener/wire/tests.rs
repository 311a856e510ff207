//! Each protocol is recognised by its own frames, and noise and P1 text as none of them.

use proptest::prelude::*;

use super::*;
use crate::listener::diagnosis::examine;
use crate::telegram::{add_parity, crc16_x25};

const LLC: &[u8] = b"\xE6\xE7\x00";
const CIPHERED: &[u8] = b"\xDB\x08ISki\x00\x00\x00\x01\x5F\x20\x00\x00\x04\x6B\x84\xD4\x23";

fn hdlc(data: &[u8]) -> Vec<u8> {
    let length = 2 + 1 + 4 + 1 + 2 + data.len() + 2;
    let [high, low] = u16::try_from(0xA000 | length).unwrap().to_be_bytes();
    // The addresses have one byte and four bytes.
    let mut frame = vec![high, low, 0xCF, 0x00, 0x02, 0x00, 0x23, 0x13];
    frame.extend(crc16_x25(&frame).to_le_bytes());
    frame.extend(data);
    frame.extend(crc16_x25(&frame).to_le_bytes());
    [b"\x7E", &frame[..], b"\x7E"].concat()
}

fn mbus(segment: u8, data: &[u8]) -> Vec<u8> {
    let body = [&[0x53, 0xFF, segment, 0x01, 0x67], data].concat();
    let length = body.len().to_le_bytes()[0];
    let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    [&[0x68, length, length, 0x68][..], &body, &[sum, 0x16]].concat()
}

/// A heat meter's answer to a request of an M-Bus master.
fn wired_heat() -> Vec<u8> {
    let body =
        b"\x08\x01\x72\x78\x56\x34\x12\x2D\x2C\x35\x04\x01\x00\x00\x00\x04\x06\x10\x27\x00\x00";
    let length = body.len().to_le_bytes()[0];
    let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    [&[0x68, length, length, 0x68][..], body, &[sum, 0x16]].concat()
}

/// A water meter's message with this many bytes behind its address.
fn wireless_water(length: u8) -> Vec<u8> {
    let address = [length + 9, 0x44, 0x2D, 0x2C, 0x78, 0x56, 0x34, 0x12, 0x1B, 0x16];
    let data: Vec<u8> = (0..length).collect();
    let blocks = std::iter::once(&address[..]).chain(data.chunks(16));
    let with_checksum = |block: &[u8]| [block, &EN_13757.checksum(block).to_be_bytes()].concat();
    blocks.flat_map(with_checksum).collect()
}

fn noise() -> Vec<u8> {
    (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

fn tic(label: &str, separator: char) -> Vec<u8> {
    let text = format!("{label}{separator}000123456{separator}");
    let summed = if separator == ' ' { text.trim_end() } else { &text };
    let sum: u32 = summed.bytes().map(u32::from).sum();
    let check = char::from_u32((sum & 0x3F) + 0x20).unwrap();
    format!("\n{text}{check}\r").into_bytes()
}

fn described(bytes: &[u8]) -> String {
    recognise(bytes).map_or_else(String::new, |protocol| protocol.to_string())
}

#[test]
fn each_protocol_is_recognised_amid_noise() {
    for (bytes, expected) in [
        (CIPHERED.to_vec(), "encrypted telegrams (DLMS) of an Iskraemeco (ISk) meter"),
        (
            hdlc(&[LLC, CIPHERED].concat()),
            "encrypted DLMS in HDLC frames of an Iskraemeco (ISk) meter",
        ),
        (hdlc(&[LLC, b"\x0F\x40\0\0\0"].concat()), "plain DLMS in HDLC frames, not encrypted"),
        (mbus(0x10, CIPHERED), "encrypted DLMS in M-Bus frames of an Iskraemeco (ISk) meter"),
        (mbus(0x10, b"\x0F\0\0\0\0"), "plain DLMS in M-Bus frames, not encrypted"),
        (
            b"\x1B\x1B\x1B\x1B\x01\x01\x01\x01\x76".to_vec(),
            "SML, the binary protocol of German meters",
        ),
        (b"\x1B\x1B\x1B\x1B\x1A\x01\xAB\xCD".to_vec(), "SML, the binary protocol of German meters"),
        (wired_heat(), "M-Bus, the protocol of heat, water and gas meters"),
        (wireless_water(12), "wireless M-Bus, the protocol of heat, water and gas meters"),
        (wireless_water(46), "wireless M-Bus, the protocol of heat, water and gas meters"),
    ] {
        let bytes = [&noise()[..100], &bytes, &noise()].concat();
        assert_eq!(described(&bytes), expected);
    }
}

#[test]
fn noise_and_p1_text_are_none_of_them() {
    assert_eq!(recognise(&noise()), None);
    assert_eq!(recognise(b""), None);
    let telegram = b"/ISK5\\2M550T\r\n\r\n1-0:1.7.0(00.329*kW)\r\n0-0:96.13.0()\r\n!ABCD\r\n";
    assert_eq!(recognise(telegram), None);
    assert_eq!(recognise(&telegram[..30]), None);
}

#[test]
fn every_length_and_security_control_of_an_encrypted_telegram_is_known() {
    let lengths =
        [&b"\x5F"[..], b"\x81\xF8", b"\x82\x01\x09", b"\x83\x00\x01\x09", b"\x84\0\0\x01\x09"];
    let frame = |length: &[u8], control| {
        [b"\xDB\x08SAGg\0\0\0\x01", length, &[control], b"\0\0\0\x01cipher"].concat()
    };
    for length in lengths {
        for control in [0x20, 0x21, 0x30, 0x31] {
            let expected = "encrypted telegrams (DLMS) of a Sagemcom (SAG) meter";
            assert_eq!(described(&frame(length, control)), expected, "{length:x?} {control:x}");
        }
    }
    let polish = b"/EGM5G35\r\n\r\n\x00\x82\x02\x06\x30\0\0\0\0cipher text";
    assert_eq!(described(polish), "encrypted telegrams (DLMS)");
    assert_eq!(recognise(&frame(b"\x82\x01\x09", 0x55)), None);
}

#[test]
fn the_first_block_of_a_transfer_in_blocks_shows_what_it_carries() {
    let first =
        |data: &[u8]| [LLC, b"\xE0\x40\0\x01\0\0", &[data.len().to_le_bytes()[0]], data].concat();
    let plain = hdlc(&first(b"\x0F\0\0\0\0"));
    assert_eq!(described(&plain), "plain DLMS in HDLC frames, not encrypted");
    let (first, second) = (hdlc(&first(CIPHERED)), hdlc(b"\xE0\xC0\0\x02\0\0\x04rest"));
    assert_eq!(described(&second), "DLMS in HDLC frames");
    assert!(recognise(&second).is_some_and(|protocol| !protocol.is_certain()));
    assert!(described(&[second, first].concat()).starts_with("encrypted DLMS in HDLC"));
}

#[test]
fn a_damaged_frame_is_no_frame() {
    for frame in [
        hdlc(&[LLC, b"\x0F\x40\0\0\0"].concat()),
        mbus(0x10, b"\x0F\0\0\0\0"),
        wired_heat(),
        wireless_water(12),
    ] {
        for at in 0..frame.len() {
            let mut damaged = frame.clone();
            damaged[at] ^= 0x04;
            assert_eq!(recognise(&damaged), None, "{at}");
        }
    }
}

#[test]
fn a_segment_that_is_longer_than_its_length_byte_can_tell_is_read() {
    let body = [&[0x53, 0xFF, 0, 0x01, 0x67][..], CIPHERED, &[7; 233]].concat();
    assert_eq!(body.len(), 257);
    let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let frame = [&[0x68, 1, 1, 0x68][..], &body, &[sum, 0x16]].concat();
    assert!(described(&frame).starts_with("encrypted DLMS in M-Bus"));
}

#[test]
fn tic_is_recognised_in_both_modes_and_with_parity_bits() {
    for separator in [' ', '\t'] {
        let lines = ["ADCO", "BASE", "PAPP"].map(|label| tic(label, separator));
        let stream = [&b"\x02"[..], &lines.concat(), b"\x03"].concat();
        for stream in [add_parity(&stream), stream] {
            assert_eq!(described(&stream), "TIC, the protocol of French meters");
        }
        let two = lines[..2].concat();
        assert_eq!(recognise(&two), None, "two checksums of six bits prove little");
    }
}

#[test]
fn a_meter_that_sends_only_its_name_wants_a_request() {
    for stream in [
        &b"/EMH4\\@01LZQJL0014E\r\n"[..],
        b"/?!\r\n/EMH4\\@01LZQJL0014E\r\n\x06040\r\n",
        b"/?1234!\r\n/?1234!\r\n",
    ] {
        assert_eq!(recognise(stream), Some(Protocol::OnRequest), "{}", stream.escape_ascii());
    }
}

#[test]
fn what_a_meter_sends_again_and_again_is_recognised_wherever_the_listening_begins_and_ends() {
    let sml = b"\x1B\x1B\x1B\x1B\x01\x01\x01\x01\x76\x05some data\x1B\x1B\x1B\x1B\x1A\x01\xAB\xCD";
    for message in [
        CIPHERED.to_vec(),
        hdlc(&[LLC, CIPHERED].concat()),
        mbus(0x10, b"\x0F\0\0\0\0"),
        sml.to_vec(),
        wired_heat(),
        wireless_water(20),
        ["ADCO", "BASE", "PAPP", "IINST"].map(|label| tic(label, ' ')).concat(),
        b"/EMH4\\@01LZQJL0014E\r\n".to_vec(),
    ] {
        let expected = recognise(&message);
        assert!(expected.is_some(), "{}", message.escape_ascii());
        let stream = message.repeat(3);
        for cut in 0..message.len() {
            for part in [&stream[cut..], &stream[..stream.len() - cut]] {
                assert_eq!(recognise(part), expected, "{cut}: {}", message.escape_ascii());
            }
        }
    }
}

#[test]
#[ignore = "needs ../shared"]
fn every_published_frame_is_recognised() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/telegrams/encrypted/vectors");
    let mut frames = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hex") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).unwrap();
        let bytes: Vec<u8> = digits.chunks_exact(2).map(byte).collect();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let found = described(&bytes);
        for (part, expected) in [("hdlc", "HDLC"), ("mbus", "M-Bus"), ("-p1-", "telegrams")] {
            assert!(!name.contains(part) || found.contains(expected), "{name}: {found:?}");
        }
        assert_eq!(found.starts_with("encrypted"), !name.contains("plain"), "{name}: {found:?}");
        frames += 1;
    }
    assert!(frames > 0);
}

proptest! {
    #[test]
    fn any_bytes_are_told_something_about(
        beginning in prop::sample::select(vec![
            &b""[..], b"\x7E\xA0", b"\x68\x05\x05\x68", b"\x10\x44", b"\xDB\x08SAG", b"\x1B\x1B\x1B\x1B\x1A", b"/EMH4\r\n",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cut in 0..300usize,
    ) {
        let stream = [beginning, &bytes].concat();
        for part in [&stream[..], &stream[cut.min(stream.len())..]] {
            let finding = examine(part);
            let said = [&finding.summary(), finding.hint(), finding.advice()].concat();
            prop_assert!(said.chars().all(|c| !c.is_control() || c == '\n'), "{said:?}");
        }
    }
}
