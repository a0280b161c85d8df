//! Where the choices of a drawn history come from.

use std::collections::VecDeque;

/// SplitMix64, after as many choices as a fuzzer's bytes make.
pub struct Random {
    state: u64,
    bytes: VecDeque<u8>,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Random { state: seed, bytes: VecDeque::new() }
    }

    /// Each byte makes one choice; those after the last byte are always the same, so that who changes a byte changes
    /// little.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Random { state: 0, bytes: bytes.iter().copied().collect() }
    }

    pub fn below(&mut self, n: usize) -> usize {
        if let Some(byte) = self.bytes.pop_front() {
            return usize::from(byte) % n;
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
