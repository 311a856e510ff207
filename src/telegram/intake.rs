//! Framer and gate in a row, and what is mended between them.
//!
//! Owns the line ends: programs between meter and us turn CR LF into LF, and the checksum proves
//! where that is all that is wrong. Nothing else is ever changed to make a checksum fit.

use super::{Checksum, Dropped, Frame, Framer, Gate, Policy, Rejection, Timestamp};

/// Takes bytes of one meter in and judges the frames in them.
#[derive(Debug)]
pub struct Intake {
    framer: Framer,
    gate: Gate,
    mended: Vec<u8>,
}

/// A frame, and whether it is let through.
#[derive(Debug)]
pub struct Received<'a> {
    /// The frame, mended if it was.
    pub frame: Frame<'a>,
    /// Whether the CR of its line ends were lost, and are put back.
    pub is_mended: bool,
    /// Whether it is let through.
    pub verdict: Result<(), Rejection>,
}

impl Intake {
    /// An intake that has seen nothing yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { framer: Framer::default(), gate: Gate::new(policy), mended: Vec::new() }
    }

    /// Takes another policy; which meters send checksums is not forgotten.
    pub fn set_policy(&mut self, policy: Policy) {
        self.gate.set_policy(policy);
    }

    /// Takes bytes off the front of `input` until a frame is complete or `input` is empty.
    ///
    /// `now` is when these bytes came in. Call again, with the same `input`, until it gives `None`.
    pub fn feed(&mut self, input: &mut &[u8], now: Timestamp) -> Option<Received<'_>> {
        let frame = self.framer.feed(input, now)?;
        Some(receive(frame, &mut self.gate, &mut self.mended))
    }

    /// The stream has ended: the frame whose end line lacks its line end, if there is one.
    pub fn finish(&mut self, now: Timestamp) -> Option<Received<'_>> {
        let frame = self.framer.finish(now)?;
        Some(receive(frame, &mut self.gate, &mut self.mended))
    }

    /// The bytes of the frame that was given last, as long as nothing more was fed.
    #[must_use]
    pub fn last_frame(&self) -> &[u8] {
        self.framer.last_frame()
    }

    /// What never became a frame.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.framer.dropped()
    }
}

fn receive<'a>(frame: Frame<'a>, gate: &mut Gate, buffer: &'a mut Vec<u8>) -> Received<'a> {
    let verdict = gate.admit(&frame);
    if let Err(Rejection::Wrong { .. }) = verdict {
        if let Some(frame) = with_line_ends(&frame, buffer) {
            return Received { frame, is_mended: true, verdict: gate.admit(&frame) };
        }
    }
    Received { frame, is_mended: false, verdict }
}

/// The frame with a CR before every LF, if its checksum is good then and it was not so before.
fn with_line_ends<'b>(frame: &Frame<'_>, buffer: &'b mut Vec<u8>) -> Option<Frame<'b>> {
    buffer.clear();
    let mut end_mark = 0;
    for (at, &byte) in frame.bytes.iter().enumerate() {
        if byte == b'\n' && !buffer.ends_with(b"\r") {
            buffer.push(b'\r');
        }
        if at == frame.end_mark {
            end_mark = buffer.len();
        }
        buffer.push(byte);
    }
    let has_changed = buffer.len() > frame.bytes.len();
    let mended = Frame { bytes: buffer, end_mark, ..*frame };
    (has_changed && Checksum::of(&mended) == Checksum::Good).then_some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::crc16;

    fn telegram() -> Vec<u8> {
        let body = "/TST5\r\n\r\n1-0:1.7.0(00.329*kW)\r\n0-0:96.13.0(30!31)\r\n!";
        format!("{body}{:04X}\r\n", crc16(body.as_bytes())).into_bytes()
    }

    fn without_cr(telegram: &[u8]) -> Vec<u8> {
        telegram.iter().copied().filter(|&byte| byte != b'\r').collect()
    }

    #[test]
    fn lost_crs_are_put_back_where_the_checksum_proves_it() {
        let mut intake = Intake::new(Policy::Auto);
        let received = without_cr(&telegram());
        let received = intake.feed(&mut &received[..], Timestamp::from_seconds(7)).unwrap();
        assert_eq!((received.verdict, received.is_mended), (Ok(()), true));
        assert_eq!((received.frame.bytes(), received.frame.end.seconds()), (&telegram()[..], 7));
        let received = intake.feed(&mut &telegram()[..], Timestamp::default()).unwrap();
        assert_eq!((received.verdict, received.is_mended), (Ok(()), false));
    }

    #[test]
    fn a_telegram_that_crs_do_not_mend_is_rejected_as_it_came() {
        let mut broken = without_cr(&telegram());
        broken[15] ^= 1;
        let mut intake = Intake::new(Policy::Auto);
        let received = intake.feed(&mut &broken[..], Timestamp::default()).unwrap();
        assert!(matches!(received.verdict, Err(Rejection::Wrong { .. })));
        assert_eq!((received.frame.bytes(), received.is_mended), (&broken[..], false));
    }

    #[test]
    fn a_meter_that_sends_lf_alone_is_not_mended() {
        let body = "/TST5\n\n1-0:1.7.0(00.329*kW)\n!";
        let telegram = format!("{body}{:04X}\n", crc16(body.as_bytes())).into_bytes();
        let mut intake = Intake::new(Policy::Require);
        let received = intake.feed(&mut &telegram[..], Timestamp::default()).unwrap();
        assert_eq!((received.verdict, received.is_mended), (Ok(()), false));
        assert_eq!(received.frame.bytes(), telegram);
    }
}
