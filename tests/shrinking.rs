//! Shrinking: what is left of the failures of the bug-finding benchmark, and in how many runs.

#[path = "../benches/bugs/src/fewest.rs"]
mod fewest;
#[path = "../benches/bugs/src/one_run.rs"]
mod one_run;
#[path = "../benches/bugs/src/programs/mod.rs"]
mod programs;
#[path = "../benches/bugs/src/runtime.rs"]
mod runtime;

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use seedbed::net::{self, Latency, LinkConfig, NetworkConfig, UdpSocket};
use seedbed::sync::{Mutex, mpsc};
use seedbed::{PanicsInside, choose, event, install_panic_hook, many, node, spawn_named, time};
use sim_executor::{Config, Executor, Outcome, Ratio, Report, Source, World};
use sim_explorer::{Shrink, Shrunk, Strategy, Survey};

use one_run::Simulated;
use programs::Body;
use runtime::pause;

fn run(world: &mut World, body: Body, config: Config, source: Box<dyn Source>) -> Report {
    one_run::run(world, config, body, false, source)
}

/// The first failing seeds of a strategy, shrunk.
fn shrunk(body: Body, strategy: Strategy, count: usize) -> Vec<Shrunk> {
    let mut world = World::default();
    let survey =
        Arc::new(Survey::of(Config::default(), |config, source| run(&mut world, body, config, source)));
    let source = |seed| strategy.source(seed, &survey);
    let fails =
        |seed: &u64| !run(&mut World::default(), body, Config::default(), source(*seed)).outcome.is_done();
    let failing: Vec<u64> = (0..5_000).filter(fails).take(count).collect();
    failing
        .into_iter()
        .map(|seed| {
            let found = || source(seed);
            let mut make = |config, source| run(&mut world, body, config, source);
            Shrink::default()
                .shrink(Config::default(), &found, &mut make, &mut |_| ControlFlow::Continue(()))
                .unwrap_or_else(|error| panic!("{strategy} seed {seed}: {error}"))
        })
        .collect()
}

/// The least preemptions and exceptions of all runs that show the bug, if not too many runs are needed to know.
fn minimum(body: Body) -> Option<(u64, u64)> {
    const RUNS_MAX: usize = 3_000;
    let mut world = World::default();
    fewest::fewest(RUNS_MAX, Config::default(), &mut |config, source| run(&mut world, body, config, source))
}

/// What is left of some failures.
#[derive(Clone, Copy, Debug, Default)]
struct Left {
    shrunk: u64,
    found: u64,
    preemptions: u64,
    exceptions: u64,
    runs: u64,
}

impl Left {
    fn add(&mut self, shrunk: &Shrunk) {
        self.shrunk += 1;
        self.found += shrunk.found.preemptions;
        self.preemptions += shrunk.cost.preemptions;
        self.exceptions += shrunk.cost.exceptions;
        self.runs += shrunk.runs;
    }

