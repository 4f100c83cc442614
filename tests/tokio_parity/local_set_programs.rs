//! Programs of local sets.

use std::future::pending;
use std::rc::Rc;

use super::program::{SayDropped, ms, programs, without_id};

programs! {
    async fn a_local_task_is_not_sent(log) {
        let local = rt::task::LocalSet::new();
        let shared = Rc::new(5);
        let output = local
            .run_until(async move { rt::task::spawn_local(async move { *shared }).await.unwrap() })
            .await;
        log.say(output);
    }

    async fn a_local_task_outside_of_a_set_panics(log) {
        log.say("before");
        let caught = std::panic::catch_unwind(|| drop(rt::task::spawn_local(async {})));
        let thrown = caught.unwrap_err();
        let text = thrown.downcast_ref::<String>().map(String::as_str).or(thrown.downcast_ref().copied());
        log.say(text.unwrap().split(';').next().unwrap());
    }

    async fn a_set_that_is_awaited_runs_its_tasks(log) {
        let local = rt::task::LocalSet::new();
        for after in [8, 4] {
            let log = log.clone();
            local.spawn_local(async move {
                rt::time::sleep(ms(after)).await;
                log.say(after);
            });
        }
        local.await;
        log.say("all");
    }

    async fn a_set_that_nobody_drives_runs_nothing(log) {
        let local = rt::task::LocalSet::new();
        let said = log.clone();
        local.spawn_local(async move { said.say("task") });
        rt::time::sleep(ms(5)).await;
        log.say("nothing yet");
        local.await;
        log.say("all");
    }

    async fn a_set_runs_only_while_it_is_driven(log) {
        let local = rt::task::LocalSet::new();
        let said = log.clone();
        local.spawn_local(async move {
            for _ in 0..3 {
                said.say("task");
                rt::time::sleep(ms(4)).await;
            }
        });
        local.run_until(rt::time::sleep(ms(5))).await;
        log.say("driven no more");
        rt::time::sleep(ms(20)).await;
        log.say("driven again");
        local.run_until(rt::time::sleep(ms(5))).await;
        log.say("end");
    }

    async fn a_local_task_spawns_another(log) {
        let local = rt::task::LocalSet::new();
        let said = log.clone();
        local.spawn_local(async move {
            let inner = rt::task::spawn_local(async { Rc::new(2) });
            said.say(inner.await.unwrap());
        });
        local.await;
        log.say("all");
    }

    async fn a_set_that_is_dropped_drops_its_tasks_at_once(log) {
        let local = rt::task::LocalSet::new();
        let guard = SayDropped(log.clone(), "guard");
        let task = local.spawn_local(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        local.run_until(rt::time::sleep(ms(3))).await;
        drop(local);
        log.say("set is dropped");
        log.say(task.await.unwrap_err().is_cancelled());
    }

    async fn a_set_is_dropped_before_its_tasks_begin(log) {
        let local = rt::task::LocalSet::new();
        let guard = SayDropped(log.clone(), "guard");
        let task = local.spawn_local(async move {
            let _guard = guard;
        });
        drop(local);
        log.say("set is dropped");
        log.say(task.await.unwrap_err().is_cancelled());
    }

    async fn a_set_is_entered(log) {
        let local = rt::task::LocalSet::new();
        let task = {
            let _guard = local.enter();
            rt::task::spawn_local(async { 6 })
        };
        local.await;
        log.say(task.await.unwrap());
    }

    async fn a_local_task_is_aborted(log) {
        let local = rt::task::LocalSet::new();
        let guard = SayDropped(log.clone(), "guard");
        let task = local.spawn_local(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        local
            .run_until(async {
                rt::time::sleep(ms(1)).await;
                task.abort();
                log.say(task.await.unwrap_err().is_cancelled());
            })
            .await;
    }

    async fn a_local_task_panics(log) {
        let local = rt::task::LocalSet::new();
        let task = local.spawn_local(async { panic!("local") });
        log.say(local.run_until(task).await.unwrap_err().is_panic());
    }

    async fn local_tasks_in_a_set_of_tasks(log) {
        let local = rt::task::LocalSet::new();
        let said = log.clone();
        local
            .run_until(async move {
                let mut set = rt::task::JoinSet::new();
                for after in [6, 2] {
                    let shared = Rc::new(after);
                    set.spawn_local(async move {
                        rt::time::sleep(ms(*shared)).await;
                        *shared
                    });
                }
                while let Some(joined) = set.join_next().await {
                    said.say(joined.unwrap());
                }
            })
            .await;
        let mut set = rt::task::JoinSet::new();
        set.spawn_local_on(async { 9 }, &local);
        log.say(local.run_until(set.join_next()).await.unwrap().unwrap());
    }

    async fn a_drop_that_panics_with_its_set_is_a_panic_of_its_task(log) {
        struct PanicInDrop;
        impl Drop for PanicInDrop {
            fn drop(&mut self) {
                panic!("in a drop");
            }
        }
        let local = rt::task::LocalSet::new();
        let task = local.spawn_local(async {
            let _guard = PanicInDrop;
            pending::<()>().await;
        });
        local.run_until(rt::time::sleep(ms(1))).await;
        drop(local);
        log.say("set is dropped");
        log.say(without_id(task.await.unwrap_err()));
    }

    async fn the_future_of_a_set_goes_first(log) {
        let local = rt::task::LocalSet::new();
        let said = log.clone();
        local.spawn_local(async move { said.say("task") });
        local
            .run_until(async {
                log.say("future");
                rt::task::yield_now().await;
                log.say("future again");
            })
            .await;
    }
}
