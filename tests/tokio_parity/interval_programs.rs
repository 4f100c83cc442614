//! Programs of intervals.

use std::future::poll_fn;
use std::time::Duration;

use super::program::{Log, ms, programs};

/// Says the times of some ticks.
macro_rules! tick {
    ($log:ident, $interval:ident, $count:expr) => {
        for _ in 0..$count {
            $interval.tick().await;
            $log.say("tick");
        }
    };
}

/// Ticks of 50 ms with a pause of `$busy` milliseconds after the first.
macro_rules! missed {
    ($rt:ident, $log:ident, $behavior:ident, [$($busy:expr),+]) => {
        for busy in [$($busy),+] {
            $log.say(busy);
            let mut interval = $rt::time::interval(ms(50));
            interval.set_missed_tick_behavior($rt::time::MissedTickBehavior::$behavior);
            interval.tick().await;
            $rt::time::sleep(ms(busy)).await;
            tick!($log, interval, 5);
        }
    };
}

fn say_period(log: &Log, period: Duration) {
    log.say(format_args!("{period:?}"));
}

programs! {
    async fn the_first_tick_comes_at_once(log) {
        let mut interval = rt::time::interval(ms(10));
        tick!(log, interval, 1);
    }

    async fn ticks_come_once_a_period(log) {
        let mut interval = rt::time::interval(ms(10));
        tick!(log, interval, 6);
    }

    async fn a_tick_gives_the_time_for_which_it_was_due(log) {
        let begun = rt::time::Instant::now();
        let mut interval = rt::time::interval(ms(10));
        for busy in [0, 3, 25, 0, 0, 0] {
            rt::time::sleep(ms(busy)).await;
            let due = interval.tick().await;
            log.say(format_args!("{:?}", due - begun));
        }
    }

    async fn an_interval_begins_later(log) {
        let mut interval = rt::time::interval_at(rt::time::Instant::now() + ms(35), ms(10));
        tick!(log, interval, 3);
    }

    async fn an_interval_has_begun_already(log) {
        let begun = rt::time::Instant::now();
        rt::time::sleep(ms(42)).await;
        let mut interval = rt::time::interval_at(begun, ms(10));
        tick!(log, interval, 7);
    }

    async fn an_interval_tells_its_period(log) {
        say_period(&log, rt::time::interval(ms(10)).period());
        say_period(&log, rt::time::interval_at(rt::time::Instant::now(), ms(1)).period());
    }

    async fn an_interval_of_zero_panics(log) {
        log.say("before");
        drop(rt::time::interval(ms(0)));
    }

    async fn an_interval_of_zero_at_an_instant_panics(log) {
        log.say("before");
        drop(rt::time::interval_at(rt::time::Instant::now(), ms(0)));
    }

    async fn an_interval_bursts_unless_it_is_told(log) {
        let mut interval = rt::time::interval(ms(10));
        log.say(format_args!("{:?}", interval.missed_tick_behavior()));
        log.say(format_args!("{:?}", rt::time::MissedTickBehavior::default()));
        interval.set_missed_tick_behavior(rt::time::MissedTickBehavior::Skip);
        log.say(format_args!("{:?}", interval.missed_tick_behavior()));
    }

    async fn ticks_in_time_with_burst(log) {
        missed!(rt, log, Burst, [0, 10, 49, 50]);
    }

    async fn ticks_in_time_with_delay(log) {
        missed!(rt, log, Delay, [0, 10, 49, 50]);
    }

    async fn ticks_in_time_with_skip(log) {
        missed!(rt, log, Skip, [0, 10, 49, 50]);
    }

    async fn ticks_a_little_late_with_burst(log) {
        missed!(rt, log, Burst, [51, 54, 55, 56, 57]);
    }

    async fn ticks_a_little_late_with_delay(log) {
        missed!(rt, log, Delay, [51, 54, 55, 56, 57]);
    }

    async fn ticks_a_little_late_with_skip(log) {
        missed!(rt, log, Skip, [51, 54, 55, 56, 57]);
    }

    async fn missed_ticks_with_burst(log) {
        missed!(rt, log, Burst, [90, 99, 100, 101, 170, 500]);
    }

    async fn missed_ticks_with_delay(log) {
        missed!(rt, log, Delay, [90, 99, 100, 101, 170, 500]);
    }

    async fn missed_ticks_with_skip(log) {
        missed!(rt, log, Skip, [90, 99, 100, 101, 170, 500]);
    }

    async fn ticks_of_a_millisecond_are_never_missed_by_much(log) {
        let mut interval = rt::time::interval(ms(1));
        interval.set_missed_tick_behavior(rt::time::MissedTickBehavior::Skip);
        for busy in [0, 2, 5, 6, 7, 0, 20, 0, 0] {
            rt::time::sleep(ms(busy)).await;
            tick!(log, interval, 1);
        }
    }

    async fn an_interval_that_is_busy_at_each_tick(log) {
        let mut interval = rt::time::interval(ms(20));
        interval.set_missed_tick_behavior(rt::time::MissedTickBehavior::Delay);
        for _ in 0..5 {
            tick!(log, interval, 1);
            rt::time::sleep(ms(27)).await;
        }
    }

    async fn an_interval_is_told_otherwise_on_the_way(log) {
        let mut interval = rt::time::interval(ms(20));
        tick!(log, interval, 1);
        rt::time::sleep(ms(90)).await;
        tick!(log, interval, 2);
        interval.set_missed_tick_behavior(rt::time::MissedTickBehavior::Skip);
        tick!(log, interval, 3);
    }

    async fn a_reset_interval_ticks_a_period_later(log) {
        let mut interval = rt::time::interval(ms(20));
        tick!(log, interval, 1);
        rt::time::sleep(ms(13)).await;
        interval.reset();
        tick!(log, interval, 3);
    }

    async fn an_interval_is_reset_before_its_first_tick(log) {
        let mut interval = rt::time::interval(ms(20));
        interval.reset();
        tick!(log, interval, 2);
    }

    async fn an_interval_is_reset_immediately(log) {
        let mut interval = rt::time::interval(ms(20));
        tick!(log, interval, 1);
        rt::time::sleep(ms(13)).await;
        interval.reset_immediately();
        tick!(log, interval, 3);
    }

    async fn an_interval_is_reset_after_a_time(log) {
        let mut interval = rt::time::interval(ms(20));
        tick!(log, interval, 1);
        for after in [0, 5, 33] {
            interval.reset_after(ms(after));
            tick!(log, interval, 2);
        }
    }

    async fn an_interval_is_reset_at_an_instant(log) {
        let begun = rt::time::Instant::now();
        let mut interval = rt::time::interval(ms(20));
        tick!(log, interval, 1);
        interval.reset_at(begun + ms(7));
        tick!(log, interval, 2);
        interval.reset_at(begun);
        tick!(log, interval, 4);
    }

    async fn a_tick_that_nobody_awaited_to_its_end_is_not_lost(log) {
        let mut interval = rt::time::interval(ms(20));
        tick!(log, interval, 1);
        for limit in [5, 9, 30] {
            log.say(rt::time::timeout(ms(limit), interval.tick()).await.is_ok());
        }
        tick!(log, interval, 1);
    }

    async fn ticks_are_polled_by_hand(log) {
        let mut interval = rt::time::interval(ms(20));
        for _ in 0..3 {
            poll_fn(|context| interval.poll_tick(context)).await;
            log.say("tick");
        }
    }

    async fn two_intervals_tick_side_by_side(log) {
        let other = rt::spawn({
            let log = log.clone();
            async move {
                let mut interval = rt::time::interval(ms(7));
                for _ in 0..6 {
                    interval.tick().await;
                    log.say("seven");
                }
            }
        });
        let mut interval = rt::time::interval(ms(5));
        for _ in 0..8 {
            interval.tick().await;
            log.say("five");
        }
        other.await.unwrap();
    }
}
