//! Threads of the machine, on which the threads of processes run.

use std::ffi::c_void;
use std::sync::OnceLock;
use std::sync::atomic::AtomicPtr;

use super::{next, system_call};

/// What a thread begins with.
pub(crate) type Entry = extern "C" fn(*mut c_void) -> *mut c_void;

/// The stack of a thread of which nobody has said how large it is to be.
const STACK_BYTES: usize = 8 << 20;

/// Starts a thread. `attributes` are those that a program gave, or null.
///
/// # Errors
/// The number of the error, if the machine has no room for it.
pub(crate) fn create(
    attributes: *const libc::pthread_attr_t,
    entry: Entry,
    argument: *mut c_void,
) -> Result<libc::pthread_t, i32> {
    type Create = unsafe extern "C" fn(
        *mut libc::pthread_t,
        *const libc::pthread_attr_t,
        Entry,
        *mut c_void,
    ) -> libc::c_int;
    static REAL: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
    // SAFETY: the type is that of `pthread_create`.
    let real: Create = unsafe { std::mem::transmute(next(&REAL, c"pthread_create")) };
    let mut thread = 0;
    // SAFETY: a zeroed `pthread_attr_t` is memory for one, which is initialised before it is used, and destroyed.
    let errno = unsafe {
        let mut own: libc::pthread_attr_t = std::mem::zeroed();
        libc::pthread_attr_init(&mut own);
        libc::pthread_attr_setstacksize(&mut own, STACK_BYTES);
        let chosen = if attributes.is_null() { &raw const own } else { attributes };
        let errno = real(&mut thread, chosen, entry, argument);
        libc::pthread_attr_destroy(&mut own);
        errno
    };
    if errno == 0 { Ok(thread) } else { Err(errno) }
}

/// Waits until a thread of the machine is gone, and takes its memory back.
pub(crate) fn join(thread: libc::pthread_t) {
    type Join = unsafe extern "C" fn(libc::pthread_t, *mut *mut c_void) -> libc::c_int;
    static REAL: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
    // SAFETY: the type is that of `pthread_join`.
    let real: Join = unsafe { std::mem::transmute(next(&REAL, c"pthread_join")) };
    // SAFETY: the thread was made by `create`, is not detached, and is joined once.
    unsafe { real(thread, std::ptr::null_mut()) };
}

/// Ends this thread of the machine without running anything more on it: no destructor, no handler, as a kill does. Its stack, and
/// what that owns, is lost.
pub(crate) fn leave() -> ! {
    loop {
        system_call(libc::SYS_exit, [0; 6]);
    }
}

/// The number that the machine knows this thread by.
pub(crate) fn own_id() -> i32 {
    system_call(libc::SYS_gettid, [0; 6]) as i32
}

/// Waits until the thread of this process of the machine with this number, which is ending, is gone.
pub(crate) fn await_gone(id: i32) {
    let own = system_call(libc::SYS_getpid, [0; 6]);
    // A signal of the number zero is sent to nobody, and fails where nobody is.
    while system_call(libc::SYS_tgkill, [own as usize, id as usize, 0, 0, 0, 0]) == 0 {
        system_call(libc::SYS_sched_yield, [0; 6]);
    }
}

/// Gives this thread the name by which the machine shows it: the program's own name for it is told in reports.
pub(crate) fn name_own() {
    let name = c"sim-posix";
    system_call(libc::SYS_prctl, [libc::PR_SET_NAME as usize, name.as_ptr().addr(), 0, 0, 0, 0]);
}

/// Has `at_end` called when this thread has run all its destructors.
pub(crate) fn remember_end(at_end: unsafe extern "C" fn(*mut c_void)) {
    static KEY: OnceLock<libc::pthread_key_t> = OnceLock::new();
    let key = *KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the function takes the value of the key, and may be called on any thread.
        let errno = unsafe { libc::pthread_key_create(&mut key, Some(at_end)) };
        assert!(errno == 0, "no key for the ends of threads: error {errno}");
        key
    });
    // SAFETY: the key exists; its value is no pointer that anybody follows.
    unsafe { libc::pthread_setspecific(key, std::ptr::without_provenance(1)) };
}
