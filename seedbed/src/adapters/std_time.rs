//! Virtual time in the types of `std::time`, for libraries that compute with those.
#![expect(clippy::disallowed_types, reason = "libraries want these types; the values here are virtual times")]

use std::sync::OnceLock;

use sim_executor::{Instant, time};

/// The type of monotonic time that libraries want.
pub(crate) type StdInstant = std::time::Instant;

/// The type of dates that libraries want.
#[cfg(feature = "quinn")]
pub(crate) type StdDate = std::time::SystemTime;

/// What stands for the beginning of every run. Such a value can be had from the clock only. Which one it is decides
/// nothing: the type tells nobody more than differences, and those are virtual.
fn base() -> StdInstant {
    static BASE: OnceLock<StdInstant> = OnceLock::new();
    *BASE.get_or_init(StdInstant::now)
}

/// The virtual time on the monotonic clock of the current node.
pub(crate) fn now() -> StdInstant {
    // Only after centuries of virtual time can there be no such value.
    base().checked_add(time::elapsed()).unwrap_or_else(base)
}

/// The virtual time that [`now`] gives as this one.
pub(crate) fn to_virtual(at: StdInstant) -> Instant {
    Instant::START + at.saturating_duration_since(base())
}

/// The date on the wall clock of the current node.
#[cfg(feature = "quinn")]
pub(crate) fn date() -> StdDate {
    std::time::UNIX_EPOCH + time::system_now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Executor, ProductionOrder};
    use std::time::Duration;

    #[test]
    fn differences_are_those_of_virtual_time() {
        Executor::new(ProductionOrder)
            .block_on(async {
                let before = now();
                time::sleep(Duration::from_secs(3_600)).await;
                assert_eq!(now() - before, Duration::from_secs(3_600));
                assert_eq!(to_virtual(now()), time::now());
                assert_eq!(to_virtual(before), Instant::START);
            })
            .unwrap();
    }
}
