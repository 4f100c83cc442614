//! Where an expression ends, in a list of tokens that goes on behind it.

use proc_macro2::{Delimiter, TokenTree};

use super::tokens::{is_pair, is_punct, is_word};

/// Words after which an operand is expected, as after an operator.
const BEFORE_OPERANDS: &[&str] = &[
    "async", "await", "break", "else", "if", "in", "let", "match", "move", "return", "static", "while",
    "yield",
];

/// The place of the first `,` or `=>` that does not belong to the expression at `from`; or the end.
///
/// A comma belongs to it between the angle brackets of a path, and among the arguments of a closure.
pub(super) fn end(tokens: &[TokenTree], from: usize) -> usize {
    let mut at = from;
    // Whether an operand is expected: there `<` opens a path, and `|` a closure.
    let mut is_operand = true;
    while at < tokens.len() && !is_punct(tokens.get(at), ',') && !is_pair(tokens, at, ['=', '>']) {
        (at, is_operand) = step(tokens, at, is_operand);
    }
    at
}

/// The place behind the token at `at`, or behind all that it opens; with whether an operand is expected there.
fn step(tokens: &[TokenTree], at: usize, is_operand: bool) -> (usize, bool) {
    match &tokens[at] {
        TokenTree::Ident(word) if word == "as" => (after_type(tokens, at + 1), false),
        TokenTree::Ident(word) => {
            let is_method = at > 0 && is_punct(tokens.get(at - 1), '.');
            (at + 1, !is_method && BEFORE_OPERANDS.iter().any(|before| word == before))
        }
        TokenTree::Punct(punct) => match punct.as_char() {
            '<' if is_pair(tokens, at, ['<', '<']) && !is_operand => (at + 2, true),
            '<' if is_operand || follows_colons(tokens, at) => (after_angles(tokens, at), false),
            // Either of a closure without arguments, or "or".
            '|' if is_pair(tokens, at, ['|', '|']) => (at + 2, true),
            '|' if is_operand => (after_arguments(tokens, at), true),
            '-' if is_pair(tokens, at, ['-', '>']) => (after_type(tokens, at + 2), true),
            '?' => (at + 1, false),
            // A label or a lifetime: its name follows.
            '\'' => (at + 2, true),
            _ => (at + 1, true),
        },
        TokenTree::Group(_) | TokenTree::Literal(_) => (at + 1, false),
    }
}

fn follows_colons(tokens: &[TokenTree], at: usize) -> bool {
    at >= 2 && is_pair(tokens, at - 2, [':', ':'])
}

/// The place behind the `>` that closes the `<` at `at`.
fn after_angles(tokens: &[TokenTree], at: usize) -> usize {
    let mut open = 0_usize;
    let mut at = at;
    while at < tokens.len() {
        if is_pair(tokens, at, ['-', '>']) || is_pair(tokens, at, ['=', '>']) {
            at += 1;
        } else if is_punct(tokens.get(at), '<') {
            open += 1;
        } else if is_punct(tokens.get(at), '>') {
            open -= 1;
        }
        at += 1;
        if open == 0 {
            break;
        }
    }
    at
}

/// The place behind the arguments of the closure that begins at `at`.
fn after_arguments(tokens: &[TokenTree], at: usize) -> usize {
    let mut at = at + 1;
    while at < tokens.len() && !is_punct(tokens.get(at), '|') {
        at = if is_punct(tokens.get(at), '<') { after_angles(tokens, at) } else { at + 1 };
    }
    (at + 1).min(tokens.len())
}

/// The place behind the type at `at`.
fn after_type(tokens: &[TokenTree], at: usize) -> usize {
    let mut at = at;
    // Whether the type may go on with a name or a group: not after one.
    let mut is_open = true;
    while at < tokens.len() {
        if is_punct(tokens.get(at), '<') {
            (at, is_open) = (after_angles(tokens, at), false);
        } else if is_pair(tokens, at, [':', ':']) {
            (at, is_open) = (at + 2, true);
        } else if is_open && ['&', '*', '\'', '!'].iter().any(|&sign| is_punct(tokens.get(at), sign)) {
            at += if is_punct(tokens.get(at), '\'') { 2 } else { 1 };
        } else if is_open && is_prefix(tokens.get(at)) {
            at += 1;
        } else if is_open && is_part(tokens.get(at)) {
            (at, is_open) = (at + 1, false);
        } else {
            break;
        }
    }
    at.min(tokens.len())
}

fn is_prefix(token: Option<&TokenTree>) -> bool {
    ["const", "mut", "dyn", "impl", "unsafe", "extern", "fn"].iter().any(|prefix| is_word(token, prefix))
}

fn is_part(token: Option<&TokenTree>) -> bool {
    match token {
        Some(TokenTree::Ident(_)) => true,
        Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Brace,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::TokenStream;

    /// The expression at the begin of the text.
    fn first_of(text: &str) -> String {
        let tokens: Vec<TokenTree> = text.parse::<TokenStream>().unwrap().into_iter().collect();
        let end = end(&tokens, 0);
        tokens[..end].iter().cloned().collect::<TokenStream>().to_string().replace(' ', "")
    }

    #[test]
    fn a_comma_in_angle_brackets_or_among_arguments_belongs_to_the_expression() {
        for whole in [
            "call::<A, B>(c)",
            "Map::<A, Vec<B>>::new().d",
            "<A as Trait<B, C>>::call(d)",
            "a as Map<B, C>",
            "a as &'static dyn Get<B, C>",
            "|a, b| a + b",
            "move |a: Map<B, C>, d| -> Map<E, F> { g }",
            "|| a",
            "a.iter().map(|b, c| d)",
            "async move { a, b }",
            "break 'outer a",
            "a || b",
            "f(|| b)?",
            "match a { b => c, d => e }",
            "a < b",
            "a >= b",
            "a <= b && c > d",
            "a << b",
            "<<A as B<C, D>>::E as F<G, H>>::i()",
        ] {
            let whole_text = whole.replace(' ', "");
            assert_eq!(first_of(&format!("{whole}, e = f")), whole_text, "{whole}");
            assert_eq!(first_of(&format!("{whole} => {{}}")), whole_text, "{whole}");
            assert_eq!(first_of(whole), whole_text, "{whole}");
        }
    }

    #[test]
    fn a_comma_behind_a_comparison_ends_it() {
        assert_eq!(first_of("a < b, c > d"), "a<b");
        assert_eq!(first_of("a as u8, b > c"), "aasu8");
        assert_eq!(first_of("a | b, c | d"), "a|b");
        assert_eq!(first_of("(a)(b) | c, d"), "(a)(b)|c");
        assert_eq!(first_of("x.await < y, d > z"), "x.await<y");
    }
}
