//! How a node comes up: with its program, at once or later, or after a panic.

use std::cell::RefCell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use super::{Alarm, Core, Fate, Run, TaskPanic};
use crate::task::{Crash, NodeId};

type Running = Pin<Box<dyn Future<Output = ()>>>;

/// What a node runs each time that it starts.
#[derive(Clone)]
pub(crate) struct Program {
    begin: Rc<RefCell<dyn FnMut() -> Running>>,
    at: &'static Location<'static>,
}

impl Program {
    pub(crate) fn new<P, F>(mut program: P, at: &'static Location<'static>) -> Self
    where
        P: FnMut() -> F + 'static,
        F: Future<Output = ()> + 'static,
    {
        Program { begin: Rc::new(RefCell::new(move || -> Running { Box::pin(program()) })), at }
    }
}

/// What happens when a task of a node panics and nobody observes it: instead of failing the run, that kills the node's
/// process, and the node is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartOnPanic {
    /// How long the node is down. Default: 1 s.
    pub delay: Duration,
    /// How often that is done; the next panic fails the run. Default: as often as it happens.
    pub restarts_max: u32,
}

impl Default for RestartOnPanic {
    fn default() -> Self {
        RestartOnPanic { delay: Duration::from_secs(1), restarts_max: u32::MAX }
    }
}

impl Run {
    /// Starts a node that is down; changes nothing for another. If tasks of the node are still to be dropped, that comes first.
    pub(crate) fn start(&self, node: NodeId) {
        let program = {
            let mut core = self.core_mut();
            if core.decisions.is_over() || !core.nodes.life(node).is_down() {
                return;
            }
            if !core.tasks_of(node).is_empty() {
                core.nodes.start_later(node);
                core.verdict.interrupt();
                return;
            }
            core.revive(node);
            core.nodes.program(node)
        };
        self.devices.for_each(|device| device.node_started(node));
        if let Some(program) = program {
            self.begin(node, program);
        }
    }

    /// Starts the nodes whose last task is gone, of those that are to start.
    pub(crate) fn start_waiting(&self) {
        let waiting = self.core_mut().nodes.take_starting();
        for node in waiting {
            self.start(node);
        }
    }

    /// Sets a node's program, and begins it unless the node is down.
    pub(crate) fn set_program(&self, node: NodeId, program: Program) {
        let (is_up, replaced) = {
            let mut core = self.core_mut();
            (!core.nodes.life(node).is_down(), core.nodes.set_program(node, program.clone()))
        };
        drop(replaced); // with nothing borrowed: it is code of the program
        if is_up {
            self.begin(node, program);
        }
    }

    /// Kills the nodes on which a task has panicked that are to be started again, and sees to that.
    pub(crate) fn restart_panicked(&self) {
        let panicked = self.core_mut().nodes.take_panicked();
        for node in panicked {
            let (policy, life) = {
                let core = self.core();
                (core.nodes.restart_policy(node), core.nodes.life(node))
            };
            if let (Some(policy), false) = (policy, life.is_down()) {
                self.crash(node, Crash::ProcessKill);
                self.core_mut().set_fate(node, policy.delay, Fate::Start);
            }
        }
    }

    /// What was set for a node happens now.
    pub(crate) fn meet_fate(&self, node: NodeId, fate: Fate) {
        match fate {
            Fate::Crash(kind) => self.crash(node, kind),
            Fate::Start => self.start(node),
            Fate::Thaw => self.thaw(node),
        }
    }

    /// The program is called in its own task, so that its first line already runs on its node.
    fn begin(&self, node: NodeId, program: Program) {
        let Program { begin, at } = program;
        let future = async move {
            let future = (begin.borrow_mut())();
            future.await;
        };
        let task = self.core_mut().spawn_on(node, Some("program".into()), future, at);
        let ended = self.give_up(task);
        assert!(ended.is_none(), "a task has not ended before its first poll");
    }
}

impl Core {
    /// Sets what happens to a node after `delay`.
    pub(crate) fn set_fate(&mut self, node: NodeId, delay: Duration, fate: Fate) {
        let due = self.local_now() + delay;
        self.set_alarm(due, Alarm::Fate(node, fate));
    }

    /// Whether a panic that nobody observes restarts its node instead of failing the run. It is noted then.
    pub(super) fn survives_panic(&mut self, cpu: u32, panic: &TaskPanic) -> bool {
        let survives = self.nodes.survives_panic(cpu);
        if survives {
            self.verdict.survive(panic.clone());
        }
        survives
    }
}
