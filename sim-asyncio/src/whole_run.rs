//! A whole program: `asyncio.run`, with its rules for CTRL+C.

use std::cell::Cell;
use std::future::Future as StdFuture;
use std::rc::Rc;

use crate::exc::Exc;
use crate::gather::gather_results;
use crate::report::Report;
use crate::runner::{Runner, RunnerError};
use crate::signal::Signal;
use crate::task::{AnyTask, Task};

impl Runner<'_> {
    /// Runs a body as the main task, then cancels what is left until that has ended too, and closes the loop: `asyncio.run`.
    ///
    /// The first `SIGINT` cancels the main task alone, which can clean up, or swallow that and give its result. A second one, or
    /// one after the main task has ended, is a `KeyboardInterrupt` at once; the other tasks are cancelled all the same. If the
    /// program has set a handler of its own with [`EventLoop::add_signal_handler`](crate::EventLoop::add_signal_handler), that
    /// is called instead.
    ///
    /// ```
    /// use sim_asyncio::{Exc, Runner, RunnerError, Signal, sleep};
    /// use sim_executor::{Executor, Node, ProductionOrder, event, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let mut asyncio = Runner::new(&mut executor);
    /// asyncio.enter(|event_loop| {
    ///     let process = event_loop.clone();
    ///     drop(Node::named("user").spawn(async move {
    ///         time::sleep(Duration::from_secs(3)).await;
    ///         process.send_signal(Signal::Interrupt);
    ///     }));
    /// });
    /// let ended = asyncio.run("main", async {
    ///     let slept = sleep(Duration::from_secs(60)).await;
    ///     event!("goodbye: {slept:?}");
    ///     slept
    /// });
    /// assert_eq!(ended, Err(RunnerError::Interrupted(Signal::Interrupt)));
    /// assert_eq!(executor.now().to_string(), "3.000");
    /// ```
    ///
    /// # Errors
    /// As [`Runner::run_forever`]. What the body gives is inside.
    pub fn run<T, B>(&mut self, name: impl Into<Rc<str>>, body: B) -> Result<Result<T, Exc>, RunnerError>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let main = self.create_task(name, body);
        let ended = self.run_main(&main);
        drop(main);
        let shut_down = self.shut_down();
        shut_down.and(ended)
    }

    /// Runs a task until it has ended, with the rules of [`Runner::run`] for `SIGINT`: `asyncio.Runner.run`. The loop stays
    /// open, for more.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn run_main<T>(&mut self, main: &Task<T>) -> Result<Result<T, Exc>, RunnerError>
    where
        T: Clone + 'static,
    {
        let interrupts = self.catch_interrupts(main.erased());
        let ended = self.run_until_complete(main);
        self.enter(|event_loop| event_loop.core().signals().set_hook(None));
        if interrupts.get() > 0 && matches!(ended, Ok(Err(Exc::Cancelled))) && main.uncancel() == 0 {
            return Err(RunnerError::Interrupted(Signal::Interrupt));
        }
        ended
    }

    /// Lets the first `SIGINT` cancel the main task, unless the program has a handler of its own; gives their count.
    fn catch_interrupts(&mut self, main: AnyTask) -> Rc<Cell<u64>> {
        let count = Rc::new(Cell::new(0));
        let counted = Rc::clone(&count);
        let hook = move || {
            counted.set(counted.get() + 1);
            let is_caught = counted.get() == 1 && !main.is_done();
            if is_caught {
                main.cancel();
            }
            is_caught
        };
        self.enter(|event_loop| {
            let signals = event_loop.core().signals();
            if signals.handler(Signal::Interrupt).is_none() {
                signals.set_hook(Some(Rc::new(hook)));
            }
        });
        count
    }

    /// Cancels the tasks that have not ended, runs until they have, and closes the loop: `asyncio.Runner.close`.
    ///
    /// # Errors
    /// As [`Runner::run_forever`]; the loop is closed nevertheless.
    pub fn shut_down(&mut self) -> Result<(), RunnerError> {
        let ended = self.end_all();
        self.close();
        ended
    }

    fn end_all(&mut self) -> Result<(), RunnerError> {
        self.cancel_all()?;
        // Each lets the loop make two iterations, in which tasks that were made meanwhile begin.
        let _ = self.run_coroutine("shutdown_asyncgens", async { Ok(()) })?;
        let _ = self.run_coroutine("shutdown_default_executor", async { Ok(()) })?;
        Ok(())
    }

    /// Cancels the tasks that have not ended, and runs until they have.
    fn cancel_all(&mut self) -> Result<(), RunnerError> {
        let left = self.all_tasks();
        if left.is_empty() {
            return Ok(());
        }
        for task in &left {
            self.cancel(task);
        }
        let ended = self.enter(|_| gather_results(left.iter().map(AnyTask::future)));
        // Exceptions are among the results.
        let _ = self.run_until_complete(&ended)?;
        for task in left {
            if let Some(exc) = task.exception() {
                self.enter(|event_loop| {
                    event_loop.core().report(&Report::ExceptionAtShutdown { task: task.name(), exc });
                });
            }
        }
        Ok(())
    }
}
