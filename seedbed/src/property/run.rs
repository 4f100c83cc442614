//! All cases of a property: until one fails, and then the smallest that does.

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use sim_explorer::RunSeed;

use super::case::{Case, check};
use super::kept::Kept;
use super::runs;
use super::together::Together;
use crate::sweep::Sweep;

/// A property: what it is called, and how each run is made.
#[derive(Clone, Debug)]
pub struct Property {
    /// Its path.
    pub name: &'static str,
    /// The file in which it stands.
    pub file: &'static str,
    /// How each run is made.
    pub sweep: Sweep,
}

/// Runs the cases of a property, as `proptest!` does. Of one that fails proptest shrinks the inputs and the seed; then the schedule and the faults
/// of that run are shrunk, then the inputs under what is left of them, and so on until neither gets smaller.
///
/// # Panics
/// If a case fails.
#[track_caller]
pub fn run<S, B, F>(property: Property, config: Config, inputs: S, body: B)
where
    S: Strategy<Value: Clone + Debug + 'static>,
    B: Fn(S::Value) -> F + Clone + 'static,
    F: Future<Output = Result<(), TestCaseError>> + 'static,
{
    let Property { name, file, sweep } = property;
    let config = Config { test_name: Some(name), source_file: Some(file), ..config };
    let cases = Kept::new((runs(), inputs));
    let mut runner = TestRunner::new(config.clone());
    let result = runner.run(&cases, |(run, inputs): (RunSeed, S::Value)| {
        check(Case { name, sweep: sweep.clone(), run }, inputs, body.clone())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, (run, inputs))) => {
            let together = Together { name, sweep: &sweep, config: &config, cases: &cases, body };
            match together.shrink(run, inputs.clone()) {
                Some(told) => panic!("Test failed: {told}\n{runner}"),
                // It is not equal to itself, or a variable of the environment names its run.
                None => panic!(
                    "Test failed: {reason}.\nminimal failing input: run = {run:?}, {inputs:#?}\n{runner}"
                ),
            }
        }
        Err(error) => panic!("{error}\n{runner}"),
    }
}
