//! The functions in which a poll stands still, from the stack of its thread.

use std::fmt::Write as _;

use crate::stack::{self, Line};

/// How many functions are told of a stack that is deep, as that of a recursion is.
const FUNCTIONS_MAX: usize = 20;
/// How much of a name, which may have types of types in it.
const NAME_CHARS_MAX: usize = 100;

/// The functions in which a thread is that a signal has stopped within a poll: from inside to the executor, a line each, without the handler of the
/// signal. Where there are more than twenty, the last line says how many.
#[must_use]
pub fn functions_of_poll(backtrace: &str) -> Vec<String> {
    let stack = stack::lines(backtrace);
    let handler = stack.iter().position(|line| line.name.contains("tell_stack"));
    let inside = &stack[handler.map_or(0, |handler| handler + 1)..];
    let end = inside.iter().position(is_of_executor).unwrap_or(inside.len());
    let mut told: Vec<String> =
        inside[..end].iter().filter(|line| !is_entry_of_signal(line)).map(text).collect();
    if told.len() > FUNCTIONS_MAX {
        let more = told.len() - FUNCTIONS_MAX;
        told.truncate(FUNCTIONS_MAX);
        told.push(format!("    and {more} more\n"));
    }
    told
}

/// Whether it is where the executor polls a future or drops it. A release build knows the name, or the file of what was compiled into another.
fn is_of_executor(line: &Line<'_>) -> bool {
    let name = line.name.trim_start_matches('<');
    let is_file = |file: &str| file.contains("sim-executor") && file.ends_with("/src/task/stage.rs");
    ["sim_executor::task::stage::", "sim_executor::executor::"].iter().any(|of| name.starts_with(of))
        || line.place.is_some_and(|(file, _)| is_file(file))
}

/// What the system puts on the stack between a function and the handler of a signal.
fn is_entry_of_signal(line: &Line<'_>) -> bool {
    line.place.is_none() && (line.name == "<unknown>" || line.name.contains("restore_rt"))
}

fn text(line: &Line<'_>) -> String {
    let name = stack::without_hash(line.name);
    let mut text = format!("    {}", name.chars().take(NAME_CHARS_MAX).collect::<String>());
    if name.chars().nth(NAME_CHARS_MAX).is_some() {
        text.push('…');
    }
    if let Some((file, number)) = line.place {
        // Writing into a string cannot fail.
        let _ = write!(text, " at {}:{number}", short(file));
    }
    text + "\n"
}

/// The path of a file of a library without the folder in which all of them lie.
fn short(file: &str) -> &str {
    let of_registry = || file.split_once("/registry/src/")?.1.split_once('/');
    let of_std = || file.split_once("/rustc/")?.1.split_once('/');
    of_std().or_else(of_registry).map_or(file, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_signal_and_the_executor_is_told() {
        let backtrace = "\
   0: seedbed::watchdog::signals::tell_stack
             at ./seedbed/src/watchdog/signals.rs:130:9
   1: <unknown>
   2: lock<i32>
             at /rustc/59807616e1fa/library/std/src/sync/poison/mutex.rs:492:24
   3: bank::transfer::{{closure}}::h0123456789abcdef
             at ./src/bank.rs:7:5
   4: futures_executor::local_pool::block_on
             at /home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/futures-executor-0.3.34/src/local_pool.rs:315:5
   5: poll<bank::transfer::{closure#0}>
             at ./sim-executor/src/task/stage.rs:52:9
   6: seedbed::around_poll::around_poll
";
        let told = [
            "    lock<i32> at library/std/src/sync/poison/mutex.rs:492\n",
            "    bank::transfer::{{closure}} at ./src/bank.rs:7\n",
            "    futures_executor::local_pool::block_on at futures-executor-0.3.34/src/local_pool.rs:315\n",
        ];
        assert_eq!(functions_of_poll(backtrace), told);
        let in_release =
            "   0: tell_stack\n   1: bank::spin\n   2: <sim_executor::executor::Executor>::run\n";
        assert_eq!(functions_of_poll(in_release), ["    bank::spin\n"]);
    }

    #[test]
    fn a_deep_stack_and_a_long_name_are_cut() {
        let deep: String = (0..50).map(|at| format!("  {at}: {}\n", "deeper".repeat(50))).collect();
        let told = functions_of_poll(&deep);
        assert_eq!((told.len(), told[20].as_str()), (21, "    and 30 more\n"));
        assert_eq!(told[0].chars().count(), "    ".len() + NAME_CHARS_MAX + "…\n".chars().count());
        assert_eq!(functions_of_poll("disabled backtrace"), Vec::<String>::new());
    }
}
