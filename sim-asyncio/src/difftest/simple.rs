//! Operations that may suspend, without a list of others inside.

use std::rc::Rc;

use super::interpreter::{Actor, Interpreter};
use super::op::{BarrierVerb, Guard, Op};
use crate::exc::Exc;
use crate::sleep::{sleep, yield_now};

impl Interpreter {
    pub(super) async fn simple_op(self: &Rc<Self>, actor: &Actor, op: &Op) -> Result<(), Exc> {
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
                self.objects.queue(queue).put(item).await?;
                self.log(me, format_args!("put_ok {queue} {item}"));
            }
            Op::Get { queue } => self.get(actor, queue).await?,
            Op::QueueJoin { queue } => {
                self.log(me, format_args!("q_join {queue}"));
                self.objects.queue(queue).join().await?;
                self.log(me, format_args!("q_joined {queue}"));
            }
            Op::Wait { event } => {
                self.log(me, format_args!("wait {event}"));
                self.objects.event(event).wait().await?;
                self.log(me, format_args!("waited {event}"));
            }
            Op::Acquire(guard) => self.acquire(actor, guard).await?,
            Op::ConditionWait { condition, until_set } => {
                self.wait_for_condition(actor, condition, until_set.as_ref()).await?;
            }
            Op::Barrier { barrier, verb } => self.barrier(actor, barrier, *verb).await?,
            Op::Raise(name) => {
                self.log(me, format_args!("raise {name}"));
                return Err(Exc::raised(name, ""));
            }
            op => self.combine(actor, op).await?,
        }
        Ok(())
    }

    pub(super) async fn get(&self, actor: &Actor, queue: &str) -> Result<(), Exc> {
        self.log(&actor.name, format_args!("get {queue}"));
        let item = self.objects.queue(queue).get().await?;
        actor.last.set(item);
        self.log(&actor.name, format_args!("got {queue} {item}"));
        Ok(())
    }

    pub(super) async fn acquire(&self, actor: &Actor, guard: &Guard) -> Result<(), Exc> {
        self.log(&actor.name, format_args!("acquire {}", guard.name()));
        self.objects.acquire(guard).await?;
        self.log(&actor.name, format_args!("acquired {}", guard.name()));
        Ok(())
    }

    async fn wait_for_condition(
        &self,
        actor: &Actor,
        name: &str,
        until_set: Option<&Rc<str>>,
    ) -> Result<(), Exc> {
        let (me, condition) = (&actor.name, &self.objects.conditions[name]);
        match until_set {
            None => {
                self.log(me, format_args!("cond_wait {name}"));
                condition.wait().await?;
                self.log(me, format_args!("cond_woken {name}"));
            }
            Some(event) => {
                self.log(me, format_args!("cond_wait_for {name} {event}"));
                condition.wait_for(|| self.objects.event(event).is_set()).await?;
                self.log(me, format_args!("cond_true {name} {event}"));
            }
        }
        Ok(())
    }

    async fn barrier(&self, actor: &Actor, name: &str, verb: BarrierVerb) -> Result<(), Exc> {
        let (me, barrier) = (&actor.name, &self.objects.barriers[name]);
        match verb {
            BarrierVerb::Wait => {
                self.log(me, format_args!("barrier_wait {name}"));
                let index = barrier.wait().await?;
                actor.last.set(i64::try_from(index).unwrap_or(i64::MAX));
                self.log(me, format_args!("barrier_passed {name} {index}"));
            }
            BarrierVerb::Reset => {
                self.log(me, format_args!("barrier_reset {name}"));
                barrier.reset().await?;
                self.log(me, format_args!("barrier_was_reset {name}"));
            }
            BarrierVerb::Abort => {
                self.log(me, format_args!("barrier_abort {name}"));
                barrier.abort().await?;
                self.log(me, format_args!("barrier_aborted {name}"));
            }
        }
        Ok(())
    }
}
