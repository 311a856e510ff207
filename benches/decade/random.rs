//! Numbers that are as good as random, and the same for the same seed.

/// xorshift64*.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn index_below(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).expect("below a usize")
    }

    pub fn is_one_in(&mut self, limit: u64) -> bool {
        self.below(limit) == 0
    }

    pub fn seconds_below(&mut self, limit: i64) -> i64 {
        i64::try_from(self.below(limit.unsigned_abs())).expect("small")
    }
}
