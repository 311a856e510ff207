//! What comes of the bytes of a port: plain bytes, telegrams, and frames that gave none.

use super::ciphering::TITLE_LENGTH;
use super::opener::{Authenticity, Refusal};

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
    /// The telegram, from `/` to the end line. Of a Polish meter, what follows its plain first line; of one that
    /// pushes a list, composed here.
    pub text: &'a [u8],
    /// When the first byte of its frames came in.
    pub start: T,
    /// Whether the telegram is known to be the meter's; `None` if it was not encrypted.
    pub authenticity: Option<Authenticity>,
    /// The length of its frames, in bytes.
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
    /// Encrypted frames, good or not, in number.
    pub frames: u64,
    /// Frames that gave a telegram, in number.
    pub decrypted: u64,
    /// Frames whose tag did not fit or was missing, in number.
    pub bad_tag: u64,
    /// Frames without a key for their tag whose content has a wrong checksum, in number.
    pub bad_checksum: u64,
    /// Frames that were shorter than they announced, in number.
    pub incomplete: u64,
    /// How often the invocation counter of the meter went back.
    pub resets: u64,
}
