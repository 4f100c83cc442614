//! Decisions: how each is named, asked, drawn, recorded and replayed.

mod counters;
mod domain;
mod draw;
mod fact;
mod fault;
mod hash;
mod key;
mod label;
mod lineage;
mod names;
mod production;
mod random;
mod recording;
mod replay;
pub mod resolve;
mod shown;
mod source;
mod task_id;

pub use domain::{Candidate, Candidates, Domain, Eligibility, Ratio, Value};
pub use draw::KeyedDraws;
pub use fact::{Access, Fact, FactKinds, Resource};
pub use fault::{Fault, Faults};
pub use hash::{RunHash, hash_bytes, hash_str, mix};
pub use key::Key;
pub use label::Label;
pub use lineage::{LineageId, Lineages};
pub use names::{Name, Names};
pub use production::ProductionOrder;
pub use random::KeyedRandom;
pub use recording::{Decision, Recording};
pub use replay::{Replay, ReplayReport};
pub use source::{Needs, Order, Point, RunEnd, RunInfo, Source};
pub use task_id::TaskId;
pub(crate) use task_id::{GENERATION_BITS, GENERATION_MAX};
