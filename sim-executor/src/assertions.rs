//! What a program promises about itself, in the words of the field.
//!
//! `always!`, `sometimes!`, `reachable!` and `unreachable!` mean what they mean for Antithesis, `buggify!` what it means for
//! FoundationDB. A name is a sentence that can be false, and stays the same when the program is edited. Outside a run none of
//! them does anything, so a program may keep them in production.

use crate::context::{self, RunTag};

/// Promises that a condition holds each time that the program comes here. Where it does not, the run fails, and names the property.
///
/// It does not panic, so that nothing in the program can swallow it: the program goes on to the end of this poll, and is
/// polled no more. What it reports and promises until then does not count any more. Arguments behind the name say more, as in `assert!`.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, always};
///
/// let ended = Executor::new(ProductionOrder).block_on(async {
///     let (balance, deposits) = (49, 50);
///     always!(balance == deposits, "no money is lost", "{balance} of {deposits}");
/// });
/// assert_eq!(ended.unwrap_err().to_string(), "at 0.000: always \"no money is lost\" does not hold, in main: 49 of 50");
/// ```
#[macro_export]
macro_rules! always {
    ($holds:expr, $name:expr $(,)?) => {
        if !$crate::context::holds($crate::PropertyKind::Always, $name, $holds) {
            $crate::context::violated($crate::PropertyKind::Always, $name, ::core::format_args!(""));
        }
    };
    ($holds:expr, $name:expr, $($detail:tt)+) => {
        if !$crate::context::holds($crate::PropertyKind::Always, $name, $holds) {
            $crate::context::violated($crate::PropertyKind::Always, $name, ::core::format_args!($($detail)+));
        }
    };
}

/// Promises that the program never comes here; as [`always!`] for a place in place of a condition.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder};
///
/// let ended = Executor::new(ProductionOrder).block_on(async { sim_executor::unreachable!("two leaders in one term") });
/// assert_eq!(ended.unwrap_err().to_string(), "at 0.000: unreachable \"two leaders in one term\" was reached, in main");
/// ```
#[macro_export]
macro_rules! unreachable {
    ($name:expr $(,)?) => {
        if !$crate::context::holds($crate::PropertyKind::Unreachable, $name, false) {
            $crate::context::violated($crate::PropertyKind::Unreachable, $name, ::core::format_args!(""));
        }
    };
    ($name:expr, $($detail:tt)+) => {
        if !$crate::context::holds($crate::PropertyKind::Unreachable, $name, false) {
            $crate::context::violated($crate::PropertyKind::Unreachable, $name, ::core::format_args!($($detail)+));
        }
    };
}

/// Promises that a condition holds at least once in a sweep: that the sweep tests what it is meant to test. A run counts how often it
/// held, and a sweep shows the counts; see `docs/search.md`.
///
/// ```
/// use sim_executor::{Executor, Outcome, ProductionOrder, sometimes};
///
/// let mut executor = Executor::new(ProductionOrder);
/// executor.block_on(async { sometimes!(1 > 2, "a retry is needed") }).unwrap();
/// let report = executor.finish(Outcome::Done);
/// let property = &report.properties[0];
/// assert_eq!((property.name, property.held, property.failed), ("a retry is needed", 0, 1));
/// ```
#[macro_export]
macro_rules! sometimes {
    ($holds:expr, $name:expr $(,)?) => {{
        let _: bool = $crate::context::holds($crate::PropertyKind::Sometimes, $name, $holds);
    }};
}

/// Promises that the program comes here at least once in a sweep. Only a place that was reached is known, so one that never is
/// can be told only where `sometimes!(false, …)` has named it before.
#[macro_export]
macro_rules! reachable {
    ($name:expr $(,)?) => {{
        let _: bool = $crate::context::holds($crate::PropertyKind::Reachable, $name, true);
    }};
}

