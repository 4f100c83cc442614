//! What stands in `select!`, cut into branches.

use proc_macro2::{TokenStream, TokenTree};

use super::expression;
use super::tokens::{is_block, is_pair, is_punct, is_word, span_of};
use crate::refusal::Refusal;

/// What stands in `select!`.
pub(super) struct Branches {
    /// Whether the branches are asked in the order in which they are written.
    pub(super) is_biased: bool,
    pub(super) branches: Vec<Branch>,
    /// What is evaluated when no branch is left.
    pub(super) otherwise: Option<TokenStream>,
}

/// `pattern = future, if guard => handler`.
pub(super) struct Branch {
    pub(super) pattern: Tokens,
    pub(super) future: Tokens,
    pub(super) guard: Option<TokenStream>,
    pub(super) handler: TokenStream,
}

/// Tokens that are looked into.
#[derive(Clone, Debug)]
pub(super) struct Tokens(Vec<TokenTree>);

impl std::ops::Deref for Tokens {
    type Target = [TokenTree];

    fn deref(&self) -> &[TokenTree] {
        &self.0
    }
}

impl quote::ToTokens for Tokens {
    fn to_tokens(&self, stream: &mut TokenStream) {
        stream.extend(self.0.iter().cloned());
    }
}

const BRANCHES_MAX: usize = 64;
const FORM: &str = "a branch is `pattern = future => handler` or `pattern = future, if condition => handler`";

impl Branches {
    pub(super) fn parse(tokens: Vec<TokenTree>) -> Result<Branches, Refusal> {
        let is_biased = is_word(tokens.first(), "biased") && is_punct(tokens.get(1), ';');
        let mut parser = Parser { at: if is_biased { 2 } else { 0 }, tokens };
        let mut branches = Branches { is_biased, branches: Vec::new(), otherwise: None };
        while parser.at < parser.tokens.len() {
            let start = parser.at;
            if is_word(parser.tokens.get(start), "else") && is_pair(&parser.tokens, start + 1, ['=', '>']) {
                branches.otherwise = Some(parser.otherwise()?);
            } else {
                branches.branches.push(parser.branch()?);
            }
            if branches.branches.len() > BRANCHES_MAX {
                return Err(Refusal::new(
                    span_of(&parser.tokens[start..]),
                    format_args!("select! takes at most {BRANCHES_MAX} branches; this is one more"),
                ));
            }
        }
        if branches.branches.is_empty() && branches.otherwise.is_none() {
            let last = span_of(&parser.tokens);
            return Err(Refusal::new(last, format_args!("select! requires at least one branch: {FORM}")));
        }
        Ok(branches)
    }
}

struct Parser {
    tokens: Vec<TokenTree>,
    at: usize,
}

impl Parser {
    fn branch(&mut self) -> Result<Branch, Refusal> {
        let pattern = self.pattern()?;
        let end = expression::end(&self.tokens, self.at);
        let is_guarded = is_punct(self.tokens.get(end), ',') && is_word(self.tokens.get(end + 1), "if");
        if !is_guarded {
            self.expect_arrow(end, "future")?;
        }
        let future = self.take(end, "a future is missing here")?;
        let guard = if is_guarded {
            self.at += 2;
            let end = expression::end(&self.tokens, self.at);
            self.expect_arrow(end, "condition")?;
            Some(self.take(end, "a condition is missing here")?.0.into_iter().collect())
        } else {
            None
        };
        self.at += 2;
        Ok(Branch { pattern, future, guard, handler: self.handler()? })
    }

    /// All before the `=`, which is behind it then.
    fn pattern(&mut self) -> Result<Tokens, Refusal> {
        let mut end = self.at;
        loop {
            if end >= self.tokens.len() {
                return Err(self.refuse(self.tokens.len() - 1, "there is no `=` behind this pattern"));
            }
            if is_pair(&self.tokens, end, ['=', '>']) {
                return Err(self.refuse(end, "`= future` is missing before this `=>`"));
            }
            let is_range = end > 0 && is_pair(&self.tokens, end - 1, ['.', '=']);
            if is_punct(self.tokens.get(end), '=') && !is_range {
                break;
            }
            end += 1;
        }
        let pattern = self.take(end, "a pattern is missing here")?;
        self.at += 1;
        Ok(pattern)
    }

    /// A block, or all before the next comma; the comma is behind it then.
    fn handler(&mut self) -> Result<TokenStream, Refusal> {
        let next = self.tokens.get(self.at + 1);
        let goes_on = is_punct(next, '.') || is_punct(next, '?');
        let end = if is_block(self.tokens.get(self.at)) && !goes_on {
            self.at + 1
        } else {
            expression::end(&self.tokens, self.at)
        };
        if is_pair(&self.tokens, end, ['=', '>']) {
            let what = "a `,` is missing before this branch: only a handler that is a block needs none";
            let start = self.start_of_branch(end);
            return Err(self.refuse(start, what));
        }
        let handler = self.take(end, "a handler is missing here")?;
        if is_punct(self.tokens.get(self.at), ',') {
            self.at += 1;
        }
        Ok(handler.0.into_iter().collect())
    }

