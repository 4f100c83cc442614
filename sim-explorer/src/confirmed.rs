//! A run that is made again at ten times the bound that it has reached, before it is said to have failed.

use std::collections::BTreeSet;

use sim_executor::{AtTenTimes, Config, Outcome, Report, RunError};

/// What is to be said of a run that was made. If it has ended at the bound of a verdict (a busy loop, a task that never yields, one that starves, a
/// livelock), it is made once more, by `again`, at ten times that bound. If it ends as it should then, that run is given: it was only
/// slow. Else it is the first, whose text says what came of the other.
///
/// [`Limits::at_ten_times`](sim_executor::Limits::at_ten_times) says which bounds are those of verdicts. The others only see to it that a run
/// ends, and one that reaches them is made once. `config` is that of the first, and `again` makes the same run, but for its limits.
///
/// ```
/// use sim_executor::{Config, Executor, Limits, Outcome, ProductionOrder, yield_now};
/// use sim_explorer::confirmed;
///
/// let limits = Limits { polls_per_instant_max: 1_000, ..Limits::default() };
/// let config = Config { limits, ..Config::default() };
/// let after_yields = |yields| {
///     let make = |config| {
///         let mut executor = Executor::with_config(config, ProductionOrder);
///         let ended = executor.block_on(async move { for _ in 0..yields { yield_now().await } });
///         executor.finish(ended.map_or_else(Outcome::from, |()| Outcome::Done))
///     };
///     confirmed(make(config), config, make)
/// };
/// assert!(after_yields(3_000).outcome.is_done());
/// let text = after_yields(30_000).outcome.to_string();
/// assert!(text.contains("Limits::polls_per_instant_max = 1000 is reached"), "{text}");
/// assert!(text.contains("; confirmed by a run at ten times that"), "{text}");
/// ```
pub fn confirmed(first: Report, config: Config, again: impl FnOnce(Config) -> Report) -> Report {
    confirmed_once(first, config, &mut BTreeSet::new(), again)
}

/// The same in a sweep over one program, where a bound is known that was confirmed before: what one of its runs has shown need not be shown by
/// each.
pub(crate) fn confirmed_once(
    mut first: Report,
    config: Config,
    known: &mut BTreeSet<&'static str>,
    again: impl FnOnce(Config) -> Report,
) -> Report {
    let Outcome::Error(RunError::Limit { limit, blame, .. }) = &mut first.outcome else { return first };
    let Some(limits) = config.limits.at_ten_times(limit).filter(|_| !known.contains(limit.name)) else {
        return first;
    };
    let again = again(Config { limits, ..config });
    blame.at_ten_times = Some(match &again.outcome {
        Outcome::Done => return again,
        Outcome::Error(RunError::Limit { limit: other, .. }) if other.name == limit.name => AtTenTimes::Same,
        other => AtTenTimes::Otherwise(other.word()),
    });
    known.insert(limit.name);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    use sim_executor::{Executor, Limits, ProductionOrder, yield_now};

    /// How a run of so many yields ends at that bound, and how often it is made.
    fn ended(yields: u32, limits: Limits, end: Result<(), &'static str>) -> (Outcome, u32) {
        ended_where_known(yields, limits, end, &mut BTreeSet::new())
    }

    fn ended_where_known(
        yields: u32,
        limits: Limits,
        end: Result<(), &'static str>,
        known: &mut BTreeSet<&'static str>,
    ) -> (Outcome, u32) {
        let made = Cell::new(0);
        let make = |config| {
            made.set(made.get() + 1);
            let mut executor = Executor::with_config(config, ProductionOrder);
            let ended = executor.block_on(async move {
                for _ in 0..yields {
                    yield_now().await;
                }
            });
            let outcome = match (ended, end) {
                (Err(error), _) => error.into(),
                (Ok(()), Ok(())) => Outcome::Done,
                (Ok(()), Err(message)) => Outcome::Failed { message: message.to_string() },
            };
            executor.finish(outcome)
        };
        let config = Config { limits, ..Config::default() };
        let report = confirmed_once(make(config), config, known, make);
        (report.outcome, made.get())
    }

    fn few() -> Limits {
        Limits { polls_per_instant_max: 100, ..Limits::default() }
    }

    #[test]
    fn a_run_that_is_well_or_fails_otherwise_is_made_once() {
        assert_eq!(ended(50, few(), Ok(())), (Outcome::Done, 1));
        let failed = Outcome::Failed { message: "wrong".to_string() };
        assert_eq!(ended(50, few(), Err("wrong")), (failed, 1));
    }

    #[test]
    fn a_run_that_is_only_slow_has_not_failed() {
        assert_eq!(ended(500, few(), Ok(())), (Outcome::Done, 2));
    }

    #[test]
    fn a_run_that_fails_at_ten_times_the_bound_says_how() {
        let (outcome, made) = ended(5_000, few(), Ok(()));
        assert_eq!(made, 2);
        assert!(outcome.to_string().contains("polls_per_instant_max = 100 is reached"), "{outcome}");
        assert!(outcome.to_string().contains("; confirmed by a run at ten times that"), "{outcome}");
        let (outcome, _) = ended(500, few(), Err("wrong"));
        assert!(
            outcome.to_string().contains("at ten times that the run fails in another way (failed)"),
            "{outcome}"
        );
    }

    #[test]
    fn what_was_confirmed_once_is_not_confirmed_again_and_what_was_not_is() {
        let mut known = BTreeSet::new();
        let made_for = |yields| ended_where_known(yields, few(), Ok(()), &mut known).1;
        assert_eq!([500, 500, 5_000, 5_000, 500].map(made_for), [2, 2, 2, 1, 1]);
    }

    #[test]
    fn a_bound_that_is_no_verdict_is_not_raised() {
        let limits = Limits { polls_max: 100, ..Limits::default() };
        let (outcome, made) = ended(500, limits, Ok(()));
        assert_eq!((outcome.word(), made), ("limit", 1));
    }
}
