//! The future event list: what is due, in the order it is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Instant;

/// Which event of an [`EventQueue`]; of no meaning to another queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    slot: u32,
    sequence: u64,
}

/// The queue holds as many events as its limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{events_max} events are pending, the most that this queue may hold")]
pub struct QueueFull {
    /// How many events the queue may hold.
    pub events_max: usize,
}

/// Events in the order (due, creation), bounded, with removal of any event by its id.
///
/// ```
/// use sim_executor::{EventQueue, Instant};
///
/// let mut queue = EventQueue::new(10);
/// let late = queue.push(Instant::from_nanos(9), "late").unwrap();
/// queue.push(Instant::from_nanos(3), "early").unwrap();
/// assert_eq!(queue.next_due(), Some(Instant::from_nanos(3)));
/// assert_eq!(queue.remove(late), Some("late"));
/// assert_eq!(queue.pop_due(Instant::MAX), Some((Instant::from_nanos(3), "early")));
/// assert_eq!(queue.pop_due(Instant::MAX), None);
/// ```
#[derive(Debug)]
pub struct EventQueue<E> {
    /// A min-heap. A removed event leaves its key behind, which is skipped when it reaches the top: so the top is
    /// always live, and [`EventQueue::next_due`] needs no search.
    heap: BinaryHeap<Reverse<HeapKey>>,
    slots: Vec<Slot<E>>,
    free: Vec<u32>,
    next_sequence: u64,
    events_max: usize,
}

/// The due time in the high half, then the sequence number, then the slot: one number, as that is quick to compare. Its
/// order is that of due times, then creation; the low bits only name the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct HeapKey(u128);

const SLOT_BITS: u32 = 24;
const SLOTS_MAX: usize = 1 << SLOT_BITS;

#[derive(Debug)]
struct Slot<E> {
    /// The sequence number of the event that is here, or of the one that was last.
    sequence: u64,
    event: Option<E>,
}

impl HeapKey {
    fn new(due: Instant, sequence: u64, slot: u32) -> Self {
        let low = (sequence << SLOT_BITS) | u64::from(slot);
        HeapKey((u128::from(due.as_nanos()) << u64::BITS) | u128::from(low))
    }

    fn due(self) -> Instant {
        Instant::from_nanos((self.0 >> u64::BITS) as u64)
    }

    fn sequence(self) -> u64 {
        self.0 as u64 >> SLOT_BITS
    }

    fn slot(self) -> usize {
        (self.0 as u64 & ((1 << SLOT_BITS) - 1)) as usize
    }
}

impl<E> EventQueue<E> {
    /// An empty queue for at most `events_max` events (and at most 2^24, the number of slots).
    #[must_use]
    pub fn new(events_max: usize) -> Self {
        EventQueue {
            heap: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            next_sequence: 0,
            events_max: events_max.min(SLOTS_MAX),
        }
    }

