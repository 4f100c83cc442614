//! Asking the source of the run: for values, and for the task that is polled next.

use std::cell::RefCell;
use std::ops::ControlFlow;

use super::{Core, Next, Run, manner};
use crate::choice::{
    Candidate, Candidates, Domain, Eligibility, Key, Label, LineageId, Order, Point, Ratio, Source, TaskId,
    Value,
};
use crate::limits::LimitReached;

impl Run {
    /// Asks whether something happens that need not.
    pub(crate) fn ask_flag(&self, actor: LineageId, label: Label, probability: Ratio) -> bool {
        if self.core().decisions.is_gentle() {
            return false;
        }
        let answer = self.ask_value(actor, label, Domain::Flag { probability });
        let flag = match answer {
            Some(Value::Flag(flag)) => Some(flag),
            _ => None,
        };
        self.settle(actor, label, answer, flag.map(Value::Flag), Value::Flag(false));
        flag.unwrap_or(false)
    }

    /// Asks for a number.
    pub(crate) fn ask_int(&self, actor: LineageId, label: Label, lo: u64, hi: u64, simplest: u64) -> u64 {
        if self.core().decisions.is_gentle() {
            return simplest;
        }
        let answer = self.ask_value(actor, label, Domain::Int { lo, hi, simplest });
        let int = match answer {
            Some(Value::Int(int)) => Some(int.clamp(lo, hi)),
            _ => None,
        };
        self.settle(actor, label, answer, int.map(Value::Int), Value::Int(simplest));
        int.unwrap_or(simplest)
    }

    fn ask_value(&self, actor: LineageId, label: Label, domain: Domain<'_>) -> Option<Value> {
        let (key, now) = {
            let mut core = self.core_mut();
            if core.facts.are_untold() {
                self.tell_facts(&mut core);
            }
            (core.decisions.name_value(actor, label), core.local_now())
        };
        self.source.borrow_mut().decide(&Point { key, label, now, domain })
    }

    /// Hashes and records what became of the answer.
    fn settle(
        &self,
        actor: LineageId,
        label: Label,
        answer: Option<Value>,
        accepted: Option<Value>,
        gentlest: Value,
    ) {
        let mut core = self.core_mut();
        if answer != accepted {
            core.decisions.count_misaligned();
        }
        let value = accepted.unwrap_or(gentlest);
        let word = match value {
            Value::Flag(flag) => u64::from(flag),
            Value::Int(int) => int,
            Value::Pick { .. } => panic!("a task was picked where a value was asked for"),
        };
        let stream = Key::stream(core.decisions.lineages().hash(actor), label);
        core.decisions.hash(stream);
        core.decisions.hash(word);
        let key = core.decisions.last_asked();
        core.decisions.count_one();
        core.record_decision(key, value, value == gentlest);
    }

    /// Asks which of several ready tasks is polled next.
    pub(crate) fn ask_next(&self) -> TaskId {
        let (key, now) = {
            let mut core = self.core_mut();
            if core.facts.are_untold() {
                self.tell_facts(&mut core);
            }
            (core.decisions.point(), core.time.now())
        };
        let candidates = ReadyTasks(&self.core);
        let domain = Domain::Among(&candidates);
        let answer = self.source.borrow_mut().decide(&Point { key, label: Label::POLL, now, domain });
        let mut core = self.core_mut();
        let accepted = match answer {
            Some(Value::Pick { task, key }) if core.may_be_polled(task, key) => Some(task),
            _ => None,
        };
        if answer.is_some() && accepted.is_none() {
            core.decisions.count_misaligned();
        }
        core.decisions.count_one();
        match accepted {
            Some(task) if !core.decisions.is_recorded() => task,
            _ => core.record_pick(accepted),
        }
    }
}

impl Run {
    /// Lets the source pick which of several ready tasks is polled next, and takes that; whether an iteration of its node ends with its poll.
    #[inline(always)]
    pub(crate) fn pick_next<const MANNER: u8>(&self, core: &mut Core) -> (u32, bool) {
        if core.facts.are_untold() {
            self.tell_facts(core);
        }
        let now = core.time.now();
        let picked = core.polling.pick_by(&mut **self.source.borrow_mut(), now);
        core.decisions.count_one();
        match picked {
            Some(index) if MANNER == manner::PICKED => {
                core.polling.take_picked(index);
                (index, true)
            }
            _ => core.settle_pick(picked),
        }
    }
}

impl Core {
    /// Takes the task that was picked, or the gentlest if none was, and keeps which it is if the run is recorded.
    #[inline(never)]
    fn settle_pick(&mut self, picked: Option<u32>) -> (u32, bool) {
        let picked = picked.map(|index| self.polling.tasks().id_at(index));
        let index = match picked {
            Some(task) if !self.decisions.is_recorded() => task.index,
            _ => self.record_pick(picked).index,
        };
        (index, self.polling.take(index))
    }