    fn otherwise(&mut self) -> Result<TokenStream, Refusal> {
        self.at += 3;
        let otherwise = self.handler()?;
        if self.at < self.tokens.len() {
            return Err(self.refuse(self.at, "`else` is the last branch, and nothing follows it"));
        }
        Ok(otherwise)
    }

    /// Where the branch may begin whose `=>` is at `arrow`: at the word before its `=`.
    fn start_of_branch(&self, arrow: usize) -> usize {
        let equals = (self.at..arrow).rev().find(|&at| is_punct(self.tokens.get(at), '='));
        equals.map_or(arrow, |at| at.saturating_sub(1).max(self.at))
    }

    fn expect_arrow(&self, at: usize, after: &str) -> Result<(), Refusal> {
        if is_pair(&self.tokens, at, ['=', '>']) {
            return Ok(());
        }
        let at = at.min(self.tokens.len() - 1);
        Err(self.refuse(at, &format!("the {after} of this branch is not followed by `=> handler`")))
    }

    /// The tokens before `end`.
    fn take(&mut self, end: usize, if_empty: &str) -> Result<Tokens, Refusal> {
        if end <= self.at {
            return Err(self.refuse(end.min(self.tokens.len() - 1), if_empty));
        }
        let tokens = self.tokens[self.at..end].to_vec();
        self.at = end;
        Ok(Tokens(tokens))
    }

    fn refuse(&self, at: usize, what: &str) -> Refusal {
        Refusal::new(span_of(&self.tokens[at..]), format_args!("{what}; {FORM}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Branches, String> {
        let tokens = text.parse::<TokenStream>().unwrap().into_iter().collect();
        Branches::parse(tokens).map_err(|refusal| refusal.message().to_string())
    }

    /// `pattern|future|guard|handler` of each branch.
    fn shown(text: &str) -> Vec<String> {
        let text_of = |stream: TokenStream| stream.to_string().replace(' ', "");
        let branches = parse(text).unwrap().branches.into_iter();
        let shown = branches.map(|branch| {
            let parts = [
                branch.pattern.0.into_iter().collect(),
                branch.future.0.into_iter().collect(),
                branch.guard.unwrap_or_default(),
                branch.handler,
            ];
            parts.map(text_of).join("|")
        });
        shown.collect()
    }

    #[test]
    fn branches_are_cut_at_commas_and_behind_blocks() {
        assert_eq!(shown("a = b => c, d = e => f"), ["a|b||c", "d|e||f"]);
        assert_eq!(shown("a = b => { c } d = e => f,"), ["a|b||{c}", "d|e||f"]);
        assert_eq!(shown("a = b => { c }, d = e, if f => {}"), ["a|b||{c}", "d|e|f|{}"]);
        assert_eq!(shown("a = b => { c }.d()?, e = f => {}"), ["a|b||{c}.d()?", "e|f||{}"]);
        assert_eq!(
            shown("1..=2 = b::<C, D>() => e::<F, G>(), _ = h => {}"),
            ["1..=2|b::<C,D>()||e::<F,G>()", "_|h||{}"]
        );
        assert_eq!(
            shown("a = b => if let c = d { e } else { f }, _ = g => h"),
            ["a|b||ifletc=d{e}else{f}", "_|g||h"]
        );
    }

    #[test]
    fn biased_and_else_are_no_branches() {
        let parsed = parse("biased; a = b => c, else => { d }").unwrap();
        assert!(parsed.is_biased);
        assert_eq!(parsed.branches.len(), 1);
        assert_eq!(parsed.otherwise.unwrap().to_string(), "{ d }");
        let parsed = parse("biased = b => c").unwrap();
        assert!(!parsed.is_biased && parsed.otherwise.is_none());
        assert!(parse("else => a").unwrap().branches.is_empty());
    }

    #[test]
    fn what_is_no_branch_is_refused_with_what_is_missing() {
        for (wrong, message) in [
            ("", "select! requires at least one branch"),
            ("biased;", "select! requires at least one branch"),
            ("a", "there is no `=` behind this pattern"),
            ("a => b", "`= future` is missing before this `=>`"),
            ("= b => c", "a pattern is missing here"),
            ("a = => c", "a future is missing here"),
            ("a = b", "the future of this branch is not followed by `=> handler`"),
            ("a = b, c = d => e", "the future of this branch is not followed by `=> handler`"),
            ("a = b, if => c", "a condition is missing here"),
            ("a = b, if c, d = e => f", "the condition of this branch is not followed by `=> handler`"),
            ("a = b =>", "a handler is missing here"),
            ("a = b => c d = e => f", "a `,` is missing before this branch"),
            ("a = b => unsafe { c } d = e => f", "a `,` is missing before this branch"),
            ("a = b => c, else => d, e = f => g", "`else` is the last branch"),
        ] {
            let refused = parse(wrong).err().unwrap_or_default();
            assert!(refused.starts_with(message), "{wrong}: {refused}");
        }
    }

    #[test]
    fn there_may_be_64_branches_and_no_more() {
        assert_eq!(parse(&"_ = a => {}".repeat(64)).unwrap().branches.len(), 64);
        let refused = parse(&"_ = a => {}".repeat(65)).err().unwrap();
        assert_eq!(refused, "select! takes at most 64 branches; this is one more");
    }
}
