//! The tasks that may be polled, each with a weight, by which one of them is drawn.

use std::ops::ControlFlow;

use sim_executor::{Candidate, Candidates, Eligibility};

use super::ready_tasks::is_listed;

/// How often a task is drawn again since the one that was may not be polled now, before all are looked at.
const DRAWS_MAX: u32 = 16;

/// Classes of weights, one for each power of two. In a class none weighs more than twice as much as another, so that to draw a
/// place in it, and to take the task there with the probability that its weight has, comes to an end after two draws or so.
const CLASSES: usize = 64;

/// Ready tasks with weights above zero. Adding one, and drawing one in proportion to the weights, takes as long for many as for
/// few.
#[derive(Clone, Debug)]
pub(super) struct WeightedTasks {
    classes: [Class; CLASSES],
    /// Which classes have tasks, a bit for each.
    used: u64,
    listed: usize,
}

#[derive(Clone, Debug, Default)]
struct Class {
    tasks: Vec<(Candidate, u64)>,
    total: u64,
}

impl Default for WeightedTasks {
    fn default() -> Self {
        WeightedTasks { classes: std::array::from_fn(|_| Class::default()), used: 0, listed: 0 }
    }
}

fn class_of(weight: u64) -> usize {
    weight.ilog2() as usize
}

impl WeightedTasks {
    /// Adds a task.
    pub(super) fn add(&mut self, task: Candidate, weight: u64) {
        let number = class_of(weight);
        let class = &mut self.classes[number];
        class.tasks.push((task, weight));
        class.total += weight;
        self.used |= 1 << number;
        self.listed += 1;
    }

    /// Takes a task that may be polled, with a probability in proportion to its weight among those that may. `draw_below` gives
    /// a number below its bound.
    pub(super) fn take(
        &mut self,
        candidates: &dyn Candidates,
        mut draw_below: impl FnMut(u64) -> u64,
    ) -> Option<Candidate> {
        self.tidy(candidates);
        let mut held = 0;
        while held < DRAWS_MAX && self.used != 0 {
            let (class, place) = self.draw(&mut draw_below);
            let (task, _) = self.classes[class].tasks[place];
            match candidates.eligibility(task.task.index() as u32, task.stamp) {
                Eligibility::Ready(ready) => {
                    self.remove(class, place);
                    return Some(ready);
                }
                Eligibility::Held => held += 1,
                Eligibility::Gone => self.remove(class, place),
            }
        }
        self.take_after_a_look(candidates, draw_below)
    }

    /// The class and the place of a task, drawn by the weights.
    fn draw(&self, draw_below: &mut impl FnMut(u64) -> u64) -> (usize, usize) {
        let number = self.draw_class(draw_below);
        let class = &self.classes[number];
        // The greatest weight that the class may have. In the first one all weigh one.
        let most = u64::MAX >> (CLASSES - 1 - number);
        loop {
            let place = draw_below(class.tasks.len() as u64) as usize;
            if number == 0 || draw_below(most) < class.tasks[place].1 {
                return (number, place);
            }
        }
    }

    fn draw_class(&self, draw_below: &mut impl FnMut(u64) -> u64) -> usize {
        if self.used.is_power_of_two() {
            return self.used.trailing_zeros() as usize;
        }
        let total = self.used_classes().map(|number| self.classes[number].total).sum();
        let mut drawn = draw_below(total);
        for number in self.used_classes() {
            let of_class = self.classes[number].total;
            if drawn < of_class {
                return number;
            }
            drawn -= of_class;
        }
        panic!("a number below the sum of the classes is in one of them")
    }

    fn used_classes(&self) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.used;
        std::iter::from_fn(move || {
            let next = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(next)
        })
    }

    fn remove(&mut self, number: usize, place: usize) {
        let class = &mut self.classes[number];
        let (_, weight) = class.tasks.swap_remove(place);
        class.total -= weight;
        self.listed -= 1;
        if class.tasks.is_empty() {
            self.used &= !(1 << number);
        }
    }

    /// Forgets those that are gone, if they are many.
    fn tidy(&mut self, candidates: &dyn Candidates) {
        if self.listed <= 2 * candidates.count() + 64 {
            return;
        }
        for number in self.used_classes() {
            let class = &mut self.classes[number];
            class.tasks.retain(|(task, _)| is_listed(candidates, task));
            class.total = class.tasks.iter().map(|(_, weight)| weight).sum();
            if class.tasks.is_empty() {
                self.used &= !(1 << number);
            }
        }
        self.listed = self.classes.iter().map(|class| class.tasks.len()).sum();
    }

    /// Most that are ready may not be polled now: draws among the others only.
    #[cold]
    fn take_after_a_look(
        &mut self,
        candidates: &dyn Candidates,
        draw_below: impl FnOnce(u64) -> u64,
    ) -> Option<Candidate> {
        let (mut eligible, mut total) = (Vec::new(), 0);
        for number in self.used_classes() {
            for (place, (task, weight)) in self.classes[number].tasks.iter().enumerate() {
                if let Eligibility::Ready(ready) =
                    candidates.eligibility(task.task.index() as u32, task.stamp)
                {
                    total += weight;
                    eligible.push((total, ready, number, place));
                }
            }
        }
        if total == 0 {
            return first(candidates);
        }
        let drawn = draw_below(total);
        let (_, task, number, place) = eligible[eligible.partition_point(|(up_to, ..)| *up_to <= drawn)];
        self.remove(number, place);
        Some(task)
    }
}

/// The first candidate there is: for what was never told to be fresh.
fn first(candidates: &dyn Candidates) -> Option<Candidate> {
    let mut first = None;
    candidates.visit(&mut |candidate| {
        first = Some(candidate);
        ControlFlow::Break(())
    });
    first
}
