//! Wakers that are plain integers: cloning and dropping one touches nothing, waking one touches the run's table only.
#![expect(unsafe_code, reason = "a RawWaker is made by hand; this is the one file that may")]

use std::ptr::without_provenance;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::CURRENT;
use crate::await_site::{AwaitLook, AwaitSite};
use crate::choice::{GENERATION_BITS, TaskId};
use crate::run::{Run, RunId, RunTag, WakerCounts};
use crate::task::TASKS_MAX;

const INDEX_BITS: u32 = TASKS_MAX.trailing_zeros();
const RUN_BITS: u32 = 22;
const _: () = assert!(TASKS_MAX.is_power_of_two());
const _: () = assert!(INDEX_BITS + GENERATION_BITS + RUN_BITS == u64::BITS);
const _: () = assert!(usize::BITS == u64::BITS, "a waker's 64 bits live in a pointer");

const RUN_SHIFT: u32 = INDEX_BITS + GENERATION_BITS;

/// The one counter that outlives a run. Its values are only ever compared, and never shown.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// The last wake that came from a thread that is not in the waker's run; zero is none. A run looks here when it is
/// stuck, to say that a real thread is at work. It decides nothing.
static ESCAPED: AtomicU64 = AtomicU64::new(0);

/// A tag that no other run of this process has had, until four billion are used up and they begin again.
pub(crate) fn next_run() -> RunTag {
    let next = || RunTag::from_number(RUNS.fetch_add(1, Ordering::Relaxed));
    // Zero is no number of a tag.
    next().or_else(next).expect("of two numbers in a row, one is not zero")
}

impl RunId {
    /// That of the wakers of a run. After four million runs they begin again, as a waker has no room for more: then a waker of
    /// so old a run may wake a task once for nothing, which is all that it can do.
    pub(crate) fn of(tag: RunTag) -> RunId {
        // From one, so that no waker is zero.
        let number = 1 + tag.number() % ((1 << RUN_BITS) - 1);
        RunId(u64::from(number) << RUN_SHIFT)
    }
}

/// The task of this run that was last woken from another thread, if one was.
pub(crate) fn escaped_wake(run: RunId) -> Option<TaskId> {
    let (other, task) = unpack(ESCAPED.load(Ordering::Relaxed));
    (other == run).then_some(task)
}

/// Says that a task is being polled, until it is asked what became of that.
pub(crate) struct Polled {
    waker: Waker,
}

impl Polled {
    #[inline(always)]
    pub(crate) fn begin(run: RunId, task: TaskId) -> Self {
        let bits = pack(run, task);
        CURRENT.with(|current| {
            current.polled.set(bits);
            current.turn.begin_poll();
        });
        // SAFETY: the functions of `VTABLE` never dereference the data pointer, which is an integer; so all that `RawWaker`
        // asks for holds: any thread may clone, wake and drop it, in any order and number.
        Polled { waker: unsafe { Waker::from_raw(raw(bits)) } }
    }

    /// The same, with a waker whose clones the run counts.
    pub(crate) fn counted(self) -> Self {
        let data = self.waker.data();
        std::mem::forget(self.waker);
        // SAFETY: as in `Polled::begin`, for the functions of `COUNTED`.
        Polled { waker: unsafe { Waker::from_raw(RawWaker::new(data, &COUNTED)) } }
    }

    /// The task's waker.
    #[inline(always)]
    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// The poll is over; whether the task has woken itself in it.
    #[inline(always)]
    pub(crate) fn end(self) -> bool {
        // Dropping it would only call a function that does nothing.
        std::mem::forget(self.waker);
        CURRENT.with(|current| {
            current.polled.set(0);
            current.has_woken_itself.take()
        })
    }
}

/// A waker for a poll after the end of a run: it wakes nobody, counts how often it is taken, and looks where.
pub(crate) struct Probe {
    waker: Waker,
}

impl Probe {
    pub(crate) fn begin(look: Option<AwaitLook>) -> Self {
        CURRENT.with(|current| current.probed.begin(look));
        // SAFETY: as in `Polled::begin`.
        Probe { waker: unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &PROBE)) } }
    }

    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// How often it was taken, and where.
    pub(crate) fn end(self) -> (usize, Vec<AwaitSite>) {
        CURRENT.with(|current| current.probed.end())
    }
}

