//! What the current task touches, for sources that want to know which polls race.

use std::task::Context;

use super::{CURRENT, wake_again, with};
use crate::choice::{Access, Label, Resource};

/// Says that the current task touches a resource. A primitive of a library calls it when it acts: a lock when it is taken, a
/// queue when something is put in. Between polls, outside of a run, and where the source is not told, it does nothing.
///
/// ```
/// use sim_executor::{Access, Executor, Label, ProductionOrder, Resource, context};
///
/// const CACHE: Label = Label::new("user.cache");
/// Executor::new(ProductionOrder).block_on(async {
///     context::access(Resource::new(CACHE, 1), Access::Write);
/// }).unwrap();
/// ```
#[inline]
pub fn access(resource: Resource, access: Access) {
    if CURRENT.with(|current| current.wanted.tells_accesses.get()) {
        tell(resource, access);
    }
}

/// [`access`], with the name of the resource for people, which is asked for only where the source wants it.
#[inline]
pub fn access_named(resource: Resource, access: Access, name: impl FnOnce() -> String) {
    if CURRENT.with(|current| current.wanted.tells_accesses.get()) {
        tell(resource, access);
        tell_name(resource, name);
    }
}

#[cold]
fn tell_name(resource: Resource, name: impl FnOnce() -> String) {
    if with(|run| run.core().facts.wants_name(resource)) {
        // With nothing borrowed: the name may be made of others.
        let name = name();
        with(|run| run.core_mut().facts.name(resource, name));
    }
}

/// Says what the current task will touch first when it is polled again. A primitive that lets others go before it acts calls
/// it, so that the source knows what it lets wait.
#[inline]
pub fn intend(resource: Resource, access: Access) {
    if CURRENT.with(|current| current.wanted.tells_accesses.get()) {
        with(|run| run.core_mut().note_intent(resource, access));
    }
}

/// Says that the current poll tells all that it touches, unless the run has invariants, which look at everything.
#[inline]
pub(crate) fn tell_all() {
    if CURRENT.with(|current| current.wanted.tells_accesses.get()) {
        with(|run| {
            if !run.has_invariants() {
                run.core_mut().note_tells_all();
            }
        });
    }
}

#[cold]
fn tell(resource: Resource, access: Access) {
    with(|run| run.core_mut().note_access(resource, access));
}

/// Lets the source decide who goes on before the current task does this operation, if the source wants that and another task is
/// ready: then the leaf future is pending, its task is ready again, and by default it goes on. It is to be asked once before each
/// operation: the future does what it does when it is polled again.
///
/// Outside of polls it says no.
#[inline]
#[must_use = "a future that stops is pending"]
pub fn stop_at(context: &Context<'_>, label: Label) -> bool {
    CURRENT.with(|current| current.wanted.decision_points.get() && current.polled.get() != 0)
        && stop(context, label)
}

/// Whether operations of sockets and timers are decision points as well: see [`Config::io_points`](crate::Config).
#[inline]
#[must_use]
pub fn wants_io_points() -> bool {
    CURRENT.with(|current| current.wanted.io_points.get())
}

/// [`stop_at`] for a future that keeps no account of whether it was asked: a task that has stopped before it uses this resource of a
/// device goes on when it is polled again. To be asked only where [`wants_io_points`] says so.
#[cold]
#[must_use = "a future that stops is pending"]
pub fn stop_once_at(context: &Context<'_>, label: Label, resource: u64) -> bool {
    if with(|run| run.core_mut().polling.has_stopped_before(resource)) || !stop(context, label) {
        return false;
    }
    with(|run| run.core_mut().polling.note_stop(resource));
    true
}

#[cold]
fn stop(context: &Context<'_>, label: Label) -> bool {
    let is_alone = with(|run| run.core_mut().polling.begin_stop());
    if is_alone {
        return false;
    }
    wake_again(label, context.waker());
    true
}
