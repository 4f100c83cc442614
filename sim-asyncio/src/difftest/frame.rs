//! A list of operations that is being run, with what is to be done at its end.

use std::rc::Rc;

use super::op::{Guard, Op, Try};
use super::raised::Raised;
use crate::task_group::TaskGroup;
use crate::timeout::Timeout;

/// How a list goes on, or how it ended.
#[derive(Debug)]
pub(super) enum Flow {
    Next,
    Return(i64),
    Raise(Raised),
}

/// A list that is being run. They are kept in a vector and not on the stack, so that lists can be nested to any depth.
pub(super) struct Frame {
    pub(super) ops: Rc<[Op]>,
    pub(super) next: usize,
    pub(super) kind: Kind,
}

/// What a list belongs to.
pub(super) enum Kind {
    Proc,
    With(Guard),
    Consume {
        queue: Rc<str>,
        until: i64,
    },
    Timeout(Timeout),
    Group {
        name: Rc<str>,
        group: TaskGroup,
    },
    Body(Try),
    /// That of an exception, with the `finally` after it.
    Handler(Try),
    /// With what comes after it.
    Finally(Flow),
    /// With how often it is still to be run after this time.
    Repeat {
        left: i64,
    },
}

impl Frame {
    pub(super) fn new(ops: &Rc<[Op]>, kind: Kind) -> Self {
        Frame { ops: Rc::clone(ops), next: 0, kind }
    }

    /// The next operation, which is then over.
    pub(super) fn take_next(&mut self) -> Option<(Rc<[Op]>, usize)> {
        let position = self.next;
        self.next += 1;
        (position < self.ops.len()).then(|| (Rc::clone(&self.ops), position))
    }
}
