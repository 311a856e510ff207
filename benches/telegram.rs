//! How long one telegram takes in memory, how often it allocates, and how other crates compare.
//!
//! `make bench` runs this; DESIGN's budgets: frame, checksum and objects in 2 µs, with JSON in 4 µs.
//! The comparison takes turns telegram by telegram, so that a busy machine is busy for all of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use divan::{AllocProfiler, Bencher, counter::BytesCount};
use p1_multicast::dlms::{Decoder, Event, Key, Keys, Sealer};
use p1_multicast::message::{Encoder, Message, SigningKey, Translator};
use p1_multicast::telegram::{Intake, Policy, Telegram, Timestamp, crc16};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
    // `cargo test` runs a bench with `--test`, only to see that it works.
    if std::env::args().any(|argument| argument == "--bench") {
        compare();
        keys();
    }
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
    let mut intake = Intake::new(Policy::Require);
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| read(&bytes, &mut intake, |telegram| telegram.objects.len()));
}

#[divan::bench]
fn frame_checksum_objects_values(bencher: Bencher) {
    let bytes = telegram();
    let mut intake = Intake::new(Policy::Require);
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| read(&bytes, &mut intake, values));
}

#[divan::bench]
fn frame_checksum_objects_json(bencher: Bencher) {
    let bytes = telegram();
    let mut translator = translator();
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| translate(&bytes, &mut translator));
}

/// What a plain telegram costs in the decoder, in pieces as they come in.
#[divan::bench]
fn pass_through_decoder(bencher: Bencher) {
    let bytes = telegram();
    let mut decoder = Decoder::default();
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| decode(&bytes, &mut decoder));
}

/// What an encrypted telegram costs in the decoder.
#[divan::bench]
fn decrypt(bencher: Bencher) {
    let (bytes, mut decoder) = encrypted();
    assert_eq!(decode(&bytes, &mut decoder), telegram().len());
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| decode(&bytes, &mut decoder));
}

/// An encrypted telegram with a tag, and a decoder with the keys.
fn encrypted() -> (Vec<u8>, Decoder<()>) {
    let (decryption, authentication) = (Key::new([7; 16]), Key::new([9; 16]));
    let title = Some(*b"TST\0\0\0\0\x01");
    let mut bytes = Vec::new();
    Sealer { title, control: 0x30, decryption, authentication }.seal(&telegram(), 1, &mut bytes);
    let mut decoder = Decoder::default();
    decoder.set_keys(Some(Keys { decryption, authentication: Some(authentication) }));
    (bytes, decoder)
}

/// How many bytes of text come of these.
fn decode(bytes: &[u8], decoder: &mut Decoder<()>) -> usize {
    let mut length = 0;
    for mut piece in bytes.chunks(12) {
        while let Some(event) = decoder.feed(&mut piece, ()) {
            length += match event {
                Event::Plain { bytes, .. } => bytes.len(),
                Event::Telegram(opened) => opened.text.len(),
                Event::Refused(_) => 0,
            };
        }
    }
    black_box(length)
}

#[divan::bench]
fn read_datagram(bencher: Bencher) {
    let datagram = include_str!("../tests/data/esmr50-three-phase.json").trim_end().as_bytes();
    bencher
        .counter(BytesCount::of_slice(datagram))
        .bench(|| Message::parse(black_box(datagram)).expect("a message").telegram.len());
}

#[divan::bench]
fn others_dsmr5(bencher: Bencher) {
    let bytes = telegram();
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| dsmr5(&bytes));
}

#[divan::bench]
fn others_dsmr_parse(bencher: Bencher) {
    let bytes = telegram();
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| dsmr_parse(&bytes));
}

