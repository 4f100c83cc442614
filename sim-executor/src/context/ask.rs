//! Asking the source of the run: for values, and for the task that is polled next.

use std::cell::RefCell;
use std::ops::ControlFlow;

use super::run::{Core, Run};
use crate::choice::{
    Candidate, Candidates, Domain, Eligibility, Key, Label, LineageId, Point, Ratio, TaskId, Value,
};
use crate::task::State;

pub(crate) fn flag(run: &Run, actor: LineageId, label: Label, probability: Ratio) -> bool {
    if run.core.borrow().is_over {
        return false;
    }
    let answer = value(run, actor, label, Domain::Flag { probability });
    let flag = match answer {
        Some(Value::Flag(flag)) => Some(flag),
        _ => None,
    };
    settle(run, actor, label, answer, flag.map(Value::Flag), Value::Flag(false));
    flag.unwrap_or(false)
}

pub(crate) fn int(run: &Run, actor: LineageId, label: Label, lo: u64, hi: u64, simplest: u64) -> u64 {
    if run.core.borrow().is_over {
        return simplest;
    }
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
    core.decisions += 1;
    core.record_decision(key, value, value == gentlest);
}

/// The ready tasks of a run, as a source sees them.
struct ReadyTasks<'a>(&'a RefCell<Core>);

impl Candidates for ReadyTasks<'_> {
    fn count(&self) -> usize {
        self.0.borrow().ready.total()
    }

    fn gentlest(&self) -> TaskId {
        self.0.borrow_mut().gentlest()
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
        fresh.append(&mut self.0.borrow_mut().fresh);
    }

    fn eligibility(&self, index: u32, stamp: u32) -> Eligibility {
        let mut core = self.0.borrow_mut();
        let candidate = core.candidate(index);
        let slot = core.tasks.at_mut(index);
        if slot.state != State::Ready || slot.stamp != stamp {
            return Eligibility::Gone;
        }
        let node = slot.node;
        if core.is_eligible(index, node) { Eligibility::Ready(candidate) } else { Eligibility::Held }
    }
}

impl Core {
    /// Whether a task that is ready may be polled now.
    fn is_eligible(&self, index: u32, node: u32) -> bool {
        !self.ready.is_held(node) && self.ready.is_listed(index)
    }

    /// Whether the answer of a source is a task that may be polled.
    fn may_be_polled(&self, task: TaskId, key: Key) -> bool {
        self.tasks.get(task).is_some_and(|slot| {
            slot.state == State::Ready && slot.key == key && self.is_eligible(task.index, slot.node)
        })
    }

    fn gentlest(&mut self) -> TaskId {
        let index = self.ready.gentlest().expect("a question has candidates");
        self.tasks.id_at(index)
    }
}

/// Asks which of several ready tasks is polled next.
pub(crate) fn next_task(run: &Run) -> TaskId {
    let (key, now) = {
        let core = run.core.borrow();
        (core.point, core.now)
    };
    let candidates = ReadyTasks(&run.core);
    let answer = run.source.borrow_mut().decide(&Point { key, now, domain: Domain::Among(&candidates) });
    let mut core = run.core.borrow_mut();
    core.decisions += 1;
    let accepted = match answer {
        Some(Value::Pick { task, key }) if core.may_be_polled(task, key) => Some(task),
        _ => None,
    };
    if answer.is_some() && accepted.is_none() {
        core.misaligned += 1;
    }
    match (accepted, core.recording.is_some()) {
        (Some(task), false) => task,
        (None, false) => core.gentlest(),
        (accepted, true) => {
            let gentlest = core.gentlest();
            let task = accepted.unwrap_or(gentlest);
            let picked = core.tasks.at_mut(task.index).key;
            core.record_decision(key, Value::Pick { task, key: picked }, task == gentlest);
            task
        }
    }
}
