//! Ctrl-C or SIGTERM, which end a sweep with what it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(unix)]
use std::time::Duration;

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

    /// Whether the user wants an end, where another process has heard so already: here it may take a moment more.
    #[cfg(unix)]
    pub(crate) fn is_asked_by_now(&self) -> bool {
        const LOOKS: u32 = 100;
        const MOMENT: Duration = Duration::from_millis(10);
        #[expect(clippy::disallowed_methods, reason = "the command line stands outside of runs")]
        let is_asked = |_| {
            self.is_asked() || {
                std::thread::sleep(MOMENT);
                false
            }
        };
        (0..LOOKS).any(is_asked)
    }
}
