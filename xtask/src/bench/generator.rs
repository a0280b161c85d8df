//! The generator that the workloads of all peers share, so that they do the same work.

use std::time::Duration;

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Generator(u64);

impl Generator {
    /// Different `stream` numbers give independent sequences.
    pub fn new(seed: u64, stream: u64) -> Generator {
        let mut generator = Generator(seed ^ stream.wrapping_mul(0xD134_2543_DE82_EF95));
        generator.next();
        generator
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `[low, high)`.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + ((u128::from(self.next()) * u128::from(high - low)) >> 64) as u64
    }

    /// A sleep of w1: 1 ms to 100 ms.
    pub fn nap(&mut self) -> Duration {
        Duration::from_nanos(self.range(1_000_000, 100_000_000))
    }
}
