//! Finds encrypted frames in a stream that may begin, break and garble anywhere, and opens them.
//!
//! Owns the boundaries. All that is no frame passes as it came. Where a frame seems to begin, bytes are kept until
//! it is complete or the line is silent. One that cannot be opened costs its first byte, never the length that it
//! announces: the search goes on behind that byte. A frame that begins within another is opened as soon as it is
//! complete, so that a damaged length delays nothing. Memory is bounded by [`MAX_FRAME`].

use memchr::memchr2;

use super::checksum;
use super::ciphering::{Ciphered, Found, MARK, MAX_FRAME, TITLE_LENGTH};
use super::keys::Keys;
use super::opener::{Authenticity, Opener, Refusal};
use super::polish;

/// How many bytes are kept at most: a frame, and what came with its end.
const MAX_PENDING: usize = MAX_FRAME + 4096;

/// What the decoder has found. `T` is the time of a byte, in whatever clock the caller uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a, T> {
    /// Bytes that are no part of a frame, as they came.
    Plain {
        /// The bytes, at least one.
        bytes: &'a [u8],
        /// When the first one came in.
        time: T,
    },
    /// A telegram.
    Telegram(Opened<'a, T>),
    /// A frame that gave no telegram.
    Refused(Refused),
}

/// The text of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened<'a, T> {
    /// The telegram, from `/` to the end line. Of a Polish meter, what follows its plain first line.
    pub text: &'a [u8],
    /// When the first byte of the frame came in.
    pub start: T,
    /// Whether the telegram is known to be the meter's.
    pub authenticity: Authenticity,
    /// The length of the frame, in bytes.
    pub frame_length: usize,
    /// How many bytes that came in are kept behind it.
    pub behind: usize,
    /// Whether the invocation counter of the meter is lower than that of the frame before.
    pub is_counter_lower: bool,
}

/// A frame that gave no telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: Refusal,
    /// The system title of the meter; zeros where it sends none.
    pub title: [u8; TITLE_LENGTH],
    /// Whether it ends where its length says.
    pub fit: Fit,
}

/// How the end of a frame agrees with the length that it announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It ends there.
    Whole,
    /// More bytes follow: some were added on the way, or one was changed.
    Longer,
    /// The line fell silent before, or another frame begins before: bytes were lost.
    Shorter,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames, good or not, in number.
    pub frames: u64,
    /// Frames that gave a telegram, in number.
    pub decrypted: u64,
    /// Frames whose tag did not fit or was missing, in number.
    pub bad_tag: u64,
    /// Frames without a key for their tag whose content has a wrong checksum, in number.
    pub bad_checksum: u64,
    /// Frames that were shorter than they announced, in number.
    pub incomplete: u64,
}

/// Cuts a stream of bytes into encrypted frames and plain text.
#[derive(Debug)]
pub struct Decoder<T> {
    opener: Opener,
    /// The bytes from the first candidate on.
    pending: Vec<u8>,
    /// When the first of them came in.
    pending_since: Option<T>,
    /// How many of them the last event has given.
    given: usize,
    /// Where frames may begin in `pending`, in order.
    candidates: Vec<Candidate<T>>,
    /// The plain bytes that came last.
    header: polish::Header,
    /// The content of the last frame.
    text: Vec<u8>,
    /// The meter of the last telegram, and its invocation counter.
    last_counter: Option<([u8; TITLE_LENGTH], [u8; 4])>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug)]
struct Candidate<T> {
    at: usize,
    time: T,
}

/// What comes of a complete frame.
struct Attempt {
    /// Of the frame, in bytes.
    length: usize,
    title: [u8; TITLE_LENGTH],
    counter: [u8; 4],
    result: Result<Authenticity, Refusal>,
}

impl<T> Default for Decoder<T> {
    fn default() -> Self {
        Self {
            opener: Opener::default(),
            pending: Vec::new(),
            pending_since: None,
            given: 0,
            candidates: Vec::new(),
            header: polish::Header::default(),
            text: Vec::new(),
            last_counter: None,
            counts: Counts::default(),
        }
    }
}

