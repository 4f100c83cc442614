//! What the next poll of a task is called.

use super::Slot;
use crate::choice::{Key, Lineages};
use crate::task::background::Background;
use crate::task::wait::Wait;

impl Slot {
    /// The name of the next poll.
    #[inline]
    pub(crate) fn key(&self) -> Key {
        Key { stream: self.key_stream, ordinal: self.key_ordinal }
    }

    /// Gives the next poll its name, if the task waits at the same operation as before; whether it does. Else it is
    /// [`Slot::switch_key`] that does so.
    #[inline(always)]
    pub(crate) fn count_key(&mut self) -> bool {
        let is_known = self.key_label == self.label_hash();
        self.key_ordinal = self.key_ordinal.wrapping_add(u32::from(is_known));
        is_known
    }

    /// Gives the first poll its name; whether it does. Others bear the lineage of a root, or did, so that of its first poll
    /// [`Slot::switch_key`] knows the name.
    #[inline(always)]
    pub(crate) fn name_first_poll(&mut self) -> bool {
        if self.is_root {
            return false;
        }
        let label = Wait::UNKNOWN.label;
        self.key_stream = Lineages::poll_stream(self.lineage_hash, label);
        (self.key_ordinal, self.key_label) = (0, label.hash());
        true
    }

    /// Gives the next poll its name, as the task waits at another operation than before. Most have two of them in turn, so the
    /// count of the last one is kept with the task; those of others are the lineage's.
    #[inline(always)]
    pub(in crate::task) fn switch_key(&mut self, background: &mut Background, lineages: &mut Lineages) {
        let label = self.waiting_at().label;
        if self.shares_lineage {
            let key = lineages.next_poll_key(self.lineage, label);
            (self.key_stream, self.key_ordinal) = (key.stream, key.ordinal);
            return;
        }
        let (known, polls) = background.previous_polls();
        let ordinal = if known == label.hash() {
            polls
        } else {
            if known != 0 {
                lineages.set_polls(self.lineage, known, polls);
            }
            // The first name of all of a new actor needs no look.
            if self.key_label == 0 && !self.is_root { 0 } else { lineages.polls(self.lineage, label.hash()) }
        };
        if self.key_label != 0 {
            background.set_previous_polls(self.key_label, self.key_ordinal + 1);
        }
        self.key_stream = Lineages::poll_stream(self.lineage_hash, label);
        (self.key_ordinal, self.key_label) = (ordinal, label.hash());
    }

    /// Tells the lineage how many polls were counted here.
    fn write_polls_back(&mut self, background: &mut Background, lineages: &mut Lineages) {
        for (label, polls) in [(self.key_label, self.key_ordinal + 1), background.previous_polls()] {
            if label != 0 {
                lineages.set_polls(self.lineage, label, polls);
            }
        }
        self.key_label = 0;
        background.set_previous_polls(0, 0);
    }

    /// Whether the task bears the lineage of a node, as others did or will.
    #[inline]
    pub(crate) fn is_root(&self) -> bool {
        self.is_root
    }

    /// From now on others may bear the lineage too.
    #[inline(never)]
    pub(crate) fn share_lineage(&mut self, background: &mut Background, lineages: &mut Lineages) {
        self.write_polls_back(background, lineages);
        self.shares_lineage = true;
    }
}
