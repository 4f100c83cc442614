//! How a process has ended that was to make runs, and what it said last.

use std::process::ExitStatus;

use super::frame::Begun;

/// How a process has ended that was to go on.
#[derive(Clone, Debug)]
pub(super) struct Death {
    /// `was ended by SIGABRT`.
    pub(super) how: String,
    /// Whether the signal may have come from outside of it: who has too much memory is killed.
    pub(super) is_killed: bool,
    /// Whether the signal is one by which a user ends what is under way.
    pub(super) is_by_user: bool,
    /// The line of its standard error that says most.
    headline: Option<String>,
    /// The last lines of it.
    said: String,
    /// The run that had begun, if runs were told.
    pub(super) begun: Option<Begun>,
}

/// So many lines are shown of what it said, so long ones, each.
const LINES_MAX: usize = 20;
const LINE_CHARS_MAX: usize = 300;

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;

impl Death {
    pub(super) fn new(status: ExitStatus, said: &str, begun: Option<Begun>) -> Death {
        let signal = signal_of(status);
        let how = match (signal, status.code()) {
            (Some(signal), _) => format!("was ended by {}", signal_name(signal)),
            (None, Some(code)) => format!("has ended with status {code}"),
            (None, None) => "has ended".to_string(),
        };
        let is_killed = matches!(signal, Some(SIGKILL | SIGTERM));
        let is_by_user = matches!(signal, Some(SIGHUP | SIGINT | SIGTERM));
        Death { how, is_killed, is_by_user, headline: headline(said), said: last_lines(said), begun }
    }

    /// What is told of the run that has ended it: in the first line how, then what the process said last.
    pub(super) fn message(&self) -> String {
        let headline = match &self.headline {
            Some(line) => format!("the process {}: {line}", self.how),
            None => format!("the process {}, and said nothing", self.how),
        };
        let said: String = self.said.lines().map(|line| format!("\n  {line}")).collect();
        if said.is_empty() { headline } else { format!("{headline}\nwhat it said last:{said}") }
    }
}

/// The line that says most: that of Seedbed, or the last one that is none of a backtrace.
fn headline(said: &str) -> Option<String> {
    let ours = said.lines().rev().find_map(|line| line.strip_prefix("seedbed: "));
    let is_of_backtrace = |line: &str| {
        line.starts_with([' ', '\t']) || line.starts_with("note: ") || line.starts_with("stack backtrace:")
    };
    let last = || said.lines().rev().find(|line| !line.trim().is_empty() && !is_of_backtrace(line));
    ours.or_else(last).map(|line| told(line.trim()))
}

fn last_lines(said: &str) -> String {
    let lines: Vec<String> = said.lines().map(told).collect();
    let first = lines.len().saturating_sub(LINES_MAX);
    lines[first..].join("\n").trim_matches('\n').to_string()
}

/// A line that is not too long, and has nothing that differs from process to process.
fn told(line: &str) -> String {
    without_thread_id(line).chars().take(LINE_CHARS_MAX).collect()
}

/// `thread 'main' (1234) panicked` is told as `thread 'main' panicked`.
fn without_thread_id(line: &str) -> String {
    let id = || {
        let name = line.find("thread '")? + "thread '".len();
        let open = name + line[name..].find("' (")? + 1;
        let digits = &line[open + 2..];
        let close = digits.find(')')?;
        let is_id = close > 0 && digits[..close].bytes().all(|digit| digit.is_ascii_digit());
        is_id.then(|| format!("{}{}", &line[..open], &digits[close + 1..]))
    };
    id().unwrap_or_else(|| line.to_string())
}

fn signal_of(status: ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal()
}

/// The names of those that end a process by themselves, as they are numbered on Linux and macOS.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        SIGHUP => "SIGHUP",
        SIGINT => "SIGINT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        SIGKILL => "SIGKILL (by the system, if there was no memory left)",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        SIGTERM => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        _ => return format!("signal {signal}"),
    };
    name.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn message(status: i32, said: &str) -> String {
        Death::new(ExitStatus::from_raw(status), said, None).message()
    }

    #[test]
    fn the_first_line_says_how_it_ended_and_why() {
        let overflow = "\nthread 'main' (4711) has overflowed its stack\nfatal runtime error: stack overflow, aborting\n";
        let expected = "the process was ended by SIGABRT: fatal runtime error: stack overflow, aborting\nwhat it said last:\
                        \n  thread 'main' has overflowed its stack\n  fatal runtime error: stack overflow, aborting";
        assert_eq!(message(6, overflow), expected);
        assert_eq!(message(3 << 8, ""), "the process has ended with status 3, and said nothing");
        let exit =
            message(6, "x\nseedbed: the program has ended the process\n  reproduce: replay a --seed 3\n");
        assert!(
            exit.starts_with("the process was ended by SIGABRT: the program has ended the process\n"),
            "{exit}"
        );
    }

    #[test]
    fn only_the_last_lines_are_shown_and_ids_of_threads_are_not() {
        let said: String = (0..100).map(|number| format!("line {number}\n")).collect();
        let message = message(11, &said);
        assert!(message.lines().count() == 22 && message.ends_with("\n  line 99"), "{message}");
        assert_eq!(without_thread_id("thread 'a' (12) panicked at x.rs"), "thread 'a' panicked at x.rs");
        for kept in ["thread 'a' panicked (12)", "thread 'a' (x) died", "", "thread '", "a (12)"] {
            assert_eq!(without_thread_id(kept), kept);
        }
    }
}
