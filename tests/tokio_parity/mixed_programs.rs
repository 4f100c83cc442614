//! Programs as services have them: several of the calls together.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures::future::{Either, select};
use tokio::sync::{Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot};

use super::program::{SayDropped, ms, programs};

programs! {
    async fn a_worker_with_a_heartbeat(log) {
        let (sender, mut receiver) = mpsc::channel::<u32>(4);
        let said = log.clone();
        let worker = rt::spawn(async move {
            let mut heartbeat = rt::time::interval(ms(20));
            heartbeat.set_missed_tick_behavior(rt::time::MissedTickBehavior::Skip);
            loop {
                let job = pin!(receiver.recv());
                let tick = pin!(heartbeat.tick());
                match select(job, tick).await {
                    Either::Left((Some(job), _)) => {
                        said.say(format_args!("job {job}"));
                        rt::time::sleep(ms(u64::from(job))).await;
                    }
                    Either::Left((None, _)) => break,
                    Either::Right(_) => said.say("heartbeat"),
                }
            }
        });
        for job in [5, 33, 1] {
            sender.send(job).await.unwrap();
            rt::time::sleep(ms(17)).await;
        }
        drop(sender);
        worker.await.unwrap();
    }

    async fn a_debounced_action(log) {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let presses = rt::spawn(async move {
            for gap in [3, 4, 30, 5, 50] {
                sender.send(()).unwrap();
                rt::time::sleep(ms(gap)).await;
            }
        });
        let mut quiet = pin!(rt::time::sleep(ms(1_000_000)));
        let mut is_armed = false;
        loop {
            let press = pin!(receiver.recv());
            match select(press, &mut quiet).await {
                Either::Left((Some(()), _)) => {
                    let later = rt::time::Instant::now() + ms(10);
                    quiet.as_mut().reset(later);
                    is_armed = true;
                }
                Either::Left((None, _)) => break,
                Either::Right(_) => {
                    log.say(is_armed);
                    let never = rt::time::Instant::now() + ms(1_000_000);
                    quiet.as_mut().reset(never);
                    is_armed = false;
                }
            }
        }
        presses.await.unwrap();
    }

    async fn retries_with_a_growing_pause(log) {
        let mut pause = ms(10);
        for attempt in 1..=5 {
            let answer = async {
                rt::time::sleep(ms(60 / attempt)).await;
                attempt
            };
            if let Ok(attempt) = rt::time::timeout(ms(15), answer).await {
                log.say(format_args!("attempt {attempt}"));
                break;
            }
            log.say("late");
            rt::time::sleep(pause).await;
            pause *= 2;
        }
    }

    async fn two_requests_of_which_the_first_answer_counts(log) {
        let request = |name: &'static str, after| {
            let guard = SayDropped(log.clone(), name);
            async move {
                let _guard = guard;
                rt::time::sleep(ms(after)).await;
                name
            }
        };
        let first = rt::spawn(request("first", 90));
        let hedge = rt::spawn({
            let second = request("second", 20);
            async move {
                rt::time::sleep(ms(30)).await;
                second.await
            }
        });
        let (stop_first, stop_hedge) = (first.abort_handle(), hedge.abort_handle());
        let winner = match select(first, hedge).await {
            Either::Left((winner, _)) | Either::Right((winner, _)) => winner.unwrap(),
        };
        log.say(winner);
        stop_first.abort();
        stop_hedge.abort();
        rt::time::sleep(ms(5)).await;
    }

    async fn at_most_two_have_a_permit(log) {
        let permits = Arc::new(Semaphore::new(2));
        let mut set = rt::task::JoinSet::new();
        for number in 0..5 {
            let (permits, log) = (Arc::clone(&permits), log.clone());
            set.spawn(async move {
                let _permit = permits.acquire().await.unwrap();
                log.say(format_args!("{number} begins"));
                rt::time::sleep(ms(10 + number)).await;
                log.say(format_args!("{number} ends"));
            });
        }
        set.join_all().await;
    }

    async fn a_lock_is_handed_on_in_turn(log) {
        let lock = Arc::new(Mutex::new(0));
        let tasks = [1, 2, 3].map(|number| {
            let (lock, log) = (Arc::clone(&lock), log.clone());
            rt::spawn(async move {
                for _ in 0..2 {
                    let mut value = lock.lock().await;
                    rt::time::sleep(ms(3)).await;
                    *value += number;
                    log.say(format_args!("{number}: {value}"));
                }
            })
        });
        futures::future::join_all(tasks).await;
    }

    async fn a_writer_waits_for_readers(log) {
        let lock = Arc::new(RwLock::new("old"));
        let readers = [4, 9].map(|after| {
            let (lock, log) = (Arc::clone(&lock), log.clone());
            rt::spawn(async move {
                let value = lock.read().await;
                rt::time::sleep(ms(after)).await;
                log.say(format_args!("{value} after {after}"));
            })
        });
        rt::time::sleep(ms(1)).await;
        *lock.write().await = "new";
        log.say("written");
        futures::future::join_all(readers).await;
        log.say(*lock.read().await);
    }

    async fn a_lock_that_is_not_had_in_time(log) {
        let lock = Arc::new(Mutex::new(()));
        let held = Arc::clone(&lock);
        let holder = rt::spawn(async move {
            let _guard = held.lock().await;
            rt::time::sleep(ms(50)).await;
        });
        rt::time::sleep(ms(1)).await;
        log.say(rt::time::timeout(ms(20), lock.lock()).await.is_err());
        log.say(rt::time::timeout(ms(40), lock.lock()).await.is_ok());
        holder.await.unwrap();
    }

    async fn subscribers_of_a_broadcast(log) {
        let (sender, _) = broadcast::channel(2);
        let tasks = ["quick", "slow"].map(|name| {
            let (mut receiver, log) = (sender.subscribe(), log.clone());
            rt::spawn(async move {
                loop {
                    match receiver.recv().await {
                        Ok(number) => log.say(format_args!("{name} {number}")),
                        Err(broadcast::error::RecvError::Lagged(missed)) => {
                            log.say(format_args!("{name} missed {missed}"));
                        }
                        Err(broadcast::error::RecvError::Closed) => break,
                    }
                    if name == "slow" {
                        rt::time::sleep(ms(27)).await;
                    }
                }
            })
        });
        for number in 0..6 {
            sender.send(number).unwrap();
            rt::time::sleep(ms(10)).await;
        }
        drop(sender);
        futures::future::join_all(tasks).await;
    }

    async fn a_service_is_shut_down(log) {
        let stop = Arc::new(Notify::new());
        let mut set = rt::task::JoinSet::new();
        for number in [1, 2] {
            let (stop, log) = (Arc::clone(&stop), log.clone());
            set.spawn(async move {
                let mut ticks = rt::time::interval(ms(8 * number));
                loop {
                    let stopped = pin!(stop.notified());
                    let tick = pin!(ticks.tick());
                    if let Either::Left(_) = select(stopped, tick).await {
                        break;
                    }
                    log.say(format_args!("{number} ticks"));
                }
                rt::time::sleep(ms(number)).await;
                log.say(format_args!("{number} has stopped"));
            });
        }
        rt::time::sleep(ms(30)).await;
        stop.notify_waiters();
        log.say("stop");
        let all = async { while set.join_next().await.is_some() {} };
        log.say(rt::time::timeout(ms(10), all).await.is_ok());
    }

    async fn an_actor_answers(log) {
        let (sender, mut receiver) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(2);
        let actor = rt::spawn(async move {
            let mut sum = 0;
            while let Some((number, answer)) = receiver.recv().await {
                rt::time::sleep(ms(7)).await;
                sum += number;
                let _ = answer.send(sum);
            }
            sum
        });
        for number in [4, 5, 6] {
            let (answer, answered) = oneshot::channel();
            sender.send((number, answer)).await.unwrap();
            match rt::time::timeout(ms(5 + u64::from(number % 2) * 5), answered).await {
                Ok(sum) => log.say(sum.unwrap()),
                Err(late) => log.say(late),
            }
        }
        drop(sender);
        log.say(actor.await.unwrap());
    }

    async fn a_bucket_of_tokens(log) {
        let mut refill = rt::time::interval(ms(10));
        let (mut tokens, mut waiting) = (2_u32, (0..7).collect::<VecDeque<u32>>());
        while let Some(request) = waiting.pop_front() {
            while tokens == 0 {
                refill.tick().await;
                tokens += 1;
            }
            tokens -= 1;
            log.say(request);
        }
    }

    async fn a_watchdog_that_is_fed_too_late(log) {
        let (feed, mut fed) = mpsc::channel::<()>(1);
        let said = log.clone();
        let watchdog = rt::spawn(async move {
            while rt::time::timeout(ms(25), fed.recv()).await.is_ok() {
                said.say("fed");
            }
            said.say("bites");
        });
        for gap in [10, 20, 24, 26] {
            if feed.send(()).await.is_err() {
                break;
            }
            rt::time::sleep(ms(gap)).await;
        }
        watchdog.await.unwrap();
    }

    async fn a_stream_of_sleeps_is_polled_by_hand(log) {
        let mut sleeps: Vec<_> = [12, 4, 8].map(|after| Box::pin(rt::time::sleep(ms(after)))).into();
        let mut left = sleeps.len();
        while left > 0 {
            let ended = poll_fn(|context| {
                let ended = sleeps.iter_mut().position(|sleep| sleep.as_mut().poll(context).is_ready());
                ended.map_or(Poll::Pending, Poll::Ready)
            });
            let ended = ended.await;
            drop(sleeps.remove(ended));
            left -= 1;
            log.say(format_args!("{left} left"));
        }
    }
}
