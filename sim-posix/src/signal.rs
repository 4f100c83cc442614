//! The signals of Linux, by their numbers.

use std::fmt;

/// A signal.
///
/// ```
/// use sim_posix::Signal;
///
/// assert_eq!(Signal::TERM.to_string(), "SIGTERM");
/// assert_eq!(Signal::new(15), Some(Signal::TERM));
/// assert_eq!(Signal::new(65), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

/// What a signal does to a process that has set nothing for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    End,
    Ignore,
    Stop,
    Continue,
}

const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// The number of the last one.
const LAST: i32 = 64;

impl Signal {
    /// A terminal is gone; many services read their configuration again.
    pub const HUP: Signal = Signal(libc::SIGHUP as u8);
    /// Ctrl-C.
    pub const INT: Signal = Signal(libc::SIGINT as u8);
    /// Ctrl-\.
    pub const QUIT: Signal = Signal(libc::SIGQUIT as u8);
    /// Ends the process at once; nobody can take it.
    pub const KILL: Signal = Signal(libc::SIGKILL as u8);
    /// The first one that means what the program wants.
    pub const USR1: Signal = Signal(libc::SIGUSR1 as u8);
    /// The second one that means what the program wants.
    pub const USR2: Signal = Signal(libc::SIGUSR2 as u8);
    /// Something was written that nobody reads. The standard library has it ignored, and so does a process here when it begins.
    pub const PIPE: Signal = Signal(libc::SIGPIPE as u8);
    /// The process is asked to end.
    pub const TERM: Signal = Signal(libc::SIGTERM as u8);
    /// A child has ended.
    pub const CHLD: Signal = Signal(libc::SIGCHLD as u8);
    /// A process that was stopped goes on.
    pub const CONT: Signal = Signal(libc::SIGCONT as u8);
    /// The process stops until it is told to go on; nobody can take it.
    pub const STOP: Signal = Signal(libc::SIGSTOP as u8);

    /// The signal with this number, from 1 to 64.
    #[must_use]
    pub fn new(number: i32) -> Option<Signal> {
        (1..=LAST).contains(&number).then_some(Signal(number as u8))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0 as i32
    }

    /// It alone, as a set of signals.
    pub(crate) const fn bit(self) -> u64 {
        1 << (self.0 - 1)
    }

    /// Whether a process can neither take nor block it.
    pub(crate) fn is_forced(self) -> bool {
        self == Signal::KILL || self == Signal::STOP
    }

    pub(crate) fn effect(self) -> Effect {
        match self.number() {
            libc::SIGCHLD | libc::SIGURG | libc::SIGWINCH => Effect::Ignore,
            libc::SIGCONT => Effect::Continue,
            libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => Effect::Stop,
            _ => Effect::End,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.get(usize::from(self.0) - 1) {
            Some(name) => write!(out, "SIG{name}"),
            None => write!(out, "signal {}", self.0),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_linux() {
        let named = [
            (libc::SIGHUP, "SIGHUP"),
            (libc::SIGUSR2, "SIGUSR2"),
            (libc::SIGCHLD, "SIGCHLD"),
            (libc::SIGSYS, "SIGSYS"),
            (34, "signal 34"),
            (64, "signal 64"),
        ];
        for (number, name) in named {
            assert_eq!(Signal::new(number).unwrap().to_string(), name);
        }
        for none in [0, -1, 65, i32::MAX, 271] {
            assert_eq!(Signal::new(none), None);
        }
        assert_eq!(Signal::new(64).unwrap().bit(), 1 << 63);
    }
}
