//! What a run knows of a primitive that was used: who has it, and who was last at its ends.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sim_executor::context::{self, RunTag};
use sim_executor::{Instant, TaskId};

use super::book;
use super::operation::Operation;

/// An end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Sender,
    Receiver,
}

/// A task that has some of it.
#[derive(Clone, Copy, Debug)]
struct Holder {
    number: u64,
    task: TaskId,
    since: Instant,
    permits: usize,
}

/// What changes. All of it belongs to one run: what an earlier one has left is forgotten.
#[derive(Debug, Default)]
struct State {
    run: Option<RunTag>,
    /// Its place in the book of the run, if it has one.
    place: Option<u64>,
    holders: Vec<Holder>,
    held: u64,
    sender: Option<TaskId>,
    receiver: Option<TaskId>,
}

/// A primitive that was used.
pub(super) struct Known {
    word: &'static str,
    name: Option<String>,
    made_at: &'static Location<'static>,
    made_by: Option<(u64, u32)>,
    state: Mutex<State>,
}

/// A part of a primitive that a task has, until it is dropped.
pub(super) struct Held {
    known: Arc<Known>,
    number: u64,
}

impl Known {
    pub(super) fn new(
        word: &'static str,
        name: Option<String>,
        made_at: &'static Location<'static>,
        made_by: Option<(u64, u32)>,
    ) -> Self {
        Known { word, name, made_at, made_by, state: Mutex::default() }
    }

    /// What is known in the current run; outside of runs, in the last.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if context::in_run() && !state.run.is_some_and(RunTag::is_current) {
            *state = State { run: Some(RunTag::current()), ..State::default() };
        }
        state
    }

    /// Its place in the book of the run, which `give` gives to it if it has none.
    pub(super) fn place(&self, give: impl FnOnce() -> u64) -> u64 {
        *self.state().place.get_or_insert_with(give)
    }

    pub(super) fn hold(known: &Arc<Known>, permits: usize) -> Option<Held> {
        let task = context::current_task()?;
        if context::looks_for_leaks() {
            book::enter(known);
        }
        let mut state = known.state();
        let number = state.held;
        state.held += 1;
        state.holders.push(Holder { number, task, since: context::now(), permits });
        drop(state);
        Some(Held { known: Arc::clone(known), number })
    }

    pub(super) fn note_user(&self, side: Side) {
        let task = context::current_task();
        let mut state = self.state();
        match side {
            Side::Sender => state.sender = task,
            Side::Receiver => state.receiver = task,
        }
    }

    /// On whom it depends that somebody goes on who waits at this operation.
    pub(super) fn holders(&self, operation: Operation) -> Vec<TaskId> {
        let state = self.state();
        match operation {
            Operation::Receive => state.sender.into_iter().collect(),
            Operation::Send => state.receiver.into_iter().collect(),
            _ => state.holders.iter().map(|holder| holder.task).collect(),
        }
    }

    /// A line for each part of it that a task has: `lock "accounts" held by bank/teller#2 since 0.027`.
    pub(super) fn all_held(&self) -> Vec<String> {
        let state = self.state();
        let line = |holder: &Holder| {
            let Holder { task, since, permits, .. } = holder;
            let permits = if *permits > 1 { format!(" ({permits} permits)") } else { String::new() };
            format!("{self} held by {} since {since}{permits}", called(*task))
        };
        state.holders.iter().map(line).collect()
    }

    /// For people: `for lock "accounts" held by bank/teller#2 since 0.027`.
    pub(super) fn describe(&self, operation: Operation) -> String {
        let mut text = format!("{} {self}", operation.waits());
        let state = self.state();
        if operation.is_of_channel() {
            let (last, task) = match operation {
                Operation::Receive => ("last sent to by", state.sender),
                _ => ("last received from by", state.receiver),
            };
            if let Some(task) = task {
                text.push_str(&format!(", {last} {}", called(task)));
            }
            return text;
        }
        const SHOWN_MAX: usize = 4;
        for (place, holder) in state.holders.iter().take(SHOWN_MAX).enumerate() {
            text.push_str(if place == 0 { " held by " } else { ", by " });
            text.push_str(&format!("{} since {}", called(holder.task), holder.since));
            if holder.permits > 1 {
                text.push_str(&format!(" ({} permits)", holder.permits));
            }
        }
        if state.holders.len() > SHOWN_MAX {
            text.push_str(&format!(" and by {} more", state.holders.len() - SHOWN_MAX));
        }
        text
    }
}

fn called(task: TaskId) -> String {
    if !context::in_run() {
        return "a task".to_string();
    }
    context::lineage_of(task)
        .map_or_else(|| "a task that has ended".to_string(), |lineage| lineage.to_string())
}

impl fmt::Display for Known {
    /// `lock "accounts"`; without a name of its own `lock main/bank#2 (made at src/bank.rs:17)`: the second that this task has made.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word;
        if let Some(name) = &self.name {
            return write!(out, "{word} {name:?}");
        }
        write!(out, "{word} ")?;
        if let Some((lineage, ordinal)) = self.made_by {
            let nth = u64::from(ordinal) + 1;
            match context::lineage_with(lineage) {
                Some(path) => write!(out, "{nth} of {path} ")?,
                None => write!(out, "{nth} ")?,
            }
        }
        write!(out, "(made at {}:{})", self.made_at.file(), self.made_at.line())
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Known").field("word", &self.word).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Held {
    /// Now it is so much.
    pub(super) fn set(&self, permits: usize) {
        if !context::in_run() {
            return;
        }
        let mut state = self.known.state();
        if let Some(holder) = state.holders.iter_mut().find(|holder| holder.number == self.number) {
            holder.permits = permits;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.known.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.holders.retain(|holder| holder.number != self.number);
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Held").finish_non_exhaustive()
    }
}
