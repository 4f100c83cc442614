//! What stands in the parentheses of the attribute.

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};

use crate::refusal::Refusal;

/// What stands in the parentheses of the attribute.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// How many seeds are run; as many as is usual if it is not said.
    pub(crate) seeds: Option<Literal>,
}

const USAGE: &str =
    "`#[seedbed::test]` takes one option, the number of seeds: `#[seedbed::test(seeds = 200)]`";

impl Options {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Options, Refusal> {
        let mut options = Options::default();
        let mut tokens = tokens.into_iter();
        while let Some(token) = tokens.next() {
            let TokenTree::Ident(name) = token else { return Err(Refusal::new(token.span(), USAGE)) };
            if name != "seeds" {
                return Err(Refusal::new(name.span(), format_args!("there is no option `{name}`; {USAGE}")));
            }
            expect_punct(tokens.next(), '=', &name)?;
            let value = seed_count(tokens.next(), &name)?;
            if options.seeds.replace(value).is_some() {
                return Err(Refusal::new(name.span(), "`seeds` is given twice"));
            }
            if let Some(token) = tokens.next() {
                expect_punct(Some(token), ',', &name)?;
            }
        }
        Ok(options)
    }
}

fn expect_punct(token: Option<TokenTree>, expected: char, option: &Ident) -> Result<(), Refusal> {
    match token {
        Some(TokenTree::Punct(punct)) if punct.as_char() == expected => Ok(()),
        other => Err(Refusal::new(span_of(other.as_ref(), option), USAGE)),
    }
}

fn seed_count(token: Option<TokenTree>, option: &Ident) -> Result<Literal, Refusal> {
    let wrong = |at| Refusal::new(at, "the number of seeds is a whole number, such as `seeds = 200`");
    match token {
        Some(TokenTree::Literal(literal)) => {
            let digits = literal.to_string().replace('_', "");
            let number = digits.strip_suffix("u64").unwrap_or(&digits);
            if number.parse::<u64>().is_ok() { Ok(literal) } else { Err(wrong(literal.span())) }
        }
        other => Err(wrong(span_of(other.as_ref(), option))),
    }
}

fn span_of(token: Option<&TokenTree>, before: &Ident) -> Span {
    token.map_or_else(|| before.span(), TokenTree::span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(options: &str) -> Result<Option<String>, String> {
        let parsed = Options::parse(options.parse().unwrap());
        parsed
            .map(|options| options.seeds.map(|seeds| seeds.to_string()))
            .map_err(|r| r.message().to_string())
    }

    #[test]
    fn the_number_of_seeds_may_be_given() {
        assert_eq!(seeds(""), Ok(None));
        assert_eq!(seeds("seeds = 1_000"), Ok(Some("1_000".to_string())));
        assert_eq!(seeds("seeds = 0u64,"), Ok(Some("0u64".to_string())));
    }

    #[test]
    fn what_is_no_number_of_seeds_is_refused() {
        for wrong in ["seeds = \"3\"", "seeds = 1.5", "seeds = -1", "seeds = many", "seeds =", "seeds = 3i8"]
        {
            assert!(seeds(wrong).unwrap_err().contains("whole number"), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_option_is_refused_with_those_there_are() {
        assert!(seeds("sedes = 3").unwrap_err().starts_with("there is no option `sedes`; "));
        for wrong in ["3", "seeds", "seeds(3)", "seeds = 3 4", "seeds: 3"] {
            assert_eq!(seeds(wrong).unwrap_err(), USAGE, "{wrong}");
        }
        assert_eq!(seeds("seeds = 3, seeds = 4").unwrap_err(), "`seeds` is given twice");
    }
}
