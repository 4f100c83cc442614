//! Tasks that have become ready, for a source that keeps the ready ones itself.

use super::priorities::Ranked;
use super::{Kept, Links, ReadyQueue};
use crate::choice::ReadyId;

/// Whether a task that a source has picked may be polled.
pub(crate) enum Picked {
    Ready,
    /// Its node is held: it is told once more when that is over.
    Held,
    /// It was polled since, or has ended.
    Gone,
}

impl ReadyQueue {
    /// Those that the source was not told of.
    #[inline(always)]
    pub(crate) fn fresh(&self) -> &[ReadyId] {
        if let Kept::Fresh(fresh) = &self.kept { fresh } else { &[] }
    }

    /// The source was told of them.
    #[inline(always)]
    pub(crate) fn clear_fresh(&mut self) {
        if let Kept::Fresh(fresh) = &mut self.kept {
            fresh.clear();
        }
    }

    /// Forgets that the source is to be told of a task, if it is the last that became ready: it was taken without a question.
    #[inline]
    pub(crate) fn forget_fresh(&mut self, links: &impl Links, task: u32) {
        let Kept::Fresh(fresh) = &mut self.kept else { return };
        if fresh.last().is_some_and(|last| last.index == task) {
            fresh.pop();
        } else {
            self.tidy_fresh(links);
        }
    }

    /// Forgets those that are no longer ready, if they are many.
    #[inline]
    pub(crate) fn tidy_fresh(&mut self, links: &impl Links) {
        let Kept::Fresh(fresh) = &mut self.kept else { return };
        if fresh.len() > 2 * self.total + 64 {
            fresh.retain(|id| is_ready(links, *id));
        }
    }

    /// Whether what a source has picked may be polled now.
    #[inline(always)]
    pub(crate) fn look_at_picked(&mut self, links: &impl Links, id: ReadyId) -> Picked {
        if !is_ready(links, id) {
            return Picked::Gone;
        }
        let list = &mut self.nodes[links.node_of(id.index) as usize];
        if !list.held {
            return Picked::Ready;
        }
        list.park(Ranked::unranked(id));
        Picked::Held
    }
}

/// Whether the task is still ready for the reason that is meant.
#[inline(always)]
pub(crate) fn is_ready(links: &impl Links, id: ReadyId) -> bool {
    let link = links.link(id.index);
    link.stamp == id.stamp && link.is_listed()
}
