//! What a client asks for, in one line of text.

use std::time::Duration;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `get KEY`
    Get {
        /// Whose value is wanted.
        key: String,
    },
    /// `set KEY VALUE`, or `set KEY VALUE MILLISECONDS`
    Set {
        /// Whose value is given.
        key: String,
        /// The value.
        value: String,
        /// After how long it expires; never, if it is not said.
        expires_after: Option<Duration>,
    },
}

impl Command {
    /// Reads a line. What is no command gives what to answer.
    ///
    /// # Errors
    /// If the line is none of the forms above.
    pub fn parse(line: &str) -> Result<Command, &'static str> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["get", key] => Ok(Command::Get { key: key.to_string() }),
            ["set", key, value] => Ok(Command::set(key, value, None)),
            ["set", key, value, after] => {
                let after = after.parse().map_err(|_| "the time is a number of milliseconds")?;
                Ok(Command::set(key, value, Some(Duration::from_millis(after))))
            }
            _ => Err("say `get KEY`, `set KEY VALUE` or `set KEY VALUE MILLISECONDS`"),
        }
    }

    fn set(key: &str, value: &str, expires_after: Option<Duration>) -> Command {
        Command::Set { key: key.to_string(), value: value.to_string(), expires_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_says_what_is() {
        let second = Some(Duration::from_secs(1));
        assert_eq!(Command::parse("get a"), Ok(Command::Get { key: "a".to_string() }));
        assert_eq!(Command::parse(" set a b \n"), Ok(Command::set("a", "b", None)));
        assert_eq!(Command::parse("set a b 1000"), Ok(Command::set("a", "b", second)));
        assert!(Command::parse("set a b soon").unwrap_err().contains("milliseconds"));
        assert!(Command::parse("").unwrap_err().contains("get KEY"));
    }
}
