//! Wakers that are plain integers: cloning and dropping one touches nothing, waking one touches the run's table only.
#![expect(unsafe_code, reason = "a RawWaker is made by hand; this is the one file that may")]

use std::ptr::without_provenance;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{RawWaker, RawWakerVTable, Waker};

use crate::choice::{GENERATION_BITS, TaskId};

const INDEX_BITS: u32 = 22;
const RUN_BITS: u32 = 22;
const _: () = assert!(INDEX_BITS + GENERATION_BITS + RUN_BITS == u64::BITS);
const _: () = assert!(usize::BITS == u64::BITS, "a waker's 64 bits live in a pointer");

/// How many tasks can be alive at one time.
pub(crate) const TASKS_MAX: usize = 1 << INDEX_BITS;

const RUN_SHIFT: u32 = INDEX_BITS + GENERATION_BITS;

/// The high bits of a waker. Tells the runs of a process apart, so that a waker that outlives its run wakes nobody in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunId(u64);

/// The one counter that outlives a run. Its values are only ever compared, and never shown.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// The last wake that came from a thread that is not in the waker's run; zero is none. A run looks here when it is
/// stuck, to say that a real thread is at work. It decides nothing.
static ESCAPED: AtomicU64 = AtomicU64::new(0);

impl RunId {
    pub(crate) fn next() -> Self {
        // From one, so that no waker is zero.
        let number = 1 + RUNS.fetch_add(1, Ordering::Relaxed) % ((1 << RUN_BITS) - 1);
        RunId(u64::from(number) << RUN_SHIFT)
    }

    /// The task of this run that was last woken from another thread, if one was.
    pub(crate) fn escaped_wake(self) -> Option<TaskId> {
        let (run, task) = unpack(ESCAPED.load(Ordering::Relaxed));
        (run == self).then_some(task)
    }
}

#[inline]
fn pack(run: RunId, task: TaskId) -> u64 {
    // The generation has no more bits than it may: see `TaskId::generation_after`.
    run.0 | (u64::from(task.generation) << INDEX_BITS) | u64::from(task.index)
}

#[inline]
fn unpack(bits: u64) -> (RunId, TaskId) {
    let run = RunId(bits & !((1 << RUN_SHIFT) - 1));
    let generation = ((bits >> INDEX_BITS) & ((1 << GENERATION_BITS) - 1)) as u32;
    let index = (bits & ((1 << INDEX_BITS) - 1)) as u32;
    (run, TaskId { index, generation })
}

/// The waker of a task.
#[inline]
pub(crate) fn waker_of(run: RunId, task: TaskId) -> Waker {
    // SAFETY: the functions of `VTABLE` never dereference the data pointer, which is an integer; so all that `RawWaker`
    // asks for holds: any thread may clone, wake and drop it, in any order and number.
    unsafe { Waker::from_raw(raw(pack(run, task))) }
}

impl super::Run {
    /// The task that is being polled, if the waker is its own.
    #[inline]
    pub(crate) fn own_task(&self, core: &super::Core, waker: &Waker) -> Option<TaskId> {
        core.current.filter(|&task| waker.will_wake(&waker_of(self.id, task)))
    }
}

#[inline]
fn raw(bits: u64) -> RawWaker {
    RawWaker::new(without_provenance(bits as usize), &VTABLE)
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop_waker);

#[inline]
unsafe fn clone(data: *const ()) -> RawWaker {
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    let bits = data.addr() as u64;
    let (run, task) = unpack(bits);
    let was_here = super::try_with(|current| {
        let here = current.id == run;
        if here {
            current.wake(task);
        }
        here
    });
    if was_here != Some(true) {
        ESCAPED.store(bits, Ordering::Relaxed);
    }
}

unsafe fn drop_waker(_data: *const ()) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waker_names_its_task_and_run() {
        let task = TaskId::from_parts(TASKS_MAX as u32 - 1, (1 << GENERATION_BITS) - 1);
        let run = RunId(u64::MAX << RUN_SHIFT);
        assert_eq!(unpack(pack(run, task)), (run, task));
    }

    #[test]
    fn a_waker_outside_of_its_run_wakes_nobody_and_is_noticed() {
        let (run, task) = (RunId::next(), TaskId::from_parts(3, 1));
        let waker = waker_of(run, task);
        assert!(waker.will_wake(&waker.clone()));
        std::thread::Builder::new().spawn(move || waker.wake()).unwrap().join().unwrap();
        assert_eq!(run.escaped_wake(), Some(task));
        assert_eq!(RunId::next().escaped_wake(), None);
    }
}
