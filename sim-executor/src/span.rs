//! A part of a workload that has a name of its own, so that it can be left out whole.

use std::future::Future;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::choice::{Label, LineageId, Ratio};
use crate::context::{self, RunTag, enter_span, leave_span};

const MANY: Label = Label::new("user:many");

/// A part of the workload, such as one operation of a client. What is drawn and spawned in it is named below it: `main/deposit#3 @ user:choose`,
/// `main/deposit#3/writer`. So it keeps its names whatever the other parts do, and shrinking leaves it out without a change of the others.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, context, span, spawn_named};
///
/// let lineage = Executor::new(ProductionOrder).block_on(async {
///     let writer = span("deposit").enter(|| spawn_named("writer", async { context::current_lineage() }));
///     writer.await.unwrap()
/// });
/// assert_eq!(&*lineage.unwrap(), "main/deposit/writer");
/// ```
///
/// # Panics
/// Outside a run.
#[must_use = "nothing is in it until something is run in it"]
pub fn span(name: &'static str) -> Span {
    let actor = context::actor_below(context::current_actor(), name);
    Span { actor, tag: RunTag::current() }
}

/// As many operations as the run draws, from the least of these counts to the greatest; the gentlest is the least. Each is a [`span`] of this name,
/// and above the least number it is decided of each alone whether it is there: so shrinking leaves out any of them, and the rest stays as it was.
///
/// ```
/// use sim_executor::{Executor, KeyedRandom, ProductionOrder, choose, many};
///
/// let amounts = || async {
///     let mut amounts = Vec::new();
///     for deposit in many("deposit", 1..=20) {
///         amounts.push(deposit.enter(|| choose(100)));
///     }
///     amounts
/// };
/// assert_eq!(Executor::new(ProductionOrder).block_on(amounts()).unwrap(), [0]);
/// assert!(Executor::new(KeyedRandom::new(1)).block_on(amounts()).unwrap().len() > 1);
/// ```
///
/// # Panics
/// When it is asked for the next one outside a run.
pub fn many(name: &'static str, counts: RangeInclusive<u64>) -> Many {
    let (least, most) = counts.into_inner();
    Many { name, next: 0, least, most }
}

/// The operations that [`many`] gives.
#[derive(Debug)]
#[must_use = "no operation is there until it is asked for"]
pub struct Many {
    name: &'static str,
    next: u64,
    least: u64,
    most: u64,
}

impl Iterator for Many {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        while self.next < self.most {
            context::count_call();
            let number = self.next;
            self.next += 1;
            // One that is left out has its name too, so that the others keep theirs.
            let span = span(self.name);
            if number < self.least || context::ask_flag(span.actor, MANY, Ratio::new(1, 2)) {
                return Some(span);
            }
        }
        None
    }
}

/// A part of the workload: see [`span`].
#[derive(Debug)]
pub struct Span {
    actor: LineageId,
    tag: RunTag,
}

impl Span {
    /// Awaits a future in this part.
    pub fn run<F: Future>(self, future: F) -> InSpan<F> {
        InSpan { future, span: self }
    }

    /// Calls this in this part.
    ///
    /// # Panics
    /// In another run than that which made it, and outside of runs.
    pub fn enter<R>(&self, what: impl FnOnce() -> R) -> R {
        self.tag.check("Span");
        let _within = Within { before: enter_span(Some(self.actor)) };
        what()
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.tag.is_current() {
            context::end_actor(self.actor);
        }
    }
}

/// Goes back to the part before, also when a panic unwinds.
struct Within {
    before: Option<LineageId>,
}

impl Drop for Within {
    fn drop(&mut self) {
        leave_span(self.before);
    }
}

