//! Tokio's primitive inside of one of ours.

use std::ops::Deref;
use std::sync::Arc;

/// Tokio's primitive. It can be shared by what owns its guard, unless it was made in a constant.
#[derive(Debug)]
pub(super) enum Inner<P> {
    Constant(P),
    Shared(Arc<P>),
}

impl<P> Inner<P> {
    pub(super) fn new(primitive: P) -> Self {
        Inner::Shared(Arc::new(primitive))
    }

    /// For a guard that owns it.
    ///
    /// # Panics
    /// If it was made in a constant.
    #[track_caller]
    pub(super) fn share(&self) -> Arc<P> {
        match self {
            Inner::Shared(shared) => Arc::clone(shared),
            Inner::Constant(_) => {
                panic!("what was made by `const_new` has no owned guards in a simulation: make it by `new`")
            }
        }
    }

    pub(super) fn get_mut(&mut self) -> &mut P {
        match self {
            Inner::Constant(primitive) => primitive,
            Inner::Shared(shared) => Arc::get_mut(shared)
                .expect("an owned guard keeps the primitive that it is of from being borrowed mutably"),
        }
    }

    pub(super) fn into_inner(self) -> P {
        match self {
            Inner::Constant(primitive) => primitive,
            Inner::Shared(shared) => Arc::into_inner(shared)
                .expect("an owned guard keeps the primitive that it is of from being taken apart"),
        }
    }
}

impl<P> Deref for Inner<P> {
    type Target = P;

    fn deref(&self) -> &P {
        match self {
            Inner::Constant(primitive) => primitive,
            Inner::Shared(shared) => shared,
        }
    }
}
