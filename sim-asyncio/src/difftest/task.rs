//! What a task of a program does.

use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;

use super::interpreter::{Actor, Interpreter, is_runaway, name_of};
use super::op::{Guard, Op, Ops, Try};
use crate::exc::Exc;
use crate::sleep::{sleep, yield_now};
use crate::timeout::timeout;

/// What a list of operations comes to: the value of a `return`, if there was one.
pub(super) type Flow = Result<Option<i64>, Exc>;

/// Runs the operations of a procedure as the body of a task.
pub(super) async fn run_proc(interpreter: Rc<Interpreter>, task: usize, proc: Rc<str>) -> Result<i64, Exc> {
    let actor = Actor::new(Some(task), format!("t{task}"));
    let me = &actor.name;
    interpreter.log(me, format_args!("start"));
    let ops = Rc::clone(&interpreter.program.procs[&proc]);
    let flow = interpreter.run_ops(&actor, &ops).await;
    match flow {
        Ok(value) => {
            let value = value.unwrap_or(0);
            interpreter.log(me, format_args!("done {value}"));
            Ok(value)
        }
        Err(exc) => {
            match &exc {
                Exc::Cancelled => interpreter.log(me, format_args!("cancelled")),
                exc => interpreter.log(me, format_args!("failed {}", name_of(exc))),
            }
            Err(exc)
        }
    }
}

impl Interpreter {
    /// In a box, since lists are inside of operations.
    pub(super) fn run_ops<'run>(
        self: &'run Rc<Self>,
        actor: &'run Actor,
        ops: &'run Ops,
    ) -> Pin<Box<dyn StdFuture<Output = Flow> + 'run>> {
        Box::pin(async move {
            for op in &**ops {
                self.count_op()?;
                if let Op::Sync(op) = op {
                    self.sync_op(actor, op);
                } else if let Some(value) = self.run_op(actor, op).await? {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        })
    }

    async fn run_op(self: &Rc<Self>, actor: &Actor, op: &Op) -> Flow {
        match op {
            Op::With { guard, body } => self.with(actor, guard, body).await,
            Op::Consume { queue, until, body } => self.consume(actor, queue, *until, body).await,
            Op::Timeout { limit, body } => {
                let me = &actor.name;
                self.log(me, format_args!("timeout {}", limit.0));
                let flow = timeout(limit.duration(), self.run_ops(actor, body)).await?;
                self.log(me, format_args!("timeout_ok"));
                Ok(flow)
            }
            Op::Try(try_op) => self.try_op(actor, try_op).await,
            Op::Return(item) => {
                let value = actor.number(*item);
                self.log(&actor.name, format_args!("return {value}"));
                Ok(Some(value))
            }
            Op::Repeat { times, body } => {
                // Without operations nothing happens, however often.
                let times = if body.is_empty() { 0 } else { *times };
                for _ in 0..times {
                    if let Some(value) = self.run_ops(actor, body).await? {
                        return Ok(Some(value));
                    }
                }
                Ok(None)
            }
            op => self.simple_op(actor, op).await.map(|()| None),
        }
    }

    /// An operation without a list of others inside.
    async fn simple_op(self: &Rc<Self>, actor: &Actor, op: &Op) -> Result<(), Exc> {
        let me = &actor.name;
        match op {
            Op::Sleep(millis) => {
                self.log(me, format_args!("sleep {}", millis.0));
                sleep(millis.duration()).await?;
                self.log(me, format_args!("slept {}", millis.0));
            }
            Op::Yield => {
                self.log(me, format_args!("yield"));
                yield_now().await?;
                self.log(me, format_args!("yielded"));
            }
            Op::Put { queue, item } => {
                let item = actor.number(*item);
                self.log(me, format_args!("put {queue} {item}"));
                self.queue(queue).put(item).await?;
                self.log(me, format_args!("put_ok {queue} {item}"));
            }
            Op::Get { queue } => self.get(actor, queue).await?,
            Op::QueueJoin { queue } => {
                self.log(me, format_args!("q_join {queue}"));
                self.queue(queue).join().await?;
                self.log(me, format_args!("q_joined {queue}"));
            }
            Op::Wait { event } => {
                self.log(me, format_args!("wait {event}"));
                self.event(event).wait().await?;
                self.log(me, format_args!("waited {event}"));
            }
            Op::Acquire(guard) => self.logged_acquire(actor, guard).await?,
            Op::Raise(name) => {
                self.log(me, format_args!("raise {name}"));
                return Err(Exc::raised(name, ""));
            }
            Op::Reraise => {
                let handled = actor.handled.borrow().last().cloned();
                let exc = handled.expect("a reraise is inside of a handler");
                self.log(me, format_args!("reraise {}", name_of(&exc)));
                return Err(exc);
            }
            op => self.combine(actor, op).await?,
        }
        Ok(())
    }

    async fn get(&self, actor: &Actor, queue: &str) -> Result<(), Exc> {
        self.log(&actor.name, format_args!("get {queue}"));
        let item = self.queue(queue).get().await?;
        actor.last.set(item);
        self.log(&actor.name, format_args!("got {queue} {item}"));
        Ok(())
    }

    async fn consume(self: &Rc<Self>, actor: &Actor, queue: &str, until: i64, body: &Ops) -> Flow {
        loop {
            self.get(actor, queue).await?;
            if actor.last.get() == until {
                return Ok(None);
            }
            if let Some(value) = self.run_ops(actor, body).await? {
                return Ok(Some(value));
            }
        }
    }

    async fn logged_acquire(&self, actor: &Actor, guard: &Guard) -> Result<(), Exc> {
        self.log(&actor.name, format_args!("acquire {}", guard.name()));
        self.acquire(guard).await?;
        self.log(&actor.name, format_args!("acquired {}", guard.name()));
        Ok(())
    }

    async fn with(self: &Rc<Self>, actor: &Actor, guard: &Guard, body: &Ops) -> Flow {
        self.logged_acquire(actor, guard).await?;
        let flow = self.run_ops(actor, body).await;
        self.release(actor, guard);
        flow
    }

    async fn try_op(self: &Rc<Self>, actor: &Actor, op: &Try) -> Flow {
        let mut flow = self.run_ops(actor, &op.body).await;
        let handler = match &flow {
            Ok(_) => None,
            Err(exc) if is_runaway(exc) => None,
            Err(Exc::Cancelled) => op.on_cancel.as_ref(),
            Err(_) => op.on_error.as_ref(),
        };
        if let (Err(exc), Some(handler)) = (&flow, handler) {
            self.log(&actor.name, format_args!("caught {}", name_of(exc)));
            actor.handled.borrow_mut().push(exc.clone());
            flow = self.run_ops(actor, handler).await;
            actor.handled.borrow_mut().pop();
        }
        if let Some(finally) = &op.finally {
            self.log(&actor.name, format_args!("finally"));
            self.run_ops(actor, finally).await?;
        }
        flow
    }
}
