//! The future event list: what is due, in the order it is due.

mod level;
mod ring;
mod wheel;

use self::wheel::Wheel;
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
    /// The order. It numbers the slots.
    wheel: Wheel,
    slots: Vec<Slot<E>>,
    next_sequence: u64,
    events_max: usize,
}

const SLOTS_MAX: usize = 1 << 24;

#[derive(Debug)]
struct Slot<E> {
    /// The sequence number of the event that is here, or of the one that was last.
    sequence: u64,
    event: Option<E>,
}

impl<E> EventQueue<E> {
    /// An empty queue for at most `events_max` events (and at most 2^24, the number of slots).
    #[must_use]
    pub fn new(events_max: usize) -> Self {
        EventQueue {
            wheel: Wheel::new(),
            slots: Vec::new(),
            next_sequence: 0,
            events_max: events_max.min(SLOTS_MAX),
        }
    }

    /// Holds so many events at most from now on; those that are pending stay.
    pub(crate) fn limit_to(&mut self, events_max: usize) {
        self.events_max = events_max.min(SLOTS_MAX);
    }

    /// Whether another event would be refused.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.events_max
    }

    /// Adds an event.
    ///
    /// # Errors
    /// When the queue is full, and the event is lost.
    #[inline(always)]
    pub fn push(&mut self, due: Instant, event: E) -> Result<EventId, QueueFull> {
        if self.is_full() {
            return Err(QueueFull { events_max: self.events_max });
        }
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let slot = self.wheel.insert(due.as_nanos(), sequence);
        let filled = Slot { sequence, event: Some(event) };
        match self.slots.get_mut(slot as usize) {
            Some(free) => *free = filled,
            None => self.slots.push(filled),
        }
        Ok(EventId { slot, sequence })
    }

    /// Takes an event out before it is due; `None` if it has been taken already.
    #[inline(always)]
    pub fn remove(&mut self, id: EventId) -> Option<E> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.sequence != id.sequence {
            return None;
        }
        let event = slot.event.take()?;
        self.wheel.remove(id.slot, id.sequence);
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
        let mut pending: Vec<_> = self.live().collect();
        pending.sort_unstable_by_key(|&(id, due, _)| (due, id.sequence));
        pending
    }

    /// Whether such an event is pending. That takes time in proportion to all, if there is none.
    pub(crate) fn any(&self, is_wanted: impl Fn(&E) -> bool) -> bool {
        self.live().any(|(_, _, event)| is_wanted(event))
    }

    /// When the first event is due.
    #[inline]
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.wheel.first_due().map(Instant::from_nanos)
    }

    /// Whether the first event is due at `now` or before.
    #[inline]
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        self.wheel.first_due().is_some_and(|due| due <= now.as_nanos())
    }

    /// Takes the first event if it is due at `now` or before.
    #[inline]
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, E)> {
        let (due, slot) = self.wheel.pop_due(now.as_nanos())?;
        let event = self.slots[slot as usize].event.take();
        Some((Instant::from_nanos(due), event.expect("what is due is pending")))
    }

    /// How many events are pending.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.wheel.len()
    }

    /// Whether nothing is pending.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives events other due times. Those that are due together afterwards keep the order of their creation.
    pub(crate) fn reschedule(&mut self, due: impl Fn(Instant, &E) -> Instant) {
        let moved =
            self.live().map(|(id, before, event)| (id.sequence, id.slot, due(before, event).as_nanos()));
        let mut moved: Vec<_> = moved.collect();
        moved.sort_unstable();
        self.wheel.replace(&moved);
    }

    /// Removes everything; ids given before stay dead.
    pub fn clear(&mut self) {
        self.wheel.clear();
        for slot in &mut self.slots {
            slot.event = None;
        }
    }

    #[cfg(test)]
    pub(crate) fn has_memory(&self) -> bool {
        self.slots.capacity() > 0
    }

    /// All that is pending, in the order of the slots.
    fn live(&self) -> impl Iterator<Item = (EventId, Instant, &E)> {
        self.slots.iter().zip(0_u32..).filter_map(|(slot, number)| {
            let id = EventId { slot: number, sequence: slot.sequence };
            Some((id, Instant::from_nanos(self.wheel.due(number)), slot.event.as_ref()?))
        })
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
        assert!(queue.slots.len() < 100, "{} slots for one event", queue.slots.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

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
            operations in prop::collection::vec((0_u8..24, due(), any::<prop::sample::Index>()), 0..150),
            (pushed_first, spread) in (0_usize..80, prop::sample::select(vec![0_u32, 3, 7, 20])),
        ) {
            let mut both = Both { queue: EventQueue::new(EVENTS_MAX), model: Vec::new(), dead: Vec::new(), now: 0 };
            for (event, (operation, due, index)) in operations.into_iter().enumerate() {
                let operation = if event < pushed_first { operation % 9 } else { operation };
                both.run(event, operation, due, spread, index);
                both.compare();
            }
            both.now = END;
            while !both.model.is_empty() {
                both.pop();
                both.compare();
            }
        }
    }

    const EVENTS_MAX: usize = 100;

    /// The last time that there is.
    const END: u64 = Instant::MAX.as_nanos();

    /// Few and equal, near each other, at any distance, and at the end of time.
    fn due() -> impl Strategy<Value = u64> {
        let any_magnitude = (1_u32..64, any::<u64>()).prop_map(|(shift, nanos)| nanos >> shift);
        prop_oneof![4 => 0_u64..6, 4 => 0_u64..5_000, 4 => any_magnitude, 1 => (0_u64..3).prop_map(|back| END - back)]
    }

    /// A queue beside an obviously correct one.
    struct Both {
        queue: EventQueue<usize>,
        /// (due, event, id), sorted.
        model: Vec<(u64, usize, EventId)>,
        dead: Vec<EventId>,
        now: u64,
    }

    impl Both {
        fn run(&mut self, event: usize, operation: u8, due: u64, spread: u32, index: prop::sample::Index) {
            let count = self.model.len();
            match operation {
                0..5 => self.push(self.now.saturating_add(due << spread).min(END), event),
                5..8 => self.push(due, event), // also before what was popped
                8 if count > 0 => self.push(self.model[index.index(count)].0, event),
                9..12 if count > 0 => self.remove(index.index(count)),
                12..16 if count > 0 => self.remove(0),
                16 => self.now = self.now.saturating_add(due).min(END),
                17 if count > 0 => {
                    self.now = self.now.max(self.model[index.index(count)].0);
                    self.pop();
                }
                18 if due < 3 => {
                    self.queue.clear();
                    self.dead.extend(self.model.drain(..).map(|(_, _, id)| id));
                }
                19 => self.reschedule(due),
                20 if !self.dead.is_empty() => {
                    let dead = self.dead[index.index(self.dead.len())];
                    assert_eq!((self.queue.remove(dead), self.queue.get_mut(dead)), (None, None));
                }
                _ => {
                    self.now = self.model.first().map_or(0, |first| first.0).max(self.now);
                    self.pop();
                }
            }
        }

        fn push(&mut self, due: u64, event: usize) {
            let pushed = self.queue.push(Instant::from_nanos(due), event);
            if self.model.len() == EVENTS_MAX {
                assert_eq!(pushed, Err(QueueFull { events_max: EVENTS_MAX }));
            } else {
                self.model.push((due, event, pushed.unwrap()));
                self.model.sort_unstable_by_key(|&(due, event, _)| (due, event));
            }
        }

        fn remove(&mut self, place: usize) {
            let (_, event, id) = self.model.remove(place);
            assert_eq!(self.queue.get_mut(id), Some(&mut event.clone()));
            assert_eq!(self.queue.remove(id), Some(event));
            self.dead.push(id);
        }

        fn pop(&mut self) {
            let expected = self.model.first().filter(|first| first.0 <= self.now).copied();
            if let Some((_, _, id)) = expected {
                self.model.remove(0);
                self.dead.push(id);
            }
            let expected = expected.map(|(due, event, _)| (Instant::from_nanos(due), event));
            assert_eq!(self.queue.pop_due(Instant::from_nanos(self.now)), expected);
        }

        /// Moves every third event.
        fn reschedule(&mut self, by: u64) {
            let moved = |due: u64, event: usize| if event.is_multiple_of(3) { due / 2 + by / 2 } else { due };
            self.queue.reschedule(|due, &event| Instant::from_nanos(moved(due.as_nanos(), event)));
            for (due, event, _) in &mut self.model {
                *due = moved(*due, *event);
            }
            self.model.sort_unstable_by_key(|&(due, event, _)| (due, event));
        }

        fn compare(&self) {
            assert_eq!((self.queue.len(), self.queue.is_empty()), (self.model.len(), self.model.is_empty()));
            let pending =
                self.queue.pending().into_iter().map(|(id, due, &event)| (due.as_nanos(), event, id));
            assert_eq!(pending.collect::<Vec<_>>(), self.model);
            let next_due = self.queue.next_due().map(Instant::as_nanos);
            assert_eq!(next_due, self.model.first().map(|first| first.0));
        }
    }
}
