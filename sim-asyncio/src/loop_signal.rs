//! Signals that a loop takes: it calls their handlers, or ends its run.

use std::rc::Rc;

use sim_executor::context;

use crate::event_loop::EventLoop;
use crate::signal::Signal;

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
        self.core().signals().handlers.borrow_mut().insert(signal, Rc::new(callback));
    }

    /// Takes it back: `false` if there was none.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn remove_signal_handler(&self, signal: Signal) -> bool {
        self.core().signals().handlers.borrow_mut().remove(&signal).is_some()
    }

    /// Sends a signal to the process of this loop. Without a handler the run of the loop ends at once, with
    /// [`RunnerError::Interrupted`](crate::RunnerError::Interrupted); what is scheduled stays for the next run.
    ///
    /// # Panics
    /// Outside a run.
    pub fn send_signal(&self, signal: Signal) {
        let handler = self.core().signals().handlers.borrow().get(&signal).cloned();
        match handler {
            Some(handler) => drop(self.call_soon_threadsafe(move || handler())),
            None => {
                self.core().signals().interrupted.set(Some(signal));
                context::stop();
            }
        }
    }

    /// Lets the handles run again that had their turn after a signal; gives that signal.
    pub(crate) fn take_interrupt(&self) -> Option<Signal> {
        let signal = self.core().signals().interrupted.take();
        if signal.is_some() {
            self.core().unpark();
        }
        signal
    }
}
