//! The second pass: the end of the schedule left to the default order.

use super::plan::{Order, Plan};
use super::search::Search;

/// Looks for the shortest beginning of the schedule that shows the failure, by halves.
pub(super) fn truncate(search: &mut Search<'_>) {
    let schedule = search.best.exceptions.schedule.clone();
    let values = search.best.exceptions.values.clone();
    let (mut too_short, mut enough) = (0, schedule.len());
    while enough - too_short > 1 && !search.is_over() {
        let length = usize::midpoint(too_short, enough);
        let order = Order::Exceptions(schedule[..length].to_vec());
        if search.attempt(&Plan { order, values: values.clone() }) {
            enough = length;
        } else {
            too_short = length;
        }
    }
}
