//! Randomness for the code under test: ChaCha8, one stream per task.

use super::mix::mix64;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator that a seed stands for. The seed is spread over the key by [`mix64`], because the
/// expansion that `seed_from_u64` does is not promised to stay.
pub(super) fn root(seed: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (i, part) in key.chunks_exact_mut(8).enumerate() {
        part.copy_from_slice(
            &mix64(seed.wrapping_add(super::GOLDEN.wrapping_mul(i as u64 + 1))).to_le_bytes(),
        );
    }
    ChaCha8Rng::from_seed(key)
}

/// The stream of `root` that belongs to a path, in an epoch.
pub(super) fn stream(root: &ChaCha8Rng, path_hash: u64, epoch: u64) -> ChaCha8Rng {
    let mut rng = root.clone();
    rng.set_stream(path_hash ^ epoch);
    rng.set_word_pos(0);
    rng
}
