//! Words as a shell takes them.

/// The word, in quotes if a shell would not take it as it is.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,=@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_string()
    } else if cfg!(windows) {
        format!("'{}'", word.replace('\'', "''"))
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_quotes_gets_them() {
        assert_eq!(quoted("a::b-c_d"), "a::b-c_d");
        for word in ["", "two words", "r#move", "$x", "a;b", "a*", "grün"] {
            assert_eq!(quoted(word), format!("'{word}'"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_gives_the_word_back() {
        for word in ["it's", "a \"b\" $c `d` \\ e", "'"] {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quoted(word))])
                .output();
            assert_eq!(output.unwrap().stdout, word.as_bytes());
        }
    }
}
