//! A source that notes the names of all polls of the run that another makes, with what they touch.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sim_executor::{
    Access, Fact, FactKinds, Key, Needs, Point, Ready, ReadyId, Resource, RunEnd, RunInfo, Source, TaskId,
    Value,
};

/// Lets another source make a run, and notes the name of each poll with what it touches.
#[derive(Debug)]
pub(super) struct Polls<S> {
    source: S,
    noted: NotedPolls,
}

/// The polls so far, in order; shared with the [`Polls`] that the run has taken.
#[derive(Clone, Debug, Default)]
pub(super) struct NotedPolls(Rc<RefCell<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    polls: Vec<Poll>,
    resources: BTreeMap<Resource, String>,
}

#[derive(Debug)]
struct Poll {
    task: TaskId,
    key: Key,
    touched: Vec<(Resource, Access)>,
}

/// What two tasks touch one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Race {
    pub(super) name: String,
    pub(super) accesses: [Access; 2],
}

impl NotedPolls {
    pub(super) fn keys(&self) -> Vec<Key> {
        self.0.borrow().polls.iter().map(|poll| poll.key).collect()
    }

    /// What the task of the first poll touches from there up to the second poll, and the task of the second one as the first thing from there on: two
    /// operations of which not both only look. `None` where nobody has told of any.
    pub(super) fn race(&self, first: Key, second: Key) -> Option<Race> {
        let Noted { polls, resources } = &*self.0.borrow();
        let from = polls.iter().position(|poll| poll.key == first)?;
        let to = from + polls[from..].iter().position(|poll| poll.key == second)?;
        let of = |task: TaskId, polls: &'_ [Poll]| -> Vec<(Resource, Access)> {
            polls.iter().filter(|poll| poll.task == task).flat_map(|poll| poll.touched.clone()).collect()
        };
        let before = of(polls[from].task, &polls[from..to]);
        of(polls[to].task, &polls[to..]).into_iter().find_map(|(resource, after)| {
            let races =
                |(other, access): &&(Resource, Access)| *other == resource && access.races_with(after);
            let (_, access) = before.iter().rfind(races)?;
            Some(Race { name: resources.get(&resource)?.clone(), accesses: [*access, after] })
        })
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
        Needs { facts: needs.facts | FactKinds::POLLS | FactKinds::ACCESSES | FactKinds::NAMES, ..needs }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        self.source.decide(point)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        self.source.pick(ready)
    }

    fn observe(&mut self, fact: &Fact) {
        let noted = &mut *self.noted.0.borrow_mut();
        match *fact {
            Fact::PollBegun { task, key, .. } => noted.polls.push(Poll { task, key, touched: Vec::new() }),
            Fact::Accessed { task, resource, access, .. } => {
                let poll = noted.polls.last_mut().filter(|poll| poll.task == task);
                poll.into_iter().for_each(|poll| poll.touched.push((resource, access)));
            }
            _ => {}
        }
        self.source.observe(fact);
    }

    fn end(&mut self, end: &RunEnd<'_>) {
        self.noted.0.borrow_mut().resources.clone_from(end.resources);
        self.source.end(end);
    }

    fn describe(&self) -> String {
        self.source.describe()
    }
}
