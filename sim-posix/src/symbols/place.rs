//! Where a thread is: outside of runs, in a poll of a native task, or in a process.

use std::cell::Cell;
use std::ptr::null;

use crate::calls::Caller;
use crate::descriptor::{is_of_machine, stand_in_for};
use crate::native::Reads;
use crate::process::Process;
use crate::real::{pause_steps, resume_steps, stop_no_more, system_call};

/// What this thread is at. Nothing in it is to be dropped, so that it can be looked at until the thread has ended.
struct Place {
    /// The process whose thread it is, or null.
    process: Cell<*const Process>,
    thread: Cell<u32>,
    /// How many polls of native tasks are around it.
    native: Cell<u32>,
    /// It is answering a call: what this crate itself calls meanwhile is for the real library.
    is_answering: Cell<bool>,
    reads: Reads,
}

thread_local! {
    static PLACE: Place = const {
        Place {
            process: Cell::new(null()),
            thread: Cell::new(0),
            native: Cell::new(0),
            is_answering: Cell::new(false),
            reads: Reads::new(),
        }
    };
}

/// Has the calls of this crate pass until it is dropped.
struct Answering;

impl Answering {
    fn begin() -> Option<Answering> {
        // Made only if it begins: dropping it would end what is around it.
        let begun = PLACE.with(|place| (!place.is_answering.replace(true)).then(|| Answering));
        if begun.is_some() {
            pause_steps();
        }
        begun
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        PLACE.with(|place| place.is_answering.set(false));
        resume_steps();
    }
}

/// Calls code of the program while a call is answered.
pub(super) fn as_program(call: impl FnOnce()) {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            PLACE.with(|place| place.is_answering.set(self.0));
            if self.0 {
                pause_steps();
            }
        }
    }
    let _back = Back(PLACE.with(|place| place.is_answering.replace(false)));
    call();
}

/// This thread is one of a process from now on, or with null no more.
pub(super) fn set_process(process: *const Process, thread: u32) {
    stop_no_more();
    PLACE.with(|place| {
        place.process.set(process);
        place.thread.set(thread);
    });
}

/// Calls what answers a thread of a process; `None` on another thread.
pub(super) fn ask<R>(answer: impl FnOnce(Caller<'_>) -> Option<R>) -> Option<R> {
    let (process, thread) = PLACE.with(|place| (place.process.get(), place.thread.get()));
    if process.is_null() {
        return None;
    }
    let _answering = Answering::begin()?;
    // SAFETY: a thread of a process runs only while it has the baton, and until it has passed that on for the last time the
    // executor keeps the process. Whoever looks at the process has the baton, so that nobody does at the same time, and all that
    // was done before the baton was passed is seen: see `Gate`.
    let process = unsafe { &*process };
    let answer = answer(Caller { process, thread });
    if process.has_signals() {
        process.attend(thread);
    }
    answer
}

/// The same for a call that threads outside of runs may make with a number that a run has given: they make it by its number, with the
/// descriptor of the machine that stands in.
pub(super) fn ask_or_stand_in(
    descriptor: i32,
    number: libc::c_long,
    [second, third, fourth]: [usize; 3],
    answer: impl FnOnce(Caller<'_>) -> isize,
) -> Option<isize> {
    if is_of_machine(descriptor) {
        return None;
    }
    ask(|caller| Some(answer(caller))).or_else(|| {
        let machine = stand_in_for(descriptor)?;
        Some(system_call(number, [machine as usize, second, third, fourth, 0, 0]) as isize)
    })
}

/// Whether this thread is one of a process, and is not answering a call already.
pub(super) fn is_in_process() -> bool {
    PLACE.with(|place| !place.process.get().is_null() && !place.is_answering.get())
}

/// The same for a call about a descriptor that the run may have given.
pub(super) fn ask_about<R>(descriptor: i32, answer: impl FnOnce(Caller<'_>) -> R) -> Option<R> {
    if is_of_machine(descriptor) { None } else { ask(|caller| Some(answer(caller))) }
}

/// Calls what answers in a poll of a native task; `None` elsewhere, and on a thread of a process.
pub(super) fn ask_native<R>(answer: impl FnOnce(&Reads) -> R) -> Option<R> {
    PLACE.with(|place| {
        if place.native.get() == 0 || !place.process.get().is_null() || !sim_executor::context::in_run() {
            return None;
        }
        let _answering = Answering::begin()?;
        Some(answer(&place.reads))
    })
}

/// Calls `poll`, in which this thread counts as in a native task.
pub(crate) fn around_native<R>(poll: impl FnOnce() -> R) -> R {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            PLACE.with(|place| place.native.set(place.native.get() - 1));
        }
    }
    PLACE.with(|place| place.native.set(place.native.get() + 1));
    let _leave = Leave;
    poll()
}

/// Calls `what` as if this thread were outside of runs: the real library answers.
pub(crate) fn outside<R>(what: impl FnOnce() -> R) -> R {
    let _answering = Answering::begin();
    what()
}

/// This thread has run as many instructions as the run has said: another may go first.
pub(super) fn stopped() {
    ask(|caller| {
        caller.stopped();
        Some(())
    });
}
