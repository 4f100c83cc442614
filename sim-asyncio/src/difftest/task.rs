//! What a task of a program does, list by list.

use std::rc::Rc;

use super::frame::{Flow, Frame, Kind};
use super::interpreter::{Actor, Interpreter, is_runaway};
use super::op::{Op, Ops, Try};
use super::raised::{Raised, name_of};
use crate::exc::Exc;
use crate::group_error::GroupError;
use crate::task_group::TaskGroup;
use crate::timeout::Timeout;

/// Runs the operations of a procedure as the body of a task.
pub(super) async fn run_proc(interpreter: Rc<Interpreter>, task: usize, proc: Rc<str>) -> Result<i64, Exc> {
    let actor = Actor::new(Some(task), format!("t{task}"));
    let me = &actor.name;
    interpreter.log(me, format_args!("start"));
    let ops = interpreter.program.procs[&proc];
    match interpreter.run_ops(&actor, ops).await {
        Ok(value) => {
            interpreter.log(me, format_args!("done {value}"));
            Ok(value)
        }
        Err(raised) => {
            match raised.exc {
                Exc::Cancelled => interpreter.log(me, format_args!("{}", Lowercase(&raised))),
                _ => interpreter.log(me, format_args!("failed {raised}")),
            }
            Err(raised.raise())
        }
    }
}

/// A cancellation as the end of a task: `cancelled`, with its message.
pub(super) struct Lowercase<'raised>(pub(super) &'raised Raised);

impl std::fmt::Display for Lowercase<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.to_string();
        write!(out, "cancelled{}", text.strip_prefix("Cancelled").unwrap_or_default())
    }
}

impl Interpreter {
    /// Gives the value of a `return`, or zero.
    async fn run_ops(self: &Rc<Self>, actor: &Actor, ops: Ops) -> Result<i64, Raised> {
        let mut frames = vec![Frame::new(self.program.ops(ops), Kind::Proc)];
        let mut flow = Flow::Next;
        loop {
            let frame = frames.last_mut().expect("the list of the procedure is the last that ends");
            if let Flow::Next = flow
                && let Some((ops, position)) = frame.take_next()
            {
                flow = match self.count_op() {
                    Ok(()) => self.begin(actor, &ops[position], &mut frames).await,
                    Err(exc) => Flow::Raise(Raised::now(&self.event_loop, exc)),
                };
                continue;
            }
            let frame = frames.pop().expect("it was there just now");
            if let Kind::Proc = frame.kind {
                return match flow {
                    Flow::Next => Ok(0),
                    Flow::Return(value) => Ok(value),
                    Flow::Raise(raised) => Err(raised),
                };
            }
            flow = self.end(actor, frame, flow, &mut frames).await;
        }
    }

    fn push(&self, frames: &mut Vec<Frame>, ops: Ops, kind: Kind) -> Flow {
        frames.push(Frame::new(self.program.ops(ops), kind));
        Flow::Next
    }

    /// What an await came to in the current task.
    fn flow(&self, result: Result<(), Exc>) -> Flow {
        match result {
            Ok(()) => Flow::Next,
            Err(exc) => Flow::Raise(Raised::now(&self.event_loop, exc)),
        }
    }

    /// Runs an operation; the list inside of it is yet to be run.
    async fn begin(self: &Rc<Self>, actor: &Actor, op: &Op, frames: &mut Vec<Frame>) -> Flow {
        let me = &actor.name;
        match op {
            Op::Sync(op) => {
                self.sync_op(actor, op);
                Flow::Next
            }
            Op::With { guard, body } => match self.flow(self.acquire(actor, guard).await) {
                Flow::Next => self.push(frames, *body, Kind::With(guard.clone())),
                flow => flow,
            },
            Op::Consume { queue, until, body } => match self.flow(self.get(actor, queue).await) {
                Flow::Next if actor.last.get() == *until => Flow::Next,
                Flow::Next => {
                    self.push(frames, *body, Kind::Consume { queue: Rc::clone(queue), until: *until })
                }
                flow => flow,
            },
            Op::Timeout { limit, name, body } => {
                let shown = limit.map_or("none".to_string(), |limit| limit.0.to_string());
                self.log(me, format_args!("timeout {shown}"));
                let timeout = Timeout::after(limit.map(|limit| limit.duration()));
                if let Some(name) = name {
                    self.objects.timeouts.borrow_mut().insert(Rc::clone(name), timeout.clone());
                }
                match self.flow(timeout.enter().map_err(Exc::from)) {
                    Flow::Next => self.push(frames, *body, Kind::Timeout(timeout)),
                    flow => flow,
                }
            }
            Op::Group { group: name, body } => {
                self.log(me, format_args!("group {name}"));
                let group = self.objects.group(name);
                match self.flow(group.enter().map_err(Exc::from)) {
                    Flow::Next => self.push(frames, *body, Kind::Group { name: Rc::clone(name), group }),
                    flow => flow,
                }
            }
            Op::Try(op) => self.push(frames, op.body, Kind::Body(*op)),
            Op::Return(item) => {
                let value = actor.number(*item);
                self.log(me, format_args!("return {value}"));
                Flow::Return(value)
            }
            Op::Repeat { times, body } if *times > 0 && !self.program.ops(*body).is_empty() => {
                self.push(frames, *body, Kind::Repeat { left: times - 1 })
            }
            Op::Repeat { .. } => Flow::Next, // without operations nothing happens, however often
            Op::Reraise => {
                let handled = actor.handled.borrow().last().cloned();
                let raised = handled.expect("a reraise is inside of a handler");
                self.log(me, format_args!("reraise {}", raised.name()));
                Flow::Raise(raised)
            }
            op => self.flow(self.simple_op(actor, op).await),
        }
    }

