//! Which simulated runs to make, and what to make of a failure. Knows nothing of sockets.

mod awaits;
mod confirmed;
mod each;
mod exceptions;
mod exhaustive;
mod explanation;
mod failure_text;
mod functions_of_poll;
mod guided;
mod panicking_function;
mod pattern;
mod recipe;
mod run_seed;
mod scenario;
mod search_text;
mod shard;
mod shrink;
mod signature;
mod simfail;
mod stack;
mod strategy;
mod sweep;
mod sweep_by;
mod timeline;
mod touches;
mod verdict;

pub use awaits::AWAITS;
pub use confirmed::confirmed;
pub use each::{
    Alternative, Deviant, DeviantRun, DeviantStep, Deviated, Deviation, Each, End, Ended, Kinds, Next,
    ParseDeviantRunError, ParseKindsError, Search, SearchResult, Wanted,
};
pub use exceptions::{
    AnswerKind, Asked, DefaultOrder, Exceptions, Follow, FollowRun, Followed, Noted, Notes,
    ParseFollowRunError, Realised, Step, Turn, TurnException, ValueException,
};
pub use exhaustive::{Exhaustive, ExhaustiveEnd, ExhaustiveResult};
pub use explanation::{BothUse, CriticalPair, Explained, Explanation, Part as ExceptionPart, Without};
pub use failure_text::FailureText;
pub use functions_of_poll::functions_of_poll;
pub use guided::{Corpus, Guided, GuidedEnd, GuidedResult};
pub use panicking_function::panicking_function;
pub use pattern::Pattern;
pub use recipe::{ParseRecipeError, Recipe};
pub use run_seed::{ParseRunSeedError, RunSeed};
pub use scenario::{Body, Expect, Parameter, Scenario, SettingError, Settings, Variant, Violation};
pub use search_text::ParseSearchError;
pub use shard::{ParseShardError, Shard};
pub use shrink::{Cost, OtherFailure, Progress, Shrink, ShrinkEnd, ShrinkError, Shrunk};
pub use signature::{Signature, Site};
pub use simfail::{
    BaseOrder, DecisionName, Difference, Expected, FileValue, FoundError, LineError, MakeRun, Marks, Moment,
    Replayed, Simfail, SimfailError, Status, TurnName,
};
pub use strategy::{Bytes, Delay, ParseStrategyError, Pct, Pos, Restless, Strategy, Survey, Surw, Urw, Walk};
pub use sweep::{
    DistinctFailures, FailedSeed, Part, PropertyTally, RunResult, StrategyTally, Swept, Tally, Unpacker,
};
pub use sweep_by::{ParseSweepByError, SweepBy};
pub use timeline::{Arrow, ArrowKind, Band, Lane, LaneKind, Mark, MarkKind, Timeline, Wait};
pub use verdict::Verdict;
