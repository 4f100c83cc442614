//! Asking the source of the run: for values, and for the task that is polled next.

use std::cell::RefCell;
use std::ops::ControlFlow;

use super::run::{Core, Run};
use crate::choice::{
    Candidate, Candidates, Domain, Eligibility, Key, Label, LineageId, Point, Ratio, TaskId, Value,
};
use crate::task::State;

pub(crate) fn flag(run: &Run, actor: LineageId, label: Label, probability: Ratio) -> bool {
    let answer = value(run, actor, label, Domain::Flag { probability });
    let flag = match answer {
        Some(Value::Flag(flag)) => Some(flag),
        _ => None,
    };
    settle(run, actor, label, answer, flag.map(Value::Flag), Value::Flag(false));
    flag.unwrap_or(false)
}

pub(crate) fn int(run: &Run, actor: LineageId, label: Label, lo: u64, hi: u64, simplest: u64) -> u64 {
    let answer = value(run, actor, label, Domain::Int { lo, hi, simplest });
    let int = match answer {
        Some(Value::Int(int)) => Some(int.clamp(lo, hi)),
        _ => None,
    };
    settle(run, actor, label, answer, int.map(Value::Int), Value::Int(simplest));
    int.unwrap_or(simplest)
}

/// Asks; leaves the decision's name in `Core::point`.
fn value(run: &Run, actor: LineageId, label: Label, domain: Domain<'_>) -> Option<Value> {
    let (key, now) = {
        let mut core = run.core.borrow_mut();
        let key = core.lineages.next_key(actor, label);
        core.name_stream(key.stream, actor, label.full_name(None));
        core.asked = key;
        (key, core.local_now())
    };
    run.source.borrow_mut().decide(&Point { key, now, domain })
}

/// Hashes and records what became of the answer.
fn settle(
    run: &Run,
    actor: LineageId,
    label: Label,
    answer: Option<Value>,
    accepted: Option<Value>,
    gentlest: Value,
) {
    let mut core = run.core.borrow_mut();
    if answer != accepted {
        core.misaligned += 1;
    }
    let value = accepted.unwrap_or(gentlest);
    let word = match value {
        Value::Flag(flag) => u64::from(flag),
        Value::Int(int) => int,
        Value::Pick { .. } => panic!("a task was picked where a value was asked for"),
    };
    let stream = Key::stream(core.lineages.hash(actor), label);
    core.hash.add(stream);
    core.hash.add(word);
    let key = core.asked;
    core.record_decision(key, value, value == gentlest);
}

/// The ready tasks of a run, as a source sees them.
struct ReadyTasks<'a>(&'a RefCell<Core>);

impl Candidates for ReadyTasks<'_> {
    fn count(&self) -> usize {
        self.0.borrow().ready.total()
    }

    fn gentlest(&self) -> TaskId {
        let mut core = self.0.borrow_mut();
        let index = core.ready.gentlest().expect("a question has candidates");
        core.tasks.id_at(index)
    }

    fn visit(&self, visitor: &mut dyn FnMut(Candidate) -> ControlFlow<()>) {
        let indices: Vec<u32> = self.0.borrow().ready.iter().collect();
        for index in indices {
            let candidate = self.0.borrow_mut().candidate(index);
            if visitor(candidate).is_break() {
                return;
            }
        }
    }

    fn take_fresh(&self, fresh: &mut Vec<Candidate>) {
        let mut core = self.0.borrow_mut();
        let core = &mut *core;
        for task in core.fresh.drain(..) {
            if let Some(slot) = core.tasks.get(task)
                && slot.state == State::Ready
            {
                fresh.push(Candidate { task, key: slot.key, ready_since: slot.ready_since });
            }
        }
    }

    fn eligibility(&self, task: TaskId, key: Key) -> Eligibility {
        self.0.borrow().eligibility(task, key)
    }
}

impl Core {
    fn eligibility(&self, task: TaskId, key: Key) -> Eligibility {
        match self.tasks.get(task) {
            Some(slot) if slot.state == State::Ready && slot.key == key => {
                if self.ready.is_held(slot.node) || !self.ready.is_listed(task.index) {
                    Eligibility::Held
                } else {
                    Eligibility::Ready
                }
            }
            _ => Eligibility::Gone,
        }
    }
}

/// Asks which of several ready tasks is polled next.
pub(crate) fn next_task(run: &Run) -> TaskId {
    let (key, now, gentlest) = {
        let mut core = run.core.borrow_mut();
        let gentlest = core.ready.gentlest().expect("a question has candidates");
        (core.point, core.now, core.tasks.id_at(gentlest))
    };
    let candidates = ReadyTasks(&run.core);
    let answer = run.source.borrow_mut().decide(&Point { key, now, domain: Domain::Among(&candidates) });
    let mut core = run.core.borrow_mut();
    let task = match answer {
        Some(Value::Pick { task, key }) if core.eligibility(task, key) == Eligibility::Ready => task,
        Some(_) => {
            core.misaligned += 1;
            gentlest
        }
        None => gentlest,
    };
    if core.recording.is_some() {
        let picked = core.tasks.at_mut(task.index).key;
        core.record_decision(key, Value::Pick { task, key: picked }, task == gentlest);
    } else {
        core.decisions += 1;
    }
    task
}