    /// What comes after a list that has ended like this.
    async fn end(self: &Rc<Self>, actor: &Actor, frame: Frame, flow: Flow, frames: &mut Vec<Frame>) -> Flow {
        match frame.kind {
            Kind::Proc => flow,
            Kind::With(guard) => {
                self.release(actor, &guard);
                flow
            }
            Kind::Repeat { left } => match flow {
                Flow::Next if left > 0 => {
                    frames.push(Frame { next: 0, kind: Kind::Repeat { left: left - 1 }, ops: frame.ops });
                    Flow::Next
                }
                flow => flow,
            },
            Kind::Consume { queue, until } => match flow {
                Flow::Next => match self.flow(self.get(actor, &queue).await) {
                    Flow::Next if actor.last.get() == until => Flow::Next,
                    Flow::Next => {
                        frames.push(Frame { next: 0, kind: Kind::Consume { queue, until }, ops: frame.ops });
                        Flow::Next
                    }
                    flow => flow,
                },
                flow => flow,
            },
            Kind::Timeout(timeout) => {
                let ended = timeout.exit(raised(&flow));
                if let Err(exc) = ended {
                    return Flow::Raise(Raised::now(&self.event_loop, exc));
                }
                self.log(&actor.name, format_args!("timeout_ok"));
                flow
            }
            Kind::Group { name, group } => self.end_group(actor, &name, &group, flow).await,
            Kind::Body(op) => self.end_body(actor, op, flow, frames),
            Kind::Handler(op) => {
                actor.handled.borrow_mut().pop();
                self.finally(actor, op, flow, frames)
            }
            Kind::Finally(before) => match flow {
                Flow::Next => before,
                flow => flow,
            },
        }
    }

    async fn end_group(&self, actor: &Actor, name: &str, group: &TaskGroup, flow: Flow) -> Flow {
        let me = &actor.name;
        match group.exit(raised(&flow)).await {
            Ok(()) => {
                self.log(me, format_args!("group_ok {name}"));
                flow
            }
            Err(error) => {
                if let GroupError::Failed { exceptions } = &error {
                    let names: Vec<&str> = exceptions.iter().map(name_of).collect();
                    self.log(me, format_args!("group_failed {name} {}", names.join(" ")));
                }
                Flow::Raise(Raised::now(&self.event_loop, error.into()))
            }
        }
    }

    fn end_body(&self, actor: &Actor, op: Try, flow: Flow, frames: &mut Vec<Frame>) -> Flow {
        let handler = match &flow {
            Flow::Next | Flow::Return(_) => None,
            Flow::Raise(raised) if is_runaway(&raised.exc) => None,
            Flow::Raise(raised) if raised.exc.is_cancelled() => op.on_cancel,
            Flow::Raise(_) => op.on_error,
        };
        match (flow, handler) {
            (Flow::Raise(raised), Some(handler)) => {
                self.log(&actor.name, format_args!("caught {raised}"));
                actor.handled.borrow_mut().push(raised);
                self.push(frames, handler, Kind::Handler(op))
            }
            (flow, _) => self.finally(actor, op, flow, frames),
        }
    }

    fn finally(&self, actor: &Actor, op: Try, flow: Flow, frames: &mut Vec<Frame>) -> Flow {
        let Some(finally) = op.finally else { return flow };
        self.log(&actor.name, format_args!("finally"));
        self.push(frames, finally, Kind::Finally(flow))
    }
}

/// What a body came to, for what goes around it.
fn raised(flow: &Flow) -> Result<(), Exc> {
    match flow {
        Flow::Next | Flow::Return(_) => Ok(()),
        Flow::Raise(raised) => Err(raised.raise()),
    }
}
