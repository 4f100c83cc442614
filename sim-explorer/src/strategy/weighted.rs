//! The tasks that may be polled, each with a weight, by which one of them is drawn.

use sim_executor::{Ready, ReadyId};

use super::ready_tasks::most_listed;

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
    tasks: Vec<(ReadyId, u64)>,
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
    #[inline]
    pub(super) fn add(&mut self, task: ReadyId, weight: u64) {
        let number = class_of(weight);
        let class = &mut self.classes[number];
        class.tasks.push((task, weight));
        class.total += weight;
        self.used |= 1 << number;
        self.listed += 1;
    }

    /// Takes a task with a probability in proportion to its weight. `draw` gives sixty-four bits.
    #[inline]
    pub(super) fn take(&mut self, draw: &mut impl FnMut() -> u64) -> Option<ReadyId> {
        if self.used == 0 {
            return None;
        }
        let number = self.draw_class(draw);
        let class = &self.classes[number];
        // The greatest weight that the class may have. In the first one all weigh one.
        let most = u64::MAX >> (CLASSES - 1 - number);
        loop {
            let (place, rest) = below(draw(), class.tasks.len() as u64);
            let (task, weight) = class.tasks[place as usize];
            // What the place has left of the draw is as random.
            if number == 0 || below(rest, most).0 < weight {
                self.remove(number, place as usize);
                return Some(task);
            }
        }
    }

    fn draw_class(&self, draw: &mut impl FnMut() -> u64) -> usize {
        if self.used.is_power_of_two() {
            return self.used.trailing_zeros() as usize;
        }
        let total = self.used_classes().map(|number| self.classes[number].total).sum();
        let mut drawn = below(draw(), total).0;
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

    /// Forgets those that are no longer ready, if they are many.
    #[inline]
    pub(super) fn tidy(&mut self, ready: &Ready<'_>) {
        if self.listed > most_listed(ready) {
            self.forget_gone(ready);
        }
    }

    #[cold]
    fn forget_gone(&mut self, ready: &Ready<'_>) {
        for number in self.used_classes() {
            let class = &mut self.classes[number];
            class.tasks.retain(|(task, _)| ready.is_ready(*task));
            class.total = class.tasks.iter().map(|(_, weight)| weight).sum();
            if class.tasks.is_empty() {
                self.used &= !(1 << number);
            }
        }
        self.listed = self.classes.iter().map(|class| class.tasks.len()).sum();
    }
}

/// A number below `bound`, and what is left of the draw.
#[inline]
fn below(draw: u64, bound: u64) -> (u64, u64) {
    let scaled = u128::from(draw) * u128::from(bound);
    ((scaled >> 64) as u64, scaled as u64)
}
