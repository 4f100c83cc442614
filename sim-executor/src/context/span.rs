//! The part of the workload in which the current task is.

use super::{try_with, with};
use crate::choice::LineageId;

/// Lets what is drawn and spawned from now on be in this part of the workload, or in none; gives the part in which it was before.
///
/// # Panics
/// Outside a run.
pub(crate) fn enter_span(span: Option<LineageId>) -> Option<LineageId> {
    with(|run| std::mem::replace(&mut run.core_mut().span, span))
}

/// Goes back to the part in which it was before; also where the run is at its end.
pub(crate) fn leave_span(before: Option<LineageId>) {
    try_with(|run| run.core_mut().span = before);
}
