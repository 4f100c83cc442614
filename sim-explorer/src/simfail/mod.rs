//! A failure as a file that is committed: a short list of what differs from the default order, by names that survive an edit.
//!
//! `docs/failures.md` says what to do with one.

use std::collections::{BTreeMap, BTreeSet};

mod entry;
mod marks;
mod named;
mod parse;
mod print;
mod record;
mod refusal;
mod repair;
mod replay;
mod signed;
mod status;
mod words;

pub use entry::{BaseOrder, DecisionName, FileValue, Moment, TurnName};
pub use marks::Marks;
pub use record::MakeRun;
pub use refusal::{LineError, SimfailError};
pub use replay::{Difference, FoundError, Replayed};
pub use status::Status;

/// The format that is written here, and the newest that is read.
pub(crate) const VERSION: u32 = 1;
/// No failure file has more bytes.
pub(crate) const BYTES_MAX: usize = 8 * 1_024 * 1_024;

/// A failure: the run that shows it, as its differences from a run that needs no description, and what is expected of it.
///
/// Its text is the file. What is a collection is sorted, so that two versions of a file differ only where the failures do.
///
/// ```
/// use sim_explorer::Simfail;
///
/// let text = "\
/// simfail 1
/// test       bank::money_is_kept
/// signature  panic \"10 were lost\"
/// found      pct:changes=5 seed=17
///
/// [schedule]
/// after bank/teller @ lock #1   run bank/auditor
///
/// [expect]
/// decisions 0
/// trace 9f2c0123456789ab
/// ";
/// let file = Simfail::parse(text.as_bytes()).unwrap();
/// assert_eq!(file.schedule.values().next().unwrap().to_string(), "bank/auditor");
/// assert_eq!(file.to_string(), text);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simfail {
    /// The test or scenario that fails: `crate_name::module::name`, `scenario/variant`.
    pub test: String,
    /// Which failure it is, without what changes from run to run: as `Signature` is shown.
    pub signature: String,
    /// Which run it was found as: `pct:changes=5 seed=17`.
    pub found: String,
    /// What shrinking came to; empty if nothing was shrunk.
    pub shrunk: String,
    /// What a person has written about it, a line each.
    pub notes: Vec<String>,
    /// From which run it differs.
    pub order: BaseOrder,
    /// The parameters of a scenario that were set, and its network profile.
    pub settings: BTreeMap<String, String>,
    /// What the run drew where the test sets nothing: sizes of buffers, kinds of links.
    pub drawn: BTreeMap<String, String>,
    /// What happened that need not have: a packet was lost, a future was cancelled.
    pub faults: BTreeSet<DecisionName>,
    /// For a moment, the task whose turn it is then.
    pub schedule: BTreeMap<Moment, TurnName>,
    /// The other answers that are not the gentlest.
    pub values: BTreeMap<DecisionName, FileValue>,
    /// What the run was when the file was written.
    pub expect: Expected,
}

/// What the run of a failure file was when the file was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// How many decisions it had that were not forced.
    pub decisions: u64,
    /// Marks along them; empty if there were none to keep.
    pub marks: Marks,
    /// The hash of the run.
    pub trace: u64,
}

impl Simfail {
    /// How many entries it has, in which its run differs from that of its order.
    #[must_use]
    pub fn exceptions_count(&self) -> usize {
        self.faults.len() + self.schedule.len() + self.values.len()
    }
}
