//! Opens encrypted frames with the keys that there are, and says what is wrong with the keys.
//!
//! Owns which tag is demanded. A configured authentication key is: what it does not prove is refused. Without
//! one, the key that all meters of Luxembourg share is tried, and demanded of a meter once it has fitted. Else
//! the content must prove itself, by its checksum.

use super::ciphering::{Ciphered, TITLE_LENGTH};
use super::keys::{Key, Keys};

/// Whether a telegram is known to come from the meter that its key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authenticity {
    /// Its tag fits the authentication key.
    Verified,
    /// There is no tag, or no key for it. The checksum inside is right.
    Unverified,
}

impl Authenticity {
    /// The word for it in datagrams.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unverified => "unverified",
        }
    }
}

/// Why a whole frame gave no telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no key.
    NoKey,
    /// The tag does not fit, and what the decryption key gives is nonsense: the key is wrong, or a byte is.
    Undecipherable,
    /// The decryption key gives a good telegram, but the tag does not fit the authentication key.
    WrongAuthenticationKey {
        /// It fits the key of Luxembourg: no authentication key needs to be configured.
        is_luxembourg: bool,
    },
    /// The tag fits after the two keys were swapped.
    KeysSwapped,
    /// An authentication key is configured, and the meter sends no tag.
    NoTag,
    /// What a fitting tag proves is neither a telegram nor values.
    UnknownContent,
    /// The security control is not supported.
    UnknownControl(u8),
}

/// Opens the frames of one port.
#[derive(Debug, Default)]
pub struct Opener {
    keys: Option<Keys>,
    /// The last meter whose tag has fitted the key of Luxembourg.
    luxembourg: Option<[u8; TITLE_LENGTH]>,
}

impl Opener {
    /// Uses these keys, or none. Returns whether they are others than before.
    pub fn set_keys(&mut self, keys: Option<Keys>) -> bool {
        let are_others = self.keys != keys;
        if are_others {
            *self = Self { keys, luxembourg: None };
        }
        are_others
    }

    /// Whether an authentication key is configured.
    #[must_use]
    pub fn demands_tag(&self) -> bool {
        self.keys.is_some_and(|keys| keys.authentication.is_some())
    }

    /// Decrypts `frame` into `plain`. `is_good` tells whether a content proves that the decryption key fits.
    pub fn open(
        &mut self,
        frame: &Ciphered<'_>,
        is_good: impl Fn(&[u8]) -> bool,
        plain: &mut Vec<u8>,
    ) -> Result<Authenticity, Refusal> {
        let Some(keys) = self.keys else { return Err(Refusal::NoKey) };
        if !frame.is_supported() {
            return Err(Refusal::UnknownControl(frame.control));
        }
        let verified = match keys.authentication {
            Some(key) => frame.verify(&keys.decryption, &key, plain),
            None => frame.verify(&keys.decryption, &Key::LUXEMBOURG, plain),
        };
        if verified {
            if keys.authentication.is_none() {
                self.luxembourg = Some(frame.title);
            }
            let is_known = is_good(plain) || plain.starts_with(b"/");
            return if is_known {
                Ok(Authenticity::Verified)
            } else {
                Err(Refusal::UnknownContent)
            };
        }
        frame.decrypt(&keys.decryption, plain);
        let is_good = is_good(plain);
        match keys.authentication {
            Some(_) if is_good && frame.tag.is_none() => Err(Refusal::NoTag),
            Some(_) if is_good => {
                let is_luxembourg = frame.verify(&keys.decryption, &Key::LUXEMBOURG, plain);
                Err(Refusal::WrongAuthenticationKey { is_luxembourg })
            }
            Some(key) if frame.verify(&key, &keys.decryption, plain) => Err(Refusal::KeysSwapped),
            None if is_good && self.luxembourg != Some(frame.title) => Ok(Authenticity::Unverified),
            _ => Err(Refusal::Undecipherable),
        }
    }

