//! What the runs of each program showed, put together in the order of the runs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use sim_explorer::Tally;

use super::stop::StopRules;

/// A program is left after so many runs that have ended their process: each of them costs two processes.
pub(crate) const DEATHS_MAX: u64 = 20;

/// What the runs of one program showed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) tally: Tally,
    /// The time that threads have spent on it, all together.
    pub(crate) busy: Duration,
    /// How many runs there were when the latest of them was a new one.
    pub(crate) runs_at_latest: u64,
    /// How many runs have ended their process.
    pub(crate) deaths: u64,
    /// Whether it was left before all its runs were made.
    pub(crate) is_stopped: bool,
}

/// What one piece of a program's runs showed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) tally: Tally,
    pub(crate) busy: Duration,
    /// How many of its runs have ended their process.
    pub(crate) deaths: u64,
}

/// The rows of a sweep while they grow. Pieces may come in any order, and are added in that of their runs: so when a program is left
/// depends on its runs alone, not on which thread was faster.
pub(crate) struct Rows {
    of_program: u64,
    rules: StopRules,
    growing: Vec<Growing>,
}

#[derive(Default)]
struct Growing {
    row: Row,
    /// All pieces before this one are in the row.
    next: u64,
    /// Those that have come before their turn.
    early: BTreeMap<u64, Made>,
}

impl Rows {
    /// Of so many programs, each of which has so many pieces.
    pub(crate) fn new(programs: usize, of_program: u64, rules: StopRules) -> Self {
        Rows { of_program, rules, growing: (0..programs).map(|_| Growing::default()).collect() }
    }

    /// Adds what a piece showed; says which program is to be left, if one is.
    pub(crate) fn add(&mut self, unit: u64, made: Made) -> Option<usize> {
        let program = (unit / self.of_program) as usize;
        let growing = self.growing.get_mut(program)?;
        if growing.row.is_stopped {
            return None;
        }
        growing.early.insert(unit % self.of_program, made);
        while let Some(made) = growing.early.remove(&growing.next) {
            growing.next += 1;
            growing.row.add(made, &self.rules);
            if growing.row.is_stopped {
                growing.early.clear();
                return Some(program);
            }
        }
        None
    }

    /// Whether a piece is still to be made.
    pub(crate) fn is_wanted(&self, unit: u64) -> bool {
        let growing = self.growing.get((unit / self.of_program) as usize);
        let piece = unit % self.of_program;
        growing.is_some_and(|growing| {
            !growing.row.is_stopped && piece >= growing.next && !growing.early.contains_key(&piece)
        })
    }

    /// The first so many pieces that are still to be made.
    pub(crate) fn open(&self, max: usize) -> Vec<u64> {
        let of_program = self.of_program;
        let of = |(program, growing): (usize, &Growing)| {
            (growing.next..of_program).map(move |piece| program as u64 * of_program + piece)
        };
        let going_on = self.growing.iter().enumerate().filter(|(_, growing)| !growing.row.is_stopped);
        going_on.flat_map(of).filter(|&unit| self.is_wanted(unit)).take(max).collect()
    }

    /// The pieces that were made, from where to where.
    pub(crate) fn made(&self) -> Vec<Range<u64>> {
        let mut made = Vec::new();
        for (program, growing) in self.growing.iter().enumerate() {
            let first = program as u64 * self.of_program;
            made.push(first..first + growing.next);
            made.extend(growing.early.keys().map(|piece| first + piece..first + piece + 1));
        }
        made.retain(|range| !range.is_empty());
        made
    }

    /// The programs that were left.
    pub(crate) fn left(&self) -> Vec<usize> {
        let stopped = self.growing.iter().enumerate().filter(|(_, growing)| growing.row.is_stopped);
        stopped.map(|(program, _)| program).collect()
    }

    /// How many runs of the program have ended their process, as far as all before them were made.
    pub(crate) fn deaths(&self, program: usize) -> u64 {
        self.growing.get(program).map_or(0, |growing| growing.row.deaths)
    }

    /// The rows, in the order of the programs; of one that was cut off all that there is. When time is up, what is not complete was left.
    pub(crate) fn finish(self, is_late: bool) -> Vec<Row> {
        let finished = |growing: Growing| {
            let mut row = growing.row;
            growing.early.into_values().for_each(|made| row.count(made));
            row.is_stopped |= is_late;
            row
        };
        self.growing.into_iter().map(finished).collect()
    }
}

impl Row {
    fn add(&mut self, made: Made, rules: &StopRules) {
        let before = self.tally.orders();
        self.count(made);
        if self.tally.orders() > before {
            self.runs_at_latest = self.tally.runs;
        }
        self.is_stopped |= self.deaths >= DEATHS_MAX || rules.is_enough(self);
    }

    fn count(&mut self, made: Made) {
        self.tally.merge(made.tally);
        self.busy += made.busy;
        self.deaths += made.deaths;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(runs: u64) -> Made {
        Made { tally: Tally { runs, ..Tally::default() }, ..Made::default() }
    }

    fn dying(deaths: u64) -> Made {
        Made { deaths, ..made(16) }
    }

    #[test]
    fn pieces_that_come_early_wait_for_those_before() {
        let mut rows = Rows::new(2, 4, StopRules::default());
        for unit in [2, 1, 5] {
            assert_eq!(rows.add(unit, made(16)), None);
        }
        assert_eq!(rows.open(3), [0, 3, 4]);
        assert_eq!(rows.made(), [1..2, 2..3, 5..6]);
        assert_eq!(rows.add(0, made(16)), None);
        assert_eq!(rows.made(), [0..3, 5..6]);
        assert!(rows.is_wanted(3) && !rows.is_wanted(2) && !rows.is_wanted(5) && !rows.is_wanted(8));
        let runs: Vec<u64> = rows.finish(false).into_iter().map(|row| row.tally.runs).collect();
        assert_eq!(runs, [48, 16], "what is there counts");
    }

    #[test]
    fn a_program_is_left_at_the_same_run_whatever_comes_first() {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let mut rows = Rows::new(2, 4, StopRules::default());
            let left = order.map(|unit| rows.add(unit, dying(if unit == 3 { 0 } else { 10 })));
            assert_eq!(left.into_iter().flatten().collect::<Vec<_>>(), [0], "{order:?}");
            assert_eq!((rows.left(), rows.deaths(0)), (vec![0], DEATHS_MAX));
            let row = rows.finish(false).swap_remove(0);
            assert_eq!((row.tally.runs, row.is_stopped), (32, true), "{order:?}");
        }
    }
}
