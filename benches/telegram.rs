//! How long one telegram takes in memory, and how often it allocates.
//!
//! `make bench` runs this; DESIGN's budgets: frame, checksum and objects in 2 µs, with JSON in 4 µs.

use std::hint::black_box;

use divan::{AllocProfiler, Bencher, counter::BytesCount};
use p1_multicast::message::{Message, Translator};
use p1_multicast::telegram::{Framer, Gate, Instant, Policy, Telegram, crc16};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A three-phase ESMR 5.0 telegram with gas, of our own making.
fn telegram() -> Vec<u8> {
    include_str!("../tests/data/esmr50-three-phase.txt").replace('\n', "\r\n").into_bytes()
}

#[divan::bench]
fn checksum(bencher: Bencher) {
    let bytes = telegram();
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| crc16(black_box(&bytes)));
}

#[divan::bench]
fn frame_checksum_objects(bencher: Bencher) {
    let bytes = telegram();
    let (mut framer, mut gate) = (Framer::default(), Gate::new(Policy::Require));
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let frame = framer.feed(&mut black_box(&bytes[..]), Instant::default()).expect("a frame");
        gate.admit(&frame).expect("a good checksum");
        Telegram::parse(frame.bytes()).objects.len()
    });
}

#[divan::bench]
fn frame_checksum_objects_json(bencher: Bencher) {
    let bytes = telegram();
    let mut translator = Translator::new(Policy::Require, Some("raspberrypi".into()));
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let datagram = translator.feed(&mut black_box(&bytes[..]), Instant::default());
        datagram.expect("a telegram").expect("a good checksum").json.len()
    });
}

#[divan::bench]
fn read_datagram(bencher: Bencher) {
    let datagram = include_str!("../tests/data/esmr50-three-phase.json").trim_end().as_bytes();
    bencher
        .counter(BytesCount::of_slice(datagram))
        .bench(|| Message::parse(black_box(datagram)).expect("a message").telegram.len());
}
