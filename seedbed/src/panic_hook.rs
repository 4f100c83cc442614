//! What is printed when something panics.

use std::panic::PanicHookInfo;
use std::sync::Once;

use sim_executor::context;
use sim_explorer::panicking_function;

use crate::watchdog;

/// What becomes of the message of a panic inside a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanicsInside {
    /// It is not printed: the run's report has it. A sweep over failing runs would print thousands.
    Quiet,
    /// It is printed, with a backtrace if `RUST_BACKTRACE` asks for one.
    Shown,
}

/// Makes panics inside a run known to the run, so that its report says where each happened. Panics outside of runs are
/// printed as they were before. Only the first call in a process has an effect.
pub fn install_panic_hook(inside: PanicsInside) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let in_run = context::note_panic_in(panic.location(), panicking_function);
            if aborts(panic) {
                watchdog::say_last(format_args!("\nseedbed: the process ends in a run:\n"));
            }
            if !in_run || inside == PanicsInside::Shown || aborts(panic) {
                previous(panic);
            }
        }));
    });
}

/// Whether the process is about to end, so that no report will be made: these are the messages of the panics that cannot
/// unwind.
fn aborts(panic: &PanicHookInfo<'_>) -> bool {
    let message = panic.payload_as_str().unwrap_or_default();
    message.contains("panic in a destructor during cleanup") || message.contains("cannot unwind")
}
