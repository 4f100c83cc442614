//! The kind of a signal, by its number on Linux.

use std::ffi::c_int;
use std::fmt;

use crate::choice::Label;

/// The kind of a signal, by its number on Linux: `tokio::signal::unix::SignalKind`.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub struct SignalKind(c_int);

/// The greatest number, that of the last real-time signal.
const NUMBER_MAX: c_int = 64;

/// What a process does that does not listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DefaultAction {
    Ignore,
    Kill,
    Freeze,
    Thaw,
}

/// The standard signals (signal(7), on x86 and ARM), with the names by which reports show that a task waits for one.
const NAMES: [(c_int, Label); 30] = [
    (1, Label::new("SIGHUP")),
    (2, Label::new("SIGINT")),
    (3, Label::new("SIGQUIT")),
    (4, Label::new("SIGILL")),
    (5, Label::new("SIGTRAP")),
    (6, Label::new("SIGABRT")),
    (7, Label::new("SIGBUS")),
    (8, Label::new("SIGFPE")),
    (9, Label::new("SIGKILL")),
    (10, Label::new("SIGUSR1")),
    (11, Label::new("SIGSEGV")),
    (12, Label::new("SIGUSR2")),
    (13, Label::new("SIGPIPE")),
    (14, Label::new("SIGALRM")),
    (15, Label::new("SIGTERM")),
    (17, Label::new("SIGCHLD")),
    (18, Label::new("SIGCONT")),
    (19, Label::new("SIGSTOP")),
    (20, Label::new("SIGTSTP")),
    (21, Label::new("SIGTTIN")),
    (22, Label::new("SIGTTOU")),
    (23, Label::new("SIGURG")),
    (24, Label::new("SIGXCPU")),
    (25, Label::new("SIGXFSZ")),
    (26, Label::new("SIGVTALRM")),
    (27, Label::new("SIGPROF")),
    (28, Label::new("SIGWINCH")),
    (29, Label::new("SIGIO")),
    (30, Label::new("SIGPWR")),
    (31, Label::new("SIGSYS")),
];

impl SignalKind {
    pub(super) const KILL: SignalKind = SignalKind(9);
    pub(super) const CONTINUE: SignalKind = SignalKind(18);

    /// The kind with that number, such as 9 for `SIGKILL`.
    #[must_use]
    pub const fn from_raw(signum: c_int) -> Self {
        SignalKind(signum)
    }

    /// The number.
    #[must_use]
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }

    /// `SIGALRM`: a timer of the process is over. Kills by default.
    #[must_use]
    pub const fn alarm() -> Self {
        SignalKind(14)
    }

    /// `SIGCHLD`: a child process has changed. Ignored by default.
    #[must_use]
    pub const fn child() -> Self {
        SignalKind(17)
    }

    /// `SIGHUP`: the terminal is gone; daemons read their configuration again. Kills by default.
    #[must_use]
    pub const fn hangup() -> Self {
        SignalKind(1)
    }

    /// `SIGINT`: Ctrl-C. Kills by default.
    #[must_use]
    pub const fn interrupt() -> Self {
        SignalKind(2)
    }

    /// `SIGIO`: a descriptor is ready. Kills by default.
    #[must_use]
    pub const fn io() -> Self {
        SignalKind(29)
    }

    /// `SIGPIPE`: nobody reads what is written. Ignored by default, as every Rust program begins so.
    #[must_use]
    pub const fn pipe() -> Self {
        SignalKind(13)
    }

    /// `SIGQUIT`: Ctrl-\. Kills by default.
    #[must_use]
    pub const fn quit() -> Self {
        SignalKind(3)
    }

    /// `SIGTERM`: the process is asked to end. Kills by default.
    #[must_use]
    pub const fn terminate() -> Self {
        SignalKind(15)
    }

    /// `SIGUSR1`. Kills by default.
    #[must_use]
    pub const fn user_defined1() -> Self {
        SignalKind(10)
    }

    /// `SIGUSR2`. Kills by default.
    #[must_use]
    pub const fn user_defined2() -> Self {
        SignalKind(12)
    }

    /// `SIGWINCH`: the window of the terminal has changed. Ignored by default.
    #[must_use]
    pub const fn window_change() -> Self {
        SignalKind(28)
    }

    /// Whether there is such a signal.
    pub(super) fn exists(self) -> bool {
        (1..=NUMBER_MAX).contains(&self.0)
    }

    /// Whether tokio refuses to listen for it: nobody can, or the program would go on behind a fault of its own.
    pub(super) fn is_forbidden(self) -> bool {
        self.0 <= 0 || matches!(self.0, 4 | 8 | 9 | 11 | 19)
    }

    pub(super) fn default_action(self) -> DefaultAction {
        match self.0 {
            13 | 17 | 23 | 28 => DefaultAction::Ignore,
            18 => DefaultAction::Thaw,
            19..=22 => DefaultAction::Freeze,
            _ => DefaultAction::Kill,
        }
    }

    pub(super) fn label(self) -> Label {
        let known = NAMES.iter().find(|(number, _)| *number == self.0);
        known.map_or(Label::new("signal"), |(_, label)| *label)
    }
}

impl fmt::Display for SignalKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(number, _)| *number == self.0) {
            Some((_, label)) => write!(out, "{label}"),
            None => write!(out, "signal {}", self.0),
        }
    }
}

impl From<c_int> for SignalKind {
    fn from(signum: c_int) -> Self {
        SignalKind(signum)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> Self {
        kind.0
    }
}
