//! Production order: what an undisturbed machine would most likely do.

use super::domain::Value;
use super::source::{Needs, Order, Point, Source};

/// Every node is an event loop of its own: first woken, first polled, in iteration batches; no faults, least latency.
/// Run number 0 of every sweep.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProductionOrder;

impl Source for ProductionOrder {
    fn needs(&self) -> Needs {
        Needs {
            order: Order::Production,
            batches: true,
            is_fair: true,
            decision_points: false,
            ..Needs::default()
        }
    }

    fn decide(&mut self, _point: &Point<'_>) -> Option<Value> {
        None
    }

    fn describe(&self) -> String {
        "production".to_string()
    }
}
