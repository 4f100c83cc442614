//! Stored failures survive edits: small programs with one bug each, changed in five ways after their failures were stored.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use sim_executor::context::wait_at;
use sim_executor::{Config, Executor, JoinHandle, Label, Limits, Outcome, Report, Source, spawn_named};
use sim_explorer::{Recipe, RunSeed, Shrink, Simfail, Status, Strategy, Survey};

/// How a program was edited after its failures were stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Edit {
    None,
    TaskFirst,
    AwaitInEveryTask,
    AwaitInOneTask,
    TaskLast,
    OperationRepeated,
}

const EDITS: [Edit; 5] =
    [Edit::TaskFirst, Edit::AwaitInEveryTask, Edit::AwaitInOneTask, Edit::TaskLast, Edit::OperationRepeated];

/// A task of a program: its steps, which an edit changes.
#[derive(Clone)]
struct Steps {
    edit: Edit,
    /// Whether it is the first of the program.
    is_first: bool,
    begun: Rc<Cell<bool>>,
}

impl Steps {
    /// An await, at which others may be polled.
    async fn step(&self, label: &'static str) {
        let begins = !self.begun.replace(true);
        let is_edited = match self.edit {
            Edit::AwaitInEveryTask => begins,
            Edit::AwaitInOneTask => begins && self.is_first,
            _ => false,
        };
        if is_edited {
            pause_at("added").await;
        }
        if begins && self.edit == Edit::OperationRepeated {
            pause_at(label).await;
        }
        pause_at(label).await;
    }

    async fn steps(&self, label: &'static str, count: usize) {
        for _ in 0..count {
            self.step(label).await;
        }
    }
}

/// Fails otherwise; a panic that nobody prints, as there are thousands.
fn must(is_so: bool, what: &'static str) {
    if !is_so {
        std::panic::resume_unwind(Box::new(what));
    }
}

