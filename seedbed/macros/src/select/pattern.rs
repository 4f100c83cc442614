//! Whether a value matches a pattern, asked without taking it apart.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::ours_at;
use super::tokens::{is_punct, is_word};

/// Says in `is_match` whether `output` matches the pattern. The handler matches it again, and then takes it apart.
///
/// Of most patterns it is enough to leave out `ref` and `mut`, and to match a reference. A `&` or a text cannot be matched
/// through another reference (a `&` since the edition 2024); there each name becomes one that borrows.
pub(super) fn test(pattern: &[TokenTree]) -> TokenStream {
    let site = Span::mixed_site();
    if is_of_references(pattern) {
        let pattern = with_borrows(pattern);
        return quote_spanned! { site => let is_match = match output { #pattern => true, _ => false }; };
    }
    let pattern = without_modes(pattern);
    quote_spanned! { site => let is_match = match &output { #pattern => true, _ => false }; }
}

fn is_of_references(pattern: &[TokenTree]) -> bool {
    pattern.iter().zip(0..).any(|(token, at)| match token {
        TokenTree::Group(group) => !is_foreign(pattern, at) && is_of_references(&tokens_of(group)),
        TokenTree::Literal(literal) => literal.to_string().contains('"'),
        other => is_punct(Some(other), '&'),
    })
}

/// Without `ref` and `mut`. Names are ours, so that nobody is told that they are not used.
fn without_modes(pattern: &[TokenTree]) -> TokenStream {
    let tokens = pattern.iter().zip(0..).filter_map(|(token, at)| match token {
        TokenTree::Ident(word) if word == "ref" || word == "mut" => None,
        TokenTree::Ident(word) => Some(renewed(word)),
        TokenTree::Group(group) if !is_foreign(pattern, at) => {
            Some(regrouped(group, without_modes(&tokens_of(group))))
        }
        other => Some(other.clone()),
    });
    tokens.collect()
}

/// With `ref` before each name that takes a part of the value.
fn with_borrows(pattern: &[TokenTree]) -> TokenStream {
    let tokens = pattern.iter().zip(0..).map(|(token, at)| match token {
        TokenTree::Ident(word) if word == "ref" => quote! {},
        // `&mut` is part of what is matched; another `mut` is not.
        TokenTree::Ident(word) if word == "mut" => {
            let is_of_reference = at > 0 && is_punct(pattern.get(at - 1), '&');
            if is_of_reference {
                quote! { #word }
            } else {
                quote! {}
            }
        }
        TokenTree::Ident(word) => {
            let name = renewed(word);
            if is_binding(pattern, at, word) {
                quote_spanned! { word.span() => ref #name }
            } else {
                quote! { #name }
            }
        }
        TokenTree::Group(group) if !is_foreign(pattern, at) => {
            let group = regrouped(group, with_borrows(&tokens_of(group)));
            quote! { #group }
        }
        other => quote! { #other },
    });
    tokens.collect()
}

/// Whether a word is a name that is bound: not a path, a field's name, an end of a range or, by how it is written, a constant.
fn is_binding(pattern: &[TokenTree], at: usize, word: &Ident) -> bool {
    let text = word.to_string();
    let is_small = text.starts_with(|first: char| first.is_lowercase() || first == '_') && text != "_";
    let is_literal =
        text == "true" || text == "false" || text == "self" || text == "crate" || text == "super";
    let follows = |sign| at > 0 && is_punct(pattern.get(at - 1), sign);
    let ends_range = follows('.') || (follows('=') && at > 1 && is_punct(pattern.get(at - 2), '.'));
    let next = pattern.get(at + 1);
    let is_path = follows(':') && at > 1 && is_punct(pattern.get(at - 2), ':');
    let goes_on = [':', '.', '!', '<'].iter().any(|&sign| is_punct(next, sign))
        || matches!(next, Some(TokenTree::Group(_)));
    is_small && !is_literal && !ends_range && !is_path && !goes_on
}

/// The same name at the same place, but none that the user has written.
fn renewed(word: &Ident) -> TokenTree {
    let mut word = word.clone();
    word.set_span(ours_at(word.span()));
    TokenTree::Ident(word)
}

/// Whether what is in the group at `at` is no pattern: it belongs to a macro or a `const` block.
fn is_foreign(pattern: &[TokenTree], at: usize) -> bool {
    at > 0 && (is_punct(pattern.get(at - 1), '!') || is_word(pattern.get(at - 1), "const"))
}

fn tokens_of(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn regrouped(group: &Group, stream: TokenStream) -> TokenTree {
    let mut again = Group::new(group.delimiter(), stream);
    again.set_span(group.span());
    TokenTree::Group(again)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<TokenTree> {
        text.parse::<TokenStream>().unwrap().into_iter().collect()
    }

    fn tested(pattern: &str) -> String {
        let text = test(&tokens(pattern)).to_string();
        let start = text.find("= match").unwrap() + 2;
        text[start..text.find("=>").unwrap()].trim().to_string()
    }

    #[test]
    fn how_a_name_is_bound_is_left_out() {
        assert_eq!(tested("mut a"), "match & output { a");
        assert_eq!(tested("Some(ref mut a) | B { mut c, ref d }"), "match & output { Some (a) | B { c , d }");
        assert_eq!(tested("m!(ref a)"), "match & output { m ! (ref a)");
    }

    #[test]
    fn behind_a_reference_each_name_borrows() {
        assert_eq!(tested("&a"), "match output { & ref a");
        assert_eq!(tested("Ok(&mut a)"), "match output { Ok (& mut ref a)");
        assert_eq!(
            tested("A { b, c: &d, e: f::g, .. }"),
            "match output { A { ref b , c : & ref d , e : f :: g , .. }"
        );
        assert_eq!(
            tested("(&NONE, true, 0..=max, x @ _)"),
            "match output { (& NONE , true , 0 ..= max , ref x @ _)"
        );
    }
}
