//! The encrypted frame that begins with `DB`, a general-glo-ciphering APDU, and the cipher in it.
//!
//! ```text
//! DB | 08 system title (8) | length | security control (1) | invocation counter (4) | ciphertext | tag (12)
//! ```
//!
//! AES-128-GCM with the nonce title ‖ counter and the associated data control ‖ authentication key: DLMS UA
//! 1000-2 (Green Book), section 9.2.7. The tag is there only if bit 4 of the control is set. Without it, or
//! without the authentication key, what GCM encrypts with is AES in counter mode.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aes::Aes128;
use aes_gcm::{AeadInOut, AesGcm, KeyInit};

use super::keys::{KEY_LENGTH, Key};

/// The longest frame that is accepted, in bytes. The longest seen so far has 1,515.
pub const MAX_FRAME: usize = 16 * 1024;

/// The first byte of the frame.
pub const MARK: u8 = 0xDB;

/// The length of a system title, in bytes.
pub const TITLE_LENGTH: usize = 8;

const TAG_LENGTH: usize = 12;
const COUNTER_LENGTH: usize = 4;

/// The bit of the security control that says that there is a tag.
const AUTHENTICATED: u8 = 0x10;

type Cipher = AesGcm<Aes128, U12, U12>;

/// What is at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// Something else.
    No,
    /// It may be one: more bytes will tell.
    Incomplete,
    /// It is one.
    Yes(T),
}

impl<T> Found<T> {
    /// Makes something else of what was found.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Self::No => Found::No,
            Self::Incomplete => Found::Incomplete,
            Self::Yes(found) => Found::Yes(make(found)),
        }
    }
}

/// What is encrypted, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ciphered<'a> {
    /// The system title: three letters of the maker, and a number.
    pub title: [u8; TITLE_LENGTH],
    /// The security control.
    pub control: u8,
    /// The invocation counter.
    pub counter: [u8; COUNTER_LENGTH],
    /// The ciphertext.
    pub ciphertext: &'a [u8],
    /// The authentication tag.
    pub tag: Option<[u8; TAG_LENGTH]>,
    /// The whole frame's length, in bytes.
    pub length: usize,
}

impl<'a> Ciphered<'a> {
    /// Reads the frame at the beginning of these bytes, `DB` included. One that announces more than
    /// [`MAX_FRAME`] is none, nor is one without room for what its control promises.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Found<Self> {
        let [MARK, rest @ ..] = bytes else {
            return if bytes.is_empty() { Found::Incomplete } else { Found::No };
        };
        match rest {
            [] => return Found::Incomplete,
            [8, title @ ..] if title.iter().take(3).all(u8::is_ascii_alphabetic) => {}
            _ => return Found::No,
        }
        let Some(title) = rest[1..].first_chunk::<TITLE_LENGTH>() else { return Found::Incomplete };
        Self::read_after_title(bytes, 2 + TITLE_LENGTH, *title)
    }

    /// The system title of the frame that begins with these bytes, if all is there that shows it to be one.
    pub(super) fn title_of_head(bytes: &'a [u8]) -> Option<[u8; TITLE_LENGTH]> {
        let is_frame = !matches!(Self::read(bytes), Found::No) && bytes.first() == Some(&MARK);
        let Found::Yes((_, at)) = length(bytes, 2 + TITLE_LENGTH) else { return None };
        let title = bytes.get(2..)?.first_chunk::<TITLE_LENGTH>()?;
        (is_frame && bytes.len() > at).then_some(*title)
    }

    /// Reads the rest of a frame, whose length stands at `at`.
    pub(super) fn read_after_title(
        bytes: &'a [u8],
        at: usize,
        title: [u8; TITLE_LENGTH],
    ) -> Found<Self> {
        let (length, at) = match length(bytes, at) {
            Found::Yes(found) => found,
            Found::Incomplete => return Found::Incomplete,
            Found::No => return Found::No,
        };
        let Some(&control) = bytes.get(at) else { return Found::Incomplete };
        let tag_length = if control & AUTHENTICATED == 0 { 0 } else { TAG_LENGTH };
        let end = at + length;
        if !is_control(control) || length <= 1 + COUNTER_LENGTH + tag_length || end > MAX_FRAME {
            return Found::No;
        }
        let Some(body) = bytes.get(at + 1..end) else { return Found::Incomplete };
        let Some((counter, sealed)) = body.split_first_chunk() else { return Found::No };
        let (ciphertext, tag) = sealed.split_at(sealed.len() - tag_length);
        let tag = tag.try_into().ok();
        Found::Yes(Self { title, control, counter: *counter, ciphertext, tag, length: end })
    }

    /// Whether the control is one that this module can decrypt: encrypted, AES-128, not compressed, by the key
    /// of one meter.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        matches!(self.control, 0x20 | 0x21 | 0x30 | 0x31)
    }

    /// Decrypts into `plain` if the tag fits these keys; false, and nothing in `plain`, if it does not or if
    /// there is none.
    pub fn verify(&self, decryption: &Key, authentication: &Key, plain: &mut Vec<u8>) -> bool {
        plain.clear();
        let Some(tag) = self.tag else { return false };
        plain.extend_from_slice(self.ciphertext);
        let data = associated_data(self.control, authentication);
        let buffer = InOutBuf::from(&mut plain[..]);
        let verified = cipher(decryption).decrypt_inout_detached(
            &self.nonce().into(),
            &data,
            buffer,
            &tag.into(),
        );
        if verified.is_err() {
            plain.clear();
        }
        verified.is_ok()
    }

    /// Decrypts into `plain` without looking at the tag: with a wrong key, nonsense.
    pub fn decrypt(&self, decryption: &Key, plain: &mut Vec<u8>) {
        plain.clear();
        plain.extend_from_slice(self.ciphertext);
        // Encrypting once more takes the same key stream away. It fails only beyond 64 GiB.
        let buffer = InOutBuf::from(&mut plain[..]);
        let _ = cipher(decryption).encrypt_inout_detached(&self.nonce().into(), &[], buffer);
    }

    fn nonce(&self) -> [u8; TITLE_LENGTH + COUNTER_LENGTH] {
        nonce(self.title, self.counter)
    }
}

