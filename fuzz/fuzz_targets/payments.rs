//! A test of a library as a fuzz target, in one line.
//!
//! `cargo fuzz run -s none payments`, with cargo-fuzz from crates.io.

#![no_main]

seedbed::fuzz_target!(fuzz::no_payment_is_lost);
