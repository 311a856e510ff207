//! What comes of a complete frame.
//!
//! Owns the way from its bytes to the text of a telegram, whatever it is packed in.

use super::ciphering::{Ciphered, Found, TITLE_LENGTH};
use super::compose::{compose, is_push};
use super::opener::{Authenticity, Opener, Refusal};
use crate::telegram::is_telegram;

/// What comes of a complete frame.
#[derive(Clone, Copy)]
pub struct Attempt {
    /// The length of the frame, in bytes.
    pub length: usize,
    /// The system title of the meter.
    pub title: [u8; TITLE_LENGTH],
    /// Its invocation counter.
    pub counter: [u8; 4],
    /// `Ok(None)`: it was not encrypted.
    pub result: Result<Option<Authenticity>, Refusal>,
    /// A checksum of its own has proved the frame.
    pub is_checked: bool,
}

impl Attempt {
    /// Of an encrypted frame.
    pub fn new(frame: &Ciphered<'_>, result: Result<Option<Authenticity>, Refusal>) -> Self {
        let &Ciphered { length, title, counter, .. } = frame;
        Self { length, title, counter, result, is_checked: false }
    }

    /// Of what is not encrypted.
    fn plain(result: Result<Option<Authenticity>, Refusal>) -> Self {
        let (title, counter) = ([0; TITLE_LENGTH], [0; 4]);
        Self { length: 0, title, counter, result, is_checked: true }
    }

    /// Whether it is certainly a frame. Without a key its head must suffice.
    pub fn is_frame(&self) -> bool {
        let is_opened =
            matches!(self.result, Ok(_) | Err(Refusal::NoKey | Refusal::UnknownContent));
        is_opened || self.is_checked
    }
}

/// Opens an encrypted frame, and puts the telegram in it or what is composed of the push in it into `text`.
pub fn open(
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

/// Opens what HDLC or M-Bus frames have carried, encrypted or not, in the same way.
pub fn open_carried(
    opener: &mut Opener,
    data: &[u8],
    content: &mut Vec<u8>,
    text: &mut Vec<u8>,
) -> Attempt {
    let attempt = match Ciphered::read(data) {
        Found::Yes(frame) => open(opener, &frame, content, text),
        _ if compose(data, None, text) => Attempt::plain(Ok(None)),
        _ => Attempt::plain(Err(Refusal::UnknownContent)),
    };
    Attempt { is_checked: true, ..attempt }
}
