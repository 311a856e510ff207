//! The signature of a datagram: who holds the key made it, and nobody has changed it.
//!
//! Owns its form on the wire. The last member of `meta` is `signature`: HMAC-SHA-256 (RFC 2104, FIPS 180-4) over
//! the whole datagram in which the 64 digits of the signature are zeros. Before it stands `raw-signature`: the
//! same over the raw telegram. Pure: it reads no file and no clock. It hides nothing.

use hmac::{Hmac, KeyInit as _, Mac as _};
use memchr::memmem;
use sha2::Sha256;

/// The key of `meta` under which the signature stands.
const SIGNATURE: &str = "signature";

/// The key under which that of the raw telegram stands.
pub(crate) const RAW_SIGNATURE: &str = "raw-signature";

/// In a text of JSON the quotes would be escaped: this is always a member, and the first one is that of `meta`.
const SIGNATURE_MEMBER: &[u8] = b",\"signature\":\"";
const RAW_SIGNATURE_MEMBER: &[u8] = b",\"raw-signature\":\"";

/// What follows the signature.
const BEHIND: &[u8] = b"\"},\"telegram\":{";

/// The number of digits of a signature.
const DIGITS: usize = 64;

const NO_SIGNATURE: [u8; DIGITS] = [b'0'; DIGITS];

/// A key that senders and receivers share.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey([u8; 32]);

/// The digits are nobody's business.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct NoKey;

/// Why a datagram is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature where it should be.
    #[error("it is not signed")]
    Missing,
    /// It was made with another key, or something has been changed.
    #[error("its signature is wrong")]
    Wrong,
}

impl SigningKey {
    /// A key of these random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let text = text.to_ascii_lowercase();
        let digits = text.as_bytes().try_into().map_err(|_| NoKey)?;
        from_hex(digits).map(Self).ok_or(NoKey)
    }

    /// The 64 digits.
    #[must_use]
    pub fn digits(&self) -> String {
        String::from_utf8_lossy(&to_hex(self.0)).into_owned()
    }

    /// Signs a datagram that has room for both signatures, and its raw telegram.
    pub(super) fn sign(&self, json: &mut [u8], raw: &[u8]) {
        let raw_signature = to_hex(self.hmac(&[raw]).finalize().into_bytes().into());
        if let Some(at) = place(json, RAW_SIGNATURE_MEMBER) {
            json[at..at + DIGITS].copy_from_slice(&raw_signature);
        }
        if let Some(at) = place(json, SIGNATURE_MEMBER) {
            let signature = to_hex(self.hmac(&[json]).finalize().into_bytes().into());
            json[at..at + DIGITS].copy_from_slice(&signature);
        }
    }

    /// Whether the datagram is whole, and from somebody who holds the key.
    pub fn verify(&self, json: &[u8]) -> Result<(), SignatureError> {
        let at = place(json, SIGNATURE_MEMBER).ok_or(SignatureError::Missing)?;
        let (before, rest) = json.split_at(at);
        let (signature, behind) =
            rest.split_first_chunk::<DIGITS>().ok_or(SignatureError::Missing)?;
        if !behind.starts_with(BEHIND) {
            return Err(SignatureError::Missing);
        }
        let signature = from_hex(signature).ok_or(SignatureError::Wrong)?;
        let hmac = self.hmac(&[before, &NO_SIGNATURE, behind]);
        // Takes the same time wherever they differ.
        hmac.verify_slice(&signature).map_err(|_| SignatureError::Wrong)
    }

    /// The signature of a raw telegram, as its JSON has it.
    #[must_use]
    pub fn raw_signature(&self, raw: &[u8]) -> String {
        let signature = to_hex(self.hmac(&[raw]).finalize().into_bytes().into());
        String::from_utf8_lossy(&signature).into_owned()
    }

    fn hmac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        // A whole block, which a key of 32 bytes begins and zeros fill: RFC 2104, section 2.
        let mut block = [0; 64];
        block[..self.0.len()].copy_from_slice(&self.0);
        let mut hmac = Hmac::<Sha256>::new(&block.into());
        for part in parts {
            hmac.update(part);
        }
        hmac
    }
}

/// The last members of `meta`, before they are signed.
pub(super) fn room() -> [(String, super::Value); 2] {
    let zeros = || super::Value::Text("0".repeat(DIGITS));
    [(RAW_SIGNATURE.to_owned(), zeros()), (SIGNATURE.to_owned(), zeros())]
}