/// Who encrypts, and how: for the simulated meter and for tests.
#[derive(Clone, Copy, Debug)]
pub struct Sealer {
    /// The system title; without it, none is sent, and zeros stand in for it.
    pub title: Option<[u8; TITLE_LENGTH]>,
    /// The security control: `0x20` without a tag, `0x30` with one.
    pub control: u8,
    /// The decryption key.
    pub decryption: Key,
    /// The authentication key.
    pub authentication: Key,
}

impl Sealer {
    /// Appends the frame of `plain`, with this invocation counter, to `out`.
    pub fn seal(&self, plain: &[u8], counter: u32, out: &mut Vec<u8>) {
        let counter = counter.to_be_bytes();
        match self.title {
            Some(title) => {
                out.extend([MARK, 8]);
                out.extend(title);
            }
            None => out.push(0),
        }
        let tag_length = if self.control & AUTHENTICATED == 0 { 0 } else { TAG_LENGTH };
        put_length(1 + COUNTER_LENGTH + plain.len() + tag_length, out);
        out.push(self.control);
        out.extend(counter);
        let start = out.len();
        out.extend_from_slice(plain);
        let nonce = nonce(self.title.unwrap_or_default(), counter);
        let data = associated_data(self.control, &self.authentication);
        let buffer = InOutBuf::from(&mut out[start..]);
        if let Ok(tag) =
            cipher(&self.decryption).encrypt_inout_detached(&nonce.into(), &data, buffer)
        {
            out.extend(&tag[..tag_length]);
        }
    }
}

fn cipher(key: &Key) -> Cipher {
    Cipher::new(key.bytes().into())
}

fn nonce(
    title: [u8; TITLE_LENGTH],
    counter: [u8; COUNTER_LENGTH],
) -> [u8; TITLE_LENGTH + COUNTER_LENGTH] {
    let mut nonce = [0; TITLE_LENGTH + COUNTER_LENGTH];
    nonce[..TITLE_LENGTH].copy_from_slice(&title);
    nonce[TITLE_LENGTH..].copy_from_slice(&counter);
    nonce
}

fn associated_data(control: u8, authentication: &Key) -> [u8; 1 + KEY_LENGTH] {
    let mut data = [control; 1 + KEY_LENGTH];
    data[1..].copy_from_slice(authentication.bytes());
    data
}

/// Whether a security control is one that a frame can have: encrypted, and of a suite that there is. Bits 6 and
/// 7 and suite 2 have not been seen yet, but tell what to report.
fn is_control(control: u8) -> bool {
    control & 0x20 != 0 && control & 0x0F <= 2
}

/// The length at `at` in the basic encoding rules (ISO/IEC 8825-1, 8.1.3), and where the content begins. More than
/// [`MAX_FRAME`] is no length.
pub(super) fn length(bytes: &[u8], at: usize) -> Found<(usize, usize)> {
    let Some(&first) = bytes.get(at) else { return Found::Incomplete };
    let count = match first {
        ..=0x7F => return Found::Yes((first.into(), at + 1)),
        0x81..=0x84 => usize::from(first & 0x0F),
        _ => return Found::No,
    };
    let Some(digits) = bytes.get(at + 1..at + 1 + count) else { return Found::Incomplete };
    let length = digits.iter().fold(0usize, |length, &digit| length << 8 | usize::from(digit));
    if length > MAX_FRAME { Found::No } else { Found::Yes((length, at + 1 + count)) }
}

