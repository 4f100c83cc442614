//! The beginning of a task.

use std::borrow::Cow;
use std::future::Future;
use std::panic::Location;

use super::Core;
use crate::choice::{FactKinds, LineageId, TaskId, hash_str};
use crate::limits::LimitReached;
use crate::task::{Memory, NewTask, NodeId};

type Name = Option<Cow<'static, str>>;

/// The task of a `block_on`.
#[derive(Clone, Copy)]
struct Root {
    /// Whether that of an earlier call has not ended.
    shares_lineage: bool,
}

impl Core {
    /// Spawns a task of the current node, as a child of the current task, or of the part of the workload in which that is.
    #[inline]
    pub(crate) fn spawn<F>(&mut self, name: Name, future: F, at: &'static Location<'static>) -> TaskId
    where
        F: Future + 'static,
    {
        let (parent, node) = match self.polling.current_slot() {
            Some(slot) => (self.span.unwrap_or(slot.lineage()), self.nodes.host_of(slot.node())),
            None => (self.nodes.lineage(NodeId(0)), NodeId(0)),
        };
        self.spawn_child(node, parent, name, future, at)
    }

    /// Spawns a task of a node, as a child of the node.
    pub(crate) fn spawn_on<F>(
        &mut self,
        node: NodeId,
        name: Name,
        future: F,
        at: &'static Location<'static>,
    ) -> TaskId
    where
        F: Future + 'static,
    {
        self.spawn_child(node, self.nodes.lineage(node), name, future, at)
    }

    /// Spawns the task of a `block_on`, which bears the name of the node `main`.
    pub(crate) fn spawn_root<F>(&mut self, future: F, at: &'static Location<'static>) -> TaskId
    where
        F: Future + 'static,
    {
        let (lineage, kind) = (self.nodes.lineage(NodeId(0)), self.polling.kinds_mut().of::<F>());
        let lineages = self.decisions.lineages_mut();
        lineages.retain(lineage);
        let lineage = (lineage, lineages.hash(lineage));
        let shares_lineage = self.share_lineage_of_roots();
        self.begin_task(NodeId(0), lineage, Some(Root { shares_lineage }), kind.number, future, at)
    }

    /// Lets the tasks of earlier calls of `block_on` share their lineage, those too that have ended and are not removed yet;
    /// whether one goes on.
    fn share_lineage_of_roots(&mut self) -> bool {
        let tasks = self.polling.tasks();
        if tasks.len() == 0 {
            return false;
        }
        let earlier: Vec<TaskId> = tasks.alive().into_iter().chain(tasks.ended()).collect();
        let mut goes_on = false;
        for task in earlier {
            let (slot, background) = self.polling.whole_mut(task.index);
            if slot.is_root() {
                slot.share_lineage(background, self.decisions.lineages_mut());
                goes_on |= !slot.has_ended();
            }
        }
        goes_on
    }

    #[inline]
    fn spawn_child<F>(
        &mut self,
        node: NodeId,
        parent: LineageId,
        name: Name,
        future: F,
        spawned_at: &'static Location<'static>,
    ) -> TaskId
    where
        F: Future + 'static,
    {
        let kind = self.polling.kinds_mut().of::<F>();
        let lineages = self.decisions.lineages_mut();
        let lineage = match name {
            Some(name) => {
                let hash = hash_str(&name);
                lineages.child_hashed(parent, name, hash)
            }
            None => lineages.child_hashed(parent, Cow::Borrowed(kind.name), kind.name_hash),
        };
        self.begin_task(node, lineage, None, kind.number, future, spawned_at)
    }

    #[inline]
    fn begin_task<F>(
        &mut self,
        node: NodeId,
        (lineage, lineage_hash): (LineageId, u64),
        root: Option<Root>,
        kind: u32,
        future: F,
        spawned_at: &'static Location<'static>,
    ) -> TaskId
    where
        F: Future + 'static,
    {
        self.decisions.hash(lineage_hash);
        let new = NewTask {
            node: node.0,
            kind,
            lineage,
            lineage_hash,
            is_root: root.is_some(),
            shares_lineage: root.is_some_and(|root| root.shares_lineage),
            spawned_at,
        };
        let tasks_max = self.verdict.limits().tasks_max;
        let task = match self.polling.add(tasks_max, new, future) {
            Ok(task) => task,
            Err(memory) => return self.refuse(lineage, memory),
        };
        if self.traces_all() {
            self.record_spawn(lineage);
        }
        if self.facts.has(FactKinds::SPAWNS) {
            self.note_spawn(task, lineage_hash);
        }
        self.make_new_ready(task);
        task
    }

    /// There is no room for a task. The run ends after this poll, and the task's future is dropped then, with nothing borrowed.
    #[cold]
    #[inline(never)]
    fn refuse(&mut self, lineage: LineageId, memory: Memory) -> TaskId {
        self.limit_reached(LimitReached::tasks);
        self.polling.refuse(memory);
        self.decisions.lineages_mut().release(lineage);
        TaskId::REFUSED
    }

    /// How many tasks may have been spawned in the run when it ends now: those that were, and so many by `Drop` code.
    pub(crate) fn spawned_until_the_end(&self) -> u64 {
        let tasks = self.polling.tasks();
        tasks.spawned().saturating_add(self.verdict.limits().polls_per_instant_of(tasks.most()))
    }

    /// Whether the end of the run comes to no end, as the `Drop` code of tasks spawns others: a limit is reached with that.
    pub(crate) fn is_dropping_for_ever(&mut self, spawned_max: u64) -> bool {
        let is_for_ever = self.polling.tasks().spawned() > spawned_max;
        if is_for_ever {
            self.limit_reached(LimitReached::drops);
        }
        is_for_ever
    }
}
