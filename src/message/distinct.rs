//! Whether the keys of a telegram are all different: nearly always, and then nothing else needs to be looked up.
//!
//! Owns the comparison by hashes, which is cheaper than a map for as many keys as telegrams have.

/// More keys than this are not compared.
const MAX_KEYS: usize = 64;

/// Of the hash FNV-1a: draft-eastlake-fnv, section 2.
const FNV_PRIME: u32 = 0x0100_0193;

/// Whether no two of these keys are the same. It may be false for keys that are all different: of two with the same
/// hash, and of more than 64.
pub(super) fn are_distinct<'k>(keys: impl ExactSizeIterator<Item = &'k [u8]>) -> bool {
    let mut hashes = [0u32; MAX_KEYS];
    keys.len() <= MAX_KEYS
        && keys.enumerate().all(|(index, key)| {
            let hash = key
                .iter()
                .fold(0, |hash: u32, &byte| (hash ^ u32::from(byte)).wrapping_mul(FNV_PRIME));
            // To the end, whatever is found: so it is done many hashes at a time.
            let same =
                hashes[..index].iter().fold(0, |same, &known| same | u8::from(known == hash));
            hashes[index] = hash;
            same == 0
        })
}
