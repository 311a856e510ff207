//! Finds encrypted frames in a stream that may begin, break and garble anywhere, and opens them.
//!
//! Owns the boundaries. All that is no frame passes as it came. Where a frame seems to begin, bytes are kept until
//! it is complete or the line is silent. One that cannot be opened costs its first byte, never the length that it
//! announces: the search goes on behind that byte. A frame inside another one is opened when it is complete, without
//! waiting for the outer one, so that a damaged length delays nothing.

use super::attempt::{Attempt, open, open_carried};
use super::ciphering::{Ciphered, Found, MARK, TITLE_LENGTH};
use super::event::{Counts, Event, Fit, Opened, Refused};
use super::hdlc::{FLAG, HdlcFrame};
use super::keys::Keys;
use super::mbus::{MBusFrame, START};
use super::opener::{Opener, Refusal};
use super::pending::{Pending, carrier_length, next_start};
use super::polish;
use super::transfer::Transfer;

/// Cuts a stream of bytes into frames and plain text.
#[derive(Debug)]
pub struct Decoder<T> {
    opener: Opener,
    /// The bytes from the first candidate on.
    pending: Pending<T>,
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

/// What to do after a look at a candidate.
enum Step {
    /// Look at the next one.
    Next,
    /// Look at the candidate that has taken its place.
    Again,
    /// Look at the first one.
    First,
    /// Wait for more bytes.
    Wait,
    /// Say what came of its frame.
    Conclude(Attempt),
    /// Say that its frame was refused.
    Refuse(Refused),
}

impl<T> Default for Decoder<T> {
    fn default() -> Self {
        Self {
            opener: Opener::default(),
            pending: Pending::default(),
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

    /// Takes bytes off the front of `input`, and gives what they complete.
    ///
    /// `now` is when these bytes came in. Call again, with the same `input`, until it gives `None`.
    pub fn feed<'a, 'i: 'a>(&'a mut self, input: &mut &'i [u8], now: T) -> Option<Event<'a, T>> {
        self.pending.drop_given();
        if self.pending.length() == 0 {
            let start = next_start(input, 0).unwrap_or(input.len());
            if start > 0 {
                let (bytes, rest) = input.split_at(start);
                *input = rest;
                self.header.push(bytes);
                return Some(Event::Plain { bytes, time: now });
            }
        }
        self.pending.take(input, now);
        self.judge(false)
    }

    /// The line is silent or lost: no frame goes on. Call until it gives `None`.
    pub fn finish(&mut self) -> Option<Event<'_, T>> {
        self.pending.drop_given();
        if self.pending.length() == 0 {
            self.transfer.clear();
        }
        self.judge(true)
    }

    /// How many bytes are kept that no event has given yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.length()
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Looks at the candidates in their order. `is_silent`: no more bytes will complete one.
    fn judge(&mut self, is_silent: bool) -> Option<Event<'_, T>> {
        let mut index = 0;
        while let Some(candidate) = self.pending.candidate(index) {
            if index == 0 && candidate.at > 0 {
                return self.give(candidate.at);
            }
            match self.look(index, is_silent) {
                Step::Next => index += 1,
                Step::Again => {}
                Step::First => index = 0,
                Step::Wait => return None,
                Step::Conclude(attempt) => return self.conclude(index, attempt),
                Step::Refuse(refused) => return Some(Event::Refused(refused)),
            }
        }
        // Those that are left may be completed.
        if index == 0 { self.give(self.pending.length()) } else { None }
    }

    fn look(&mut self, index: usize, is_silent: bool) -> Step {
        let bytes = self.pending.bytes_from(index);
        // The head of such a frame has a checksum: what is in it is no other frame.
        let is_carrier = matches!(bytes[0], FLAG | START);
        let found = if is_carrier {
            carrier_length(bytes)
        } else {
            match self.attempt(index) {
                // Without a key its head is all that is known: what has a checksum is more.
                Found::Yes(Attempt { result: Err(Refusal::NoKey), length, .. })
                    if self.pending.has_carrier(index, length) =>
                {
                    Found::No
                }
                Found::Yes(attempt) if index == 0 || !attempt.is_frame() => {
                    return Step::Conclude(attempt);
                }
                other => other.map(|attempt| attempt.length),
            }
        };
        match found {
            // Those before it go on behind its beginning: they have lost bytes. Then it is the first.
            Found::Yes(_) if index > 0 => self.abandon(0).map_or(Step::First, Step::Refuse),
            Found::Yes(length) => self.add_to_transfer(length),
            Found::Incomplete if is_silent => self.abandon(index).map_or(Step::Again, Step::Refuse),
            Found::Incomplete if is_carrier => Step::Wait,
            Found::Incomplete => Step::Next,
            Found::No => {
                self.pending.remove(index);
                Step::Again
            }
        }
    }

