//! A known pattern or trap of asynchronous programs, with what to do about it.

/// A pattern that people meet in asyncio or with WebSockets, for a catalogue of scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Its row in the catalogue: `A3`, `B14b`.
    pub id: &'static str,
    /// The construct or the trap, in a line.
    pub about: &'static str,
    /// What to use in a simulated program.
    pub here: &'static str,
    /// What that is in plain Rust, with futures or tokio; or why it has no meaning there.
    pub rust: &'static str,
}
