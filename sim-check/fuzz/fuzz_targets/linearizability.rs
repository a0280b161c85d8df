//! The first byte picks a specification, the others draw a history; the judges of linearizability, of sequential
//! consistency and of sessions must agree with exhaustive ones, and their certificates hold.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use support::agree::{Depth, all, draw_shape};
use support::random::Random;
use support::sessions::{Held, draw_sessions, sessions_agree};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut random = Random::from_bytes(bytes);
    let all = all();
    match all.get(random.below(all.len() + 1)) {
        Some(judged) => {
            let shape = draw_shape(&mut random);
            judged.agree(&mut random, shape, Depth::Explanations, true);
        }
        None => sessions_agree(&draw_sessions(&mut random), &mut Held::default()),
    }
});
