//! The expansion of `select!`: which of several futures is ready first.

mod branches;
mod expression;
mod pattern;
mod tokens;

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};

use crate::refusal::Refusal;
use branches::{Branch, Branches};

/// A place of the user's text, with names that the user's cannot meet.
pub(crate) fn ours_at(user: Span) -> Span {
    Span::mixed_site().located_at(user)
}

/// `input` is the path of the crate with what the expansion calls, in parentheses; then what stands in `select!`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut input = input.into_iter();
    let Some(TokenTree::Group(home)) = input.next() else {
        return Refusal::new(Span::call_site(), "use `select!`, which calls this one").into_tokens();
    };
    match Branches::parse(input.collect()) {
        Ok(branches) => Expansion { home: home.stream() }.of(branches),
        Err(refusal) => refusal.into_expression(),
    }
}

struct Expansion {
    home: TokenStream,
}

impl Expansion {
    fn of(&self, branches: Branches) -> TokenStream {
        let Branches { is_biased, branches, otherwise } = branches;
        let site = Span::mixed_site();
        let otherwise = otherwise.unwrap_or_else(|| {
            quote_spanned! { site => ::core::panic!("all branches are disabled and there is no else branch") }
        });
        if branches.is_empty() {
            return quote_spanned! { site => match () { () => #otherwise } };
        }
        let parts: Vec<Part> = branches.into_iter().zip(0..).map(Part::new).collect();
        let output = self.output(&parts, is_biased);
        let declaration = declaration(&parts);
        let mask = mask(&parts);
        let guards = parts.iter().map(Part::guard);
        let arms = parts.iter().map(Part::arm);
        quote_spanned! { site => {
            #declaration
            let mut off: #mask = 0;
            #(#guards)*
            let mut output = #output;
            match output {
                #(#arms)*
                __SelectedBranch::Off => #otherwise,
                _ => ::core::unreachable!("what a branch gave has matched its pattern before"),
            }
        }}
    }

    /// The block that waits. What the branches wait for is dropped at its end, before a handler runs.
    fn output(&self, parts: &[Part], is_biased: bool) -> TokenStream {
        let (site, home) = (Span::mixed_site(), &self.home);
        let count = Literal::u32_suffixed(parts.len() as u32);
        let futures = parts.iter().map(|part| part.future_expression());
        let conversions = parts.iter().map(|part| part.conversion());
        // Locals are dropped in the reverse order: the first branch first, as the fields of a tuple.
        let pins = parts.iter().rev().map(|Part { future, .. }| {
            quote_spanned! { site => let mut #future = ::core::pin::pin!(#future); }
        });
        let first = if is_biased {
            quote_spanned! { site => 0 }
        } else {
            quote_spanned! { site => #home::first_branch(#count, ::core::convert::From::from(off)) }
        };
        let polls = parts.iter().map(Part::poll);
        quote_spanned! { site => {
            #(#futures)*
            #(#conversions)*
            #(#pins)*
            let first: u32 = #first;
            ::core::future::poll_fn(move |context| {
                if !#home::may_poll(context) {
                    return ::core::task::Poll::Pending;
                }
                let _selecting = #home::Selecting::begin();
                let mut waits = false;
                for number in #home::in_turn(first, #count) {
                    match number {
                        #(#polls)*
                        _ => {}
                    }
                }
                if waits {
                    ::core::task::Poll::Pending
                } else {
                    ::core::task::Poll::Ready(__SelectedBranch::Off)
                }
            })
            .await
        }}
    }
}

/// The enumeration of what the branches give.
fn declaration(parts: &[Part]) -> TokenStream {
    let variants: Vec<&Ident> = parts.iter().map(|part| &part.variant).collect();
    quote_spanned! { Span::mixed_site() =>
        enum __SelectedBranch<#(#variants),*> {
            #(#variants(#variants),)*
            Off,
        }
    }
}

/// The type with a bit for each branch: small, since it is a part of the user's future.
fn mask(parts: &[Part]) -> Ident {
    let name = match parts.len() {
        0..=8 => "u8",
        9..=16 => "u16",
        17..=32 => "u32",
        _ => "u64",
    };
    Ident::new(name, Span::mixed_site())
}

/// An attribute that silences a lint in the user's program: what follows a future that is never over is not reached.
fn quiet(lint: &str) -> TokenStream {
    let site = Span::mixed_site();
    let (level, lint) = (Ident::new("allow", site), Ident::new(lint, site));
    quote_spanned! { site => #[#level(#lint, reason = "of some branches nothing can come")] }
}

/// A branch with its number, and with the names that the expansion gives it.
struct Part {
    branch: Branch,
    number: u32,
    /// The local variable that holds its future.
    future: Ident,
    /// The variant of the enumeration with what it gives.
    variant: Ident,
}

impl Part {
    fn new((branch, number): (Branch, u32)) -> Self {
        let site = Span::mixed_site();
        Part {
            branch,
            number,
            future: format_ident!("future_{number}", span = site),
            variant: format_ident!("B{number}", span = site),
        }
    }

    /// The bit of this branch among those that are off.
    fn bit(&self) -> Literal {
        Literal::u64_unsuffixed(1 << self.number)
    }

    fn guard(&self) -> Option<TokenStream> {
        let (condition, bit) = (self.branch.guard.as_ref()?, self.bit());
        Some(quote_spanned! { Span::mixed_site() =>
            let is_on: bool = #condition;
            if !is_on {
                off |= #bit;
            }
        })
    }

    /// In a `let` of its own, so that temporaries live as long as in a `let` that the user writes.
    fn future_expression(&self) -> TokenStream {
        let Part { future, branch: Branch { future: expression, .. }, .. } = self;
        quote_spanned! { Span::mixed_site() => let #future = #expression; }
    }

    fn conversion(&self) -> TokenStream {
        let future = &self.future;
        let at = ours_at(tokens::span_of(&self.branch.future));
        // The argument has the user's place too: there the compiler says that it is no future.
        let argument = Ident::new(&future.to_string(), at);
        quote_spanned! { at => let #future = ::core::future::IntoFuture::into_future(#argument); }
    }

    fn poll(&self) -> TokenStream {
        let Part { future, variant, number, .. } = self;
        let (bit, number) = (self.bit(), Literal::u32_suffixed(*number));
        let matches = pattern::test(&self.branch.pattern);
        // `continue` has any type, so that a future which only panics may give any: the compiler takes `()` then.
        let quiet = quiet("unreachable_code");
        quote_spanned! { Span::mixed_site() =>
            #quiet
            #number => {
                if off & #bit != 0 {
                    continue;
                }
                let output = match ::core::future::Future::poll(#future.as_mut(), context) {
                    ::core::task::Poll::Ready(output) => output,
                    ::core::task::Poll::Pending => {
                        waits = true;
                        continue;
                    }
                };
                off |= #bit;
                #matches
                if is_match {
                    return ::core::task::Poll::Ready(__SelectedBranch::#variant(output));
                }
            }
        }
    }

    fn arm(&self) -> TokenStream {
        let Part { variant, branch: Branch { pattern, handler, .. }, .. } = self;
        quote_spanned! { Span::mixed_site() => __SelectedBranch::#variant(#pattern) => #handler, }
    }
}
