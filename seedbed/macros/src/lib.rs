//! The macros of Seedbed. Use them as `#[seedbed::test]`, `seedbed::select!`, `seedbed::join!`.

mod expand;
mod features;
mod join;
mod options;
mod refusal;
mod runtime;
mod select;
mod test_fn;
mod value;

/// Makes an `async fn` a test that is simulated: in production order, then as many times more as `seeds` says.
///
/// ```text
/// #[seedbed::test]
/// async fn with_100_runs() {}
///
/// #[seedbed::test(network = "lossy_mobile", virtual_time_max = Duration::from_secs(60), stats, trace = "all")]
/// async fn over_a_bad_network() {}
///
/// // Under 1,000 seeds of one strategy.
/// #[seedbed::test(seeds = 1_000, strategy = "pct:changes=3")]
/// async fn a_task_that_is_late() {}
///
/// // Every run that differs from the default order in at most two decisions.
/// #[seedbed::test(each = 2)]
/// async fn no_two_deviations_break_it() {}
///
/// #[seedbed::test(seeds = 1_000)]
/// async fn with_a_result() -> std::io::Result<()> { Ok(()) }
/// ```
///
/// The options of `#[tokio::test]` are taken too: with `start_paused = true` the clock counts as paused
/// when the test begins; `flavor` and `worker_threads` change nothing, as a run has no threads.
///
/// With `fuzz`, a fuzzer can run the body too: `name::fuzz` is a function of the fuzzer's bytes, which
/// `seedbed::fuzz_target!` calls.
///
/// Other attributes, such as `#[should_panic]` and `#[ignore]`, mean what they mean for any test. See the documentation
/// of the crate `seedbed` for what a failure shows, and how it is reproduced.
#[proc_macro_attribute]
pub fn test(options: proc_macro::TokenStream, function: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::expand(options.into(), function.into()).into()
}

/// What `select!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn select_branches(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    select::expand(input.into()).into()
}

/// What `join!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn join_futures(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    join::expand(input.into(), join::Until::All).into()
}

/// What `try_join!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn try_join_futures(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    join::expand(input.into(), join::Until::FirstError).into()
}