    /// Keeps a decision, if the run is recorded.
    fn record_decision(&mut self, key: Key, value: Value, is_default: bool) {
        if self.decisions.record(key, value, is_default).is_err() {
            self.limit_reached(LimitReached::decisions);
        }
    }

    /// Keeps which task is polled next, if the run is recorded: the gentlest, if none was picked.
    fn record_pick(&mut self, picked: Option<TaskId>) -> TaskId {
        let gentlest = self.gentlest();
        let task = picked.unwrap_or(gentlest);
        let pick = Value::Pick { task, key: self.polling.tasks().at(task.index).key() };
        self.record_decision(self.decisions.point(), pick, task == gentlest);
        task
    }

    /// Takes the task that is polled next, unless that has to be asked.
    #[inline(always)]
    pub(crate) fn take_next<const MANNER: u8>(&mut self) -> Next {
        if MANNER == manner::ANY && self.polling.order() == Order::Production {
            let taken = self.polling.take_gentlest();
            return taken.map_or(Next::Nothing, |(index, ends_iteration)| Next::Poll(index, ends_iteration));
        }
        if let Some(index) = self.polling.overdue() {
            return Next::Poll(index, self.polling.take(index));
        }
        let ready = self.polling.ready().total();
        if ready == 0 {
            return Next::Nothing;
        }
        if MANNER == manner::KEYED {
            if ready > 1 {
                self.decisions.count_one();
            }
            return Next::Poll(self.polling.take_highest(), true);
        }
        if MANNER == manner::PICKED && ready > 1 {
            return Next::Picked;
        }
        self.take_next_watched(ready)
    }

    #[inline(never)]
    fn take_next_watched(&mut self, ready: usize) -> Next {
        if ready == 1 {
            let taken = self.polling.take_only();
            return taken.map_or(Next::Nothing, |(index, ends_iteration)| Next::Poll(index, ends_iteration));
        }
        match self.polling.order() {
            Order::Asked => return Next::Asked,
            Order::Picked => return Next::Picked,
            Order::Keyed(_) | Order::Production => {}
        }
        let index = self.polling.highest();
        self.decisions.count_one();
        if self.decisions.is_recorded() {
            let task = self.polling.tasks().id_at(index);
            self.record_pick(Some(task));
        }
        Next::Poll(index, self.polling.take(index))
    }

    /// Whether the answer of a source is a task that may be polled.
    fn may_be_polled(&self, task: TaskId, key: Key) -> bool {
        let slot = self.polling.tasks().get(task);
        slot.is_some_and(|slot| slot.is_ready() && slot.key() == key) && self.polling.is_eligible(task.index)
    }

    fn gentlest(&mut self) -> TaskId {
        if let Some(task) = self.polling.stopped() {
            return task;
        }
        let (ready, tasks) = self.polling.ready_mut();
        let index = ready.gentlest().expect("a question has candidates");
        tasks.id_at(index)
    }
}

/// The ready tasks of a run, as a source sees them.
struct ReadyTasks<'a>(&'a RefCell<Core>);

impl Candidates for ReadyTasks<'_> {
    fn count(&self) -> usize {
        self.0.borrow().polling.ready().total()
    }

    fn gentlest(&self) -> TaskId {
        self.0.borrow_mut().gentlest()
    }

    fn latest(&self) -> Option<Candidate> {
        let core = self.0.borrow();
        let (task, polling) = (core.decisions.point_after()?, &core.polling);
        let is_ready = polling.tasks().get(task).is_some_and(crate::task::Slot::is_ready);
        (is_ready && polling.is_eligible(task.index)).then(|| polling.candidate(task.index))
    }

    fn visit(&self, visitor: &mut dyn FnMut(Candidate) -> ControlFlow<()>) {
        let indices: Vec<u32> = {
            let polling = &self.0.borrow().polling;
            polling.ready().iter(polling.tasks()).collect()
        };
        for index in indices {
            let candidate = self.0.borrow().polling.candidate(index);
            if visitor(candidate).is_break() {
                return;
            }
        }
    }

    fn pick_by(&self, source: &mut dyn Source) -> Option<Value> {
        let mut core = self.0.borrow_mut();
        let now = core.time.now();
        let index = core.polling.pick_by(source, now)?;
        let tasks = core.polling.tasks();
        Some(Value::Pick { task: tasks.id_at(index), key: tasks.at(index).key() })
    }

    fn eligibility(&self, index: u32, stamp: u32) -> Eligibility {
        let polling = &self.0.borrow().polling;
        let candidate = polling.candidate(index);
        if !polling.tasks().at(index).is_ready() || candidate.stamp != stamp {
            return Eligibility::Gone;
        }
        if polling.is_eligible(index) { Eligibility::Ready(candidate) } else { Eligibility::Held }
    }
}
