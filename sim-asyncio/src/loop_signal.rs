//! Signals that a loop takes: it calls their handlers, or ends its run.

use std::rc::Rc;

use crate::event_loop::EventLoop;
use crate::signal::{Interrupt, Signal};

impl EventLoop {
    /// Sets what a signal calls: a callback in the loop, so a loop that is blocked comes to it when it is free again.
    ///
    /// ```
    /// use sim_asyncio::{EventLoop, Runner, Signal};
    /// use sim_executor::{Executor, Node, ProductionOrder, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let mut asyncio = Runner::new(&mut executor);
    /// asyncio.enter(|event_loop| {
    ///     let stopped = event_loop.clone();
    ///     event_loop.add_signal_handler(Signal::Interrupt, move || stopped.stop());
    ///     let process = event_loop.clone();
    ///     Node::named("user").spawn(async move {
    ///         time::sleep(Duration::from_secs(3)).await;
    ///         process.send_signal(Signal::Interrupt);
    ///     });
    /// });
    /// asyncio.run_forever().unwrap();
    /// assert_eq!(asyncio.time().to_string(), "3.000");
    /// ```
    pub fn add_signal_handler(&self, signal: Signal, callback: impl Fn() + 'static) {
        self.core().signals().add_handler(signal, Rc::new(callback));
    }

    /// Takes it back: `false` if there was none.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn remove_signal_handler(&self, signal: Signal) -> bool {
        self.core().signals().remove_handler(signal)
    }

    /// Sends a signal to the process of this loop. A handler of the loop is called back in the loop. Without one the run of the
    /// loop ends at once, with [`RunnerError::Interrupted`](crate::RunnerError::Interrupted); what is scheduled stays for the
    /// next run. Under [`Runner::run`](crate::Runner::run) the first `SIGINT` cancels the main task instead.
    ///
    /// # Panics
    /// Outside a run.
    pub fn send_signal(&self, signal: Signal) {
        let signals = self.core().signals();
        if let Some(handler) = signals.handler(signal) {
            drop(self.call_soon_threadsafe(move || handler()));
            return;
        }
        if signal == Signal::Interrupt
            && let Some(hook) = signals.hook()
            && hook()
        {
            drop(self.call_soon_threadsafe(|| ())); // wakes the loop
            return;
        }
        self.core().interrupt(Interrupt::Signal(signal));
    }

    /// Lets the handles run again that had their turn after an interrupt; gives that interrupt.
    pub(crate) fn take_interrupt(&self) -> Option<Interrupt> {
        let interrupt = self.core().signals().take_interrupt();
        if interrupt.is_some() {
            self.core().resume();
        }
        interrupt
    }
}
