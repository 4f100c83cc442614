//! Operations that never suspend, in tasks or callbacks.

use std::rc::Rc;

use super::interpreter::{Actor, Interpreter};
use super::op::{Guard, Item, SyncOp};
use crate::queue_error::{GetError, PutError};
use crate::signal::Signal;

impl Interpreter {
    pub(super) fn sync_op(self: &Rc<Self>, actor: &Actor, op: &SyncOp) {
        let me = &actor.name;
        match op {
            SyncOp::Log(message) => self.log(me, format_args!("log {message}")),
            SyncOp::Last => self.log(me, format_args!("last {}", actor.last.get())),
            SyncOp::Block(millis) => {
                self.log(me, format_args!("block {}", millis.0));
                crate::sleep::block(millis.duration());
                self.log(me, format_args!("blocked {}", millis.0));
            }
            SyncOp::Spawn { proc, slot, is_eager } => self.spawn(actor, proc, slot.as_ref(), *is_eager),
            SyncOp::Cancel { slot, message } => self.cancel(actor, slot, message.as_ref()),
            SyncOp::PutNowait { queue, item } => self.put_nowait(actor, queue, *item),
            SyncOp::GetNowait { queue } => self.get_nowait(actor, queue),
            SyncOp::TaskDone { queue } => {
                let error = if self.objects.queue(queue).task_done().is_ok() { "" } else { " error" };
                self.log(me, format_args!("task_done {queue}{error}"));
            }
            SyncOp::Shutdown { queue, immediate } => {
                self.objects.queue(queue).shutdown(*immediate);
                let how = if *immediate { " immediate" } else { "" };
                self.log(me, format_args!("shutdown {queue}{how}"));
            }
            SyncOp::Set { event } => {
                self.objects.event(event).set();
                self.log(me, format_args!("set {event}"));
            }
            SyncOp::Clear { event } => {
                self.objects.event(event).clear();
                self.log(me, format_args!("clear {event}"));
            }
            SyncOp::Release(guard) => self.release(actor, guard),
            SyncOp::CallSoon(ops) => {
                let (name, callback) = self.callback(*ops);
                self.log(me, format_args!("call_soon {name}"));
                self.event_loop.call_soon(callback);
            }
            SyncOp::CallLater { delay, ops } => {
                let (name, callback) = self.callback(*ops);
                self.log(me, format_args!("call_later {name} {}", delay.0));
                self.event_loop.call_later(delay.duration(), callback);
            }
            SyncOp::OnDone { slot, ops } => match self.slot(slot) {
                None => self.log(me, format_args!("on_done {slot} unset")),
                Some(task) => {
                    let (name, callback) = self.callback(*ops);
                    self.log(me, format_args!("on_done t{task} {name}"));
                    self.task(task).add_done_callback(callback);
                }
            },
            SyncOp::Stop => {
                self.log(me, format_args!("stop"));
                self.event_loop.stop();
            }
            SyncOp::Signal => {
                self.log(me, format_args!("signal"));
                self.event_loop.send_signal(Signal::Interrupt);
            }
            op => self.corner_op(actor, op),
        }
    }

    fn spawn(self: &Rc<Self>, actor: &Actor, proc: &Rc<str>, slot: Option<&Rc<str>>, is_eager: bool) {
        let task = if is_eager {
            let number = self.next_task();
            self.log(&actor.name, format_args!("spawn_eager t{number} {proc}"));
            let body = self.body(number, proc);
            self.put_task(number, self.event_loop.create_eager_task(format!("t{number}"), body));
            number
        } else {
            let number = self.start(proc);
            self.log(&actor.name, format_args!("spawn t{number} {proc}"));
            number
        };
        self.store(slot, task);
    }

    fn cancel(&self, actor: &Actor, slot: &str, message: Option<&Rc<str>>) {
        let Some((number, task)) = self.any_task(actor, slot) else {
            self.log(&actor.name, format_args!("cancel {slot} unset"));
            return;
        };
        let cancelled = match message {
            Some(message) => task.cancel_with(Rc::clone(message)),
            None => task.cancel(),
        };
        self.log(&actor.name, format_args!("cancel t{number} {cancelled}"));
    }

    fn put_nowait(&self, actor: &Actor, queue: &str, item: Item) {
        let item = actor.number(item);
        let result = match self.objects.queue(queue).put_nowait(item) {
            Ok(()) => "ok",
            Err(PutError::QueueFull) => "full",
            Err(PutError::QueueShutDown) => "shutdown",
        };
        self.log(&actor.name, format_args!("put_nowait {queue} {item} {result}"));
    }

    fn get_nowait(&self, actor: &Actor, queue: &str) {
        let me = &actor.name;
        match self.objects.queue(queue).get_nowait() {
            Ok(item) => {
                actor.last.set(item);
                self.log(me, format_args!("get_nowait {queue} {item}"));
            }
            Err(GetError::QueueEmpty) => self.log(me, format_args!("get_nowait {queue} empty")),
            Err(GetError::QueueShutDown) => self.log(me, format_args!("get_nowait {queue} shutdown")),
        }
    }

    pub(super) fn release(&self, actor: &Actor, guard: &Guard) {
        let error = if self.objects.release(guard) { "" } else { " error" };
        self.log(&actor.name, format_args!("release {}{error}", guard.name()));
    }
}
