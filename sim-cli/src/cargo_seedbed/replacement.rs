//! What is replaced in tokio: two places, each of which must be there exactly once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One text for another.
#[derive(Debug)]
struct Replacement {
    /// What the replaced place does, for the message that says that it is not there.
    what: &'static str,
    /// What stands wherever that is done: elsewhere than in `old` it would go on being done in the old way.
    sign: &'static str,
    old: &'static str,
    new: &'static str,
}

/// Counted up when [`REPLACEMENTS`] change, so that nothing that was built with other ones is taken for built.
pub(super) const REVISION: u32 = 1;

/// Both stand unchanged in tokio 1.30 to 1.54; before, tasks are taken in three places. The order is drawn with `loom::rand::seed` and not with the runtime's
/// generator, which some versions have with the feature `macros` only.
const REPLACEMENTS: &[Replacement] = &[
    Replacement {
        what: "the current-thread runtime takes its next task",
        sign: "tasks.pop_front()",
        old: "let ret = self.tasks.pop_front();",
        new: "let ret = self.tasks.swap_remove_front((crate::loom::rand::seed() % (self.tasks.len() as u64).max(1)) as usize);",
    },
    Replacement {
        what: "the runtime's generator takes a number of the whole process into its seed",
        sign: "COUNTER.fetch_add(",
        old: "COUNTER.fetch_add(1, Relaxed)",
        new: "0_u32",
    },
];

/// A place is not there, or there more than once.
#[derive(Debug, thiserror::Error)]
#[error(
    "tokio {version} is not known to cargo seedbed: the place where {what} is there {} times, not once. Versions 1.30 to \
     1.54 are known: `cargo update -p tokio --precise 1.54.1` takes one of them, or run plain `cargo test`, where the \
     multi-thread runtime has its order from the seed too",
    found
)]
pub(super) struct NotKnownError {
    version: String,
    what: &'static str,
    found: usize,
}

/// The files that change, with what is in them then.
///
/// # Errors
/// If a place is not there exactly once.
pub(super) fn replaced(
    version: &str,
    sources: &BTreeMap<PathBuf, String>,
) -> Result<BTreeMap<PathBuf, String>, NotKnownError> {
    let mut changed: BTreeMap<PathBuf, String> = BTreeMap::new();
    for Replacement { what, sign, old, new } in REPLACEMENTS {
        let places: Vec<&Path> =
            sources.iter().flat_map(|(path, text)| text.matches(sign).map(move |_| path.as_path())).collect();
        let path = match places[..] {
            [path] if sources[path].contains(old) => path,
            // There, but in other words.
            [_] => return Err(NotKnownError { version: version.to_owned(), what, found: 0 }),
            _ => return Err(NotKnownError { version: version.to_owned(), what, found: places.len() }),
        };
        let text = changed.entry(path.to_path_buf()).or_insert_with(|| sources[path].clone());
        *text = text.replace(old, new);
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(queue: &str, counter: &str) -> BTreeMap<PathBuf, String> {
        [("src/queue.rs", queue), ("src/rand.rs", counter), ("src/lib.rs", "mod queue;")]
            .map(|(path, text)| (path.into(), text.to_owned()))
            .into()
    }

    const QUEUE: &str = "fn next() { let ret = self.tasks.pop_front(); ret }";
    const COUNTER: &str = "rand_state.hash_one(COUNTER.fetch_add(1, Relaxed))";

    #[test]
    fn both_places_are_replaced_and_no_other_file() {
        let changed = replaced("1.54.1", &sources(QUEUE, COUNTER)).unwrap();
        let paths: Vec<_> = changed.keys().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(paths, ["src/queue.rs", "src/rand.rs"]);
        assert!(changed[Path::new("src/queue.rs")].contains("self.tasks.swap_remove_front("));
        assert_eq!(changed[Path::new("src/rand.rs")], "rand_state.hash_one(0_u32)");
    }

    #[test]
    fn a_place_that_is_missing_or_there_twice_is_refused() {
        for (queue, counter, found) in [
            (QUEUE.repeat(2), COUNTER.to_owned(), "next task is there 2 times"),
            (String::new(), COUNTER.to_owned(), "next task is there 0 times"),
            (QUEUE.to_owned(), String::new(), "into its seed is there 0 times"),
            (QUEUE.to_owned(), COUNTER.replace("1, Relaxed", "2, Relaxed"), "into its seed is there 0 times"),
            (format!("{QUEUE} core.tasks.pop_front()"), COUNTER.to_owned(), "next task is there 2 times"),
        ] {
            let message = replaced("1.99.0", &sources(&queue, &counter)).unwrap_err().to_string();
            assert!(message.starts_with("tokio 1.99.0 is not known") && message.contains(found), "{message}");
        }
    }
}
