//! What a connection needs from outside.

use sim_executor::Instant;

use super::rules::Rules;
use crate::pool::Pool;

/// What a connection needs in every call.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) pool: &'a mut Pool,
    pub(crate) rules: &'a Rules,
}
