//! Panics of code that is no task's: each ends the run as its failure, and none leaves it.

use std::any::Any;
use std::cell::Cell;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use sim_executor::{
    Crash, Device, Executor, Instant, JoinHandle, KeyedRandom, Label, Node, NodeId, Outcome, Point,
    ProductionOrder, RestartOnPanic, RunError, Source, Value, World, context, spawn, spawn_named, time,
    yield_now,
};

const SECOND: Duration = Duration::from_secs(1);

fn executor() -> Executor {
    Executor::new(ProductionOrder)
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{}", self.0);
        }
    }
}

/// Where a device panics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Nowhere,
    NextDue,
    Fire,
    MayWake,
    Describe,
    NodeCrashed,
    Leave,
    Drop,
}

struct Faulty {
    place: Place,
    fired: Cell<bool>,
}

impl Faulty {
    fn at(&self, place: Place) {
        // Whatever is borrowed, it is not the run.
        if context::in_run() {
            context::event(format_args!("{place:?}"));
            drop(spawn(async {}));
            context::install_device(Rc::new(Faulty { place: Place::Nowhere, fired: Cell::new(true) }));
        }
        assert!(self.place != place, "the device panics in {place:?}");
    }
}

impl Device for Faulty {
    fn next_due(&self) -> Option<Instant> {
        if self.place == Place::NextDue {
            self.at(Place::NextDue);
        }
        match self.place {
            // Again and again, so that the run asks whether that can come to something.
            Place::MayWake => Some(context::now() + SECOND),
            _ => (!self.fired.get()).then_some(Instant::START + SECOND),
        }
    }

    fn fire(&self, _: Instant) {
        if self.place != Place::MayWake {
            self.at(Place::Fire);
        }
    }

    fn may_wake(&self) -> bool {
        if self.place == Place::MayWake {
            self.at(Place::MayWake);
        }
        true
    }

    fn describe(&self, _: u64) -> String {
        if self.place == Place::Describe {
            self.at(Place::Describe);
        }
        String::new()
    }

    fn node_crashed(&self, _: NodeId, _: Crash) {
        self.at(Place::NodeCrashed);
    }

    fn leave(self: Rc<Self>) -> Option<Rc<dyn Any>> {
        if self.place == Place::Leave {
            self.at(Place::Leave);
        }
        None
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        if self.place == Place::Drop {
            self.at(Place::Drop);
        }
    }
}

/// How a run ends whose device panics there.
fn outcome_with(place: Place) -> Outcome {
    let mut world = World::default();
    let mut executor =
        Executor::in_world(sim_executor::Config::default(), Box::new(ProductionOrder), &mut world);
    let fired = Cell::new(!matches!(place, Place::Fire));
    executor.enter(|| context::install_device(Rc::new(Faulty { place, fired })));
    let ended = executor.block_on(async move {
        let node = Node::named("n");
        drop(node.spawn(pending::<()>()));
        match place {
            Place::Fire => time::sleep(5 * SECOND).await,
            Place::NodeCrashed => node.crash_later(),
            _ => {}
        }
        if matches!(place, Place::MayWake | Place::NodeCrashed | Place::Describe) {
            context::wait_at(Label::new("faulty"), 7);
            std::future::poll_fn(|_| {
                context::wait_at(Label::new("faulty"), 7);
                Poll::<()>::Pending
            })
            .await;
        }
    });
    let outcome = ended.map_or_else(Outcome::from, |()| Outcome::Done);
    executor.finish_into(outcome, &mut world).outcome
}

trait CrashLater {
    fn crash_later(&self);
}

impl CrashLater for Node {
    fn crash_later(&self) {
        self.start_after(3 * SECOND);
        self.schedule(sim_executor::Outage {
            kind: Crash::ProcessKill,
            after: SECOND,
            within: SECOND,
            ..sim_executor::Outage::default()
        });
    }
}

#[test]
fn a_device_that_panics_fails_the_run_wherever_that_is() {
    let places = [
        Place::NextDue,
        Place::Fire,
        Place::MayWake,
        Place::Describe,
        Place::NodeCrashed,
        Place::Leave,
        Place::Drop,
    ];
    for place in places {
        let outcome = outcome_with(place);
        let Outcome::Error(RunError::PanickedOutside(panic)) = &outcome else {
            panic!("{place:?}: {outcome}");
        };
        assert_eq!(panic.message, format!("the device panics in {place:?}"), "and nothing was borrowed");
        assert_eq!(outcome.word(), "panic");
    }
    assert_eq!(outcome_with(Place::Nowhere), Outcome::Done);
}

