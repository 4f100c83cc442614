//! Property tests over simulated systems: proptest draws the workload, the schedule, the network and the faults, and shrinks them
//! together.
//!
//! [`proptest!`](crate::proptest) is `proptest::proptest!` for `async` bodies. Each case is one run; in which order its tasks are polled is one
//! more input, which shrinks to production order. Of a case that fails proptest shrinks the inputs, then the schedule and the faults of its run are
//! shrunk as those of any other test, then the inputs under what is left of these, until neither gets smaller. The rest are strategies for what a case may be given: [`links`], [`profiles`],
//! [`fault_plans`], [`runs`], [`seeds`], [`schedules`].
//!
//! ```
//! use seedbed::{property, spawn, time};
//! use std::time::Duration;
//!
//! seedbed::proptest! {
//!     // In a test file there is `#[test]` before it.
//!     async fn whatever_is_slept_passes(millis in proptest::collection::vec(0_u64..1_000, 1..8)) {
//!         let longest = millis.iter().copied().max().map(Duration::from_millis);
//!         let sleeps: Vec<_> = millis.into_iter().map(|ms| spawn(time::sleep(Duration::from_millis(ms)))).collect();
//!         for sleep in sleeps {
//!             sleep.await.unwrap();
//!         }
//!         proptest::prop_assert_eq!(Some(time::elapsed()), longest);
//!     }
//! }
//! whatever_is_slept_passes();
//! ```

mod case;
#[cfg(feature = "net")]
mod fault_plan;
mod kept;
#[cfg(feature = "net")]
mod networks;
mod run;
mod schedules;
mod together;

#[cfg(feature = "net")]
pub use fault_plan::{Episode, Fault, FaultPlan, fault_plans};
#[cfg(feature = "net")]
pub use networks::{links, profiles};
#[doc(hidden)]
pub use run::{Property, run};
pub use schedules::{runs, schedules, seeds};

#[doc(hidden)]
pub use proptest;
