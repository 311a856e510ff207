//! Bytes of one meter in, telegrams out, each with a verdict: the way in for every program.
//!
//! Owns the order: framer, checksum, line ends put back where the checksum proves them, gate. Nothing
//! else is ever changed to make a checksum fit.
//!
//! Each comparison with the checksum that was sent accepts one wrong telegram in 65,536. A damaged
//! telegram of a known meter is compared once, or four times where line ends are not as usual (twice and
//! eight times with X-25, for its two byte orders). Where the first line is damaged or new, there are
//! three comparisons instead of one, and as many for each of at most eight places in mid line where
//! what can be a first line stands.

use super::gate::Gate;
use super::{Checksum, Dropped, Frame, Framer, Policy, Rejection, Timestamp, line_ends};

/// Takes bytes of one meter in and judges the telegrams in them.
#[derive(Debug)]
pub struct Intake {
    framer: Framer,
    gate: Gate,
    restored: Vec<u8>,
}

/// A telegram, and whether it is accepted.
#[derive(Debug)]
pub struct Received<'a> {
    /// Its bytes, with the line ends that the meter sent.
    pub frame: Frame<'a>,
    /// Whether the checksum is right, and by which algorithm.
    pub checksum: Checksum,
    /// Whether the line ends were changed on the way, and are put back.
    pub is_restored: bool,
    /// Whether it is accepted.
    pub verdict: Result<(), Rejection>,
}

impl Intake {
    /// An intake for the bytes of a port: where checksums have been good, a new meter that sends none is
    /// accepted at its second telegram, because noise looks like that once in a while.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::with_gate(Gate::new(policy, true))
    }

    /// An intake for the bytes of a file, which may hold one telegram each of many meters.
    #[must_use]
    pub fn for_file(policy: Policy) -> Self {
        Self::with_gate(Gate::new(policy, false))
    }

    fn with_gate(gate: Gate) -> Self {
        Self { framer: Framer::default(), gate, restored: Vec::new() }
    }

    /// Takes another policy; which meters send checksums is not forgotten.
    pub fn set_policy(&mut self, policy: Policy) {
        self.gate.set_policy(policy);
    }

    /// Takes bytes off the front of `input` until a telegram is complete or `input` is empty.
    ///
    /// `now` is when these bytes came in. Call again, with the same `input`, until it gives `None`.
    pub fn feed(&mut self, input: &mut &[u8], now: Timestamp) -> Option<Received<'_>> {
        let frame = self.framer.feed(input, now)?;
        Some(judge(frame, &mut self.gate, &mut self.restored))
    }

    /// The stream has ended: the telegram whose end line lacks its line end, if there is one.
    pub fn finish(&mut self, now: Timestamp) -> Option<Received<'_>> {
        let frame = self.framer.finish(now)?;
        Some(judge(frame, &mut self.gate, &mut self.restored))
    }

    /// The bytes of the last telegram as they came in, as long as nothing more was fed.
    #[must_use]
    pub fn last_frame(&self) -> &[u8] {
        self.framer.last_frame()
    }

    /// What never became a telegram.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.framer.dropped()
    }
}

fn judge<'a>(frame: Frame<'a>, gate: &mut Gate, buffer: &'a mut Vec<u8>) -> Received<'a> {
    let (mut frame, mut checksum, mut is_restored) = (frame, gate.check(&frame), false);
    if let Checksum::Wrong { .. } = checksum {
        if let Some(restored) = line_ends::restore(&frame, buffer, |frame| gate.check(frame)) {
            (frame, checksum) = restored;
            is_restored = true;
        }
    }
    let verdict = gate.admit(&frame, checksum);
    Received { frame, checksum, is_restored, verdict }
}

#[cfg(test)]
impl Intake {
    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }
}

#[cfg(test)]
mod tests;
