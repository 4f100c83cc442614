//! Handles of one run in another: they panic with a clear text, or do nothing.

use std::cell::RefCell;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures::poll;
use sim_executor::{
    Crash, Executor, JoinHandle, Node, Outcome, ProductionOrder, RunError, World, context, event, spawn,
    spawn_blocking, stop, time, yield_now,
};

const SECOND: Duration = Duration::from_secs(1);

fn executor() -> Executor {
    Executor::new(ProductionOrder)
}

/// What a future gives in a run of its own.
fn run<F: Future + 'static>(program: F) -> F::Output {
    executor().block_on(program).unwrap()
}

/// What the run says in which a future panics.
fn panic_of<F: Future + 'static>(program: F) -> String {
    match executor().block_on(program) {
        Err(RunError::Panicked(panic)) => panic.message,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nothing has panicked"),
    }
}

fn of_another_run(what: &str) -> String {
    format!(
        "this {what} belongs to another run: make a new one in each run, and keep none in a static or beside the runs"
    )
}

#[test]
fn a_sleep_of_another_run_takes_no_timer_of_this_one_back() {
    let [old] = run(async {
        let mut sleep = Box::pin(time::sleep(100 * SECOND));
        assert!(poll!(sleep.as_mut()).is_pending());
        [sleep]
    });
    let slept = run(async move {
        let mut own = Box::pin(time::sleep(10 * SECOND));
        assert!(poll!(own.as_mut()).is_pending());
        drop(old);
        own.await;
        time::elapsed()
    });
    assert_eq!(slept, 10 * SECOND);
}

#[test]
fn a_sleep_interval_or_timeout_of_another_run_is_refused() {
    let old = || {
        run(async {
            let mut sleep = Box::pin(time::sleep(SECOND));
            assert!(poll!(sleep.as_mut()).is_pending());
            [sleep]
        })
    };
    let [sleep] = old();
    assert_eq!(panic_of(sleep), of_another_run("sleep"));
    let [mut sleep] = old();
    let now = run(async move {
        sleep.as_mut().set(time::sleep(SECOND));
        sleep.await;
        time::elapsed()
    });
    assert_eq!(now, SECOND, "a new one in its place");

    let mut interval = run(async {
        let mut interval = time::interval(SECOND);
        interval.tick().await;
        assert!(poll!(Box::pin(interval.tick())).is_pending());
        interval
    });
    let tick = async move { interval.tick().await };
    assert_eq!(panic_of(tick), of_another_run("sleep"));

    let [timeout] = run(async {
        let mut timeout = Box::pin(time::timeout(SECOND, pending::<()>()));
        assert!(poll!(timeout.as_mut()).is_pending());
        [timeout]
    });
    assert_eq!(panic_of(timeout), of_another_run("sleep"));
}

fn handle_of_another_run() -> JoinHandle<u32> {
    let [handle] = run(async { [spawn(async { 7 })] });
    handle
}

#[test]
fn a_join_handle_of_another_run_cannot_be_awaited_or_asked() {
    let handle = handle_of_another_run();
    let joining = async move {
        let _own = spawn(pending::<()>());
        handle.await.unwrap()
    };
    assert_eq!(panic_of(joining), of_another_run("JoinHandle"));
    let handle = handle_of_another_run();
    assert_eq!(panic_of(async move { handle.is_finished() }), of_another_run("JoinHandle"));
    let handle = handle_of_another_run();
    assert_eq!(panic_of(async move { handle.name().len() }), of_another_run("JoinHandle"));
    let abort = handle_of_another_run().abort_handle();
    assert_eq!(panic_of(async move { abort.is_finished() }), of_another_run("AbortHandle"));
}

#[test]
fn a_handle_of_another_run_aborts_and_detaches_no_task_of_this_one() {
    // The tasks have the same numbers in both runs.
    let mut first = executor();
    let (handles, aborts) = first
        .block_on(async {
            let handles = [(); 3].map(|()| spawn(pending::<()>()));
            let aborts = handles.each_ref().map(JoinHandle::abort_handle);
            (handles, aborts)
        })
        .unwrap();
    let finished = run(async move {
        let own = [(); 3].map(|()| spawn(async { yield_now().await }));
        handles.iter().for_each(JoinHandle::abort);
        aborts.iter().for_each(|abort| abort.abort());
        drop(handles);
        let mut finished = 0;
        for task in own {
            finished += usize::from(task.await.is_ok());
        }
        finished
    });
    assert_eq!(finished, 3);
    assert_eq!(first.pending().len(), 3, "nobody asked for their cancellation in their own run");
}

#[test]
fn a_handle_works_in_all_calls_of_its_run() {
    let mut executor = executor();
    let handle = executor.spawn(async { 5 });
    assert_eq!(executor.block_on(handle).unwrap().unwrap(), 5);
    let node = executor.node("n");
    let on_node = executor.enter(|| node.spawn(async { context::node() == node_id("n") }));
    assert!(executor.block_on(on_node).unwrap().unwrap());
}

fn node_id(name: &str) -> context::NodeId {
    context::node_by_name(name).unwrap()
}

