//! Memory that is used by one run after the other.

use std::rc::Rc;

use super::tear_down::Afterwards;
use super::{Executor, Outcome, Report};
use crate::choice::Source;
use crate::config::Config;
use crate::run::Run;

/// Memory that is used by one run after the other, such as those of a sweep on one thread. A small run spends a part of its time
/// on allocating; in a world it finds what the run before has allocated.
///
/// A world keeps memory, and never what was in it, except for what no run can tell from new: the names of nodes, which are used again
/// by nodes that are called the same, and which types futures had. So a run in a world is equal to one without. What it keeps is bounded.
/// It is always optional: an executor that is dropped leaves nothing, and the next run begins with an empty world.
///
/// ```
/// use sim_executor::{Config, Executor, KeyedRandom, Outcome, World, choose, spawn};
///
/// let mut world = World::default();
/// let mut hash = |seed| {
///     let source = Box::new(KeyedRandom::new(seed));
///     let mut executor = Executor::in_world(Config::default(), source, &mut world);
///     executor.block_on(async { spawn(async { choose(6) }).await.unwrap() }).unwrap();
///     executor.finish_into(Outcome::Done, &mut world).hash
/// };
/// let first = hash(1);
/// hash(2);
/// assert_eq!(hash(1), first);
/// ```
#[derive(Default)]
pub struct World {
    /// The last run, as one that has not begun.
    renewed: Option<Rc<Run>>,
}

impl World {
    /// Keeps the memory of a run that was torn down. If anybody else holds the run, or it holds what could not be dropped, nothing is
    /// kept of it.
    fn keep(&mut self, ended: Executor) {
        let mut run = Rc::clone(&ended.run);
        drop(ended);
        self.renewed = Rc::get_mut(&mut run).is_some_and(Run::renew).then_some(run);
    }
}

impl Executor {
    /// A run that uses the memory of a world. The executor has that memory until [`Executor::finish_into`] gives it back.
    #[must_use]
    pub fn in_world(config: Config, source: Box<dyn Source>, world: &mut World) -> Self {
        Executor::begin(&config, source, world.renewed.take())
    }

    /// [`Executor::finish`], after which the memory of the run is the world's.
    ///
    /// # Panics
    /// Inside a run.
    #[must_use]
    pub fn finish_into(mut self, outcome: Outcome, world: &mut World) -> Report {
        let report = self.report(outcome, Afterwards::Keep);
        world.keep(self);
        report
    }

    /// Ends the run without a report, which costs a small run some time; its memory is the world's then.
    ///
    /// # Panics
    /// Inside a run.
    pub fn leave_to(mut self, world: &mut World) {
        self.assert_outside();
        self.tear_down(Afterwards::Keep);
        world.keep(self);
    }
}
