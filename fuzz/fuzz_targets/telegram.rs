//! Bytes from the line: framer, checksum, parser, and what p1cat makes of them.
//!
//! Promises: no panic; any split of the bytes gives the same frames; what is accepted under
//! `require` has a good checksum; a masked telegram is as long and as right as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p1_multicast::cat::{Explanation, anonymous};
use p1_multicast::telegram::{
    Checksum, Frame, Intake, MAX_FRAME, MeterZone, Policy, Received, Telegram, Timestamp,
};

fn frames(pieces: &[&[u8]], look_at: fn(&Received<'_>)) -> Vec<Vec<u8>> {
    let mut intake = Intake::new(Policy::Require);
    let mut found = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while let Some(received) = intake.feed(&mut rest, Timestamp::default()) {
            look_at(&received);
            found.push(received.frame.bytes().to_vec());
        }
    }
    found.extend(intake.finish(Timestamp::default()).map(|last| last.frame.bytes().to_vec()));
    found
}

fn look_at(received: &Received<'_>) {
    let frame = &received.frame;
    // Line ends that are put back make it longer.
    assert!(frame.bytes().len() <= 2 * MAX_FRAME + 4);
    let telegram = Telegram::parse(frame.bytes());
    for object in &telegram.objects {
        let _ = (object.quantity(), object.content(), object.two_line_reading());
    }
    let _ = telegram.time();
    let masked = anonymous(frame);
    let end_mark = frame.up_to_end_mark().len() - 1;
    assert_eq!(masked[end_mark], b'!');
    if received.verdict.is_ok() {
        let Checksum::Good(algorithm) = received.checksum else { panic!("no good checksum") };
        assert_eq!(digits(frame), Some(algorithm.compute(frame.up_to_end_mark())));
    }
    for bytes in [frame.bytes(), &masked] {
        let zone = MeterZone::Central;
        assert!(!Explanation { number: 1, received, bytes, zone }.to_string().contains('\x1b'));
    }
}

fn digits(frame: &Frame<'_>) -> Option<u16> {
    let digits = std::str::from_utf8(frame.after_end_mark()).ok()?;
    u16::from_str_radix(digits.trim_matches(|c: char| c.is_whitespace() || c == '\0'), 16).ok()
}

fuzz_target!(|data: &[u8]| {
    let Some((&cut, stream)) = data.split_first() else { return };
    let at = usize::from(cut).min(stream.len());
    let (before, after) = stream.split_at(at);
    assert_eq!(frames(&[stream], look_at), frames(&[before, after], |_| {}));
});
