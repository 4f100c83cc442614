//! Failure files that are replayed: of the same program, and of one that was edited.

use std::cell::Cell;
use std::rc::Rc;
use std::task::Poll;

use sim_executor::context::{note_varied, wait_at};
use sim_executor::{
    Config, Executor, Label, Limits, Outcome, Ratio, Report, Source, Varied, choose, flip, spawn_named,
};
use sim_explorer::{BaseOrder, Each, End, Next, Recipe, RunSeed, Search, Simfail, Status, Strategy};

/// How the program was edited since.
#[derive(Clone, Copy, Debug, Default)]
struct Edit {
    /// Another operation stands before the one at which the others go on.
    repeated: usize,
    /// The operation is called otherwise.
    renamed: bool,
    /// The bug is not there.
    mended: bool,
    /// Another bug is there.
    other_bug: bool,
    /// A task that has nothing to do with it.
    bystander: bool,
}

/// A decision point that is no yield, at this operation.
async fn pause_at(label: Label) {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        wait_at(label, 0);
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Two tasks count to two; who is last loses what the other did, unless each holds on to what it read.
async fn count(edit: Edit) {
    let label = Label::new(if edit.renamed { "fetch" } else { "read" });
    if edit.bystander {
        drop(spawn_named("bystander", async {
            for _ in 0..5 {
                pause_at(Label::new("idle")).await;
            }
        }));
    }
    let total = Rc::new(Cell::new(0));
    let tasks = ["one", "two"].map(|name| {
        let total = Rc::clone(&total);
        spawn_named(name, async move {
            for _ in 0..edit.repeated {
                pause_at(label).await;
            }
            let before = total.get();
            pause_at(label).await;
            total.set(if edit.mended { total.get() + 1 } else { before + 1 });
            pause_at(Label::new("written")).await;
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert!(!edit.other_bug, "something else is wrong");
    assert_eq!(total.get(), 2, "an update was lost");
}

/// Faults and numbers in place of an order.
async fn draws() {
    let rare = Ratio::new(1, 2);
    let (fault, number) = (flip(rare), choose(8));
    assert!(!fault || number < 5, "both at once");
}

fn run<F: Future<Output = ()> + 'static>(
    program: impl Fn() -> F,
) -> impl FnMut(Config, Box<dyn Source>) -> Report {
    move |config, source| {
        let mut executor = Executor::with_config(config, source);
        let ended = executor.block_on(program());
        executor.finish(ended.map_or_else(Into::into, |()| Outcome::Done))
    }
}

fn config() -> Config {
    Config { limits: Limits { polls_max: 100_000, ..Limits::default() }, ..Config::default() }
}

fn edited(edit: Edit) -> impl FnMut(Config, Box<dyn Source>) -> Report {
    run(move || count(edit))
}

/// The file of the first failing seed of a strategy.
fn file_by(strategy: Strategy, make: &mut dyn FnMut(Config, Box<dyn Source>) -> Report) -> Simfail {
    let seeds = (0..2_000).map(RunSeed::Seed);
    let runs: Vec<RunSeed> =
        if strategy == Strategy::Production { vec![RunSeed::Production] } else { seeds.collect() };
    let file =
        runs.into_iter().find_map(|run| Simfail::of_run("count", &Recipe::of(run, strategy), config(), make));
    file.unwrap_or_else(|| panic!("{strategy} finds it in 2,000 runs"))
}

fn status(file: &Simfail, edit: Edit) -> Status {
    file.replay(config(), &mut edited(edit)).unwrap().status
}

#[test]
fn every_strategy_is_written_read_and_replayed_as_the_same_run() {
    for strategy in Strategy::ALL {
        let mut make = edited(Edit::default());
        let file = file_by(strategy, &mut make);
        let read = Simfail::parse(file.to_string().as_bytes()).unwrap();
        assert_eq!(read, file, "{strategy}");
        let replayed = read.replay(config(), &mut make).unwrap();
        assert_eq!((replayed.status, replayed.report.hash), (Status::Exact, file.expect.trace), "{strategy}");
        assert_eq!((replayed.difference, replayed.renewed), (None, None), "{strategy}");
        if strategy != Strategy::Production {
            assert!(matches!(file.order, BaseOrder::Default { .. }), "{strategy}: {file}");
        }
    }
}

#[test]
fn a_run_that_each_has_found_is_kept_too() {
    let mut make = edited(Edit::default());
    let mut search = Search::new(Each { depth_max: 3, ..Each::default() });
    while let Next::Run(wanted) = search.next() {
        let source = search.source(&wanted);
        let deviated = source.deviated();
        let report = make(config(), Box::new(source));
        search.tell(&wanted, &deviated, report.hash, !report.outcome.is_done());
    }
    let Some(End::Failed { run }) = search.end() else { panic!("{:?}", search.end()) };
    let file = Simfail::of_run("count", &Recipe::Deviant(run.clone()), config(), &mut make).unwrap();
    assert_eq!(file.found, run.to_string());
    let read = Simfail::parse(file.to_string().as_bytes()).unwrap();
    assert_eq!(read.replay(config(), &mut make).unwrap().status, Status::Exact);
}

#[test]
fn faults_and_numbers_are_kept_too() {
    let mut make = run(draws);
    let file = file_by(Strategy::Random, &mut make);
    assert_eq!(file.exceptions_count(), 2, "{file}");
    let read = Simfail::parse(file.to_string().as_bytes()).unwrap();
    assert_eq!(read.replay(config(), &mut make).unwrap().status, Status::Exact);
}

#[test]
fn a_run_that_does_not_fail_has_no_file() {
    let mut make = edited(Edit { mended: true, ..Edit::default() });
    assert_eq!(Simfail::of_run("count", &Recipe::Production, config(), &mut make), None);
    assert_eq!(Simfail::of_run("count", &Recipe::of_seed(1), config(), &mut make), None);
}

#[test]
fn another_task_leaves_the_failure_reproduced() {
    let file = file_by(Strategy::Walk, &mut edited(Edit::default()));
    let edit = Edit { bystander: true, ..Edit::default() };
    let replayed = file.replay(config(), &mut edited(edit)).unwrap();
    assert_eq!(replayed.status, Status::Reproduced);
    let difference = replayed.difference.expect("the run is another").to_string();
    assert!(difference.starts_with("decision "), "{difference}");
    let renewed = replayed.renewed.unwrap();
    assert_eq!(status(&renewed, edit), Status::Exact, "{renewed}");
    assert_eq!((renewed.test, renewed.found), (file.test, file.found));
}

#[test]
fn an_operation_that_is_repeated_is_repaired() {
    // The least file: the other's turn once one has read.
    let file = minimal();
    for repeated in [1, 2] {
        let edit = Edit { repeated, ..Edit::default() };
        let replayed = file.replay(config(), &mut edited(edit)).unwrap();
        assert_eq!(replayed.status, Status::Repaired(1), "{repeated}");
        let renewed = replayed.renewed.unwrap();
        assert_eq!(status(&renewed, edit), Status::Exact, "{renewed}");
    }
    assert_eq!(status(&file, Edit { repeated: 5, ..Edit::default() }), Status::Passed, "that is too far");
}

/// Workers of one name, of which the last two count to two.
async fn workers(others_first: u32) {
    let total = Rc::new(Cell::new(0));
    for _ in 0..others_first {
        drop(spawn_named("worker", async {}));
    }
    let tasks = [(); 2].map(|()| {
        let total = Rc::clone(&total);
        spawn_named("worker", async move {
            let before = total.get();
            pause_at(Label::new("read")).await;
            total.set(before + 1);
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(total.get(), 2, "an update was lost");
}

#[test]
fn an_actor_that_has_moved_among_its_siblings_is_found_again() {
    let mut make = run(|| workers(0));
    let file = file_by(Strategy::Walk, &mut make);
    // Of one more the first two are another pair that fails; of two more the file speaks of none that does.
    for (others_first, is_repaired) in [(1, false), (2, true)] {
        let mut edited = run(move || workers(others_first));
        let replayed = file.replay(config(), &mut edited).unwrap();
        let status = replayed.status;
        let is_expected =
            if is_repaired { matches!(status, Status::Repaired(_)) } else { status == Status::Reproduced };
        assert!(is_expected, "{others_first}: {status}\n{file}");
        let renewed = replayed.renewed.unwrap();
        assert_eq!(renewed.replay(config(), &mut edited).unwrap().status, Status::Exact, "{renewed}");
    }
}

#[test]
fn a_mended_program_passes_and_a_foreign_name_is_stale() {
    let file = minimal();
    assert_eq!(status(&file, Edit::default()), Status::Reproduced);
    assert_eq!(status(&file, Edit { mended: true, ..Edit::default() }), Status::Passed);
    let renamed = Edit { renamed: true, ..Edit::default() };
    let replayed = file.replay(config(), &mut edited(renamed)).unwrap();
    assert_eq!(replayed.status, Status::Stale(1));
    assert_eq!(replayed.unmet, ["after main/one @ read #0   run main/two"]);
}

#[test]
fn another_failure_is_not_taken_for_that_of_the_file() {
    let replayed =
        minimal().replay(config(), &mut edited(Edit { mended: true, other_bug: true, ..Edit::default() }));
    assert_eq!(replayed.unwrap().status, Status::Other);
}

#[test]
fn a_file_of_a_seed_is_replayed_by_its_line() {
    let mut make = edited(Edit::default());
    let file = file_by(Strategy::PCT, &mut make);
    let by_seed = Simfail { order: BaseOrder::Found, schedule: Default::default(), ..file.clone() };
    let replayed = by_seed.replay(config(), &mut make).unwrap();
    assert!(replayed.status.is_there(), "{}: {by_seed}", replayed.status);
    for found in ["", "pct:changes=5", "seed=1", "nothing seed=1", "pct seed=x"] {
        let wrong = Simfail { found: found.to_string(), ..by_seed.clone() };
        let error = wrong.replay(config(), &mut make).unwrap_err();
        assert!(
            error.to_string().contains("has no strategy and seed such as `pct:changes=5 seed=17`"),
            "{error}"
        );
    }
}

/// By hand, as a person would write it.
fn minimal() -> Simfail {
    let text = "simfail 1\ntest count\nsignature panic \"assertion `left == right` failed: an update was lost\"\nfound hand\n\
        [schedule]\nafter main/one @ read #0 run main/two\n[expect]\ndecisions 0\ntrace 0000000000000000\n";
    Simfail::parse(text.as_bytes()).unwrap()
}

#[test]
fn what_a_run_drew_that_was_not_set_stands_in_its_file() {
    let mut make = |config, source: Box<dyn Source>| {
        let mut executor = Executor::with_config(config, source);
        let ended = executor.block_on(async {
            let drawn = choose(4);
            note_varied(Varied { what: "size of the buffer", drawn: drawn.to_string() });
            assert_ne!(drawn, 3, "it is too small");
        });
        executor.finish(ended.map_or_else(Into::into, |()| Outcome::Done))
    };
    let config = Config::default();
    let file =
        (0..).find_map(|seed| Simfail::of_run("drawn", &Recipe::of_seed(seed), config, &mut make)).unwrap();
    assert!(file.to_string().contains("\n[drawn]\n\"size of the buffer\" = 3\n"), "{file}");
}
