//! The words of a failure file: a name as it is, or in quotes where it would be misread.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::refusal::LineError;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'line> {
    pub(super) text: Cow<'line, str>,
    /// Whether it stood in quotes; then it is a name, whatever it looks like.
    pub(super) is_quoted: bool,
}

/// Whether the character can be told from others of its kind, and does not change how its neighbours are shown.
fn is_shown(character: char) -> bool {
    let is_invisible = matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    !character.is_control() && !is_invisible
}

/// A name as it stands in a line: as it is if it has no spaces, no quotes and nothing invisible, and does not begin like a sign.
pub(super) fn word(name: &str) -> Cow<'_, str> {
    let is_plain = |character: char| is_shown(character) && !character.is_whitespace() && character != '"';
    let is_sign = name.starts_with(['#', '=', '@', '[']);
    if !name.is_empty() && !is_sign && name.chars().all(is_plain) { name.into() } else { quoted(name).into() }
}

/// A text that is the rest of a line: as it is, or in quotes if it would not come back so.
pub(super) fn rest(text: &str) -> Cow<'_, str> {
    let is_plain = !text.is_empty() && text.trim() == text && !text.starts_with('"');
    if is_plain && text.chars().all(is_shown) { text.into() } else { quoted(text).into() }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            ' ' => quoted.push(' '),
            _ if is_shown(character) && !character.is_whitespace() => quoted.push(character),
            _ => write!(quoted, "\\u{{{:x}}}", u32::from(character)).expect("a string takes all"),
        }
    }
    quoted.push('"');
    quoted
}

/// What is left of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'line>(pub(super) &'line str);

impl<'line> Words<'line> {
    /// The next word.
    pub(super) fn next(&mut self) -> Result<Option<Word<'line>>, LineError> {
        let left = self.0.trim_start();
        if left.is_empty() {
            return Ok(None);
        }
        let (text, left, is_quoted) = match left.strip_prefix('"') {
            Some(inside) => {
                let (text, left) = unquoted(inside)?;
                if !left.is_empty() && !left.starts_with(char::is_whitespace) {
                    return Err(LineError::BehindQuote);
                }
                (Cow::Owned(text), left, true)
            }
            None => {
                let (text, left) = left.split_at(left.find(char::is_whitespace).unwrap_or(left.len()));
                if !text.chars().all(is_shown) {
                    return Err(LineError::Invisible);
                }
                if text.contains('"') {
                    return Err(LineError::BehindQuote);
                }
                (Cow::Borrowed(text), left, false)
            }
        };
        self.0 = left;
        Ok(Some(Word { text, is_quoted }))
    }

    /// A name.
    pub(super) fn name(&mut self, what: &'static str) -> Result<String, LineError> {
        match self.next()? {
            Some(word) if word.is_quoted || !word.text.starts_with(['#', '=', '@', '[']) => {
                Ok(word.text.into_owned())
            }
            _ => Err(LineError::Expected(what)),
        }
    }

    /// This sign or word, that is always the same.
    pub(super) fn sign(&mut self, sign: &'static str) -> Result<(), LineError> {
        match self.next()? {
            Some(word) if word.text == sign && !word.is_quoted => Ok(()),
            _ => Err(LineError::Expected(sign)),
        }
    }

    /// A word that is no name.
    pub(super) fn plain(&mut self, what: &'static str) -> Result<Cow<'line, str>, LineError> {
        match self.next()? {
            Some(word) if !word.is_quoted => Ok(word.text),
            _ => Err(LineError::Expected(what)),
        }
    }

    /// The text that is left.
    pub(super) fn rest(self) -> Result<String, LineError> {
        let left = self.0.trim();
        let Some(inside) = left.strip_prefix('"') else {
            return match left {
                "" => Err(LineError::Expected("a text")),
                text if text.chars().all(is_shown) => Ok(text.to_string()),
                _ => Err(LineError::Invisible),
            };
        };
        match unquoted(inside)? {
            (text, "") => Ok(text),
            _ => Err(LineError::BehindQuote),
        }
    }

    /// Nothing is left.
    pub(super) fn end(mut self) -> Result<(), LineError> {
        self.next()?.map_or(Ok(()), |word| Err(LineError::TooMuch(word.text.into_owned())))
    }
}

/// The text up to the closing quote, and what stands behind that.
fn unquoted(inside: &str) -> Result<(String, &str), LineError> {
    let mut text = String::new();
    let mut characters = inside.chars();
    loop {
        match characters.next().ok_or(LineError::OpenQuote)? {
            '"' => return Ok((text, characters.as_str())),
            '\\' => match characters.next().ok_or(LineError::OpenQuote)? {
                'n' => text.push('\n'),
                character @ ('"' | '\\') => text.push(character),
                'u' => {
                    let (code, left) = code(characters.as_str()).ok_or(LineError::Escape)?;
                    text.push(code);
                    characters = left.chars();
                }
                _ => return Err(LineError::Escape),
            },
            character if is_shown(character) => text.push(character),
            _ => return Err(LineError::Invisible),
        }
    }
}

/// `{2028}`, and what stands behind it.
fn code(text: &str) -> Option<(char, &str)> {
    let (digits, left) = text.strip_prefix('{')?.split_once('}')?;
    let is_hex = (1..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    Some((char::from_u32(code)?, left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_would_be_misread_stands_in_quotes() {
        for plain in ["main/a#2", "lock(log)", r"a\/b", "grün/δ", "by:main/a", "…~000000000000feed/beat"]
        {
            assert_eq!(word(plain), plain);
        }
        let odd = [
            ("", r#""""#),
            ("two words", r#""two words""#),
            ("#1", r##""#1""##),
            ("@", r#""@""#),
            ("a\"b", r#""a\"b""#),
            ("a\nb", r#""a\nb""#),
            ("a\u{202e}b", r#""a\u{202e}b""#),
            (r"a b\", r#""a b\\""#),
        ];
        for (name, written) in odd {
            assert_eq!(word(name), written);
        }
    }

    #[test]
    fn what_is_no_word_is_refused() {
        let refused = |line: &'static str| Words(line).next().unwrap_err();
        assert_eq!(refused(r#""open"#), LineError::OpenQuote);
        assert_eq!(refused(r#""a\"#), LineError::OpenQuote);
        assert_eq!(refused(r#""a"b"#), LineError::BehindQuote);
        assert_eq!(refused(r#"a"b""#), LineError::BehindQuote);
        assert_eq!(refused("a\u{200b}"), LineError::Invisible);
        for escape in
            [r#""\x""#, r#""\u{}""#, r#""\u{d800}""#, r#""\u{+41}""#, r#""\u{1234567}""#, r#""\u41""#]
        {
            assert_eq!(refused(escape), LineError::Escape, "{escape}");
        }
    }

    proptest! {
        #[test]
        fn names_come_back(names in prop::collection::vec(any::<String>(), 0..5)) {
            let line = names.iter().map(|name| word(name)).collect::<Vec<_>>().join("  ");
            let mut words = Words(&line);
            for name in &names {
                prop_assert_eq!(&words.name("a name").unwrap(), name);
            }
            prop_assert!(words.end().is_ok());
        }

        #[test]
        fn the_rest_of_a_line_comes_back(text in any::<String>()) {
            let line = format!("  {}", rest(&text));
            prop_assert!(!line.contains(['\n', '\r']));
            prop_assert_eq!(Words(&line).rest().unwrap(), text);
        }
    }
}