    /// Decrypts `frame`, whose tag no key is known to fit, into `plain`: a tag that fits proves it, one that
    /// does not means nothing.
    pub fn open_leniently(
        &mut self,
        frame: &Ciphered<'_>,
        is_good: impl Fn(&[u8]) -> bool,
        plain: &mut Vec<u8>,
    ) -> Result<Authenticity, Refusal> {
        let Some(keys) = self.keys else { return Err(Refusal::NoKey) };
        let authentication = keys.authentication.unwrap_or(Key::LUXEMBOURG);
        let verified = frame.verify(&keys.decryption, &authentication, plain);
        if !verified {
            frame.decrypt(&keys.decryption, plain);
        }
        match is_good(plain) {
            true if verified => Ok(Authenticity::Verified),
            true => Ok(Authenticity::Unverified),
            false => Err(Refusal::Undecipherable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ciphering::{Found, Sealer};
    use super::*;
    use crate::telegram::{is_telegram, with_checksum};

    const EK: Key = Key::new([7; 16]);
    const AK: Key = Key::new([9; 16]);
    const OTHER: Key = Key::new([5; 16]);

    fn telegram() -> Vec<u8> {
        let body = "/TST5\r\n\r\n1-0:1.7.0(1*W)\r\n!";
        with_checksum(body)
    }

    /// What comes of a telegram that was encrypted with these two keys, or without a tag, for one who has those.
    fn outcome(
        opener: &mut Opener,
        (control, decryption, authentication): (u8, Key, Key),
        keys: (Key, Option<Key>),
    ) -> Result<Authenticity, Refusal> {
        let title = Some(*b"TST\0\0\0\0\x01");
        let mut frame = Vec::new();
        Sealer { title, control, decryption, authentication }.seal(&telegram(), 1, &mut frame);
        opener.set_keys(Some(Keys { decryption: keys.0, authentication: keys.1 }));
        let Found::Yes(frame) = Ciphered::read(&frame) else { panic!("no frame") };
        let mut plain = Vec::new();
        let result = opener.open(&frame, is_telegram, &mut plain);
        assert!(result.is_err() || plain == telegram());
        result
    }

    #[test]
    fn the_tag_is_demanded_as_far_as_there_is_a_key_for_it() {
        use Refusal::{KeysSwapped, NoTag, Undecipherable, WrongAuthenticationKey};
        let (verified, unverified) = (Ok(Authenticity::Verified), Ok(Authenticity::Unverified));
        for (sent, keys, expected) in [
            ((0x30, EK, AK), (EK, Some(AK)), verified),
            ((0x31, EK, AK), (EK, Some(AK)), verified),
            ((0x30, EK, AK), (EK, None), unverified),
            ((0x30, EK, Key::LUXEMBOURG), (EK, None), verified),
            ((0x20, EK, AK), (EK, None), unverified),
            ((0x21, EK, AK), (EK, None), unverified),
            ((0x20, EK, AK), (EK, Some(AK)), Err(NoTag)),
            ((0x30, EK, AK), (AK, Some(EK)), Err(KeysSwapped)),
            ((0x30, EK, AK), (OTHER, Some(AK)), Err(Undecipherable)),
            ((0x30, EK, AK), (OTHER, None), Err(Undecipherable)),
            (
                (0x30, EK, AK),
                (EK, Some(OTHER)),
                Err(WrongAuthenticationKey { is_luxembourg: false }),
            ),
            (
                (0x30, EK, Key::LUXEMBOURG),
                (EK, Some(OTHER)),
                Err(WrongAuthenticationKey { is_luxembourg: true }),
            ),
            ((0x32, EK, AK), (EK, None), Err(Refusal::UnknownControl(0x32))),
        ] {
            let result = outcome(&mut Opener::default(), sent, keys);
            assert_eq!(result, expected, "{:02X}", sent.0);
        }
    }

    #[test]
    fn once_the_key_of_luxembourg_has_fitted_it_is_demanded_of_that_meter() {
        let mut opener = Opener::default();
        let from_elsewhere = (0x30, EK, OTHER);
        assert_eq!(outcome(&mut opener, from_elsewhere, (EK, None)), Ok(Authenticity::Unverified));
        let result = outcome(&mut opener, (0x30, EK, Key::LUXEMBOURG), (EK, None));
        assert_eq!(result, Ok(Authenticity::Verified));
        let result = outcome(&mut opener, from_elsewhere, (EK, None));
        assert_eq!(result, Err(Refusal::Undecipherable));
        // Without a tag, nothing is verified either.
        assert!(outcome(&mut opener, (0x20, EK, OTHER), (EK, None)).is_err());
    }

    #[test]
    fn without_a_key_nothing_is_opened() {
        let mut opener = Opener::default();
        let mut frame = Vec::new();
        Sealer { title: None, control: 0x30, decryption: EK, authentication: AK }
            .seal(b"x", 0, &mut frame);
        let Found::Yes(frame) = Ciphered::read_after_title(&frame, 1, [0; 8]) else { panic!() };
        let mut plain = Vec::new();
        assert_eq!(opener.open(&frame, |_| true, &mut plain), Err(Refusal::NoKey));
        assert_eq!(opener.open_leniently(&frame, |_| true, &mut plain), Err(Refusal::NoKey));
    }
}
