//! Two TCP connections on a fuzzer's bytes, against queues of bytes.
//!
//! `cargo fuzz run -s none tcp`, with cargo-fuzz from crates.io. The first bytes are a program, as in the property test; the rest
//! decides about each packet.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sim_explorer::Bytes;
use tests::tcp_driver::{FAULTS_MAX, Program, run};

fuzz_target!(|data: &[u8]| {
    let (program, rest) = Program::decode(data);
    if let Err(wrong) = run(program.clone(), Bytes::new(rest.to_vec()).with_yes_max(FAULTS_MAX)) {
        panic!("{wrong}\n{program:#?}");
    }
});
