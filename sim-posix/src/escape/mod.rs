//! Calls that escape from a run: what is done about them.

mod place;

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

/// What was done with a call that escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Handled {
    /// The run has answered. In a native task a function of the run is better.
    Answered,
    /// The machine has answered: what it says may differ from run to run.
    Passed,
    /// It has failed with `ENOSYS`.
    Refused,
    /// What was made lives on to the next run.
    Kept,
}

/// A call that has escaped in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Escape {
    /// Its name, with what it is about.
    pub call: String,
    /// What was done.
    pub handled: Handled,
    /// How often it was made.
    pub count: u64,
    /// Where in the program it was made first: a function, with its line where there is one. Empty if that is not known.
    pub place: String,
}

/// What has escaped in a run, by the name of the call.
#[derive(Default)]
struct Escapes {
    policy: Cell<Policy>,
    counts: RefCell<BTreeMap<String, Escape>>,
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

/// The calls that have escaped in this run since [`Policy::Count`] was set, by their names. Of a process's calls, those are told that come by
/// unusual ways (system calls by number, `/dev/urandom`, random bytes) although the run has answered them.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn escapes() -> Vec<Escape> {
    let escapes = context::device::<Escapes>();
    escapes.map_or_else(Vec::new, |escapes| escapes.counts.borrow().values().cloned().collect())
}

/// A call has escaped: the run fails, if it is to.
pub(crate) fn note(handled: Handled, call: impl FnOnce() -> String) {
    let Some((call, escapes)) = count(handled, call) else { return };
    if escapes.policy.get() == Policy::Fail && !escapes.has_failed.replace(true) {
        let backtrace = std::backtrace::Backtrace::force_capture();
        // In a task of its own: who called is C code, through which nothing may unwind.
        let failing = context::spawn_named("escape", async move {
            panic!("{call} escaped from the run, which does not answer it:\n{backtrace}")
        });
        drop(failing);
    }
}

/// A call is told, and no run fails by it.
pub(crate) fn tell(handled: Handled, call: impl FnOnce() -> String) {
    let _ = count(handled, call);
}

fn count(handled: Handled, call: impl FnOnce() -> String) -> Option<(String, Rc<Escapes>)> {
    let escapes = context::device::<Escapes>()?;
    // A panic is told by reading files.
    if escapes.policy.get() == Policy::Answer || std::thread::panicking() {
        return None;
    }
    let call = call();
    if let Some(known) = escapes.counts.borrow_mut().get_mut(&call) {
        known.count += 1;
        return Some((call, Rc::clone(&escapes)));
    }
    let place = place::of_program();
    let escape = Escape { call: call.clone(), handled, count: 1, place };
    escapes.counts.borrow_mut().insert(call.clone(), escape);
    Some((call, escapes))
}
