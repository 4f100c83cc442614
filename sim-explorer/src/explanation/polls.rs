//! A source that notes the names of all polls of the run that another makes.

use std::cell::RefCell;
use std::rc::Rc;

use sim_executor::{Fact, FactKinds, Key, Needs, Point, Ready, ReadyId, RunEnd, RunInfo, Source, Value};

/// Lets another source make a run, and notes the name of each poll.
#[derive(Debug)]
pub(super) struct Polls<S> {
    source: S,
    noted: NotedPolls,
}

/// The names of the polls so far, in order; shared with the [`Polls`] that the run has taken.
#[derive(Clone, Debug, Default)]
pub(super) struct NotedPolls(Rc<RefCell<Vec<Key>>>);

impl NotedPolls {
    pub(super) fn keys(&self) -> Vec<Key> {
        self.0.borrow().clone()
    }
}

impl<S> Polls<S> {
    pub(super) fn new(source: S) -> (Self, NotedPolls) {
        let noted = NotedPolls::default();
        (Polls { source, noted: noted.clone() }, noted)
    }
}

impl<S: Source> Source for Polls<S> {
    fn begin(&mut self, run: &RunInfo) {
        self.source.begin(run);
    }

    fn needs(&self) -> Needs {
        let needs = self.source.needs();
        Needs { facts: needs.facts | FactKinds::POLLS, ..needs }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        self.source.decide(point)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        self.source.pick(ready)
    }

    fn observe(&mut self, fact: &Fact) {
        if let Fact::PollBegun { key, .. } = fact {
            self.noted.0.borrow_mut().push(*key);
        }
        self.source.observe(fact);
    }

    fn end(&mut self, end: &RunEnd<'_>) {
        self.source.end(end);
    }

    fn describe(&self) -> String {
        self.source.describe()
    }
}
