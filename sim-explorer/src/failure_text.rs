//! What a person reads of a run that failed.

use std::fmt;

use sim_executor::{Outcome, Report, RunError};

/// The text of a failed run: how it ended, and the tasks that were pending then. Empty for a run that ended as it
/// should.
#[derive(Clone, Copy, Debug)]
pub struct FailureText<'a>(pub &'a Report);

impl fmt::Display for FailureText<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        if report.outcome.is_done() {
            return Ok(());
        }
        writeln!(out, "{}", report.outcome)?;
        if report.pending.is_empty() || tells_pending(&report.outcome) {
            return Ok(());
        }
        writeln!(out, "pending at {}:", report.ended_at)?;
        report.pending.iter().try_for_each(|task| writeln!(out, "  {task}"))
    }
}

/// Whether the outcome's own text has the table of the pending tasks.
fn tells_pending(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error(RunError::Deadlock(_) | RunError::Limit { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Executor, ProductionOrder, spawn_named};

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
    fn a_deadlock_tells_of_each_task_once() {
        let text = text(|executor| executor.block_on(std::future::pending::<()>()).unwrap_err().into());
        assert_eq!(text.matches("spawned at").count(), 1, "{text}");
    }
}
