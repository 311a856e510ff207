//! Finds encrypted frames in a stream that may begin, break and garble anywhere, and opens them.
//!
//! Owns the boundaries. All that is no frame passes as it came. Where a frame seems to begin, bytes are kept until
//! it is complete or the line is silent. One that cannot be opened costs its first byte, never the length that it
//! announces: the search goes on behind that byte. A frame inside another one is opened when it is complete, without
//! waiting for the outer one, so that a damaged length delays nothing. Memory is bounded by [`MAX_FRAME`].

use memchr::{memchr_iter, memchr3_iter};

use super::ciphering::{Ciphered, Found, MARK, MAX_FRAME, TITLE_LENGTH};
use super::compose::{compose, is_push};
use super::event::{Counts, Event, Fit, Opened, Refused};
use super::hdlc::{FLAG, HdlcFrame};
use super::keys::Keys;
use super::mbus::{MBusFrame, START};
use super::opener::{Authenticity, Opener, Refusal};
use super::polish;
use super::transfer::Transfer;
use crate::telegram::is_telegram;

/// How many bytes are kept at most: a frame, and what came with its end.
const MAX_PENDING: usize = MAX_FRAME + 4096;

/// Cuts a stream of bytes into frames and plain text.
#[derive(Debug)]
pub struct Decoder<T> {
    opener: Opener,
    /// The bytes from the first candidate on.
    pending: Vec<u8>,
    /// When the first of them came in, and the last piece.
    times: Option<(T, T)>,
    /// Where in `pending` the last piece begins.
    last_piece: usize,
    /// How many of them the last event has given.
    given: usize,
    /// Where frames may begin in `pending`, in order.
    candidates: Vec<Candidate<T>>,
    /// The plain bytes that came last.
    header: polish::Header,
    /// What comes in several frames.
    transfer: Transfer,
    /// When the first of them came in.
    transfer_start: Option<T>,
    /// The length of them so far, in bytes.
    transfer_length: usize,
    /// The content of the last frame, and the text that was made of it.
    content: Vec<u8>,
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
#[derive(Clone, Copy)]
struct Attempt {
    /// Of the frame, in bytes.
    length: usize,
    title: [u8; TITLE_LENGTH],
    counter: [u8; 4],
    /// `Ok(None)`: it was not encrypted.
    result: Result<Option<Authenticity>, Refusal>,
    /// A checksum of its own has proved the frame.
    is_checked: bool,
}

impl<T> Default for Decoder<T> {
    fn default() -> Self {
        Self {
            opener: Opener::default(),
            pending: Vec::new(),
            times: None,
            last_piece: 0,
            given: 0,
            candidates: Vec::new(),
            header: polish::Header::default(),
            transfer: Transfer::default(),
            transfer_start: None,
            transfer_length: 0,
            content: Vec::new(),
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
        self.drop_given();
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
        self.judge(false)
    }

    /// The line is silent or lost: no frame goes on. Call until it gives `None`.
    pub fn finish(&mut self) -> Option<Event<'_, T>> {
        self.drop_given();
        if self.pending.is_empty() {
            self.transfer.clear();
        }
        self.judge(true)
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
    fn drop_given(&mut self) {
        let given = std::mem::take(&mut self.given);
        if given == 0 {
            return;
        }
        self.pending.drain(..given);
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
        if self.pending.is_empty() {
            self.times = None;
        }
    }

    fn take(&mut self, input: &mut &[u8], now: T) {
        let old_length = self.pending.len();
        let room = MAX_PENDING.saturating_sub(old_length).min(input.len());
        let (taken, rest) = input.split_at(room);
        *input = rest;
        if taken.is_empty() {
            return;
        }
        self.times = Some((self.times.map_or(now, |(first, _)| first), now));
        self.last_piece = old_length;
        self.pending.extend_from_slice(taken);
        let mut at = old_length;
        while let Some(start) = next_start(&self.pending, at) {
            self.candidates.push(Candidate { at: start, time: now });
            at = start + 1;
        }
    }

    /// Tries the candidates in their order. `is_silent`: no more bytes will complete one.
    fn judge(&mut self, is_silent: bool) -> Option<Event<'_, T>> {
        let mut index = 0;
        while let Some(&Candidate { at, time }) = self.candidates.get(index) {
            if index == 0 && at > 0 {
                return self.give(at);
            }
            let found = match self.pending[at] {
                FLAG => HdlcFrame::read(&self.pending[at..]).map(|frame| frame.length),
                START => MBusFrame::read(&self.pending[at..]).map(|frame| frame.length),
                _ => match self.attempt(index) {
                    Found::Yes(attempt) if index == 0 || !attempt.is_frame() => {
                        return Some(self.conclude(index, attempt, time));
                    }
                    other => other.map(|attempt| attempt.length),
                },
            };
            match found {
                // The head of such a frame has a checksum: what is in it is no other frame.
                Found::Incomplete if !is_silent && matches!(self.pending[at], FLAG | START) => {
                    return None;
                }
                Found::Incomplete if !is_silent => index += 1,
                Found::Yes(_) if index > 0 => {
                    // Those before it go on behind its beginning: they have lost bytes. Then it is the first.
                    if let Some(refused) = self.abandon(0) {
                        return Some(Event::Refused(refused));
                    }
                    index = 0;
                }
                Found::Yes(length) => {
                    if let Some(attempt) = self.add_to_transfer(length, time) {
                        return Some(self.conclude(0, attempt, time));
                    }
                    self.given = length;
                    self.drop_given();
                }
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
        if self.candidates.is_empty() { self.give(self.pending.len()) } else { None }
    }

    /// Gives the first `length` bytes that are kept as plain ones, those of the last piece by themselves.
    fn give(&mut self, length: usize) -> Option<Event<'_, T>> {
        let (first, last) = self.times?;
        let (length, time) = match self.last_piece {
            0 => (length, last),
            before => (length.min(before), first),
        };
        self.given = length;
        let bytes = &self.pending[..length];
        self.header.push(bytes);
        Some(Event::Plain { bytes, time })
    }

    /// Opens the frame of this candidate, if it is complete.
    fn attempt(&mut self, index: usize) -> Found<Attempt> {
        let Self { opener, pending, candidates, header, content, text, .. } = self;
        let bytes = &pending[candidates[index].at..];
        if bytes.first() == Some(&MARK) {
            return Ciphered::read(bytes).map(|frame| open(opener, &frame, content, text));
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
            Attempt::new(&frame, result.map(Some))
        })
    }

