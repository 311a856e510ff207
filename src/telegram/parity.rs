//! Lines with seven data bits and an even parity bit (7E1), read as eight data bits.
//!
//! Owns how such bytes are recognised and stripped. `/` then comes as 0xAF, and about half of the other
//! bytes have the highest bit set; LF and `!` look the same.

/// A `/` with its parity bit.
pub(super) const SLASH: u8 = 0xAF;

/// Whether the bytes of a frame came with a parity bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parity {
    /// They did not: all eight bits are data.
    #[default]
    None,
    /// They did, and every one was right. They are stripped.
    Right,
    /// They did, and at least one was wrong. They are stripped.
    Wrong,
}

/// Strips the parity bits, and returns whether they were right.
pub(super) fn strip(bytes: &mut [u8]) -> Parity {
    let parity = if is_even(bytes) { Parity::Right } else { Parity::Wrong };
    for byte in bytes {
        *byte &= 0x7F;
    }
    parity
}

/// Whether all these bytes have even parity.
pub(super) fn is_even(bytes: &[u8]) -> bool {
    !bytes.iter().copied().any(is_odd)
}

fn is_odd(byte: u8) -> bool {
    byte.count_ones() % 2 == 1
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The bytes of a 7E1 line that is read as 8N1.
    pub fn add_parity(text: &[u8]) -> Vec<u8> {
        text.iter().map(|&byte| byte | u8::from(is_odd(byte)) << 7).collect()
    }

    #[test]
    fn added_parity_bits_are_right_and_can_be_stripped() {
        let text: Vec<u8> = (0..128).collect();
        let mut bytes = add_parity(&text);
        assert!(is_even(&bytes) && !is_even(&text));
        assert_eq!((strip(&mut bytes), bytes), (Parity::Right, text));
        assert_eq!(add_parity(b"/!\n"), [SLASH, b'!', b'\n']);
    }

    #[test]
    fn one_wrong_bit_is_reported_and_the_bits_are_stripped_anyway() {
        let mut bytes = add_parity(b"0123");
        bytes[2] ^= 0x80;
        assert_eq!((strip(&mut bytes), &bytes[..]), (Parity::Wrong, &b"0123"[..]));
    }
}
