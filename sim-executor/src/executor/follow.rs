//! Who watches a run while it goes on.

use super::Executor;
use crate::trace::Record;

impl Executor {
    /// Has each record of the trace told when it is made, for who watches the run while it goes on. It is told inside the run, and must not
    /// do anything with it. Only what [`Config::trace`](crate::Config::trace) asks for is recorded.
    ///
    /// ```
    /// use sim_executor::{Config, Executor, ProductionOrder, TraceLevel, event};
    /// use std::{cell::RefCell, rc::Rc};
    ///
    /// let mut executor = Executor::with_config(Config { trace: TraceLevel::Events, ..Config::default() }, ProductionOrder);
    /// let heard = Rc::new(RefCell::new(Vec::new()));
    /// let hears = Rc::clone(&heard);
    /// executor.follow(move |record| hears.borrow_mut().push(record.to_string()));
    /// executor.block_on(async { event!("a step") }).unwrap();
    /// assert_eq!(*heard.borrow(), ["0.000 main a step"]);
    /// ```
    pub fn follow(&mut self, tell: impl FnMut(&Record) + 'static) {
        self.run.core_mut().log.follow(Box::new(tell));
    }
}
