//! Threads of a program.

use std::ffi::{c_char, c_int, c_void};

use libc::{pthread_attr_t, pthread_t};

use super::memory::{pointer, text};
use super::place::{ask, ask_native, set_process};
use super::{symbols, trapped};
use crate::escape::{self, Handled};
use crate::process::{Process, Run, Start};
use crate::real::{self, Entry, Passed};

/// How often the destructors of a thread's values are run at most, in glibc.
const ROUNDS: u32 = 4;

thread_local! {
    /// How often the last destructor of this thread was called.
    static ROUND: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// Where a thread of the machine begins that is to run one of a process.
pub(crate) extern "C" fn trampoline(argument: *mut c_void) -> *mut c_void {
    // SAFETY: it is what `Process::start_thread` has made of a box, and this is the only one who gets it.
    let start = unsafe { Box::from_raw(argument.cast::<Start>()) };
    let Start { process, thread, gate, run } = *start;
    real::name_own();
    let machine_id = real::own_id();
    if gate.wait() == Passed::Leave {
        // What it was to run is never touched: it is the process's, and that is over.
        std::mem::forget((run, gate));
        real::leave();
    }
    drop(gate);
    // SAFETY: who has opened the gate has passed the baton, and the process lives while one of its threads has that.
    unsafe { &*process }.begin_thread(thread, machine_id);
    set_process(process, thread);
    real::remember_end(at_end);
    trapped::begin();
    let result = match run {
        Run::Main(main) => {
            main();
            std::ptr::null_mut()
        }
        Run::Function(function, argument) => function(argument),
    };
    ask(|caller| {
        caller.process.with_thread(thread, |it| it.result = result.expose_provenance());
        Some(())
    });
    result
}

/// Called when the thread has run its destructors. It comes again as long as it may, so that it is the last.
unsafe extern "C" fn at_end(_: *mut c_void) {
    let round = ROUND.with(|round| {
        round.set(round.get() + 1);
        round.get()
    });
    if round < ROUNDS {
        return real::remember_end(at_end);
    }
    let mut ended: Option<(*const Process, u32)> = None;
    ask(|caller| {
        ended = Some((std::ptr::from_ref(caller.process), caller.thread));
        Some(())
    });
    if let Some((process, thread)) = ended {
        set_process(std::ptr::null(), 0);
        // SAFETY: this thread has the baton, so that the process lives; it passes it on with this, and looks at the process no
        // more.
        unsafe { &*process }.end_thread(thread);
    }
}

// SAFETY: the type is that of the C library's function.
unsafe extern "C" {
    fn pthread_attr_getdetachstate(attributes: *const pthread_attr_t, state: *mut c_int) -> c_int;
}

/// Whether these attributes ask for a detached thread.
///
/// # Safety
/// `attributes` is null or leads to attributes.
unsafe fn is_detached(attributes: *const pthread_attr_t) -> bool {
    let mut state = libc::PTHREAD_CREATE_JOINABLE;
    if !attributes.is_null() {
        // SAFETY: so it was promised.
        unsafe { pthread_attr_getdetachstate(attributes, &mut state) };
    }
    state == libc::PTHREAD_CREATE_DETACHED
}

symbols! {
    /// Starts a thread.
    fn pthread_create(
        thread: *mut pthread_t,
        attributes: *const pthread_attr_t,
        function: Entry,
        argument: *mut c_void,
    ) -> c_int {
        ask(|caller| {
            // SAFETY: the caller gives attributes, or null.
            let is_detached = unsafe { is_detached(attributes) };
            // A thread is taken back when it has ended, whoever waits for that: so it may not be detached for the machine.
            let attributes = if is_detached { std::ptr::null() } else { attributes };
            let blocked = caller.process.with_thread(caller.thread, |it| it.blocked);
            match caller.process.start_thread(attributes, blocked, Run::Function(function, argument)) {
                Ok((number, real)) => {
                    caller.process.with_thread(number, |it| it.is_detached = is_detached);
                    // SAFETY: the caller gives room for the name.
                    unsafe { *thread = real };
                    caller.note_spawn();
                    Some(0)
                }
                Err(errno) => Some(errno),
            }
        })
    }

    /// Waits for the end of a thread.
    fn pthread_join(thread: pthread_t, result: *mut *mut c_void) -> c_int {
        ask(|caller| Some(match caller.join(thread) {
            Ok(returned) => {
                if !result.is_null() {
                    // SAFETY: the caller gives room for the result, or null.
                    unsafe { *result = pointer(returned) };
                }
                0
            }
            Err(errno) => errno,
        }))
    }

    /// Nobody waits for the end of a thread.
    fn pthread_detach(thread: pthread_t) -> c_int {
        ask(|caller| {
            let known = caller.process.thread_by_name(thread)?;
            caller.process.with_thread(known, |it| it.is_detached = true);
            Some(0)
        })
    }

    /// Gives a thread a name.
    fn pthread_setname_np(thread: pthread_t, name: *const c_char) -> c_int {
        ask(|caller| {
            let known = caller.process.thread_by_name(thread)?;
            // SAFETY: the caller gives a text.
            let name = unsafe { text(name) }.unwrap_or_default();
            caller.process.name_thread(known, &name);
            Some(0)
        })
    }

    /// A value of this thread gets a destructor. In a native task it lives on to the next run, whose tasks have the same thread.
    fn __cxa_thread_atexit_impl(
        destructor: Option<unsafe extern "C" fn(*mut c_void)>,
        value: *mut c_void,
        object: *mut c_void,
    ) -> c_int {
        let _ = (destructor, value, object);
        ask_native(|_| escape::tell(Handled::Kept, || "thread_local".to_string()));
        None
    }

    /// Lets other threads go first.
    fn sched_yield() -> c_int {
        ask(|caller| {
            caller.yield_now();
            Some(0)
        })
    }
}
