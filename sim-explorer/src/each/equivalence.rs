//! Which runs are one run but for the order of polls that touch nothing in common.

use sim_executor::{Access, Fact, Key, Resource, TaskId, Value, hash_str, mix};

use crate::touches::Touches;

/// A run as the partial order of its polls, in one number: two runs have the same one if each can be made from the other by
/// letting polls change places that stand next to each other, touch nothing in common, and tell all that they touch (a *trace* in the sense of
/// Mazurkiewicz, 1977). A poll that does not tell all may depend on each other poll, and keeps its place.
///
/// The name of a poll is who makes it, which of its polls it is, when, and after which touches of the same resources. The sum of
/// these names does not depend on their order; a poll that keeps its place has the sum before it in its name, and all later ones have it in theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Equivalence {
    sum: u64,
    /// The last poll that keeps its place.
    last_fixed: u64,
    shared: Touches,
    /// The poll that goes on, or was the last.
    poll: Option<Poll>,
    /// Whether some poll has told all.
    tells: bool,
}

#[derive(Clone, Debug)]
struct Poll {
    task: TaskId,
    name: u64,
    touches: Vec<(Resource, Access)>,
    tells_all: bool,
    is_over: bool,
}

impl Equivalence {
    /// Takes note of what happens.
    pub(super) fn observe(&mut self, fact: &Fact) {
        match *fact {
            Fact::PollBegun { task, lineage, key, now } => {
                self.end_poll();
                let name = mix(mix(mix(lineage, key.stream), u64::from(key.ordinal)), now.as_nanos());
                let poll = Poll { task, name, touches: Vec::new(), tells_all: false, is_over: false };
                self.poll = Some(poll);
            }
            Fact::TellsAll { task } => {
                self.tells = true;
                if let Some(poll) = self.poll.as_mut().filter(|poll| poll.task == task) {
                    poll.tells_all = true;
                }
            }
            // The end of a task is told after that of its last poll.
            Fact::Accessed { task, resource, access, .. } => match &mut self.poll {
                Some(poll) if poll.task == task => poll.touches.push((resource, access)),
                _ => self.fix(resource.number()),
            },
            Fact::PollEnded { .. } => {
                if let Some(poll) = &mut self.poll {
                    poll.is_over = true;
                }
            }
            _ => {}
        }
    }

    /// Takes note of an answer other than the gentlest to a question that is none about the order.
    pub(super) fn answer(&mut self, key: Key, value: Value) {
        let word = match value {
            Value::Flag(flag) => u64::from(flag),
            Value::Int(int) => int,
            Value::Pick { .. } => return,
        };
        let name = mix(mix(key.stream, u64::from(key.ordinal)), word);
        match &mut self.poll {
            Some(poll) if !poll.is_over => poll.name = mix(poll.name, name),
            _ => self.fix(name),
        }
    }

    /// The number; `None` where no poll tells all, so that every other order is another run.
    pub(super) fn number(&mut self) -> Option<u64> {
        self.end_poll();
        self.tells.then(|| mix(self.sum, hash_str("equivalence")))
    }

    fn end_poll(&mut self) {
        let Some(Poll { name, touches, tells_all, .. }) = self.poll.take() else { return };
        if !tells_all {
            let touched = |sum, (resource, access): (Resource, Access)| {
                mix(sum, resource.number() ^ u64::from(access == Access::Write))
            };
            return self.fix(touches.into_iter().fold(name, touched));
        }
        let name = mix(name, self.last_fixed);
        self.sum = self.sum.wrapping_add(name);
        for (resource, access) in touches {
            self.sum = self.sum.wrapping_add(self.shared.add(name, resource, access));
        }
    }

    /// Something that keeps its place: all that was before it is before it, and all that comes after.
    fn fix(&mut self, name: u64) {
        self.end_poll();
        self.last_fixed = mix(mix(name, self.sum), self.last_fixed);
        self.sum = self.sum.wrapping_add(self.last_fixed);
        self.shared.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Instant, Label};

    use Access::{Read, Write};

    /// A poll: whose, whether it tells all, and what it touches.
    type Told = (u32, bool, &'static [(u64, Access)]);

    fn number(polls: &[Told]) -> Option<u64> {
        let mut run = Equivalence::default();
        for (at, (number, tells, touches)) in polls.iter().enumerate() {
            let task = TaskId::from_parts(*number, 0);
            let ordinal = polls[..at].iter().filter(|(other, ..)| other == number).count() as u32;
            let key = Key { stream: u64::from(*number), ordinal };
            run.observe(&Fact::PollBegun { task, lineage: 7, key, now: Instant::START });
            if *tells {
                run.observe(&Fact::TellsAll { task });
            }
            for (resource, access) in *touches {
                let resource = Resource::new(Label::new("test"), *resource);
                run.observe(&Fact::Accessed { task, key, resource, access: *access });
            }
            run.observe(&Fact::PollEnded { task, has_ended: false });
        }
        run.number()
    }

    const ONE: Told = (1, true, &[(1, Write)]);
    const TWO: Told = (2, true, &[(2, Write)]);
    const READS: Told = (3, true, &[(1, Read)]);
    const READS_TOO: Told = (4, true, &[(1, Read)]);
    const SILENT: Told = (5, false, &[]);

    #[test]
    fn only_polls_that_touch_nothing_in_common_may_change_places() {
        assert_eq!(number(&[ONE, TWO]), number(&[TWO, ONE]));
        assert_eq!(number(&[READS, READS_TOO, TWO]), number(&[TWO, READS_TOO, READS]));
        assert_ne!(number(&[READS, ONE]), number(&[ONE, READS]));
        assert_ne!(number(&[ONE, (6, true, &[(1, Write)])]), number(&[(6, true, &[(1, Write)]), ONE]));
        assert_ne!(number(&[ONE]), number(&[ONE, TWO]));
    }

    #[test]
    fn a_poll_that_does_not_tell_all_keeps_its_place() {
        assert_ne!(number(&[ONE, SILENT]), number(&[SILENT, ONE]));
        assert_ne!(number(&[ONE, SILENT, TWO]), number(&[TWO, SILENT, ONE]));
        assert_eq!(number(&[SILENT, ONE, TWO]), number(&[SILENT, TWO, ONE]));
        assert_eq!(number(&[SILENT, SILENT]), None);
    }

    #[test]
    fn an_answer_belongs_to_the_poll_in_which_it_is_given_and_has_its_place_between_polls() {
        let with_answer = |first: Told, at: usize, is_inside: bool| {
            let mut run = Equivalence::default();
            let second = if first == ONE { TWO } else { ONE };
            for (place, (number, ..)) in [first, second].into_iter().enumerate() {
                let task = TaskId::from_parts(number, 0);
                let key = Key { stream: u64::from(number), ordinal: 0 };
                run.observe(&Fact::PollBegun { task, lineage: 7, key, now: Instant::START });
                run.observe(&Fact::TellsAll { task });
                let answer = |run: &mut Equivalence| run.answer(Key { stream: 9, ordinal: 0 }, Value::Int(3));
                if place == at && is_inside {
                    answer(&mut run);
                }
                run.observe(&Fact::PollEnded { task, has_ended: false });
                if place == at && !is_inside {
                    answer(&mut run);
                }
            }
            run.number()
        };
        assert_eq!(with_answer(ONE, 0, true), with_answer(TWO, 1, true));
        assert_ne!(with_answer(ONE, 0, true), with_answer(ONE, 1, true));
        assert_ne!(with_answer(ONE, 0, false), with_answer(TWO, 0, false));
        assert_ne!(with_answer(ONE, 0, false), with_answer(ONE, 1, false));
    }
}
