//! A log with vector clocks, which ShiViz draws (<https://bestchai.bitbucket.io/shiviz/>).
//!
//! An event is two lines: the lane with its vector clock as JSON, and what happened. ShiViz' default regular expression
//! `(?<host>\S*) (?<clock>{.*})\n(?<event>.*)` takes it. Clocks are those of Mattern, "Virtual Time and Global States of Distributed Systems"
//! (1989): an arrow carries the clock of its start.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sim_explorer::{Lane, LaneKind, MarkKind, Timeline};

use super::{Story, json};

/// By lane, how many of its events are known.
type Clock = BTreeMap<usize, u64>;

/// A lane and a step.
type Place = (usize, usize);

pub(super) fn text(story: &Story) -> String {
    let timeline = &story.run.timeline;
    let mut clocks: Vec<Clock> = vec![Clock::new(); timeline.lanes.len()];
    let (mut arriving, leaving) = arrows(timeline);
    let mut sent: BTreeMap<Place, Clock> = BTreeMap::new();
    let mut text = String::new();
    for mark in &timeline.marks {
        let at = (mark.lane, mark.step);
        for from in arriving.remove(&at).unwrap_or_default() {
            let known = sent.get(&from).cloned().unwrap_or_default();
            merge(&mut clocks[mark.lane], &known);
        }
        *clocks[mark.lane].entry(mark.lane).or_default() += 1;
        if leaving.contains(&at) {
            sent.insert(at, clocks[mark.lane].clone());
        }
        let named: BTreeMap<String, u64> =
            clocks[mark.lane].iter().map(|(lane, count)| (host(timeline, *lane), *count)).collect();
        let said = if mark.kind == MarkKind::Polled { "polled" } else { &mark.text };
        writeln!(text, "{} {}\n{}", host(timeline, mark.lane), json(&named), said.replace('\n', " "))
            .expect("a string takes all");
    }
    text
}

/// The starts of the arrows, by the events at which they end, and the events at which they start. What is woken or spawned knows it at its
/// next event; who wakes or spawns does so behind its latest event.
fn arrows(timeline: &Timeline) -> (BTreeMap<Place, Vec<Place>>, BTreeSet<Place>) {
    let mut steps: Vec<Vec<usize>> = vec![Vec::new(); timeline.lanes.len()];
    timeline.marks.iter().for_each(|mark| steps[mark.lane].push(mark.step));
    let (mut arriving, mut leaving) = (BTreeMap::<Place, Vec<Place>>::new(), BTreeSet::new());
    for arrow in &timeline.arrows {
        let before = steps[arrow.from.0].partition_point(|step| *step <= arrow.from.1);
        let after = steps[arrow.to.0].partition_point(|step| *step < arrow.to.1);
        if let (Some(start), Some(end)) = (before.checked_sub(1), steps[arrow.to.0].get(after)) {
            let from = (arrow.from.0, steps[arrow.from.0][start]);
            arriving.entry((arrow.to.0, *end)).or_default().push(from);
            leaving.insert(from);
        }
    }
    (arriving, leaving)
}

fn merge(clock: &mut Clock, known: &Clock) {
    for (lane, count) in known {
        let own = clock.entry(*lane).or_default();
        *own = (*own).max(*count);
    }
}

/// A name without spaces. A host may be called like the task that is its program.
fn host(timeline: &Timeline, lane: usize) -> String {
    let Lane { name, kind, .. } = &timeline.lanes[lane];
    let name = name.replace(char::is_whitespace, "_");
    if *kind == LaneKind::Host { format!("{name}(host)") } else { name }
}
