//! Macros over those of other test libraries: proptest, insta, libFuzzer, bolero.

/// Property tests whose bodies are `async` and run in a simulation: `proptest::proptest!`, with `async fn`.
///
/// Each case is one run. proptest draws the inputs and a run, production order or a seed. A case that fails is shrunk: by turns the inputs, and the
/// schedule with the faults and draws of the run, until neither gets smaller. What `proptest` keeps of failures, in `proptest-regressions`, is kept as by itself
/// and run first the next time. One case in eight is run twice, to see that both runs are equal.
///
/// A block may begin with `#![proptest_config(…)]`, as proptest's, and with `#![sweep(…)]`, fields of [`Sweep`](crate::Sweep) that hold
/// for each run, such as `network` and `limits`:
///
/// ```
/// use seedbed::net::profile::{self, Profile};
///
/// seedbed::proptest! {
///     #![proptest_config(proptest::test_runner::Config::with_cases(20))]
///     #![sweep(network: Some(Profile { link: Some(profile::LAN), ..Profile::default() }))]
///
///     async fn every_number_is_below_its_bound(bound in 1_u64..100) {
///         proptest::prop_assume!(bound != 13);
///         proptest::prop_assert!(seedbed::choose(bound) < bound);
///     }
/// }
/// every_number_is_below_its_bound();
/// ```
///
/// Inputs must be `Clone` and `'static`. With `SEEDBED_SEED` set, all cases run under that seed.
#[cfg(feature = "proptest")]
#[macro_export]
macro_rules! proptest {
    (#![proptest_config($config:expr)] #![sweep($($fields:tt)*)] $($tests:tt)*) => {
        $crate::__proptest! { [$config] [$($fields)*] $($tests)* }
    };
    (#![proptest_config($config:expr)] $($tests:tt)*) => {
        $crate::__proptest! { [$config] [] $($tests)* }
    };
    (#![sweep($($fields:tt)*)] $($tests:tt)*) => {
        $crate::__proptest! {
            [<$crate::property::proptest::test_runner::Config as ::core::default::Default>::default()]
            [$($fields)*]
            $($tests)*
        }
    };
    ($($tests:tt)*) => { $crate::proptest! { #![sweep()] $($tests)* } };
}

#[doc(hidden)]
#[cfg(feature = "proptest")]
#[macro_export]
macro_rules! __proptest {
    ([$config:expr] [$($fields:tt)*]) => {};
    (
        [$config:expr] [$($fields:tt)*]
        $(#[$meta:meta])*
        async fn $name:ident($($argument:pat in $strategy:expr),+ $(,)?) $body:block
        $($tests:tt)*
    ) => {
        $(#[$meta])*
        fn $name() {
            let property = $crate::property::Property {
                name: ::core::concat!(::core::module_path!(), "::", ::core::stringify!($name)),
                file: ::core::file!(),
                sweep: $crate::__sweep!($($fields)*),
            };
            $crate::property::run(property, $config, ($($strategy,)+), |($($argument,)+)| async move {
                let () = $body;
                ::core::result::Result::Ok(())
            });
        }
        $crate::__proptest! { [$config] [$($fields)*] $($tests)* }
    };
}

#[doc(hidden)]
#[cfg(feature = "proptest")]
#[macro_export]
macro_rules! __sweep {
    () => { <$crate::Sweep as ::core::default::Default>::default() };
    ($($field:ident: $value:expr),+ $(,)?) => {
        $crate::Sweep { $($field: $value,)+ ..<$crate::Sweep as ::core::default::Default>::default() }
    };
}

/// Compares the log of a run with the snapshot that insta keeps: `insta::assert_snapshot!` of [`Snapshot::take`](crate::Snapshot::take).
///
/// It takes the body of a test, perhaps a [`Snapshot`](crate::Snapshot) before it, perhaps a name before that, and perhaps the expected text behind it:
///
/// ```
/// use seedbed::{Snapshot, event, spawn_named, yield_now};
///
/// async fn two_clerks() {
///     let clerks = ["alice", "bob"].map(|name| {
///         spawn_named(name, async {
///             event!("reads");
///             yield_now().await;
///             event!("writes");
///         })
///     });
///     for clerk in clerks {
///         clerk.await.unwrap();
///     }
/// }
///
/// seedbed::assert_trace_snapshot!(Snapshot::default().without_times(), two_clerks, @"
/// main/alice reads
/// main/bob reads
/// main/alice writes
/// main/bob writes
/// ");
/// ```
///
/// # Panics
/// If the snapshot is another, as insta does; if two equal runs are not equal; inside a run.
#[cfg(feature = "insta")]
#[macro_export]
macro_rules! assert_trace_snapshot {
    ($snapshot:expr, $body:expr, @$expected:literal $(,)?) => {
        $crate::snapshot::insta::assert_snapshot!($snapshot.take($body), @$expected)
    };
    ($name:literal, $snapshot:expr, $body:expr $(,)?) => {
        $crate::snapshot::insta::assert_snapshot!($name, $snapshot.take($body))
    };
    ($body:expr, @$expected:literal $(,)?) => {
        $crate::assert_trace_snapshot!($crate::Snapshot::default(), $body, @$expected)
    };
    ($name:literal, $body:expr $(,)?) => {
        $crate::assert_trace_snapshot!($name, $crate::Snapshot::default(), $body)
    };
    ($snapshot:expr, $body:expr $(,)?) => {
        $crate::snapshot::insta::assert_snapshot!($snapshot.take($body))
    };
    ($body:expr $(,)?) => {
        $crate::assert_trace_snapshot!($crate::Snapshot::default(), $body)
    };
}

/// Makes a `#[seedbed::test(fuzz)]` the target of a fuzzer: all of a file in `fuzz_targets`, but for `#![no_main]`. The crate must depend on
/// `libfuzzer-sys`. See [`fuzz`](crate::fuzz).
#[macro_export]
macro_rules! fuzz_target {
    ($test:path) => {
        ::libfuzzer_sys::fuzz_target!(|input: &[u8]| {
            use $test as test;
            test::fuzz(input)
        });
    };
}

/// Makes a `#[seedbed::test(fuzz)]` a test of bolero, with this name. The crate must depend on `bolero`. See [`fuzz`](crate::fuzz).
#[macro_export]
macro_rules! bolero_test {
    ($name:ident, $test:path $(,)?) => {
        #[test]
        fn $name() {
            use $test as test;
            ::bolero::check!().for_each(|input: &[u8]| test::fuzz(input));
        }
    };
}
