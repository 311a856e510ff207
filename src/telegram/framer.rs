//! Bytes in, frames out: finds `/` … `!CRC` in a stream that may begin, break and garble anywhere.
//!
//! Owns the boundaries of a frame and nothing of what is in it. It restarts at every `/`, so that a
//! frame that lost its end never swallows the next; only where the checksum proves that a `/` in
//! mid line was text does the frame go on across it. Memory is bounded by [`MAX_FRAME`].
//!
//! A frame whose `/` has a parity bit has one in every byte: they are taken off when it is complete.

use memchr::{memchr2, memchr3};

use super::parity::{self, Parity};
use super::{Checksum, Timestamp};

/// The longest frame that is kept, in bytes. The longest telegram seen so far has 2,523.
pub const MAX_FRAME: usize = 64 * 1024;

/// The longest end line after the `!`, in bytes: four digits, and room for NUL, blanks and line end.
const MAX_END_LINE: usize = 16;

/// How many `/` in mid line are kept in mind; more than texts have.
const MAX_RESTARTS: usize = 16;

/// One frame, from `/` to the end of the line with `!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) end_mark: usize,
    pub(super) parity: Parity,
    /// When the first byte, the `/`, came in.
    pub start: Timestamp,
    /// When the last byte came in.
    pub end: Timestamp,
}

impl<'a> Frame<'a> {
    /// All bytes as received, line ends included; parity bits not.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the bytes came with a parity bit.
    #[must_use]
    pub fn parity(&self) -> Parity {
        self.parity
    }

    /// From `/` to `!` inclusive: what the checksum is computed over.
    #[must_use]
    pub fn up_to_end_mark(&self) -> &'a [u8] {
        &self.bytes[..=self.end_mark]
    }

    /// What follows the `!`.
    #[must_use]
    pub fn after_end_mark(&self) -> &'a [u8] {
        &self.bytes[self.end_mark + 1..]
    }

    /// The first line, line end not included.
    #[must_use]
    pub fn header(&self) -> &'a [u8] {
        let length = memchr2(b'\r', b'\n', self.bytes).unwrap_or(self.bytes.len());
        &self.bytes[..length]
    }
}

/// What was thrown away since the framer was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Bytes between telegrams, in number.
    pub stray_bytes: u64,
    /// Telegrams that began and did not end, in number.
    pub incomplete: u64,
    /// Telegrams longer than [`MAX_FRAME`], in number.
    pub oversize: u64,
}

/// Cuts a stream of bytes into frames.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    state: State,
    end_mark: usize,
    parity: Parity,
    start: Timestamp,
    end: Timestamp,
    /// The last few `/` in mid line: the frame begins at one of them, unless they are text.
    restarts: Vec<(usize, Timestamp)>,
    dropped: Dropped,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// No `/` yet.
    #[default]
    Seeking,
    /// After a `/`.
    Body,
    /// After a `!` at the start of a line.
    EndLine,
    /// The frame in the buffer has been handed out.
    Done,
}

