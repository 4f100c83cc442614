//! What a sweep showed, as plain data: for files, for other programs, and to be merged with what other shards showed.

mod annotations;
mod junit;
mod merge;
mod sweep_record;
mod written;

use annotations::annotations;
use junit::junit;

pub(crate) use merge::{Merged, read_records};
pub(crate) use sweep_record::{
    DistinctFailure, EachRecord, Hits, ProductionRecord, SeedsRecord, ShardRecord, SweepRecord, VariantRecord,
};
pub(crate) use written::RecordFiles;