/// A waker of another library, which panics when it is woken, or when the last of its clones is dropped.
struct Ring {
    wakes: bool,
    _bomb: Option<Bomb>,
}

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        assert!(!self.wakes, "the waker panics");
    }
}

fn foreign(wakes: bool, bomb: Option<Bomb>) -> Waker {
    Waker::from(Arc::new(Ring { wakes, _bomb: bomb }))
}

/// Polls a future with a waker of another library.
struct With<F>(Pin<Box<F>>, Option<Waker>);

impl<F: Future> Future for With<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<F::Output> {
        let With(future, waker) = &mut *self;
        let waker = waker.take().unwrap_or_else(|| Waker::noop().clone());
        future.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

fn outside(result: Result<(), RunError>) -> String {
    match result {
        Err(RunError::PanickedOutside(panic)) => panic.message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_foreign_waker_that_panics_when_it_is_woken_fails_the_run() {
    let sleeping = async {
        drop(spawn(With(Box::pin(time::sleep(SECOND)), Some(foreign(true, None)))));
        time::sleep(2 * SECOND).await;
    };
    assert_eq!(outside(executor().block_on(sleeping)), "the waker panics");
    let joining = async {
        let slept = spawn(time::sleep(SECOND));
        drop(spawn(With(Box::pin(slept), Some(foreign(true, None)))));
        time::sleep(2 * SECOND).await;
    };
    assert_eq!(outside(executor().block_on(joining)), "the waker panics");
}

#[test]
fn a_foreign_waker_that_panics_when_it_is_dropped_at_the_end_fails_the_run() {
    let mut executor = executor();
    let done = executor.block_on(async {
        // Its task has ended, so only the timer has the waker.
        let bomb = Some(Bomb("the waker is dropped"));
        let mut sleep = Box::pin(With(Box::pin(time::sleep(SECOND)), Some(foreign(false, bomb))));
        assert!(futures::poll!(sleep.as_mut()).is_pending());
        std::mem::forget(sleep);
    });
    done.unwrap();
    let report = executor.finish(Outcome::Done);
    let Outcome::Error(RunError::PanickedOutside(panic)) = report.outcome else {
        panic!("{}", report.outcome);
    };
    assert_eq!(panic.message, "the waker is dropped");
}

/// A waker that spawns a task in everything that can be done with it.
mod busy {
    use super::*;

    pub(super) struct Spawner;

    impl Drop for Spawner {
        fn drop(&mut self) {
            if context::in_run() {
                drop(spawn(async {}));
            }
        }
    }

    pub(super) struct Spawning(pub(super) Spawner);

    impl Wake for Spawning {
        fn wake(self: Arc<Self>) {
            drop(spawn(async {}));
        }
    }
}

#[test]
fn nothing_is_borrowed_while_a_foreign_waker_runs_code() {
    let waker = || Some(Waker::from(Arc::new(busy::Spawning(busy::Spawner))));
    let done = executor().block_on(async move {
        // A full queue of timers, a timer that another poll takes over, a handle that is given up.
        let mut sleep = pin!(With(Box::pin(time::sleep(SECOND)), waker()));
        assert!(futures::poll!(sleep.as_mut()).is_pending());
        sleep.1 = waker();
        assert!(futures::poll!(sleep.as_mut()).is_pending());
        let handle: JoinHandle<()> = spawn(pending());
        let mut joining = Box::pin(With(Box::pin(handle), waker()));
        assert!(futures::poll!(joining.as_mut()).is_pending());
        joining.1 = waker();
        assert!(futures::poll!(joining.as_mut()).is_pending());
        drop(joining);
        time::sleep(2 * SECOND).await;
    });
    done.unwrap();
}

#[test]
fn a_source_that_panics_fails_the_run() {
    struct Broken;
    impl Source for Broken {
        fn decide(&mut self, _: &Point<'_>) -> Option<Value> {
            panic!("the source has no answer")
        }
        fn describe(&self) -> String {
            String::new()
        }
    }
    let mut executor = Executor::new(Broken);
    let ended = executor.block_on(async {
        let tasks = [(); 3].map(|()| spawn(yield_now()));
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(outside(ended), "the source has no answer");
}

/// The panic of a run that ends well otherwise.
fn panic_at_the_end<F: Future<Output = ()> + 'static>(program: F) -> (String, String) {
    let mut executor = executor();
    executor.block_on(program).unwrap();
    let report = executor.finish(Outcome::Done);
    match report.outcome {
        Outcome::Error(RunError::Panicked(panic)) => (panic.lineage.to_string(), panic.message),
        other => panic!("{other}"),
    }
}

#[test]
fn a_future_that_panics_when_it_is_dropped_at_the_end_fails_the_run_by_name() {
    let panic = panic_at_the_end(async {
        let bomb = Bomb("the future is dropped");
        drop(spawn_named("waits", async move {
            let _bomb = bomb;
            pending::<()>().await;
        }));
        yield_now().await;
    });
    assert_eq!(panic, ("main/waits".to_string(), "the future is dropped".to_string()));
}

#[test]
fn an_output_that_panics_when_it_is_dropped_at_the_end_fails_the_run_by_name() {
    let panic = panic_at_the_end(async {
        let handle = spawn_named("gives", async { Bomb("the output is dropped") });
        yield_now().await;
        std::mem::forget(handle);
    });
    assert_eq!(panic, ("main/gives".to_string(), "the output is dropped".to_string()));
}

#[test]
fn an_output_that_panics_when_it_is_dropped_fails_the_run_and_not_who_gives_it_up() {
    let gives = || spawn_named("gives", async { Bomb("the output is dropped") });
    for detached_before_the_end in [true, false] {
        let mut executor = executor();
        let ended = executor.block_on(async move {
            let handle = gives();
            if detached_before_the_end {
                drop(handle);
            } else {
                yield_now().await;
                drop(handle);
            }
            yield_now().await;
        });
        let Err(RunError::Panicked(panic)) = ended else { panic!("{ended:?}") };
        assert_eq!((&*panic.lineage, &*panic.message), ("main/gives", "the output is dropped"));
    }
}

#[test]
fn a_program_of_a_node_that_panics_when_it_is_dropped_fails_the_run() {
    let mut executor = executor();
    let bomb = Bomb("the program is dropped");
    executor.enter(|| {
        Node::named("n").run(move || {
            let _ = &bomb;
            async {}
        });
    });
    executor.run_until_idle().unwrap();
    let outcome = executor.finish(Outcome::Done).outcome;
    let Outcome::Error(RunError::PanickedOutside(panic)) = outcome else { panic!("{outcome}") };
    assert_eq!(panic.message, "the program is dropped");
    assert_eq!(panic.during, "in what was dropped at the end of the run");
}

#[test]
fn a_failure_of_the_program_comes_before_what_panics_at_the_end() {
    let mut executor = executor();
    executor
        .block_on(async {
            let bomb = Bomb("later");
            drop(spawn(async move {
                let _bomb = bomb;
                pending::<()>().await;
            }));
            yield_now().await;
        })
        .unwrap();
    let failed = Outcome::Failed { message: "first".to_string() };
    assert_eq!(executor.finish(failed.clone()).outcome, failed);
}

#[test]
fn a_drop_that_panics_on_a_node_that_survives_panics_restarts_it() {
    let mut executor = Executor::new(KeyedRandom::new(1));
    let starts = executor.block_on(async {
        let node = Node::named("n");
        node.restart_on_panic(RestartOnPanic::default());
        drop(node.spawn(async { Bomb("the output is dropped") }));
        time::sleep(5 * SECOND).await;
        node.starts()
    });
    assert_eq!(starts.unwrap(), 1);
    assert_eq!(executor.finish(Outcome::Done).survived.len(), 1);
}

#[test]
fn a_drop_that_panics_when_its_node_crashes_is_nobodys_as_no_real_kill_runs_it() {
    let mut executor = executor();
    executor
        .block_on(async {
            let node = Node::named("n");
            let bomb = Bomb("the process is killed");
            drop(node.spawn(async move {
                let _bomb = bomb;
                pending::<()>().await;
            }));
            yield_now().await;
            node.crash(Crash::ProcessKill);
        })
        .unwrap();
    assert!(executor.finish(Outcome::Done).outcome.is_done());
}

#[test]
fn an_executor_that_is_dropped_swallows_what_panics_at_its_end() {
    let mut executor = executor();
    executor
        .block_on(async {
            let bomb = Bomb("nobody asks for a report");
            drop(spawn(async move {
                let _bomb = bomb;
                pending::<()>().await;
            }));
            yield_now().await;
        })
        .unwrap();
    drop(executor);
}
