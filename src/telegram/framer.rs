//! Bytes in, frames out: finds `/` … `!CRC` in a stream that may begin, break and garble anywhere.
//!
//! Owns the boundaries of a frame, not its content. A `/` at the start of a line always begins a frame,
//! so that a telegram whose end was lost never swallows the next. A `/` in mid line is text, except
//! where the checksum or the lines around it prove that a telegram begins there. Memory is bounded by
//! [`MAX_FRAME`].
//!
//! If the `/` of a frame has a parity bit, so has every byte: these bits are removed when it is complete.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};

use super::parity::{self, Parity};
use super::{Algorithm, Checksum, Timestamp, lines, shape};

/// The longest frame that is kept, in bytes. The longest telegram seen so far has 2,523.
pub const MAX_FRAME: usize = 64 * 1024;

/// The longest end line after the `!`, in bytes: four digits, and room for NUL, blanks and line end.
const MAX_END_LINE: usize = 16;

/// A CR with its parity bit.
const CR_WITH_PARITY: u8 = 0x8D;

/// How many `/` in mid line are considered: the last ones that can begin a telegram.
pub(super) const MAX_STARTS: usize = 8;

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
    /// All bytes as received, line ends included; without parity bits.
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
        lines::first(self.bytes)
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
    /// The last `/` in mid line where the frame may really begin.
    later_starts: Vec<Start>,
    dropped: Dropped,
}

/// A `/` in the buffer.
#[derive(Clone, Copy, Debug)]
struct Start {
    at: usize,
    /// When it came in.
    time: Timestamp,
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
    /// An incomplete frame is dropped, and the framer is ready for a new stream.
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

    /// The bytes of the last frame, as long as nothing more was fed.
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

    /// Begins a frame with the `/` at the front of `input`.
    fn begin(&mut self, input: &mut &[u8], now: Timestamp) {
        self.buffer.clear();
        self.later_starts.clear();
        self.start = now;
        self.state = State::Body;
        self.append(input, 1);
    }

    fn has_parity(&self) -> bool {
        self.buffer.first() == Some(&parity::SLASH)
    }

    fn body(&mut self, input: &mut &[u8], now: Timestamp) {
        let length = memchr3(b'/', parity::SLASH, b'!', input).unwrap_or(input.len());
        if !self.append(input, length) {
            return;
        }
        let at_line_start = match self.buffer.last() {
            Some(b'\n' | b'\r') => true,
            Some(&CR_WITH_PARITY) => self.has_parity(),
            _ => false,
        };
        match input.first() {
            Some(b'/') if at_line_start => self.begin_next(input, now),
            Some(&parity::SLASH) if at_line_start && self.has_parity() => {
                self.begin_next(input, now);
            }
            Some(&mark) if self.append(input, 1) => match mark {
                b'!' if at_line_start => {
                    self.end_mark = self.buffer.len() - 1;
                    self.state = State::EndLine;
                }
                b'!' => {}
                _ => self.remember_start(self.buffer.len() - 1, now),
            },
            _ => {}
        }
    }

    fn remember_start(&mut self, at: usize, time: Timestamp) {
        // By now more of the lines of the last ones is here.
        while let Some(last) = self.later_starts.last() {
            if shape::begins_with_header(&self.plain_text(last.at)) {
                break;
            }
            self.later_starts.pop();
        }
        if self.later_starts.len() == MAX_STARTS {
            self.later_starts.remove(0);
        }
        self.later_starts.push(Start { at, time });
    }

    /// Begins a frame with the `/` at the front of `input`; the one so far has lost its end.
    fn begin_next(&mut self, input: &mut &[u8], now: Timestamp) {
        self.drop_incomplete();
        self.begin(input, now);
    }

    fn end_line(&mut self, input: &mut &[u8], now: Timestamp) {
        let room = MAX_END_LINE - (self.buffer.len() - self.end_mark - 1);
        let line_end = if memchr(b'\n', &self.buffer).is_some() { b'\n' } else { b'\r' };
        let ends = |&byte: &u8| byte == line_end || matches!(byte, b'\n' | b'/' | parity::SLASH);
        let end = input.iter().take(room).position(ends);
        // With a `/` the line end is lost, and the next telegram is here.
        let length = end.map_or(room.min(input.len()), |end| {
            end + usize::from(!matches!(input[end], b'/' | parity::SLASH))
        });
        if !self.append(input, length) {
            return;
        }
        if end.is_some() {
            self.complete(now);
        } else if length == room {
            self.drop_incomplete();
        }
    }

