//! How a guided search makes a run from others.

use std::collections::BTreeMap;

use sim_executor::{Value, hash_str};

use super::corpus::Kept;
use crate::exceptions::{Exceptions, Realised, TurnException, ValueException};
use crate::strategy::Draws;

/// So many answers to the questions of one name are kept.
const ANSWERS_MAX: usize = 16;

/// Of a run at most so many changes are made.
const CHANGES_MAX: u64 = 4;

/// How far from a step another task is looked for whose turn it could be there.
const NEAR: u64 = 8;

/// Changes the exceptions of runs that were kept.
#[derive(Clone, Debug)]
pub(super) struct Mutator {
    draws: Draws,
    /// Answers that runs have given, by the stream of the question.
    answers: BTreeMap<u64, Vec<Value>>,
}

impl Mutator {
    pub(super) fn new(seed: u64) -> Self {
        const STREAM: u64 = hash_str("guided:mutate");
        Mutator { draws: Draws::new(seed, STREAM), answers: BTreeMap::new() }
    }

    /// Takes note of the answers that a run has given.
    pub(super) fn learn(&mut self, run: &Realised) {
        for asked in &run.asked {
            let answers = self.answers.entry(asked.key.stream).or_default();
            if !answers.contains(&asked.value) {
                if answers.len() < ANSWERS_MAX {
                    answers.push(asked.value);
                } else {
                    let place = self.draws.below(ANSWERS_MAX as u64) as usize;
                    answers[place] = asked.value;
                }
            }
        }
    }

    /// A run made from those, of which there is one at least.
    pub(super) fn mutated(&mut self, kept: &[Kept]) -> Exceptions {
        // The younger a run is, the more probably it is the parent.
        let [one, other] = [(); 2].map(|()| self.draws.below(kept.len() as u64) as usize);
        let (parent, other) = (&kept[one.max(other)], &kept[one.min(other)]);
        let mut child = parent.exceptions.clone();
        for _ in 0..=self.draws.below(CHANGES_MAX) {
            match self.draws.below(8) {
                0 => self.delete(&mut child),
                1 | 2 => self.flip(&mut child),
                3 => self.splice(&mut child, other),
                4 | 5 => self.insert_value(&mut child, parent),
                _ => self.insert_turn(&mut child, parent),
            }
        }
        child
    }

    fn place(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| self.draws.below(length as u64) as usize)
    }

    /// Takes out some exceptions that follow each other.
    fn delete(&mut self, child: &mut Exceptions) {
        if self.draws.says_yes(1, 2) {
            let Some(from) = self.place(child.schedule.len()) else { return };
            let count = 1 + self.draws.below((child.schedule.len() - from) as u64) as usize;
            child.schedule.drain(from..from + count);
        } else {
            let Some(from) = self.place(child.values.len()) else { return };
            let count = 1 + self.draws.below((child.values.len() - from) as u64) as usize;
            child.values.drain(from..from + count);
        }
    }

    /// Gives one exception another answer.
    fn flip(&mut self, child: &mut Exceptions) {
        if self.draws.says_yes(1, 2) {
            let Some(place) = self.place(child.schedule.len()) else { return };
            let Some(other) = self.place(child.schedule.len()) else { return };
            child.schedule[place].run = child.schedule[other].run;
        } else {
            let Some(place) = self.place(child.values.len()) else { return };
            let exception = child.values[place];
            child.values[place].value = self.answer(&exception);
        }
    }

    /// Another answer to the same question: one that some run has given, or one that is drawn.
    fn answer(&mut self, exception: &ValueException) -> Value {
        let known = self.answers.get(&exception.key.stream).map_or(0, Vec::len);
        if known > 0 && self.draws.says_yes(3, 4) {
            let place = self.draws.below(known as u64) as usize;
            return self.answers[&exception.key.stream][place];
        }
        match exception.value {
            Value::Flag(flag) => Value::Flag(!flag),
            // An answer that may not be given is as if there were none.
            Value::Int(number) => Value::Int(match self.draws.below(4) {
                0 => number.saturating_add(1),
                1 => number.saturating_sub(1),
                2 => number.saturating_mul(2),
                _ => number / 2,
            }),
            pick @ Value::Pick { .. } => pick,
        }
    }

    /// Joins the beginning of a run with the rest of another.
    fn splice(&mut self, child: &mut Exceptions, other: &Kept) {
        let other = &other.exceptions;
        let kept = self.draws.below(child.schedule.len() as u64 + 1) as usize;
        child.schedule.truncate(kept);
        let from = self.draws.below(other.schedule.len() as u64 + 1) as usize;
        child.schedule.extend_from_slice(&other.schedule[from..]);
        let from = self.draws.below(other.values.len() as u64 + 1) as usize;
        child.values.extend_from_slice(&other.values[from..]);
    }

    /// Answers a question otherwise that was asked in the parent.
    fn insert_value(&mut self, child: &mut Exceptions, parent: &Kept) {
        let Some(place) = self.place(parent.asked.len()) else { return };
        let asked = parent.asked[place];
        let value = self.answer(&ValueException { key: asked.key, value: asked.gentlest });
        // The last of one name counts.
        child.values.push(ValueException { key: asked.key, value });
    }

    /// Lets a task have its turn that had it a little before or after in the parent.
    fn insert_turn(&mut self, child: &mut Exceptions, parent: &Kept) {
        let Some(place) = self.place(parent.steps.len()) else { return };
        let from = place.saturating_sub(NEAR as usize);
        let near = &parent.steps[from..parent.steps.len().min(place + 1 + NEAR as usize)];
        let run = near[self.draws.below(near.len() as u64) as usize].run;
        child.schedule.push(TurnException { after: parent.steps[place].after, run });
    }
}