    /// Adds an event.
    ///
    /// # Errors
    /// When the queue is full, and the event is lost.
    pub fn push(&mut self, due: Instant, event: E) -> Result<EventId, QueueFull> {
        if self.len() >= self.events_max {
            return Err(QueueFull { events_max: self.events_max });
        }
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Slot { sequence, event: Some(event) };
            slot
        } else {
            self.slots.push(Slot { sequence, event: Some(event) });
            (self.slots.len() - 1) as u32
        };
        self.heap.push(Reverse(HeapKey::new(due, sequence, slot)));
        Ok(EventId { slot, sequence })
    }

    /// Takes an event out before it is due; `None` if it has been taken already.
    pub fn remove(&mut self, id: EventId) -> Option<E> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.sequence != id.sequence {
            return None;
        }
        let event = slot.event.take()?;
        self.free.push(id.slot);
        self.drop_dead_keys();
        Some(event)
    }

    /// The event, while it is pending.
    pub fn get_mut(&mut self, id: EventId) -> Option<&mut E> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.sequence == id.sequence { slot.event.as_mut() } else { None }
    }

    /// All that is pending, in the order in which it is due. That takes time in proportion to all, so it is for those who
    /// look rarely.
    #[must_use]
    pub fn pending(&self) -> Vec<(EventId, Instant, &E)> {
        let mut keys: Vec<HeapKey> = self.heap.iter().map(|key| key.0).collect();
        keys.sort_unstable();
        let live = keys.into_iter().filter_map(|key| {
            let slot = self.slots.get(key.slot()).filter(|slot| slot.sequence == key.sequence())?;
            let id = EventId { slot: key.slot() as u32, sequence: key.sequence() };
            Some((id, key.due(), slot.event.as_ref()?))
        });
        live.collect()
    }

    /// When the first event is due.
    #[inline]
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.heap.peek().map(|key| key.0.due())
    }

    /// Takes the first event if it is due at `now` or before.
    #[inline]
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, E)> {
        let &Reverse(key) = self.heap.peek()?;
        if key.due() > now {
            return None;
        }
        self.heap.pop();
        let slot = &mut self.slots[key.slot()];
        assert_eq!(slot.sequence, key.sequence(), "the top of the event queue is not live");
        let event = slot.event.take();
        self.free.push(key.slot() as u32);
        self.drop_dead_top();
        event.map(|event| (key.due(), event))
    }

    /// How many events are pending.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives events other due times. Those that are due together afterwards keep the order of their creation.
    pub(crate) fn reschedule(&mut self, due: impl Fn(Instant, &E) -> Instant) {
        let keys = std::mem::take(&mut self.heap).into_vec();
        let moved = keys.into_iter().filter_map(|Reverse(key)| {
            let slot = &self.slots[key.slot()];
            let event = slot.event.as_ref().filter(|_| slot.sequence == key.sequence())?;
            Some(Reverse(HeapKey::new(due(key.due(), event), key.sequence(), key.slot() as u32)))
        });
        self.heap = moved.collect();
    }

    /// Removes everything; ids given before stay dead.
    pub fn clear(&mut self) {
        self.heap.clear();
        self.free.clear();
        for (slot, entry) in self.slots.iter_mut().enumerate() {
            entry.event = None;
            self.free.push(slot as u32);
        }
    }

    fn is_dead(&self, key: HeapKey) -> bool {
        let slot = &self.slots[key.slot()];
        slot.sequence != key.sequence() || slot.event.is_none()
    }

    fn drop_dead_top(&mut self) {
        while let Some(&Reverse(key)) = self.heap.peek() {
            if !self.is_dead(key) {
                break;
            }
            self.heap.pop();
        }
    }

    /// Keeps the top live, and the dead keys fewer than the live ones or 64, so that a timer that is set and removed in a
    /// loop needs no memory.
    fn drop_dead_keys(&mut self) {
        if self.heap.len() > 2 * self.len() + 64 {
            let mut heap = std::mem::take(&mut self.heap);
            heap.retain(|key| !self.is_dead(key.0));
            self.heap = heap;
        }
        self.drop_dead_top();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(queue: &mut EventQueue<usize>) -> Vec<usize> {
        std::iter::from_fn(|| queue.pop_due(Instant::MAX)).map(|(_, event)| event).collect()
    }

    #[test]
    fn full_queue_refuses_the_event_and_keeps_the_others() {
        let mut queue = EventQueue::new(1);
        queue.push(Instant::START, 1).unwrap();
        assert_eq!(queue.push(Instant::START, 2), Err(QueueFull { events_max: 1 }));
        assert_eq!(drain(&mut queue), [1]);
    }

    #[test]
    fn an_event_can_be_removed_once() {
        let mut queue = EventQueue::new(4);
        let id = queue.push(Instant::START, 1).unwrap();
        assert_eq!(queue.remove(id), Some(1));
        assert_eq!(queue.remove(id), None);
        let second = queue.push(Instant::START, 2).unwrap();
        assert_eq!(queue.remove(id), None, "the slot is used again, the id is not");
        assert_eq!(queue.remove(second), Some(2));
    }

    #[test]
    fn removed_events_leave_no_memory_behind() {
        let mut queue = EventQueue::new(1_000_000);
        queue.push(Instant::MAX, 0).unwrap();
        for _ in 0..100_000 {
            let id = queue.push(Instant::from_nanos(5), 1).unwrap();
            queue.remove(id).unwrap();
        }
        assert!(queue.heap.len() < 100, "{} keys for one event", queue.heap.len());
        assert!(queue.slots.len() < 100, "{} slots for one event", queue.slots.len());
    }

    proptest! {
        #[test]
        fn pops_in_stable_order_of_due_time(due in prop::collection::vec(0_u64..8, 0..64)) {
            let mut queue = EventQueue::new(64);
            for (event, &due) in due.iter().enumerate() {
                queue.push(Instant::from_nanos(due), event).unwrap();
            }
            let mut model: Vec<usize> = (0..due.len()).collect();
            model.sort_by_key(|&event| due[event]); // stable: equal times keep their order
            prop_assert_eq!(drain(&mut queue), model);
        }

        #[test]
        fn any_mix_of_operations_equals_a_sorted_list(
            operations in prop::collection::vec((0_u8..4, 0_u64..6, any::<prop::sample::Index>()), 0..120)
        ) {
            let mut queue = EventQueue::new(1_000);
            let mut model: Vec<(u64, usize, EventId)> = Vec::new();
            for (event, (operation, time, index)) in operations.into_iter().enumerate() {
                match operation {
                    0 | 1 => {
                        let id = queue.push(Instant::from_nanos(time), event).unwrap();
                        model.push((time, event, id));
                        model.sort_by_key(|&(due, event, _)| (due, event));
                    }
                    2 if !model.is_empty() => {
                        let (_, event, id) = model.remove(index.index(model.len()));
                        prop_assert_eq!(queue.remove(id), Some(event));
                    }
                    _ => {
                        let expected = match model.first() {
                            Some(&(due, event, _)) if due <= time => {
                                model.remove(0);
                                Some((Instant::from_nanos(due), event))
                            }
                            _ => None,
                        };
                        prop_assert_eq!(queue.pop_due(Instant::from_nanos(time)), expected);
                    }
                }
                prop_assert_eq!(queue.len(), model.len());
                let pending = queue.pending().into_iter().map(|(id, due, &event)| (due.as_nanos(), event, id));
                prop_assert_eq!(pending.collect::<Vec<_>>(), &model[..]);
                prop_assert_eq!(queue.next_due(), model.first().map(|entry| Instant::from_nanos(entry.0)));
            }
        }
    }
}
