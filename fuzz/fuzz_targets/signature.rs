//! Signed datagrams, as a program with a key takes them.
//!
//! Promises: no panic; bytes of somebody without the key are never taken, nor are changed ones; what is signed is taken
//! unless it is old, and never twice. The bytes choose what is sent, when, and what an attacker does to it.
#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use p1_multicast::fuzzing::{Arrival, Guard};
use p1_multicast::message::{Encoder, SigningKey};
use p1_multicast::telegram::Timestamp;

const TELEGRAM: &[u8] = b"/TST5METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!FA8C\r\n";
const FROM: ([u8; 4], u16) = ([192, 0, 2, 1], 1);

/// How far clocks may be apart, in ms.
const WINDOW: i64 = 60_000;

fn key() -> SigningKey {
    SigningKey::new([7; 32])
}

fuzz_target!(|data: &[u8]| {
    let now = Instant::now();
    let arrival =
        |millis| Arrival { from: FROM.into(), wall: Timestamp::from_micros(millis * 1000), now };
    assert!(key().verify(data).is_err());
    let mut guard = Guard::new(key(), Timestamp::default(), true);
    assert!(!guard.admits(data, arrival(0), || None));
    assert!(!guard.admits_raw(data, arrival(0)));

    // A telegram and a name of anything are signed, and one bit of them is changed.
    let Some((&[position, bit, ..], rest)) =
        data.split_at_checked(3).map(|(head, rest)| (head, rest))
    else {
        return;
    };
    let mut encoder = Encoder::new(Some(String::from_utf8_lossy(rest).into_owned()));
    encoder.set_key(Some(key()));
    for raw in [TELEGRAM, rest] {
        let json = encoder.encode(raw, Timestamp::default(), Timestamp::default()).0.json.to_vec();
        assert_eq!(key().verify(&json), Ok(()));
        let mut changed = json.clone();
        let at = usize::from(position) * json.len() / 256;
        changed[at] ^= 1 << (bit % 8);
        assert!(key().verify(&changed).is_err());
    }

    // What the listener sends, and what an attacker has recorded of it, in any order, with clocks that jump.
    let mut encoder = Encoder::new(Some("pi".to_owned()));
    encoder.set_key(Some(key()));
    let mut wall = 1_000_000_000_000_i64;
    let mut sent: Vec<(i64, Vec<u8>)> = Vec::new();
    let start = wall + WINDOW / 2;
    guard = Guard::new(key(), Timestamp::from_micros(start * 1000), true);
    let mut newest: Option<i64> = None;
    for step in rest.chunks_exact(2).take(64) {
        let amount = i64::from(step[1]);
        let is_new = match step[0] % 4 {
            0 | 1 => {
                wall += 4 * amount;
                let end = Timestamp::from_micros(wall * 1000);
                sent.push((wall, encoder.encode(TELEGRAM, end, end).0.json.to_vec()));
                true
            }
            2 => {
                wall += 1000 * (amount - 128);
                false
            }
            _ => false,
        };
        let at = if is_new { sent.len().saturating_sub(1) } else { usize::from(step[1]) };
        let Some((end, json)) = sent.get(at) else { continue };
        let is_admitted = guard.admits(json, arrival(wall), || None);
        // What is newer than our clock allows was accepted before the clock was set back.
        let is_possible = |last: &i64| *last - wall <= WINDOW;
        let last = newest.filter(is_possible);
        let is_before_start = newest.is_none() && is_possible(&start) && *end < start;
        if is_admitted {
            assert!((wall - end).abs() <= WINDOW && last.is_none_or(|last| *end >= last));
            assert!(!is_before_start);
            newest = Some(*end);
            assert!(!guard.admits(json, arrival(wall), || None));
        } else {
            let is_old = is_before_start || last.is_some_and(|last| *end <= last);
            assert!((wall - end).abs() > WINDOW || is_old);
        }
    }
});
