//! The trace events of Chrome, as JSON: ui.perfetto.dev and chrome://tracing open them.
//!
//! The format is "Trace Event Format" (Google, 2016). A node is a process, a task a thread; times are microseconds of virtual time.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sim_explorer::{ArrowKind, MarkKind, Timeline};

use super::{Story, json as to_json};

pub(super) fn text(story: &Story) -> String {
    let timeline = &story.run.timeline;
    let mut events = names(timeline);
    events.extend(marks(timeline));
    events.extend(waits(timeline));
    events.extend(bands(timeline));
    events.extend(arrows(timeline));
    let document = json!({
        "traceEvents": events,
        "displayTimeUnit": "ns",
        "otherData": { "title": story.title, "outcome": story.run.outcome() },
    });
    to_json(&document) + "\n"
}

/// The number of a lane's process, from one.
fn process_of(timeline: &Timeline, lane: usize) -> usize {
    let node = &timeline.lanes[lane].node;
    1 + timeline.lanes.iter().position(|lane| lane.node == *node).unwrap_or(lane)
}

fn place(timeline: &Timeline, lane: usize, step: usize) -> Value {
    json!({ "pid": process_of(timeline, lane), "tid": lane + 1, "ts": micros(timeline, step) })
}

/// With three digits behind the point, which the format takes: none of the nanoseconds is lost.
fn micros(timeline: &Timeline, step: usize) -> Value {
    let nanos = timeline.times.get(step).map_or(0, |time| time.as_nanos());
    serde_json::from_str(&format!("{}.{:03}", nanos / 1_000, nanos % 1_000)).unwrap_or(json!(nanos / 1_000))
}

fn with(mut event: Value, more: Value) -> Value {
    if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
        event.extend(more);
    }
    event
}

fn names(timeline: &Timeline) -> Vec<Value> {
    let mut events = Vec::new();
    let mut nodes = BTreeMap::new();
    for (number, lane) in timeline.lanes.iter().enumerate() {
        let process = process_of(timeline, number);
        nodes.entry(process).or_insert(&lane.node);
        let thread = json!({ "ph": "M", "name": "thread_name", "pid": process, "tid": number + 1, "args": { "name": lane.name } });
        events.push(thread);
    }
    let process = |(process, node)| json!({ "ph": "M", "name": "process_name", "pid": process, "args": { "name": node } });
    events.extend(nodes.into_iter().map(process));
    events
}

fn marks(timeline: &Timeline) -> impl Iterator<Item = Value> {
    timeline.marks.iter().map(|mark| {
        let category = match mark.kind {
            MarkKind::Polled => "poll",
            MarkKind::Said => "event",
            MarkKind::Ended => "end",
            MarkKind::Packet => "packet",
            MarkKind::Fault => "fault",
            MarkKind::Other => "other",
        };
        let args = json!({ "step": mark.step });
        with(
            place(timeline, mark.lane, mark.step),
            json!({ "ph": "i", "s": "t", "cat": category, "name": mark.text, "args": args }),
        )
    })
}

/// How long tasks were ready and waited for their polls, as slices.
fn waits(timeline: &Timeline) -> impl Iterator<Item = Value> {
    timeline.waits.iter().filter_map(|wait| {
        let time = |step: usize| timeline.times[step].as_nanos();
        let nanos = time(wait.to).saturating_sub(time(wait.from));
        let slice = json!({ "ph": "X", "cat": "ready", "name": "ready, and waiting", "dur": nanos / 1_000 });
        (nanos > 0).then(|| with(place(timeline, wait.lane, wait.from), slice))
    })
}

/// Bands are slices of all lanes of a node.
fn bands(timeline: &Timeline) -> Vec<Value> {
    let last = timeline.times.len().saturating_sub(1);
    let mut events = Vec::new();
    for band in &timeline.bands {
        let time = |step: usize| timeline.times.get(step).map_or(0, |time| time.as_nanos());
        let nanos = time(band.to.unwrap_or(last)).saturating_sub(time(band.from));
        for (number, lane) in timeline.lanes.iter().enumerate() {
            let is_first = number == 0 || timeline.lanes[number - 1].node != lane.node;
            if is_first && band.nodes.contains(&lane.node) {
                let slice = json!({ "ph": "X", "cat": "fault", "name": band.text, "dur": nanos / 1_000 });
                events.push(with(place(timeline, number, band.from), slice));
            }
        }
    }
    events
}

/// Arrows are flows, from a slice of no length to another.
fn arrows(timeline: &Timeline) -> Vec<Value> {
    let mut events = Vec::new();
    for (number, arrow) in timeline.arrows.iter().enumerate() {
        let name = match arrow.kind {
            ArrowKind::Wake => "wake",
            ArrowKind::Spawn => "spawn",
            ArrowKind::Send => "send",
            ArrowKind::Packet => "packet",
            ArrowKind::LostPacket => "lost packet",
        };
        let flow = json!({ "cat": "flow", "name": name, "id": number + 1 });
        for (phase, (lane, step)) in [("s", arrow.from), ("f", arrow.to)] {
            let at = place(timeline, lane, step);
            events.push(with(at.clone(), json!({ "ph": "X", "cat": "flow", "name": name, "dur": 0 })));
            events.push(with(with(at, flow.clone()), json!({ "ph": phase, "bp": "e" })));
        }
    }
    events
}
