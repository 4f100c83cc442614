//! Why a macro cannot be used so.

use std::fmt;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

/// Why a macro cannot be used so: shown by the compiler at the place that is wrong.
#[derive(Debug)]
pub(crate) struct Refusal {
    at: Span,
    message: String,
}

impl Refusal {
    pub(crate) fn new(at: Span, message: impl fmt::Display) -> Self {
        Refusal { at, message: message.to_string() }
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// In place of an item.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let message = self.message;
        quote_spanned! { self.at => ::core::compile_error!(#message); }
    }

    /// In place of an expression.
    pub(crate) fn into_expression(self) -> TokenStream {
        let message = self.message;
        quote_spanned! { self.at => { ::core::compile_error!(#message) } }
    }
}