impl<T: Copy> Decoder<T> {
    /// Uses these keys, or none. Returns whether they are others than before.
    pub fn set_keys(&mut self, keys: Option<Keys>) -> bool {
        self.opener.set_keys(keys)
    }

    /// Whether there is a key.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.opener.has_keys()
    }

    /// Takes bytes off the front of `input`, and gives what they complete.
    ///
    /// `now` is when these bytes came in. Call again, with the same `input`, until it gives `None`.
    pub fn feed<'a, 'i: 'a>(&'a mut self, input: &mut &'i [u8], now: T) -> Option<Event<'a, T>> {
        self.drop_given(now);
        if self.pending.is_empty() {
            let start = next_start(input, 0).unwrap_or(input.len());
            if start > 0 {
                let (bytes, rest) = input.split_at(start);
                *input = rest;
                self.header.push(bytes);
                return Some(Event::Plain { bytes, time: now });
            }
        }
        self.take(input, now);
        self.judge(false, now)
    }

    /// The line is silent or lost: no frame goes on. Call until it gives `None`.
    pub fn finish(&mut self, now: T) -> Option<Event<'_, T>> {
        self.drop_given(now);
        self.judge(true, now)
    }

    /// How many bytes are kept that no event has given yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len() - self.given
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Removes what the last event has given.
    fn drop_given(&mut self, now: T) {
        if self.given == 0 {
            return;
        }
        self.pending.drain(..self.given);
        self.candidates.retain_mut(|candidate| {
            let is_left = candidate.at >= self.given;
            candidate.at = candidate.at.saturating_sub(self.given);
            is_left
        });
        self.given = 0;
        let first = self.candidates.first().filter(|first| first.at == 0);
        let since = first.map_or(now, |first| first.time);
        self.pending_since = (!self.pending.is_empty()).then_some(since);
    }

    fn take(&mut self, input: &mut &[u8], now: T) {
        let old_length = self.pending.len();
        let room = MAX_PENDING.saturating_sub(old_length).min(input.len());
        let (taken, rest) = input.split_at(room);
        *input = rest;
        if taken.is_empty() {
            return;
        }
        self.pending_since = self.pending_since.or(Some(now));
        self.pending.extend_from_slice(taken);
        let mut at = old_length;
        while let Some(start) = next_start(&self.pending, at) {
            self.candidates.push(Candidate { at: start, time: now });
            at = start + 1;
        }
    }

    /// Tries the candidates in their order. `is_silent`: no more bytes will complete one.
    fn judge(&mut self, is_silent: bool, now: T) -> Option<Event<'_, T>> {
        let mut index = 0;
        while let Some(&Candidate { at, time }) = self.candidates.get(index) {
            if index == 0 && at > 0 {
                return Some(self.give(at, now));
            }
            match self.attempt(index) {
                Found::Incomplete if !is_silent => index += 1,
                Found::Yes(attempt) if attempt.is_frame() && index > 0 => {
                    // Those before it go on behind its beginning: they have lost bytes. Then it is the first.
                    if let Some(refused) = self.abandon(0) {
                        return Some(Event::Refused(refused));
                    }
                    index = 0;
                }
                Found::Yes(attempt) => return Some(self.conclude(index, &attempt, time)),
                Found::Incomplete => {
                    if let Some(refused) = self.abandon(index) {
                        return Some(Event::Refused(refused));
                    }
                }
                Found::No => {
                    self.candidates.remove(index);
                }
            }
        }
        let is_plain = self.candidates.is_empty() && !self.pending.is_empty();
        is_plain.then(|| self.give(self.pending.len(), now))
    }

    /// Gives the first `length` bytes that are kept as plain ones.
    fn give(&mut self, length: usize, now: T) -> Event<'_, T> {
        self.given = length;
        let bytes = &self.pending[..length];
        self.header.push(bytes);
        Event::Plain { bytes, time: self.pending_since.unwrap_or(now) }
    }

    /// Opens the frame of this candidate, if it is complete.
    fn attempt(&mut self, index: usize) -> Found<Attempt> {
        let Self { opener, pending, candidates, header, text, .. } = self;
        let bytes = &pending[candidates[index].at..];
        if bytes.first() == Some(&MARK) {
            let open = |frame: Ciphered<'_>| {
                Attempt::new(&frame, opener.open(&frame, checksum::is_telegram, text))
            };
            return Ciphered::read(bytes).map(open);
        }
        if index > 0 {
            // Its first line must have been given before.
            return Found::Incomplete;
        }
        let Some(header) = header.lines() else { return Found::No };
        polish::read(header, bytes).map(|frame| {
            let result = opener.open_leniently(&frame, polish::is_text, text);
            if result.is_ok() {
                polish::put_end(header, text);
            }
            Attempt::new(&frame, result)
        })
    }

    /// The first candidate gave a telegram, or a candidate gave none.
    fn conclude(&mut self, index: usize, attempt: &Attempt, start: T) -> Event<'_, T> {
        let &Attempt { length, title, counter, result } = attempt;
        self.counts.frames += 1;
        match result {
            Ok(authenticity) => {
                self.counts.decrypted += 1;
                let last = self.last_counter.replace((title, counter));
                let is_counter_lower = last.is_some_and(|last| last.0 == title && counter < last.1);
                self.given = length;
                self.header.clear();
                Event::Telegram(Opened {
                    text: &self.text,
                    start,
                    authenticity,
                    frame_length: length,
                    behind: self.pending.len() - length,
                    is_counter_lower,
                })
            }
            Err(reason) => {
                let fit = self.fit(index, length);
                if attempt.is_frame() {
                    self.given = length;
                    self.header.clear();
                } else {
                    self.candidates.remove(index);
                    self.count_failure(reason);
                }
                Event::Refused(Refused { reason, title, fit })
            }
        }
    }

    fn count_failure(&mut self, reason: Refusal) {
        match reason {
            Refusal::Undecipherable if !self.opener.demands_tag() => self.counts.bad_checksum += 1,
            Refusal::Undecipherable
            | Refusal::WrongAuthenticationKey { .. }
            | Refusal::KeysSwapped
            | Refusal::NoTag => self.counts.bad_tag += 1,
            Refusal::NoKey | Refusal::UnknownContent | Refusal::UnknownControl(_) => {}
        }
    }

    /// How the frame of this candidate and length fits to what is around it.
    fn fit(&self, index: usize, length: usize) -> Fit {
        let end = self.candidates[index].at + length;
        let others = &self.candidates[index + 1..];
        let is_frame = |other: &&Candidate<T>| {
            other.at < end && !matches!(Ciphered::read(&self.pending[other.at..]), Found::No)
        };
        if others.iter().any(|other| is_frame(&other)) {
            Fit::Shorter
        } else if end == self.pending.len() || others.iter().any(|other| other.at == end) {
            Fit::Whole
        } else {
            Fit::Longer
        }
    }

    /// Removes a candidate that will not be completed; counts it if it has a whole head.
    fn abandon(&mut self, index: usize) -> Option<Refused> {
        let Candidate { at, .. } = self.candidates.remove(index);
        let title = Ciphered::title_of_head(&self.pending[at..])?;
        self.counts.frames += 1;
        self.counts.incomplete += 1;
        Some(Refused { reason: Refusal::Undecipherable, title, fit: Fit::Shorter })
    }
}

impl Attempt {
    fn new(frame: &Ciphered<'_>, result: Result<Authenticity, Refusal>) -> Self {
        let &Ciphered { length, title, counter, .. } = frame;
        Self { length, title, counter, result }
    }

    /// Whether it is certainly a frame. Without a key its head must suffice.
    fn is_frame(&self) -> bool {
        matches!(self.result, Ok(_) | Err(Refusal::NoKey | Refusal::UnknownContent))
    }
}

/// Where a frame may begin, at `from` or behind.
fn next_start(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr2(MARK, 0, bytes.get(at..)?)?;
        let rest = &bytes[at..];
        // Zero: of a Polish meter, behind a plain first line.
        let may_begin = matches!(rest, [MARK | 0] | [MARK, 8, ..] | [0, 0x81..=0x83, ..]);
        if may_begin {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests;
