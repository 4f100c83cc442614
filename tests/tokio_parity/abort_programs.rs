//! Programs of tasks that are aborted.

use std::future::pending;
use std::sync::{Arc, Mutex};

use super::program::{SayDropped, ms, programs, without_id};

programs! {
    async fn an_aborted_task_is_cancelled(log) {
        let task = rt::spawn(pending::<()>());
        rt::time::sleep(ms(1)).await;
        task.abort();
        let error = task.await.unwrap_err();
        log.say(format_args!("{} {}", error.is_cancelled(), error.is_panic()));
        log.say(without_id(&error));
        log.say(without_id(format_args!("{error:?}")));
        let error = error.try_into_panic().unwrap_err();
        log.say(std::io::Error::from(error));
    }

    async fn a_cancelled_task_has_no_payload(log) {
        let task = rt::spawn(pending::<()>());
        task.abort();
        let error = task.await.unwrap_err();
        log.say("into_panic");
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(error.into_panic())));
        log.say(without_id(caught.unwrap_err().downcast_ref::<String>().unwrap()));
    }

    async fn a_task_that_is_aborted_before_it_begins_never_does(log) {
        let guard = SayDropped(log.clone(), "guard");
        let task = rt::spawn({
            let log = log.clone();
            async move {
                let _guard = guard;
                log.say("begun");
            }
        });
        task.abort();
        log.say("aborted");
        log.say(task.await.unwrap_err().is_cancelled());
    }

    async fn an_aborted_task_is_dropped_where_it_waits(log) {
        let guard = SayDropped(log.clone(), "guard");
        let task = rt::spawn({
            let log = log.clone();
            async move {
                let _guard = guard;
                log.say("begun");
                rt::time::sleep(ms(100)).await;
                log.say("never");
            }
        });
        rt::time::sleep(ms(10)).await;
        task.abort();
        log.say("aborted");
        log.say(task.await.unwrap_err().is_cancelled());
    }

    async fn an_aborted_task_is_not_finished_at_once(log) {
        let task = rt::spawn(pending::<()>());
        rt::time::sleep(ms(1)).await;
        task.abort();
        log.say(task.is_finished());
        rt::task::yield_now().await;
        log.say(task.is_finished());
        log.say(task.await.is_err());
    }

    async fn a_task_that_has_ended_is_not_cancelled(log) {
        let task = rt::spawn(async { 4 });
        rt::time::sleep(ms(1)).await;
        task.abort();
        log.say(task.await.unwrap());
    }

    async fn a_task_that_panicked_is_not_cancelled(log) {
        let task = rt::spawn(async { panic!("first") });
        rt::time::sleep(ms(1)).await;
        task.abort();
        log.say(task.await.unwrap_err().is_panic());
    }

    async fn aborting_twice_is_aborting_once(log) {
        let task = rt::spawn(pending::<()>());
        task.abort();
        task.abort();
        let other = task.abort_handle();
        log.say(task.await.unwrap_err().is_cancelled());
        other.abort();
        log.say(other.is_finished());
    }

    async fn an_abort_handle_is_cloned(log) {
        let task = rt::spawn(pending::<()>());
        let two = {
            let one = task.abort_handle();
            one.clone()
        };
        log.say(two.is_finished());
        two.abort();
        log.say(task.await.is_err());
        log.say(two.is_finished());
    }

    async fn an_abort_handle_does_not_keep_its_task(log) {
        let task = rt::spawn(rt::time::sleep(ms(5)));
        let abort = task.abort_handle();
        drop(task);
        rt::time::sleep(ms(4)).await;
        log.say(abort.is_finished());
        rt::time::sleep(ms(4)).await;
        log.say(abort.is_finished());
    }

    async fn a_detached_task_is_aborted(log) {
        let guard = SayDropped(log.clone(), "guard");
        let abort = rt::spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        })
        .abort_handle();
        rt::time::sleep(ms(5)).await;
        abort.abort();
        rt::time::sleep(ms(1)).await;
        log.say(abort.is_finished());
    }

    async fn a_task_that_aborts_itself_goes_on_to_its_next_await(log) {
        let own: Arc<Mutex<Option<rt::task::AbortHandle>>> = Arc::default();
        let task = rt::spawn({
            let (own, log) = (Arc::clone(&own), log.clone());
            async move {
                own.lock().unwrap().take().unwrap().abort();
                log.say("aborted");
                rt::task::yield_now().await;
                log.say("never");
            }
        });
        *own.lock().unwrap() = Some(task.abort_handle());
        log.say(task.await.unwrap_err().is_cancelled());
    }

    async fn a_task_that_aborts_itself_and_ends_gives_its_value(log) {
        let own: Arc<Mutex<Option<rt::task::AbortHandle>>> = Arc::default();
        let task = rt::spawn({
            let own = Arc::clone(&own);
            async move {
                own.lock().unwrap().take().unwrap().abort();
                6
            }
        });
        *own.lock().unwrap() = Some(task.abort_handle());
        log.say(task.await.unwrap());
    }

    async fn a_task_that_wakes_at_the_time_of_its_abort_is_cancelled(log) {
        let task = rt::spawn({
            let log = log.clone();
            async move {
                rt::time::sleep(ms(5)).await;
                log.say("never");
            }
        });
        rt::time::sleep(ms(4)).await;
        task.abort();
        rt::time::sleep(ms(3)).await;
        log.say(task.await.is_err());
    }

    async fn who_awaits_an_aborted_task_is_woken(log) {
        let task = rt::spawn(pending::<()>());
        let abort = task.abort_handle();
        let joiner = rt::spawn({
            let log = log.clone();
            async move {
                let end = task.await;
                log.say(end.unwrap_err().is_cancelled());
            }
        });
        rt::time::sleep(ms(7)).await;
        abort.abort();
        joiner.await.unwrap();
    }

    async fn children_of_an_aborted_task_go_on(log) {
        let parent = rt::spawn({
            let log = log.clone();
            async move {
                rt::spawn(async move {
                    rt::time::sleep(ms(10)).await;
                    log.say("child");
                });
                pending::<()>().await;
            }
        });
        rt::time::sleep(ms(1)).await;
        parent.abort();
        log.say(parent.await.is_err());
        rt::time::sleep(ms(20)).await;
    }

    async fn a_drop_of_an_aborted_task_spawns(log) {
        struct SpawnInDrop(super::super::program::Log);
        impl Drop for SpawnInDrop {
            fn drop(&mut self) {
                let log = self.0.clone();
                drop(rt::spawn(async move { log.say("spawned in a drop") }));
            }
        }
        let guard = SpawnInDrop(log.clone());
        let task = rt::spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        rt::time::sleep(ms(1)).await;
        task.abort();
        log.say(task.await.is_err());
        rt::time::sleep(ms(1)).await;
        log.say("end");
    }

    async fn a_guard_aborts_its_task_when_it_is_dropped(log) {
        struct AbortOnDrop(rt::task::JoinHandle<()>);
        impl Drop for AbortOnDrop {
            fn drop(&mut self) {
                self.0.abort();
            }
        }
        let inner = SayDropped(log.clone(), "inner");
        let guard = AbortOnDrop(rt::spawn(async move {
            let _inner = inner;
            pending::<()>().await;
        }));
        rt::time::sleep(ms(3)).await;
        drop(guard);
        log.say("guard is dropped");
        rt::time::sleep(ms(3)).await;
    }
}