    /// Moves `length` bytes from `input` to the buffer; false when the frame has become too long.
    fn append(&mut self, input: &mut &[u8], length: usize) -> bool {
        while self.buffer.len() + length > MAX_FRAME {
            self.dropped.oversize += 1;
            let Some(&start) = self.later_starts.first() else {
                self.buffer = Vec::new();
                self.state = State::Seeking;
                return false;
            };
            self.begin_at(start);
        }
        self.buffer.extend_from_slice(&input[..length]);
        *input = &input[length..];
        true
    }

    fn complete(&mut self, now: Timestamp) {
        self.end = now;
        self.state = State::Done;
        if let Some(start) = self.choose_start() {
            self.count_dropped(start.at);
            self.begin_at(start);
        }
        self.parity =
            if self.has_parity() { parity::strip(&mut self.buffer) } else { Parity::None };
    }

    /// Where the frame really begins, if not where it seemed to: where the checksum proves it, else
    /// where the lines do.
    fn choose_start(&self) -> Option<Start> {
        if self.later_starts.is_empty() || self.has_good_checksum(0) {
            return None;
        }
        let (mut previous, mut proven_by_lines) = (0, None);
        for start in &self.later_starts {
            match self.evidence(previous, start.at) {
                Evidence::Text => continue,
                _ if self.has_good_checksum(start.at) => return Some(*start),
                Evidence::Header => proven_by_lines = Some(*start),
                Evidence::Weak => {}
            }
            previous = start.at;
        }
        proven_by_lines
    }

    /// What the lines say about the `/` at `at`; `previous` is the last one before that is no text.
    fn evidence(&self, previous: usize, at: usize) -> Evidence {
        let text = self.plain_text(at);
        if !shape::begins_with_header(&text) {
            return Evidence::Text;
        }
        if self.buffer[at] == parity::SLASH && !self.has_parity() {
            let is_even = parity::is_even(&self.buffer[at..]);
            return if is_even { Evidence::Header } else { Evidence::Text };
        }
        let is_identified = shape::begins_with_identification(&text);
        let before = self.plain_text(previous);
        let before = &before[..before.len().min(at - previous)];
        if lines::first(before).len() < before.len() {
            let is_header = is_identified && shape::goes_on_like_telegram(&text);
            return if is_header { Evidence::Header } else { Evidence::Weak };
        }
        // Both are in one line: the first began a header that was cut and is sent again, or it is noise,
        // or the second belongs to the same header (`/HLY5/D545-METER`).
        let was_identified =
            shape::begins_with_header(before) && shape::begins_with_identification(before);
        if text.starts_with(before) || (is_identified && !was_identified) {
            Evidence::Header
        } else if is_identified || !was_identified {
            Evidence::Weak
        } else {
            Evidence::Text
        }
    }

    /// The bytes from `at` on, without parity bits: as many as first lines are judged by.
    fn plain_text(&self, at: usize) -> Vec<u8> {
        let bytes = &self.buffer[at..self.buffer.len().min(at + shape::MAX_OPENING)];
        let mask = if bytes[0] == parity::SLASH { 0x7F } else { 0xFF };
        bytes.iter().map(|byte| byte & mask).collect()
    }

    /// Whether the bytes from here on have a good checksum.
    fn has_good_checksum(&self, at: usize) -> bool {
        let mut bytes = Cow::Borrowed(&self.buffer[at..]);
        if bytes[0] == parity::SLASH {
            parity::strip(bytes.to_mut());
        }
        let (text, end_line) = bytes.split_at(self.end_mark + 1 - at);
        matches!(Checksum::check(text, end_line, Algorithm::ALL), Checksum::Good(_))
    }

    /// Lets the frame begin at this `/`.
    fn begin_at(&mut self, start: Start) {
        self.buffer.drain(..start.at);
        self.end_mark = self.end_mark.saturating_sub(start.at);
        self.start = start.time;
        self.later_starts.retain_mut(|other| {
            let is_behind = other.at > start.at;
            other.at = other.at.saturating_sub(start.at);
            is_behind
        });
    }

    fn drop_incomplete(&mut self) {
        self.count_dropped(self.buffer.len());
        self.state = State::Seeking;
    }

    /// Counts the first `length` bytes as dropped. What only began like a telegram with parity bits was
    /// noise.
    fn count_dropped(&mut self, length: usize) {
        if self.has_parity() && !parity::is_even(&self.buffer[..length]) {
            self.dropped.stray_bytes += length as u64;
        } else {
            self.dropped.incomplete += 1;
        }
    }
}

/// What the lines say about a `/` in mid line.
enum Evidence {
    /// It belongs to a text, or to the first line.
    Text,
    /// A telegram can begin there, if the checksum says so.
    Weak,
    /// A telegram begins there.
    Header,
}

#[cfg(test)]
mod tests;
