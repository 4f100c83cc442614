//! TCP is a queue of bytes in each direction, whatever the link and the programs do.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use seedbed::{KeyedRandom, Source};
use sim_explorer::Bytes;
use tests::tcp_driver::{FAULTS_MAX, Played, Program, run};

fn check(program: &Program, source: impl Source + 'static) -> Result<Played, TestCaseError> {
    run(program.clone(), source).map_err(|wrong| TestCaseError::fail(format!("{wrong}\n{program:#?}")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tcp_model_holds_for_two_connections_over_any_link(
        data in prop::collection::vec(any::<u8>(), 10..170),
        seed in any::<u64>(),
    ) {
        check(&Program::decode(&data).0, KeyedRandom::new(seed))?;
    }

    #[test]
    fn tcp_model_holds_when_bytes_decide_about_each_packet(
        data in prop::collection::vec(any::<u8>(), 100..600),
    ) {
        let (program, rest) = Program::decode(&data);
        check(&program, Bytes::new(rest.to_vec()))?;
    }
}

/// What the fuzzer found, or began with: each file is a program, and what becomes of its packets.
#[test]
fn tcp_model_holds_for_the_corpus_of_the_fuzzer() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/tcp");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let data = std::fs::read(&file).unwrap();
        let (program, rest) = Program::decode(&data);
        let played = run(program, Bytes::new(rest.to_vec()).with_yes_max(FAULTS_MAX));
        assert!(played.is_ok(), "{}: {}", file.display(), played.unwrap_err());
    }
}

#[test]
fn tcp_model_programs_move_many_bytes_and_reset_some_connections() {
    let (mut state, mut received_bytes, mut resets) = (1_u64, 0, 0);
    let mut next_byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    for seed in 0..100 {
        let data: Vec<u8> = (0..170).map(|_| next_byte()).collect();
        let played = run(Program::decode(&data).0, KeyedRandom::new(seed)).unwrap();
        received_bytes += played.received_bytes;
        resets += played.resets;
    }
    assert!(received_bytes > 1_000_000, "{received_bytes} bytes");
    assert!(resets > 20, "{resets} resets");
}
