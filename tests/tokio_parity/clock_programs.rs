//! Programs of instants, and of a clock that is moved by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::program::{ms, programs};

programs! {
    async fn an_instant_knows_what_has_elapsed(log) {
        let begun = rt::time::Instant::now();
        log.say(format_args!("{:?}", begun.elapsed()));
        rt::time::sleep(ms(11)).await;
        log.say(format_args!("{:?}", begun.elapsed()));
        let later = rt::time::Instant::now() + ms(5);
        log.say(format_args!("{:?}", later.elapsed()));
    }

    async fn differences_are_never_below_zero(log) {
        let early = rt::time::Instant::now();
        rt::time::sleep(ms(11)).await;
        let late = rt::time::Instant::now();
        log.say(format_args!("{:?} {:?}", late - early, early - late));
        log.say(format_args!("{:?} {:?}", late.duration_since(early), early.duration_since(late)));
        log.say(format_args!(
            "{:?} {:?}",
            late.saturating_duration_since(early),
            early.saturating_duration_since(late)
        ));
        log.say(format_args!(
            "{:?} {:?} {:?}",
            late.checked_duration_since(early),
            early.checked_duration_since(late),
            late.checked_duration_since(late)
        ));
    }

    async fn instants_are_ordered(log) {
        let early = rt::time::Instant::now();
        let late = early + ms(1);
        log.say(format_args!("{} {} {}", early < late, early == late, early.max(late) == late));
        log.say(format_args!("{}", rt::time::Instant::now() == early));
    }

    async fn arithmetic_goes_there_and_back(log) {
        let mut instant = rt::time::Instant::now();
        let begun = instant;
        instant += ms(30);
        instant -= ms(10);
        log.say(format_args!("{:?} {}", instant - begun, instant - ms(20) == begun));
        log.say(format_args!("{}", begun + ms(5) == begun.checked_add(ms(5)).unwrap()));
        log.say(format_args!("{}", instant.checked_sub(ms(20)).unwrap() == begun));
    }

    async fn what_cannot_be_named_is_none(log) {
        let now = rt::time::Instant::now();
        log.say(now.checked_add(Duration::MAX).is_none());
        log.say(now.checked_sub(Duration::MAX).is_none());
    }

    async fn an_instant_before_the_program_has_elapsed(log) {
        let before = rt::time::Instant::now() - ms(60);
        log.say(format_args!("{:?}", before.elapsed()));
        rt::time::sleep_until(before).await;
        rt::time::sleep_until(before + ms(61)).await;
        log.say(format_args!("{:?}", before.elapsed()));
    }

    async fn advancing_moves_the_clock(log) {
        rt::time::advance(ms(250)).await;
        log.say("later");
        rt::time::advance(ms(250)).await;
        log.say("later still");
    }

    async fn advancing_by_zero_moves_nothing(log) {
        rt::time::advance(ms(0)).await;
        log.say("now");
    }

    async fn advancing_by_less_than_a_millisecond(log) {
        for micros in [1, 300, 700] {
            rt::time::advance(Duration::from_micros(micros)).await;
            log.say(micros);
        }
    }

    async fn sleepers_are_late_together_after_advancing(log) {
        for after in [30, 10, 20, 60] {
            let log = log.clone();
            rt::spawn(async move {
                rt::time::sleep(ms(after)).await;
                log.say(after);
            });
        }
        rt::task::yield_now().await;
        rt::time::advance(ms(50)).await;
        log.say("advanced");
        rt::time::sleep(ms(50)).await;
        log.say("slept");
    }

    async fn a_task_that_advances_comes_after_the_sleepers(log) {
        for after in [30, 10] {
            let log = log.clone();
            rt::spawn(async move {
                rt::time::sleep(ms(after)).await;
                log.say(after);
            });
        }
        rt::task::yield_now().await;
        let advancing = rt::spawn({
            let log = log.clone();
            async move {
                rt::time::advance(ms(50)).await;
                log.say("advanced");
            }
        });
        advancing.await.unwrap();
    }

    async fn who_has_not_slept_yet_sleeps_from_the_later_time(log) {
        let sleeper = rt::spawn({
            let log = log.clone();
            async move {
                log.say("begun");
                rt::time::sleep(ms(30)).await;
                log.say("awake");
            }
        });
        rt::time::advance(ms(50)).await;
        log.say("advanced");
        sleeper.await.unwrap();
    }

    async fn a_clock_is_advanced_step_by_step(log) {
        let awake = Arc::new(AtomicBool::new(false));
        let sleeper = rt::spawn({
            let awake = Arc::clone(&awake);
            async move {
                rt::time::sleep(ms(100)).await;
                awake.store(true, Ordering::Relaxed);
            }
        });
        rt::task::yield_now().await;
        for _ in 0..3 {
            rt::time::advance(ms(40)).await;
            log.say(awake.load(Ordering::Relaxed));
        }
        sleeper.await.unwrap();
    }

    async fn an_interval_bursts_after_advancing(log) {
        let mut interval = rt::time::interval(ms(10));
        interval.tick().await;
        rt::time::advance(ms(35)).await;
        for _ in 0..5 {
            interval.tick().await;
            log.say("tick");
        }
    }

    async fn a_timeout_is_late_after_advancing(log) {
        let limited = rt::spawn(rt::time::timeout(ms(30), std::future::pending::<()>()));
        rt::task::yield_now().await;
        rt::time::advance(ms(29)).await;
        log.say(limited.is_finished());
        rt::time::advance(ms(1)).await;
        log.say(limited.is_finished());
        log.say(limited.await.unwrap().is_err());
    }

    async fn a_clock_that_was_resumed_is_not_advanced(log) {
        rt::time::resume();
        log.lines_only("resumed");
        rt::time::advance(ms(1)).await;
    }

    async fn a_clock_is_not_resumed_twice(log) {
        rt::time::resume();
        log.lines_only("resumed");
        rt::time::resume();
    }

    async fn a_clock_is_not_paused_twice(log) {
        rt::time::resume();
        rt::time::pause();
        log.lines_only("paused");
        rt::time::pause();
    }

    async fn two_tasks_see_one_clock(log) {
        let begun = rt::time::Instant::now();
        let other = rt::spawn(async move {
            rt::time::sleep(ms(5)).await;
            rt::time::Instant::now() - begun
        });
        rt::time::sleep(ms(9)).await;
        log.say(format_args!("{:?}", other.await.unwrap()));
    }

    async fn work_without_waiting_takes_no_time(log) {
        let mut sum = 0_u64;
        for number in 0..10_000 {
            sum = sum.wrapping_mul(31).wrapping_add(number);
        }
        log.say(sum);
        for _ in 0..100 {
            rt::task::yield_now().await;
        }
        log.say("yielded");
    }
}
