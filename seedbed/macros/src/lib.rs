//! The attribute of Seedbed's simulated tests. Use it as `#[seedbed::test]`.

mod expand;
mod options;
mod refusal;
mod test_fn;

/// Makes an `async fn` a test that is simulated: in production order, then under as many seeds as `seeds` says.
///
/// ```text
/// #[seedbed::test]
/// async fn with_100_seeds() {}
///
/// #[seedbed::test(seeds = 1_000)]
/// async fn with_a_result() -> std::io::Result<()> { Ok(()) }
/// ```
///
/// Other attributes, such as `#[should_panic]` and `#[ignore]`, mean what they mean for any test. See the documentation
/// of the crate `seedbed` for what a failure shows, and how it is reproduced.
#[proc_macro_attribute]
pub fn test(options: proc_macro::TokenStream, function: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::expand(options.into(), function.into()).into()
}
