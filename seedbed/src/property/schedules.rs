//! Strategies for what decides in a run.

use proptest::prelude::*;
use sim_explorer::{Bytes, RunSeed};

/// Any seed; shrinks to zero.
pub fn seeds() -> impl Strategy<Value = u64> {
    any::<u64>()
}

/// Production order once out of eight, else a run under a seed; shrinks to production order.
///
/// ```
/// use proptest::strategy::{Strategy as _, ValueTree as _};
/// use proptest::test_runner::TestRunner;
/// use seedbed::RunSeed;
///
/// let mut drawn = seedbed::property::runs().new_tree(&mut TestRunner::deterministic()).unwrap();
/// while drawn.simplify() {}
/// assert_eq!(drawn.current(), RunSeed::Production);
/// ```
pub fn runs() -> impl Strategy<Value = RunSeed> {
    prop_oneof![1 => Just(RunSeed::Production), 7 => seeds().prop_map(RunSeed::Seed)]
}

/// A source of choices that reads at most so many bytes, half of them for the order of tasks and half for values. It shrinks to
/// no bytes, which is the default order with the gentlest of all values: so proptest shrinks single decisions, for who runs an
/// [`Executor`](crate::Executor) by hand.
///
/// ```
/// use proptest::strategy::{Strategy as _, ValueTree as _};
/// use proptest::test_runner::TestRunner;
/// use seedbed::{Executor, choose};
///
/// let mut drawn = seedbed::property::schedules(64).new_tree(&mut TestRunner::deterministic()).unwrap();
/// while drawn.simplify() {}
/// assert_eq!(Executor::new(drawn.current()).block_on(async { choose(10) }).unwrap(), 0);
/// ```
pub fn schedules(bytes_max: usize) -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..=bytes_max).prop_map(Bytes::new)
}
