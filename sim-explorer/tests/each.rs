//! Every run with few deviations: which there are, and what is found among them.

mod stepping;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use sim_executor::{
    Access, Config, Executor, Label, Outcome, Report, Resource, Source, cancellable, choose, context,
    invariant, select, spawn_named, spawn_telling, time, yield_now,
};
use sim_explorer::{Alternative, Each, End, Ended, Kinds, Next, Search, Shard, Strategy};
use stepping::{run, steps};

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

/// What a task touches in its steps.
type Touches = &'static [(u64, Access)];

/// Tasks that touch this in their steps, and tell it.
async fn touching(tasks: &'static [Touches], are_telling: bool) {
    const SHARED: Label = Label::new("test.shared");
    for (task, touches) in tasks.iter().enumerate() {
        let name = ["a", "b", "c", "d"][task];
        let steps = async move {
            for (step, (number, access)) in touches.iter().enumerate() {
                if step > 0 {
                    yield_now().await;
                }
                context::access(Resource::new(SHARED, *number), *access);
            }
        };
        drop(if are_telling { spawn_telling(name, steps) } else { spawn_named(name, steps) });
    }
    time::sleep(Duration::from_secs(1)).await;
}

/// Whether it is a write, and which steps it is: reads after each other are one group.
type Group = (bool, BTreeSet<(usize, usize)>);

/// The orders in which steps come to each number: what is left of an order of tasks if steps that touch nothing in common may change places.
fn orders_of_touches(order: &[usize], tasks: &[Touches]) -> BTreeMap<u64, Vec<Group>> {
    let mut steps = vec![0; tasks.len()];
    let mut of_numbers: BTreeMap<u64, Vec<Group>> = BTreeMap::new();
    for &task in order {
        let (number, access) = tasks[task][steps[task]];
        let (groups, step) = (of_numbers.entry(number).or_default(), (task, steps[task]));
        match groups.last_mut() {
            Some((false, reads)) if access == Access::Read => drop(reads.insert(step)),
            _ => groups.push((access == Access::Write, BTreeSet::from([step]))),
        }
        steps[task] += 1;
    }
    of_numbers
}

#[test]
fn runs_that_only_swap_polls_which_touch_nothing_in_common_count_once() {
    use Access::{Read, Write};
    const PROGRAMS: [&[Touches]; 5] = [
        &[&[(1, Write), (1, Write), (1, Write)], &[(2, Write), (2, Write), (2, Write)]],
        &[&[(1, Write), (2, Write)], &[(2, Write), (1, Write)], &[(3, Write), (3, Write)]],
        &[&[(1, Read), (1, Read)], &[(1, Read), (1, Write)], &[(1, Read), (2, Write)]],
        &[&[(1, Write)], &[(2, Read), (1, Read), (2, Write)], &[(2, Read), (2, Read)]],
        &[&[(1, Write), (2, Write)], &[(1, Write)], &[(2, Write)], &[(3, Read), (3, Read)]],
    ];
    let mut fewer = 0;
    for tasks in PROGRAMS {
        let counts: Vec<u32> = tasks.iter().map(|touches| touches.len() as u32).collect();
        for depth_max in 0..=3 {
            let search = |are_telling: bool| {
                Each { depth_max, ..Each::default() }
                    .search(|source| run(Config::default(), source, touching(tasks, are_telling)))
            };
            let orders = model_orders(&counts, depth_max);
            let different: BTreeSet<_> = orders.iter().map(|order| orders_of_touches(order, tasks)).collect();
            let (telling, silent) = (search(true), search(false));
            assert_eq!(telling.runs, different.len() as u64, "{tasks:?} with {depth_max} deviations");
            assert_eq!(silent.runs, orders.len() as u64, "{tasks:?} with {depth_max} deviations");
            assert_eq!(telling.runs + telling.equal, silent.runs + silent.equal, "the same runs are made");
            assert_eq!(telling.ended, Ended::Exhausted { depth: depth_max });
            fewer += silent.runs - telling.runs;
        }
    }
    assert!(fewer > 100, "{fewer}");
}

#[test]
fn what_an_invariant_looks_at_is_not_known() {
    const TASKS: &[Touches] = &[&[(1, Access::Write)], &[(2, Access::Write)]];
    let runs = |has_invariant: bool| {
        let program = move || async move {
            if has_invariant {
                invariant("it looks at everything", || true);
            }
            touching(TASKS, true).await;
        };
        Each::default().search(|source| run(Config::default(), source, program())).runs
    };
    assert_eq!((runs(false), runs(true)), (1, 2));
}

#[test]
fn each_makes_all_interleavings_when_it_may_deviate_everywhere() {
    let search = Each { depth_max: 8, ..Each::default() };
    let found = search.search(|source| run(Config::default(), source, steps(&[4, 4], &Rc::default())));
    assert_eq!((found.runs, found.ended), (70, Ended::Exhausted { depth: 8 }));
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

/// A connection that is put back, whatever happens.
struct Borrowed(Rc<Cell<u32>>);

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Takes a connection out of a pool of one, and puts it back, whatever happens in between if it is mended.
fn pool(mended: bool, source: Box<dyn Source>) -> Report {
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
    finish(executor, left.get() == 0)
}

fn finish(executor: Executor, is_lost: bool) -> Report {
    executor.finish(if is_lost {
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

/// The same pool, whose query loses against a sleep, or is aborted when it is about to begin.
fn pool_in_a_hurry(mended: bool, is_aborted: bool, source: Box<dyn Source>) -> Report {
    let mut executor = Executor::new(source);
    let left = Rc::new(Cell::new(1));
    let connections = Rc::clone(&left);
    let program = async move {
        let query = async move {
            let guard = mended.then(|| Borrowed(Rc::clone(&connections)));
            connections.set(connections.get() - 1);
            yield_now().await;
            yield_now().await;
            if guard.is_none() {
                connections.set(connections.get() + 1);
            }
        };
        if is_aborted {
            let query = spawn_named("query", query);
            query.abort();
            let _ = query.await;
        } else {
            select! {
                () = query => {}
                () = time::sleep(Duration::from_secs(3_600)) => {}
            }
        }
    };
    executor.block_on(program).unwrap();
    finish(executor, left.get() == 0)
}

#[test]
fn each_drops_the_branches_of_a_select_and_what_is_aborted_at_every_await_if_it_is_asked_to() {
    let cancels = Each { kinds: "cancel".parse().unwrap(), ..Each::default() };
    for is_aborted in [false, true] {
        let calm = Each::default().search(|source| pool_in_a_hurry(false, is_aborted, source));
        assert_eq!(calm.ended, Ended::Exhausted { depth: 1 }, "nothing is cancelled by itself");
        let found = cancels.search(|source| pool_in_a_hurry(false, is_aborted, source));
        let Ended::Failed { deviations, .. } = &found.ended else { panic!("{found}") };
        assert_eq!((found.runs, deviations.len()), (2, 1));
        let exhausted = cancels.search(|source| pool_in_a_hurry(true, is_aborted, source));
        let awaits = if is_aborted { 1 } else { 2 };
        assert_eq!((exhausted.runs, exhausted.ended), (1 + awaits, Ended::Exhausted { depth: 1 }));
    }
}
