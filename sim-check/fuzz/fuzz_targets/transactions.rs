//! The bytes draw a history of transactions; the judges of all levels must agree with an exhaustive one and with the
//! commit tests, and their certificates hold.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use sim_check::txn::Model;
use support::random::Random;
use support::transactions::{Met, draw_transactions, transactions_agree};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut random = Random::from_bytes(bytes);
    let model = [Model::ListAppend, Model::RwRegister][random.below(2)];
    let history = draw_transactions(model, &mut random, 6);
    transactions_agree(&history, &mut Met::new());
});
