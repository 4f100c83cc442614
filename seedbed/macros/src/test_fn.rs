//! The function that the attribute stands on.

use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree, token_stream};

use crate::refusal::Refusal;

/// The function that the attribute stands on, cut into what the expansion needs.
#[derive(Debug)]
pub(crate) struct TestFn {
    pub(crate) attributes: TokenStream,
    pub(crate) visibility: TokenStream,
    pub(crate) name: Ident,
    /// All between the parentheses and the body: the arrow with its type.
    pub(crate) output: TokenStream,
    pub(crate) body: Group,
}

type Tokens = Peekable<token_stream::IntoIter>;

const ASYNC: &str = "a simulated test is an `async fn`; for a plain one `#[test]` is enough";
const PLAIN: &str = "`#[seedbed::test]` stands on a plain `async fn` without arguments";
const GENERIC: &str = "a test cannot be generic: nothing would say for which type it is run";
const ARGUMENTS: &str = "a test takes no arguments; make what it needs in its body";
const TWICE: &str = "`#[seedbed::test]` makes this a test already; remove `#[test]`";

impl TestFn {
    pub(crate) fn parse(tokens: TokenStream) -> Result<TestFn, Refusal> {
        let mut tokens = tokens.into_iter().peekable();
        let attributes = take_attributes(&mut tokens)?;
        let visibility = take_visibility(&mut tokens);
        take_async_fn(&mut tokens)?;
        let name = match tokens.next() {
            Some(TokenTree::Ident(name)) => name,
            other => return Err(refuse(other.as_ref(), PLAIN)),
        };
        match tokens.next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                if !group.stream().is_empty() {
                    return Err(Refusal::new(group.span(), ARGUMENTS));
                }
            }
            other => return Err(refuse(other.as_ref(), GENERIC)),
        }
        let mut rest: Vec<TokenTree> = tokens.collect();
        match rest.pop() {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
                Ok(TestFn { attributes, visibility, name, output: rest.into_iter().collect(), body })
            }
            other => Err(refuse(other.as_ref(), "a test needs a body")),
        }
    }
}

fn take_attributes(tokens: &mut Tokens) -> Result<TokenStream, Refusal> {
    let mut attributes = TokenStream::new();
    while let Some(hash) = tokens.next_if(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == '#'))
    {
        attributes.extend([hash]);
        if let Some(TokenTree::Group(attribute)) = tokens.next() {
            if attribute.stream().to_string() == "test" {
                return Err(Refusal::new(attribute.span(), TWICE));
            }
            attributes.extend([TokenTree::Group(attribute)]);
        }
    }
    Ok(attributes)
}

/// `pub`, `pub(crate)`; or what a macro has captured as a visibility, which is a group without delimiters.
fn take_visibility(tokens: &mut Tokens) -> TokenStream {
    let is_captured =
        |token: &TokenTree| matches!(token, TokenTree::Group(g) if g.delimiter() == Delimiter::None);
    let is_pub = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "pub");
    let is_scope =
        |token: &TokenTree| matches!(token, TokenTree::Group(g) if g.delimiter() == Delimiter::Parenthesis);
    let first = tokens.next_if(|token| is_pub(token) || is_captured(token));
    let scope = first.as_ref().filter(|first| is_pub(first)).and_then(|_| tokens.next_if(is_scope));
    first.into_iter().chain(scope).collect()
}

fn take_async_fn(tokens: &mut Tokens) -> Result<(), Refusal> {
    let word = |token: Option<&TokenTree>| match token {
        Some(TokenTree::Ident(word)) => word.to_string(),
        _ => String::new(),
    };
    let first = tokens.next();
    match word(first.as_ref()).as_str() {
        "async" => {}
        "fn" => return Err(refuse(first.as_ref(), ASYNC)),
        _ => return Err(refuse(first.as_ref(), PLAIN)),
    }
    let second = tokens.next();
    if word(second.as_ref()) == "fn" { Ok(()) } else { Err(refuse(second.as_ref(), PLAIN)) }
}

fn refuse(token: Option<&TokenTree>, message: &str) -> Refusal {
    Refusal::new(token.map_or_else(Span::call_site, TokenTree::span), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(function: &str) -> Result<TestFn, String> {
        TestFn::parse(function.parse().unwrap()).map_err(|refusal| refusal.message().to_string())
    }

    #[test]
    fn a_function_is_cut_into_its_parts() {
        let function = "#[ignore] #[cfg(all())] pub(crate) async fn name() -> Result<(), E> { body() }";
        let parsed = parse(function).unwrap();
        assert_eq!(parsed.attributes.to_string(), "# [ignore] # [cfg (all ())]");
        assert_eq!(parsed.visibility.to_string(), "pub (crate)");
        assert_eq!(parsed.name.to_string(), "name");
        assert_eq!(parsed.output.to_string(), "-> Result < () , E >");
        assert_eq!(parsed.body.stream().to_string(), "body ()");
    }

    #[test]
    fn what_is_no_plain_async_fn_is_refused() {
        assert_eq!(parse("fn name() {}").unwrap_err(), ASYNC);
        assert_eq!(parse("pub fn name() {}").unwrap_err(), ASYNC);
        assert_eq!(parse("async unsafe fn name() {}").unwrap_err(), PLAIN);
        assert_eq!(parse("const fn name() {}").unwrap_err(), PLAIN);
        assert_eq!(parse("struct Name;").unwrap_err(), PLAIN);
        assert_eq!(parse("").unwrap_err(), PLAIN);
        assert_eq!(parse("async fn name();").unwrap_err(), "a test needs a body");
    }

    #[test]
    fn what_a_test_cannot_have_is_refused() {
        assert_eq!(parse("async fn name<T>() {}").unwrap_err(), GENERIC);
        assert_eq!(parse("async fn name(server: Server) {}").unwrap_err(), ARGUMENTS);
        assert_eq!(parse("#[test] async fn name() {}").unwrap_err(), TWICE);
    }
}
