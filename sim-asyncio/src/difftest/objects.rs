//! The objects of a program, by name.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::op::Guard;
use super::program::{Program, Takes};
use crate::barrier::Barrier;
use crate::bounded_semaphore::BoundedSemaphore;
use crate::condition::Condition;
use crate::context_var::ContextVar;
use crate::event::Event;
use crate::exc::Exc;
use crate::lock::Lock;
use crate::queue::Queue;
use crate::semaphore::Semaphore;
use crate::task_group::TaskGroup;
use crate::timeout::Timeout;

type Named<T> = BTreeMap<Rc<str>, T>;

/// What a program declares, and what it names while it runs.
pub(super) struct Objects {
    pub(super) queues: Named<Queue<i64>>,
    pub(super) events: Named<Event>,
    pub(super) conditions: Named<Condition>,
    pub(super) barriers: Named<Barrier>,
    pub(super) vars: Named<ContextVar<i64>>,
    locks: Named<Lock>,
    sems: Named<Semaphore>,
    bounded: Named<BoundedSemaphore>,
    /// The last that was entered under each name.
    pub(super) timeouts: RefCell<Named<Timeout>>,
    pub(super) groups: RefCell<Named<TaskGroup>>,
}

fn made<T>(names: &[Rc<str>], make: impl Fn(&Rc<str>) -> T) -> Named<T> {
    names.iter().map(|name| (Rc::clone(name), make(name))).collect()
}

fn made_with<N: Copy, T>(named: &Named<N>, make: impl Fn(N) -> T) -> Named<T> {
    named.iter().map(|(name, with)| (Rc::clone(name), make(*with))).collect()
}

impl Objects {
    pub(super) fn new(program: &Program) -> Self {
        Objects {
            queues: made_with(&program.queues, |(items_max, takes)| match takes {
                Takes::Oldest => Queue::new(items_max),
                Takes::Newest => Queue::lifo(items_max),
                Takes::Least => Queue::priority(items_max),
            }),
            events: made(&program.events, |_| Event::new()),
            conditions: made(&program.conditions, |_| Condition::new()),
            barriers: made_with(&program.barriers, |parties| {
                Barrier::new(parties).expect("the parser refuses a barrier for nobody")
            }),
            vars: made(&program.vars, |name| ContextVar::new(Rc::clone(name))),
            locks: made(&program.locks, |_| Lock::new()),
            sems: made_with(&program.sems, Semaphore::new),
            bounded: made_with(&program.bounded, BoundedSemaphore::new),
            timeouts: RefCell::default(),
            groups: RefCell::default(),
        }
    }

    pub(super) fn queue(&self, name: &str) -> &Queue<i64> {
        &self.queues[name]
    }

    pub(super) fn event(&self, name: &str) -> &Event {
        &self.events[name]
    }

    pub(super) async fn acquire(&self, guard: &Guard) -> Result<(), Exc> {
        match guard {
            Guard::Lock(name) => self.locks[name].acquire().await,
            Guard::Semaphore(name) => self.sems[name].acquire().await,
            Guard::Bounded(name) => self.bounded[name].acquire().await,
            Guard::Condition(name) => self.conditions[name].acquire().await,
        }
    }

    /// Whether there was something to release.
    pub(super) fn release(&self, guard: &Guard) -> bool {
        match guard {
            Guard::Lock(name) => self.locks[name].release().is_ok(),
            Guard::Semaphore(name) => {
                self.sems[name].release();
                true
            }
            Guard::Bounded(name) => self.bounded[name].release().is_ok(),
            Guard::Condition(name) => self.conditions[name].release().is_ok(),
        }
    }

    /// The group of this name; a new one if there is none.
    pub(super) fn group(&self, name: &Rc<str>) -> TaskGroup {
        self.groups.borrow_mut().entry(Rc::clone(name)).or_default().clone()
    }
}