pin_project! {
    /// The future of [`Span::run`].
    #[must_use = "nothing happens until it is awaited"]
    #[derive(Debug)]
    pub struct InSpan<F> {
        #[pin]
        future: F,
        span: Span,
    }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.span.enter(|| this.future.poll(context))
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::{
        Config, Executor, KeyedRandom, Outcome, ProductionOrder, choose, join, spawn_named, yield_now,
    };

    /// The names of what a program draws.
    fn drawn<F: Future<Output = ()> + 'static>(program: F) -> Vec<String> {
        let config = Config { record: true, ..Config::default() };
        let mut executor = Executor::with_config(config, KeyedRandom::new(3));
        executor.block_on(program).unwrap();
        let recording = executor.finish(Outcome::Done).recording.unwrap();
        let drawn =
            recording.decisions.iter().filter_map(|decision| recording.names.get(&decision.key.stream));
        let names = drawn.filter(|name| name.label.starts_with("user:")).map(ToString::to_string);
        names.collect()
    }

    #[test]
    fn what_is_drawn_in_a_part_is_named_below_it_and_nothing_else_is() {
        let names = drawn(async {
            let _ = choose(10);
            span("op")
                .run(async {
                    let _ = choose(10);
                    yield_now().await;
                    span("inner").enter(|| choose(10));
                    let _ = choose(10);
                })
                .await;
            let _ = choose(10);
        });
        let expected = ["main", "main/op", "main/op/inner", "main/op", "main"];
        assert_eq!(names, expected.map(|lineage| format!("{lineage} @ user:choose")));
    }

    #[test]
    fn two_parts_that_go_on_in_turns_in_one_task_keep_their_names() {
        let names = drawn(async {
            let steps = || async {
                for _ in 0..2 {
                    let _ = choose(10);
                    yield_now().await;
                }
            };
            join!(span("op").run(steps()), span("op").run(steps()));
        });
        let count =
            |lineage: &str| names.iter().filter(|name| **name == format!("{lineage} @ user:choose")).count();
        assert_eq!((count("main/op"), count("main/op#2"), names.len()), (2, 2, 4), "{names:?}");
    }

    #[test]
    fn an_operation_that_is_left_out_leaves_the_others_their_names() {
        let config = Config { record: true, ..Config::default() };
        for seed in 0..50 {
            let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
            let program = async {
                let mut there = Vec::new();
                for op in many("op", 2..=12) {
                    let task = op.enter(|| spawn_named("w", async { context::current_lineage() }));
                    there.push(task.await.unwrap());
                }
                there
            };
            let there = executor.block_on(program).unwrap();
            let recording = executor.finish(Outcome::Done).recording.unwrap();
            let asked = recording.decisions.iter().filter_map(|decision| {
                let name = recording.names.get(&decision.key.stream)?;
                (&*name.label == "user:many").then(|| (name.lineage.to_string(), decision.value))
            });
            let asked: Vec<_> = asked.collect();
            assert_eq!(asked.len(), 10);
            let chosen = asked.iter().filter(|(_, value)| *value == crate::Value::Flag(true));
            let chosen = chosen.map(|(lineage, _)| format!("{lineage}/w"));
            let expected: Vec<String> =
                ["main/op/w", "main/op#2/w"].map(str::to_string).into_iter().chain(chosen).collect();
            let there: Vec<String> = there.iter().map(ToString::to_string).collect();
            assert_eq!(there, expected, "seed {seed}");
        }
    }

    #[test]
    fn a_panic_leaves_the_part() {
        let lineage = Executor::new(ProductionOrder).block_on(async {
            let panicked = catch_unwind(AssertUnwindSafe(|| span("op").enter(|| panic!("in it"))));
            assert!(panicked.is_err());
            spawn_named("behind", async { context::current_lineage() }).await.unwrap()
        });
        assert_eq!(&*lineage.unwrap(), "main/behind");
    }

    #[test]
    #[should_panic(expected = "this Span belongs to another run")]
    fn a_part_of_another_run_is_refused() {
        let kept = Executor::new(ProductionOrder).block_on(async { span("op") }).unwrap();
        Executor::new(ProductionOrder).block_on(async move { kept.run(async {}).await }).unwrap();
    }
}
