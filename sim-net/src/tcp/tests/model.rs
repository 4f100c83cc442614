//! Whatever the link does, each direction of a connection is a byte queue.

use std::time::Duration;

use proptest::prelude::*;

use super::conversation::{Conversation, Fate, Step, bytes};
use crate::tcp::TcpConfig;

/// A program: it writes in pieces with pauses, and reads in pieces with pauses, at the same time.
#[derive(Clone, Debug)]
struct Program {
    writes: Vec<(usize, u64)>,
    read_bytes: usize,
    reads: Vec<(usize, u64)>,
}

impl Program {
    fn total(&self) -> usize {
        self.writes.iter().map(|&(length, _)| length).sum()
    }

    fn threads(&self) -> Vec<Vec<Step>> {
        let pause = |ms: u64| Step::Pause(Duration::from_millis(ms));
        let writer = self.writes.iter().flat_map(|&(length, ms)| [Step::Write(length), pause(ms)]);
        let reader = self.reads.iter().flat_map(|&(length, ms)| [Step::Read(length), pause(ms)]);
        vec![
            writer.chain([Step::Finish]).collect(),
            reader.chain([Step::ReadToEnd(self.read_bytes)]).collect(),
        ]
    }
}

fn program() -> impl Strategy<Value = Program> {
    let steps = || prop::collection::vec((1_usize..3_000, 0_u64..300), 0..8);
    (steps(), 1_usize..5_000, steps()).prop_map(|(writes, read_bytes, reads)| Program {
        writes,
        read_bytes,
        reads,
    })
}

fn config() -> impl Strategy<Value = TcpConfig> {
    (1_u32..4_000, 1_u32..4_000, 1_u32..2_000, 1_u32..4_000, any::<bool>()).prop_map(
        |(send_buffer_bytes, receive_buffer_bytes, mss_bytes, segment_bytes_max, nodelay)| TcpConfig {
            // Not so small that a test takes a minute: a byte a segment is allowed, a byte a round trip is not.
            send_buffer_bytes: send_buffer_bytes.max(64),
            receive_buffer_bytes: receive_buffer_bytes.max(64),
            segment_bytes_max: segment_bytes_max.max(16),
            mss_bytes,
            nodelay,
            ..TcpConfig::default()
        },
    )
}

fn is_prefix(received: &[u8], from: usize) -> bool {
    received == bytes(from, received.len())
}

fn conversation(
    config: TcpConfig,
    programs: &[Program; 2],
    fates: &[Fate],
) -> Conversation<impl FnMut(usize) -> Fate> {
    // Once the fates are used up the link is perfect, so that everything comes to an end.
    let fate = |number: usize| fates.get(number).copied().unwrap_or(Fate::After(Duration::from_millis(1)));
    Conversation::new(config, programs.each_ref().map(Program::threads), fate)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tcp_model_is_a_byte_queue_in_each_direction(
        config in config(),
        programs in [program(), program()],
        fates in prop::collection::vec(
            prop_oneof![
                2 => Just(Fate::Lost),
                3 => Just(Fate::After(Duration::from_millis(1))),
                3 => (0_u64..500_000).prop_map(|us| Fate::After(Duration::from_micros(us))),
            ],
            0..200,
        ),
    ) {
        let run = conversation(config, &programs, &fates).run();
        let by_long_ways = conversation(config, &programs, &fates).by_long_ways().run();
        prop_assert_eq!(&run, &by_long_ways, "the short ways differ");
        let (outcomes, transcript) = run;
        let is_broken = outcomes.iter().any(|outcome| outcome.error.is_some());
        for end in 0..2 {
            let outcome = &outcomes[end];
            prop_assert!(is_prefix(&outcome.received, 1 - end), "end {end} has a hole\n{}", transcript.join("\n"));
            if !is_broken {
                let arrived = outcome.received.len();
                prop_assert_eq!(arrived, programs[1 - end].total(), "end {}\n{}", end, transcript.join("\n"));
                prop_assert_eq!(outcome.left, 0, "end {} hangs\n{}", end, transcript.join("\n"));
            }
        }
        // Six SYNs in a row may be lost, fifteen segments hardly.
        let is_refused_by_loss = outcomes[0].error == Some(crate::errno::Errno::TimedOut);
        prop_assert!(!is_broken || is_refused_by_loss || fates.iter().filter(|&&fate| fate == Fate::Lost).count() > 6);
    }
}
