//! A place where a number of tasks wait for each other: `asyncio.Barrier` of Python 3.11.

use std::cell::Cell;
use std::rc::Rc;

use crate::condition::Condition;
use crate::exc::Exc;

/// A barrier: who comes waits until so many have come, then all go on, and it can be used again. Cloning gives another
/// reference.
///
/// ```
/// use sim_asyncio::{Barrier, Runner, create_task, gather};
/// use sim_executor::{Executor, ProductionOrder};
///
/// let mut executor = Executor::new(ProductionOrder);
/// let mut asyncio = Runner::new(&mut executor);
/// let main = asyncio.create_task("main", async {
///     let barrier = Barrier::new(3)?;
///     let tasks = [0, 1, 2].map(|n| {
///         let barrier = barrier.clone();
///         create_task(format!("task {n}"), async move { barrier.wait().await })
///     });
///     gather(tasks).await
/// });
/// assert_eq!(asyncio.run_until_complete(&main).unwrap(), Ok(vec![0, 1, 2]));
/// ```
#[derive(Clone)]
pub struct Barrier(Rc<State>);

struct State {
    condition: Condition,
    parties: usize,
    phase: Cell<Phase>,
    /// How many tasks are inside.
    count: Cell<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Filling,
    Draining,
    Resetting,
    Broken,
}

/// A barrier cannot be one for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parties must be > 0")]
pub struct NoParties;

impl From<NoParties> for Exc {
    fn from(error: NoParties) -> Self {
        Exc::raised("ValueError", error)
    }
}

/// `BrokenBarrierError`.
fn broken(message: &str) -> Exc {
    Exc::raised("BrokenBarrierError", message)
}

impl Barrier {
    /// A barrier for so many tasks.
    ///
    /// # Errors
    /// When they are none.
    pub fn new(parties: usize) -> Result<Self, NoParties> {
        if parties == 0 {
            return Err(NoParties);
        }
        Ok(Barrier(Rc::new(State {
            condition: Condition::new(),
            parties,
            phase: Cell::new(Phase::Filling),
            count: Cell::new(0),
        })))
    }

    /// How many tasks it waits for.
    #[must_use]
    pub fn parties(&self) -> usize {
        self.0.parties
    }

    /// How many tasks wait for others to come: `n_waiting`. Zero while those who have met leave.
    #[must_use]
    pub fn waiting(&self) -> usize {
        if self.0.phase.get() == Phase::Filling { self.0.count.get() } else { 0 }
    }

    /// Whether it was aborted.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.phase.get() == Phase::Broken
    }

    /// Waits until all have come; gives the place of this task in the order of arrival, from zero. A task that comes while
    /// others still leave waits for them first.
    ///
    /// # Errors
    /// [`Exc::Cancelled`]; `BrokenBarrierError` when it is aborted, or reset meanwhile.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn wait(&self) -> Result<usize, Exc> {
        let state = &*self.0;
        state.condition.with(state.meet()).await
    }

    /// Makes it new: who waits gets a `BrokenBarrierError`.
    ///
    /// # Errors
    /// [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn reset(&self) -> Result<(), Exc> {
        let state = &*self.0;
        let reset = async {
            state.phase.set(if state.count.get() > 0 { Phase::Resetting } else { Phase::Filling });
            Ok(state.condition.notify_all()?)
        };
        state.condition.with(reset).await
    }

    /// Breaks it: who waits, and who comes later, gets a `BrokenBarrierError`.
    ///
    /// # Errors
    /// [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn abort(&self) -> Result<(), Exc> {
        let state = &*self.0;
        let abort = async {
            state.phase.set(Phase::Broken);
            Ok(state.condition.notify_all()?)
        };
        state.condition.with(abort).await
    }
}

impl State {
    /// With the lock of the condition.
    async fn meet(&self) -> Result<usize, Exc> {
        self.condition.wait_for(|| !matches!(self.phase.get(), Phase::Draining | Phase::Resetting)).await?;
        if self.phase.get() == Phase::Broken {
            return Err(broken("Barrier aborted"));
        }
        let index = self.count.get();
        self.count.set(index + 1);
        let met = if index + 1 == self.parties {
            self.phase.set(Phase::Draining);
            self.condition.notify_all().map_err(Exc::from)
        } else {
            self.wait_for_others().await
        };
        self.count.set(self.count.get() - 1);
        if self.count.get() == 0 {
            if matches!(self.phase.get(), Phase::Resetting | Phase::Draining) {
                self.phase.set(Phase::Filling);
            }
            self.condition.notify_all()?;
        }
        met.map(|()| index)
    }

    async fn wait_for_others(&self) -> Result<(), Exc> {
        self.condition.wait_for(|| self.phase.get() != Phase::Filling).await?;
        match self.phase.get() {
            Phase::Broken | Phase::Resetting => Err(broken("Abort or reset of barrier")),
            Phase::Filling | Phase::Draining => Ok(()),
        }
    }
}
