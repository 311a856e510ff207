//! The bytes from the first one on that may begin a frame, until they are complete or proved to be something else.
//!
//! Owns when they came in, and where frames may begin. Memory is bounded: a frame, and what came with its end.

use memchr::{memchr_iter, memchr3_iter};

use super::ciphering::{Ciphered, Found, MARK, MAX_FRAME};
use super::event::Fit;
use super::hdlc::{FLAG, HdlcFrame};
use super::mbus::{MBusFrame, START};

/// How many bytes are kept at most.
pub const MAX_PENDING: usize = MAX_FRAME + 4096;

/// Bytes that are kept. `T` is the time of a byte.
#[derive(Debug)]
pub struct Pending<T> {
    bytes: Vec<u8>,
    /// When the first of them came in, and the last piece.
    times: Option<(T, T)>,
    /// Where the last piece begins.
    last_piece: usize,
    /// How many of them were given away, and are still here because they are borrowed.
    given: usize,
    /// Where frames may begin, in order.
    candidates: Vec<Candidate<T>>,
}

/// A place where a frame may begin.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<T> {
    /// The place.
    pub at: usize,
    /// When the piece came in that it is in.
    pub time: T,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { bytes: Vec::new(), times: None, last_piece: 0, given: 0, candidates: Vec::new() }
    }
}

impl<T: Copy> Pending<T> {
    /// How many bytes are kept that were not given.
    pub fn length(&self) -> usize {
        self.bytes.len() - self.given
    }

    /// The candidate of this index, if there are so many.
    pub fn candidate(&self, index: usize) -> Option<Candidate<T>> {
        self.candidates.get(index).copied()
    }

    /// The bytes from this candidate on.
    pub fn bytes_from(&self, index: usize) -> &[u8] {
        &self.bytes[self.candidates[index].at..]
    }

    /// For how many bytes there is room, and how many candidates there are.
    #[cfg(test)]
    pub fn sizes(&self) -> (usize, usize) {
        (self.bytes.capacity(), self.candidates.len())
    }

    /// Takes as many bytes off the front of `input` as there is room for.
    pub fn take(&mut self, input: &mut &[u8], now: T) {
        let old_length = self.bytes.len();
        let room = MAX_PENDING.saturating_sub(old_length).min(input.len());
        let (taken, rest) = input.split_at(room);
        *input = rest;
        if taken.is_empty() {
            return;
        }
        self.times = Some((self.times.map_or(now, |(first, _)| first), now));
        self.last_piece = old_length;
        self.bytes.extend_from_slice(taken);
        let mut at = old_length;
        while let Some(start) = next_start(&self.bytes, at) {
            self.candidates.push(Candidate { at: start, time: now });
            at = start + 1;
        }
    }

    /// Gives the first bytes away: `length` of them, but not those of the last piece with those before it.
    pub fn give(&mut self, length: usize) -> Option<(&[u8], T)> {
        let (first, last) = self.times?;
        let (length, time) = match self.last_piece {
            0 => (length, last),
            before => (length.min(before), first),
        };
        self.given = length;
        Some((&self.bytes[..length], time))
    }

    /// The first `length` bytes are no longer needed.
    pub fn mark_given(&mut self, length: usize) {
        self.given = length;
    }

    /// Removes what was given.
    pub fn drop_given(&mut self) {
        let given = std::mem::take(&mut self.given);
        if given == 0 {
            return;
        }
        self.bytes.drain(..given);
        self.candidates.retain_mut(|candidate| {
            let is_left = candidate.at >= given;
            candidate.at = candidate.at.saturating_sub(given);
            is_left
        });
        if given >= self.last_piece {
            self.times = self.times.map(|(_, last)| (last, last));
        }
        self.last_piece = self.last_piece.saturating_sub(given);
        if let (Some(first), Some((_, last))) = (self.candidates.first(), self.times) {
            if first.at == 0 {
                self.times = Some((first.time, last));
            }
        }
        if self.bytes.is_empty() {
            self.times = None;
        }
    }

    /// There is no frame at this candidate.
    pub fn remove(&mut self, index: usize) {
        self.candidates.remove(index);
    }

    /// Whether an HDLC or M-Bus frame is within the first `length` bytes of this candidate.
    pub fn has_carrier(&self, index: usize, length: usize) -> bool {
        let end = self.candidates[index].at + length;
        let mut others = self.candidates[index + 1..].iter().take_while(|other| other.at < end);
        others.any(|other| matches!(carrier_length(&self.bytes[other.at..end]), Found::Yes(_)))
    }

    /// How the frame of this candidate and length fits to what is around it.
    pub fn fit(&self, index: usize, length: usize) -> Fit {
        let end = self.candidates[index].at + length;
        let others = &self.candidates[index + 1..];
        let is_frame = |other: &&Candidate<T>| {
            other.at < end && !matches!(Ciphered::read(&self.bytes[other.at..]), Found::No)
        };
        if others.iter().any(|other| is_frame(&other)) {
            Fit::Shorter
        } else if end == self.bytes.len() || others.iter().any(|other| other.at == end) {
            Fit::Whole
        } else {
            Fit::Longer
        }
    }
}

/// The length of the HDLC or M-Bus frame at the beginning of these bytes.
pub fn carrier_length(bytes: &[u8]) -> Found<usize> {
    match bytes.first() {
        Some(&FLAG) => HdlcFrame::read(bytes).map(|frame| frame.length),
        Some(&START) => MBusFrame::read(bytes).map(|frame| frame.length),
        _ => Found::No,
    }
}

/// Where a frame may begin, at `from` or behind.
pub fn next_start(bytes: &[u8], from: usize) -> Option<usize> {
    // Each is searched by itself: M-Bus begins with a letter that telegrams are full of.
    let mut others = memchr3_iter(MARK, FLAG, 0, bytes.get(from..)?).peekable();
    let mut mbus = memchr_iter(START, &bytes[from..]).peekable();
    loop {
        let at = from
            + match (others.peek(), mbus.peek()) {
                (Some(&other), Some(&start)) if start < other => mbus.next()?,
                (Some(_), _) => others.next()?,
                (None, _) => mbus.next()?,
            };
        let may_begin = match &bytes[at..] {
            // Of M-Bus.
            [START] | [START, _] => true,
            [START, one, two] | [START, one, two, START, ..] => one == two,
            // Encrypted, HDLC, or of a Polish meter behind a plain first line.
            rest => matches!(
                rest,
                [MARK | FLAG | 0] | [MARK, 8, ..] | [FLAG, 0xA0..=0xAF, ..] | [0, 0x81..=0x83, ..]
            ),
        };
        if may_begin {
            return Some(at);
        }
    }
}
