//! A run of a program, in production order.

use std::rc::Rc;
use std::time::Duration;

use sim_executor::{Config, Executor, Limits, ProductionOrder};

use super::interpreter::Interpreter;
use super::phase;
use super::program::Program;
use super::task::run_proc;
use crate::loop_config::LoopConfig;
use crate::runner::Runner;
use crate::timer_heap::TieOrder;

impl Program {
    /// Runs it, and gives its event log: one event a line.
    #[must_use]
    pub fn run(&self, ties: TieOrder) -> String {
        let limits = Limits {
            virtual_time_max: Duration::MAX,
            polls_max: u64::MAX,
            polls_per_instant_max: u64::MAX,
            ..Limits::default()
        };
        let mut executor = Executor::with_config(Config { limits, ..Config::default() }, ProductionOrder);
        let config = LoopConfig { ties, iterations_max: self.iterations_max, ..LoopConfig::default() };
        let mut runner = Runner::with_config(&mut executor, config);
        let interpreter = Rc::new(Interpreter::new(
            self.clone(),
            runner.event_loop().clone(),
            |interpreter, task, proc| Box::pin(run_proc(interpreter, task, proc)),
        ));
        // The log says how every task ended.
        interpreter.event_loop.set_exception_handler(|_| ());
        phase::run_all(&interpreter, &mut runner);
        let log = interpreter.log.take();
        // While the run still lasts, since the slots hold tasks.
        runner.enter(|_| {
            drop(interpreter.tasks.take());
            drop(interpreter.objects.groups.take());
        });
        log
    }
}
