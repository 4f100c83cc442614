//! Where in a program a task awaits, as the stack shows it when the task's waker is taken.

use std::fmt;

/// Tells where the code stands that has called it, from the stack of the thread: see [`Config::awaits`](crate::Config::awaits). The
/// executor calls it when a waiting task's waker is taken, so whatever a task awaits is found, of any library.
///
/// ```
/// use sim_executor::{AwaitLook, AwaitSite, Config, Executor, Outcome, ProductionOrder};
///
/// let look = AwaitLook(|| AwaitSite { library: Some("somewhere".to_string()), ..AwaitSite::default() });
/// let mut executor = Executor::with_config(Config { awaits: Some(look), ..Config::default() }, ProductionOrder);
/// let (sender, receiver) = futures::channel::oneshot::channel::<u32>();
/// let error = executor.block_on(async { receiver.await.unwrap() }).unwrap_err();
/// let report = executor.finish(error.into());
/// assert_eq!(report.pending[0].awaits[0].to_string(), "in somewhere");
/// # drop(sender);
/// ```
#[derive(Clone, Copy)]
pub struct AwaitLook(pub fn() -> AwaitSite);

impl PartialEq for AwaitLook {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for AwaitLook {}

impl fmt::Debug for AwaitLook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AwaitLook").finish_non_exhaustive()
    }
}

/// Where a task awaits something. It has no addresses, so it is the same in each process.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AwaitSite {
    /// The program's own functions that are at this await, the innermost first. Empty where the await is in a library alone, or where the
    /// program has no symbols.
    pub own: Vec<StackFrame>,
    /// The function of a library that the innermost of them awaits, if it is one: `tokio::sync::mutex::Mutex::lock`.
    pub library: Option<String>,
}

/// A function on a stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StackFrame {
    /// Its path, without type arguments.
    pub function: String,
    /// The file and the line at which it is, where the program is built with line numbers.
    pub place: Option<(String, u32)>,
}

impl fmt::Display for StackFrame {
    /// `at src/shop.rs:41 in shop::book`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((file, line)) if self.function.is_empty() => write!(out, "at {file}:{line}"),
            Some((file, line)) => write!(out, "at {file}:{line} in {}", self.function),
            None => write!(out, "in {}", self.function),
        }
    }
}

/// So many functions are shown that have called the innermost.
const CALLERS_MAX: usize = 3;

impl fmt::Display for AwaitSite {
    /// `at src/shop.rs:41 in shop::book → tokio::sync::mutex::Mutex::lock, from src/shop.rs:60 in shop::serve`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, callers)) = self.own.split_first() else {
            return match &self.library {
                Some(library) => write!(out, "in {library}"),
                None => out.write_str("somewhere: the program has no symbols"),
            };
        };
        write!(out, "{first}")?;
        if let Some(library) = &self.library {
            write!(out, " → {library}")?;
        }
        for caller in callers.iter().take(CALLERS_MAX) {
            let caller = caller.to_string();
            write!(out, ", from {}", caller.split_once(' ').map_or(&*caller, |(_, place)| place))?;
        }
        match callers.len().saturating_sub(CALLERS_MAX) {
            0 => {}
            more => write!(out, ", from {more} more")?,
        }
        let has_lines = self.own.iter().any(|frame| frame.place.is_some());
        if has_lines { Ok(()) } else { out.write_str(" (built without line numbers)") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str, place: Option<(&str, u32)>) -> StackFrame {
        StackFrame {
            function: function.to_string(),
            place: place.map(|(file, line)| (file.to_string(), line)),
        }
    }

    #[test]
    fn the_innermost_is_first_and_a_deep_stack_is_cut() {
        let own = (1..=6).map(|line| frame("shop::book", Some(("src/shop.rs", line)))).collect();
        let site = AwaitSite { own, library: Some("tokio::Mutex::lock".to_string()) };
        let text = site.to_string();
        assert!(
            text.starts_with("at src/shop.rs:1 in shop::book → tokio::Mutex::lock, from src/shop.rs:2 in")
        );
        assert!(text.ends_with(", from src/shop.rs:4 in shop::book, from 2 more"), "{text}");
    }

    #[test]
    fn what_the_program_does_not_know_is_said_in_a_word() {
        let site = AwaitSite { own: vec![frame("shop::book", None), frame("main", None)], library: None };
        assert_eq!(site.to_string(), "in shop::book, from main (built without line numbers)");
        let site = AwaitSite { own: Vec::new(), library: Some("x::y".to_string()) };
        assert_eq!(site.to_string(), "in x::y");
        assert_eq!(AwaitSite::default().to_string(), "somewhere: the program has no symbols");
        assert_eq!(frame("", Some(("a.rs", 3))).to_string(), "at a.rs:3");
    }
}
