//! Kinds of things that need not happen, by the labels of the questions about them.

use std::fmt;
use std::ops;

/// A kind of thing that need not happen: a packet is lost, a node crashes, a future is cancelled.
///
/// ```
/// use sim_executor::Fault;
///
/// assert_eq!(Fault::of("link.loss"), Some(Fault::Loss));
/// assert_eq!(Fault::of("user:retry"), Some(Fault::User));
/// assert_eq!(Fault::of("link.latency"), None);
/// assert_eq!(Fault::named("reorder"), Some(Fault::Reorder));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A packet is lost: `link.loss`.
    Loss,
    /// A bit of a packet is flipped: `link.corrupt`.
    Corrupt,
    /// A packet arrives twice: `link.duplicate`.
    Duplicate,
    /// A packet comes later, with all that follow it: `link.delay`.
    Delay,
    /// A packet is held back, so that others overtake it: `link.reorder`.
    Reorder,
    /// The lookup of a name fails for now: `dns.failure`.
    Dns,
    /// A read gives fewer bytes than there are, a write takes fewer, or what it took is held back: `tcp.short_read`,
    /// `tcp.short_write`, `tcp.held_write`.
    Short,
    /// A node crashes: `node.crash`, `node.outage`.
    Crash,
    /// A future is dropped at an await: `cancel`.
    Cancel,
    /// A task is polled that was not woken: `task.spurious`.
    Spurious,
    /// A place of the program makes trouble: `buggify`.
    Buggify,
    /// What the program draws by itself: `user:flip`, `user:choose`.
    User,
    /// What a program may not depend on differs from the default: `vary.link.latency` and the like.
    Vary,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Fault; 13] = [
        Fault::Loss,
        Fault::Corrupt,
        Fault::Duplicate,
        Fault::Delay,
        Fault::Reorder,
        Fault::Dns,
        Fault::Short,
        Fault::Crash,
        Fault::Cancel,
        Fault::Spurious,
        Fault::Buggify,
        Fault::User,
        Fault::Vary,
    ];

    /// Its name: `loss`, `corrupt`, and so on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Fault::Loss => "loss",
            Fault::Corrupt => "corrupt",
            Fault::Duplicate => "duplicate",
            Fault::Delay => "delay",
            Fault::Reorder => "reorder",
            Fault::Dns => "dns",
            Fault::Short => "short",
            Fault::Crash => "crash",
            Fault::Cancel => "cancel",
            Fault::Spurious => "spurious",
            Fault::Buggify => "buggify",
            Fault::User => "user",
            Fault::Vary => "vary",
        }
    }

    /// The kind with that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name)
    }

    /// What a question with this label is about, if it is about something that need not happen.
    #[must_use]
    pub fn of(label: &str) -> Option<Fault> {
        let (place, what) = label.split_once(['.', ':']).unwrap_or((label, ""));
        // `link.reorder.by` is about the same as `link.reorder`.
        let what = what.split('.').next().unwrap_or_default();
        match (place, what) {
            ("link", "loss") => Some(Fault::Loss),
            ("link", "corrupt") => Some(Fault::Corrupt),
            ("link", "duplicate") => Some(Fault::Duplicate),
            ("link", "delay") => Some(Fault::Delay),
            ("link", "reorder") => Some(Fault::Reorder),
            ("dns", "failure") => Some(Fault::Dns),
            ("tcp", "short_read" | "short_write" | "short_bytes" | "held_write") => Some(Fault::Short),
            ("node", "crash" | "outage" | "downtime") => Some(Fault::Crash),
            ("cancel", _) => Some(Fault::Cancel),
            ("task", "spurious") => Some(Fault::Spurious),
            ("buggify", _) => Some(Fault::Buggify),
            ("user", _) => Some(Fault::User),
            ("vary", _) => Some(Fault::Vary),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// Some kinds of faults. The `|` of two is both.
///
/// ```
/// use sim_executor::{Fault, Faults};
///
/// let faults = Faults::of(Fault::Loss) | Faults::of(Fault::Crash);
/// assert!(faults.has(Fault::Crash) && !faults.has(Fault::Cancel));
/// assert_eq!(faults.to_string(), "loss+crash");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults(u16);

impl Faults {
    /// None.
    pub const NONE: Faults = Faults(0);

    /// This kind alone.
    #[must_use]
    pub const fn of(fault: Fault) -> Self {
        Faults(1 << fault as u16)
    }

    /// Whether this kind is among them.
    #[inline]
    #[must_use]
    pub const fn has(self, fault: Fault) -> bool {
        self.0 & Faults::of(fault).0 != 0
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in the order of [`Fault::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |&fault| self.has(fault))
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        faults.into_iter().fold(Faults::NONE, |all, fault| all | Faults::of(fault))
    }
}

impl ops::BitOr for Faults {
    type Output = Faults;

    fn bitor(self, other: Faults) -> Faults {
        Faults(self.0 | other.0)
    }
}

impl fmt::Display for Faults {
    /// Their names, with a plus between them.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Fault::name).collect();
        out.pad(&names.join("+"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own_and_a_place_of_its_own() {
        let all: Faults = Fault::ALL.into_iter().collect();
        assert_eq!(all.iter().count(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_eq!(Fault::named(fault.name()), Some(fault));
            assert!(Faults::of(fault).has(fault) && !Faults::NONE.has(fault));
        }
        assert_eq!(Fault::named("packets"), None);
    }

    #[test]
    fn a_label_that_only_looks_like_one_of_a_fault_is_none() {
        for label in
            ["link.latency", "link.lossy", "loss", "poll", "", "time.cancel", "after cancel", "tcp.reuseport"]
        {
            assert_eq!(Fault::of(label), None, "{label}");
        }
        assert_eq!(Fault::of("link.corrupt.bit"), Some(Fault::Corrupt));
        assert_eq!(Fault::of("cancel"), Some(Fault::Cancel));
        assert_eq!(Fault::of("buggify:the cache. is full"), Some(Fault::Buggify));
    }
}
