//! Whatever the text is, reading and judging it ends in a verdict or an error that names a line. Most texts are histories
//! with a few changes, as no others get past the readers.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use support::examples::seeds;
use support::parsers::{mutate, read_and_judge};
use support::random::Random;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    read_and_judge(&String::from_utf8_lossy(bytes));
});

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, size_max: usize, seed: u32| {
    let mut random = Random::new(u64::from(seed));
    let known = match str::from_utf8(&data[..size]) {
        Ok(text) if size > 1 => Some(text),
        _ => None,
    };
    if known.is_some() && random.chance(25) {
        return libfuzzer_sys::fuzzer_mutate(data, size, size_max);
    }
    let text = match known {
        Some(text) if !random.chance(2) => mutate(text, &mut random),
        _ => {
            let mut seeds = seeds();
            seeds.swap_remove(random.below(seeds.len()))
        }
    };
    let size = text.floor_char_boundary(size_max);
    data[..size].copy_from_slice(&text.as_bytes()[..size]);
    size
});
