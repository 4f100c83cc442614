//! Tasks as tokio has them.

use std::future::{Future, pending};
use std::time::Duration;

use sim_executor::{
    Config, Executor, JoinSet, LocalSet, ProductionOrder, TaskId, block_in_place, coop, spawn,
    spawn_blocking, time, try_current_id, yield_now,
};

fn run<F: Future + 'static>(future: F) -> F::Output {
    Executor::new(ProductionOrder).block_on(future).unwrap()
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn a_function_that_has_begun_gives_its_value_although_it_was_aborted() {
    run(async {
        let worker = spawn_blocking(|| {
            time::block_now(ms(50));
            1
        });
        time::sleep(ms(5)).await;
        worker.abort();
        assert!(!worker.is_finished());
        assert_eq!(worker.await.ok(), Some(1));
        assert_eq!(time::elapsed(), ms(50));
    });
}

#[test]
fn a_function_that_has_not_begun_is_cancelled() {
    run(async {
        let worker = spawn_blocking(|| 1);
        worker.abort();
        assert!(worker.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn a_handle_that_has_outlived_its_run_does_nothing() {
    let handle = Executor::new(ProductionOrder).enter(|| spawn(pending::<()>()));
    handle.abort();
    assert!(handle.is_finished());
}

/// Notes as which task it is dropped.
struct NoteId(std::rc::Rc<std::cell::Cell<Option<TaskId>>>);

impl Drop for NoteId {
    fn drop(&mut self) {
        self.0.set(try_current_id());
    }
}

#[test]
fn an_output_is_dropped_as_its_task_with_the_handle_or_before() {
    run(async {
        let noted = std::rc::Rc::default();
        let output = NoteId(std::rc::Rc::clone(&noted));
        let handle = spawn(async { output });
        let id = handle.id();
        yield_now().await;
        drop(handle);
        assert_eq!(noted.take(), Some(id));
        assert_eq!(try_current_id(), None, "the future of `block_on` is no task of tokio's");

        let output = NoteId(std::rc::Rc::clone(&noted));
        let id = spawn(async { output }).id();
        yield_now().await;
        assert_eq!(noted.take(), Some(id));
    });
}

#[test]
fn a_yield_needs_no_run() {
    let mut yielding = std::pin::pin!(yield_now());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(yielding.as_mut().poll(&mut context).is_pending());
    assert!(yielding.as_mut().poll(&mut context).is_ready());
}

#[test]
fn the_texts_of_an_error_are_those_of_tokio() {
    run(async {
        let panicked = spawn(async { panic!("out of {}", "bytes") }).await.unwrap_err();
        let id = panicked.id();
        assert_eq!(panicked.to_string(), format!("task {id} panicked with message \"out of bytes\""));
        assert_eq!(format!("{panicked:?}"), format!("JoinError::Panic(Id({id}), \"out of bytes\", ...)"));
        assert_eq!(std::io::Error::from(panicked).to_string(), "task panicked");

        let odd = spawn(async { std::panic::panic_any(7) }).await.unwrap_err();
        assert_eq!(odd.to_string(), format!("task {} panicked", odd.id()));
        assert_eq!(format!("{odd:?}"), format!("JoinError::Panic(Id({}), ...)", odd.id()));
        assert_eq!(odd.try_into_panic().unwrap().downcast_ref(), Some(&7));

        let handle = spawn(pending::<()>());
        handle.abort();
        let cancelled = handle.await.unwrap_err();
        let id = cancelled.id();
        assert_eq!(
            format!("{cancelled} {cancelled:?}"),
            format!("task {id} was cancelled JoinError::Cancelled(Id({id}))")
        );
        let cancelled = cancelled.try_into_panic().unwrap_err();
        assert_eq!(std::io::Error::from(cancelled).to_string(), "task was cancelled");
    });
}

#[test]
#[should_panic(expected = "`JoinError` reason is not a panic.")]
fn a_cancelled_task_has_thrown_nothing() {
    let end = Executor::new(ProductionOrder).block_on(async {
        let handle = spawn(pending::<()>());
        handle.abort();
        drop(handle.await.unwrap_err().into_panic());
    });
    panic!("{}", end.unwrap_err());
}

#[test]
#[should_panic(expected = "can call blocking only when running on the multi-threaded runtime")]
fn a_local_set_does_not_block_in_place() {
    let end = Executor::new(ProductionOrder)
        .block_on(async { LocalSet::new().run_until(async { block_in_place(|| ()) }).await });
    panic!("{}", end.unwrap_err());
}

/// How many of 300 calls of each kind there are before another task has had its turn, with tokio's budget.
fn calls_before_a_yield<F: Future<Output = ()>>(mut call: impl FnMut() -> F + 'static) -> u32 {
    let config = Config { budget: Some(128), ..Config::default() };
    let calls = Executor::with_config(config, ProductionOrder).block_on(async move {
        let other = spawn(async {});
        let mut calls = 0;
        while calls < 300 && !other.is_finished() {
            call().await;
            calls += 1;
        }
        calls
    });
    calls.unwrap()
}

#[test]
fn a_budget_is_used_up_by_what_counts() {
    assert_eq!(calls_before_a_yield(coop::consume_budget), 129);
    assert_eq!(calls_before_a_yield(|| coop::cooperative(std::future::ready(()))), 129);
    assert_eq!(calls_before_a_yield(|| std::future::ready(())), 300);
    assert_eq!(calls_before_a_yield(|| coop::unconstrained(coop::consume_budget())), 300);
}

#[test]
fn a_set_of_tasks_that_have_ended_yields_as_tokios() {
    let config = Config { budget: Some(128), ..Config::default() };
    let joined = Executor::with_config(config, ProductionOrder).block_on(async {
        let mut set: JoinSet<()> = (0..300).map(|_| async {}).collect();
        yield_now().await;
        let other = spawn(async {});
        let mut joined = 0;
        while !other.is_finished() {
            set.join_next().await.unwrap().unwrap();
            joined += 1;
        }
        assert!(coop::has_budget_remaining(), "there is a new one after a yield");
        (joined, std::iter::from_fn(|| set.try_join_next()).count())
    });
    assert_eq!(joined.unwrap(), (129, 171), "what does not wait needs no budget");
}
