//! Programs of timeouts.

use std::future::{Future, pending, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::program::{SayDropped, ms, programs};

programs! {
    async fn what_is_ready_is_in_time(log) {
        log.say(format_args!("{:?}", rt::time::timeout(ms(5), ready(1)).await));
    }

    async fn what_is_never_ready_is_late(log) {
        log.say(format_args!("{:?}", rt::time::timeout(ms(5), pending::<()>()).await));
    }

    async fn what_is_ready_before_is_in_time(log) {
        let sleep = async {
            rt::time::sleep(ms(4)).await;
            "slept"
        };
        log.say(format_args!("{:?}", rt::time::timeout(ms(5), sleep).await));
    }

    async fn what_is_ready_at_the_very_time_is_in_time(log) {
        log.say(format_args!("{:?}", rt::time::timeout(ms(5), rt::time::sleep(ms(5))).await));
    }

    async fn what_is_ready_after_is_late(log) {
        log.say(format_args!("{:?}", rt::time::timeout(ms(5), rt::time::sleep(ms(6))).await));
    }

    async fn a_timeout_of_zero_polls_once(log) {
        log.say(format_args!("{:?}", rt::time::timeout(ms(0), ready(2)).await));
        log.say(format_args!("{:?}", rt::time::timeout(ms(0), pending::<u8>()).await));
        log.say(format_args!("{:?}", rt::time::timeout(ms(0), rt::time::sleep(ms(0))).await));
    }

    async fn the_longest_timeout_is_none(log) {
        let limited = rt::time::timeout(Duration::MAX, rt::time::sleep(ms(3_600_000)));
        log.say(format_args!("{:?}", limited.await));
        let limited = rt::time::timeout(Duration::from_secs(u64::MAX), rt::time::sleep(ms(1)));
        log.say(format_args!("{:?}", limited.await));
    }

    async fn the_inner_timeout_is_shorter(log) {
        let inner = rt::time::timeout(ms(3), pending::<()>());
        log.say(format_args!("{:?}", rt::time::timeout(ms(5), inner).await));
    }

    async fn the_outer_timeout_is_shorter(log) {
        let inner = rt::time::timeout(ms(7), pending::<()>());
        log.say(format_args!("{:?}", rt::time::timeout(ms(5), inner).await));
    }

    async fn timeouts_of_one_length_nest(log) {
        let inner = rt::time::timeout(ms(5), pending::<()>());
        log.say(format_args!("{:?}", rt::time::timeout(ms(5), inner).await));
    }

    async fn a_timeout_at_the_past_polls_once(log) {
        let begun = rt::time::Instant::now();
        rt::time::sleep(ms(9)).await;
        log.say(format_args!("{:?}", rt::time::timeout_at(begun, ready(3)).await));
        log.say(format_args!("{:?}", rt::time::timeout_at(begun, pending::<()>()).await));
    }

    async fn a_timeout_at_an_instant_ends_then(log) {
        let begun = rt::time::Instant::now();
        rt::time::sleep(ms(9)).await;
        log.say(format_args!("{:?}", rt::time::timeout_at(begun + ms(12), pending::<()>()).await));
    }

    async fn the_texts_of_a_late_end(log) {
        let late: rt::time::error::Elapsed = rt::time::timeout(ms(1), pending::<()>()).await.unwrap_err();
        let again = rt::time::timeout(ms(1), pending::<()>()).await.unwrap_err();
        log.say(format_args!("{late} {late:?} {}", late == again));
        let error = std::io::Error::from(late);
        log.say(format_args!("{:?} {error}", error.kind()));
    }

    async fn a_timeout_gives_its_future_back(log) {
        let mut limited = rt::time::timeout(ms(1), Box::pin(rt::time::sleep(ms(4))));
        log.say(limited.get_ref().is_elapsed());
        let later = rt::time::Instant::now() + ms(6);
        limited.get_mut().as_mut().reset(later);
        limited.into_inner().await;
        log.say("awake");
    }

    async fn a_late_future_lives_until_its_timeout_is_dropped(log) {
        let guard = SayDropped(log.clone(), "future");
        let future = async move {
            let _guard = guard;
            pending::<()>().await;
        };
        {
            let mut limited = pin!(rt::time::timeout(ms(2), future));
            log.say(format_args!("{:?}", limited.as_mut().await));
        }
        log.say("after");
    }

    async fn a_borrowed_future_goes_on_after_its_timeout(log) {
        let mut sleep = pin!(rt::time::sleep(ms(10)));
        log.say(format_args!("{:?}", rt::time::timeout(ms(4), &mut sleep).await));
        log.say(format_args!("{:?}", rt::time::timeout(ms(4), &mut sleep).await));
        log.say(format_args!("{:?}", rt::time::timeout(ms(4), &mut sleep).await));
    }

    async fn a_task_goes_on_after_the_timeout_of_its_handle(log) {
        let task = rt::spawn({
            let log = log.clone();
            async move {
                rt::time::sleep(ms(8)).await;
                log.say("task");
            }
        });
        log.say(rt::time::timeout(ms(3), task).await.is_err());
        rt::time::sleep(ms(10)).await;
        log.say("end");
    }

    async fn a_timeout_is_polled_by_hand(log) {
        let mut limited = pin!(rt::time::timeout(ms(3), pending::<()>()));
        let mut context = Context::from_waker(Waker::noop());
        log.say(limited.as_mut().poll(&mut context).is_pending());
        rt::time::sleep(ms(3)).await;
        log.say(matches!(limited.as_mut().poll(&mut context), Poll::Ready(Err(_))));
    }

    async fn a_timeout_counts_from_its_making(log) {
        let limited = rt::time::timeout(ms(5), pending::<()>());
        rt::time::sleep(ms(3)).await;
        log.say(format_args!("{:?}", limited.await));
    }

    async fn a_timeout_takes_what_becomes_a_future(log) {
        log.say(format_args!("{:?}", rt::time::timeout(ms(5), ready(1).into_future()).await));
        let joined = rt::time::timeout(ms(5), rt::spawn(async { 4 })).await;
        log.say(format_args!("{:?}", joined.unwrap().unwrap()));
    }

    async fn ten_retries_with_longer_timeouts(log) {
        for attempt in 1..=10 {
            let work = rt::time::sleep(ms(40));
            if rt::time::timeout(ms(attempt * 8), work).await.is_ok() {
                log.say(attempt);
                return;
            }
        }
    }
}
