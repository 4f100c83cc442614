//! A run that settles: no faults, no choices, production order; and what it has to do then.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Config, Crash, Executor, KeyedRandom, Limits, Node, Outage, Outcome, ProductionOrder, Ratio, Replay,
    RunError, Settle, Source, TraceLevel, choose, eventually, flip, progress, settle, spawn, time, yield_now,
};

const SECOND: Duration = Duration::from_secs(1);

fn settle_within(seconds: u64) -> Settle {
    Settle { chaos_max: Duration::from_secs(seconds), ..Settle::default() }
}

fn run<T: 'static>(
    source: impl Source + 'static,
    body: impl Future<Output = T> + 'static,
) -> Result<T, RunError> {
    Executor::new(source).block_on(body)
}

#[test]
fn the_moment_is_a_choice_up_to_the_longest() {
    let moment = |source: Box<dyn Source>| {
        run(source, async {
            settle_within(10).plan();
            settle::settled().await;
            time::now().as_nanos() / 1_000_000
        })
        .unwrap()
    };
    assert_eq!(moment(Box::new(ProductionOrder)), 0, "the gentlest is now");
    let moments: Vec<u64> = (0..50).map(|seed| moment(Box::new(KeyedRandom::new(seed)))).collect();
    assert!(moments.iter().all(|&at| at <= 10_000), "{moments:?}");
    assert!(moments.iter().any(|&at| at < 3_000) && moments.iter().any(|&at| at > 7_000), "{moments:?}");
}