static PROBE: RawWakerVTable = RawWakerVTable::new(take_probe, drop_waker, drop_waker, drop_waker);

unsafe fn take_probe(data: *const ()) -> RawWaker {
    CURRENT.with(|current| current.probed.take());
    RawWaker::new(data, &PROBE)
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

/// The task that is being polled, if the waker is its own.
#[inline]
pub(super) fn own_task(waker: &Waker) -> Option<TaskId> {
    let bits = waker.data().addr() as u64;
    let is_own = CURRENT.with(|current| current.polled.get()) == bits
        && (std::ptr::eq(waker.vtable(), &VTABLE) || std::ptr::eq(waker.vtable(), &COUNTED));
    is_own.then(|| unpack(bits).1)
}

#[inline]
fn raw(bits: u64) -> RawWaker {
    RawWaker::new(without_provenance(bits as usize), &VTABLE)
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop_waker);

/// Counts its clones, in the run that it is of.
static COUNTED: RawWakerVTable = RawWakerVTable::new(clone_counted, wake_counted, wake, drop_counted);

unsafe fn clone_counted(data: *const ()) -> RawWaker {
    count(data, WakerCounts::add);
    RawWaker::new(data, &COUNTED)
}

unsafe fn wake_counted(data: *const ()) {
    // SAFETY: `wake` asks for nothing.
    unsafe { wake(data) };
    count(data, WakerCounts::remove);
}

unsafe fn drop_counted(data: *const ()) {
    count(data, WakerCounts::remove);
}

/// Counts, if this thread is in the waker's run.
fn count(data: *const (), change: impl FnOnce(&WakerCounts, TaskId)) {
    let (run, task) = unpack(data.addr() as u64);
    super::try_with(|current| {
        if let Some(counts) = current.wakers().filter(|_| current.id() == run) {
            change(counts, task);
        }
    });
}

#[inline]
unsafe fn clone(data: *const ()) -> RawWaker {
    RawWaker::new(data, &VTABLE)
}

/// Most wakes are of a task by itself, which only notes it, or of another in the same run.
unsafe fn wake(data: *const ()) {
    let bits = data.addr() as u64;
    let is_own = CURRENT.with(|current| {
        let is_own = current.polled.get() == bits;
        if is_own {
            current.has_woken_itself.set(true);
        }
        is_own
    });
    if !is_own {
        wake_other(bits);
    }
}

/// Wakes a waker of this run, outside of polls, if no more than its number is needed for that; gives back any other.
#[inline]
pub(super) fn wake_in(run: &Run, waker: Waker) -> Option<Waker> {
    match task_of(run.id(), waker) {
        Ok(task) => {
            run.wake(task);
            None
        }
        Err(foreign) => Some(foreign),
    }
}

/// The same for several, in their order and with the run borrowed once, up to the first that is to be given back.
#[inline]
pub(super) fn wake_all_in(run: &Run, wakers: &mut impl Iterator<Item = Waker>) -> Option<Waker> {
    let mut core = run.core_mut();
    for waker in wakers {
        match task_of(run.id(), waker) {
            Ok(task) => core.wake(task),
            Err(foreign) => return Some(foreign),
        }
    }
    None
}

/// The task of this run that a waker wakes, if it does no more.
#[inline(always)]
fn task_of(run: RunId, waker: Waker) -> Result<TaskId, Waker> {
    let (other, task) = unpack(waker.data().addr() as u64);
    if !std::ptr::eq(waker.vtable(), &VTABLE) || other != run {
        return Err(waker);
    }
    // Dropping it would only call a function that does nothing.
    std::mem::forget(waker);
    Ok(task)
}

#[inline(never)]
fn wake_other(bits: u64) {
    let (run, task) = unpack(bits);
    let was_here = super::try_with(|current| {
        let here = current.id() == run;
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
        let (run, task) = (RunId::of(next_run()), TaskId::from_parts(3, 1));
        let polled = Polled::begin(run, task);
        let waker = polled.waker().clone();
        assert!(!polled.end());
        assert!(waker.will_wake(&waker.clone()));
        std::thread::Builder::new().spawn(move || waker.wake()).unwrap().join().unwrap();
        assert_eq!(escaped_wake(run), Some(task));
        assert_eq!(escaped_wake(RunId::of(next_run())), None);
    }
}
