//! The fifth pass: the order of the tasks.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use sim_executor::resolve;

use super::cost::detour;
use super::plan::{Order, Plan};
use super::reduce::{reduce, reduce_within};
use super::search::Search;
use crate::exceptions::{Realised, Turn, TurnException};

/// Leaves out changes of turns; joins a task's block of turns to the one before or behind it; leaves out whole blocks; then lets two
/// tasks play each other's parts, gives a task its turn at once that has it on the way of another, and at last lets others have the turns that
/// are changed.
pub(super) fn schedule(search: &mut Search<'_>) {
    let turns = |search: &Search<'_>| search.best.exceptions.schedule.clone();
    reduce(search, turns, |search, list, left_out| {
        let kept = [&list[..left_out.start], &list[left_out.end..]].concat();
        Plan { order: Order::Exceptions(kept), ..search.best.plan() }
    });
    join_blocks(search);
    // In a long schedule each block is needed for some other, so that few of them can go.
    const FRUITLESS_MAX: u64 = 8;
    reduce_within(search, FRUITLESS_MAX, blocks, |search, list, left_out| {
        let kept = [&list[..left_out.start], &list[left_out.end..]].concat();
        named(search, &kept)
    });
    exchange(search);
    come_to_the_point(search);
    replace(search);
    change_once(search);
}

/// A task's turns at contended steps, one after the other.
type Block = Vec<Turn>;

/// The blocks of the smallest run, up to the last exception: behind it the default order makes the same.
fn blocks(search: &Search<'_>) -> Vec<Block> {
    let steps = &search.best.run.steps;
    let length = steps.iter().rposition(|step| !step.is_default).map_or(0, |last| last + 1);
    let mut blocks: Vec<Block> = Vec::new();
    for step in &steps[..length] {
        match blocks.last_mut() {
            Some(block) if block[0] == step.run => block.push(step.run),
            _ => blocks.push(vec![step.run]),
        }
    }
    blocks
}

fn named(search: &Search<'_>, blocks: &[Block]) -> Plan {
    Plan { order: Order::Names(blocks.concat()), ..search.best.plan() }
}

/// Moves each block to the one before it of the same task, or the one behind it to it: two switches less, which leaving out
/// alone does not come to, since both blocks are needed.
fn join_blocks(search: &mut Search<'_>) {
    const FRUITLESS_MAX: u64 = 20;
    let since = search.runs;
    let mut list = blocks(search);
    let mut place = list.len();
    while place > 0 && !search.is_over() && search.fruitless(since) < FRUITLESS_MAX {
        place -= 1;
        if is_joined(search, &list, place) {
            list = blocks(search);
            // Those behind it have their turn in the next round.
            place = place.min(list.len());
        }
    }
}

fn is_joined(search: &mut Search<'_>, list: &[Block], place: usize) -> bool {
    let task = list[place][0];
    let before = list[..place].iter().rposition(|block| block[0] == task);
    let Some(before) = before else { return false };
    // This one to that before it; then that one to this.
    for (from, to) in [(place, before + 1), (before, place - 1)] {
        let mut moved = list.to_vec();
        let block = moved.remove(from);
        moved.insert(to, block);
        let plan = named(search, &moved);
        if search.attempt(&plan) {
            return true;
        }
    }
    false
}

/// Lets a task that has its turn out of order play the part of another, and the other its own. Tasks that do the same are needed for a
/// failure in no certain order, and in one of these the default order has most of their turns.
fn exchange(search: &mut Search<'_>) {
    const OTHERS_MAX: usize = 8;
    let mut place = 0;
    while let Some(exception) = search.best.exceptions.schedule.get(place).copied() {
        place += 1;
        if search.best.exceptions.schedule.len() < 2 {
            return;
        }
        let mut others: Vec<Turn> = Vec::new();
        for turn in search.best.run.turns() {
            if turn != exception.run && !others.contains(&turn) && others.len() < OTHERS_MAX {
                others.push(turn);
            }
        }
        for other in others {
            let parts = Parts::new(&search.best.run, exception.run, other);
            let mut list = blocks(search);
            list.iter_mut().flatten().for_each(|turn| *turn = parts.of(*turn));
            let plan = named(search, &list);
            if search.attempt(&plan) {
                place = 0;
                break;
            }
        }
    }
}

/// Who plays whose part when two tasks exchange theirs: each task that they have spawned goes with them.
struct Parts<'a> {
    run: &'a Realised,
    tasks: [Turn; 2],
}

