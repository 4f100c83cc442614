//! The phases of a program: what happens outside of the loop.

use std::fmt;
use std::rc::Rc;

use super::interpreter::Interpreter;
use super::op::Phase;
use super::raised::{Raised, name_of};
use super::task::Lowercase;
use crate::exc::Exc;
use crate::runner::{Runner, RunnerError};
use crate::task::Task;

/// The program is a livelock: no phase follows.
struct Livelock;

struct Phases<'program, 'run> {
    interpreter: &'program Rc<Interpreter>,
    runner: &'program mut Runner<'run>,
}

/// Runs the phases, and says how every task ended.
pub(super) fn run_all(interpreter: &Rc<Interpreter>, runner: &mut Runner<'_>) {
    let mut phases = Phases { interpreter, runner };
    for phase in &interpreter.program.phases {
        if phases.run(phase).is_err() {
            interpreter.frozen.set(false);
            phases.log(format_args!("livelock"));
            break;
        }
    }
    let tasks = interpreter.tasks.borrow();
    for (number, task) in tasks.iter().flatten().enumerate() {
        match task.result() {
            None => phases.log(format_args!("final t{number} pending")),
            Some(result) => phases.log(format_args!("final t{number} {}", Ended(&result))),
        }
    }
}

impl Phases<'_, '_> {
    fn log(&self, event: fmt::Arguments<'_>) {
        self.interpreter.log_at(self.runner.time(), "loop", event);
    }

    fn run(&mut self, phase: &Phase) -> Result<(), Livelock> {
        match phase {
            Phase::Run { proc, slot } => {
                let task = self.start(proc, slot.as_ref());
                self.log(format_args!("run t{task} {proc}"));
                self.run_task(task)?;
            }
            Phase::Spawn { proc, slot } => {
                let task = self.start(proc, slot.as_ref());
                self.log(format_args!("spawn t{task} {proc}"));
            }
            Phase::Block(millis) => {
                self.log(format_args!("block {}", millis.0));
                self.runner.block(millis.duration()).map_err(|_| Livelock)?;
                self.log(format_args!("blocked {}", millis.0));
            }
            Phase::RunFor(millis) => {
                self.log(format_args!("run_for {}", millis.0));
                match self.runner.run_for(millis.duration()) {
                    Ok(()) => self.log(format_args!("run_for_done")),
                    Err(RunnerError::Interrupted(_)) => self.log(format_args!("interrupted")),
                    Err(_) => return Err(Livelock),
                }
            }
            Phase::CancelAll => self.cancel_all()?,
            Phase::AsyncioRun { proc, slot } => {
                let number = self.start(proc, slot.as_ref());
                self.log(format_args!("asyncio_run t{number} {proc}"));
                let task = self.interpreter.task(number);
                let ended = self.runner.run_main(&task);
                let shut_down = self.runner.shut_down();
                self.log_end(number, &task, shut_down.and(ended))?;
            }
        }
        Ok(())
    }

    fn start(&mut self, proc: &Rc<str>, slot: Option<&Rc<str>>) -> usize {
        let task = self.runner.enter(|_| self.interpreter.start(proc));
        self.interpreter.store(slot, task);
        task
    }

    /// Those included that are created meanwhile.
    fn cancel_all(&mut self) -> Result<(), Livelock> {
        let mut number = 0;
        while number < self.interpreter.tasks.borrow().len() {
            let task = self.interpreter.task(number);
            if !task.is_done() {
                let cancelled = self.runner.cancel(&task.erased());
                self.log(format_args!("cancel t{number} {cancelled}"));
                self.run_task(number)?;
            }
            number += 1;
        }
        Ok(())
    }

    fn run_task(&mut self, number: usize) -> Result<(), Livelock> {
        let task = self.interpreter.task(number);
        let ended = self.runner.run_until_complete(&task);
        self.log_end(number, &task, ended)
    }

    fn log_end(
        &self,
        number: usize,
        task: &Task<i64>,
        ended: Result<Result<i64, Exc>, RunnerError>,
    ) -> Result<(), Livelock> {
        match ended {
            Ok(Err(Exc::Cancelled)) => {
                let raised = Raised::of_future(&Exc::Cancelled, task);
                self.log(format_args!("run_done t{number} {}", Lowercase(&raised)));
            }
            Ok(result) => self.log(format_args!("run_done t{number} {}", Ended(&result))),
            Err(RunnerError::Stopped) => self.log(format_args!("stopped")),
            Err(RunnerError::Interrupted(_)) => self.log(format_args!("interrupted")),
            Err(RunnerError::Run(error)) if error.word() == "deadlock" => self.log(format_args!("deadlock")),
            Err(_) => return Err(Livelock),
        }
        Ok(())
    }
}

/// How a task ended, in the words of the language.
struct Ended<'task>(&'task Result<i64, Exc>);

impl fmt::Display for Ended<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(value) => write!(out, "done {value}"),
            Err(Exc::Cancelled) => out.write_str("cancelled"),
            Err(exc) => write!(out, "failed {}", name_of(exc)),
        }
    }
}
