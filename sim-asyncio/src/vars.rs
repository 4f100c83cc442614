//! What context variables hold: for a task, a callback, or the program outside of the loop.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// What makes a variable this one.
pub(crate) struct VarKey {
    pub(crate) name: Rc<str>,
}

/// Variables with their values, in the order in which they were first set. A copy of a context shares it until either is set.
pub(crate) type Snapshot = Rc<Vec<(Rc<VarKey>, Rc<dyn Any>)>>;

/// The values of all [`ContextVar`](crate::ContextVar)s, as one task or callback sees them: `contextvars.Context`. Cloning
/// gives another reference to the same context; [`VarContext::copy`] copies it.
#[derive(Clone, Default)]
pub struct VarContext(Rc<RefCell<Snapshot>>);

impl VarContext {
    pub(crate) fn of(snapshot: Snapshot) -> Self {
        VarContext(Rc::new(RefCell::new(snapshot)))
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Rc::clone(&self.0.borrow())
    }

    /// Another context with the same values. It costs the same however many they are.
    #[must_use]
    pub fn copy(&self) -> Self {
        VarContext::of(self.snapshot())
    }

    pub(crate) fn is(&self, other: &VarContext) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn get(&self, key: &Rc<VarKey>) -> Option<Rc<dyn Any>> {
        self.0.borrow().iter().find(|(other, _)| Rc::ptr_eq(other, key)).map(|(_, value)| Rc::clone(value))
    }

    /// Sets a variable, or unsets it; gives the value before.
    pub(crate) fn set(&self, key: &Rc<VarKey>, value: Option<Rc<dyn Any>>) -> Option<Rc<dyn Any>> {
        let mut snapshot = self.0.borrow_mut();
        let vars = Rc::make_mut(&mut snapshot);
        let position = vars.iter().position(|(other, _)| Rc::ptr_eq(other, key));
        match (position, value) {
            (Some(position), Some(value)) => Some(std::mem::replace(&mut vars[position].1, value)),
            (Some(position), None) => Some(vars.remove(position).1),
            (None, Some(value)) => {
                vars.push((Rc::clone(key), value));
                None
            }
            (None, None) => None,
        }
    }
}

impl fmt::Debug for VarContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.snapshot();
        out.debug_list().entries(names.iter().map(|(key, _)| &key.name)).finish()
    }
}

/// A callback with what context variables hold for it.
pub(crate) struct Call {
    pub(crate) callback: Box<dyn FnOnce()>,
    pub(crate) vars: Snapshot,
}
