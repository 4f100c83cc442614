//! The parser of failure files: whatever it is given it reads or refuses, and what it has read it writes so that it reads the same again.
//!
//! `cargo fuzz run -s none simfail`, with cargo-fuzz from crates.io. The corpus are failure files that a person can read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sim_explorer::Simfail;

fuzz_target!(|data: &[u8]| {
    match Simfail::parse(data) {
        Ok(file) => {
            let text = file.to_string();
            assert_eq!(Simfail::parse(text.as_bytes()).as_ref(), Ok(&file), "{text}");
            assert_eq!(Simfail::parse(text.as_bytes()).map(|file| file.to_string()), Ok(text));
        }
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
});
