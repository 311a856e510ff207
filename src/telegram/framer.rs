//! Bytes in, frames out: finds `/` … `!CRC` in a stream that may begin, break and garble anywhere.
//!
//! Owns the boundaries of a frame and nothing of what is in it. It restarts at every `/`, so that a
//! frame that lost its end never swallows the next; only where the checksum proves that a `/` in
//! mid line was text does the frame go on across it. Memory is bounded by [`MAX_FRAME`].

use memchr::{memchr, memchr2};

use super::{Checksum, Instant};

/// The longest frame that is kept, in bytes. The longest telegram seen so far has 2,523.
pub const MAX_FRAME: usize = 64 * 1024;

/// The longest end line after the `!`, in bytes: four digits, and room for NUL, blanks and line end.
const MAX_END_LINE: usize = 16;

/// One frame, from `/` to the end of the line with `!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    end_mark: usize,
    /// When the first byte, the `/`, came in.
    pub start: Instant,
    /// When the last byte came in.
    pub end: Instant,
}

impl<'a> Frame<'a> {
    /// All bytes as received, line ends included.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
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
    start: Instant,
    end: Instant,
    /// The last `/` in mid line: where in the buffer the frame really begins, unless that was text.
    restart: Option<(usize, Instant)>,
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
    pub fn feed(&mut self, input: &mut &[u8], now: Instant) -> Option<Frame<'_>> {
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
    pub fn finish(&mut self, now: Instant) -> Option<Frame<'_>> {
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
        Frame { bytes: &self.buffer, end_mark: self.end_mark, start: self.start, end: self.end }
    }

    fn seek(&mut self, input: &mut &[u8], now: Instant) {
        self.state = State::Seeking;
        let stray = memchr(b'/', input).unwrap_or(input.len());
        self.dropped.stray_bytes += stray as u64;
        *input = &input[stray..];
        if !input.is_empty() {
            self.begin(input, now);
        }
    }

    /// Takes the `/` at the front of `input`.
    fn begin(&mut self, input: &mut &[u8], now: Instant) {
        self.buffer.clear();
        self.restart = None;
        self.start = now;
        self.state = State::Body;
        self.take(input, 1);
    }

    fn body(&mut self, input: &mut &[u8], now: Instant) {
        let length = memchr2(b'/', b'!', input).unwrap_or(input.len());
        if !self.take(input, length) {
            return;
        }
        let at_line_start = matches!(self.buffer.last(), Some(b'\n' | b'\r'));
        let at = self.buffer.len();
        match input.first() {
            Some(b'/') if at_line_start => {
                self.drop_incomplete();
                self.begin(input, now);
            }
            Some(&mark) if self.take(input, 1) => match mark {
                b'/' => self.restart = Some((at, now)),
                _ if at_line_start => {
                    self.end_mark = at;
                    self.state = State::EndLine;
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn end_line(&mut self, input: &mut &[u8], now: Instant) {
        let room = MAX_END_LINE - (self.buffer.len() - self.end_mark - 1);
        let ends = |&byte: &u8| byte == b'\n' || byte == b'/';
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
        if self.buffer.len() + length > MAX_FRAME {
            self.dropped.oversize += 1;
            self.buffer = Vec::new();
            self.state = State::Seeking;
            return false;
        }
        self.buffer.extend_from_slice(&input[..length]);
        *input = &input[length..];
        true
    }

    fn complete(&mut self, now: Instant) {
        self.end = now;
        self.state = State::Done;
        if let Some((at, start)) = self.restart.take() {
            if Checksum::of(&self.frame()) != Checksum::Good {
                self.dropped.incomplete += 1;
                self.buffer.drain(..at);
                self.end_mark -= at;
                self.start = start;
            }
        }
    }

    fn drop_incomplete(&mut self) {
        self.dropped.incomplete += 1;
        self.state = State::Seeking;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: &[u8] = b"/ONE5\\2A\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!A1B2\r\n";
    const TWO: &[u8] = b"/TWO5\\2B\r\n\r\n1-0:2.7.0(00.000*kW)\r\n!\r\n";

    /// The frames in `stream` when it is fed in pieces of these lengths (the last one repeats).
    fn frames(stream: &[u8], pieces: &[usize]) -> (Vec<Vec<u8>>, Dropped) {
        let (mut framer, mut found) = (Framer::default(), Vec::new());
        let (mut rest, mut lengths) = (stream, pieces.iter().copied());
        let mut length = usize::MAX;
        while !rest.is_empty() {
            length = lengths.next().unwrap_or(length).clamp(1, rest.len());
            let (mut piece, after) = rest.split_at(length);
            while let Some(frame) = framer.feed(&mut piece, Instant::default()) {
                found.push(frame.bytes().to_vec());
            }
            rest = after;
        }
        if let Some(frame) = framer.finish(Instant::default()) {
            found.push(frame.bytes().to_vec());
        }
        (found, framer.dropped())
    }

    #[test]
    fn a_frame_runs_from_the_slash_to_the_end_of_the_end_line() {
        let stream = [ONE, TWO].concat();
        assert_eq!(frames(&stream, &[]), (vec![ONE.to_vec(), TWO.to_vec()], Dropped::default()));
    }

    #[test]
    fn the_parts_of_a_frame_are_told_apart() {
        let mut framer = Framer::default();
        let frame = framer.feed(&mut &ONE[..], Instant::default()).unwrap();
        assert_eq!(frame.header(), b"/ONE5\\2A");
        assert!(frame.up_to_end_mark().ends_with(b"kW)\r\n!"));
        assert_eq!(frame.after_end_mark(), b"A1B2\r\n");
    }

    #[test]
    fn start_and_end_are_when_their_bytes_came_in() {
        let mut framer = Framer::default();
        assert!(framer.feed(&mut &b"noise/ONE"[..], Instant::from_seconds(10)).is_none());
        assert!(framer.feed(&mut &b"5\r\n!A1B2\r"[..], Instant::from_seconds(11)).is_none());
        let frame = framer.feed(&mut &b"\n"[..], Instant::from_seconds(12)).unwrap();
        assert_eq!((frame.start.seconds(), frame.end.seconds()), (10, 12));
    }

    #[test]
    fn a_stream_that_begins_in_mid_telegram_loses_only_that_one() {
        let stream = [&ONE[9..], TWO].concat();
        let (found, dropped) = frames(&stream, &[]);
        assert_eq!(found, [TWO]);
        assert_eq!((dropped.incomplete, dropped.stray_bytes), (0, ONE.len() as u64 - 9));
    }

    #[test]
    fn a_lost_end_does_not_swallow_the_next_telegram() {
        for kept in 1..ONE.len() - 1 {
            let stream = [&ONE[..kept], TWO].concat();
            assert_eq!(frames(&stream, &[]).0.last().unwrap(), TWO, "{kept} bytes kept");
        }
    }

    #[test]
    fn a_slash_in_a_text_is_kept_where_the_checksum_proves_it() {
        let body = b"/ONE5\r\n\r\n0-0:96.13.0(on/off)\r\n!";
        let proven =
            [&body[..], format!("{:04X}\r\n", crate::telegram::crc16(body)).as_bytes()].concat();
        assert_eq!(frames(&proven, &[]), (vec![proven.clone()], Dropped::default()));
        let unproven = [&body[..], b"\r\n"].concat();
        assert_eq!(frames(&unproven, &[]).0, [b"/off)\r\n!\r\n"]);
    }

    #[test]
    fn an_end_line_without_line_end_ends_at_the_next_slash_or_with_the_stream() {
        let cut = &ONE[..ONE.len() - 2];
        assert_eq!(frames(&[cut, TWO].concat(), &[]).0, [cut, TWO]);
        assert_eq!(frames(cut, &[]).0, [cut]);
    }

    #[test]
    fn an_exclamation_mark_in_mid_line_is_text() {
        let telegram = b"/ONE5\r\n\r\n0-0:96.13.0(hello!)\r\n!A1B2\r\n";
        assert_eq!(frames(telegram, &[]).0, [telegram]);
    }

    #[test]
    fn a_frame_without_end_is_dropped_at_the_limit_and_memory_stays_bounded() {
        let mut framer = Framer::default();
        let junk = [b'x'; 1000];
        let mut first: &[u8] = b"/";
        assert!(framer.feed(&mut first, Instant::default()).is_none());
        for _ in 0..10_000 {
            assert!(framer.feed(&mut &junk[..], Instant::default()).is_none());
            assert!(framer.buffer.capacity() <= 2 * MAX_FRAME);
        }
        assert_eq!(framer.dropped().oversize, 1);
        assert_eq!(framer.feed(&mut &TWO[..], Instant::default()).unwrap().bytes(), TWO);
    }

    #[test]
    fn an_end_line_that_goes_on_is_no_end_line() {
        let stream = [&b"/ONE5\r\n!A1B2 and then some more noise\r\n"[..], TWO].concat();
        let (found, dropped) = frames(&stream, &[]);
        assert_eq!((found, dropped.incomplete), (vec![TWO.to_vec()], 1));
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_gives_the_same_frames(
            noise in proptest::collection::vec(prop_oneof![Just(b'/'), Just(b'!'), Just(b'\n'), any::<u8>()], 0..200),
            pieces in proptest::collection::vec(1usize..40, 1..20),
        ) {
            let stream = [&noise, ONE, &noise, TWO].concat();
            let whole = frames(&stream, &[]);
            prop_assert_eq!(&frames(&stream, &pieces), &whole);
            prop_assert_eq!(whole.0.last().unwrap(), TWO);
        }
    }
}
