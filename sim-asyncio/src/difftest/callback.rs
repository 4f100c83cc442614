//! Operations that never suspend, in tasks or callbacks.

use std::rc::Rc;

use super::interpreter::{Actor, Interpreter};
use super::op::{Item, SyncOp};

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
            SyncOp::Spawn { proc, slot } => {
                let task = self.start(proc);
                self.log(me, format_args!("spawn t{task} {proc}"));
                self.store(slot.as_ref(), task);
            }
            SyncOp::Cancel { slot } => self.cancel(actor, slot),
            SyncOp::PutNowait { queue, item } => self.put_nowait(actor, queue, *item),
            SyncOp::GetNowait { queue } => match self.queue(queue).get_nowait() {
                Ok(item) => {
                    actor.last.set(item);
                    self.log(me, format_args!("get_nowait {queue} {item}"));
                }
                Err(_) => self.log(me, format_args!("get_nowait {queue} empty")),
            },
            SyncOp::TaskDone { queue } => {
                let error = if self.queue(queue).task_done().is_ok() { "" } else { " error" };
                self.log(me, format_args!("task_done {queue}{error}"));
            }
            SyncOp::Set { event } => {
                self.event(event).set();
                self.log(me, format_args!("set {event}"));
            }
            SyncOp::Clear { event } => {
                self.event(event).clear();
                self.log(me, format_args!("clear {event}"));
            }
            SyncOp::Release(guard) => self.release(actor, guard),
            SyncOp::CallSoon(ops) => {
                let (name, callback) = self.callback(ops);
                self.log(me, format_args!("call_soon {name}"));
                self.event_loop.call_soon(callback);
            }
            SyncOp::CallLater { delay, ops } => {
                let (name, callback) = self.callback(ops);
                self.log(me, format_args!("call_later {name} {}", delay.0));
                self.event_loop.call_later(delay.duration(), callback);
            }
            SyncOp::OnDone { slot, ops } => self.on_done(actor, slot, ops),
            SyncOp::Stop => {
                self.log(me, format_args!("stop"));
                self.event_loop.stop();
            }
        }
    }

    fn cancel(&self, actor: &Actor, slot: &str) {
        let task = if slot == "self" { actor.task } else { self.slot(slot) };
        let Some(task) = task else {
            self.log(&actor.name, format_args!("cancel {slot} unset"));
            return;
        };
        let cancelled = self.task(task).cancel();
        self.log(&actor.name, format_args!("cancel t{task} {cancelled}"));
    }

    fn put_nowait(&self, actor: &Actor, queue: &str, item: Item) {
        let item = actor.number(item);
        let result = if self.queue(queue).put_nowait(item).is_ok() { "ok" } else { "full" };
        self.log(&actor.name, format_args!("put_nowait {queue} {item} {result}"));
    }

    fn on_done(self: &Rc<Self>, actor: &Actor, slot: &str, ops: &Rc<[SyncOp]>) {
        let Some(task) = self.slot(slot) else {
            self.log(&actor.name, format_args!("on_done {slot} unset"));
            return;
        };
        let (name, callback) = self.callback(ops);
        self.log(&actor.name, format_args!("on_done t{task} {name}"));
        self.task(task).add_done_callback(callback);
    }

    /// A new callback with its name.
    fn callback(self: &Rc<Self>, ops: &Rc<[SyncOp]>) -> (String, impl FnOnce() + 'static) {
        let name = self.next_callback();
        let actor = Actor::new(None, name.clone());
        let (this, ops) = (Rc::clone(self), Rc::clone(ops));
        let callback = move || {
            this.log(&actor.name, format_args!("fired"));
            for op in &*ops {
                this.sync_op(&actor, op);
            }
        };
        (name, callback)
    }
}
