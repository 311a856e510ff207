//! `--encrypt`: the simulated meter encrypts its telegrams, and with `--faults` the line damages some.
//!
//! Owns the title of the meter, and what the line does to its frames.

use super::options::Encryption;
use crate::dlms::{Key, Keys, Sealer, TITLE_LENGTH};
use crate::key_files::{self, KeysError};

/// The system title of the simulated meter: the maker "SIM", which does not exist.
const TITLE: [u8; TITLE_LENGTH] = *b"SIM\x67\0\0\0\x01";

/// Encrypted, with a tag.
const CONTROL: u8 = 0x30;

/// How many bytes a damaged frame loses.
const LOST: usize = 40;

/// How many bytes are left of a frame that is cut.
const LEFT: usize = 100;

/// Encrypts one telegram after the other.
#[derive(Debug)]
pub struct Encryptor {
    sealer: Sealer,
    counter: u32,
    /// The line damages three frames of eight.
    has_faults: bool,
}

impl Encryptor {
    /// With the keys in the files of these options, if they say to encrypt.
    pub fn open(options: &Encryption) -> Result<Option<Self>, KeysError> {
        let authentication = options.authentication_key_file.as_deref();
        let keys = key_files::read(options.key_file.as_deref(), authentication, None)?;
        let Some(Keys { decryption, authentication }) = keys else { return Ok(None) };
        let authentication = authentication.unwrap_or(Key::LUXEMBOURG);
        let sealer = Sealer { title: Some(TITLE), control: CONTROL, decryption, authentication };
        Ok(Some(Self { sealer, counter: 0, has_faults: options.faults }))
    }

    /// Replaces a telegram by its frame, as it comes out of the line.
    pub fn encrypt(&mut self, telegram: &mut Vec<u8>) {
        let mut frame = Vec::with_capacity(telegram.len() + 40);
        self.sealer.seal(telegram, self.counter, &mut frame);
        if self.has_faults {
            damage(&mut frame, self.counter);
        }
        self.counter = self.counter.wrapping_add(1);
        *telegram = frame;
    }
}

/// What the line does to the frame of this number. Half a frame in front of the first, one changed bit, lost
/// bytes, a frame that is cut; the others are whole.
fn damage(frame: &mut Vec<u8>, number: u32) {
    // The head of a frame has 17 bytes at most.
    let left = LEFT.min(frame.len() / 2);
    match number % 8 {
        0 => {
            let tail = &frame[frame.len() / 2..];
            *frame = [b"\xDB\x08\x82\xFF\xFF", tail, &frame[..]].concat();
        }
        2 => frame[left] ^= 1,
        3 => {
            frame.drain(left..frame.len().min(left + LOST));
        }
        6 => frame.truncate(left),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dlms::{Decoder, Event};
    use crate::telegram::with_checksum;

    fn telegram(number: u32) -> Vec<u8> {
        let lines = format!("1-0:1.8.0({number:09}*Wh)\r\n").repeat(10);
        with_checksum(format!("/SIM5\r\n\r\n{lines}!"))
    }

    #[test]
    fn of_eight_frames_the_line_damages_three_and_the_others_are_read() {
        let (decryption, authentication) = (Key::new([7; 16]), Key::LUXEMBOURG);
        let sealer = Sealer { title: Some(TITLE), control: CONTROL, decryption, authentication };
        for (has_faults, expected) in
            [(false, &[0, 1, 2, 3, 4, 5, 6, 7][..]), (true, &[0, 1, 4, 5, 7])]
        {
            let mut encryptor = Encryptor { sealer, counter: 0, has_faults };
            let mut decoder = Decoder::default();
            decoder.set_keys(Some(Keys { decryption, authentication: None }));
            let mut found = Vec::new();
            for number in 0..8 {
                let mut frame = telegram(number);
                encryptor.encrypt(&mut frame);
                let mut rest = &frame[..];
                while let Some(event) = decoder.feed(&mut rest, ()) {
                    if let Event::Telegram(opened) = event {
                        found.push(opened.text.to_vec());
                    }
                }
            }
            assert_eq!(found, expected.iter().map(|&n| telegram(n)).collect::<Vec<_>>());
        }
    }
}
