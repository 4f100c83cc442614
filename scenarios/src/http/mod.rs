//! HTTP programs: the real hyper over simulated TCP.

pub(crate) mod retry_storm;