/// Promises that something holds in the end. With a condition: it held when the program last came here before the end of the
/// run. Without one: it is pending until [`Eventually::holds`] is called, however often it was begun. A run that ends as it should
/// with something pending fails.
///
/// ```
/// use sim_executor::{Executor, Outcome, ProductionOrder, eventually};
///
/// let mut executor = Executor::new(ProductionOrder);
/// executor
///     .block_on(async {
///         eventually!(1 > 2, "the replicas agree");
///         eventually!(2 > 1, "the replicas agree");
///         let answered = eventually!("every request is answered");
///         drop(answered);
///     })
///     .unwrap();
/// let report = executor.finish(Outcome::Done);
/// let text = "at 0.000: eventually \"every request is answered\" is still pending at the end of the run";
/// assert_eq!(report.outcome.to_string(), text);
/// ```
#[macro_export]
macro_rules! eventually {
    ($name:literal $(,)?) => {
        $crate::Eventually::begin($name)
    };
    ($holds:expr, $name:expr $(,)?) => {{
        let _: bool = $crate::context::holds($crate::PropertyKind::Eventually, $name, $holds);
    }};
}

/// Says that the program gets on. With [`Limits::progress_max`](crate::Limits::progress_max) set, a run in which it does not for so much
/// virtual time is ended: a livelock.
#[macro_export]
macro_rules! progress {
    ($name:expr $(,)?) => {{
        let _: bool = $crate::context::holds($crate::PropertyKind::Progress, $name, true);
    }};
}

/// Whether the program makes trouble here: takes the slow path, gives up early, returns an error that the caller must bear. The name is
/// a literal.
///
/// As in FoundationDB, each run draws first which of these places make any trouble in it, one in four, and such a place then makes
/// trouble one time in four: see [`Config::buggify`](crate::Config::buggify). A ratio behind the name is the second of these
/// probabilities. In production order, and outside a run, there is none.
///
/// ```
/// use sim_executor::{Executor, KeyedRandom, buggify};
///
/// let has_trouble = |seed| {
///     let run = async { (0..20).any(|_| buggify!("the cache is full")) };
///     Executor::new(KeyedRandom::new(seed)).block_on(run).unwrap()
/// };
/// let troubled = (0..200).filter(|&seed| has_trouble(seed)).count();
/// assert!((30..70).contains(&troubled), "{troubled}");
/// ```
#[macro_export]
macro_rules! buggify {
    ($name:literal $(,)?) => {{
        const LABEL: $crate::Label = $crate::Label::new(::core::concat!("buggify:", $name));
        $crate::context::buggify($name, LABEL, ::core::option::Option::None)
    }};
    ($name:literal, $probability:expr $(,)?) => {{
        const LABEL: $crate::Label = $crate::Label::new(::core::concat!("buggify:", $name));
        $crate::context::buggify($name, LABEL, ::core::option::Option::Some($probability))
    }};
}

/// Something that has to hold before the run ends; made by [`eventually!`].
#[must_use = "it is pending until `holds` is called"]
#[derive(Debug)]
pub struct Eventually {
    name: &'static str,
    /// `None` outside a run.
    tag: Option<RunTag>,
}

impl Eventually {
    /// Begins to wait for it.
    #[doc(hidden)]
    pub fn begin(name: &'static str) -> Self {
        Eventually { name, tag: context::begin_eventually(name) }
    }

    /// It holds now. Does nothing outside of its run.
    pub fn holds(self) {
        if let Some(tag) = self.tag {
            context::end_eventually(self.name, tag);
        }
    }
}

/// Promises that a closure says yes after every poll of the run, from now on to its end. The first time that it does not, the run fails. It is
/// called with no task current, must not change anything, and should be quick: each poll waits for it. It keeps what it has
/// captured until the end of the run.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, invariant, yield_now};
/// use std::{cell::Cell, rc::Rc};
///
/// let ended = Executor::new(ProductionOrder).block_on(async {
///     let balances = Rc::new([Cell::new(50), Cell::new(0)]);
///     let seen = Rc::clone(&balances);
///     invariant("money is kept", move || seen[0].get() + seen[1].get() == 50);
///     balances[0].set(40);
///     yield_now().await; // Should not be here.
///     balances[1].set(10);
/// });
/// assert_eq!(ended.unwrap_err().to_string(), "at 0.000: invariant \"money is kept\" does not hold, after a poll of main");
/// ```
///
/// # Panics
/// Outside a run.
pub fn invariant(name: &'static str, holds: impl FnMut() -> bool + 'static) {
    context::add_invariant(name, holds);
}

/// Looks at all invariants now, in the middle of a poll.
///
/// # Panics
/// Outside a run.
pub fn check_invariants() {
    context::look_at_invariants();
}
