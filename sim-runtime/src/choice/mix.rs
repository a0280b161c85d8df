//! The hash functions of `choice-v1`. Frozen: a change here re-rolls every saved seed.

/// Stafford's variant 13 of the SplitMix64 finaliser ("Better Bit Mixing", 2011).
#[inline]
pub(crate) const fn mix64(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// An order-sensitive combination of two hashes.
#[inline]
pub(crate) const fn combine(a: u64, b: u64) -> u64 {
    mix64(a.rotate_left(23) ^ b.wrapping_mul(0xD6E8_FEB8_6659_FD93))
}

/// FNV-1a over the bytes, finished by [`mix64`].
pub(crate) const fn hash_text(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01B3);
        i += 1;
    }
    mix64(hash)
}
