//! Reproducible randomness: numbers that depend on a seed and a subject alone.
//!
//! Owns the generator (`SplitMix64`, public domain, by Sebastiano Vigna) and smooth noise made from it.
//! There is no hidden state: the same seed and subject always give the same number, whenever the simulation
//! was started.

/// The increment of `SplitMix64`: 2⁶⁴ divided by the golden ratio, made odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A random number for the pair of `seed` and `subject`.
#[must_use]
pub fn hash(seed: u64, subject: i64) -> u64 {
    let subject = u64::from_ne_bytes(subject.to_ne_bytes());
    scramble(seed ^ scramble(subject.wrapping_mul(STEP)))
}

fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Noise from 0 to 1000 that changes smoothly: a new random height every `period` seconds, and
/// straight lines between them.
#[must_use]
pub fn drift(seed: u64, second: i64, period: i64) -> i64 {
    let height = |knot| Dice::new(seed, knot).between(0, 1000);
    let (knot, past) = (second.div_euclid(period), second.rem_euclid(period));
    (height(knot) * (period - past) + height(knot + 1) * past) / period
}

/// A sequence of random numbers.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The sequence that belongs to the pair of `seed` and `subject`.
    #[must_use]
    pub fn new(seed: u64, subject: i64) -> Self {
        Self(hash(seed, subject))
    }

    /// The next number, from `low` to `high`, both included. `high` must not be below `low`, nor
    /// more than 2³¹ above it.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0 = self.0.wrapping_add(STEP);
        let fraction = i64::from((scramble(self.0) >> 32) as u32);
        low + ((fraction * (high - low + 1)) >> 32)
    }

    /// True `percent` times out of a hundred.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_range_and_reach_both_ends() {
        let mut dice = Dice::new(7, 0);
        let rolls: Vec<i64> = (0..1000).map(|_| dice.between(1, 6)).collect();
        assert_eq!(rolls.iter().min(), Some(&1));
        assert_eq!(rolls.iter().max(), Some(&6));
    }

    #[test]
    fn every_seed_and_subject_has_its_own_sequence() {
        let first = |seed, subject| Dice::new(seed, subject).between(0, 1 << 30);
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(2, 1));
        assert_ne!(first(1, 2), first(1, 3));
    }

    #[test]
    fn drift_has_no_jumps() {
        let steps = (-500..500).map(|t| (drift(3, t, 100) - drift(3, t + 1, 100)).abs());
        assert!(steps.max() <= Some(11), "1000 in 100 seconds is 10 a second");
    }
}
