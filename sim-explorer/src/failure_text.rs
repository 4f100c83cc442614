//! What a person reads of a run that failed.

use std::fmt;

use sim_executor::{Outcome, PendingTable, Report, RunError, TaskPanic};

/// The text of a failed run: how it ended, which polls held a CPU for long, and the tasks that were pending then. Empty for a run that ended as it
/// should.
#[derive(Clone, Copy, Debug)]
pub struct FailureText<'a>(pub &'a Report);

impl fmt::Display for FailureText<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        if report.outcome.is_done() {
            return Ok(());
        }
        let (causes, others) = panics(report);
        causes.into_iter().try_for_each(|panic| writeln!(out, "{panic}"))?;
        writeln!(out, "{}", report.outcome)?;
        others.into_iter().try_for_each(|panic| writeln!(out, "before that, {panic}"))?;
        report.cpus_held.iter().try_for_each(|held| writeln!(out, "{held}"))?;
        if report.pending.is_empty() || tells_pending(&report.outcome) {
            return Ok(());
        }
        writeln!(out, "pending at {}:{}", report.ended_at, PendingTable::new(&report.pending))
    }
}

/// The panics of tasks that the outcome does not tell itself: those of which the failure says that it came of them, and the
/// others.
fn panics(report: &Report) -> (Vec<&TaskPanic>, Vec<&TaskPanic>) {
    let told = |panic: &TaskPanic| match &report.outcome {
        Outcome::Error(RunError::Panicked(first)) => {
            std::iter::once(first).chain(&first.then).any(|told| is_same(told, panic))
        }
        _ => false,
    };
    let is_cause = |panic: &TaskPanic| match &report.outcome {
        // The error of its handle, that the program has given out.
        Outcome::Failed { message } => !panic.message.is_empty() && message.contains(&panic.message),
        _ => false,
    };
    let survived = |panic: &TaskPanic| report.survived.iter().any(|survived| is_same(survived, panic));
    let untold = report.panics.iter().filter(|panic| !told(panic) && !survived(panic));
    untold.partition(|panic| is_cause(panic))
}

fn is_same(one: &TaskPanic, other: &TaskPanic) -> bool {
    (&one.lineage, &one.message, &one.location) == (&other.lineage, &other.message, &other.location)
}

/// Whether the outcome's own text has the table of the pending tasks.
fn tells_pending(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error(RunError::Deadlock(_) | RunError::Limit { .. } | RunError::Leaked(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Executor, ProductionOrder, spawn_named, yield_now};

    fn text(run: impl FnOnce(&mut Executor) -> Outcome) -> String {
        let mut executor = Executor::new(ProductionOrder);
        let outcome = run(&mut executor);
        FailureText(&executor.finish(outcome)).to_string()
    }

    #[test]
    fn a_good_run_has_nothing_to_tell() {
        assert_eq!(text(|_| Outcome::Done), "");
    }

    #[test]
    fn the_pending_tasks_follow_the_message() {
        let text = text(|executor| {
            let started = executor.block_on(async {
                drop(spawn_named("server", std::future::pending::<()>()));
            });
            started.unwrap();
            Outcome::Failed { message: "two were lost".to_string() }
        });
        assert!(text.starts_with("two were lost\npending at 0.000:\n  main/server on main"), "{text}");
    }

    #[test]
    fn the_first_panic_is_the_headline_and_not_the_unwrap_of_a_handle() {
        let text = text(|executor| {
            let ended = executor.block_on(async {
                let inner = spawn_named("inner", async { panic!("the cause") });
                let outer = spawn_named("outer", async { inner.await.unwrap() });
                outer.await.unwrap();
            });
            ended.unwrap_err().into()
        });
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("main/inner panicked: the cause (spawned at "), "{text}");
        assert!(lines[1].starts_with("then main/outer panicked"), "{text}");
        assert!(lines[2].starts_with("then main panicked"), "{text}");
        assert_eq!(text.matches("the cause (").count(), 1, "{text}");
    }

    #[test]
    fn a_panic_whose_error_the_program_gave_out_is_the_headline() {
        let text = text(|executor| {
            let ended = executor.block_on(async {
                let task = spawn_named("worker", async { panic!("the cause") });
                let result: Result<(), _> = task.await;
                format!("the test gave an error: {:?}", result.unwrap_err())
            });
            Outcome::Failed { message: ended.unwrap() }
        });
        assert!(text.starts_with("main/worker panicked: the cause (spawned at "), "{text}");
        assert!(text.contains("\nthe test gave an error: "), "{text}");
    }

    #[test]
    fn a_panic_that_somebody_has_seen_to_is_told_after_the_failure() {
        let text = text(|executor| {
            let ended = executor.block_on(async {
                let task = spawn_named("worker", async { panic!("that was expected") });
                assert!(task.await.is_err());
                yield_now().await;
                panic!("the failure");
            });
            let ended: Result<(), _> = ended;
            ended.unwrap_err().into()
        });
        assert!(text.starts_with("main panicked: the failure"), "{text}");
        assert!(text.contains("\nbefore that, main/worker panicked: that was expected"), "{text}");
    }

    #[test]
    fn a_deadlock_tells_of_each_task_once() {
        let text = text(|executor| executor.block_on(std::future::pending::<()>()).unwrap_err().into());
        assert_eq!(text.matches("spawned at").count(), 1, "{text}");
    }
}
