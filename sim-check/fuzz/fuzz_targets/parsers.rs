//! Whatever the text is, reading and judging it ends in a verdict or an error that names a line.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use support::parsers::read_and_judge;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    read_and_judge(&String::from_utf8_lossy(bytes));
});
