//! Questions about a list of tokens.

use proc_macro2::{Delimiter, Spacing, Span, TokenTree};

/// The place of the first one.
pub(super) fn span_of(tokens: &[TokenTree]) -> Span {
    tokens.first().map_or_else(Span::call_site, TokenTree::span)
}

pub(super) fn is_word(token: Option<&TokenTree>, expected: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(word)) if word == expected)
}

pub(super) fn is_punct(token: Option<&TokenTree>, expected: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == expected)
}

/// A sign that the next one belongs to: the first of `=>`.
fn is_joint(token: Option<&TokenTree>, expected: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct))
        if punct.as_char() == expected && punct.spacing() == Spacing::Joint)
}

/// Whether these two signs stand at `at`, such as `=>`.
pub(super) fn is_pair(tokens: &[TokenTree], at: usize, pair: [char; 2]) -> bool {
    is_joint(tokens.get(at), pair[0]) && is_punct(tokens.get(at + 1), pair[1])
}

/// Whether a block stands there, be it one that a macro has captured.
pub(super) fn is_block(token: Option<&TokenTree>) -> bool {
    let Some(TokenTree::Group(group)) = token else { return false };
    match group.delimiter() {
        Delimiter::Brace => true,
        Delimiter::None => {
            let mut inner = group.stream().into_iter();
            is_block(inner.next().as_ref()) && inner.next().is_none()
        }
        Delimiter::Parenthesis | Delimiter::Bracket => false,
    }
}
