//! The fewest changes of turns that make a program fail: what a shrunk failure is compared with.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use sim_executor::{Config, Domain, Key, Needs, Point, Report, Source, Value};
use sim_explorer::{Cost, Exceptions, Follow, Noted, Turn, TurnException};

/// Notes what else could have been polled at each contended step behind the last exception.
struct Alternatives {
    follow: Follow,
    after: Option<Key>,
    noted: Rc<RefCell<Vec<TurnException>>>,
}

impl Source for Alternatives {
    fn needs(&self) -> Needs {
        self.follow.needs()
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let answer = self.follow.decide(point);
        let Domain::Among(candidates) = &point.domain else { return answer };
        if self.after.is_none() {
            candidates.visit(&mut |candidate| {
                if !matches!(answer, Some(Value::Pick { task, .. }) if task == candidate.task) {
                    let run = Turn { lineage: candidate.lineage, nth: 0 };
                    self.noted.borrow_mut().push(TurnException { after: point.key, run });
                }
                ControlFlow::Continue(())
            });
        }
        self.after = self.after.filter(|after| *after != point.key);
        answer
    }

    fn describe(&self) -> String {
        "alternatives".to_string()
    }
}

/// The least preemptions and exceptions of all runs that fail with as few changes of turns as it takes, and the gentlest answers; `None` if
/// that takes more than `runs_max` runs to find out.
pub(crate) fn fewest(
    runs_max: usize,
    config: Config,
    run: &mut dyn FnMut(Config, Box<dyn Source>) -> Report,
) -> Option<(u64, u64)> {
    let (mut level, mut runs) = (vec![Vec::new()], 0);
    loop {
        let (mut next, mut least) = (Vec::new(), None);
        for schedule in level {
            runs += 1;
            if runs > runs_max {
                return None;
            }
            let after = schedule.last().map(|last: &TurnException| last.after);
            let exceptions = Exceptions { schedule: schedule.clone(), ..Exceptions::default() };
            let noted = Rc::new(RefCell::new(Vec::new()));
            let source = Alternatives { follow: Follow::new(&exceptions).0, after, noted: Rc::clone(&noted) };
            let (source, notes) = Noted::new(source);
            let report = run(Config { record: true, ..config }, Box::new(source));
            let realised = notes.of_run(&report);
            if !report.outcome.is_done() {
                let cost = Cost::of(&realised);
                let cost = (cost.preemptions, cost.exceptions);
                least = Some(least.map_or(cost, |least: (u64, u64)| least.min(cost)));
            }
            next.extend(noted.take().into_iter().map(|turn| [&schedule[..], &[turn]].concat()));
        }
        if least.is_some() {
            return least;
        }
        // Nothing is left that could be otherwise.
        if next.is_empty() {
            return None;
        }
        level = next;
    }
}