    /// Gives bytes that are kept as plain ones: the first `length`, or those that came in together.
    fn give(&mut self, length: usize) -> Option<Event<'_, T>> {
        let (bytes, time) = self.pending.give(length)?;
        self.header.push(bytes);
        Some(Event::Plain { bytes, time })
    }

    /// Opens the frame of this candidate, if it is complete.
    fn attempt(&mut self, index: usize) -> Found<Attempt> {
        let Self { opener, pending, header, content, text, .. } = self;
        let bytes = pending.bytes_from(index);
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
    fn add_to_transfer(&mut self, length: usize) -> Step {
        let Self { opener, pending, transfer, content, text, .. } = self;
        let bytes = pending.bytes_from(0);
        let is_complete = match (HdlcFrame::read(bytes), MBusFrame::read(bytes)) {
            (Found::Yes(frame), _) => transfer.add_hdlc(&frame),
            (_, Found::Yes(frame)) => transfer.add_mbus(&frame),
            _ => false,
        };
        if transfer.has_begun() || self.transfer_start.is_none() {
            self.transfer_start = pending.candidate(0).map(|candidate| candidate.time);
            self.transfer_length = 0;
        }
        self.transfer_length += length;
        if is_complete {
            let attempt = open_carried(opener, transfer.complete(), content, text);
            return Step::Conclude(Attempt { length, ..attempt });
        }
        pending.mark_given(length);
        pending.drop_given();
        Step::First
    }

    /// The first candidate gave a telegram, or a candidate gave none.
    fn conclude(&mut self, index: usize, attempt: Attempt) -> Option<Event<'_, T>> {
        let Attempt { length, title, counter, result, is_checked } = attempt;
        let time = self.pending.candidate(index).map(|candidate| candidate.time)?;
        let fit = if is_checked { Fit::Whole } else { self.pending.fit(index, length) };
        let is_encrypted = !matches!(result, Ok(None));
        self.counts.frames += u64::from(is_encrypted);
        let behind = self.pending.length().saturating_sub(length);
        if attempt.is_frame() {
            self.pending.mark_given(length);
            self.header.clear();
        } else {
            self.pending.remove(index);
        }
        let authenticity = match result {
            Ok(authenticity) => authenticity,
            Err(reason) => {
                self.count_failure(reason);
                return Some(Event::Refused(Refused { reason, title, fit }));
            }
        };
        self.counts.decrypted += u64::from(is_encrypted);
        // What is not encrypted has none.
        let last = if is_encrypted { self.last_counter.replace((title, counter)) } else { None };
        let is_counter_lower = last.is_some_and(|last| last.0 == title && counter < last.1);
        self.counts.resets += u64::from(is_counter_lower);
        let (start, frame_length) = match self.transfer_start.take().filter(|_| is_checked) {
            Some(start) => (start, self.transfer_length),
            None => (time, length),
        };
        let text = &self.text;
        let opened = Opened { text, start, authenticity, frame_length, behind, is_counter_lower };
        Some(Event::Telegram(opened))
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

    /// Removes a candidate that will not be completed; counts it if it has a whole head.
    fn abandon(&mut self, index: usize) -> Option<Refused> {
        let title = Ciphered::title_of_head(self.pending.bytes_from(index));
        self.pending.remove(index);
        let title = title?;
        self.counts.frames += 1;
        self.counts.incomplete += 1;
        Some(Refused { reason: Refusal::Undecipherable, title, fit: Fit::Shorter })
    }
}

#[cfg(test)]
mod tests;
