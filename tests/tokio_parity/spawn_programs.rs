//! Programs of tasks, from their spawn to their join.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use futures::future::join_all;
use tokio::sync::{Notify, mpsc, oneshot};

use super::program::{SayDropped, ms, programs, without_id};

programs! {
    async fn a_handle_gives_the_output(log) {
        log.say(rt::spawn(async { 7 }).await.unwrap());
        log.say(rt::task::spawn(async { "eight" }).await.unwrap());
    }

    async fn tasks_begin_in_the_order_of_their_spawns(log) {
        let tasks = [1, 2, 3, 4].map(|number| {
            let log = log.clone();
            rt::spawn(async move { log.say(number) })
        });
        log.say("spawned");
        join_all(tasks).await;
    }

    async fn a_task_does_not_begin_inside_of_spawn(log) {
        let task = rt::spawn({
            let log = log.clone();
            async move { log.say("task") }
        });
        log.say("main");
        rt::task::yield_now().await;
        log.say("yielded");
        task.await.unwrap();
    }

    async fn a_task_spawns_another(log) {
        let outer = rt::spawn({
            let log = log.clone();
            async move {
                let inner = rt::spawn({
                    let log = log.clone();
                    async move {
                        log.say("inner");
                        3
                    }
                });
                log.say("outer");
                inner.await.unwrap() + 1
            }
        });
        log.say(outer.await.unwrap());
    }

    async fn a_task_outlives_who_spawned_it(log) {
        let outer = rt::spawn({
            let log = log.clone();
            async move {
                rt::spawn(async move {
                    rt::time::sleep(ms(5)).await;
                    log.say("inner");
                });
            }
        });
        outer.await.unwrap();
        log.say("outer is over");
        rt::time::sleep(ms(10)).await;
    }

    async fn a_task_goes_on_when_its_handle_is_dropped(log) {
        drop(rt::spawn({
            let log = log.clone();
            async move {
                rt::time::sleep(ms(5)).await;
                log.say("task");
            }
        }));
        rt::time::sleep(ms(10)).await;
        log.say("main");
    }

    async fn a_handle_knows_whether_its_task_has_ended(log) {
        let task = rt::spawn(rt::time::sleep(ms(5)));
        log.say(task.is_finished());
        rt::time::sleep(ms(3)).await;
        log.say(task.is_finished());
        rt::time::sleep(ms(3)).await;
        log.say(task.is_finished());
        task.await.unwrap();
    }

    async fn what_has_ended_is_joined_later(log) {
        let task = rt::spawn(async { 5 });
        rt::time::sleep(ms(3)).await;
        log.say(task.await.unwrap());
    }

    async fn a_panic_is_an_error(log) {
        let error = rt::spawn(async { panic!("no more {}", "rows") }).await.unwrap_err();
        log.say(format_args!("{} {}", error.is_panic(), error.is_cancelled()));
        log.say(without_id(&error));
        log.say(without_id(format_args!("{error:?}")));
        log.say(error.into_panic().downcast_ref::<String>().unwrap());
    }

    async fn a_panic_with_a_literal_has_its_text(log) {
        let error = rt::spawn(async { panic!("a \"quoted\" text") }).await.unwrap_err();
        log.say(without_id(&error));
        log.say(error.try_into_panic().unwrap().downcast_ref::<&str>().unwrap());
    }

    async fn a_panic_without_a_text_has_none(log) {
        let error = rt::spawn(async { std::panic::panic_any(12_u8) }).await.unwrap_err();
        log.say(without_id(&error));
        log.say(without_id(format_args!("{error:?}")));
        log.say(error.into_panic().downcast_ref::<u8>().unwrap());
    }

    async fn an_error_becomes_one_of_input_and_output(log) {
        let error = rt::spawn(async { panic!("gone") }).await.unwrap_err();
        let error = std::io::Error::from(error);
        log.say(format_args!("{:?} {error}", error.kind()));
    }

    async fn a_task_is_dropped_when_it_panics(log) {
        let guard = SayDropped(log.clone(), "guard");
        let error = rt::spawn(async move {
            let _guard = guard;
            rt::time::sleep(ms(2)).await;
            panic!("late");
        });
        log.say(error.await.is_err());
    }

    async fn a_panic_of_the_program_ends_it(log) {
        log.say("before");
        rt::time::sleep(ms(2)).await;
        panic!("the program {}", "panics");
    }

    async fn a_task_is_dropped_before_its_joiner_goes_on(log) {
        let guard = SayDropped(log.clone(), "guard");
        let task = rt::spawn(async move {
            let _guard = guard;
            rt::time::sleep(ms(1)).await;
        });
        task.await.unwrap();
        log.say("joined");
    }

    async fn handles_know_the_ids_of_their_tasks(log) {
        let tasks = [(); 3].map(|()| rt::spawn(async { rt::task::id() }));
        for task in tasks {
            let (id, abort) = (task.id(), task.abort_handle().id());
            log.say(format_args!("{} {}", id == abort, task.await.unwrap() == id));
        }
    }

    async fn ids_of_tasks_differ(log) {
        let (one, two) = (rt::spawn(async {}), rt::spawn(async {}));
        log.say(format_args!("{} {}", one.id() == two.id(), one.id() == one.id()));
        log.say(without_id(one.id()));
        log.say(without_id(format_args!("{:?}", two.id())));
        one.await.unwrap();
        two.await.unwrap();
    }

    async fn an_error_has_the_id_of_its_task(log) {
        let task = rt::spawn(async { panic!("gone") });
        let id = task.id();
        log.say(task.await.unwrap_err().id() == id);
    }

    async fn the_program_itself_has_no_id(log) {
        log.say(rt::task::try_id().is_none());
        log.say(rt::spawn(async { rt::task::try_id().is_some() }).await.unwrap());
        log.say("id");
        log.say(rt::task::id());
    }

    async fn two_tasks_take_turns_by_yielding(log) {
        let tasks = ["a", "b"].map(|name| {
            let log = log.clone();
            rt::spawn(async move {
                for turn in 0..3 {
                    log.say(format_args!("{name}{turn}"));
                    rt::task::yield_now().await;
                }
            })
        });
        join_all(tasks).await;
    }

    async fn who_wakes_itself_goes_behind_the_others(log) {
        let other = rt::spawn({
            let log = log.clone();
            async move { log.say("other") }
        });
        let mut woken = false;
        poll_fn(|context| {
            log.say("poll");
            if std::mem::replace(&mut woken, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        other.await.unwrap();
    }

    async fn a_task_that_is_woken_twice_is_polled_once(log) {
        let waker: Arc<Mutex<Option<Waker>>> = Arc::default();
        let (shared, said) = (Arc::clone(&waker), log.clone());
        let task = rt::spawn(poll_fn(move |context| {
            said.say("poll");
            match shared.lock().unwrap().replace(context.waker().clone()) {
                None => Poll::Pending,
                Some(_) => Poll::Ready(()),
            }
        }));
        rt::time::sleep(ms(1)).await;
        let kept = waker.lock().unwrap().clone().unwrap();
        kept.wake_by_ref();
        kept.wake_by_ref();
        kept.wake();
        task.await.unwrap();
    }

    async fn tasks_run_in_the_order_of_their_wakes(log) {
        let (mut senders, mut tasks) = (Vec::new(), Vec::new());
        for number in 0..4 {
            let (sender, receiver) = oneshot::channel::<()>();
            senders.push(sender);
            let log = log.clone();
            tasks.push(rt::spawn(async move {
                receiver.await.unwrap();
                log.say(number);
            }));
        }
        rt::time::sleep(ms(1)).await;
        for order in [2, 1, 0] {
            senders.remove(order).send(()).unwrap();
        }
        senders.remove(0).send(()).unwrap();
        join_all(tasks).await;
    }

    async fn a_channel_of_one_hands_over_one_by_one(log) {
        let (sender, mut receiver) = mpsc::channel(1);
        let said = log.clone();
        let producer = rt::spawn(async move {
            for number in 0..4 {
                sender.send(number).await.unwrap();
                said.say(format_args!("sent {number}"));
            }
        });
        while let Some(number) = receiver.recv().await {
            log.say(format_args!("got {number}"));
            rt::time::sleep(ms(10)).await;
        }
        producer.await.unwrap();
    }

    async fn a_notification_wakes_one_waiter_after_the_other(log) {
        let notify = Arc::new(Notify::new());
        let waiters = [1, 2, 3].map(|number| {
            let (notify, log) = (Arc::clone(&notify), log.clone());
            rt::spawn(async move {
                notify.notified().await;
                log.say(number);
            })
        });
        for _ in 0..3 {
            rt::time::sleep(ms(1)).await;
            notify.notify_one();
        }
        join_all(waiters).await;
    }

    async fn a_handle_is_joined_by_another_task(log) {
        let task = rt::spawn(async {
            rt::time::sleep(ms(5)).await;
            9
        });
        let joiner = rt::spawn(async move { task.await.unwrap() + 1 });
        log.say(joiner.await.unwrap());
    }

    async fn a_thousand_tasks_sum_up(log) {
        let tasks = (0..1_000_u64).map(|number| {
            rt::spawn(async move {
                rt::time::sleep(ms(number % 10)).await;
                number
            })
        });
        let mut sum = 0;
        for task in tasks.collect::<Vec<_>>() {
            sum += task.await.unwrap();
        }
        log.say(sum);
    }

    async fn a_chain_of_tasks_ends_from_the_inside(log) {
        let mut task = rt::spawn(async { 0 });
        for _ in 0..50 {
            task = rt::spawn(async move { task.await.unwrap() + 1 });
        }
        log.say(task.await.unwrap());
    }

    async fn a_handle_polled_by_two_wakes_the_last(log) {
        let mut task = rt::spawn(rt::time::sleep(ms(5)));
        log.say(rt::time::timeout(ms(1), &mut task).await.is_err());
        let joiner = rt::spawn(task);
        log.say(joiner.await.is_ok());
    }
}