#[test]
fn once_it_has_settled_nothing_is_drawn_and_the_order_is_that_of_production() {
    for seed in 0..20 {
        let order = run(KeyedRandom::new(seed), async {
            settle_within(1).plan();
            settle::settled().await;
            assert!(settle::is_settled());
            assert!((0..100).all(|_| choose(6) == 0 && !flip(Ratio::new(1, 2))));
            let order = Rc::new(RefCell::new(Vec::new()));
            let tasks: Vec<_> = (0..20)
                .map(|task| {
                    let order = Rc::clone(&order);
                    spawn(async move {
                        for _ in 0..3 {
                            order.borrow_mut().push(task);
                            yield_now().await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            order.take()
        });
        let round = 0..20;
        let rounds: Vec<i32> = round.clone().chain(round.clone()).chain(round).collect();
        assert_eq!(order.unwrap(), rounds, "seed {seed}");
    }
}

#[test]
fn nodes_come_up_and_what_was_set_for_them_does_not_happen() {
    for seed in 0..20 {
        let lives = run(KeyedRandom::new(seed), async {
            settle_within(5).plan();
            let nodes = ["off", "killed", "frozen", "later"].map(Node::named);
            nodes[0].crash(Crash::PowerLoss);
            nodes[1].crash(Crash::ProcessKill);
            nodes[2].freeze();
            let after = Duration::from_secs(5);
            nodes[3].schedule(Outage { after, within: 2 * after, ..Outage::default() });
            settle::settled().await;
            time::sleep(20 * SECOND).await;
            nodes.map(|node| node.life().to_string())
        });
        assert_eq!(lives.unwrap(), ["running"; 4], "seed {seed}");
    }
}

#[test]
fn what_is_not_in_the_core_stays_as_it_is() {
    let lives = run(ProductionOrder, async {
        let nodes = ["core", "other"].map(Node::named);
        settle_within(5).plan_with(&nodes[..1]);
        for node in &nodes {
            node.crash(Crash::PowerLoss);
        }
        settle::settled().await;
        nodes.map(|node| node.life().is_down())
    });
    assert_eq!(lives.unwrap(), [false, true]);
}

#[test]
fn harm_ends_when_the_run_settles() {
    for seed in 0..10 {
        let ended = run(KeyedRandom::new(seed), async {
            settle_within(5).plan();
            let harm = settle::chaos(async {
                loop {
                    assert!(!settle::is_settled());
                    time::sleep(SECOND / 10).await;
                }
            });
            assert_eq!(harm.await, None);
            settle::is_settled()
        });
        assert!(ended.unwrap(), "seed {seed}");
        let early = async {
            settle_within(5).plan();
            time::sleep(Duration::ZERO).await;
            settle::chaos(async { 3 }).await
        };
        let early = run(KeyedRandom::new(seed), early).unwrap();
        assert!(early.is_none_or(|three| three == 3));
    }
}

/// Tries again each second, and gets on so often.
async fn tries(progressing: bool) {
    settle_within(5).plan();
    for _ in 0..300 {
        time::sleep(SECOND).await;
        if progressing {
            progress!("a try succeeds");
        }
    }
}

#[test]
fn a_program_that_does_not_get_on_when_all_is_well_is_a_livelock() {
    for seed in 0..5 {
        let ended = run(KeyedRandom::new(seed), tries(false));
        let Err(RunError::Limit { limit, at, .. }) = &ended else { panic!("{ended:?}") };
        assert_eq!(limit.name, "livelock_min");
        assert!((SECOND * 60..SECOND * 66).contains(&(*at - sim_executor::Instant::START)), "{at}");
        assert_eq!(run(KeyedRandom::new(seed), tries(true)), Ok(()));
    }
    let without = async {
        for _ in 0..300 {
            time::sleep(SECOND).await;
        }
    };
    assert_eq!(run(ProductionOrder, without), Ok(()), "nobody asked for it");
}

#[test]
fn a_long_timeout_makes_the_bound_longer() {
    let patient = |timeout_max, seconds| {
        run(ProductionOrder, async move {
            Settle { timeout_max, ..settle_within(0) }.plan();
            time::sleep(Duration::from_secs(seconds)).await;
        })
    };
    assert_eq!(patient(10 * SECOND, 199), Ok(()));
    let ended = patient(10 * SECOND, 201);
    let Err(RunError::Limit { limit, .. }) = &ended else { panic!("{ended:?}") };
    assert_eq!(limit.name, "livelock_timeouts");
    let ten_times = Limits::default().at_ten_times(limit).unwrap();
    let config = Config { limits: ten_times, ..Config::default() };
    let slow = Executor::with_config(config, ProductionOrder).block_on(async {
        Settle { timeout_max: 10 * SECOND, ..settle_within(0) }.plan();
        time::sleep(Duration::from_secs(1_999)).await;
    });
    assert_eq!(slow, Ok(()));
}

#[test]
fn what_is_pending_when_the_phase_is_over_fails_the_run() {
    let answer_after = |seconds| {
        let mut executor = Executor::new(KeyedRandom::new(1));
        let ended = executor.block_on(async move {
            Settle { response_max: Some(30 * SECOND), ..settle_within(0) }.plan();
            let answered = eventually!("every request is answered");
            time::sleep(Duration::from_secs(seconds)).await;
            answered.holds();
            time::sleep(20 * SECOND).await;
        });
        let outcome = ended.map_or_else(Outcome::from, |()| Outcome::Done);
        executor.finish(outcome).outcome
    };
    assert!(answer_after(29).is_done());
    assert_eq!(
        answer_after(31).to_string(),
        "at 0.000: eventually \"every request is answered\" is still pending at the end of the run: \
         its settle phase ended at 30.000"
    );
}

/// How a run ends that has to answer within a minute, in which it would be a livelock too.
fn ended_after_a_minute(answers: bool) -> Outcome {
    let mut executor = Executor::new(ProductionOrder);
    let ended = executor.block_on(async move {
        Settle { response_max: Some(60 * SECOND), ..settle_within(0) }.plan();
        let answered = eventually!("every request is answered");
        if answers {
            answered.holds();
        }
        loop {
            time::sleep(SECOND).await;
        }
    });
    let outcome = ended.map_or_else(Outcome::from, |()| Outcome::Done);
    executor.finish(outcome).outcome
}

#[test]
fn where_both_bounds_of_the_phase_are_the_same_the_one_that_is_broken_is_told() {
    assert_eq!(ended_after_a_minute(false).word(), "property");
    let Outcome::Error(RunError::Limit { limit, .. }) = ended_after_a_minute(true) else { panic!("it ends") };
    assert_eq!(limit.name, "livelock_min");
}

#[test]
fn a_livelock_says_what_was_still_to_come() {
    let ended = run(ProductionOrder, async {
        settle_within(0).plan();
        let _answered = eventually!("every request is answered");
        loop {
            time::sleep(SECOND).await;
        }
    });
    let text = ended.unwrap_err().to_string();
    assert!(text.contains("\n  eventually \"every request is answered\" is still pending\n"), "{text}");
}

#[test]
fn a_replay_settles_at_the_same_moment_and_is_the_same_run() {
    async fn body() {
        settle_within(3).plan();
        let tasks = [(); 3].map(|()| {
            spawn(async {
                for _ in 0..40 {
                    time::sleep(Duration::from_millis(100 + choose(50))).await;
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
    }
    let config = Config { record: true, trace: TraceLevel::All, ..Config::default() };
    for seed in 0..10 {
        let made = |source: Box<dyn Source>| {
            let mut executor = Executor::with_boxed_source(config, source);
            executor.block_on(body()).unwrap();
            executor.finish(Outcome::Done)
        };
        let first = made(Box::new(KeyedRandom::new(seed)));
        assert!(
            first.trace.to_string().contains(" settle the faults are over, the run settles\n"),
            "{}",
            first.trace
        );
        let recording = first.recording.clone().unwrap();
        let again = made(Box::new(Replay::new(&recording)));
        assert_eq!((first.hash, &first.trace), (again.hash, &again.trace), "seed {seed}");
        assert_eq!(again.misaligned, 0);
    }
}

#[test]
#[should_panic(expected = "a run settles once")]
fn a_run_is_asked_to_settle_once() {
    let ended = run(ProductionOrder, async {
        settle_within(1).plan();
        settle_within(1).plan();
    });
    panic!("{}", ended.unwrap_err());
}
