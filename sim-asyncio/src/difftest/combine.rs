//! Operations that wait for other tasks.

use std::rc::Rc;

use super::interpreter::{Actor, Interpreter};
use super::op::{Millis, Op};
use super::raised::name_of;
use crate::exc::Exc;
use crate::gather::{gather, gather_results};
use crate::shield::shield;
use crate::task::Task;
use crate::wait::{ReturnWhen, wait};
use crate::wait_for::wait_for;

impl Interpreter {
    pub(super) async fn combine(self: &Rc<Self>, actor: &Actor, op: &Op) -> Result<(), Exc> {
        let me = &actor.name;
        match op {
            Op::Join { slot } => {
                let Some(task) = self.one(actor, "join", slot) else { return Ok(()) };
                self.log(me, format_args!("join t{task}"));
                actor.last.set(self.task(task).await?);
                self.log(me, format_args!("joined t{task} {}", actor.last.get()));
            }
            Op::WaitFor { slot, limit } => {
                let Some(task) = self.one(actor, "wait_for", slot) else { return Ok(()) };
                self.log(me, format_args!("wait_for t{task} {}", limit.0));
                actor.last.set(wait_for(self.task(task), limit.duration()).await?);
                self.log(me, format_args!("wait_for_ok t{task} {}", actor.last.get()));
            }
            Op::Shield { slot } => {
                let Some(task) = self.one(actor, "shield", slot) else { return Ok(()) };
                self.log(me, format_args!("shield t{task}"));
                actor.last.set(shield(self.task(task)).await?);
                self.log(me, format_args!("shield_ok t{task} {}", actor.last.get()));
            }
            Op::GatherProcs { procs, return_exceptions } => {
                let mut tasks = Vec::new();
                for proc in procs {
                    let task = self.start(proc);
                    self.log(me, format_args!("spawn t{task} {proc}"));
                    tasks.push(task);
                }
                self.gather(actor, &tasks, *return_exceptions).await?;
            }
            Op::GatherSlots { slots, return_exceptions } => {
                let tasks = self.several(actor, "gather", slots);
                self.gather(actor, &tasks, *return_exceptions).await?;
            }
            Op::WaitTasks { slots, when, limit } => self.wait_tasks(actor, slots, *when, *limit).await?,
            other => unreachable!("{other:?} waits for no task"),
        }
        Ok(())
    }

    /// The task in a slot, unless it cannot be waited for.
    fn one(&self, actor: &Actor, verb: &str, slot: &str) -> Option<usize> {
        let Some(task) = self.slot(slot) else {
            self.log(&actor.name, format_args!("{verb} {slot} unset"));
            return None;
        };
        if Some(task) <= actor.task {
            self.log(&actor.name, format_args!("{verb} t{task} skip"));
            return None;
        }
        Some(task)
    }

    /// The tasks in the slots that can be waited for, each once.
    fn several(&self, actor: &Actor, verb: &str, slots: &[Rc<str>]) -> Vec<usize> {
        let mut tasks = Vec::new();
        for task in slots.iter().filter_map(|slot| self.slot(slot)) {
            if Some(task) > actor.task && !tasks.contains(&task) {
                tasks.push(task);
            }
        }
        if tasks.is_empty() {
            self.log(&actor.name, format_args!("{verb} none"));
        }
        tasks
    }

    async fn gather(&self, actor: &Actor, tasks: &[usize], return_exceptions: bool) -> Result<(), Exc> {
        if tasks.is_empty() {
            return Ok(());
        }
        self.log(&actor.name, format_args!("gather {}", names(tasks.iter().copied())));
        let children: Vec<Task<i64>> = tasks.iter().map(|task| self.task(*task)).collect();
        let results = if return_exceptions {
            gather_results(children).await?
        } else {
            gather(children).await?.into_iter().map(Ok).collect()
        };
        let shown = results.iter().map(|result| match result {
            Ok(value) => value.to_string(),
            Err(exc) => format!("!{}", name_of(exc)),
        });
        let shown: Vec<String> = shown.collect();
        self.log(&actor.name, format_args!("gathered {}", shown.join(" ")));
        Ok(())
    }

    async fn wait_tasks(
        &self,
        actor: &Actor,
        slots: &[Rc<str>],
        when: ReturnWhen,
        limit: Option<Millis>,
    ) -> Result<(), Exc> {
        let tasks = self.several(actor, "wait_tasks", slots);
        if tasks.is_empty() {
            return Ok(());
        }
        let word = match when {
            ReturnWhen::FirstCompleted => "FIRST_COMPLETED",
            ReturnWhen::FirstException => "FIRST_EXCEPTION",
            ReturnWhen::AllCompleted => "ALL_COMPLETED",
        };
        self.log(&actor.name, format_args!("wait_tasks {word} {}", names(tasks.iter().copied())));
        let futures: Vec<Task<i64>> = tasks.iter().map(|task| self.task(*task)).collect();
        wait(&futures, when, limit.map(Millis::duration)).await?;
        let ended = |is_done: bool| {
            let tasks = tasks.iter().zip(&futures).filter(move |(_, future)| future.is_done() == is_done);
            names(tasks.map(|(task, _)| *task))
        };
        let (done, pending) = (ended(true), ended(false));
        self.log(&actor.name, format_args!("wait_tasks_done [{done}] pending [{pending}]"));
        Ok(())
    }
}

fn names(tasks: impl Iterator<Item = usize>) -> String {
    let names: Vec<String> = tasks.map(|task| format!("t{task}")).collect();
    names.join(" ")
}
