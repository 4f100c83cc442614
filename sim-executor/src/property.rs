//! A property: what a program promises about itself, and how often a run has looked at it.

use std::fmt;
use std::rc::Rc;

use crate::clock::Instant;

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PropertyKind {
    /// [`always!`](crate::always): it holds each time.
    Always,
    /// [`invariant`](crate::invariant): it holds after every poll.
    Invariant,
    /// [`unreachable!`](crate::unreachable): the program never comes there.
    Unreachable,
    /// [`eventually!`](crate::eventually): it holds at the end of the run.
    Eventually,
    /// [`sometimes!`](crate::sometimes): it holds in some run.
    Sometimes,
    /// [`reachable!`](crate::reachable): some run comes there.
    Reachable,
    /// [`progress!`](crate::progress): the program gets on.
    Progress,
    /// [`buggify!`](crate::buggify): no promise, but a place that may make trouble; it holds where it does.
    Buggify,
}

impl PropertyKind {
    /// All there are.
    pub const ALL: [PropertyKind; 8] = [
        PropertyKind::Always,
        PropertyKind::Invariant,
        PropertyKind::Unreachable,
        PropertyKind::Eventually,
        PropertyKind::Sometimes,
        PropertyKind::Reachable,
        PropertyKind::Progress,
        PropertyKind::Buggify,
    ];

    /// Its name: `always`, `invariant`, and so on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PropertyKind::Always => "always",
            PropertyKind::Invariant => "invariant",
            PropertyKind::Unreachable => "unreachable",
            PropertyKind::Eventually => "eventually",
            PropertyKind::Sometimes => "sometimes",
            PropertyKind::Reachable => "reachable",
            PropertyKind::Progress => "progress",
            PropertyKind::Buggify => "buggify",
        }
    }
}

impl fmt::Display for PropertyKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// A property that a run has passed at least once, and how often it held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// What is promised.
    pub kind: PropertyKind,
    /// Its name in the program.
    pub name: &'static str,
    /// How many times it held; for a place that is only reached, how many times it was.
    pub held: u64,
    /// How many times it did not hold.
    pub failed: u64,
}

/// A property did not hold. That ends the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violated {
    /// What was promised.
    pub kind: PropertyKind,
    /// The property's name in the program.
    pub name: &'static str,
    /// When that was seen.
    pub at: Instant,
    /// The task that was polled then, or was last before an invariant was looked at.
    pub lineage: Rc<str>,
    /// What the program says of it; empty if it says nothing.
    pub detail: String,
}

impl fmt::Display for Violated {
    /// `at 0.027: always "no money is lost" does not hold, in bank/teller#2: 49 of 50`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violated { kind, name, at, lineage, detail } = self;
        write!(out, "at {at}: {kind} {name:?} ")?;
        match kind {
            PropertyKind::Unreachable => write!(out, "was reached, in {lineage}")?,
            PropertyKind::Eventually => out.write_str("is still pending at the end of the run")?,
            PropertyKind::Invariant => write!(out, "does not hold, after a poll of {lineage}")?,
            _ => write!(out, "does not hold, in {lineage}")?,
        }
        if detail.is_empty() { Ok(()) } else { write!(out, ": {detail}") }
    }
}
