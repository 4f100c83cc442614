//! The strategies: each makes runs that are replayed exactly, and chooses as its paper says.

mod stepping;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use sim_executor::{
    Access, Config, Label, Replay, Resource, Source, always, choose, context, event, spawn_named, time,
    yield_now,
};
use sim_explorer::{Strategy, Survey};
use stepping::{run, steps};

/// Tasks that yield, sleep, draw and wait for each other.
async fn busy_program() {
    let workers: Vec<_> = ["a", "b", "c", "d"]
        .into_iter()
        .map(|name| {
            spawn_named(name, async move {
                for step in 0..4 {
                    yield_now().await;
                    event!("{name} {step} {}", choose(3));
                }
                time::sleep(Duration::from_millis(choose(3))).await;
                event!("{name} is done");
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
}

fn survey<F: Future<Output = ()> + 'static>(program: impl Fn() -> F) -> Arc<Survey> {
    Arc::new(Survey::of(Config::default(), |config, source| run(config, source, program())))
}

#[test]
fn a_run_of_each_strategy_is_replayed_from_its_recording() {
    let survey = survey(busy_program);
    let recorded = Config { record: true, ..Config::default() };
    for strategy in Strategy::ALL {
        for seed in 0..60 {
            let plain = run(Config::default(), strategy.source(seed, &survey), busy_program());
            let mut report = run(recorded, strategy.source(seed, &survey), busy_program());
            assert_eq!((plain.hash, plain.misaligned), (report.hash, 0), "{strategy} seed {seed}");
            let replay = Replay::new(&report.recording.take().unwrap());
            let deviated = replay.report();
            let again = run(recorded, Box::new(replay), busy_program());
            assert_eq!((again.hash, deviated.diverged_at()), (report.hash, None), "{strategy} seed {seed}");
        }
    }
}

#[test]
fn the_seeds_of_each_strategy_differ() {
    let survey = survey(busy_program);
    for strategy in Strategy::ALL {
        let hash = |seed| run(Config::default(), strategy.source(seed, &survey), busy_program()).hash;
        let hashes: BTreeSet<u64> = (0..40).map(hash).collect();
        let expected = if strategy == Strategy::Production { 1 } else { 35 };
        assert!(hashes.len() >= expected, "{strategy}: {} of 40", hashes.len());
    }
}

/// The order of the steps in one run.
fn order_of(counts: &'static [u32], source: Box<dyn Source>) -> Vec<usize> {
    let order = Rc::default();
    let report = run(Config::default(), source, steps(counts, &order));
    assert!(report.outcome.is_done(), "{}", report.outcome);
    order.take()
}

fn steps_survey(counts: &'static [u32]) -> Arc<Survey> {
    survey(|| steps(counts, &Rc::default()))
}

/// Pearson's statistic of so many draws, over classes that should be equally probable, rounded down.
fn chi_square(seen: &BTreeMap<Vec<usize>, u64>, classes: u64, draws: u64) -> u64 {
    let missing = (classes - seen.len() as u64) * draws * draws;
    let squares: u64 = seen.values().map(|count| (count * classes).abs_diff(draws).pow(2)).sum();
    (squares + missing) / (draws * classes)
}

#[test]
fn urw_makes_all_interleavings_of_tasks_that_do_not_wait_equally_probable() {
    const COUNTS: &[u32] = &[4, 4];
    const DRAWS: u64 = 20_000;
    let survey = steps_survey(COUNTS);
    let mut seen = BTreeMap::new();
    for seed in 0..DRAWS {
        let order = order_of(COUNTS, Strategy::Urw.source(seed, &survey));
        *seen.entry(order).or_default() += 1;
    }
    // 8 over 4 are 70; 69 degrees of freedom, and one in a thousand is above 111.
    assert!(chi_square(&seen, 70, DRAWS) <= 111, "{}", chi_square(&seen, 70, DRAWS));
}

#[test]
fn a_walk_takes_each_ready_task_with_the_same_probability() {
    const COUNTS: &[u32] = &[1, 9, 1, 4];
    const DRAWS: u64 = 20_000;
    let mut seen = BTreeMap::new();
    for seed in 0..DRAWS {
        let order = order_of(COUNTS, Strategy::Walk.source(seed, &Arc::default()));
        *seen.entry(order[..1].to_vec()).or_default() += 1;
    }
    // 3 degrees of freedom, and one in a thousand is above 16.3.
    assert!(chi_square(&seen, 4, DRAWS) <= 16, "{seen:?}");
}

/// What the steps of [`racing`] touch.
const SHARED: Resource = Resource::new(Label::new("test.shared"), 1);

/// Tasks with so many steps that all touch one thing, and so many before each of these that touch nothing; the order of the
/// former is written down.
fn racing(tasks: &'static [(u32, u32)], order: &Rc<RefCell<Vec<usize>>>) -> impl Future<Output = ()> + use<> {
    let counts = tasks.iter().map(|(count, _)| *count).collect();
    stepping::tasks(counts, order, async move |task, step| {
        if step > 0 {
            yield_now().await;
        }
        for _ in 0..tasks[task].1 {
            yield_now().await;
        }
        context::access(SHARED, Access::Write);
    })
}

/// How often each order of the steps was made under so many seeds.
fn racing_orders(strategy: Strategy, tasks: &'static [(u32, u32)], seeds: u64) -> BTreeMap<Vec<usize>, u64> {
    let survey = survey(|| racing(tasks, &Rc::default()));
    let mut seen = BTreeMap::new();
    for seed in 0..seeds {
        let order = Rc::default();
        let report = run(Config::default(), strategy.source(seed, &survey), racing(tasks, &order));
        assert!(report.outcome.is_done() && report.misaligned == 0, "{}", report.outcome);
        *seen.entry(order.take()).or_default() += 1;
    }
    seen
}

#[test]
fn pos_makes_all_orders_of_polls_that_race_once_equally_probable() {
    let seen = racing_orders(Strategy::Pos, &[(1, 0), (1, 0), (1, 0), (1, 0)], 20_000);
    // 23 degrees of freedom, and one in a thousand is above 49.7.
    assert!(chi_square(&seen, 24, 20_000) <= 49, "{seen:?}");
}

#[test]
fn who_has_lost_a_race_is_as_likely_as_others_to_win_the_next_under_pos() {
    const DRAWS: u64 = 20_000;
    // At each step each of the tasks that go on has the same probability, so these have one fourth or one eighth.
    let eighths = [
        ([0, 0, 1, 1], 2),
        ([1, 1, 0, 0], 2),
        ([0, 1, 0, 1], 1),
        ([0, 1, 1, 0], 1),
        ([1, 0, 0, 1], 1),
        ([1, 0, 1, 0], 1),
    ];
    let statistic = |seen: &BTreeMap<Vec<usize>, u64>| -> u64 {
        let term = |(order, eighths): &([usize; 4], u64)| {
            let expected = DRAWS * eighths / 8;
            let count = seen.get(order.as_slice()).copied().unwrap_or(0);
            count.abs_diff(expected).pow(2) / expected
        };
        eighths.iter().map(term).sum()
    };
    let pos = racing_orders(Strategy::Pos, &[(2, 0), (2, 0)], DRAWS);
    // 5 degrees of freedom, and one in a thousand is above 20.5.
    assert!(statistic(&pos) <= 20, "{pos:?}");
    let random = racing_orders(Strategy::Random, &[(2, 0), (2, 0)], DRAWS);
    assert!(statistic(&random) > 200, "without drawing again it is another distribution: {random:?}");
}

#[test]
fn pos_is_keyed_random_order_where_nothing_races() {
    const COUNTS: &[u32] = &[3, 2, 3];
    let survey = steps_survey(COUNTS);
    for seed in 0..200 {
        let pos = order_of(COUNTS, Strategy::Pos.source(seed, &survey));
        assert_eq!(pos, order_of(COUNTS, Strategy::Random.source(seed, &survey)), "seed {seed}");
    }
}

#[test]
fn surw_makes_all_orders_of_the_interesting_polls_equally_probable() {
    const TASKS: &[(u32, u32)] = &[(2, 3), (3, 0)];
    let surw = racing_orders(Strategy::Surw, TASKS, 20_000);
    // 5 over 2 are 10; 9 degrees of freedom, and one in a thousand is above 27.9.
    assert!(chi_square(&surw, 10, 20_000) <= 27, "{surw:?}");
    let urw = racing_orders(Strategy::Urw, TASKS, 20_000);
    assert!(chi_square(&urw, 10, 20_000) > 500, "the other polls make it another distribution: {urw:?}");
}

#[test]
fn a_loop_that_waits_for_an_interesting_poll_by_yielding_ends_under_surw() {
    let program = || async {
        let flag = Rc::new(Cell::new(false));
        let set = Rc::clone(&flag);
        let setter = spawn_named("setter", async move {
            yield_now().await;
            context::access(SHARED, Access::Write);
            set.set(true);
        });
        while !flag.get() {
            context::access(SHARED, Access::Read);
            yield_now().await;
        }
        setter.await.unwrap();
    };
    let survey = survey(program);
    for seed in 0..50 {
        let report = run(Config::default(), Strategy::Surw.source(seed, &survey), program());
        assert!(report.outcome.is_done(), "seed {seed}: {}", report.outcome);
        assert!(report.polls < 1_000, "seed {seed}: {} polls", report.polls);
    }
}

#[test]
fn pct_without_changes_ends_one_task_after_the_other() {
    let mut first = BTreeSet::new();
    for seed in 0..2_000 {
        let mut order = order_of(&[3, 3, 3], Strategy::Pct { changes: 0 }.source(seed, &Arc::default()));
        order.dedup();
        assert_eq!(order.len(), 3, "seed {seed}: {order:?}");
        first.insert(order);
    }
    assert_eq!(first.len(), 6, "{first:?}");
}

#[test]
fn pct_with_changes_interrupts_tasks() {
    const COUNTS: &[u32] = &[6, 6];
    let survey = steps_survey(COUNTS);
    let switches = |seed| {
        let mut order = order_of(COUNTS, Strategy::PCT.source(seed, &survey));
        order.dedup();
        order.len() - 1
    };
    let most = (0..400).map(switches).max().unwrap();
    assert!((2..=6).contains(&most), "{most} switches with at most five changes");
}

#[test]
fn a_loop_that_waits_by_yielding_ends_under_pct() {
    for seed in 0..50 {
        let program = async {
            let flag = Rc::new(Cell::new(false));
            let set = Rc::clone(&flag);
            let setter = spawn_named("setter", async move { set.set(true) });
            while !flag.get() {
                yield_now().await;
            }
            setter.await.unwrap();
        };
        let report = run(Config::default(), Strategy::PCT.source(seed, &Arc::default()), program);
        assert!(report.outcome.is_done(), "seed {seed}: {}", report.outcome);
        assert!(report.polls < 1_000, "seed {seed}: {} polls", report.polls);
    }
}

#[test]
fn two_tasks_that_wake_each_other_do_not_starve_a_third_under_pct() {
    for seed in 0..50 {
        let program = async {
            let (ball, wakers) =
                (Rc::new(Cell::new(Some(0))), Rc::new(RefCell::new([const { None::<Waker> }; 2])));
            let players = [0, 1].map(|player| {
                let (ball, wakers) = (Rc::clone(&ball), Rc::clone(&wakers));
                let play = std::future::poll_fn(move |context| match ball.get() {
                    None => Poll::Ready(()),
                    Some(holder) => {
                        wakers.borrow_mut()[player] = Some(context.waker().clone());
                        if holder == player {
                            ball.set(Some(1 - player));
                            wakers.borrow_mut()[1 - player].take().into_iter().for_each(Waker::wake);
                        }
                        Poll::Pending
                    }
                });
                spawn_named(["ping", "pong"][player], play)
            });
            spawn_named("end", async move {
                ball.set(None);
                wakers.borrow_mut().iter_mut().filter_map(Option::take).for_each(Waker::wake);
            });
            for player in players {
                player.await.unwrap();
            }
        };
        let report = run(Config::default(), Strategy::PCT.source(seed, &Arc::default()), program);
        assert!(report.outcome.is_done(), "seed {seed}: {}", report.outcome);
    }
}

#[test]
fn a_delay_puts_one_task_behind_those_that_are_ready() {
    const COUNTS: &[u32] = &[2, 2, 2];
    let survey = steps_survey(COUNTS);
    let orders: BTreeSet<_> =
        (0..200).map(|seed| order_of(COUNTS, Strategy::Delay { delays: 1 }.source(seed, &survey))).collect();
    // One delay at each of the five steps at which several tasks are ready.
    let expected =
        [[1, 2, 0, 1, 2, 0], [0, 2, 0, 1, 2, 1], [0, 1, 0, 1, 2, 2], [0, 1, 2, 1, 2, 0], [0, 1, 2, 0, 2, 1]];
    assert_eq!(orders, expected.map(Vec::from).into());
}

/// Whether somebody who takes any second poll for the answer has gone on before it came.
async fn takes_any_poll_for_the_answer() {
    let has_come = Rc::new(Cell::new(false));
    let answers = Rc::clone(&has_come);
    let mut is_polled = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_polled, true) {
            return Poll::Ready(());
        }
        let (waker, answers) = (context.waker().clone(), Rc::clone(&answers));
        drop(spawn_named("answer", async move {
            time::sleep(Duration::from_secs(1)).await;
            answers.set(true);
            waker.wake();
        }));
        Poll::Pending
    })
    .await;
    always!(has_come.get(), "nobody goes on before the answer has come");
}

#[test]
fn the_restless_walk_polls_tasks_that_were_not_woken_and_no_other_strategy_does() {
    let survey = survey(busy_program);
    let fails = |strategy: Strategy, seed: u64| {
        let source = strategy.source(seed, &survey);
        !run(Config::default(), source, takes_any_poll_for_the_answer()).outcome.is_done()
    };
    let failed = (0..400).filter(|&seed| fails(Strategy::Restless, seed)).count();
    assert!((20..=90).contains(&failed), "one poll of eight: {failed} of 400");
    for strategy in Strategy::ALL {
        let polls_any = matches!(strategy, Strategy::Restless | Strategy::Portfolio);
        assert_eq!((0..1_600).any(|seed| fails(strategy, seed)), polls_any, "{strategy}");
    }
}