#[test]
fn a_node_of_another_run_tells_its_name_and_does_nothing_else() {
    let alpha = run(async { Node::named("alpha") });
    assert_eq!((alpha.name(), alpha.id().index()), ("alpha", 1));
    let uses: [fn(&Node); 9] = [
        |node| node.crash(Crash::PowerLoss),
        |node| node.freeze(),
        |node| node.thaw(),
        |node| node.restart(),
        |node| node.run(pending),
        |node| node.start_after(SECOND),
        |node| drop(node.spawn(async {})),
        |node| node.step_clock(1),
        |node| assert!(!node.life().is_down()),
    ];
    for what in uses {
        let alpha = alpha.clone();
        let message = panic_of(async move {
            // It has the number of alpha.
            let beta = Node::named("beta");
            let task = beta.spawn(pending::<()>());
            let caught = catch_unwind(AssertUnwindSafe(|| what(&alpha))).unwrap_err();
            assert!(!beta.life().is_down() && !task.is_finished());
            std::panic::resume_unwind(caught)
        });
        assert_eq!(message, of_another_run("Node"));
    }
}

#[test]
fn a_worker_of_another_run_is_given_back_to_nobody() {
    // The future of a blocking function that never ran is dropped by its executor, inside another run.
    let mut old = executor();
    old.enter(|| drop(spawn_blocking(|| event!("never"))));
    let own = run(async move {
        drop(old);
        spawn_blocking(context::node).await.unwrap().index()
    });
    assert_eq!(own, 0, "a worker of this run");
}

#[test]
fn an_executor_that_is_dropped_inside_another_run_drops_its_tasks_in_its_own() {
    struct Tell(Rc<RefCell<Vec<String>>>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.borrow_mut().push(format!("{} at {}", context::current_lineage(), context::now()));
        }
    }
    let told = Rc::new(RefCell::new(Vec::new()));
    let guard = Tell(Rc::clone(&told));
    let mut inner = executor();
    inner
        .block_on(async move {
            drop(spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            }));
            time::sleep(SECOND).await;
        })
        .unwrap();
    let now = run(async move {
        time::sleep(3 * SECOND).await;
        drop(inner);
        assert_eq!(&*context::current_lineage(), "main");
        time::sleep(SECOND).await;
        time::elapsed()
    });
    assert_eq!(now, 4 * SECOND, "the run goes on as before");
    let named = "main/an_executor_that_is_dropped_inside_another_run_drops_its_tasks_in_its_own at 1.000";
    assert_eq!(*told.borrow(), [named]);
}

#[test]
fn a_run_cannot_be_finished_inside_another() {
    let refused = "a run cannot be ended inside a run: finish it where no other goes on";
    let inner = executor();
    assert_eq!(panic_of(async move { inner.finish(Outcome::Done).hash }), refused);
    let inner = executor();
    let into = async move { inner.finish_into(Outcome::Done, &mut World::default()).hash };
    assert_eq!(panic_of(into), refused);
    let inner = executor();
    assert_eq!(panic_of(async move { inner.leave_to(&mut World::default()) }), refused);
}

#[test]
fn the_root_of_a_stopped_call_is_nobodys() {
    let mut executor = executor();
    let stopped = executor.block_on(async {
        stop();
        time::sleep(SECOND).await;
        panic!("nobody awaits me any more");
    });
    assert!(matches!(stopped, Err::<(), _>(RunError::Stopped { .. })));
    let Err(RunError::Panicked(panic)) = executor.block_on(async { time::sleep(5 * SECOND).await }) else {
        panic!("the panic is not told");
    };
    assert_eq!((&*panic.lineage, &*panic.message), ("main", "nobody awaits me any more"));
}

#[test]
fn a_handle_is_not_taken_for_one_of_a_later_task_however_many_there_were() {
    // More than an id of a task has generations.
    const TASKS: u32 = (1 << 20) + 5;
    let aborted = run(async {
        let first = spawn(pending::<()>());
        let old = first.abort_handle();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        let mut aborted = 0;
        for number in 0..TASKS {
            if number.is_multiple_of(10_000) {
                time::sleep(SECOND).await;
            }
            let task = spawn(async {});
            old.abort();
            aborted += u32::from(task.await.is_err());
        }
        aborted
    });
    assert_eq!(aborted, 0);
}

#[test]
fn a_kept_future_of_an_ended_run_is_dropped_without_a_word() {
    type Kept = Pin<Box<dyn Future<Output = ()>>>;
    let kept: Rc<RefCell<Vec<Kept>>> = Rc::default();
    let put = Rc::clone(&kept);
    run(async move {
        let mut all: Vec<Kept> = vec![
            Box::pin(time::sleep(SECOND)),
            Box::pin(async { spawn(pending::<()>()).await.unwrap() }),
            Box::pin(time::block(SECOND)),
        ];
        for future in &mut all {
            assert!(poll!(future.as_mut()).is_pending());
        }
        put.borrow_mut().append(&mut all);
    });
    kept.borrow_mut().clear();
}
