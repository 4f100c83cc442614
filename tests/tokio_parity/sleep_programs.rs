//! Programs of sleeps.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures::future::{join, join_all, select};

use super::program::{SayDropped, ms, programs};

programs! {
    async fn a_sleep_ends_at_its_time(log) {
        rt::time::sleep(ms(10)).await;
        log.say("awake");
    }

    async fn sleeps_add_up(log) {
        for after in [5, 7, 100] {
            rt::time::sleep(ms(after)).await;
            log.say(after);
        }
    }

    async fn a_sleep_of_zero_takes_no_time(log) {
        rt::time::sleep(ms(0)).await;
        log.say("awake");
    }

    async fn a_sleep_until_the_past_is_over(log) {
        let begun = rt::time::Instant::now();
        rt::time::sleep(ms(20)).await;
        rt::time::sleep_until(begun + ms(5)).await;
        log.say("awake");
    }

    async fn a_sleep_until_an_instant_ends_then(log) {
        let begun = rt::time::Instant::now();
        rt::time::sleep(ms(20)).await;
        rt::time::sleep_until(begun + ms(25)).await;
        log.say("awake");
    }

    async fn a_sleep_that_is_dropped_takes_no_time(log) {
        drop(rt::time::sleep(ms(1_000)));
        let mut polled = Box::pin(rt::time::sleep(ms(500)));
        poll_fn(|context| Poll::Ready(polled.as_mut().poll(context).is_pending())).await;
        drop(polled);
        rt::time::sleep(ms(1)).await;
        log.say("awake");
    }

    async fn a_sleep_counts_from_its_making(log) {
        let sleep = rt::time::sleep(ms(10));
        rt::time::sleep(ms(4)).await;
        sleep.await;
        log.say("awake");
    }

    async fn a_sleep_is_not_elapsed_before_its_first_poll(log) {
        let mut sleep = pin!(rt::time::sleep(ms(1)));
        log.say(sleep.is_elapsed());
        rt::time::sleep(ms(5)).await;
        log.say(sleep.is_elapsed());
        sleep.as_mut().await;
        log.say(sleep.is_elapsed());
    }

    async fn a_sleep_is_elapsed_at_its_time(log) {
        let mut sleep = pin!(rt::time::sleep(ms(10)));
        poll_fn(|context| Poll::Ready(sleep.as_mut().poll(context).is_pending())).await;
        rt::time::sleep(ms(9)).await;
        log.say(sleep.is_elapsed());
        rt::time::sleep(ms(2)).await;
        log.say(sleep.is_elapsed());
    }

    async fn a_sleep_that_was_reset_is_not_elapsed(log) {
        let mut sleep = pin!(rt::time::sleep(ms(1)));
        sleep.as_mut().await;
        sleep.as_mut().reset(rt::time::Instant::now() + ms(3));
        log.say(sleep.is_elapsed());
        sleep.as_mut().await;
        log.say(sleep.is_elapsed());
    }

    async fn a_sleep_is_reset_to_later_before_it_begins(log) {
        let mut sleep = pin!(rt::time::sleep(ms(1)));
        sleep.as_mut().reset(rt::time::Instant::now() + ms(30));
        sleep.await;
        log.say("awake");
    }

    async fn a_sleep_is_reset_to_later_while_it_lasts(log) {
        let mut sleep = pin!(rt::time::sleep(ms(10)));
        log.say(rt::time::timeout(ms(4), &mut sleep).await.is_err());
        let later = rt::time::Instant::now() + ms(50);
        sleep.as_mut().reset(later);
        sleep.await;
        log.say("awake");
    }

    async fn a_sleep_is_reset_to_earlier(log) {
        let begun = rt::time::Instant::now();
        let mut sleep = pin!(rt::time::sleep(ms(1_000)));
        sleep.as_mut().reset(begun + ms(2));
        sleep.await;
        log.say("awake");
    }

    async fn a_sleep_is_reset_to_the_past(log) {
        let begun = rt::time::Instant::now();
        rt::time::sleep(ms(8)).await;
        let mut sleep = pin!(rt::time::sleep(ms(1_000)));
        sleep.as_mut().reset(begun);
        sleep.await;
        log.say("awake");
    }

    async fn a_sleep_is_used_again(log) {
        let mut sleep = pin!(rt::time::sleep(ms(3)));
        for _ in 0..4 {
            sleep.as_mut().await;
            log.say("tick");
            sleep.as_mut().reset(rt::time::Instant::now() + ms(3));
        }
    }

    async fn a_sleep_that_is_over_stays_over(log) {
        let mut sleep = pin!(rt::time::sleep(ms(3)));
        for _ in 0..3 {
            sleep.as_mut().await;
            log.say("over");
        }
    }

    async fn a_sleep_that_another_task_resets_wakes_its_waiter(log) {
        let begun = rt::time::Instant::now();
        for reset_to in [20, 5_000, 3] {
            let sleep = Arc::new(Mutex::new(Box::pin(rt::time::sleep(ms(10_000)))));
            let (shared, log) = (Arc::clone(&sleep), log.clone());
            let waiter = rt::spawn(async move {
                poll_fn(|context| shared.lock().unwrap().as_mut().poll(context)).await;
                log.say("awake");
            });
            rt::time::sleep(ms(10)).await;
            sleep.lock().unwrap().as_mut().reset(begun + ms(reset_to));
            waiter.await.unwrap();
        }
    }

    async fn a_sleep_tells_its_deadline(log) {
        let begun = rt::time::Instant::now();
        let mut sleep = pin!(rt::time::sleep(ms(15)));
        log.say(format_args!("{:?}", sleep.deadline() - begun));
        sleep.as_mut().reset(begun + ms(7));
        log.say(format_args!("{:?}", sleep.deadline() - begun));
        sleep.as_mut().await;
        log.say(format_args!("{:?}", sleep.deadline() - begun));
    }

    async fn a_sleep_wakes_who_polled_it_last(log) {
        let mut sleep = Box::pin(rt::time::sleep(ms(10)));
        let pending = sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        log.say(pending);
        let waiter = rt::spawn({
            let log = log.clone();
            async move {
                sleep.await;
                log.say("awake");
            }
        });
        waiter.await.unwrap();
    }

    async fn sleepers_wake_in_the_order_of_their_times(log) {
        let sleepers = [30, 10, 20, 40].map(|after| {
            let log = log.clone();
            rt::spawn(async move {
                rt::time::sleep(ms(after)).await;
                log.say(after);
            })
        });
        join_all(sleepers).await;
    }

    async fn sleepers_with_one_time_wake_in_the_order_of_their_sleeps(log) {
        let sleepers = ["a", "b", "c", "d", "e"].map(|name| {
            let log = log.clone();
            rt::spawn(async move {
                rt::time::sleep(ms(10)).await;
                log.say(name);
            })
        });
        join_all(sleepers).await;
    }

    async fn sleepers_that_began_at_different_times_wake_together(log) {
        let late = log.clone();
        let first = rt::spawn(async move {
            rt::time::sleep(ms(300)).await;
            late.say("long");
        });
        rt::time::sleep(ms(250)).await;
        rt::time::sleep(ms(50)).await;
        log.say("short");
        first.await.unwrap();
    }

    async fn two_sleeps_are_joined(log) {
        join(rt::time::sleep(ms(30)), rt::time::sleep(ms(20))).await;
        log.say("both");
    }

    async fn the_shorter_of_two_sleeps_wins(log) {
        let long = pin!(rt::time::sleep(ms(30)));
        let short = pin!(rt::time::sleep(ms(20)));
        match select(long, short).await {
            futures::future::Either::Left(_) => log.say("long"),
            futures::future::Either::Right(_) => log.say("short"),
        }
    }

    async fn a_sleep_goes_on_in_another_task(log) {
        let sleep = rt::time::sleep(ms(30));
        rt::time::sleep(ms(10)).await;
        rt::spawn(sleep).await.unwrap();
        log.say("awake");
    }

    async fn a_day_takes_a_day(log) {
        rt::time::sleep(ms(86_400_000 - 1)).await;
        rt::time::sleep(ms(1)).await;
        log.say("a day");
    }

    async fn two_hundred_sleepers_have_their_times(log) {
        let sleepers = (0..200_u64).map(|number| {
            let log = log.clone();
            rt::spawn(async move {
                rt::time::sleep(ms(number * 7 % 101)).await;
                log.say(number);
            })
        });
        join_all(sleepers).await;
    }

    async fn the_end_of_a_sleep_comes_before_what_follows(log) {
        let _guard = SayDropped(log.clone(), "guard");
        rt::time::sleep(ms(2)).await;
        log.say("before");
    }
}
