//! The expansion of `join!` with that of `try_join!`: what several futures give, all of them.

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};

use crate::refusal::Refusal;

/// When the futures are no more waited for, besides when all are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    All,
    FirstError,
}

/// `input` is the path of the crate with what the expansion calls, in parentheses; `biased` or `rotated`; then expressions
/// with a comma before each. They are groups, since `join!` has captured them.
pub(crate) fn expand(input: TokenStream, until: Until) -> TokenStream {
    let mut input = input.into_iter();
    let (Some(TokenTree::Group(home)), Some(TokenTree::Ident(order))) = (input.next(), input.next()) else {
        return Refusal::new(Span::call_site(), "use `join!` or `try_join!`, which call this one")
            .into_expression();
    };
    let expressions: Vec<TokenTree> = input.filter(|token| matches!(token, TokenTree::Group(_))).collect();
    let joined = Joined { home: home.stream(), parts: Part::all(expressions), until };
    match joined.parts.len() {
        0 => joined.of_none(),
        1 => joined.expansion(true),
        _ => joined.expansion(order == "biased"),
    }
}

struct Joined {
    home: TokenStream,
    parts: Vec<Part>,
    until: Until,
}

struct Part {
    expression: TokenTree,
    number: Literal,
    /// The local variable that holds its future.
    future: Ident,
}

impl Part {
    fn all(expressions: Vec<TokenTree>) -> Vec<Part> {
        let part = |(expression, number): (TokenTree, u32)| Part {
            expression,
            number: Literal::u32_suffixed(number),
            future: format_ident!("future_{number}", span = Span::mixed_site()),
        };
        expressions.into_iter().zip(0..).map(part).collect()
    }
}

impl Joined {
    fn of_none(&self) -> TokenStream {
        let all = self.all();
        quote_spanned! { Span::mixed_site() => ::core::future::ready(#all).await }
    }

    fn expansion(&self, is_biased: bool) -> TokenStream {
        let (site, home) = (Span::mixed_site(), &self.home);
        let count = Literal::u32_suffixed(self.parts.len() as u32);
        let futures = self.parts.iter().map(|Part { future, expression, .. }| {
            quote_spanned! { site => let #future = #home::maybe_done(#expression); }
        });
        // Locals are dropped in the reverse order: the first future first, as the fields of a tuple.
        let pins = self.parts.iter().rev().map(|Part { future, .. }| {
            quote_spanned! { site => let mut #future = ::core::pin::pin!(#future); }
        });
        let polls = self.parts.iter().map(|part| self.poll(part));
        // As in tokio, another future is polled first at each poll, so that one which uses up what a task may do in one
        // poll does not keep the others from going on.
        let turn = (!is_biased).then(|| quote_spanned! { site => first = (first + 1) % #count; });
        let all = self.all();
        quote_spanned! { site => {
            #(#futures)*
            #(#pins)*
            let mut first: u32 = 0;
            ::core::future::poll_fn(move |context| {
                let mut waits = false;
                for number in #home::in_turn(first, #count) {
                    match number {
                        #(#polls)*
                        _ => {}
                    }
                }
                #turn
                if waits {
                    return ::core::task::Poll::Pending;
                }
                ::core::task::Poll::Ready(#all)
            })
            .await
        }}
    }

    fn poll(&self, Part { future, number, .. }: &Part) -> TokenStream {
        let (site, home) = (Span::mixed_site(), &self.home);
        let if_ready = match self.until {
            Until::All => None,
            Until::FirstError => Some(quote_spanned! { site =>
                else if let ::core::option::Option::Some(error) = #home::take_error(#future.as_mut()) {
                    return ::core::task::Poll::Ready(::core::result::Result::Err(error));
                }
            }),
        };
        quote_spanned! { site =>
            #number => if ::core::future::Future::poll(#future.as_mut(), context).is_pending() {
                waits = true;
            } #if_ready
        }
    }

    /// What is given when all are over.
    fn all(&self) -> TokenStream {
        let (site, home) = (Span::mixed_site(), &self.home);
        let take = match self.until {
            Until::All => quote_spanned! { site => take_output },
            Until::FirstError => quote_spanned! { site => take_value },
        };
        let outputs = self.parts.iter().map(|Part { future, .. }| {
            quote_spanned! { site => #home::#take(#future.as_mut()), }
        });
        let outputs = quote_spanned! { site => (#(#outputs)*) };
        match self.until {
            Until::All => outputs,
            Until::FirstError => quote_spanned! { site => ::core::result::Result::Ok(#outputs) },
        }
    }
}
