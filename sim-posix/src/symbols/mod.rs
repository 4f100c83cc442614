//! The functions of the C library that programs call: inside a run the run answers, else the real one does.
//!
//! Each is thin: it looks where its thread is, turns pointers into values, and calls what knows no pointers. The linker takes these
//! definitions for those of the C library, since they come first; the real ones are found behind them.
#![expect(
    unsafe_code,
    reason = "these are C functions: they get pointers, and have to be exported by their names"
)]

mod address;
mod by_number;
mod clock;
mod descriptor;
mod entropy;
mod environment;
mod exiting;
mod memory;
mod name;
mod place;
mod poll;
mod process;
mod raw;
mod signal;
mod socket;
mod synchronise;
mod thread;
mod transfer;
mod trapped;

pub(crate) use place::{around_native, outside};

/// What a process calls of the functions here.
pub(crate) const UPCALLS: crate::process::Upcalls = crate::process::Upcalls {
    trampoline: thread::trampoline,
    call_handler: signal::call_handler,
    stopped: place::stopped,
    answers: trapped::ANSWERS,
};

/// Defines C functions. The expression gives the run's answer, or `None` where the real function is to be called.
macro_rules! symbols {
    ($($(#[doc = $doc:literal])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty $answer:block)+) => {$(
        $(#[doc = $doc])*
        // SAFETY: the name and the type are those of the C library's function, so that who calls gets what it expects.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            type Real = unsafe extern "C" fn($($type),*) -> $result;
            static REAL: std::sync::atomic::AtomicPtr<std::ffi::c_void> =
                std::sync::atomic::AtomicPtr::new(std::ptr::null_mut());
            let answer: Option<$result> = $answer;
            if let Some(answer) = answer {
                return answer;
            }
            const NAME: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(
                concat!(stringify!($name), "\0").as_bytes(),
            ) {
                Ok(name) => name,
                Err(_) => panic!("a name has no zero in it"),
            };
            // SAFETY: the type is that of the function with this name.
            let real: Real = unsafe { std::mem::transmute(crate::real::next(&REAL, NAME)) };
            // SAFETY: what the real function asks for was promised by who has called this one.
            unsafe { real($($argument),*) }
        }
    )+};
}
pub(crate) use symbols;
