//! A failure as a file that is committed: a short list of what differs from the default order, by names that survive an edit.
//!
//! `docs/failures.md` says what to do with one.

use std::collections::BTreeMap;
use std::fmt;

mod marks;
mod parse;
mod print;
mod refusal;
mod words;

pub use marks::Marks;
pub use refusal::{LineError, SimfailError};

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
/// assert_eq!(file.schedule.values().next().map(String::as_str), Some("bank/auditor"));
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
    /// What happened that need not have happened; `false` for what did not, although it does in the order that this differs from.
    pub faults: BTreeMap<DecisionName, bool>,
    /// For a moment, given by the poll that ended there, the lineage of the task that is polled next.
    pub schedule: BTreeMap<DecisionName, String>,
    /// The numbers that are not the gentlest.
    pub values: BTreeMap<DecisionName, u64>,
    /// What the run was when the file was written.
    pub expect: Expected,
}

/// A decision by its names: `n2/apply @ lock(log) #1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecisionName {
    /// The path of names of who takes it, as a trace shows it.
    pub lineage: String,
    /// The operation.
    pub label: String,
    /// How many decisions of these names came before.
    pub ordinal: u32,
}

impl fmt::Display for DecisionName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DecisionName { lineage, label, ordinal } = self;
        write!(out, "{} @ {} #{ordinal}", words::word(lineage), words::word(label))
    }
}

/// The run from which a failure differs in what its file lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BaseOrder {
    /// The default order: the task that ran goes on as long as it can, and every answer is the gentlest.
    #[default]
    Default,
    /// Production order.
    Production,
    /// The run that the line `found` names by its strategy and seed: what fails only so cannot be told as differences from the default
    /// order.
    Found,
}

impl BaseOrder {
    const ALL: [BaseOrder; 3] = [BaseOrder::Default, BaseOrder::Production, BaseOrder::Found];

    /// As it stands in the file.
    const fn name(self) -> &'static str {
        match self {
            BaseOrder::Default => "default",
            BaseOrder::Production => "production",
            BaseOrder::Found => "found",
        }
    }
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
    pub fn exceptions(&self) -> usize {
        self.faults.len() + self.schedule.len() + self.values.len()
    }
}
