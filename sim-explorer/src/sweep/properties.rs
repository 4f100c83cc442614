//! How often the runs of a sweep looked at each property, and how often it held.

use std::collections::BTreeMap;
use std::fmt;

use sim_executor::{PropertyKind, Report};

/// The properties that the runs of a sweep have passed, with their counts. It depends on which runs there were, not on their order.
///
/// Its text is the table of those that are to hold in some run, `sometimes!` and `reachable!`, one a line:
///
/// ```
/// use sim_executor::{Executor, KeyedRandom, Outcome, choose, sometimes};
/// use sim_explorer::PropertyTally;
///
/// let mut tally = PropertyTally::default();
/// for seed in 0..10 {
///     let mut executor = Executor::new(KeyedRandom::new(seed));
///     executor.block_on(async { sometimes!(choose(6) > 6, "a seven") }).unwrap();
///     tally.add(&executor.finish(Outcome::Done));
/// }
/// assert_eq!(tally.to_string(), "sometimes a seven: never, of 10 times in 10 runs\n");
/// assert_eq!(tally.never_hit().collect::<Vec<_>>(), ["a seven"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertyTally {
    /// By kind and name.
    properties: BTreeMap<(PropertyKind, &'static str), Count>,
    runs: u64,
}

/// How often a property was looked at, and how often it held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) held: u64,
    pub(super) looked_at: u64,
    pub(super) runs_held: u64,
}

impl PropertyTally {
    /// Counts a run.
    pub fn add(&mut self, report: &Report) {
        self.runs += 1;
        for property in &report.properties {
            let count = self.properties.entry((property.kind, property.name)).or_default();
            count.held += property.held;
            count.looked_at += property.held + property.failed;
            count.runs_held += u64::from(property.held > 0);
        }
    }

    /// Adds what other runs have shown.
    pub fn merge(&mut self, other: PropertyTally) {
        self.runs += other.runs;
        for (property, other) in other.properties {
            let count = self.properties.entry(property).or_default();
            count.held += other.held;
            count.looked_at += other.looked_at;
            count.runs_held += other.runs_held;
        }
    }

    /// The names of the properties that were to hold in some run, and held in none, sorted. A place that no run has come to is not among
    /// them, for nobody knows of it.
    pub fn never_hit(&self) -> impl Iterator<Item = &'static str> {
        self.to_hit().filter(|(_, _, count)| count.held == 0).map(|(_, name, _)| name)
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.to_hit().next().is_none()
    }

    /// The counts, and of how many runs they are.
    pub(super) fn parts(&self) -> (&BTreeMap<(PropertyKind, &'static str), Count>, u64) {
        (&self.properties, self.runs)
    }

    pub(super) fn of_parts(properties: BTreeMap<(PropertyKind, &'static str), Count>, runs: u64) -> Self {
        PropertyTally { properties, runs }
    }

    fn to_hit(&self) -> impl Iterator<Item = (PropertyKind, &'static str, Count)> {
        let is_to_hit = |kind| matches!(kind, PropertyKind::Sometimes | PropertyKind::Reachable);
        let all = self.properties.iter().map(|(&(kind, name), &count)| (kind, name, count));
        all.filter(move |&(kind, ..)| is_to_hit(kind))
    }
}

impl fmt::Display for PropertyTally {
    /// `sometimes a retry is needed: 17 of 230 times, in 12 of 100 runs`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.runs;
        for (kind, name, Count { held, looked_at, runs_held }) in self.to_hit() {
            write!(out, "{kind} {name}: ")?;
            match kind {
                _ if held == 0 => writeln!(out, "never, of {looked_at} times in {runs} runs")?,
                PropertyKind::Reachable => writeln!(out, "{held} times, in {runs_held} of {runs} runs")?,
                _ => writeln!(out, "{held} of {looked_at} times, in {runs_held} of {runs} runs")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Executor, KeyedRandom, Outcome, Ratio, always, flip, reachable, sometimes};

    fn report(seed: u64) -> Report {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let program = async {
            always!(true, "not shown");
            for _ in 0..4 {
                sometimes!(flip(Ratio::new(1, 4)), "heads");
            }
            if flip(Ratio::new(1, 2)) {
                reachable!("the other branch");
            }
            sometimes!(false, "the impossible");
        };
        executor.block_on(program).unwrap();
        executor.finish(Outcome::Done)
    }

    #[test]
    fn the_table_has_what_is_to_be_hit_with_its_counts() {
        let mut tally = PropertyTally::default();
        assert!(tally.is_empty());
        (0..100).for_each(|seed| tally.add(&report(seed)));
        let text = tally.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[0].starts_with("sometimes heads: ") && lines[0].contains(" of 400 times, in "),
            "{text}"
        );
        assert_eq!(lines[1], "sometimes the impossible: never, of 100 times in 100 runs");
        assert!(
            lines[2].starts_with("reachable the other branch: ") && lines[2].ends_with(" of 100 runs"),
            "{text}"
        );
        assert_eq!(tally.never_hit().collect::<Vec<_>>(), ["the impossible"]);
    }

    #[test]
    fn parts_add_up_to_the_whole_in_any_order() {
        let part = |seeds: std::ops::Range<u64>| {
            let mut tally = PropertyTally::default();
            seeds.for_each(|seed| tally.add(&report(seed)));
            tally
        };
        let mut merged = part(20..50);
        merged.merge(part(0..20));
        assert_eq!(merged, part(0..50));
    }
}