async fn pause_at(label: &'static str) {
    let mut paused = false;
    poll_fn(|context| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        wait_at(Label::new(label), 0);
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Spawns the tasks of a program.
struct Tasks {
    edit: Edit,
    handles: Vec<JoinHandle<()>>,
}

impl Tasks {
    fn new(edit: Edit) -> Self {
        let mut tasks = Tasks { edit, handles: Vec::new() };
        if edit == Edit::TaskFirst {
            tasks.bystander();
        }
        tasks
    }

    fn bystander(&mut self) {
        let handle = spawn_named("bystander", async {
            for _ in 0..5 {
                pause_at("idle").await;
            }
        });
        self.handles.push(handle);
    }

    fn spawn<F: Future<Output = ()> + 'static>(&mut self, name: &'static str, body: impl FnOnce(Steps) -> F) {
        let is_first = self.handles.len() == usize::from(self.edit == Edit::TaskFirst);
        let steps = Steps { edit: self.edit, is_first, begun: Rc::default() };
        self.handles.push(spawn_named(name, body(steps)));
    }

    async fn join(mut self) {
        if self.edit == Edit::TaskLast {
            self.bystander();
        }
        for handle in self.handles {
            if let Err(error) = handle.await {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }
}

type Program = fn(Edit) -> Pin<Box<dyn Future<Output = ()>>>;

const PROGRAMS: [(&str, Program); 12] = [
    ("order", |edit| Box::pin(order(edit))),
    ("late_writer", |edit| Box::pin(late_writer(edit))),
    ("check_then_act_2", |edit| Box::pin(check_then_act(edit, 2))),
    ("check_then_act_8", |edit| Box::pin(check_then_act(edit, 8))),
    ("lost_update", |edit| Box::pin(lost_update(edit, 1, 2))),
    ("lost_to_two", |edit| Box::pin(lost_update(edit, 3, 3))),
    ("deadlock", |edit| Box::pin(deadlock(edit))),
    ("lost_wakeup", |edit| Box::pin(lost_wakeup(edit))),
    ("chain", |edit| Box::pin(chain(edit))),
    ("reorder_5", |edit| Box::pin(reorder(edit))),
    ("uneven", |edit| Box::pin(uneven(edit))),
    ("ping_pong", |edit| Box::pin(ping_pong(edit))),
];

async fn order(edit: Edit) {
    let mut tasks = Tasks::new(edit);
    let ready = Rc::new(Cell::new(false));
    let seen = Rc::clone(&ready);
    tasks.spawn("writer", |task| async move {
        task.steps("prepare", 5).await;
        ready.set(true);
        task.steps("finish", 5).await;
    });
    tasks.spawn("reader", |task| async move {
        task.steps("prepare", 5).await;
        must(seen.get(), "used before it was there");
        task.steps("finish", 5).await;
    });
    tasks.join().await;
}

async fn late_writer(edit: Edit) {
    let mut tasks = Tasks::new(edit);
    let written = Rc::new(Cell::new(false));
    let seen = Rc::clone(&written);
    tasks.spawn("looks", |task| async move {
        task.step("look").await;
        must(!seen.get(), "all is written already");
    });
    tasks.spawn("writes", |task| async move {
        task.steps("write", 20).await;
        written.set(true);
    });
    tasks.join().await;
}

async fn check_then_act(edit: Edit, count: usize) {
    let mut tasks = Tasks::new(edit);
    let item = Rc::new(Cell::new(true));
    let seen = Rc::clone(&item);
    for _ in 2..count {
        tasks.spawn("bystander", |task| async move { task.steps("idle", 5).await });
    }
    tasks.spawn("takes", |task| async move {
        task.steps("approach", 5).await;
        item.set(false);
        task.steps("leave", 4).await;
    });
    tasks.spawn("uses", |task| async move {
        task.steps("approach", 4).await;
        let is_there = seen.get();
        task.step("check").await;
        must(!is_there || seen.get(), "it is gone");
        task.steps("leave", 4).await;
    });
    tasks.join().await;
}

/// Fails if all increments but `lost` of each task were lost.
async fn lost_update(edit: Edit, count: usize, bound: usize) {
    let mut tasks = Tasks::new(edit);
    let total = Rc::new(Cell::new(0));
    for name in ["one", "two"] {
        let total = Rc::clone(&total);
        tasks.spawn(name, |task| async move {
            for _ in 0..count {
                let before = total.get();
                task.step("read").await;
                total.set(before + 1);
                task.step("written").await;
            }
        });
    }
    tasks.join().await;
    must(total.get() >= bound, "increments were lost");
}

/// Is opened once; who waits then goes on.
#[derive(Clone, Default)]
struct Gate(Rc<RefCell<Vec<Waker>>>);

impl Gate {
    async fn wait(&self, label: &'static str) {
        let mut waits = false;
        poll_fn(|context| {
            if waits {
                return Poll::Ready(());
            }
            waits = true;
            wait_at(Label::new(label), 0);
            self.0.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn open(&self) {
        self.0.borrow_mut().drain(..).for_each(Waker::wake);
    }
}

#[derive(Clone, Default)]
struct Lock(Rc<Cell<bool>>, Gate);

impl Lock {
    async fn lock(&self, label: &'static str) {
        while self.0.get() {
            self.1.wait(label).await;
        }
        self.0.set(true);
    }

    fn unlock(&self) {
        self.0.set(false);
        self.1.open();
    }
}

async fn deadlock(edit: Edit) {
    let mut tasks = Tasks::new(edit);
    let [a, b] = [Lock::default(), Lock::default()];
    for (name, first, second) in [("one", a.clone(), b.clone()), ("two", b, a)] {
        tasks.spawn(name, |task| async move {
            task.steps("approach", 4).await;
            first.lock("lock(first)").await;
            task.steps("hold", 4).await;
            second.lock("lock(second)").await;
            second.unlock();
            first.unlock();
            task.steps("leave", 4).await;
        });
    }
    tasks.join().await;
}

async fn lost_wakeup(edit: Edit) {
    let mut tasks = Tasks::new(edit);
    let (is_ready, gate) = (Rc::new(Cell::new(false)), Gate::default());
    let (seen, waited) = (Rc::clone(&is_ready), gate.clone());
    tasks.spawn("waits", |task| async move {
        task.steps("approach", 3).await;
        if !seen.get() {
            task.step("check").await;
            waited.wait("wait").await;
        }
    });
    tasks.spawn("notifies", |task| async move {
        task.steps("approach", 6).await;
        is_ready.set(true);
        gate.open();
        task.steps("leave", 3).await;
    });
    tasks.join().await;
}

async fn chain(edit: Edit) {
    let mut tasks = Tasks::new(edit);
    let state = Rc::new(Cell::new(0));
    let [a, b, c] = [(); 3].map(|()| Rc::clone(&state));
    tasks.spawn("first", |task| async move {
        task.steps("approach", 6).await;
        a.set(1);
        task.step("inside").await;
        must(a.get() != 3, "all three are inside");
        a.set(0);
        task.steps("leave", 6).await;
    });
    tasks.spawn("second", |task| async move {
        task.steps("approach", 6).await;
        let is_first = b.get() == 1;
        task.step("inside").await;
        if is_first && b.get() == 2 {
            b.set(3);
        }
        task.steps("leave", 6).await;
    });
    tasks.spawn("third", |task| async move {
        task.steps("approach", 6).await;
        if c.get() == 1 {
            c.set(2);
        }
        task.steps("leave", 6).await;
    });
    tasks.join().await;
}

async fn reorder(edit: Edit) {
    let mut tasks = Tasks::new(edit);
    let both = Rc::new(Cell::new((0, 0)));
    for _ in 0..4 {
        let both = Rc::clone(&both);
        tasks.spawn("writer", |task| async move {
            task.step("approach").await;
            both.set((1, both.get().1));
            task.step("between").await;
            both.set((both.get().0, -1));
        });
    }
    tasks.spawn("reader", |task| async move {
        task.step("approach").await;
        let first = both.get().0;
        task.step("between").await;
        let second = both.get().1;
        must(matches!((first, second), (0 | 1, -1) | (0, 0)), "the first is there without the second");
    });
    tasks.join().await;
}

async fn uneven(edit: Edit) {
    let mut tasks = Tasks::new(edit);
    let value = Rc::new(Cell::new(1));
    let (short, long) = (Rc::clone(&value), Rc::clone(&value));
    tasks.spawn("short", |task| async move {
        task.step("approach").await;
        short.set(0);
    });
    tasks.spawn("long", |task| async move {
        for _ in 0..25 {
            task.step("write").await;
            long.set(1);
        }
    });
    tasks.join().await;
    must(value.get() == 1, "the short task came last");
}

async fn ping_pong(edit: Edit) {
    let mut tasks = Tasks::new(edit);
    let turns = Rc::new(Cell::new(0));
    for (parity, name) in ["ping", "pong"].into_iter().enumerate() {
        let turns = Rc::clone(&turns);
        tasks.spawn(name, |task| async move {
            for _ in 0..8 {
                task.step("hit").await;
                turns.set(turns.get() + usize::from(turns.get() % 2 == parity));
            }
        });
    }
    tasks.join().await;
    must(turns.get() < 12, "they took turns twelve times");
}

fn config() -> Config {
    Config { limits: Limits { polls_max: 100_000, ..Limits::default() }, ..Config::default() }
}

fn runs(program: Program, edit: Edit) -> impl FnMut(Config, Box<dyn Source>) -> Report {
    move |config, source| {
        let mut executor = Executor::with_boxed_source(config, source);
        let ended = executor.block_on(program(edit));
        executor.finish(ended.map_or_else(Into::into, |()| Outcome::Done))
    }
}

/// So many failures of each program are stored.
const FAILURES: usize = 20;
const SEEDS: u64 = 4_000;

/// The seeds of a strategy under which a program fails.
fn failing(program: Program, strategy: Strategy) -> Vec<u64> {
    let mut make = runs(program, Edit::None);
    let survey = Arc::new(Survey::of(config(), &mut make));
    let fails = |seed: &u64| !make(config(), strategy.source(*seed, &survey)).outcome.is_done();
    (0..SEEDS).filter(fails).take(FAILURES).collect()
}

/// The failure of a seed as a test stores it, shrunk and through its text.
fn stored(program: Program, seed: u64) -> Simfail {
    let make = &mut runs(program, Edit::None);
    let survey = Arc::new(Survey::of(config(), &mut *make));
    let file =
        Simfail::of_run("program", &Recipe::of(RunSeed::Seed(seed), Strategy::Portfolio), config(), make)
            .unwrap();
    let found = || Strategy::Portfolio.source(seed, &survey);
    let shrunk = Shrink::default().shrink(config(), &found, make, &mut |_| ControlFlow::Continue(()));
    let file = file.of_shrunk(&shrunk.unwrap(), config(), make).unwrap_or(file);
    Simfail::parse(file.to_string().as_bytes()).unwrap()
}

#[test]
fn edit_survival() {
    let mut survived: BTreeMap<Edit, (usize, usize)> = BTreeMap::new();
    let mut lost = String::new();
    for (name, program) in PROGRAMS {
        let seeds = failing(program, Strategy::Portfolio);
        assert!(seeds.len() >= 3, "{name} fails under {} of {SEEDS} seeds", seeds.len());
        for seed in seeds {
            let file = stored(program, seed);
            let unchanged = file.replay(config(), &mut runs(program, Edit::None)).unwrap();
            assert_eq!(unchanged.status, Status::Exact, "{name}, seed {seed}: {file}");
            for edit in EDITS {
                let status = file.replay(config(), &mut runs(program, edit)).unwrap().status;
                let (of_edit, all) = survived.entry(edit).or_default();
                *all += 1;
                if status.is_there() {
                    *of_edit += 1;
                } else {
                    writeln!(lost, "{name}, seed {seed}, {edit:?}: {status}\n{file}").unwrap();
                }
            }
        }
    }
    for (edit, (survived, all)) in &survived {
        println!("{edit:?}: {survived} of {all}");
    }
    for (edit, (survived, all)) in survived {
        assert!(survived * 100 >= all * 95, "{edit:?}: {survived} of {all} survive; lost are\n{lost}");
    }
}

#[test]
fn raw_seeds_survive_a_task_that_has_nothing_to_do_with_them() {
    let (mut survived, mut all) = (0, 0);
    for (name, program) in PROGRAMS {
        let seeds = failing(program, Strategy::Random);
        for edit in [Edit::TaskFirst, Edit::TaskLast] {
            let mut make = runs(program, edit);
            let fails = |seed: &&u64| !make(config(), RunSeed::Seed(**seed).source()).outcome.is_done();
            let again = seeds.iter().filter(fails).count();
            println!("{name}, {edit:?}: {again} of {}", seeds.len());
            survived += again;
            all += seeds.len();
        }
    }
    assert!(survived * 100 >= all * 95, "{survived} of {all} survive");
    assert!(all >= 100, "only {all} were looked at");
}
