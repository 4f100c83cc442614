//! Patterns of asynchronous programs as named scenarios: right, and with the mistakes that people make.
//!
//! A [`Scenario`] is a small program with a promise. Where there is a mistake to show, it has a variant that keeps the
//! promise and one that breaks it. `seedbed list` shows them all, `seedbed run NAME --seed N` shows one run,
//! `seedbed sweep --all` proves that every broken one is found and every other one holds.

mod asyncio;
mod http;
mod liveness;
mod patterns;
mod producer_consumer;
mod queue;
mod turns;
mod websocket;

use sim_explorer::Scenario;

pub use queue::{Get, Put, Queue};
pub use websocket::keepalive::{Close, ConnectionClosed, Keepalive, WebSocket};

static ALL: &[Scenario] = &[
    producer_consumer::sentinel_last::SCENARIO,
    producer_consumer::sentinel_first::SCENARIO,
    producer_consumer::many_consumers::SCENARIO,
    producer_consumer::many_producers::SCENARIO,
    producer_consumer::never_yields::SCENARIO,
    websocket::echo::SCENARIO,
    websocket::producer_consumer::SCENARIO,
    websocket::both_send::SCENARIO,
    websocket::lost_update::SCENARIO,
    websocket::slow_process::SCENARIO,
    websocket::time_sleep::SCENARIO,
    websocket::blocked_handler::SCENARIO,
    websocket::dead_connection::SCENARIO,
    websocket::reconnect::SCENARIO,
    websocket::over_mobile::SCENARIO,
    websocket::two_coroutines::SCENARIO,
    websocket::send_starves_recv::SCENARIO,
    websocket::send_yields_when_full::SCENARIO,
    websocket::connection_breaks::SCENARIO,
    websocket::loopback::SCENARIO,
    websocket::realtime_broadcast::SCENARIO,
    http::retry_storm::SCENARIO,
    asyncio::loop_life::first_example::SCENARIO,
    asyncio::loop_life::sigint_stops_loop::SCENARIO,
    asyncio::loop_life::blocking_between_runs::SCENARIO,
    asyncio::loop_life::close_with_pending_task::SCENARIO,
    asyncio::loop_life::graceful_cancel::SCENARIO,
    asyncio::loop_life::hello_world::SCENARIO,
    asyncio::loop_life::helloworld_twice::SCENARIO,
    asyncio::loop_life::create_task_without_loop::SCENARIO,
    asyncio::loop_life::reschedule_for_two_seconds::SCENARIO,
    asyncio::loop_life::run_forever_and_stop::SCENARIO,
    asyncio::scheduling::await_does_not_yield::SCENARIO,
    asyncio::scheduling::cpu_bound::SCENARIO,
    asyncio::scheduling::race_condition::SCENARIO,
    asyncio::scheduling::fairness::SCENARIO,
    asyncio::scheduling::timer_hops::SCENARIO,
    asyncio::tasks::wait_and_exceptions::SCENARIO,
    asyncio::tasks::results_of_tasks::SCENARIO,
    asyncio::tasks::ways_to_schedule::SCENARIO,
    asyncio::tasks::gather_vs_wait::SCENARIO,
    asyncio::tasks::wrong_kind_of_object::SCENARIO,
    asyncio::tasks::cancellation_corners::SCENARIO,
    asyncio::queues::sentinel::SCENARIO,
    asyncio::queues::producer_consumer::SCENARIO,
    asyncio::queues::infinite_coroutine::SCENARIO,
    asyncio::threads::loop_in_subthread::SCENARIO,
    asyncio::threads::three_endpoints::SCENARIO,
    asyncio::threads::threads_vs_executor::SCENARIO,
    asyncio::testing::test_isolation::SCENARIO,
    liveness::hog::SCENARIO,
    liveness::busy_loop::SCENARIO,
    liveness::dead_waker::SCENARIO,
    liveness::lost_wakeup::SCENARIO,
    liveness::livelock::SCENARIO,
    liveness::response::SCENARIO,
    liveness::task_leak::SCENARIO,
];

/// All scenarios, each with its variants.
#[must_use]
pub fn all() -> &'static [Scenario] {
    ALL
}
