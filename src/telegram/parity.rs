//! Lines of seven data bits and an even parity bit (7E1) that are read as eight data bits.
//!
//! Owns how such bytes are told and put right. `/` comes as 0xAF then, and about half of the other
//! bytes have the highest bit set; LF and `!` look as they should.

/// A `/` with its parity bit.
pub(super) const SLASH: u8 = 0xAF;

/// Whether the bytes of a frame came with a parity bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parity {
    /// They did not: all eight bits are data.
    #[default]
    None,
    /// They did, and every one was right. The bits are taken off.
    Right,
    /// They did, and not every one was right. The bits are taken off.
    Wrong,
}

/// Takes the parity bits off, and tells whether they were right.
pub(super) fn take_off(bytes: &mut [u8]) -> Parity {
    let parity = if is_right(bytes) { Parity::Right } else { Parity::Wrong };
    for byte in bytes {
        *byte &= 0x7F;
    }
    parity
}

/// Whether these bytes may all have come with a parity bit.
pub(super) fn is_right(bytes: &[u8]) -> bool {
    !bytes.iter().copied().any(is_wrong)
}

fn is_wrong(byte: u8) -> bool {
    byte.count_ones() % 2 == 1
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What a 7E1 line looks like that is read as 8N1.
    pub fn put_on(text: &[u8]) -> Vec<u8> {
        text.iter().map(|&byte| byte | u8::from(is_wrong(byte)) << 7).collect()
    }

    #[test]
    fn what_is_put_on_is_right_and_comes_off() {
        let text: Vec<u8> = (0..128).collect();
        let mut bytes = put_on(&text);
        assert!(is_right(&bytes) && !is_right(&text));
        assert_eq!((take_off(&mut bytes), bytes), (Parity::Right, text));
        assert_eq!(put_on(b"/!\n"), [SLASH, b'!', b'\n']);
    }

    #[test]
    fn one_wrong_bit_is_told_and_the_bits_are_off_all_the_same() {
        let mut bytes = put_on(b"0123");
        bytes[2] ^= 0x80;
        assert_eq!((take_off(&mut bytes), &bytes[..]), (Parity::Wrong, &b"0123"[..]));
    }
}
