//! Virtual time as `std::time::Instant`, for libraries that compute with that type.
#![expect(clippy::disallowed_types, reason = "libraries want this type; its values here are virtual times")]

use std::sync::OnceLock;

use sim_executor::{Instant, context};

/// The type that libraries want.
pub(crate) type StdInstant = std::time::Instant;

/// What stands for the beginning of every run. Such a value can be had from the clock only. Which one it is decides
/// nothing: the type tells nobody more than differences, and those are virtual.
fn base() -> StdInstant {
    static BASE: OnceLock<StdInstant> = OnceLock::new();
    *BASE.get_or_init(StdInstant::now)
}

/// The virtual time on the clock of the current node.
pub(crate) fn now() -> StdInstant {
    let elapsed = context::now() - Instant::START;
    // Only after centuries of virtual time can there be no such value.
    base().checked_add(elapsed).unwrap_or_else(base)
}

/// The virtual time that [`now`] gives as this one.
pub(crate) fn to_virtual(at: StdInstant) -> Instant {
    Instant::START + at.saturating_duration_since(base())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Executor, ProductionOrder, time};
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
