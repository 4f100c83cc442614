//! The strategies: each makes runs that are replayed exactly, and chooses as its paper says.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use sim_executor::{
    Access, Config, Executor, Label, Outcome, Replay, Report, Resource, Source, cancellable, choose, context,
    event, spawn_named, time, yield_now,
};
use sim_explorer::{
    Alternative, Each, End, Ended, Exceptions, Exhaustive, ExhaustiveEnd, Follow, Kinds, Next, Search, Shard,
    Strategy, Survey,
};

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

fn run(config: Config, source: Box<dyn Source>, program: impl Future<Output = ()> + 'static) -> Report {
    let mut executor = Executor::with_config(config, source);
    let outcome = executor.block_on(program).map_or_else(Into::into, |()| Outcome::Done);
    executor.finish(outcome)
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

/// Tasks with so many steps, and nothing else that could run; the order of their steps is written down.
fn steps(counts: &'static [u32], order: &Rc<RefCell<Vec<usize>>>) -> impl Future<Output = ()> + use<> {
    let order = Rc::clone(order);
    async move {
        let left = Rc::new(Cell::new(counts.len()));
        let root = std::future::poll_fn(|context| Poll::Ready(context.waker().clone())).await;
        for (task, count) in counts.iter().enumerate() {
            let (order, left, root) = (Rc::clone(&order), Rc::clone(&left), root.clone());
            drop(spawn_named(["a", "b", "c", "d"][task], async move {
                for step in 0..*count {
                    if step > 0 {
                        yield_now().await;
                    }
                    order.borrow_mut().push(task);
                }
                left.set(left.get() - 1);
                if left.get() == 0 {
                    root.wake();
                }
            }));
        }
        std::future::poll_fn(|_| if left.get() == 0 { Poll::Ready(()) } else { Poll::Pending }).await;
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
    let order = Rc::clone(order);
    async move {
        let left = Rc::new(Cell::new(tasks.len()));
        let root = std::future::poll_fn(|context| Poll::Ready(context.waker().clone())).await;
        for (task, (count, idle)) in tasks.iter().enumerate() {
            let (order, left, root) = (Rc::clone(&order), Rc::clone(&left), root.clone());
            drop(spawn_named(["a", "b", "c", "d"][task], async move {
                for step in 0..*count {
                    if step > 0 {
                        yield_now().await;
                    }
                    for _ in 0..*idle {
                        yield_now().await;
                    }
                    context::access(SHARED, Access::Write);
                    order.borrow_mut().push(task);
                }
                left.set(left.get() - 1);
                if left.get() == 0 {
                    root.wake();
                }
            }));
        }
        std::future::poll_fn(|_| if left.get() == 0 { Poll::Ready(()) } else { Poll::Pending }).await;
    }
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

/// All orders of the steps that differ from first come, first served in at most so many picks, by a model of its own.
fn model_orders(counts: &[u32], depth: u32) -> BTreeSet<Vec<usize>> {
    #[derive(Clone)]
    struct State {
        ready: VecDeque<(usize, u32)>,
        left: Vec<u32>,
        order: Vec<usize>,
        stamp: u32,
        /// Tasks that wait for those which were ready up to a stamp.
        behind: Vec<(usize, u32)>,
    }
    impl State {
        fn turn(&mut self) -> usize {
            let Some(&(task, _)) = self.ready.front() else { unreachable!("somebody is ready") };
            if let Some(&(_, stamp)) = self.behind.iter().find(|(waiting, _)| *waiting == task) {
                let may_go = |(other, since): &&(usize, u32)| {
                    *since <= stamp && self.behind.iter().all(|(waiting, _)| waiting != other)
                };
                if let Some(&(other, _)) = self.ready.iter().find(may_go) {
                    return other;
                }
                self.behind.retain(|(waiting, _)| *waiting != task);
            }
            task
        }
        fn poll(&mut self, task: usize) {
            self.ready.retain(|(other, _)| *other != task);
            self.behind.retain(|(waiting, _)| *waiting != task);
            self.order.push(task);
            self.left[task] -= 1;
            if self.left[task] > 0 {
                self.ready.push_back((task, self.stamp));
                self.stamp += 1;
            }
        }
    }
    fn go(mut state: State, depth: u32, orders: &mut BTreeSet<Vec<usize>>) {
        while !state.ready.is_empty() {
            let turn = state.turn();
            if depth > 0 && state.ready.len() > 1 {
                for &(task, _) in state.ready.iter().filter(|(task, _)| *task != turn) {
                    let mut other = state.clone();
                    other.poll(task);
                    go(other, depth - 1, orders);
                }
                let mut other = state.clone();
                other.behind.push((turn, other.stamp - 1));
                let task = other.turn();
                other.poll(task);
                go(other, depth - 1, orders);
            }
            state.poll(turn);
        }
        orders.insert(state.order);
    }
    let ready = (0..counts.len()).map(|task| (task, task as u32)).collect();
    let state = State {
        ready,
        left: counts.to_vec(),
        order: Vec::new(),
        stamp: counts.len() as u32,
        behind: Vec::new(),
    };
    let mut orders = BTreeSet::new();
    go(state, depth, &mut orders);
    orders
}

#[test]
fn each_makes_exactly_the_runs_with_so_many_deviations() {
    const PROGRAMS: [&[u32]; 4] = [&[3, 3], &[2, 2, 2], &[1, 3, 2], &[2, 1, 1, 2]];
    for counts in PROGRAMS {
        for depth_max in 0..=3 {
            let orders = RefCell::new(BTreeSet::new());
            let found = Each { depth_max, ..Each::default() }.search(|source| {
                let order = Rc::default();
                let report = run(Config::default(), source, steps(counts, &order));
                orders.borrow_mut().insert(order.take());
                report
            });
            assert_eq!(found.ended, Ended::Exhausted { depth: depth_max });
            let expected = model_orders(counts, depth_max);
            assert_eq!(*orders.borrow(), expected, "{counts:?} with {depth_max} deviations");
            assert_eq!(found.runs, expected.len() as u64, "{counts:?} with {depth_max} deviations");
        }
    }
}

#[test]
fn each_makes_all_interleavings_when_it_may_deviate_everywhere() {
    let search = Each { depth_max: 8, ..Each::default() };
    let found = search.search(|source| run(Config::default(), source, steps(&[4, 4], &Rc::default())));
    assert_eq!((found.runs, found.ended), (70, Ended::Exhausted { depth: 8 }));
}

/// A decision point that is no yield: a switch away from who is there is a preemption.
async fn pause() {
    let mut is_first = true;
    std::future::poll_fn(|context| {
        if !std::mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Two tasks with so many steps, without yields, that fail in this order of their steps.
fn without_yields(counts: [u32; 2], wrong: &'static [usize], source: Box<dyn Source>) -> Report {
    let order: Rc<RefCell<Vec<usize>>> = Rc::default();
    let log = Rc::clone(&order);
    let program = async move {
        let left = Rc::new(Cell::new(2));
        let root = std::future::poll_fn(|context| Poll::Ready(context.waker().clone())).await;
        for (task, count) in counts.into_iter().enumerate() {
            let (order, left, root) = (Rc::clone(&log), Rc::clone(&left), root.clone());
            drop(spawn_named(["a", "b"][task], async move {
                for step in 0..count {
                    if step > 0 {
                        pause().await;
                    }
                    context::access(SHARED, Access::Write);
                    order.borrow_mut().push(task);
                }
                left.set(left.get() - 1);
                if left.get() == 0 {
                    root.wake();
                }
            }));
        }
        std::future::poll_fn(|_| if left.get() == 0 { Poll::Ready(()) } else { Poll::Pending }).await;
    };
    let mut executor = Executor::new(source);
    executor.block_on(program).unwrap();
    let is_wrong = *order.borrow() == wrong;
    executor.finish(if is_wrong { Outcome::Failed { message: "wrong".to_string() } } else { Outcome::Done })
}

#[test]
fn exhaustive_makes_all_seventy_interleavings_of_a_pair_and_says_so() {
    let search = Exhaustive { preemptions_max: 9, ..Exhaustive::default() };
    let yields = search.search(|source| run(Config::default(), source, steps(&[4, 4], &Rc::default())));
    assert_eq!((yields.schedules, yields.runs), (70, 70), "{yields}");
    assert!(yields.to_string().starts_with("exhausted: 70 schedules, all there are"), "{yields}");
    let pauses = search.search(|source| without_yields([4, 4], &[], source));
    assert_eq!(pauses.schedules, 70, "{pauses}");
    assert_eq!(pauses.to_string(), "exhausted: 70 schedules, all there are; 70 orders of what they touch");
}

/// How many interleavings of two tasks there are with at most so many switches away from one that could go on, counted by one
/// that makes them all.
fn interleavings([a, b]: [u32; 2], preemptions: u32) -> u64 {
    fn go(left: [u32; 2], last: Option<usize>, preemptions: u32) -> u64 {
        if left == [0, 0] {
            return 1;
        }
        let mut count = 0;
        for next in [0, 1] {
            let is_preemption = last.is_some_and(|last| last != next && left[last] > 0);
            if left[next] > 0 && (!is_preemption || preemptions > 0) {
                let mut after = left;
                after[next] -= 1;
                count += go(after, Some(next), preemptions - u32::from(is_preemption));
            }
        }
        count
    }
    go([a, b], None, preemptions)
}

#[test]
fn the_schedules_within_a_bound_are_as_many_as_an_independent_enumeration_counts() {
    for counts in [[1, 1], [2, 3], [4, 4], [1, 6], [5, 3]] {
        for preemptions_max in 0..=3 {
            let search = Exhaustive { preemptions_max, ..Exhaustive::default() };
            let found = search.search(|source| without_yields(counts, &[], source));
            let expected = interleavings(counts, preemptions_max);
            assert_eq!(found.schedules, expected, "{counts:?} within {preemptions_max}: {found}");
        }
    }
    let found = Exhaustive::default().search(|source| without_yields([4, 4], &[], source));
    let orders = found.orders.unwrap();
    let expected =
        format!("exhausted: {orders} schedules within 2 preemptions; {orders} orders of what they touch");
    assert_eq!(found.to_string(), expected);
}

#[test]
fn a_failure_that_exhaustive_finds_has_as_few_preemptions_as_any_and_is_made_again() {
    const WRONG: &[usize] = &[0, 1, 1, 0, 0, 1];
    let found = Exhaustive { preemptions_max: 5, ..Exhaustive::default() }
        .search(|source| without_yields([3, 3], WRONG, source));
    let ExhaustiveEnd::Failed { preemptions, turns, report } = found.ended else { panic!("{found}") };
    assert_eq!((preemptions, turns.len()), (2, 2));
    let exceptions = Exceptions { schedule: turns, ..Exceptions::default() };
    let (source, followed) = Follow::new(&exceptions);
    let again = without_yields([3, 3], WRONG, Box::new(source));
    assert!(followed.is_complete());
    assert_eq!((again.outcome, again.hash), (report.outcome, report.hash));
    let bounded = Exhaustive { preemptions_max: 1, ..Exhaustive::default() }
        .search(|source| without_yields([3, 3], WRONG, source));
    assert_eq!(bounded.ended, ExhaustiveEnd::Exhausted { preemptions: Some(1) });
}

#[test]
fn a_search_that_is_cut_off_says_about_how_many_schedules_there_are() {
    let search = Exhaustive { preemptions_max: 0, runs_max: 100 };
    let found = search.search(|source| run(Config::default(), source, steps(&[4, 4, 4], &Rc::default())));
    let ExhaustiveEnd::CutOff { preemptions: 0, estimate } = found.ended else { panic!("{found}") };
    // 12! / 4!^3 are 34,650.
    assert!((10_000..100_000).contains(&estimate), "{estimate}");
    assert!(found.to_string().starts_with("cut off at 100 schedules, of about "), "{found}");
}

#[test]
fn a_program_that_is_not_the_same_twice_is_told_by_exhaustive() {
    let runs = Rc::new(Cell::new(0));
    let found = Exhaustive::default().search(|source| {
        runs.set(runs.get() + 1);
        let counts: &[u32] = if runs.get() == 3 { &[1, 1] } else { &[2, 2] };
        run(Config::default(), source, steps(counts, &Rc::default()))
    });
    assert_eq!(found.ended, ExhaustiveEnd::Diverged);
}

/// Fails if the program draws exactly these numbers.
fn draws(wanted: &'static [u64], source: Box<dyn Source>) -> Report {
    let mut executor = Executor::new(source);
    let drawn = executor.block_on(async { [choose(10), choose(10), choose(10), choose(10)] }).unwrap();
    let failed = drawn.as_slice() == wanted;
    executor.finish(if failed { Outcome::Failed { message: "drawn".to_string() } } else { Outcome::Done })
}

#[test]
fn a_failure_that_each_finds_needs_all_of_its_deviations() {
    let search = Each { depth_max: 3, ..Each::default() };
    let found = search.search(|source| draws(&[0, 9, 0, 9], source));
    let Ended::Failed { deviations, report } = found.ended else { panic!("{found}") };
    let at: Vec<_> = deviations.iter().map(|deviation| deviation.step.at).collect();
    assert_eq!(at, [1, 3]);
    assert!(matches!(deviations[0].answer, Alternative::Value(_)));
    assert_eq!(report.outcome.to_string(), "drawn");
    let missed = Each { depth_max: 1, ..search }.search(|source| draws(&[0, 9, 0, 9], source));
    assert_eq!(missed.ended, Ended::Exhausted { depth: 1 });
    let extremes_only = search.search(|source| draws(&[0, 5, 0, 0], source));
    assert_eq!(extremes_only.ended, Ended::Exhausted { depth: 3 });
}

#[test]
fn each_leaves_out_the_kinds_that_it_is_not_asked_for_and_says_when_it_is_cut_off() {
    let kinds: Kinds = "order+flag".parse().unwrap();
    let without = Each { kinds, ..Each::default() }.search(|source| draws(&[9, 0, 0, 0], source));
    assert_eq!((without.runs, without.ended), (1, Ended::Exhausted { depth: 1 }));
    let cut_off =
        Each { depth_max: 2, runs_max: 6, ..Each::default() }.search(|source| draws(&[9, 9, 9, 9], source));
    assert_eq!((cut_off.runs, &cut_off.ended), (6, &Ended::CutOff { depth: 2, made: 6, of: 11 }));
    assert_eq!(cut_off.to_string(), "cut off after 6 of 11 runs, among those with 2 deviations");
}

/// Takes a connection out of a pool of one, and puts it back, whatever happens in between if it is mended.
fn pool(mended: bool, source: Box<dyn Source>) -> Report {
    struct Borrowed(Rc<Cell<u32>>);
    impl Drop for Borrowed {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let mut executor = Executor::new(source);
    let left = Rc::new(Cell::new(1));
    let connections = Rc::clone(&left);
    let program = async move {
        let query = async {
            connections.set(connections.get() - 1);
            let guard = mended.then(|| Borrowed(Rc::clone(&connections)));
            yield_now().await;
            yield_now().await;
            if guard.is_none() {
                connections.set(connections.get() + 1);
            }
        };
        let _ = cancellable(query).await;
    };
    executor.block_on(program).unwrap();
    let lost = left.get() == 0;
    executor.finish(if lost {
        Outcome::Failed { message: "a connection is lost".to_string() }
    } else {
        Outcome::Done
    })
}

#[test]
fn each_cancels_at_every_await_in_turn() {
    let found = Each::default().search(|source| pool(false, source));
    let Ended::Failed { deviations, .. } = &found.ended else { panic!("{found}") };
    assert_eq!((found.runs, deviations.len()), (2, 1));
    let exhausted = Each::default().search(|source| pool(true, source));
    assert_eq!((exhausted.runs, exhausted.ended), (3, Ended::Exhausted { depth: 1 }));
}

proptest! {
    #[test]
    fn the_values_of_a_seed_are_the_same_whatever_the_strategy(seed in any::<u64>()) {
        let drawn = |strategy: Strategy| {
            let source = strategy.source(seed, &Arc::default());
            Executor::new(source).block_on(async { [(); 8].map(|()| choose(1_000_000)) }).unwrap()
        };
        for strategy in Strategy::ALL.into_iter().filter(|strategy| *strategy != Strategy::Production) {
            prop_assert_eq!(drawn(strategy), drawn(Strategy::Random), "{}", strategy);
        }
    }
}

/// Makes what a search wants, so many runs at a time, and tells the last of them first; the recipes that count.
fn search_by_batches(mut search: Search, batch: usize, counts: &'static [u32]) -> (Vec<String>, Search) {
    let mut made = Vec::new();
    loop {
        let mut under_way = Vec::new();
        let mut next = search.next();
        while let Next::Run(wanted) = &next {
            let source = search.source(wanted);
            let deviated = source.deviated();
            let report = run(Config::default(), Box::new(source), steps(counts, &Rc::default()));
            if !wanted.is_again {
                made.push(wanted.run.to_string());
            }
            under_way.push((wanted.clone(), deviated, report.hash));
            if under_way.len() == batch {
                break;
            }
            next = search.next();
        }
        for (wanted, deviated, hash) in under_way.into_iter().rev() {
            search.tell(&wanted, &deviated, hash, false);
        }
        if next == Next::Nothing {
            return (made, search);
        }
    }
}

#[test]
fn a_search_goes_the_same_way_however_many_of_its_runs_are_under_way() {
    let each = Each { depth_max: 3, ..Each::default() };
    let (alone, search) = search_by_batches(Search::new(each), 1, &[2, 3, 2]);
    for batch in [2, 7, 1_000] {
        let (together, other) = search_by_batches(Search::new(each), batch, &[2, 3, 2]);
        assert_eq!(together, alone, "{batch} at a time");
        assert_eq!((other.runs(), other.end()), (search.runs(), search.end()));
    }
}

#[test]
fn the_shards_of_a_search_are_disjoint_and_make_all_its_runs() {
    let each = Each { depth_max: 2, ..Each::default() };
    let orders = |shard: Shard| search_by_batches(Search::of_shard(each, shard), 1, &[2, 3, 2]).0;
    let whole: BTreeSet<String> = orders(Shard::WHOLE).into_iter().collect();
    for count in [2, 3, 50] {
        let shards: Vec<String> =
            (0..count).flat_map(|index| orders(Shard::new(index, count).unwrap())).collect();
        let together: BTreeSet<String> = shards.iter().cloned().collect();
        assert_eq!(together.len(), shards.len(), "two of {count} shards make the same run");
        // They may also make runs behind those that turned out equal to runs of another shard.
        assert!(together.is_superset(&whole), "{count} shards");
    }
}

#[test]
fn a_search_that_is_cut_off_makes_the_same_runs_however_many_are_under_way() {
    let each = Each { depth_max: 3, runs_max: 40, ..Each::default() };
    let (alone, search) = search_by_batches(Search::new(each), 1, &[2, 3, 2]);
    let (together, other) = search_by_batches(Search::new(each), 7, &[2, 3, 2]);
    assert_eq!((together, other.end()), (alone, search.end()));
    assert!(matches!(search.end(), Some(End::CutOff { depth: 2 | 3, made: 40, .. })), "{:?}", search.end());
}
