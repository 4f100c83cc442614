//! Programs that use a runtime, run by tokio as well as by Seedbed.

pub(crate) mod abort_programs;
pub(crate) mod blocking_programs;
pub(crate) mod clock_programs;
pub(crate) mod differences;
pub(crate) mod interval_programs;
pub(crate) mod join_set_programs;
pub(crate) mod local_set_programs;
pub(crate) mod mixed_programs;
pub(crate) mod program;
pub(crate) mod sleep_programs;
pub(crate) mod spawn_programs;
pub(crate) mod task_local_programs;
pub(crate) mod timeout_programs;
