//! The local set of who is being polled.

use std::any::Any;
use std::rc::Rc;

use super::CURRENT;

/// The local set whose tasks [`spawn_local`](crate::spawn_local) makes, if there is one.
pub(crate) fn local_set() -> Option<Rc<dyn Any>> {
    CURRENT.with(|current| current.local_set.borrow().clone())
}

/// Sets it; what it was before.
pub(crate) fn set_local_set(set: Option<Rc<dyn Any>>) -> Option<Rc<dyn Any>> {
    CURRENT.with(|current| current.local_set.replace(set))
}
