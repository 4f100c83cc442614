//! The environment of a process: what it has set or removed, and for the rest that of the machine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

/// The variables in which a process differs from the machine's.
pub(crate) struct Environment {
    /// Nothing for one that was removed.
    own: RefCell<BTreeMap<CString, Option<CString>>>,
    /// Values that were replaced. The program may have pointers to them.
    before: RefCell<Vec<CString>>,
}

impl Environment {
    /// Those that the test gives; one with a zero in it is none.
    pub(super) fn new(given: &[(&str, &str)]) -> Self {
        let text = |text: &str| CString::new(text).ok();
        let own = given.iter().filter_map(|(name, value)| Some((text(name)?, Some(text(value)?))));
        Environment { own: RefCell::new(own.collect()), before: RefCell::default() }
    }

    /// Calls with what the process has set for a variable, or with `None` if it has removed it. Gives nothing if it has done neither.
    pub(crate) fn get<R>(&self, name: &CStr, call: impl FnOnce(Option<&CStr>) -> R) -> Option<R> {
        self.own.borrow().get(name).map(|value| call(value.as_deref()))
    }

    /// Sets a variable, or removes it.
    pub(crate) fn set(&self, name: &CStr, value: Option<&CStr>) {
        let before = self.own.borrow_mut().insert(name.to_owned(), value.map(CStr::to_owned));
        self.before.borrow_mut().extend(before.flatten());
    }
}
