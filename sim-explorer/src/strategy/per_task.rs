//! Something that a source keeps of each task.

use sim_executor::TaskId;

/// A value for each task, found by the task's index: a later task with that index has a value of its own.
#[derive(Clone, Debug)]
pub(super) struct PerTask<T> {
    slots: Vec<Option<(TaskId, T)>>,
}

impl<T> Default for PerTask<T> {
    fn default() -> Self {
        PerTask { slots: Vec::new() }
    }
}

impl<T> PerTask<T> {
    /// The task's value, which is made if there is none.
    #[inline]
    pub(super) fn entry(&mut self, task: TaskId, make: impl FnOnce() -> T) -> &mut T {
        let index = task.index();
        if !self.slots.get(index).is_some_and(|slot| matches!(slot, Some((owner, _)) if *owner == task)) {
            self.set(task, make());
        }
        &mut self.slots[index].as_mut().expect("it was just made").1
    }

    #[cold]
    fn set(&mut self, task: TaskId, value: T) {
        let index = task.index();
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, || None);
        }
        self.slots[index] = Some((task, value));
    }

    /// The value of the task that has this index now.
    ///
    /// # Panics
    /// If none was made.
    #[inline]
    pub(super) fn at(&mut self, index: usize) -> &mut T {
        &mut self.slots[index].as_mut().expect("the task has a value").1
    }

    /// The task's value, if there is one.
    pub(super) fn get(&self, task: TaskId) -> Option<&T> {
        let (owner, value) = self.slots.get(task.index())?.as_ref()?;
        (*owner == task).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_uses_an_index_again_finds_nothing_of_the_one_before() {
        let mut kept = PerTask::default();
        let (first, second) = (TaskId::from_parts(3, 0), TaskId::from_parts(3, 1));
        *kept.entry(first, || 7) += 1;
        assert_eq!(kept.get(first), Some(&8));
        assert_eq!(kept.get(second), None);
        assert_eq!(kept.entry(second, || 0), &0);
        assert_eq!(kept.get(first), None);
    }
}
