//! What tokio's attribute says of its runtime: taken, so that a program's tests port by their `use` lines alone.

use proc_macro2::{Ident, TokenTree};

use crate::refusal::Refusal;
use crate::value::{one_of, span_of, whole_number};

/// The options of `#[tokio::test]` that mean something here, or may be left without meaning.
pub(crate) const OPTIONS: [&str; 3] = ["flavor", "start_paused", "worker_threads"];

const FLAVORS: [(&str, &str); 3] =
    [("current_thread", "CurrentThread"), ("local", "Local"), ("multi_thread", "MultiThread")];

/// Checks a value as tokio does; whether the clock is paused when the test begins. A run has no threads, whatever its
/// flavor: which of its ready tasks goes on is the seed's, as threads would have it.
pub(crate) fn is_paused(name: &Ident, value: &[TokenTree]) -> Result<bool, Refusal> {
    match name.to_string().as_str() {
        "flavor" => one_of(name, value, &FLAVORS).map(|_| false),
        "worker_threads" => whole_number(name, value).map(|_| false),
        _ => match value {
            [TokenTree::Ident(word)] if word == "true" => Ok(true),
            [TokenTree::Ident(word)] if word == "false" => Ok(false),
            _ => {
                let message = format_args!("`{name}` is `true` or `false`");
                Err(Refusal::new(span_of(value.first(), name), message))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::options::Options;

    fn starts_paused(options: &str) -> Result<bool, String> {
        let options = Options::parse(options.parse().unwrap());
        options.map(|options| options.starts_paused).map_err(|refusal| refusal.message().to_string())
    }

    #[test]
    fn a_runtimes_threads_change_nothing_and_its_clock_may_start_paused() {
        assert_eq!(starts_paused("flavor = \"multi_thread\", worker_threads = 4, seeds = 7"), Ok(false));
        assert_eq!(starts_paused("flavor = \"current_thread\", start_paused = true"), Ok(true));
        assert_eq!(starts_paused("start_paused = false"), Ok(false));
    }

    #[test]
    fn values_that_tokio_refuses_are_refused() {
        for (options, message) in [
            (
                "flavor = \"thread_pool\"",
                "`flavor` is one of \"current_thread\", \"local\", \"multi_thread\"",
            ),
            ("worker_threads = \"4\"", "`worker_threads` is a whole number, such as `worker_threads = 200`"),
            ("start_paused = on", "`start_paused` is `true` or `false`"),
        ] {
            assert_eq!(starts_paused(options), Err(message.to_owned()));
        }
        assert!(
            starts_paused("start_paused")
                .unwrap_err()
                .starts_with("`#[seedbed::test]` takes options such as")
        );
    }
}
