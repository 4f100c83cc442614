//! The stack of a thread that stands still, as far as the platform tells it.
#![expect(clippy::disallowed_methods, reason = "the watchdog stands outside of runs")]

use std::time::Duration;

use super::signals;

/// How often is looked whether it has come, and how long between: the thread may hold a lock that a stack needs.
const LOOKS: (u32, Duration) = (300, Duration::from_millis(10));

/// How often it is asked: an instruction that the compiler has added has no line, and the thread may stand at one.
const ASKED_MAX: usize = 20;

/// The functions in which a thread of this process is, from inside to the executor, one a line; `None` where that is not known.
pub(super) fn of_thread(thread: i32) -> Option<String> {
    let lines_known = |functions: &[String]| functions.iter().filter(|function| has_line(function)).count();
    let mut best: Vec<String> = Vec::new();
    for _ in 0..ASKED_MAX {
        let Some(functions) = asked(thread) else { break };
        if best.is_empty() || lines_known(&functions) > lines_known(&best) {
            best = functions;
        }
        if best.first().is_some_and(|innermost| has_line(innermost)) {
            break;
        }
    }
    (!best.is_empty()).then(|| best.concat())
}

fn has_line(function: &str) -> bool {
    function.contains(" at ")
}

fn asked(thread: i32) -> Option<Vec<String>> {
    signals::ask_for_stack(thread);
    let (looks, pause) = LOOKS;
    let told = (0..looks).find_map(|_| {
        std::thread::sleep(pause);
        signals::told_stack()
    });
    Some(sim_explorer::functions_of_poll(&told?.to_string()))
}
