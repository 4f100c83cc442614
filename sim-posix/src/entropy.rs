//! Randomness for programs: drawn by name, apart from the schedule.

use rand_core::Rng as _;
use sim_executor::{Label, unique_rng};

const ENTROPY: Label = Label::new("posix.entropy");

/// Fills a buffer; gives its length. Each call is one choice, named by the current task and by how many it made before. Never are two
/// equal, as keys and nonces may not be.
///
/// # Panics
/// Outside a run.
pub(crate) fn fill(buffer: &mut [u8]) -> usize {
    unique_rng(ENTROPY).fill_bytes(buffer);
    buffer.len()
}