impl<'a> Parts<'a> {
    fn new(run: &'a Realised, one: Turn, other: Turn) -> Self {
        Parts { run, tasks: [one, other] }
    }

    fn of(&self, turn: Turn) -> Turn {
        let [one, other] = self.tasks;
        if turn == one || turn == other {
            return if turn == one { other } else { one };
        }
        let path = |turn: Turn| self.run.task(turn.lineage);
        let (Some(child), Some(one), Some(other)) = (path(turn), path(one), path(other)) else { return turn };
        let below = |parent: &str| child.strip_prefix(parent).filter(|rest| rest.starts_with('/'));
        let lineage = match (below(one), below(other)) {
            (Some(rest), None) => resolve::lineage(&format!("{other}{rest}")),
            (None, Some(rest)) => resolve::lineage(&format!("{one}{rest}")),
            // One is below the other.
            _ => None,
        };
        lineage.map_or(turn, |lineage| Turn { lineage, ..turn })
    }
}

/// Where a change of turns leads over several tasks to the one that matters, gives the turn to that one.
fn come_to_the_point(search: &mut Search<'_>) {
    const TASKS_MAX: usize = 8;
    for place in 0..search.best.exceptions.schedule.len() {
        let Some(exception) = search.best.exceptions.schedule.get(place).copied() else { return };
        let steps = &search.best.run.steps;
        let Some(start) = steps.iter().position(|step| step.after == exception.after) else { continue };
        let mut tasks: Vec<Turn> = Vec::new();
        for step in detour(&steps[start..]).iter().rev() {
            if step.run != exception.run && !tasks.contains(&step.run) && tasks.len() < TASKS_MAX {
                tasks.push(step.run);
            }
        }
        for run in tasks {
            let mut schedule = search.best.exceptions.schedule.clone();
            schedule[place].run = run;
            if search.attempt(&Plan { order: Order::Exceptions(schedule), ..search.best.plan() }) {
                break;
            }
        }
    }
}

/// Lets another task have the turn that is changed, alone and with each other change left out. Where the others fail, that leads out of a run
/// which no single step makes smaller.
fn replace(search: &mut Search<'_>) {
    // Of two, `change_once` looks at more.
    const EXCEPTIONS: RangeInclusive<usize> = 3..=5;
    const TASKS_MAX: usize = 6;
    let mut place = 0;
    while place < search.best.exceptions.schedule.len() && !search.is_over() {
        let schedule = search.best.exceptions.schedule.clone();
        if !EXCEPTIONS.contains(&schedule.len()) {
            return;
        }
        let mut tasks: Vec<Turn> = Vec::new();
        for run in search.best.run.turns() {
            if run != schedule[place].run && !tasks.contains(&run) && tasks.len() < TASKS_MAX {
                tasks.push(run);
            }
        }
        let is_smaller = tasks.into_iter().any(|run| {
            let mut replaced = schedule.clone();
            replaced[place].run = run;
            let others = (0..schedule.len()).filter(|other| *other != place).map(Some);
            [None].into_iter().chain(others).any(|left_out| {
                let is_kept = |(at, _): &(usize, &TurnException)| Some(*at) != left_out;
                let kept = replaced.iter().enumerate().filter(is_kept).map(|(_, turn)| *turn).collect();
                search.attempt(&Plan { order: Order::Exceptions(kept), ..search.best.plan() })
            })
        });
        place = if is_smaller { 0 } else { place + 1 };
    }
}

/// Where two changes of turns are left, looks whether one does elsewhere.
fn change_once(search: &mut Search<'_>) {
    const RUNS_MAX: usize = 24;
    if search.best.exceptions.schedule.len() != 2 {
        return;
    }
    let once = |schedule| Plan { order: Order::Exceptions(schedule), ..search.best.plan() };
    let Some(unchanged) = search.make(&once(Vec::new())) else { return };
    let tasks: BTreeSet<Turn> = search.best.run.turns().chain(unchanged.run.turns()).collect();
    let changes = unchanged.run.steps.iter().flat_map(|step| {
        let others = tasks.iter().filter(|run| **run != step.run);
        others.map(|run| TurnException { after: step.after, run: *run })
    });
    for change in changes.take(RUNS_MAX) {
        let plan = Plan { order: Order::Exceptions(vec![change]), ..search.best.plan() };
        if search.attempt(&plan) || search.is_over() {
            return;
        }
    }
}
