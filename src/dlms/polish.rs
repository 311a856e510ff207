//! The telegrams of Polish meters: a plain first line, encrypted lines, and a plain end line.
//!
//! ```text
//! /EGM5G35 CR LF CR LF | 00 | length | control, counter, ciphertext, tag | ! CRC CR LF
//! ```
//!
//! The system title is missing, and the nonce has zeros in its place. The checksum is CRC-16/X-25 over all
//! bytes as sent, low byte first. No specification is public: this is what captures of Elgama and Kaifa meters
//! show. What their tags are computed over is not known, so that a tag that does not fit means nothing.

use super::ciphering::{Ciphered, Found, TITLE_LENGTH};
use crate::telegram::{Algorithm, Checksum, crc16};

/// The longest first line with its blank line that is looked for, in bytes.
const MAX_HEADER: usize = 128;

/// What ends the first line: it is followed by a blank one.
const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// How the checksum is computed.
const ALGORITHM: Algorithm = Algorithm::X25LowByteFirst;

/// The end line after the `!`, in bytes: four digits and a line end.
const END_LINE: usize = 6;

/// The last bytes before an encrypted part: they may be a first line.
#[derive(Debug, Default)]
pub struct Header(Vec<u8>);

impl Header {
    /// These bytes came last.
    pub fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(MAX_HEADER)..];
        let excess = (self.0.len() + bytes.len()).saturating_sub(MAX_HEADER);
        self.0.drain(..excess);
        self.0.extend_from_slice(bytes);
    }

    /// What comes next does not belong to what came last.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The first line and the blank line, if nothing came after them.
    pub fn lines(&self) -> Option<&[u8]> {
        let line = self.0.strip_suffix(BLANK_LINE)?;
        let start = line.iter().rposition(|&byte| byte == b'/')?;
        let is_printable = line[start..].iter().all(|byte| matches!(byte, b' '..=b'~'));
        is_printable.then(|| &self.0[start..])
    }
}

/// The encrypted part at the beginning of `bytes`, after these lines; `length` of the result counts the end
/// line. One whose checksum is wrong is none.
#[must_use]
pub fn read<'a>(header: &[u8], bytes: &'a [u8]) -> Found<Ciphered<'a>> {
    let ciphered = match Ciphered::read_after_title(bytes, 1, [0; TITLE_LENGTH]) {
        Found::Yes(ciphered) => ciphered,
        other => return other,
    };
    let (sent, end) = match &bytes[ciphered.length..] {
        [] => return Found::Incomplete,
        [b'!', end @ ..] => (&bytes[..=ciphered.length], end),
        _ => return Found::No,
    };
    let Some(end) = end.get(..END_LINE) else { return Found::Incomplete };
    let checksum = Checksum::check(&[header, sent].concat(), end, &[ALGORITHM]);
    if checksum != Checksum::Good(ALGORITHM) {
        return Found::No;
    }
    Found::Yes(Ciphered { length: ciphered.length + 1 + END_LINE, ..ciphered })
}

/// Whether these can be the lines of a telegram.
#[must_use]
pub fn is_text(lines: &[u8]) -> bool {
    lines.contains(&b'(') && lines.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n'))
}

/// Appends the end line that the telegram has after these lines, with a checksum of our own: that of the meter
/// is over the encrypted bytes.
pub fn put_end(header: &[u8], lines: &mut Vec<u8>) {
    if !lines.ends_with(b"\n") {
        lines.extend_from_slice(b"\r\n");
    }
    lines.push(b'!');
    let checksum = crc16(&[header, lines].concat());
    lines.extend_from_slice(format!("{checksum:04X}\r\n").as_bytes());
}
