//! The catalogue of patterns: each with what to use for it here and in plain Rust.

mod faq;
mod library;
mod loop_life;
mod scheduling;

pub(crate) use faq::*;
pub(crate) use library::*;
pub(crate) use loop_life::*;
pub(crate) use scheduling::*;