impl Framer {
    /// Takes bytes off the front of `input` until a frame is complete or `input` is empty.
    ///
    /// `now` is when these bytes came in. Call again, with the same `input`, until it gives `None`.
    pub fn feed(&mut self, input: &mut &[u8], now: Timestamp) -> Option<Frame<'_>> {
        while !input.is_empty() {
            match self.state {
                State::Done | State::Seeking => self.seek(input, now),
                State::Body => self.body(input, now),
                State::EndLine => self.end_line(input, now),
            }
            if self.state == State::Done {
                return Some(self.frame());
            }
        }
        None
    }

    /// The stream has ended: the frame whose end line lacks its line end, if there is one.
    ///
    /// Whatever else is half there is dropped, and the framer is ready for a new stream.
    pub fn finish(&mut self, now: Timestamp) -> Option<Frame<'_>> {
        match self.state {
            State::EndLine => {
                self.complete(now);
                Some(self.frame())
            }
            State::Body => {
                self.drop_incomplete();
                None
            }
            State::Seeking | State::Done => None,
        }
    }

    /// The bytes of the frame that was given last, as long as nothing more was fed.
    #[must_use]
    pub fn last_frame(&self) -> &[u8] {
        &self.buffer
    }

    /// What was thrown away so far.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }

    fn frame(&self) -> Frame<'_> {
        let Self { buffer, end_mark, parity, start, end, .. } = self;
        Frame { bytes: buffer, end_mark: *end_mark, parity: *parity, start: *start, end: *end }
    }

    fn seek(&mut self, input: &mut &[u8], now: Timestamp) {
        self.state = State::Seeking;
        let stray = memchr2(b'/', parity::SLASH, input).unwrap_or(input.len());
        self.dropped.stray_bytes += stray as u64;
        *input = &input[stray..];
        if !input.is_empty() {
            self.begin(input, now);
        }
    }

    /// Takes the `/` at the front of `input`.
    fn begin(&mut self, input: &mut &[u8], now: Timestamp) {
        self.buffer.clear();
        self.restarts.clear();
        self.start = now;
        self.state = State::Body;
        self.take(input, 1);
    }

    fn has_parity(&self) -> bool {
        self.buffer.first() == Some(&parity::SLASH)
    }

    fn body(&mut self, input: &mut &[u8], now: Timestamp) {
        let length = memchr3(b'/', parity::SLASH, b'!', input).unwrap_or(input.len());
        if !self.take(input, length) {
            return;
        }
        let at_line_start = matches!(self.buffer.last(), Some(b'\n' | b'\r'));
        match input.first() {
            Some(b'/') if at_line_start => self.begin_anew(input, now),
            Some(&parity::SLASH) if at_line_start && self.has_parity() => {
                self.begin_anew(input, now);
            }
            Some(&mark) if self.take(input, 1) => match mark {
                b'!' if at_line_start => {
                    self.end_mark = self.buffer.len() - 1;
                    self.state = State::EndLine;
                }
                b'!' => {}
                _ => self.remember_restart(self.buffer.len() - 1, now),
            },
            _ => {}
        }
    }

    fn remember_restart(&mut self, at: usize, now: Timestamp) {
        if self.restarts.len() == MAX_RESTARTS {
            self.restarts.remove(0);
        }
        self.restarts.push((at, now));
    }

    fn begin_anew(&mut self, input: &mut &[u8], now: Timestamp) {
        self.drop_incomplete();
        self.begin(input, now);
    }

    fn end_line(&mut self, input: &mut &[u8], now: Timestamp) {
        let room = MAX_END_LINE - (self.buffer.len() - self.end_mark - 1);
        let ends = |&byte: &u8| matches!(byte, b'\n' | b'/' | parity::SLASH);
        match input.iter().take(room).position(ends) {
            Some(length) if input[length] == b'\n' => {
                if self.take(input, length + 1) {
                    self.complete(now);
                }
            }
            // The line end is lost, and the next telegram is here.
            Some(length) => {
                if self.take(input, length) {
                    self.complete(now);
                }
            }
            None => {
                let length = room.min(input.len());
                if self.take(input, length) && length == room {
                    self.drop_incomplete();
                }
            }
        }
    }

    /// Moves `length` bytes from `input` to the buffer; false when the frame has become too long.
    fn take(&mut self, input: &mut &[u8], length: usize) -> bool {
        while self.buffer.len() + length > MAX_FRAME {
            let Some(&(at, start)) = self.restarts.first() else {
                self.dropped.oversize += 1;
                self.buffer = Vec::new();
                self.state = State::Seeking;
                return false;
            };
            self.dropped.oversize += 1;
            self.restart(at, start);
        }
        self.buffer.extend_from_slice(&input[..length]);
        *input = &input[length..];
        true
    }

    fn complete(&mut self, now: Timestamp) {
        self.end = now;
        self.state = State::Done;
        if let Some((at, start)) = self.choose_restart() {
            self.drop_incomplete_before(at);
            self.restart(at, start);
        }
        self.parity =
            if self.has_parity() { parity::strip(&mut self.buffer) } else { Parity::None };
    }

    /// Where the frame really begins, if not where it seemed to: where the checksum proves it, else
    /// at the last `/`.
    fn choose_restart(&self) -> Option<(usize, Timestamp)> {
        if self.restarts.is_empty() || self.is_proven(0) {
            return None;
        }
        let proven = self.restarts.iter().find(|(at, _)| self.is_proven(*at));
        let is_plausible = |(at, _): &&(usize, Timestamp)| {
            self.buffer[*at] == b'/' || parity::is_even(&self.buffer[*at..])
        };
        proven.or_else(|| self.restarts.iter().rfind(is_plausible)).copied()
    }

    /// Whether the bytes from here on have a good checksum.
    fn is_proven(&self, at: usize) -> bool {
        let mut bytes = self.buffer[at..].to_vec();
        if bytes[0] == parity::SLASH {
            parity::strip(&mut bytes);
        }
        let frame = Frame { bytes: &bytes, end_mark: self.end_mark - at, ..self.frame() };
        Checksum::of(&frame) == Checksum::Good
    }

    /// The frame begins here.
    fn restart(&mut self, at: usize, start: Timestamp) {
        self.buffer.drain(..at);
        self.end_mark = self.end_mark.saturating_sub(at);
        self.start = start;
        self.restarts.retain_mut(|(other, _)| {
            let is_behind = *other > at;
            *other = other.saturating_sub(at);
            is_behind
        });
    }

    fn drop_incomplete(&mut self) {
        self.drop_incomplete_before(self.buffer.len());
        self.state = State::Seeking;
    }

    /// Counts what is given up; what only began like a telegram with parity bits was noise.
    fn drop_incomplete_before(&mut self, end: usize) {
        if self.has_parity() && !parity::is_even(&self.buffer[..end]) {
            self.dropped.stray_bytes += end as u64;
        } else {
            self.dropped.incomplete += 1;
        }
    }
}

#[cfg(test)]
mod tests;
