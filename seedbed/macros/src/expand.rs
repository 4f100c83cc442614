//! From the function with the attribute to the test that the compiler sees.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use crate::features;
use crate::options::Options;
use crate::refusal::Refusal;
use crate::test_fn::TestFn;

pub(crate) fn expand(options: TokenStream, function: TokenStream) -> TokenStream {
    try_expand(options, function).unwrap_or_else(Refusal::into_tokens)
}

fn try_expand(options: TokenStream, function: TokenStream) -> Result<TokenStream, Refusal> {
    let TestFn { attributes, visibility, name, output, body } = TestFn::parse(function)?;
    let Options { statements, is_fuzzed, starts_paused, .. } = Options::parse(options)?;
    let body = if starts_paused {
        quote! { { ::seedbed::time::pause(); #body } }
    } else {
        quote! { #body }
    };
    let set = if statements.is_empty() {
        quote! { |_| {} }
    } else {
        quote! { |sweep: &mut ::seedbed::Sweep| { #statements } }
    };
    let features = features::flags(std::env::args());
    // What cargo tells the compiler of the user's crate; nothing of it is there under another build tool.
    let site = quote! {
        ::seedbed::TestSite {
            path: ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name)),
            package: ::core::option_env!("CARGO_PKG_NAME"),
            crate_name: ::core::option_env!("CARGO_CRATE_NAME"),
            binary: ::core::option_env!("CARGO_BIN_NAME"),
            manifest_dir: ::core::option_env!("CARGO_MANIFEST_DIR"),
            is_integration: ::core::option_env!("CARGO_TARGET_TMPDIR").is_some(),
            features: #features,
        }
    };
    // With the span of the name, so that a failure points at the test.
    let call = quote_spanned! { name.span() =>
        ::seedbed::run_test(
            #site,
            #set,
            #name,
        )
    };
    if !is_fuzzed {
        return Ok(quote! {
            #[::core::prelude::v1::test]
            #attributes
            #visibility fn #name() {
                async fn #name() #output #body
                #call
            }
        });
    }
    let body_name = Ident::new(&format!("__{name}_body"), name.span());
    // The body stands beside the test, where a fuzz target finds it: tests are left out of a program that is none. The type has the
    // name of the test, so that one path leads to both.
    Ok(quote! {
        #[::core::prelude::v1::test]
        #attributes
        #visibility fn #name() {
            let #name = #body_name;
            #call
        }
        async fn #body_name() #output #body
        #[doc(hidden)]
        #[expect(non_camel_case_types, reason = "it stands beside the test of this name")]
        #visibility enum #name {}
        impl #name {
            #[doc(hidden)]
            pub fn fuzz(input: &[u8]) {
                let path = ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name));
                ::seedbed::fuzz::check_as(path, #set, input, #body_name);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(options: &str, function: &str) -> String {
        expand(options.parse().unwrap(), function.parse().unwrap()).to_string()
    }

    #[test]
    fn a_test_keeps_its_attributes_and_gets_the_number_of_seeds() {
        let text = expanded("seeds = 7", "#[should_panic] async fn name() { body() }");
        assert!(text.contains(":: test] # [should_panic] fn name ()"), "{text}");
        assert!(text.contains("sweep . seeds = 7 ;"), "{text}");
        assert!(text.contains("async fn name () { body () }"), "{text}");
    }

    #[test]
    fn what_a_fuzzer_runs_stands_beside_the_test() {
        let text = expanded("fuzz, seeds = 7", "pub async fn name() { body() }");
        assert!(text.contains("pub fn name () { let name = __name_body ;"), "{text}");
        assert!(text.contains("async fn __name_body () { body () }"), "{text}");
        assert!(text.contains("pub enum name { } impl name {"), "{text}");
    }

    #[test]
    fn a_paused_clock_is_paused_before_the_body() {
        let text = expanded("start_paused = true", "async fn name() { body() }");
        assert!(text.contains("async fn name () { :: seedbed :: time :: pause () ; { body () } }"), "{text}");
    }

    #[test]
    fn a_refusal_is_all_that_the_compiler_sees() {
        let text = expanded("", "fn name() {}");
        assert!(text.starts_with(":: core :: compile_error ! (\"a simulated test is"), "{text}");
    }
}