/// Where the digits of a member begin.
fn place(json: &[u8], member: &[u8]) -> Option<usize> {
    let at = memmem::find(json, member)? + member.len();
    (json.len() >= at + DIGITS).then_some(at)
}

fn to_hex(bytes: [u8; 32]) -> [u8; DIGITS] {
    let mut digits = [0; DIGITS];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        for (digit, half) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = b"0123456789abcdef"[usize::from(half)];
        }
    }
    digits
}

fn from_hex(digits: &[u8; DIGITS]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    // Lower case only: a signature has one form.
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (value(pair[0])? << 4) | value(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{Encoder, MAX_DATAGRAM, Message};
    use crate::telegram::Timestamp;

    fn key() -> SigningKey {
        SigningKey::new(std::array::from_fn(|at| u8::try_from(at).unwrap()))
    }

    fn telegram() -> Vec<u8> {
        include_str!("../../tests/data/esmr50-three-phase.txt").replace('\n', "\r\n").into_bytes()
    }

    fn signed(raw: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new(Some("a \",\"signature\":\"".to_owned()));
        encoder.set_key(Some(key()));
        let time = Timestamp::from_seconds(1_795_330_357);
        encoder.encode(raw, time, time).0.json.to_vec()
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits_and_is_never_shown() {
        let digits = key().digits();
        assert!(digits.starts_with("000102") && digits.ends_with("1e1f"), "{digits}");
        assert_eq!(SigningKey::parse(&digits.to_uppercase()), Ok(key()));
        for wrong in
            ["", &digits[1..], &digits.replace('f', "g"), &format!("{digits}0"), &"é".repeat(32)]
        {
            assert_eq!(SigningKey::parse(wrong), Err(NoKey), "{wrong}");
        }
        assert_eq!(format!("{:?}", key()), "SigningKey");
    }

    #[test]
    fn the_signature_is_the_hmac_that_rfc_4231_has_for_test_case_2() {
        // Its key is shorter than ours: hmac pads it with zeros.
        let mut padded = [0; 32];
        padded[..4].copy_from_slice(b"Jefe");
        let signature = SigningKey::new(padded).raw_signature(b"what do ya want for nothing?");
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_signed_datagram_is_read_by_everybody_and_fits_into_a_packet() {
        let json = signed(&telegram());
        assert_eq!(key().verify(&json), Ok(()));
        assert!(json.len() <= 1472, "{}", json.len());
        let message = Message::parse(&json).unwrap();
        let names: Vec<&str> = message.meta.other.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [RAW_SIGNATURE, SIGNATURE]);
        let raw_signature = message.meta.other[0].1.text().unwrap();
        assert_eq!(raw_signature, key().raw_signature(&telegram()));
        // What p1cat prints is what was signed.
        let mut copy = Vec::new();
        message.write_json(&mut copy);
        assert_eq!(key().verify(&copy), Ok(()));
    }

    #[test]
    fn a_datagram_of_the_greatest_length_has_room_for_its_signature() {
        let text = format!("/T\r\n\r\n0-0:96.13.0({})\r\n!\r\n", "a".repeat(2 * MAX_DATAGRAM));
        let json = signed(text.as_bytes());
        assert_eq!(key().verify(&json), Ok(()));
        assert!(json.len() <= MAX_DATAGRAM);
    }

    #[test]
    fn another_key_and_no_signature_are_refused() {
        let json = signed(&telegram());
        assert_eq!(SigningKey::new([0; 32]).verify(&json), Err(SignatureError::Wrong));
        let mut encoder = Encoder::new(None);
        let telegram = telegram();
        let unsigned = encoder.encode(&telegram, Timestamp::default(), Timestamp::default());
        assert_eq!(key().verify(unsigned.0.json), Err(SignatureError::Missing));
    }

    proptest! {
        #[test]
        fn any_changed_bit_is_refused(at in 0..1000_usize, bit in 0..8_u32) {
            let mut json = signed(&telegram());
            let at = at % json.len();
            json[at] ^= 1 << bit;
            prop_assert!(key().verify(&json).is_err());
        }

        #[test]
        fn no_bytes_whatever_are_taken(mut bytes: Vec<u8>, at: usize) {
            prop_assert!(key().verify(&bytes).is_err());
            let at = at % (bytes.len() + 1);
            bytes.splice(at..at, SIGNATURE_MEMBER.iter().copied());
            prop_assert!(key().verify(&bytes).is_err());
        }
    }
}
