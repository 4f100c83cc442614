//! Who has brought a limit about, and who suffers from it.

use std::rc::Rc;

use super::{Core, Culprit};
use crate::choice::TaskId;
use crate::limits::LimitReached;

/// So many tasks are named.
const NAMES_MAX: usize = 5;

impl Core {
    /// A line for each task that has brought a limit about or suffers from it, as far as it is known.
    pub(crate) fn blame(&mut self, limit: &LimitReached) -> Vec<String> {
        match self.verdict.culprit() {
            Some(Culprit::Hog(hog)) => self.blame_hog(hog),
            Some(Culprit::Starved(task, polls)) => self.blame_order(task, polls),
            None if *limit == LimitReached::polls_per_instant(self.verdict.limits()) => self.blame_busy(),
            None if limit.is_of_time() => self.blame_pending(),
            None => Vec::new(),
        }
    }

    fn blame_hog(&mut self, hog: TaskId) -> Vec<String> {
        let waiting = self.waiting_for_cpu_of(hog);
        let name = self.name_of(hog);
        let mut lines = vec![format!("{name} goes on and on in that poll")];
        if !waiting.is_empty() {
            lines.push(format!("ready meanwhile, and waiting for it: {}", some(&waiting)));
        }
        lines
    }

    fn blame_order(&mut self, task: TaskId, polls: u64) -> Vec<String> {
        let name = self.name_of(task);
        vec![format!("{name} has waited for {polls} polls of other tasks while it was ready")]
    }

    fn blame_busy(&mut self) -> Vec<String> {
        let (busiest, polls) = self.polling.busiest();
        let mut lines = Vec::new();
        for &(task, busy) in busiest.iter().take(NAMES_MAX) {
            let how = match busy.itself {
                0 => "it is woken by others".to_string(),
                itself if itself + 1 >= busy.polls => "it wakes itself each time".to_string(),
                itself => format!("it has woken itself {itself} times"),
            };
            let name = self.name_of(task);
            lines.push(format!("{name} had {} of the last {polls} polls: {how}", busy.polls));
        }
        if busiest.len() > NAMES_MAX {
            lines.push(format!("and {} more tasks were polled", busiest.len() - NAMES_MAX));
        }
        lines
    }

    /// Of a settled run: what was still to come.
    fn blame_pending(&mut self) -> Vec<String> {
        if self.settling.since().is_none() {
            return Vec::new();
        }
        let pending = self.properties.all_pending();
        let line = |name: &str| format!("eventually {name:?} is still pending");
        pending.into_iter().take(NAMES_MAX).map(line).collect()
    }

    /// The names of the tasks that are ready on the node of this one, without it.
    pub(super) fn waiting_for_cpu_of(&mut self, task: TaskId) -> Vec<Rc<str>> {
        let cpu = self.polling.tasks().at(task.index).node();
        self.ready_on(cpu, Some(task))
    }

    /// The names of the tasks that are ready on a CPU, without this one.
    pub(super) fn ready_on(&mut self, cpu: u32, without: Option<TaskId>) -> Vec<Rc<str>> {
        let listed = self.polling.ready().listed(cpu, self.polling.tasks());
        let others = listed.into_iter().filter(|&index| without.is_none_or(|task| task.index != index));
        let lineages: Vec<_> = others.map(|index| self.polling.tasks().at(index).lineage()).collect();
        lineages.into_iter().map(|lineage| self.decisions.lineages_mut().path(lineage)).collect()
    }

    /// The path of names of a task, if it is still there.
    pub(super) fn name_of(&mut self, task: TaskId) -> Rc<str> {
        let Some(slot) = self.polling.tasks().get(task) else { return "a task that has ended".into() };
        let lineage = slot.lineage();
        self.decisions.lineages_mut().path(lineage)
    }
}

/// The first of some names, and how many more there are.
pub(super) fn some(names: &[Rc<str>]) -> String {
    let mut text = names.iter().take(NAMES_MAX).map(|name| &**name).collect::<Vec<_>>().join(", ");
    if names.len() > NAMES_MAX {
        text.push_str(&format!(" and {} more", names.len() - NAMES_MAX));
    }
    text
}
