//! Operations on what is rarer: counts of cancellations, conditions, barriers, groups, timeouts, context variables.

use std::rc::Rc;

use super::interpreter::{Actor, Interpreter};
use super::op::{Millis, SyncOp};
use crate::group_error::GroupMisuse;
use crate::task_group::TaskGroup;

impl Interpreter {
    pub(super) fn corner_op(self: &Rc<Self>, actor: &Actor, op: &SyncOp) {
        let me = &actor.name;
        match op {
            SyncOp::Uncancel { slot } => match self.any_task(actor, slot) {
                None => self.log(me, format_args!("uncancel {slot} unset")),
                Some((number, task)) => self.log(me, format_args!("uncancel t{number} {}", task.uncancel())),
            },
            SyncOp::Cancelling { slot } => match self.any_task(actor, slot) {
                None => self.log(me, format_args!("cancelling {slot} unset")),
                Some((number, task)) => {
                    self.log(me, format_args!("cancelling t{number} {}", task.cancelling()));
                }
            },
            SyncOp::Notify { condition, count } => {
                let notified = match count {
                    Some(count) => self.objects.conditions[condition].notify(*count),
                    None => self.objects.conditions[condition].notify_all(),
                };
                let shown = count.map_or("all".to_string(), |count| count.to_string());
                let error = if notified.is_ok() { "" } else { " error" };
                self.log(me, format_args!("notify {condition} {shown}{error}"));
            }
            SyncOp::BarrierState { barrier: name } => {
                let barrier = &self.objects.barriers[name];
                let (waiting, parties) = (barrier.waiting(), barrier.parties());
                let broken = if barrier.is_broken() { " broken" } else { "" };
                self.log(me, format_args!("barrier_state {name} {waiting}/{parties}{broken}"));
            }
            SyncOp::NewGroup { group } => {
                self.objects.groups.borrow_mut().insert(Rc::clone(group), TaskGroup::new());
                self.log(me, format_args!("new_group {group}"));
            }
            SyncOp::GroupSpawn { group, proc, slot } => self.group_spawn(actor, group, proc, slot.as_ref()),
            SyncOp::Reschedule { name, delay } => self.reschedule(actor, name, *delay),
            SyncOp::TimeoutState { name } => {
                let timeout = self.objects.timeouts.borrow().get(name).cloned();
                match timeout {
                    None => self.log(me, format_args!("timeout_state {name} unset")),
                    Some(timeout) => {
                        let when = timeout.when().map_or("none".to_string(), |when| when.to_string());
                        let is_expired = timeout.is_expired();
                        self.log(me, format_args!("timeout_state {name} {when} {is_expired}"));
                    }
                }
            }
            op => self.var_op(actor, op),
        }
    }

    fn group_spawn(self: &Rc<Self>, actor: &Actor, group: &Rc<str>, proc: &Rc<str>, slot: Option<&Rc<str>>) {
        let me = &actor.name;
        let Some(found) = self.objects.groups.borrow().get(group).cloned() else {
            self.log(me, format_args!("group_spawn {group} unset"));
            return;
        };
        let number = self.next_task();
        match found.create_task(format!("t{number}"), self.body(number, proc)) {
            Ok(task) => {
                self.put_task(number, task);
                self.log(me, format_args!("group_spawn t{number} {proc}"));
                self.store(slot, number);
            }
            Err(misuse) => {
                self.forget_task();
                let why = match misuse {
                    GroupMisuse::NotEntered { .. } => "not_entered",
                    GroupMisuse::Finished { .. } => "finished",
                    GroupMisuse::ShuttingDown { .. } => "shutting_down",
                    GroupMisuse::EnteredAgain { .. } | GroupMisuse::NoParent { .. } => "entered",
                };
                self.log(me, format_args!("group_spawn {group} refused {why}"));
            }
        }
    }

    fn reschedule(&self, actor: &Actor, name: &str, delay: Option<Millis>) {
        let me = &actor.name;
        let Some(timeout) = self.objects.timeouts.borrow().get(name).cloned() else {
            self.log(me, format_args!("reschedule {name} unset"));
            return;
        };
        let shown = delay.map_or("none".to_string(), |delay| delay.0.to_string());
        let when = delay.map(|delay| self.event_loop.time() + delay.duration());
        let result = if timeout.reschedule(when).is_ok() { "ok" } else { "error" };
        self.log(me, format_args!("reschedule {name} {shown} {result}"));
    }

    fn var_op(&self, actor: &Actor, op: &SyncOp) {
        let me = &actor.name;
        match op {
            SyncOp::VarSet { var, value } => {
                let value = actor.number(*value);
                let token = self.objects.vars[var].set(value);
                actor.tokens.borrow_mut().push((Rc::clone(var), token));
                self.log(me, format_args!("var_set {var} {value}"));
            }
            SyncOp::VarGet { var } => match self.objects.vars[var].get() {
                None => self.log(me, format_args!("var_get {var} unset")),
                Some(value) => {
                    actor.last.set(value);
                    self.log(me, format_args!("var_get {var} {value}"));
                }
            },
            SyncOp::VarReset { var } => {
                let position = actor.tokens.borrow().iter().rposition(|(name, _)| name == var);
                let Some(position) = position else {
                    self.log(me, format_args!("var_reset {var} none"));
                    return;
                };
                let (_, token) = actor.tokens.borrow_mut().remove(position);
                let result = if self.objects.vars[var].reset(token).is_ok() { "ok" } else { "error" };
                self.log(me, format_args!("var_reset {var} {result}"));
            }
            other => unreachable!("{other:?} is done elsewhere"),
        }
    }
}
