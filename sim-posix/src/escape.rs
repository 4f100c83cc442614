//! Calls that escape from a run: what is done about them.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use sim_executor::{Device, Instant, context};

/// What is done when code of a run makes a call of the C library that is not the run's to answer, or when a native task makes one
/// that has a better counterpart in the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The run answers where it can, and the rest passes.
    #[default]
    Answer,
    /// The same, and each call is counted: see [`escapes`].
    Count,
    /// The run fails at the first such call, which is named with a backtrace.
    Fail,
}

/// What has escaped in a run, by the name of the call.
#[derive(Default)]
struct Escapes {
    policy: Cell<Policy>,
    counts: RefCell<BTreeMap<String, u64>>,
    has_failed: Cell<bool>,
}

impl Device for Escapes {
    fn next_due(&self) -> Option<Instant> {
        None
    }

    fn fire(&self, _now: Instant) {}

    fn describe(&self, _resource: u64) -> String {
        String::new()
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

/// Says what is done about escapes in the rest of this run.
///
/// # Panics
/// Outside a run.
pub fn set_policy(policy: Policy) {
    let escapes = context::device::<Escapes>().unwrap_or_else(|| {
        let escapes = Rc::new(Escapes::default());
        context::install_device(Rc::clone(&escapes) as Rc<dyn Device>);
        escapes
    });
    escapes.policy.set(policy);
}

/// The calls that have escaped in this run since [`Policy::Count`] was set, by their names, with how often they were made.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn escapes() -> Vec<(String, u64)> {
    let escapes = context::device::<Escapes>();
    escapes.map_or_else(Vec::new, |escapes| escapes.counts.borrow().clone().into_iter().collect())
}

/// A call has escaped.
pub(crate) fn note(call: impl FnOnce() -> String) {
    let Some(escapes) = context::device::<Escapes>() else { return };
    // A panic is told by reading files.
    if escapes.policy.get() == Policy::Answer || std::thread::panicking() {
        return;
    }
    let call = call();
    *escapes.counts.borrow_mut().entry(call.clone()).or_default() += 1;
    if escapes.policy.get() == Policy::Fail && !escapes.has_failed.replace(true) {
        let backtrace = std::backtrace::Backtrace::force_capture();
        // In a task of its own: who called is C code, through which nothing may unwind.
        let failing = context::spawn_named("escape", async move {
            panic!("{call} escaped from the run, which does not answer it:\n{backtrace}")
        });
        drop(failing);
    }
}
