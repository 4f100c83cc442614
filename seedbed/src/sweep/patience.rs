//! How long a person waits for a failure to be shrunk.
#![expect(
    clippy::disallowed_types,
    reason = "shrinking stands outside of runs, and what it has come to is a run like any other"
)]

use std::time::{Duration, Instant};

/// Some seconds of wall time, of which no run knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    until: Instant,
}

impl Patience {
    /// From now on.
    pub(crate) fn of(wall_time: Duration) -> Self {
        Patience { until: Instant::now() + wall_time }
    }

    pub(crate) fn is_over(self) -> bool {
        Instant::now() >= self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends() {
        assert!(Patience::of(Duration::ZERO).is_over());
        assert!(!Patience::of(Duration::from_secs(3_600)).is_over());
    }
}
