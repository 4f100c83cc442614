//! The WebSocket programs on a phone at the edge of its cell.

use seedbed::Executor;
use seedbed::net::profile::{self, Profile};
use sim_explorer::{Expect, Scenario, Variant, Violation};

use super::{
    blocked_handler, both_send, echo, lost_update, producer_consumer, reconnect, send_starves_recv,
    slow_process,
};

/// What a program promises must not depend on a good network. On this one a packet takes 400 ms, one in a hundred is lost,
/// now and then all stand still for up to a second, and 30 KB a second is all there is: TCP delivers in spite of that, but
/// seconds later. So a timeout that was chosen in an office is wrong here. Programs that promise a time, such as an answer
/// within 100 ms, are not among these.
pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_over_mobile",
    about: "Other scenarios over a slow link that loses packets, whatever network they ask for: the profile `lossy_mobile`.",
    invariant: "That of the scenario with this name.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "echo",
            about: "`ws_echo/works`.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &echo::SCENARIO, "works"),
        },
        Variant {
            name: "producer_consumer",
            about: "`ws_producer_consumer/works`.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &producer_consumer::SCENARIO, "works"),
        },
        Variant {
            name: "both_send",
            about: "`ws_both_send/fixed`.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &both_send::SCENARIO, "fixed"),
        },
        Variant {
            name: "broken_both_send",
            about: "`ws_both_send/broken`.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, &both_send::SCENARIO, "broken"),
        },
        Variant {
            name: "lost_update",
            about: "`ws_lost_update/fixed`.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &lost_update::SCENARIO, "fixed"),
        },
        Variant {
            name: "send_starves_recv",
            about: "`ws_send_starves_recv/fixed_sleep_zero`.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &send_starves_recv::SCENARIO, "fixed_sleep_zero"),
        },
        Variant {
            name: "broken_send_starves_recv",
            about: "`ws_send_starves_recv/broken`.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, &send_starves_recv::SCENARIO, "broken"),
        },
        Variant {
            name: "slow_process",
            about: "`ws_slow_process/fixed_queue_worker`.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &slow_process::SCENARIO, "fixed_queue_worker"),
        },
        Variant {
            name: "broken_slow_process",
            about: "`ws_slow_process/broken_blocking`.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, &slow_process::SCENARIO, "broken_blocking"),
        },
        Variant {
            name: "broken_blocked_handler",
            about: "`ws_blocked_handler/broken_inline`.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, &blocked_handler::SCENARIO, "broken_inline"),
        },
        Variant {
            name: "broken_short_keepalive",
            about: "`ws_blocked_handler/fixed_queue_and_worker`: its keepalive gives up after 2 s, which was chosen for another \
                    network.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, &blocked_handler::SCENARIO, "fixed_queue_and_worker"),
        },
        Variant {
            name: "reconnect",
            about: "`ws_reconnect/fixed`.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &reconnect::SCENARIO, "fixed"),
        },
        Variant {
            name: "broken_reconnect",
            about: "`ws_reconnect/broken_no_deduplication`.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, &reconnect::SCENARIO, "broken_no_deduplication"),
        },
    ],
};

fn run(executor: &mut Executor, scenario: &Scenario, variant: &str) -> Result<(), Violation> {
    executor.enter(|| profile::choose(Profile { link: Some(profile::LOSSY_MOBILE), ..Profile::default() }));
    let variant = scenario.variant(variant).expect("the scenario has this variant");
    let settings = scenario.settings([]).expect("the defaults are within their bounds");
    (variant.body)(executor, &settings)
}