fn read(bytes: &[u8], intake: &mut Intake, look: impl Fn(&Telegram<'_>) -> usize) -> usize {
    let received = intake.feed(&mut black_box(bytes), Timestamp::default()).expect("a frame");
    assert!(received.verdict.is_ok(), "a good checksum");
    look(&Telegram::parse(received.frame.bytes()))
}

/// Every number and every text: as much as the other crates read.
fn values(telegram: &Telegram<'_>) -> usize {
    for object in &telegram.objects {
        match object.quantity() {
            Some(quantity) => drop(black_box(quantity)),
            None => drop(black_box(object.content())),
        }
    }
    telegram.objects.len()
}

fn translator() -> Translator {
    Translator::new(Policy::Require, Some("raspberrypi".into()))
}

fn translate(bytes: &[u8], translator: &mut Translator) -> usize {
    let datagram = translator.feed(&mut black_box(bytes), Timestamp::default());
    datagram.expect("a telegram").expect("a good checksum").json.len()
}

/// Its checksum is over the first telegram in a buffer of 2048 bytes; the values become floats.
fn dsmr5(bytes: &[u8]) -> usize {
    let mut stream = black_box(bytes).iter().map(|&byte| Ok::<u8, ()>(byte));
    let readout = dsmr5::Reader::new(&mut stream).next().expect("a telegram").expect("no error");
    let telegram = readout.to_telegram().expect("a good checksum");
    let state = dsmr5::Result::<dsmr5::state::State>::from(&telegram).expect("objects");
    black_box(state).lines.len()
}

fn dsmr_parse(bytes: &[u8]) -> usize {
    let telegram = dsmr_parse::Telegram::read_from(black_box(bytes));
    let telegram = telegram.expect("a good checksum").expect("a telegram");
    black_box(telegram).ident.len()
}

/// Prints the median of each contender, and how many times as long as ours it is.
fn compare() {
    let bytes = telegram();
    let mut intake = Intake::new(Policy::Require);
    let mut translator = translator();
    let medians = medians([
        &mut || read(&bytes, &mut intake, values),
        &mut || translate(&bytes, &mut translator),
        &mut || dsmr5(&bytes),
        &mut || dsmr_parse(&bytes),
    ]);
    let names = [
        "ours: frame, checksum, values",
        "ours, with JSON",
        "dsmr5: the same without JSON",
        "dsmr-parse: the same",
    ];
    println!("\none ESMR 5.0 telegram of {} bytes, medians of the same run:", bytes.len());
    for (name, median) in names.iter().zip(medians) {
        println!("  {name:30} {median:6.2} µs  {:5.2} ×", median / medians[0]);
    }
}

/// Prints what keys cost: those of the meter, and that of the group.
fn keys() {
    let (plain, time) = (telegram(), Timestamp::default());
    let ((sealed, mut opening), mut passing) = (encrypted(), Decoder::default());
    let key = SigningKey::new([7; 32]);
    let [mut unsigned, mut signing] = [(); 2].map(|()| Encoder::new(Some("raspberrypi".into())));
    signing.set_key(Some(key.clone()));
    let signed = signing.encode(&plain, time, time).0.json.to_vec();
    let encode = |encoder: &mut Encoder| encoder.encode(black_box(&plain), time, time).0.json.len();
    let [passed, opened, written, written_signed, verified] = medians([
        &mut || decode(&plain, &mut passing),
        &mut || decode(&sealed, &mut opening),
        &mut || encode(&mut unsigned),
        &mut || encode(&mut signing),
        &mut || usize::from(key.verify(black_box(&signed)).is_ok()),
    ]);
    println!("\nwhat keys cost, a telegram:");
    for (what, cost, budget) in [
        ("encrypted, more than plain", opened - passed, 10),
        ("signature, at the sender", written_signed - written, 20),
        ("signature, at a receiver", verified, 20),
    ] {
        println!("  {what:30} {cost:6.2} µs  budget <= {budget} µs");
    }
}

/// The median time that each of these takes, in µs. They take turns.
fn medians<const N: usize>(mut contenders: [&mut dyn FnMut() -> usize; N]) -> [f64; N] {
    const ROUNDS: usize = 4000;
    let mut times = [const { Vec::<Duration>::new() }; N];
    for _ in 0..ROUNDS {
        for (run, times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..10 {
                black_box(run());
            }
            times.push(start.elapsed() / 10);
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2].as_secs_f64() * 1e6
    })
}
