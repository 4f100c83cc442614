//! The process itself: its number, its CPUs, its end, and what it may not do.

use std::ffi::{c_char, c_int, c_long, c_void};
use std::sync::atomic::AtomicPtr;

use libc::{cpu_set_t, pid_t};

use super::exiting::forget_exit;
use super::place::ask;
use super::symbols;
use crate::calls::Caller;
use crate::escape::{self, Handled};
use crate::process::End;
use crate::real::{is_on_signal_stack, next, say, set_errno};

/// Refuses what no process can do inside a run, and says so once for each call.
fn refuse(what: &str) -> Option<c_int> {
    ask(|caller| {
        escape::tell(Handled::Refused, || what.to_string());
        let line = format!("seedbed: {what} is not answered inside a run (ENOSYS)\n");
        caller.process.write_out(2, line.as_bytes());
        set_errno(libc::ENOSYS);
        Some(libc::ENOSYS)
    })
}

/// Ends the process if this thread is one of it, and it is not the process of the machine that has to end; else comes back.
fn end(how: impl FnOnce(Caller<'_>) -> Option<End>) {
    ask(|caller| -> Option<()> { how(caller).map(|how| caller.process.leave(caller.thread, how)) });
}

/// The end by `abort`. The standard library calls that in its handler for a stack that overflows, with a lock that its
/// next thread would wait for: then it is the process of the machine that ends.
fn aborted(caller: Caller<'_>) -> Option<End> {
    if is_on_signal_stack() {
        // What std has said is an event of the run, which ends here.
        let name = &caller.process.name;
        say(&format!(
            "\nseedbed: a thread of the process {name} has overflowed its stack, which ends the test binary\n"
        ));
        return None;
    }
    Some(End::Signalled(libc::SIGABRT))
}

/// The end by `exit`, before which the standard library may have noted which thread calls it.
fn exited(code: c_int) -> Option<End> {
    forget_exit();
    Some(End::Exited(code & 0xff))
}

symbols! {
    /// The number of the process.
    fn getpid() -> pid_t {
        ask(|caller| Some(caller.process.id()))
    }

    /// The number of the thread, which the standard library also tells when it panics.
    fn gettid() -> pid_t {
        ask(|caller| Some(caller.process.thread_id(caller.thread)))
    }

    /// On which CPUs a thread may run.
    fn sched_getaffinity(process: pid_t, size: usize, mask: *mut cpu_set_t) -> c_int {
        let _ = process;
        ask(|caller| {
            let room = size.min(std::mem::size_of::<cpu_set_t>());
            // SAFETY: the caller gives a mask of that size.
            unsafe {
                mask.cast::<u8>().write_bytes(0, room);
                for cpu in 0..(caller.process.config.cpus as usize).min(room * 8) {
                    *mask.cast::<u8>().add(cpu / 8) |= 1 << (cpu % 8);
                }
            }
            Some(0)
        })
    }

    /// What is set for the system; how many CPUs there are.
    fn sysconf(name: c_int) -> c_long {
        if matches!(name, libc::_SC_NPROCESSORS_ONLN | libc::_SC_NPROCESSORS_CONF) {
            ask(|caller| Some(caller.process.config.cpus.into()))
        } else {
            None
        }
    }

    /// Makes another process, which a run does not.
    fn fork() -> pid_t {
        refuse("fork").map(|_| -1)
    }

    /// Becomes another program, which a run does not.
    fn execvp(file: *const c_char, arguments: *const *const c_char) -> c_int {
        let _ = (file, arguments);
        refuse("exec").map(|_| -1)
    }

    /// The same.
    fn execve(
        file: *const c_char,
        arguments: *const *const c_char,
        environment: *const *const c_char,
    ) -> c_int {
        let _ = (file, arguments, environment);
        refuse("exec").map(|_| -1)
    }

    /// Makes another process with another program, which a run does not.
    fn posix_spawn(
        process: *mut pid_t,
        file: *const c_char,
        actions: *const c_void,
        attributes: *const c_void,
        arguments: *const *mut c_char,
        environment: *const *mut c_char,
    ) -> c_int {
        let _ = (process, file, actions, attributes, arguments, environment);
        refuse("posix_spawn")
    }

    /// The same, of a program that is looked for.
    fn posix_spawnp(
        process: *mut pid_t,
        file: *const c_char,
        actions: *const c_void,
        attributes: *const c_void,
        arguments: *const *mut c_char,
        environment: *const *mut c_char,
    ) -> c_int {
        let _ = (process, file, actions, attributes, arguments, environment);
        refuse("posix_spawn")
    }
}

/// Defines the functions that end a process.
macro_rules! endings {
    ($($(#[doc = $doc:literal])* fn $name:ident($($argument:ident: $type:ty)?) $text:literal => $how:expr;)+) => {$(
        $(#[doc = $doc])*
        // SAFETY: the name and the type are those of the C library's function.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $type)?) -> ! {
            type Real = unsafe extern "C" fn($($type)?) -> !;
            static REAL: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
            end($how);
            // SAFETY: the type is that of the function with this name.
            let real: Real = unsafe { std::mem::transmute(next(&REAL, $text)) };
            // SAFETY: it asks for nothing.
            unsafe { real($($argument)?) }
        }
    )+};
}

endings! {
    /// Ends the process. Its handlers are not called.
    fn exit(code: c_int) c"exit" => |_| exited(code);
    /// The same.
    fn _exit(code: c_int) c"_exit" => |_| Some(End::Exited(code & 0xff));
    /// Ends the process by SIGABRT.
    fn abort() c"abort" => aborted;
}
