//! Tests of asynchronous programs: loops that are shared, tasks that are left behind.

pub(crate) mod test_isolation;