    /// The mean with one digit behind the point.
    fn mean(&self, sum: u64) -> String {
        let tenths = (10 * sum + self.shrunk / 2).checked_div(self.shrunk).unwrap_or_default();
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// With `-- --nocapture` it shows the table of docs/failures.md.
#[test]
fn few_preemptions_are_left_after_few_runs_and_mostly_as_few_as_can_be() {
    const FAILURES: usize = 2;
    let (mut compared, mut equal) = (0, 0);
    let (mut shrunk_all, mut preemptions, mut runs) = (0, 0, 0);
    println!(
        "| program | preemptions found | left | exceptions left | least | runs |\n|---|---|---|---|---|---|"
    );
    for (name, body) in programs::all::<Simulated>() {
        let least = minimum(body);
        let mut left = Left::default();
        for strategy in [Strategy::Random, Strategy::Walk, Strategy::PCT] {
            for shrunk in shrunk(body, strategy, FAILURES) {
                left.add(&shrunk);
                if let Some(least) = least {
                    compared += 1;
                    equal += u64::from((shrunk.cost.preemptions, shrunk.cost.exceptions) <= least);
                }
            }
        }
        let least = least.map_or_else(|| "?".to_string(), |(_, exceptions)| exceptions.to_string());
        let [found, kept, exceptions, made] =
            [left.found, left.preemptions, left.exceptions, left.runs].map(|sum| left.mean(sum));
        println!("| {name} | {found} | {kept} | {exceptions} | {least} | {made} |");
        assert!(left.shrunk > 0, "{name} has no failure to shrink");
        (shrunk_all, preemptions, runs) =
            (shrunk_all + left.shrunk, preemptions + left.preemptions, runs + left.runs);
    }
    println!("{shrunk_all} failures, {compared} compared, {equal} equal");
    assert!(shrunk_all >= 75, "{shrunk_all} failures were shrunk");
    assert!(preemptions <= 2 * shrunk_all, "{preemptions} preemptions are left of {shrunk_all} failures");
    assert!(runs <= 100 * shrunk_all, "{runs} runs for {shrunk_all} failures");
    assert!(compared >= 50 && 10 * equal >= 9 * compared, "{equal} of {compared} are as small as can be");
}

/// Sends numbered datagrams over a link that loses some; the seventeenth matters.
async fn orders() {
    let server = node("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
    let taking = node("server").spawn(async move {
        let mut taken = Vec::new();
        let mut number = [0];
        while time::timeout(Duration::from_secs(1), server.recv(&mut number)).await.is_ok() {
            taken.push(number[0]);
        }
        taken
    });
    let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    for number in 0..50 {
        client.send_to(&[number], "server:7").await.unwrap();
    }
    assert!(taking.await.unwrap().contains(&17), "order 17 is lost");
}

fn lossy(config: Config, source: Box<dyn Source>) -> Report {
    over_lossy_link(config, source, orders())
}

/// Sends as many datagrams as the run draws; the server misses those that say 7.
async fn drawn_orders() {
    let server = node("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
    let taking = node("server").spawn(async move {
        let (mut sevens, mut number) = (0, [0]);
        while time::timeout(Duration::from_secs(1), server.recv(&mut number)).await.is_ok() {
            sevens += u32::from(number == [7]);
        }
        sevens
    });
    let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    let mut sent = 0;
    for order in many("order", 0..=60) {
        let number = order.enter(|| choose(8)) as u8;
        sent += u32::from(number == 7);
        client.send_to(&[number], "server:7").await.unwrap();
    }
    assert_eq!(taking.await.unwrap(), sent, "a seven is lost");
}

fn over_lossy_link(
    config: Config,
    source: Box<dyn Source>,
    program: impl Future<Output = ()> + 'static,
) -> Report {
    install_panic_hook(PanicsInside::Quiet);
    let mut executor = Executor::with_boxed_source(config, source);
    let loss = Ratio::one_in(8);
    let latency = Latency::Uniform { min: Duration::from_micros(100), max: Duration::from_millis(2) };
    let link = LinkConfig { loss, latency, ..LinkConfig::default() };
    executor.enter(|| net::install(NetworkConfig { link, ..NetworkConfig::default() }));
    let outcome = executor.block_on(program).map_or_else(Into::into, |()| Outcome::Done);
    executor.finish(outcome)
}

#[test]
fn of_seven_faults_the_one_is_left_that_is_needed() {
    let found = |seed| move || Strategy::Random.source(seed, &Arc::default());
    let shrink = |seed| {
        let tell = &mut |_: &_| ControlFlow::Continue(());
        Shrink::default().shrink(Config::default(), &found(seed), &mut lossy, tell).unwrap()
    };
    let fails = |seed: &u64| !lossy(Config::default(), found(*seed)()).outcome.is_done();
    let shrunk = (0..2_000).filter(fails).map(shrink).find(|shrunk| shrunk.found.faults == 7);
    let shrunk = shrunk.expect("a run fails in which seven packets are lost");
    assert_eq!((shrunk.cost.faults, shrunk.cost.exceptions), (1, 1), "{}", shrunk.exceptions);
    assert_eq!(shrunk.exceptions.to_string(), "link:main->server/udp:7 @ link.loss #17 = true\n");
    assert!(shrunk.runs <= 100, "{} runs", shrunk.runs);
}

#[test]
fn operations_are_left_out_with_the_faults_that_befall_the_others() {
    let mut make = |config, source| over_lossy_link(config, source, drawn_orders());
    let found = |seed| move || Strategy::Random.source(seed, &Arc::default());
    let fails =
        |seed: &u64| !over_lossy_link(Config::default(), found(*seed)(), drawn_orders()).outcome.is_done();
    for seed in (0..200).filter(fails).take(5) {
        let tell = &mut |_: &_| ControlFlow::Continue(());
        let shrunk = Shrink::default().shrink(Config::default(), &found(seed), &mut make, tell).unwrap();
        assert!(shrunk.found.workload > 40, "{}", shrunk.found);
        let text = shrunk.exceptions.to_string();
        let [order, number, loss] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
        assert!(order.starts_with("main/order") && order.ends_with("user:many #0 = true"), "{text}");
        assert!(number.ends_with("user:choose #0 = 7"), "{text}");
        assert_eq!(loss, "link:main->server/udp:7 @ link.loss #0 = true", "{text}");
        assert!(shrunk.runs <= 150, "{} runs", shrunk.runs);
    }
}

fn explained(body: Body, strategy: Strategy) -> Vec<String> {
    let mut world = World::default();
    let mut make = |config, source| run(&mut world, body, config, source);
    let shrunk = shrunk(body, strategy, 1);
    shrunk
        .iter()
        .map(|shrunk| shrunk.explain(Config::default(), &mut make, &mut || true).to_string())
        .collect()
}

#[test]
fn an_explanation_has_at_most_forty_lines() {
    for (name, body) in programs::all::<Simulated>() {
        for text in
            [Strategy::Random, Strategy::Walk].into_iter().flat_map(|strategy| explained(body, strategy))
        {
            assert!(text.lines().count() <= 40, "{name}\n{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 240), "{name}\n{text}");
        }
    }
}

/// A check, a wait, and an act on what was checked: another task acts in between.
async fn reserve() {
    let seats = Rc::new(Cell::new(1));
    let guests = ["ann", "bob"].map(|name| {
        let seats = Rc::clone(&seats);
        spawn_named(name, async move {
            if seats.get() > 0 {
                event!("{name} sees a free seat");
                time::sleep(Duration::from_millis(1 + choose(5))).await;
                seats.set(seats.get() - 1);
                event!("{name} sits down, {} left", seats.get());
            }
        })
    });
    for guest in guests {
        guest.await.unwrap();
    }
    assert!(seats.get() >= 0, "two guests on one seat");
}

/// Two tasks take two locks in two orders.
async fn philosophers() {
    let forks = [(); 2].map(|()| Rc::new(futures::lock::Mutex::new(())));
    let dine =
        |name: &'static str, first: &Rc<futures::lock::Mutex<()>>, second: &Rc<futures::lock::Mutex<()>>| {
            let (first, second) = (Rc::clone(first), Rc::clone(second));
            spawn_named(name, async move {
                let _first = first.lock().await;
                event!("{name} has a fork");
                pause().await;
                let _second = second.lock().await;
                event!("{name} eats");
            })
        };
    let [one, two] = &forks;
    for dining in [dine("kant", one, two), dine("hume", two, one)] {
        dining.await.unwrap();
    }
}

fn story<F: Future<Output = ()> + 'static>(program: impl Fn() -> F) -> String {
    install_panic_hook(PanicsInside::Quiet);
    let mut make = |config, source| {
        let mut executor = Executor::with_boxed_source(config, source);
        let outcome = executor.block_on(program()).map_or_else(Into::into, |()| Outcome::Done);
        executor.finish(outcome)
    };
    let source = |seed| Strategy::Walk.source(seed, &Arc::default());
    let seed = (0..500).find(|seed| !make(Config::default(), source(*seed)).outcome.is_done());
    let found = || source(seed.expect("a seed fails"));
    let tell = &mut |_: &_| ControlFlow::Continue(());
    let shrunk = Shrink::default().shrink(Config::default(), &found, &mut make, tell).unwrap();
    shrunk.explain(Config::default(), &mut make, &mut || true).to_string()
}

/// A clerk that closes the books before the other has written its entry.
async fn books() {
    let books = Rc::new(Mutex::new(Vec::new()));
    let (entry, last) = (Rc::clone(&books), Rc::clone(&books));
    let clerk = spawn_named("clerk", async move { entry.lock().await.push("entry") });
    let closing =
        spawn_named("closing", async move { assert!(!last.lock().await.is_empty(), "closed too early") });
    clerk.await.unwrap();
    closing.await.unwrap();
}

/// Who asks before anything is sent gets no answer.
async fn asks_too_early() {
    let (sender, mut receiver) = mpsc::channel(1);
    let sending = spawn_named("sending", async move { sender.send(7).await.unwrap() });
    let asking =
        spawn_named("asking", async move { assert!(receiver.try_recv().is_ok(), "nothing is there yet") });
    sending.await.unwrap();
    asking.await.unwrap();
}

#[test]
fn the_operations_whose_order_decides_are_told_by_what_they_use() {
    let text = story(books);
    assert!(text.contains("the run passes: both use lock 1 of main (made at "), "{text}");
    assert!(text.contains("(A writes, then B writes)"), "{text}");
    let text = story(asks_too_early);
    assert!(text.contains("the run passes: both use channel 1 of main (made at "), "{text}");
}

#[test]
fn a_failure_in_the_default_order_says_so() {
    insta::assert_snapshot!(story(reserve));
}

#[test]
fn a_deadlock_is_told_by_the_pair_of_polls_whose_order_decides() {
    insta::assert_snapshot!(story(philosophers));
}

#[test]
fn a_network_failure_is_told_by_the_fault_that_it_needs() {
    let found = || Strategy::Random.source(seed_of_lossy(), &Arc::default());
    let tell = &mut |_: &_| ControlFlow::Continue(());
    let shrunk = Shrink::default().shrink(Config::default(), &found, &mut lossy, tell).unwrap();
    insta::assert_snapshot!(shrunk.explain(Config::default(), &mut lossy, &mut || true));
}

fn seed_of_lossy() -> u64 {
    let fails = |seed: &u64| {
        !lossy(Config::default(), Strategy::Random.source(*seed, &Arc::default())).outcome.is_done()
    };
    (0..2_000).find(fails).expect("a seed fails")
}
