//! A strategy that keeps from which random numbers its latest value was made, so that the value can be shrunk once more.

use std::cell::RefCell;

use proptest::strategy::{NewTree, Strategy};
use proptest::test_runner::{Config, TestRng, TestRunner};

/// Lets another strategy make the values.
#[derive(Debug)]
pub(super) struct Kept<S> {
    strategy: S,
    numbers: RefCell<Option<TestRng>>,
}

impl<S: Strategy> Kept<S> {
    pub(super) fn new(strategy: S) -> Self {
        Kept { strategy, numbers: RefCell::new(None) }
    }

    /// The latest value once more, before it was shrunk.
    pub(super) fn again(&self, config: &Config) -> Option<S::Tree> {
        let numbers = self.numbers.borrow().clone()?;
        self.strategy.new_tree(&mut TestRunner::new_with_rng(config.clone(), numbers)).ok()
    }
}

impl<S: Strategy> Strategy for Kept<S> {
    type Tree = S::Tree;
    type Value = S::Value;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        *self.numbers.borrow_mut() = Some(runner.rng().clone());
        self.strategy.new_tree(runner)
    }
}