pub(super) fn put_length(length: usize, out: &mut Vec<u8>) {
    let bytes = length.to_be_bytes();
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    let digits = &bytes[zeros.min(bytes.len() - 1)..];
    if length >= 0x80 {
        out.push(0x80 | digits.len().to_le_bytes()[0]);
    }
    out.extend_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    const EK: Key = Key::new([7; 16]);
    const AK: Key = Key::new([9; 16]);

    fn sealer(control: u8) -> Sealer {
        Sealer {
            title: Some(*b"TST\x01\x02\x03\x04\x05"),
            control,
            decryption: EK,
            authentication: AK,
        }
    }

    fn sealed(control: u8, plain: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        sealer(control).seal(plain, 0x0102_0304, &mut frame);
        frame
    }

    fn read(frame: &[u8]) -> Ciphered<'_> {
        match Ciphered::read(frame) {
            Found::Yes(ciphered) => ciphered,
            other => panic!("{other:?}"),
        }
    }

    /// The example of the Green Book: DLMS UA 1000-2, section 9.2.7.2.4, table 37.
    #[test]
    fn the_example_of_the_green_book_is_decrypted_and_its_tag_fits() {
        let counting = |first: u8| {
            let mut key = [0; 16];
            key.iter_mut().zip(first..).for_each(|(byte, value)| *byte = value);
            Key::new(key)
        };
        let frame = b"\xDB\x08MMM\0\0\xBCaN\x1E\x30\x01\x23\x45\x67\
            \x41\x13\x12\xFF\x93\x5A\x47\x56\x68\x27\xC4\x67\xBC\
            \x7D\x82\x5C\x3B\xE4\xA7\x7C\x3F\xCC\x05\x6B\x6B";
        let mut plain = Vec::new();
        assert!(read(frame).verify(&counting(0), &counting(0xD0), &mut plain));
        assert_eq!(plain, b"\xC0\x01\x00\x00\x08\x00\x00\x01\x00\x00\xFF\x02\x00");
    }

    #[test]
    fn what_is_sealed_can_be_opened_with_the_same_keys_only() {
        let frame = sealed(0x30, b"secret");
        let mut plain = Vec::new();
        assert!(read(&frame).verify(&EK, &AK, &mut plain) && plain == b"secret");
        assert!(!read(&frame).verify(&EK, &EK, &mut plain) && plain.is_empty());
        assert!(!read(&frame).verify(&AK, &AK, &mut plain) && plain.is_empty());
        read(&frame).decrypt(&EK, &mut plain);
        assert_eq!(plain, b"secret");
        for at in 12..frame.len() {
            let mut damaged = frame.clone();
            damaged[at] ^= 1;
            assert!(!read(&damaged).verify(&EK, &AK, &mut plain), "{at}");
        }
    }

    #[test]
    fn without_a_tag_nothing_is_verified_and_the_text_is_there() {
        let frame = sealed(0x20, b"secret");
        let mut plain = Vec::new();
        assert!(!read(&frame).verify(&EK, &AK, &mut plain));
        read(&frame).decrypt(&EK, &mut plain);
        assert_eq!((plain, frame.len()), (b"secret".to_vec(), 16 + 6));
    }

    #[test]
    fn every_length_in_every_form_is_read() {
        for length in [0, 1, 110, 122, 123, 127, 128, 255, 256, 300, 16_000] {
            let frame = sealed(0x20, &vec![b'x'; length]);
            let is_read =
                matches!(Ciphered::read(&frame), Found::Yes(c) if c.length == frame.len());
            assert_eq!(is_read, length > 0, "{length}");
        }
        // Longer forms than necessary.
        let frame = sealed(0x20, b"x");
        for form in [&b"\x81\x06"[..], b"\x82\0\x06", b"\x83\0\0\x06", b"\x84\0\0\0\x06"] {
            let long = [&frame[..10], form, &frame[11..]].concat();
            assert_eq!(read(&long).length, long.len());
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_refused_at_once() {
        for length in [
            &b"\x80"[..],
            b"\x81\0",
            b"\x00\x30",
            b"\x05\x20",
            b"\x11\x30",
            b"\x82\xFF\xFF",
            b"\x84\xFF\xFF\xFF\xFF",
            b"\x85\0\0\0\0\x20",
            b"\xFF",
        ] {
            let head = [b"\xDB\x08TST\x01\x02\x03\x04\x05", length, b"\x30\0\0\0\0"].concat();
            assert_eq!(Ciphered::read(&head), Found::No, "{length:02X?}");
        }
    }

    #[test]
    fn any_beginning_of_a_frame_is_incomplete_and_other_bytes_are_none() {
        let frame = sealed(0x31, b"secret");
        for end in 0..frame.len() {
            assert_eq!(Ciphered::read(&frame[..end]), Found::Incomplete, "{end}");
        }
        for (at, byte) in [(0, 0xDA), (1, 9), (2, 0x20), (11, 0x00), (11, 0x33), (11, 0x55)] {
            let mut other = frame.clone();
            other[at] = byte;
            assert_eq!(Ciphered::read(&other), Found::No, "{at}");
        }
        let mut suite_2 = frame;
        suite_2[11] = 0x32;
        assert!(!read(&suite_2).is_supported());
    }
}
