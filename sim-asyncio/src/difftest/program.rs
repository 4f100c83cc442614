//! A program of the language.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::op::{Op, Ops, Phase};

/// A program: its objects, its procedures, what is done with them.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub(super) id: Option<String>,
    /// The most items that each queue holds, and which item is next; zero is no bound.
    pub(super) queues: BTreeMap<Rc<str>, (usize, Takes)>,
    pub(super) events: Vec<Rc<str>>,
    pub(super) locks: Vec<Rc<str>>,
    pub(super) sems: BTreeMap<Rc<str>, u64>,
    pub(super) bounded: BTreeMap<Rc<str>, u64>,
    pub(super) conditions: Vec<Rc<str>>,
    /// With their parties.
    pub(super) barriers: BTreeMap<Rc<str>, usize>,
    pub(super) vars: Vec<Rc<str>>,
    pub(super) procs: BTreeMap<Rc<str>, Ops>,
    /// All lists of operations.
    pub(super) lists: Vec<Rc<[Op]>>,
    pub(super) phases: Vec<Phase>,
    pub(super) iterations_max: u64,
}

/// Which item of a queue is taken first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    Oldest,
    Newest,
    Least,
}

/// A text is no program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// It is no JSON.
    #[error("line {line}, column {column}: {message}")]
    Json {
        /// From one.
        line: usize,
        /// From one.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// It is JSON, but says what means nothing.
    #[error("at {place}: {message}")]
    Meaning {
        /// The path of the value: `procs.P0[2].ms`.
        place: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Program {
    /// The name that it has for itself.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(super) fn ops(&self, ops: Ops) -> &Rc<[Op]> {
        &self.lists[ops.0]
    }
}
