//! What a source is told of a run besides its questions.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Access, Config, Executor, Fact, FactKinds, KeyedRandom, Label, Needs, Outcome, Point, ProductionOrder,
    Report, Resource, RunEnd, Source, Value, context, spawn, time, yield_now,
};

const CELL: Label = Label::new("test.cell");
const TABLE: Resource = Resource::new(CELL, 1);

/// What a run has told: its facts and, in between, its questions.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Fact(Fact),
    Question,
    End { has_failed: bool, hash: u64, is_recorded: bool },
}

/// Passes all on to another source, and keeps what it is told.
struct Listener<S> {
    inner: S,
    kinds: FactKinds,
    told: Rc<RefCell<Vec<Told>>>,
}

impl<S: Source> Source for Listener<S> {
    fn needs(&self) -> Needs {
        Needs { facts: self.kinds, ..self.inner.needs() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        self.told.borrow_mut().push(Told::Question);
        self.inner.decide(point)
    }

    fn observe(&mut self, fact: &Fact) {
        self.told.borrow_mut().push(Told::Fact(*fact));
    }

    fn end(&mut self, end: &RunEnd<'_>) {
        let told =
            Told::End { has_failed: end.has_failed, hash: end.hash, is_recorded: end.recording.is_some() };
        self.told.borrow_mut().push(told);
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

/// Two tasks that touch the same table, one of which yields in between, and a timer.
fn two_touch(executor: &mut Executor) {
    let ended = executor.block_on(async {
        let reader = spawn(async {
            context::access(TABLE, Access::Read);
            context::intend(TABLE, Access::Write);
            yield_now().await;
            context::access(TABLE, Access::Write);
        });
        time::sleep(Duration::from_millis(1)).await;
        reader.await.unwrap();
    });
    ended.unwrap();
}

fn listen<S: Source + 'static>(inner: S, kinds: FactKinds, config: Config) -> (Vec<Told>, Report) {
    let told = Rc::default();
    let source = Listener { inner, kinds, told: Rc::clone(&told) };
    let mut executor = Executor::with_config(config, source);
    two_touch(&mut executor);
    let report = executor.finish(Outcome::Done);
    (Rc::try_unwrap(told).unwrap().into_inner(), report)
}

fn facts(told: &[Told]) -> Vec<Fact> {
    let fact = |told: &Told| if let Told::Fact(fact) = told { Some(*fact) } else { None };
    told.iter().filter_map(fact).collect()
}

#[test]
fn listening_changes_nothing() {
    let config = Config { record: true, ..Config::default() };
    for seed in 0..20 {
        let (_, without) = listen(KeyedRandom::new(seed), FactKinds::NONE, config);
        let (told, with) = listen(KeyedRandom::new(seed), FactKinds::ALL, config);
        assert_eq!((without.hash, without.recording), (with.hash, with.recording), "seed {seed}");
        assert!(told.len() > 10, "{told:?}");
    }
    let (_, without) = listen(ProductionOrder, FactKinds::NONE, Config::default());
    let (_, with) = listen(ProductionOrder, FactKinds::ALL, Config::default());
    assert_eq!(without.hash, with.hash);
}

#[test]
fn who_asks_for_nothing_is_told_the_end_alone() {
    let (told, report) = listen(ProductionOrder, FactKinds::NONE, Config::default());
    assert_eq!(told, [Told::End { has_failed: false, hash: report.hash, is_recorded: false }]);
}

#[test]
fn all_that_happens_is_told_in_its_order() {
    let (told, _) = listen(ProductionOrder, FactKinds::ALL, Config::default());
    let mut words = Vec::new();
    let mut main = None;
    for fact in facts(&told) {
        let (word, task) = match fact {
            Fact::Spawned { task, .. } => ("spawned", task),
            Fact::Woken { task, by: Some(by), .. } if by == task => ("woken by itself", task),
            Fact::Woken { task, by: Some(_), .. } => ("woken by the other", task),
            Fact::Woken { task, by: None, .. } => ("woken by a timer or nobody", task),
            Fact::PollBegun { task, .. } => ("polled", task),
            Fact::Yielded { task } => ("yielded", task),
            Fact::PollEnded { task, has_ended: false } => ("waits", task),
            Fact::PollEnded { task, has_ended: true } => ("ended", task),
            Fact::Accessed { task, access: Access::Read, .. } => ("reads", task),
            Fact::Accessed { task, access: Access::Write, .. } => ("writes", task),
            Fact::Intended { task, .. } => ("will write", task),
            other => panic!("unknown: {other:?}"),
        };
        let main = *main.get_or_insert(task);
        words.push(format!("{} {word}", if task == main { "main" } else { "reader" }));
    }
    let expected = [
        "main spawned",
        "main woken by a timer or nobody",
        "main polled",
        "reader spawned",
        "reader woken by the other",
        "main waits",
        "reader polled",
        "reader reads",
        "reader will write",
        "reader yielded",
        "reader waits",
        "reader woken by itself",
        "reader polled",
        "reader writes",
        "reader ended",
        "reader writes", // its end
        "main woken by a timer or nobody",
        "main polled",
        "main reads", // the end of the other
        "main ended",
        "main writes",
    ];
    assert_eq!(words, expected);
}

#[test]
fn what_was_before_a_question_is_told_before_it() {
    for seed in 0..20 {
        let source = Asking(KeyedRandom::new(seed));
        let (told, _) = listen(source, FactKinds::POLLS | FactKinds::SPAWNS, Config::default());
        let asked = told.iter().position(|told| *told == Told::Question);
        // Both tasks are ready when it is asked for the first time, so both were spawned, and main has been polled.
        let before = facts(&told[..asked.unwrap_or(told.len())]);
        let spawned = before.iter().filter(|fact| matches!(fact, Fact::Spawned { .. })).count();
        assert_eq!(spawned, 2, "{told:?}");
    }
}

/// Asks for the order, which [`KeyedRandom`] leaves to the run.
struct Asking(KeyedRandom);

impl Source for Asking {
    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        self.0.decide(point)
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

#[test]
fn the_name_of_a_touch_is_that_of_its_poll() {
    let (told, _) = listen(KeyedRandom::new(3), FactKinds::ALL, Config::default());
    let mut polled = None;
    let mut touches = 0;
    for fact in facts(&told) {
        match fact {
            Fact::PollBegun { task, key, .. } => polled = Some((task, key)),
            Fact::Accessed { task, key, resource: TABLE, .. } => {
                assert_eq!(polled, Some((task, key)));
                touches += 1;
            }
            _ => {}
        }
    }
    assert_eq!(touches, 2);
}

#[test]
fn only_tasks_touch_something() {
    let told: Rc<RefCell<Vec<Told>>> = Rc::default();
    let source = Listener { inner: ProductionOrder, kinds: FactKinds::ALL, told: Rc::clone(&told) };
    let mut executor = Executor::new(source);
    context::access(TABLE, Access::Write); // outside of a run
    executor.enter(|| context::access(TABLE, Access::Write));
    let _ = executor.finish(Outcome::Done);
    assert_eq!(facts(&told.borrow()), []);
}

#[test]
fn the_end_is_told_once_and_says_whether_the_run_has_failed() {
    /// Counts how it is ended.
    struct Ends(Rc<Cell<(u32, bool)>>);
    impl Source for Ends {
        fn decide(&mut self, _: &Point<'_>) -> Option<Value> {
            None
        }

        fn end(&mut self, end: &RunEnd<'_>) {
            self.0.set((self.0.get().0 + 1, end.has_failed));
        }

        fn describe(&self) -> String {
            "ends".to_string()
        }
    }
    for has_failed in [false, true] {
        let ends = Rc::default();
        let mut executor = Executor::with_boxed_source(Config::default(), Box::new(Ends(Rc::clone(&ends))));
        let ended = executor.block_on(async move { assert!(!has_failed, "it was to fail") });
        let outcome = ended.map_or_else(Outcome::from, |()| Outcome::Done);
        let _ = executor.finish(outcome);
        assert_eq!(ends.get(), (1, has_failed));
    }
    let ends = Rc::default();
    drop(Executor::new(Ends(Rc::clone(&ends))));
    assert_eq!(ends.get(), (0, false), "a run that is dropped ends in silence");
}
