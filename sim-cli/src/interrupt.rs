//! Ctrl-C or SIGTERM, which end a sweep with what it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user wants an end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Is asked for by Ctrl-C, SIGTERM or SIGHUP; the second one ends the process at once.
    pub(crate) fn on_ctrl_c() -> Self {
        let interrupt = Interrupt::default();
        let handler = interrupt.clone();
        // If there is a handler already, it is that one which decides what Ctrl-C does.
        let _ = ctrlc::set_handler(move || {
            if handler.ask() {
                std::process::exit(130);
            }
        });
        interrupt
    }

    /// Asks for an end; says whether that had been done before.
    pub(crate) fn ask(&self) -> bool {
        self.asked.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}