    /// Adds the HDLC or M-Bus frame of the first candidate to what came before it, and opens what it completes.
    fn add_to_transfer(&mut self, length: usize, time: T) -> Option<Attempt> {
        let Self { opener, pending, transfer, content, text, .. } = self;
        let is_complete = match (HdlcFrame::read(pending), MBusFrame::read(pending)) {
            (Found::Yes(frame), _) => transfer.add_hdlc(&frame),
            (_, Found::Yes(frame)) => transfer.add_mbus(&frame),
            _ => return None,
        };
        if transfer.has_begun() || self.transfer_start.is_none() {
            (self.transfer_start, self.transfer_length) = (Some(time), 0);
        }
        self.transfer_length += length;
        if !is_complete {
            return None;
        }
        let data = transfer.complete();
        let attempt = match Ciphered::read(data) {
            Found::Yes(frame) => open(opener, &frame, content, text),
            _ if compose(data, None, text) => Attempt::plain(Ok(None)),
            _ => Attempt::plain(Err(Refusal::UnknownContent)),
        };
        Some(Attempt { length, is_checked: true, ..attempt })
    }

    /// The first candidate gave a telegram, or a candidate gave none.
    fn conclude(&mut self, index: usize, attempt: Attempt, time: T) -> Event<'_, T> {
        let Attempt { length, title, counter, result, is_checked } = attempt;
        let fit = if is_checked { Fit::Whole } else { self.fit(index, length) };
        let is_encrypted = !matches!(result, Ok(None));
        self.counts.frames += u64::from(is_encrypted);
        if attempt.is_frame() {
            self.given = length;
            self.header.clear();
        } else {
            self.candidates.remove(index);
        }
        let authenticity = match result {
            Ok(authenticity) => authenticity,
            Err(reason) => {
                self.count_failure(reason);
                return Event::Refused(Refused { reason, title, fit });
            }
        };
        self.counts.decrypted += u64::from(is_encrypted);
        let last = self.last_counter.replace((title, counter));
        let is_counter_lower = last.is_some_and(|last| last.0 == title && counter < last.1);
        let (start, frame_length) = match self.transfer_start.take().filter(|_| is_checked) {
            Some(start) => (start, self.transfer_length),
            None => (time, length),
        };
        let behind = self.pending.len() - length;
        let text = &self.text;
        let opened = Opened { text, start, authenticity, frame_length, behind, is_counter_lower };
        Event::Telegram(opened)
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
    fn new(frame: &Ciphered<'_>, result: Result<Option<Authenticity>, Refusal>) -> Self {
        let &Ciphered { length, title, counter, .. } = frame;
        Self { length, title, counter, result, is_checked: false }
    }

    /// Of what is not encrypted.
    fn plain(result: Result<Option<Authenticity>, Refusal>) -> Self {
        let (title, counter) = ([0; TITLE_LENGTH], [0; 4]);
        Self { length: 0, title, counter, result, is_checked: true }
    }

    /// Whether it is certainly a frame. Without a key its head must suffice.
    fn is_frame(&self) -> bool {
        let is_opened =
            matches!(self.result, Ok(_) | Err(Refusal::NoKey | Refusal::UnknownContent));
        is_opened || self.is_checked
    }
}

/// Opens a frame, and puts the telegram in it or what is composed of the push in it into `text`.
fn open(
    opener: &mut Opener,
    frame: &Ciphered<'_>,
    content: &mut Vec<u8>,
    text: &mut Vec<u8>,
) -> Attempt {
    let is_good = |content: &[u8]| is_telegram(content) || is_push(content);
    let mut result = opener.open(frame, is_good, content);
    if result.is_ok() && !content.starts_with(b"/") {
        let [one, two, three, ..] = frame.title;
        if !compose(content, Some([one, two, three]), text) {
            result = Err(Refusal::UnknownContent);
        }
    } else {
        std::mem::swap(content, text);
    }
    Attempt::new(frame, result.map(Some))
}

/// Where a frame may begin, at `from` or behind.
pub(super) fn next_start(bytes: &[u8], from: usize) -> Option<usize> {
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

#[cfg(test)]
mod tests;
