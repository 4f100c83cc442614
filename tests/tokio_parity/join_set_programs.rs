//! Programs of sets of tasks.

use std::future::{pending, poll_fn};
use std::task::Poll;

use super::program::{SayDropped, ms, programs, without_id};

programs! {
    async fn an_empty_set_has_no_next(log) {
        let mut set: rt::task::JoinSet<()> = rt::task::JoinSet::new();
        log.say(format_args!("{} {}", set.len(), set.is_empty()));
        log.say(set.join_next().await.is_none());
        log.say(set.try_join_next().is_none());
        log.say(format_args!("{set:?}"));
    }

    async fn tasks_are_joined_in_the_order_of_their_ends(log) {
        let mut set = rt::task::JoinSet::new();
        for after in [30, 10, 20, 40] {
            set.spawn(async move {
                rt::time::sleep(ms(after)).await;
                after
            });
        }
        while let Some(joined) = set.join_next().await {
            log.say(format_args!("{} of {}", joined.unwrap(), set.len()));
        }
    }

    async fn tasks_that_end_together_are_joined_in_their_order(log) {
        let mut set = rt::task::JoinSet::new();
        for number in 0..6 {
            set.spawn(async move { number });
        }
        while let Some(joined) = set.join_next().await {
            log.say(joined.unwrap());
        }
    }

    async fn a_set_is_asked_without_waiting(log) {
        let mut set = rt::task::JoinSet::new();
        set.spawn(async { 1 });
        log.say(set.try_join_next().is_none());
        rt::time::sleep(ms(1)).await;
        log.say(set.try_join_next().unwrap().unwrap());
        log.say(set.try_join_next().is_none());
    }

    async fn ids_come_with_the_outputs(log) {
        let mut set = rt::task::JoinSet::new();
        let one = set.spawn(async { 1 }).id();
        let (id, output) = set.join_next_with_id().await.unwrap().unwrap();
        log.say(format_args!("{} {output}", id == one));
        let two = set.spawn(async { panic!("two") }).id();
        let error = set.join_next_with_id().await.unwrap().unwrap_err();
        log.say(error.id() == two);
        let three = set.spawn(async { 3 }).id();
        rt::time::sleep(ms(1)).await;
        log.say(set.try_join_next_with_id().unwrap().unwrap().0 == three);
    }

    async fn a_panic_is_the_error_of_one(log) {
        let mut set = rt::task::JoinSet::new();
        set.spawn(async { panic!("one") });
        set.spawn(async { 2 });
        let error = set.join_next().await.unwrap().unwrap_err();
        log.say(without_id(error));
        log.say(set.join_next().await.unwrap().unwrap());
    }

    async fn one_task_of_a_set_is_aborted(log) {
        let mut set = rt::task::JoinSet::new();
        let abort = set.spawn(pending::<()>());
        set.spawn(rt::time::sleep(ms(5)));
        abort.abort();
        log.say(set.join_next().await.unwrap().unwrap_err().is_cancelled());
        log.say(set.join_next().await.unwrap().is_ok());
    }

    async fn all_tasks_of_a_set_are_aborted(log) {
        let mut set = rt::task::JoinSet::new();
        for _ in 0..3 {
            set.spawn(pending::<()>());
        }
        set.abort_all();
        log.say(set.len());
        while let Some(joined) = set.join_next().await {
            log.say(joined.unwrap_err().is_cancelled());
        }
    }

    async fn what_has_ended_before_the_abort_gives_its_value(log) {
        let mut set = rt::task::JoinSet::new();
        set.spawn(async { 1 });
        rt::time::sleep(ms(1)).await;
        set.spawn(async { 2 });
        set.abort_all();
        log.say(set.join_next().await.unwrap().is_ok());
        log.say(set.join_next().await.unwrap().is_ok());
    }

    async fn a_set_is_shut_down(log) {
        let mut set = rt::task::JoinSet::new();
        for name in ["a", "b"] {
            let guard = SayDropped(log.clone(), name);
            set.spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
        }
        rt::time::sleep(ms(2)).await;
        set.shutdown().await;
        log.say(set.is_empty());
    }

    async fn a_set_that_is_dropped_aborts_its_tasks(log) {
        let mut set = rt::task::JoinSet::new();
        let guard = SayDropped(log.clone(), "guard");
        set.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        rt::time::sleep(ms(2)).await;
        drop(set);
        log.say("set is dropped");
        rt::time::sleep(ms(1)).await;
    }

    async fn a_set_is_detached_from_its_tasks(log) {
        let mut set = rt::task::JoinSet::new();
        let said = log.clone();
        set.spawn(async move {
            rt::time::sleep(ms(5)).await;
            said.say("task");
        });
        set.detach_all();
        log.say(set.len());
        drop(set);
        rt::time::sleep(ms(10)).await;
    }

    async fn all_outputs_of_a_set(log) {
        let mut set = rt::task::JoinSet::new();
        for after in [9, 3, 6] {
            set.spawn(async move {
                rt::time::sleep(ms(after)).await;
                after
            });
        }
        log.say(format_args!("{:?}", set.join_all().await));
    }

    async fn all_outputs_of_a_set_with_a_panic(log) {
        let mut set = rt::task::JoinSet::new();
        set.spawn(async { panic!("one of all") });
        set.spawn(pending::<()>());
        log.say("join_all");
        set.join_all().await;
    }

    async fn a_set_is_collected_and_extended(log) {
        let mut set: rt::task::JoinSet<u32> = (0..3_u32).map(|number| async move { number }).collect();
        set.extend((3..5_u32).map(|number| async move { number }));
        log.say(set.len());
        log.say(format_args!("{:?}", set.join_all().await));
    }

    async fn a_join_that_is_given_up_loses_nothing(log) {
        let mut set = rt::task::JoinSet::new();
        set.spawn(async {
            rt::time::sleep(ms(10)).await;
            1
        });
        log.say(rt::time::timeout(ms(4), set.join_next()).await.is_err());
        log.say(set.len());
        log.say(set.join_next().await.unwrap().unwrap());
    }

    async fn a_set_is_filled_while_it_is_emptied(log) {
        let mut set = rt::task::JoinSet::new();
        set.spawn(async { 3_u64 });
        while let Some(joined) = set.join_next().await {
            let left = joined.unwrap();
            log.say(left);
            if left > 0 {
                set.spawn(async move {
                    rt::time::sleep(ms(left)).await;
                    left - 1
                });
            }
        }
    }

    async fn a_set_is_polled_by_hand(log) {
        let mut set = rt::task::JoinSet::new();
        set.spawn(async { 1 });
        let first = poll_fn(|context| Poll::Ready(set.poll_join_next(context).is_pending())).await;
        log.say(first);
        let joined = poll_fn(|context| set.poll_join_next(context)).await;
        log.say(joined.unwrap().unwrap());
    }

    async fn functions_in_a_set(log) {
        let mut set = rt::task::JoinSet::new();
        set.spawn_blocking(|| 1);
        log.say(set.join_next().await.unwrap().unwrap());
    }

    async fn at_most_three_at_a_time(log) {
        let mut set = rt::task::JoinSet::new();
        for number in 0..8_u64 {
            if set.len() == 3 {
                log.say(set.join_next().await.unwrap().unwrap());
            }
            set.spawn(async move {
                rt::time::sleep(ms(10 + number % 3)).await;
                number
            });
        }
        while let Some(joined) = set.join_next().await {
            log.say(joined.unwrap());
        }
    }
}
