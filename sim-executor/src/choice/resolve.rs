//! What is hashed under a name: actors, operations, streams of decisions, from the texts in which they are shown.
//!
//! ```
//! use sim_executor::{Lineages, Label, Key, resolve};
//!
//! let mut lineages = Lineages::default();
//! let server = lineages.root("server");
//! lineages.child(server, "conn");
//! let second = lineages.child(server, "conn");
//! assert_eq!(resolve::lineage("server/conn#2"), Some(lineages.hash(second)));
//!
//! let stream = Key::stream(lineages.hash(second), Label::new("tcp.read"));
//! assert_eq!(resolve::value_stream("server/conn#2", "tcp.read"), Some(stream));
//! ```

use super::hash::{hash_str, mix};
use super::key::Key;
use super::label::{Label, WOKEN_BY};
use super::lineage::Lineages;

/// The hash of the actor whose [path](Lineages::path) is this text; `None` if no path is shown so.
#[must_use]
pub fn lineage(path: &str) -> Option<u64> {
    if let Some(rest) = path.strip_prefix("…~") {
        let digits = rest.split('/').next()?;
        let is_hash = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        return u64::from_str_radix(digits, 16).ok().filter(|_| is_hash);
    }
    let mut hash = None;
    let mut left = Some(path);
    while let Some(text) = left {
        let (name, ordinal, rest) = name_of(text)?;
        hash = Some(Lineages::hash_below(hash, &name, ordinal));
        left = rest;
    }
    hash
}

/// The stream of an actor's decisions about values at an operation.
#[must_use]
pub fn value_stream(path: &str, label: &str) -> Option<u64> {
    Some(mix(lineage(path)?, label_hash(label)))
}

/// The stream of the questions what is polled after an actor that has come to wait at an operation.
#[must_use]
pub fn point_stream(path: &str, label: &str) -> Option<u64> {
    Some(Key::after_stream(value_stream(path, label)?))
}

/// The stream of the polls of an actor for which it waited at an operation.
#[must_use]
pub fn poll_stream(path: &str, label: &str) -> Option<u64> {
    Some(Lineages::poll_stream_of(value_stream(path, label)?))
}

/// The hash of the label that is shown so.
fn label_hash(label: &str) -> u64 {
    let waker = label.strip_prefix(WOKEN_BY).and_then(lineage);
    waker.map_or_else(|| hash_str(label), |waker| Label::woken_by(waker).hash())
}

/// The first name of a path with its ordinal, and the path below it.
fn name_of(path: &str) -> Option<(String, u32, Option<&str>)> {
    let mut name = String::new();
    let mut characters = path.chars();
    loop {
        match characters.next() {
            None => return Some((name, 0, None)),
            Some('/') => return Some((name, 0, Some(characters.as_str()))),
            Some('#') => {
                let text = characters.as_str();
                let (digits, below) = match text.split_once('/') {
                    Some((digits, below)) => (digits, Some(below)),
                    None => (text, None),
                };
                let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
                let ordinal: u64 = digits.parse().ok().filter(|_| is_plain)?;
                let ordinal = u32::try_from(ordinal.checked_sub(1)?).ok().filter(|ordinal| *ordinal > 0)?;
                return Some((name, ordinal, below));
            }
            Some('\\') => {
                let (character, left) = escaped(characters.as_str())?;
                name.push(character);
                characters = left.chars();
            }
            Some(character) => name.push(character),
        }
    }
}

/// The character that stands behind a backslash, and what is behind it.
fn escaped(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    let character = match characters.next()? {
        character @ ('/' | '#' | '\\') => character,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let (digits, left) = characters.as_str().strip_prefix('{')?.split_once('}')?;
            return Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, left));
        }
        _ => return None,
    };
    Some((character, characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::resolve;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_path_has_no_hash() {
        for path in [
            "a#",
            "a#0",
            "a#1",
            "a#02",
            "a#x",
            "a#4294967297",
            r"a\",
            r"a\x",
            r"\u{110000}",
            "…~12",
            "…~x/y",
            "…~+00000000000feed",
        ] {
            assert_eq!(resolve::lineage(path), None, "{path}");
        }
    }

    #[test]
    fn every_kind_of_stream_is_found_by_its_name() {
        let mut lineages = Lineages::default();
        let (main, waker) = (lineages.root("main"), lineages.root("waker"));
        let label = Label::woken_by(lineages.hash(waker));
        let poll = lineages.next_poll_key(main, label);
        assert_eq!(resolve::poll_stream("main", "by:waker"), Some(poll.stream));
        let value = lineages.next_key(main, Label::new("link.loss"));
        assert_eq!(resolve::value_stream("main", "link.loss"), Some(value.stream));
        let point = lineages.next_point_key(main, Label::new("time.sleep"));
        assert_eq!(resolve::point_stream("main", "time.sleep"), Some(point.stream));
    }

    proptest! {
        #[test]
        fn a_path_leads_back_to_its_actor(names in prop::collection::vec((any::<String>(), 0_u32..3), 1..70)) {
            let mut lineages = Lineages::default();
            let mut actor = None;
            for (name, before) in names {
                let mut again = || match actor {
                    None => lineages.root(name.clone()),
                    Some(parent) => lineages.child(parent, name.clone()),
                };
                for _ in 0..before {
                    again();
                }
                actor = Some(again());
            }
            let actor = actor.expect("there is one name at least");
            let path = lineages.path(actor);
            prop_assert_eq!(resolve::lineage(&path), Some(lineages.hash(actor)), "{}", path);
        }

        #[test]
        fn any_text_is_a_path_or_not(text in any::<String>(), odd in "[a/#\\\\un{}…~0-9]{0,12}") {
            let _ = (resolve::lineage(&text), resolve::lineage(&odd));
        }
    }
}
