//! How much a program may leave behind.

/// How much of each kind may be left when a run ends as it should: [`Config::leaks`](crate::Config::leaks),
/// [`Executor::check_leaks`](crate::Executor::check_leaks). The default allows nothing.
///
/// A task that is there for others only ([`run_in_background`](crate::run_in_background)) does not count, nor do its timers; sockets and
/// permits count whoever has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leaks {
    /// Tasks that have not ended.
    pub tasks: usize,
    /// Timers that are pending; those of tasks that have not ended are among them.
    pub timers: usize,
    /// Sockets that the program has not closed.
    pub sockets: usize,
    /// Permits and guards that the program has not given back.
    pub permits: usize,
}

impl Leaks {
    /// Nothing may be left.
    pub const NONE: Leaks = Leaks { tasks: 0, timers: 0, sockets: 0, permits: 0 };
}
