//! Who runs when: what yields and what does not, blocks of work, an await in the wrong place.

pub(crate) mod await_does_not_yield;
pub(crate) mod cpu_bound;
pub(crate) mod fairness;
pub(crate) mod race_condition;
pub(crate) mod timer_hops;
