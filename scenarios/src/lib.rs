//! Patterns of asynchronous programs as named scenarios: right, and with the mistakes that people make.
//!
//! A [`Scenario`] is a small program with a promise. Where there is a mistake to show, it has a variant that keeps the
//! promise and one that breaks it. `seedbed list` shows them all, `seedbed run NAME --seed N` shows one run,
//! `seedbed sweep --all` proves that every broken one is found and every other one holds.

mod producer_consumer;
mod queue;
mod turns;
mod websocket;

use sim_explorer::Scenario;

pub use queue::{Get, Put, Queue};

static ALL: &[Scenario] = &[
    producer_consumer::sentinel_last::SCENARIO,
    producer_consumer::sentinel_first::SCENARIO,
    producer_consumer::many_consumers::SCENARIO,
    producer_consumer::many_producers::SCENARIO,
    producer_consumer::never_yields::SCENARIO,
    websocket::echo::SCENARIO,
    websocket::producer_consumer::SCENARIO,
    websocket::receiver_starved::SCENARIO,
    websocket::both_send::SCENARIO,
    websocket::lost_update::SCENARIO,
];

/// All scenarios, each with its variants.
#[must_use]
pub fn all() -> &'static [Scenario] {
    ALL
}
