//! The value of an option, read as what the option takes.

use proc_macro2::{Ident, Literal, Span, TokenTree};

use crate::refusal::Refusal;

pub(crate) fn whole_number(name: &Ident, value: &[TokenTree]) -> Result<Literal, Refusal> {
    if let [TokenTree::Literal(literal)] = value {
        let digits = literal.to_string().replace('_', "");
        let number = digits.strip_suffix("u64").unwrap_or(&digits);
        if number.parse::<u64>().is_ok() {
            return Ok(literal.clone());
        }
    }
    let message = format_args!("`{name}` is a whole number, such as `{name} = 200`");
    Err(Refusal::new(span_of(value.first(), name), message))
}

/// A text; what it means is not known here.
pub(crate) fn text_literal(name: &Ident, value: &[TokenTree]) -> Result<Literal, Refusal> {
    match value {
        [TokenTree::Literal(literal)] if literal.to_string().starts_with('"') => Ok(literal.clone()),
        _ => {
            let message = format_args!("`{name}` is a text, such as `{name} = \"pct:changes=3\"`");
            Err(Refusal::new(span_of(value.first(), name), message))
        }
    }
}

/// What the text means, of those there are.
pub(crate) fn one_of(name: &Ident, value: &[TokenTree], known: &[(&str, &str)]) -> Result<Ident, Refusal> {
    if let [TokenTree::Literal(literal)] = value {
        let text = literal.to_string();
        if let Some((_, meant)) = known.iter().find(|(word, _)| text == format!("\"{word}\"")) {
            return Ok(Ident::new(meant, literal.span()));
        }
    }
    let words: Vec<String> = known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    Err(Refusal::new(span_of(value.first(), name), format_args!("`{name}` is one of {}", words.join(", "))))
}

/// `off` or `on`.
pub(crate) fn switch(name: &Ident, value: &[TokenTree]) -> Result<Ident, Refusal> {
    let word = if let [TokenTree::Ident(word)] = value { word.to_string() } else { String::new() };
    match word.as_str() {
        "on" => Ok(Ident::new("true", name.span())),
        "off" => Ok(Ident::new("false", name.span())),
        _ => Err(Refusal::new(span_of(value.first(), name), format_args!("`{name}` is `on` or `off`"))),
    }
}

pub(crate) fn span_of(token: Option<&TokenTree>, before: &Ident) -> Span {
    token.map_or_else(|| before.span(), TokenTree::span)
}
