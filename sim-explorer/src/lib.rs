//! Which simulated runs to make, and what to make of a failure. Knows nothing of sockets.

mod each;
mod exceptions;
mod exhaustive;
mod explanation;
mod failure_text;
mod pattern;
mod run_seed;
mod scenario;
mod shrink;
mod signature;
mod simfail;
mod strategy;
mod sweep;
mod timeline;
mod verdict;

pub use each::{
    Alternative, Deviant, Deviation, Each, Ended, Kinds, ParseEachError, ParseKindsError, SearchResult,
};
pub use exceptions::{
    AnswerKind, Asked, DefaultOrder, Exceptions, Follow, Followed, Noted, Notes, Realised, Step, Turn,
    TurnException, ValueException,
};
pub use exhaustive::{Exhaustive, ExhaustiveEnd, ExhaustiveResult, ParseExhaustiveError};
pub use explanation::{CriticalPair, Explained, Explanation, Part as ExceptionPart, Without};
pub use failure_text::FailureText;
pub use pattern::Pattern;
pub use run_seed::{ParseRunSeedError, RunSeed};
pub use scenario::{Body, Expect, Parameter, Scenario, SettingError, Settings, Variant, Violation};
pub use shrink::{Cost, OtherFailure, Progress, Shrink, ShrinkEnd, ShrinkError, Shrunk};
pub use signature::{Signature, Site};
pub use simfail::{
    BaseOrder, DecisionName, Difference, Expected, FileValue, FoundError, LineError, MakeRun, Marks, Moment,
    Replayed, Simfail, SimfailError, Status, TurnName,
};
pub use strategy::{Bytes, Delay, ParseStrategyError, Pct, Pos, Strategy, Survey, Surw, Urw, Walk};
pub use sweep::{FailedSeed, Part, PropertyTally, RunResult, Swept, Tally};
pub use timeline::{Arrow, ArrowKind, Band, Lane, LaneKind, Mark, MarkKind, Timeline, Wait};
pub use verdict::Verdict;
